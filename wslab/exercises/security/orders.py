"""Exercise 7.3: Orders, and nothing else."""

from __future__ import annotations

import json
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import answering, during
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


_BAD_ORDERS: Final = (
    ("what is not JSON", ("hello", "", '{"item": "tea", "count": 1', "{'item': 'tea'}")),
    ("JSON that is no object", ('["tea", 1]', '"tea"', "1", "null", "true")),
    ("a field that is missing", ('{"item": "tea"}', '{"count": 1}', "{}")),
    ("an item that is no name", ('{"item": 5, "count": 1}', '{"item": "", "count": 1}')),
    ("an item that is too long", (json.dumps({"item": "t" * 41, "count": 1}),)),
    (
        "a count of the wrong type",
        ('{"item": "tea", "count": "1"}', '{"item": "tea", "count": 1.5}'),
    ),
    ("a count that is true", ('{"item": "tea", "count": true}',)),
    (
        "a count that is out of range",
        ('{"item": "tea", "count": 0}', '{"item": "tea", "count": 101}'),
    ),
    ("a field too many", ('{"item": "tea", "count": 1, "price": 0}',)),
    ("bytes", (b'{"item": "tea", "count": 1}', b"\xff\xfe")),
    ("what is nested too deep", ("[" * 100_000,)),
)


def _probe_orders(answer: Any) -> None:
    good = [("tea", 1), ("t" * 40, 100), ("Grüße", 7)]
    with answering(answer) as server, server.clients(2) as (client, other):
        for item, count in good:
            client.send(json.dumps({"item": item, "count": count}))
            client.expect_json({"ok": True}, "a valid order should be answered with ok")
        for what, messages in _BAD_ORDERS:
            with during(f"after {what}"):
                for message in messages:
                    client.send(message)
                    client.expect_json(
                        {"error": "invalid order"}, "what is no order should get the error"
                    )
                client.send('{"count": 2, "item": "tea"}')
                client.expect_json({"ok": True}, "the next valid order should be answered with ok")
        with during("with a second client"):
            other.send('{"item": "cake", "count": 3}')
            other.expect_json({"ok": True}, "a valid order should be answered with ok")


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
    rules=(Rule("", _probe_orders),),
    minutes=15,
    difficulty=2,
    needs="Validate what comes in",
)
