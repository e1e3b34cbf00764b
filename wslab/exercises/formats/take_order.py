"""Exercise 5.3: An error that helps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import answering, awkward
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

_ACCEPTED: Final = {"type": "accepted"}
_ERROR: Final = 'JSON text: {"type": "error", "message": "…"}'
_FIELDS: Final = ("type", "table", "dishes", "note")

# NaN and Infinity are no JSON, and what is wrong with such a message is not one field.
_VALUES: Final = {k: v for k, v in awkward.VALUES.items() if k not in ("NaN", "Infinity")}


def _order(**changed: Any) -> str:
    return json.dumps({"type": "order", "table": 5, "dishes": ["soup"], "note": "hot"} | changed)


def _cancel(**changed: Any) -> str:
    return json.dumps({"type": "cancel", "table": 5} | changed)


def _without(message: str, field: str) -> str:
    fields = json.loads(message)
    del fields[field]
    return json.dumps(fields)


_WRONG: Final = {
    "table": (_order(table=0), _order(table="5"), _without(_cancel(), "table")),
    "dishes": (_order(dishes=[]), _order(dishes="soup"), _without(_order(), "dishes")),
    "note": (_order(note=5), _order(note=["hot"])),
    "type": (_order(type="pay"), _without(_order(), "type"), _cancel(type=7)),
}
"""By the field that is wrong or missing."""


def _accepts(answer: Any, messages: Iterable[tuple[str, str]]) -> None:
    """
    Expect that these are answered as a plain order is; a rule of its own tells how that is.

    Args:
        answer: The learner's.
        messages: What is special about each, and the message.
    """
    with answering(answer) as server, server.client() as client:
        usual = ask(client, _order(), json_text(_ACCEPTED), "a plain order came")
        for why, message in messages:
            got = ask(client, message, json_text(_ACCEPTED), why)
            if not (matches(got, _ACCEPTED) or identical(got, usual)):
                raise client.finding(why, json_text(_ACCEPTED), json_text(got))


def _refuses(answer: Any, messages: Iterable[tuple[str, str]]) -> None:
    """Expect that none of these is accepted; other rules tell what the answer should be."""
    with answering(answer) as server, reopening(server) as open_client:
        for why, message in messages:
            client = open_client()
            got = reaction(client, message, _ERROR, why)
            if matches(got, _ACCEPTED):
                raise client.finding(f"{why}, and it was accepted", _ERROR, json_text(got))


@rule('A correct message is answered with `{"type": "accepted"}`')
def _accepted(answer: Any) -> None:
    messages = (
        _order(),
        _cancel(),
        '{ "dishes" : ["soup"],"note":"","table" : 7,\n"type":"order"}',
        '{"table":3,"type":"cancel"}',
        _order(note="no salt, please"),
    )
    with answering(answer) as server, server.client() as client:
        for message in messages:
            expect(client, message, _ACCEPTED, "the message is correct")
        for message in messages:
            client.send(message)
        for number, _ in enumerate(messages, 1):
            client.receive(f"{len(messages)} answers", f"answer {number}")
        client.barrier()
        client.expect_silence("there is one answer too many", 0.02)


@rule("Messages and answers are text")
def _text(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        expect_text_messages(client, _order(), _cancel(), _order(table=0), "hello")


@rule("`table` is an integer from 1 to 20")
def _table(answer: Any) -> None:
    def both(table: Any, what: str = "") -> list[tuple[str, str]]:
        messages = (_order(table=table), _cancel(table=table))
        return [(f"the table is {what or table}", message) for message in messages]

    _accepts(answer, [pair for table in (1, 20, 2, 19) for pair in both(table)])
    wrong = [pair for table in (0, 21, -1, 200, 10**30, 2.5, 0.5) for pair in both(table)]
    wrong += [pair for what, value in _VALUES.items() for pair in both(value, what)]
    missing = [_without(message, "table") for message in (_order(), _cancel())]
    _refuses(answer, [*wrong, *(("there is no table", message) for message in missing)])


@rule("`dishes` a list of strings that is not empty")
def _dishes(answer: Any) -> None:
    texts = ("Käse", "soup", *(awkward.TEXTS[what] for what in ("quotes", "empty", "a number")))
    good = (list(texts), ["soup", "soup"], ["soup"] * 200, *([text] for text in texts))
    _accepts(answer, [("the dishes are strings", _order(dishes=dishes)) for dishes in good])
    wrong = [(f"the dishes are {what}", _order(dishes=v)) for what, v in _VALUES.items()]
    for what, value in _VALUES.items():
        if not isinstance(value, str):
            why = f"{what} is among the dishes"
            wrong.append((why, _order(dishes=[value])))
            wrong.append((why, _order(dishes=["soup", value, "soup"])))
    wrong.append(("the dishes are a string", _order(dishes="soup")))
    wrong.append(("the dishes are an object", _order(dishes={"soup": 1})))
    _refuses(answer, [*wrong, ("there are no dishes", _without(_order(), "dishes"))])


@rule("`note` a string that may be left out")
def _note(answer: Any) -> None:
    texts = (awkward.TEXTS[what] for what in ("empty", "quotes", "other scripts", "two lines"))
    good = [("the note is a string", _order(note=text)) for text in texts]
    _accepts(answer, [("the note is left out", _without(_order(), "note")), *good])
    others = {what: value for what, value in _VALUES.items() if not isinstance(value, str)}
    _refuses(answer, [(f"the note is {what}", _order(note=v)) for what, v in others.items()])


@rule("any other with")
def _any_other(answer: Any) -> None:
    types = ("pay", "", "Order", "order ", "accepted", "error")
    wrong = [(f"the type is {type!r}", _order(type=type)) for type in types]
    wrong += [(f"the type is {what}", _order(type=value)) for what, value in _VALUES.items()]
    missing = (_without(_order(), "type"), _without(_cancel(), "type"), "{}")
    wrong += [("there is no type", message) for message in missing]
    others = ("[1,2]", '["order", 5, ["soup"]]', "null", '"order"', "5", "true", "[]")
    wrong += [("that is no object", message) for message in others]
    wrong += [("that is no JSON", message) for message in NOT_JSON]
    _refuses(answer, [*wrong, ("NaN is no JSON", _order(id=float("nan")))])


@rule('`{"type": "error", "message": …}`')
def _error(answer: Any) -> None:
    wrong = (*(messages[0] for messages in _WRONG.values()), "hello", "[1,2]", "null")
    with answering(answer) as server, reopening(server) as open_client:
        for message in wrong:
            client = open_client()
            got = reaction(client, message, _ERROR, "that is no correct message")
            if not (got is CLOSED or matches(got, _ACCEPTED) or is_error(got)):
                raise client.finding("the answer is no such error", _ERROR, json_text(got))


def _words_of_errors(answer: Any, field: str, *, named: bool) -> None:
    """Expect that errors name the field that is wrong, or no other one."""
    with answering(answer) as server, reopening(server) as open_client:
        for message in _WRONG[field]:
            client = open_client()
            got = reaction(client, message, _ERROR, f"{field!r} is wrong or missing")
            if not is_error(got):
                continue  # other rules tell about that
            words = set(re.findall(r"\w+", got["message"]))
            if named and field not in {word.lower() for word in words}:
                problem = f"{field!r} is wrong or missing, and the error does not say so"
                raise client.finding(problem, f"… {field} …", json_text(got))
            # "type" may also be that of a value, which is wrong.
            others = words & {*_FIELDS} - {field, "type"}
            if others and not named:
                problem = f"only {field!r} is wrong or missing, and the error names another field"
                raise client.finding(problem, f"{field}, and no other field", json_text(got))


@rule("names the wrong or missing field")
def _names(answer: Any) -> None:
    for field in ("table", "dishes", "note"):
        _words_of_errors(answer, field, named=True)


@rule("`type` is one, too")
def _names_type(answer: Any) -> None:
    _words_of_errors(answer, "type", named=True)


@rule("and no other")
def _no_other(answer: Any) -> None:
    for field in _FIELDS:
        _words_of_errors(answer, field, named=False)


@rule("Fields that are not named here do no harm")
def _more_fields(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        for message in (_order(waiter="Ada"), _cancel(id=7), _order(id=None, **{"": []})):
            got = reaction(client, message, json_text(_ACCEPTED), "there is a field more")
            if is_error(got):
                problem = "there is a field more, and it was refused"
                raise client.finding(problem, json_text(_ACCEPTED), json_text(got))


@rule("none ends the connection")
def _goes_on(answer: Any) -> None:
    awful = (
        _order(table=0),
        _order(dishes=5),
        _order(dishes=None),
        _order(note=None),
        _without(_order(), "dishes"),
        _without(_cancel(), "table"),
        *AWFUL,
        _order(table=[[]]),
        _order(table={}),
        _order(dishes=[{}, []]),
        _order(note="\ud800"),
        _order(dishes=["\ud800"]),
        _order(type="\ud800"),
        f'{{"type":"order","table":5,"dishes":{awkward.DEEP}}}',
    )
    with answering(answer) as server, server.client() as client:
        for message in awful:
            client.send(message)
            client.receive("an answer", "it came")
            ask(client, _cancel(), "an answer", "another one came after it")


_TAKE_ORDER: Final = """
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Table = Annotated[int, Meta(ge=1, le=20)]


