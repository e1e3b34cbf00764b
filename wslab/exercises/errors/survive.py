"""Exercise 4.2: A server that survives anything."""

from __future__ import annotations

import contextlib
import json
from typing import Any, Final

from websockets.exceptions import ConnectionClosed

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, Fault, Finding, answering, awkward, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_ADA: Final = '{"name": "Ada"}'
_NOT_JSON: Final = "Error: Invalid JSON format"
_ERROR: Final = 'JSON text: {"error": "…"}'

_REQUESTS: Final = (
    (_ADA, "Ada"),
    ('{"name":"Grace","age":0,"error":null}', "Grace"),
    ('\n{ "greeting" : "Hi",\t"name" : "Lin" } ', "Lin"),
    *((json.dumps({"name": name}), name) for name in awkward.TEXTS.values()),
    *((json.dumps({"name": name}, ensure_ascii=False), name) for name in ("Größe", "世界 🎉")),
)

_SYNTAX: Final = ('{"name":"Ada"', "Ada", "NaN", '{"name":"Ada","age":NaN}', "[Infinity]")

_SHAPES: Final = (
    '{"first_name":"Grace"}',
    '{"Name":"Ada"}',
    "{}",
    "[1,2,3]",
    '["name"]',
    '[{"name":"Ada"}]',
    *("null", "true", "false", "0", "5", '"name"', '""'),
    *(f'{{"name":{value}}}' for value in ("5", "0", "null", "true", '["Ada"]', '{"name":"Ada"}')),
)

_STRANGE: Final = (
    '{"name":"\\ud800"}',
    f'{{"name":"Ada","age":{"9" * 5_000}}}',
    f'{{"name":{awkward.DEEP}}}',
)
"""What may well be a greeting, an error or no JSON, but has to be answered."""


def _reply(client: Client, message: str | bytes) -> str | bytes | None:
    """Return the reply; None where none comes, which another rule tells about."""
    client.send(message)
    try:
        return client.receive("a reply")
    except Fault:
        raise
    except Finding:
        return None


def _json_text(got: str | bytes) -> Any:
    """Return the value of a JSON text message; ``...`` for anything else."""
    if isinstance(got, str):
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(got)
    return ...


@rule('gets the reply `{"greeting": "Welcome, NAME!"}`')
def _greets(answer: Any) -> None:
    with answering(answer) as server:
        for message, name in _REQUESTS:
            expected = {"greeting": f"Welcome, {name}!"}
            wanted = f"JSON text: {show(expected)}"
            with server.client() as client:
                client.send(message)
                got = client.receive_json(wanted, f"to {show(message)}")
                if got != expected:
                    raise client.finding("the reply is another one", wanted, show(got))


@rule("no client waits for another")
def _nobody_waits(answer: Any) -> None:
    with answering(answer) as server, server.client() as first, server.client() as second:
        for client in (first, second):
            client.send(_ADA)
            client.receive("a reply", "another client is connected")
        server.expect_no_blocking(_ADA)


def _survives(client: Client, message: str | bytes) -> bool:
    """Send a message and a good one; return whether there is a reply to the good one."""
    client.send(message)
    client.send(_ADA)
    try:
        for _ in range(3):
            if "Welcome, Ada!" in str(client.recv()):
                return True
    except TimeoutError:
        pass
    except ConnectionClosed as exc:
        problem = f"{show(message)} came, and then a good message"
        raise client.finding(problem, "an open connection", client.why(exc)) from None
    return False


@rule("no message ends the connection")
def _no_end(answer: Any) -> None:
    bad: list[str | bytes] = [*_SYNTAX, *_SHAPES, *awkward.NOT_JSON.values(), *_STRANGE]
    with answering(answer) as server:
        for message in [_ADA, *bad, b"\x00\x01", b""]:
            with server.client() as client:
                if not _survives(client, message):
                    return  # another rule tells about that


