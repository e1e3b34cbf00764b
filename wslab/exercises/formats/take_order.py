"""Exercise 5.3: An error that helps."""

from __future__ import annotations

from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, answering, show
from wslab.exercises._rule import Rule

from ._shared import NESTED, expect, expect_error

__all__ = ["EXERCISE"]


_ACCEPTED: Final = [
    '{"type":"order","table":5,"dishes":["soup"]}',
    '{"dishes":["soup","cheese","soup"],"note":"no salt, please","table":1,"type":"order"}',
    '{ "type": "order", "table": 20, "dishes": ["Käse"], "note": "" }',
    '{"type":"cancel","table":20}',
    '{"type":"cancel","table":1}',
]


# The field that is wrong, and the message.
_WRONG_FIELDS: Final = [
    ("table", '{"type":"order","dishes":["soup"]}'),
    ("table", '{"type":"order","table":"5","dishes":["soup"]}'),
    ("table", '{"type":"order","table":0,"dishes":["soup"]}'),
    ("table", '{"type":"order","table":21,"dishes":["soup"],"note":"hurry"}'),
    ("table", '{"type":"order","table":2.5,"dishes":["soup"]}'),
    ("table", '{"type":"order","table":true,"dishes":["soup"]}'),
    ("table", '{"type":"order","table":null,"dishes":["soup"]}'),
    ("table", '{"type":"cancel"}'),
    ("table", '{"type":"cancel","table":-3}'),
    ("table", '{"type":"cancel","table":[1]}'),
    ("dishes", '{"type":"order","table":5}'),
    ("dishes", '{"type":"order","table":5,"dishes":[]}'),
    ("dishes", '{"type":"order","table":5,"dishes":"soup"}'),
    ("dishes", '{"type":"order","table":5,"dishes":["soup",7]}'),
    ("dishes", '{"type":"order","table":5,"dishes":{"soup":1}}'),
    ("note", '{"type":"order","table":5,"dishes":["soup"],"note":5}'),
    ("note", '{"type":"order","table":5,"dishes":["soup"],"note":["no salt"]}'),
    ("type", '{"type":"pay","table":5}'),
    ("type", '{"table":5,"dishes":["soup"]}'),
    ("type", '{"type":7,"table":5}'),
]


_NO_OBJECTS: Final = ["Hello", "", '{"type":"cancel"', "[1,2]", "null", '"order"', NESTED]


def _probe_take_order(answer: Any) -> None:
    with answering(answer) as server, server.client() as other, server.client() as client:

        def accepted(who: Client, message: str, problem: str) -> None:
            who.send(message)
            expect(who, {"type": "accepted"}, problem)

        accepted(client, _ACCEPTED[0], "a correct order should be accepted")
        server.come_and_go()
        server.serve_crowd(
            _ACCEPTED[3], lambda one, problem: expect(one, {"type": "accepted"}, problem)
        )
        for message in _ACCEPTED:
            accepted(client, message, "a correct message should be accepted")
        accepted(other, _ACCEPTED[1], "two clients at once: each should be answered")
        fields = {field for field, _ in _WRONG_FIELDS}
        for field, message in _WRONG_FIELDS:
            client.send(message)
            text = expect_error(client, f"{field!r} is wrong here: an error is due")
            others = fields - {field, "type"}  # "type" may also be that of a value
            if field not in _words(text.lower()) or others & _words(text):
                problem = f"the error should name the wrong field, {field!r}, and no other"
                raise client.finding(problem, f"… {field} …", show(text))
            accepted(client, _ACCEPTED[0], "after an error, a correct order should be accepted")
        for message in _NO_OBJECTS:
            client.send(message)
            expect_error(client, f"{show(message)} should get an error")
            accepted(client, _ACCEPTED[3], "after an error, a correct message should be accepted")
        accepted(other, _ACCEPTED[4], "what one client does should not matter to another one")


def _words(text: str) -> set[str]:
    return set("".join(letter if letter.isalpha() else " " for letter in text).split())


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
        "names the wrong or missing field (`type` is one, too) and no other. Every message comes "
        "as text, and none ends the connection."
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
    rules=(Rule("", _probe_take_order),),
    minutes=15,
    difficulty=2,
    needs="A schema",
)