class Order(Struct, tag_field="type", tag="order"):
    table: Table
    dishes: Annotated[list[str], Meta(min_length=1)]
    note: str = ""


class Cancel(Struct, tag_field="type", tag="cancel"):
    table: Table


order_decoder = msgspec.json.Decoder(Order | Cancel)


async def take_order(ws):
    async for text in ws:
        try:
            order_decoder.decode(text)
            reply = {"type": "accepted"}
        except (ValueError, RecursionError) as exc:
            reply = {"type": "error", "message": str(exc)}
        await ws.send(msgspec.json.encode(reply), text=True)
"""


EXERCISE = Exercise(
    id="5.3",
    title="An error that helps",
    task=(
        "Write the handler `take_order` for a restaurant. Two messages are correct: "
        '`{"type": "order", "table": …, "dishes": …, "note": …}` and `{"type": "cancel", "table": '
        "…}`. `table` is an integer from 1 to 20, `dishes` a list of strings that is not empty, "
        "`note` a string that may be left out. A correct message is answered with "
        '`{"type": "accepted"}`, any other with `{"type": "error", "message": …}`, whose text '
        "names the wrong or missing field (`type` is one, too) and no other. Messages and answers "
        "are text, and none ends the connection. Fields that are not named here do no harm, "
        "neither in a message nor in an answer."
    ),
    name="take_order",
    starter="""