@rule("One reply for each message")
def _one_reply(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        for message in (_ADA, _SYNTAX[0], "", b"\xff\xfe", _SHAPES[0], "null", _STRANGE[0]):
            for _ in range(3):
                client.send(message)
            for number in (1, 2, 3):
                try:
                    client.receive("a reply to each", f"three equal messages; to {number}")
                except Finding as finding:
                    if "closed" in finding.problem:
                        return  # another rule tells about that
                    raise
        client.barrier()
        client.expect_silence("there are more replies than messages", 0.05)


def _expect_refusal(answer: Any, message: str | bytes, what: str) -> None:
    with answering(answer) as server, server.client() as client:
        got = _reply(client, message)
        if got is not None and got != _NOT_JSON:
            raise client.finding(f"{what} came: {show(message)}", show(_NOT_JSON), show(got))


@rule("What is not JSON")
def _not_json(answer: Any) -> None:
    for message in (*_SYNTAX, *awkward.NOT_JSON.values()):
        _expect_refusal(answer, message, "such a message")


@rule("any binary message")
def _binary(answer: Any) -> None:
    for message in (b"hello", b'{"name":"Ada"}', b"[]", *awkward.BYTES.values()):
        _expect_refusal(answer, message, "a binary message")


@rule('JSON of another shape gets `{"error": …}`')
def _error(answer: Any) -> None:
    with answering(answer) as server:
        for message in _SHAPES:
            with server.client() as client:
                got = _reply(client, message)
                value = {"error": ""} if got is None else _json_text(got)
                if not isinstance(value, dict) or "error" not in value or "greeting" in value:
                    raise client.finding(f"{show(message)} came", _ERROR, show(got))


@rule("a string in your words")
def _in_words(answer: Any) -> None:
    with answering(answer) as server:
        for message in _SHAPES:
            with server.client() as client:
                value = _json_text(_reply(client, message) or "")
                if isinstance(value, dict) and not isinstance(value.get("error", ""), str):
                    problem = f"{show(message)} came, and the error is no string"
                    raise client.finding(problem, _ERROR, show(value))


EXERCISE = Exercise(
    id="4.2",
    title="A server that survives anything",
    task=(
        "Write the handler `welcome`: a text message that is a JSON object with a string `name` "
        'gets the reply `{"greeting": "Welcome, NAME!"}`. What is not JSON, and any binary '
        "message, gets the text `Error: Invalid JSON format`; JSON of another shape gets "
        '`{"error": …}`, a string in your words. One reply for each message, no message ends the '
        "connection, and no client waits for another."
    ),
    name="welcome",
    starter="""
import json

import wslab


async def welcome(ws):
    async for message in ws:
        ...
""",
    hints=(
        "Three questions, one after the other: is it text and JSON? Is it an object with a string "
        "`name`? Only then, the greeting.",
        "`wslab.handlers.parse_json()` raises `ValueError` for all that is not JSON, but it takes "
        "`bytes` too. `isinstance(request, dict)` comes before `request.get(…)`.",
        "Find the reply first: `if isinstance(message, bytes): reply = …`, then `try` to parse "
        '(`except ValueError`), then `isinstance(request.get("name"), str)`. At the end, in one '
        "place: `await ws.send(reply)`.",
    ),
    solution="""
import json

import wslab


def reply_to_guest(message):
    invalid = "Error: Invalid JSON format"
    if isinstance(message, bytes):
        return invalid
    try:
        request = wslab.handlers.parse_json(message)
    except ValueError:
        return invalid
    if not isinstance(request, dict) or not isinstance(request.get("name"), str):
        return json.dumps({"error": "expected an object with a string 'name'"})
    return json.dumps({"greeting": f"Welcome, {request['name']}!"})


async def welcome(ws):
    async for message in ws:
        await ws.send(reply_to_guest(message))
""",
    explanation=(
        "A function that makes one reply of one message is easy to test without a connection, and "
        "`send()` stands in one place, outside of any `try`. `json.dumps()` writes whatever the "
        "name contains; with `ensure_ascii=False`, half of a surrogate pair could not be sent."
    ),
    rules=(
        _greets,
        _nobody_waits,
        _no_end,
        _one_reply,
        _not_json,
        _binary,
        _error,
        _in_words,
    ),
    minutes=15,
    difficulty=2,
    needs="Check, then answer",
)
