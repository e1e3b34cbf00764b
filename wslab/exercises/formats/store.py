"""Exercise 5.2: One function for each type."""

from __future__ import annotations

import json
import secrets
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, answering
from wslab.exercises._rule import Rule

from ._shared import NESTED, expect, expect_error

__all__ = ["EXERCISE"]


_STORE_ERRORS: Final = [
    ("an unknown type", '{"type":"delete","key":"a"}'),
    ("a type that is no string", '{"type":["get"],"key":"a"}'),
    ("an object without a type", '{"key":"a"}'),
    ("a list", '["get","a"]'),
    ("null", "null"),
    ("a JSON string", '"get"'),
    ("plain text", "get a"),
    ("an empty message", ""),
    ("JSON that is cut off", '{"type":"set","key":"a","value":1'),
    ("a get without a key", '{"type":"get"}'),
    ("a key that is a list", '{"type":"get","key":["a"]}'),
    ("a key that is a number", '{"type":"get","key":5}'),
    ("a set without a value", '{"type":"set","key":"a"}'),
    ("a set with null for a key", '{"type":"set","key":null,"value":1}'),
    ("NaN, which is not JSON,", '{"type":"set","key":"a","value":NaN}'),
    ("a message of 100,000 brackets", NESTED),
]


def _probe_store(answer: Any) -> None:
    with answering(answer) as server, server.client() as other, server.client() as client:

        def put(who: Client, key: str, value: Any, problem: str) -> None:
            who.send(json.dumps({"type": "set", "key": key, "value": value}))
            expect(who, {"type": "done"}, problem)

        def get(who: Client, key: str, value: Any, problem: str) -> None:
            who.send(json.dumps({"key": key, "type": "get"}))
            expect(who, {"type": "value", "key": key, "value": value}, problem)

        put(client, "a", 1, 'a set should be answered with {"type": "done"}')
        get(client, "a", 1, "a get should be answered with the value that was set last")
        get(client, "b", None, "a key that was never set should have the value null")
        server.come_and_go()
        server.serve_crowd(
            '{"type":"set","key":"a","value":1}',
            lambda one, problem: expect(one, {"type": "done"}, problem),
        )
        values = ["", "Grüße", 'a "quoted" word', 0, False, None, [], {"x": [1, {"y": None}]}, 1.5]
        last = secrets.token_hex(4)
        for value in (*values, last):
            put(client, "a", value, "any JSON may be a value")
            get(client, "a", value, "a get should be answered with the value that was set last")
        for key in ("", "type", "Schlüssel", secrets.token_hex(4)):
            put(client, key, f"of {key}", "any string may be a key")
            get(client, key, f"of {key}", "any string may be a key")
        get(other, "a", None, "each client has a store of its own")
        put(other, "a", "mine", "two clients at once: each should be answered")
        for what, bad in _STORE_ERRORS:
            client.send(bad)
            expect_error(client, f"{what} should get an error, and the connection stay open")
            problem = f"after {what}, a get should be answered as before"
            get(client, "a", last, problem)
        get(other, "a", "mine", "what one client does should not matter to another one")
        with server.client() as late:
            get(late, "a", None, "a new client begins with an empty store")


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
        "Write the handler `store`. Every client has a store of its own, and sends text messages:\n"
        "\n"
        "| client sends | server answers |\n"
        "|---|---|\n"
        '| `{"type": "set", "key": K, "value": V}`, K a string, V any JSON '
        '| `{"type": "done"}` |\n'
        '| `{"type": "get", "key": K}` '
        '| `{"type": "value", "key": K, "value": V}`, V `null` if K was never set |\n'
        '| anything else | `{"type": "error", "message": …}`, a string in your words |\n'
        "\n"
        "One answer for each message, and no message ends the connection."
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
    rules=(Rule("", _probe_store),),
    minutes=15,
    difficulty=2,
    needs="Messages with a type",
)
