"""Exercise 5.2: One function for each type."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, answering, awkward, show
from wslab.exercises._rule import rule

from ._shared import (
    AWFUL,
    CLOSED,
    NOT_JSON,
    ask,
    expect,
    expect_text_messages,
    identical,
    is_error,
    json_text,
    matches,
    reaction,
    reopening,
)

__all__ = ["EXERCISE"]

_ERROR: Final = 'JSON text: {"type": "error", "message": "…"}'

# Not every library writes larger numbers, nor a surrogate that is alone.
_NO_VALUES: Final = ("NaN", "Infinity", "huge", "a lone surrogate")
_VALUES: Final = {k: v for k, v in awkward.VALUES.items() if k not in _NO_VALUES}
_KEYS: Final = (
    "",
    " ",
    "key",
    "KEY",
    " key",
    "type",
    "0",
    "null",
    *(awkward.TEXTS[k] for k in ("quotes", "two lines")),
)

_NO_STRINGS: Final[tuple[Any, ...]] = (None, ["set"], 1, {})

_OTHERS: Final = {
    "an unknown type": ('{"type":"delete","key":"a"}', '{"type":"","key":"a","value":2}'),
    "capitals": ('{"type":"SET","key":"a","value":2}', '{"type":"Get","key":"a"}'),
    "an answer's type": ('{"type":"done"}', '{"type":"value","key":"a","value":2}'),
    "no type": ('{"key":"a","value":2}', '{"key":"a"}', "{}", '{"Type":"get","key":"a"}'),
    "no string for a type": tuple(
        json.dumps({"type": value, "key": "a", "value": 2}) for value in _NO_STRINGS
    ),
    "no key": ('{"type":"get"}', '{"type":"set","value":2}'),
    "a set without a value": ('{"type":"set","key":"a"}',),
    "no object": ('["get","a"]', "null", '"get"', "5", "true", "[]"),
    "no JSON": ("get a", *NOT_JSON),
    "NaN, which is not JSON": (json.dumps({"type": "set", "key": "a", "value": math.nan}),),
}


def _set(key: Any, value: Any) -> str:
    return json.dumps({"type": "set", "key": key, "value": value})


def _get(key: Any) -> str:
    return json.dumps({"type": "get", "key": key})


def _value_of(key: str, value: Any) -> dict[str, Any]:
    return {"type": "value", "key": key, "value": value}


@rule('`{"type": "done"}`')
def _done(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        for message in (_set("a", 1), '{"value": "Hello", "key": "b", "type": "set"}'):
            expect(client, message, {"type": "done"}, "a set came")


@rule('`{"type": "value", "key": K, "value": V}`')
def _value(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        values: dict[str, Any] = {}
        for key, value in (("a", 1), ("b", "Hello"), ("a", 2), ("c", 1)):
            ask(client, _set(key, value), "an answer", "a set came")
            values[key] = value
            for name, last in values.items():
                wanted = _value_of(name, last)
                expect(client, _get(name), wanted, "it was set, and the last value counts")
        expect(client, '{ "key": "a",\n"type": "get" }', _value_of("a", 2), "order means nothing")


@rule("V `null` if K was never set")
def _null(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        # Keys that no other rule takes, for a store that is shared is another fault.
        expect(client, _get("no"), _value_of("no", None), "a get came before any set")
        ask(client, _set("a", 1), "an answer", "a set came")
        expect(client, _get("nor"), _value_of("nor", None), "another key was set")


@rule("the answers are text, too")
def _text(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        expect_text_messages(client, _set("a", 1), _get("a"), '{"type":"delete","key":"a"}')


@rule("Every client has a store of its own")
def _own(answer: Any) -> None:
    def expect_nothing(client: Client, problem: str) -> None:
        got = ask(client, _get("a"), json_text(_value_of("a", None)), problem)
        if matches(got, {"value": "of another one"}):
            raise client.finding(problem, json_text(_value_of("a", None)), json_text(got))

    with answering(answer) as server:
        with server.client() as one, server.client() as other:
            ask(one, _set("a", "of another one"), "an answer", "a set came")
            expect_nothing(other, "another client has set this key")
        with server.client() as late:
            expect_nothing(late, "another client had set this key, and has left")


@rule("V any JSON")
def _any_json(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        for what, value in {**awkward.TEXTS, **_VALUES}.items():
            problem = f"the value is {what}"
            if is_error(got := ask(client, _set("a", value), '{"type": "done"}', problem)):
                raise client.finding(f"{problem}, and refused", '{"type": "done"}', json_text(got))
            got = ask(client, _get("a"), json_text(_value_of("a", value)), problem)
            if not isinstance(got, dict) or not identical(got.get("value", ...), value):
                raise client.finding(problem, show(_value_of("a", value)), show(got))


def _refuses(answer: Any, messages: Iterable[str], why: str, *, look: bool = False) -> None:
    """
    Expect that each of these is not taken for a set or a get.

    Args:
        answer: The learner's.
        messages: What is sent.
        why: What is wrong with them, for a finding.
        look: Whether to look at what the store has afterwards.
    """
    with answering(answer) as server, reopening(server) as open_client:
        for message in messages:
            client = open_client()
            if look and reaction(client, _set("a", 1), "an answer", "a set came") is CLOSED:
                continue
            got = reaction(client, message, _ERROR, why)
            if got is CLOSED:
                continue  # another rule tells about that
            if matches(got, {"type": "done"}) or matches(got, {"type": "value"}):
                raise client.finding(f"{why}, and it was accepted", _ERROR, json_text(got))
            if not look:
                continue
            after = reaction(client, _get("a"), json_text(_value_of("a", 1)), f"after {why}")
            if matches(after, {"type": "value"}) and not matches(after, {"value": 1}):
                problem = f"after {why} the value is another one"
                raise client.finding(problem, json_text(_value_of("a", 1)), json_text(after))


@rule("K a string")
def _string_key(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        for number, key in enumerate(_KEYS, 1):
            ask(client, _set(key, number), "an answer", "any string may be a key")
        for number, key in enumerate(_KEYS, 1):
            got = ask(client, _get(key), "a value", "many keys were set, each with its own value")
            if not matches(got, {"value": number}):
                wanted = json_text(_value_of(key, number))
                problem = "many keys were set, each with its own value"
                raise client.finding(problem, wanted, json_text(got))
    for what, key in awkward.VALUES.items():
        if not isinstance(key, str):
            messages = (_get(key), _set(key, 2))
            _refuses(answer, messages, f"the key was {what}, which is no string")


@rule("anything else")
def _anything_else(answer: Any) -> None:
    for what, messages in _OTHERS.items():
        _refuses(answer, messages, f"{what} came", look=True)


@rule('`{"type": "error", "message": …}`, a string in your words')
def _error(answer: Any) -> None:
    with answering(answer) as server, reopening(server) as open_client:
        for message in ('{"type":"delete","key":"a"}', '{"type":"set","key":"a"}', "get a", "[1]"):
            client = open_client()
            got = reaction(client, message, _ERROR, "that is neither a set nor a get")
            taken = matches(got, {"type": "done"}) or matches(got, {"type": "value"})
            if not (got is CLOSED or taken or is_error(got)):
                raise client.finding("the answer is no such error", _ERROR, json_text(got))


@rule("One answer for each message")
def _one_answer(answer: Any) -> None:
    with answering(answer) as server:
        with server.client() as client:
            client.barrier()
            client.expect_silence("a message came before any was sent", 0.0)
            messages = [_set("a", 1), _get("a"), _set("a", 2), _get("a"), _get("b")]
            for message in messages:
                client.send(message)
            for number, _ in enumerate(messages, 1):
                client.receive(f"{len(messages)} answers", f"answer {number}")
            client.barrier()
            client.expect_silence("there is one answer too many", 0.02)
        with server.client() as client:
            if reaction(client, "what?", _ERROR, "no JSON came") is not CLOSED:
                client.barrier()
                client.expect_silence("there is a second answer", 0.02)


@rule("Fields that are not named here do no harm")
def _more_fields(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        messages = (_set("a", 1), _get("a"), _get("a"))
        more: tuple[dict[str, Any], ...] = ({"id": 7}, {"id": 8}, {"value": None, "": []})
        for message, fields in zip(messages, more, strict=True):
            longer = json.dumps({**json.loads(message), **fields})
            got = reaction(client, longer, "the same answer as without it", "a field more")
            if is_error(got):
                wanted = "the same answer as without it"
                raise client.finding("a field more", wanted, json_text(got))


@rule("no message ends the connection")
def _goes_on(answer: Any) -> None:
    awful = (
        "get a",
        '{"type":"delete","key":"a"}',
        '{"type":"get"}',
        *AWFUL,
        '{"type":"get","key":["a"]}',
        '{"type":"set","key":{"a":1},"value":1}',
        f'{{"type":"set","key":"a","value":{awkward.DEEP}}}',
        '{"type":"set","key":"a","value":"\\ud800"}',
        '{"type":"get","key":"\\ud800"}',
    )
    with answering(answer) as server, server.client() as client:
        for message in awful:
            client.send(message)
            client.receive("an answer", show(message))
            ask(client, _get("a"), "an answer", f"after {show(message)}")


@rule("no client waits for another")
def _nobody_waits(answer: Any) -> None:
    with answering(answer) as server:
        server.expect_no_blocking(_get("a"))


_STORE: Final = """
import wslab
from wslab.handlers import parse_json


