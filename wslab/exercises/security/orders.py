"""Exercise 7.3: Orders, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Finding, answering, awkward, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_ERROR: Final = {"error": "invalid order"}


def _order(**changed: Any) -> str:
    return json.dumps({"item": "tea", "count": 1} | changed)


def _refuses(answer: Any, messages: Iterable[str | bytes], why: str) -> None:
    """Expect the error for each of these, on a connection of its own."""
    with answering(answer) as server:
        for message in messages:
            with server.client() as client:
                client.send(message)
                client.expect_json(_ERROR, f"{why}: {show(message)}")


@rule('answered with `{"ok": true}`')
def _orders(answer: Any) -> None:
    good = (
        _order(),
        _order(),
        '{"count":100,"item":"t"}',
        _order(item="t" * 40),
        _order(item="ü" * 40),
        json.dumps({"item": "Grüße, 世界", "count": 7}, ensure_ascii=False),
        _order(item=awkward.TEXTS["quotes"]),
        _order(item="0"),
        ' {\n"item" : " " , "count" : 50}\n',
    )
    with answering(answer) as server, server.client() as client:
        for message in good:
            client.send(message)
            client.expect_json({"ok": True}, "an order came")
        client.barrier()
        client.expect_silence("an order got more than one answer", 0.02)


@rule('everything else with `{"error": "invalid order"}`')
def _everything_else(answer: Any) -> None:
    with answering(answer) as server:
        for message in ("hello", b"tea", "[]", _order(count=0), '{"item": "tea"}'):
            with server.client() as client:
                client.send(message)
                client.send(message)
                try:
                    for number in (1, 2):
                        client.receive("an answer to each", f"two equal ones; to {number}")
                except Finding as finding:
                    if "closed" in finding.problem:
                        return  # another rule tells about that
                    raise
                client.barrier()
                client.expect_silence("two messages got more than two answers", 0.02)


@rule("a JSON object in a text message")
def _object_in_text(answer: Any) -> None:
    broken = [text for what, text in awkward.NOT_JSON.items() if "nested" not in what]
    others = ('["tea", 1]', '["item", "count"]', '"tea"', "1", "null", "true", "[]")
    _refuses(answer, (*broken, *others), "that is no JSON object")
    _refuses(answer, (_order().encode(), b"\xff\xfe", b""), "that is a binary message")


@rule("exactly two fields")
def _two_fields(answer: Any) -> None:
    missing = ('{"item": "tea"}', '{"count": 1}', "{}", '{"Item": "tea", "count": 1}')
    _refuses(answer, missing, "a field is missing")
    _refuses(answer, (_order(price=0), _order(note=None)), "there is a third field")


@rule("`item`, a string of 1 to 40 characters")
def _item(answer: Any) -> None:
    wrong = [value for value in awkward.VALUES.values() if not (isinstance(value, str) and value)]
    _refuses(answer, [_order(item=value) for value in wrong], "the item is no such string")
    _refuses(answer, [_order(item="t" * 41), _order(item="t" * 400)], "the item is too long")


@rule("`count`, an integer from 1 to 100")
def _count(answer: Any) -> None:
    numbers = [value for value in awkward.VALUES.values() if type(value) is not int]
    integers = (0, -1, 101, 10**30)
    _refuses(answer, [_order(count=value) for value in numbers], "the count is no integer")
    _refuses(answer, [_order(count=value) for value in integers], "the count is out of range")


@rule("no message ends the connection")
def _goes_on(answer: Any) -> None:
    awful = (
        "hello",
        awkward.NESTED,
        '{"item": ' * 50_000,
        '{"item": "tea", "count": 1' + "0" * 5000 + "}",
        '{"item": "\\ud800", "count": 0}',
        b"\xff\xfe",
        '{"item": {"a": []}, "count": [[]]}',
    )
    with answering(answer) as server:
        for message in awful:
            with server.client() as client:
                client.send(message)
                client.receive("an answer", f"after {show(message)}")
                client.send(_order())
                client.receive("an answer", f"after {show(message)}, an order came")


EXERCISE = Exercise(
    id="7.3",
    title="Orders, and nothing else",
    task=(
        "Write `orders(ws)`. An order is a JSON object in a text message, with exactly two "
        "fields: `item`, a string of 1 to 40 characters, and `count`, an integer from 1 to 100. "
        'It is answered with `{"ok": true}`, everything else with '
        '`{"error": "invalid order"}`; no message ends the connection.'
    ),
    name="orders",
    starter="""
async def orders(ws):
    async for message in ws:
        ...
""",
    hints=(
        "Say what is allowed, instead of listing what is not: two fields, their types, their "
        "ranges. A schema of `msgspec` says all of it.",
        "`class Order(msgspec.Struct, forbid_unknown_fields=True)` refuses fields that it does "
        "not know. `Annotated[str, msgspec.Meta(min_length=1, max_length=40)]` is a string with "
        "limits; a number has `ge=` and `le=`.",
        "`msgspec.json.decode(message, type=Order)` raises `msgspec.DecodeError` for what is not "
        "JSON, and its subclass `ValidationError` for what does not fit. It takes `bytes` as "
        "well; look at the type of the message yourself. In Python, `True` is an `int`.",
    ),
    solution="""
from typing import Annotated

import msgspec


class Order(msgspec.Struct, forbid_unknown_fields=True):
    item: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    count: Annotated[int, msgspec.Meta(ge=1, le=100)]


async def orders(ws):
    async for message in ws:
        try:
            if isinstance(message, bytes):
                raise ValueError("binary")
            msgspec.json.decode(message, type=Order)
            await ws.send('{"ok": true}')
        except (ValueError, RecursionError):
            await ws.send('{"error": "invalid order"}')
""",
    explanation=(
        "The schema lists what is allowed, so nobody has to think of everything that is not. "
        "`msgspec.DecodeError` is a `ValueError`."
    ),
    rules=(
        _orders,
        _object_in_text,
        _two_fields,
        _item,
        _count,
        _goes_on,
        _everything_else,
    ),
    minutes=15,
    difficulty=2,
    needs="Validate what comes in",
)