from typing import Annotated

import msgspec
from msgspec import Meta, Struct


class Order(Struct, tag_field="type", tag="order"):
    table: int


class Cancel(Struct, tag_field="type", tag="cancel"):
    table: int


order_decoder = msgspec.json.Decoder(Order | Cancel)


async def take_order(ws):
    async for text in ws:
        ...
""",
    hints=(
        "The two classes are the schema; they lack the limits and two fields. What `decode()` "
        "raises names the field already.",
        "`Annotated[int, Meta(ge=1, le=20)]`; the length of a list has a limit like that of a "
        "string. A field with a default may be left out.",
        "In the loop: `try: order_decoder.decode(text)`, `except (ValueError, RecursionError) as "
        'exc:` with `{"type": "error", "message": str(exc)}`; the encoder returns `bytes`, so '
        "`text=True`.",
    ),
    solution=_TAKE_ORDER,
    explanation=(
        "All rules stand in the two classes, and the handler knows none of them. msgspec takes "
        "neither `true` nor `2.5` for an `int`; by hand, `isinstance(True, int)` is a trap. An "
        'unknown type is the error "Invalid value … at `$.type`".'
    ),
    rules=(
        _accepted,
        _text,
        _table,
        _dishes,
        _note,
        _any_other,
        _error,
        _names,
        _names_type,
        _no_other,
        _more_fields,
        _goes_on,
    ),
    minutes=15,
    difficulty=2,
    needs="A schema",
)