def reply_to_command(values, text):
    try:
        message = parse_json(text)
    except ValueError:
        return {"type": "error", "message": "this is not JSON"}
    match message:
        case {"type": "set", "key": str(key), "value": value}:
            values[key] = value
            return {"type": "done"}
        case {"type": "get", "key": str(key)}:
            return {"type": "value", "key": key, "value": values.get(key)}
        case _:
            return {"type": "error", "message": "expected a set or a get, with a key"}


async def store(ws):
    values = {}
    async for text in ws:
        await ws.send(wslab.handlers.to_json(reply_to_command(values, text)))
"""


EXERCISE = Exercise(
    id="5.2",
    title="One function for each type",
    task=(
        "Write the handler `store`. Every client has a store of its own, and sends text messages; "
        "the answers are text, too:\n"
        "\n"
        "| client sends | server answers |\n"
        "|---|---|\n"
        '| `{"type": "set", "key": K, "value": V}`, K a string, V any JSON '
        '| `{"type": "done"}` |\n'
        '| `{"type": "get", "key": K}` '
        '| `{"type": "value", "key": K, "value": V}`, V `null` if K was never set |\n'
        '| anything else | `{"type": "error", "message": …}`, a string in your words |\n'
        "\n"
        "One answer for each message, no client waits for another, and no message ends the "
        "connection. Fields that are not named here do no harm, neither in a message nor in an "
        "answer."
    ),
    name="store",
    starter="""
import wslab
from wslab.handlers import parse_json


async def store(ws):
    values = {}
    async for text in ws:
        ...
""",
    hints=(
        "As in “Messages with a type”: parse, look at `type`, make the reply, send it. What may "
        "be wrong at each step?",
        "A `match` can check type and fields at once; a pattern such as `str(key)` refuses "
        "everything that is no string. What is not JSON raises `ValueError` in `parse_json()`.",
        '`case {"type": "set", "key": str(key), "value": value}:` stores and answers `done`; '
        '`case {"type": "get", "key": str(key)}:` answers with `values.get(key)`; `case _:` is '
        "for the rest.",
    ),
    solution=_STORE,
    explanation=(
        "`values` is a local variable of the handler, so each connection has its own. The "
        'pattern `"value": value` asks that the field is there, whatever is in it: `null` is a '
        "value, no value is a mistake. `match` does not mind more fields than the pattern names."
    ),
    rules=(
        _done,
        _nobody_waits,
        _one_answer,
        _value,
        _null,
        _text,
        _own,
        _any_json,
        _string_key,
        _anything_else,
        _error,
        _more_fields,
        _goes_on,
    ),
    minutes=15,
    difficulty=2,
    needs="Messages with a type",
)
