"""Exercises of 05 · Message formats."""

from __future__ import annotations

import contextlib
import inspect
import json
import math
import secrets
import struct
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidStatus, NegotiationError, WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from wslab.server import serve

from ._exercise import Exercise, Finding, WrongAnswer
from ._probe import (
    HELD_UP,
    REPLY_TIMEOUT,
    Client,
    Server,
    answering,
    during,
    run_client,
    same,
    show,
    small_socket,
)

__all__ = ["EXERCISES"]

NESTED: Final = "[" * 100_000


def _changed(code: str, old: str, new: str) -> str:
    """Return an answer that differs from another one in one place."""
    if code.count(old) != 1:
        raise ValueError(f"{code.count(old)} places to change: {old!r}")
    return code.replace(old, new)


def _matches(value: Any, wanted: dict[str, Any]) -> bool:
    """Return whether it is an object with these fields; more fields do no harm."""
    return isinstance(value, dict) and all(
        key in value and value[key] == wanted[key] for key in wanted
    )


def _is_error(value: Any) -> bool:
    return _matches(value, {"type": "error"}) and isinstance(value.get("message"), str)


def _json(value: Any) -> str:
    return f"JSON text: {json.dumps(value, ensure_ascii=False)}"


def _expect(client: Client, wanted: dict[str, Any], problem: str) -> None:
    got = client.receive_json(_json(wanted), problem)
    if not _matches(got, wanted):
        raise client.finding(problem, _json(wanted), show(got))


def _expect_error(client: Client, problem: str) -> str:
    """Expect an error; return its text."""
    wanted = 'JSON text: {"type": "error", "message": "…"}'
    got = client.receive_json(wanted, problem)
    if not _is_error(got):
        raise client.finding(problem, wanted, show(got))
    return str(got["message"])


# ---- 5.1 ----


def _probe_exchange(answer: Any) -> None:
    cases: list[tuple[dict[str, Any], str | bytes]] = [
        ({"sensor": 7, "value": 20.84}, '{"status":"stored","number":1}'),
        ({"sensor": 8, "value": -1.5, "unit": "°C"}, '{"status":"gespeichert: 8 °C"}'.encode()),
        ({"text": 'She said "no"\nand left', "parts": [1, None, True, []]}, "[null, true, 1.5]"),
        ({"id": secrets.token_hex(4)}, "null"),
        ({"id": secrets.token_hex(4), "more": {"a": {"b": []}}}, b'"nothing but a string"'),
    ]
    for reading, reply in cases:
        received: list[str | bytes] = []

        async def handler(
            ws: ServerConnection,
            received: list[str | bytes] = received,
            reply: str | bytes = reply,
        ) -> None:
            async for message in ws:
                received.append(message)
                await ws.send(reply)

        called = f"your function was called with url, {reading!r}; the server replies {show(reply)}"
        value = json.loads(reply)
        try:
            result, server = run_client(answer, handler, reading)
        except Finding as finding:
            finding.sent = finding.sent or called
            finding.expected = finding.expected or f"{_json(reading)}, and {value!r} returned"
            raise
        records = server.transcript.snapshot()[-12:]

        def wrong(
            problem: str, wanted: object, got: object, told: str = called, records: Any = records
        ) -> Finding:
            shown = wanted if isinstance(wanted, str) else show(wanted)
            return Finding(problem, sent=told, expected=shown, got=show(got), records=records)

        if len(received) != 1:
            raise wrong("exactly one message should be sent", _json(reading), received)
        if isinstance(received[0], bytes):
            problem = "JSON should go out in a text message; this one is binary"
            raise wrong(problem, _json(reading), received[0])
        try:
            right = json.loads(received[0]) == reading
        except (ValueError, RecursionError):
            raise wrong("what arrived is not JSON", _json(reading), received[0]) from None
        if not right:
            raise wrong("the JSON has other content", _json(reading), received[0])
        if type(result) is not type(value) or not same(result, value):
            kind = "binary" if isinstance(reply, bytes) else "text"
            problem = f"the value of the reply should be returned, here from a {kind} message"
            raise wrong(problem, repr(value), result)


_EXCHANGE = Exercise(
    id="5.1",
    title="Encode and decode",
    task=(
        "Complete the two places: `exchange(url, reading)` sends a dictionary as JSON in a text "
        "message, and returns the value of the server's reply. That is JSON too, but some replies "
        "come in a text and some in a binary message, in UTF-8."
    ),
    name="exchange",
    starter="""
import json

from websockets.sync.client import connect


def exchange(url, reading):
    with connect(url) as ws:
        ws.send(...)
        reply = ws.recv(timeout=5)
    return ...
""",
    hints=(
        "What `send()` is given decides the opcode: `str` goes out as text, `bytes` as binary.",
        "`json.dumps()` returns a `str`; `msgspec.json.encode()` returns `bytes`.",
        "`json.loads()` takes `str` and `bytes` alike, so it needs no case distinction.",
    ),
    solution="""
import json

from websockets.sync.client import connect


def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps(reading))
        reply = ws.recv(timeout=5)
    return json.loads(reply)
""",
    explanation=(
        "One call in each direction. With `msgspec.json.encode(reading)` in the place of "
        "`json.dumps(reading)` the payload would be as good, but the message would be binary: "
        "then `send(…, text=True)` is needed."
    ),
    alternatives=(
        """
import msgspec
from websockets.asyncio.client import connect

async def exchange(url, reading):
    async with connect(url) as ws:
        await ws.send(msgspec.json.encode(reading), text=True)
        async for reply in ws:
            return msgspec.json.decode(reply)
""",
        """
import wslab
from websockets.sync.client import connect

def exchange(url, reading):
    with connect(url) as ws:
        text = wslab.handlers.to_json(dict(reversed(reading.items())))
        print("sending", text)
        ws.send(text)
        data = ws.recv(timeout=5, decode=False)
    return wslab.handlers.parse_json(data.decode())
""",
    ),
    wrong=(
        WrongAnswer(
            """
import msgspec
from websockets.sync.client import connect

def exchange(url, reading):
    with connect(url) as ws:
        ws.send(msgspec.json.encode(reading))
        return msgspec.json.decode(ws.recv(timeout=5))
""",
            "this one is binary",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps(reading))
        return ws.recv(timeout=5)
""",
            "the value of the reply should be returned, here from a text message",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps(reading))
        reply = ws.recv(timeout=5)
        return json.loads(reply) if isinstance(reply, str) else reply
""",
            "here from a binary message",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def exchange(url, reading):
    with connect(url) as ws:
        ws.send(str(reading))
        return json.loads(ws.recv(timeout=5))
""",
            "what arrived is not JSON",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def exchange(url, reading):
    with connect(url) as ws:
        ws.send(reading)
        return json.loads(ws.recv(timeout=5))
""",
            "raised TypeError",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps({"sensor": reading["sensor"], "value": reading["value"]}))
        return json.loads(ws.recv(timeout=5))
""",
            "the JSON has other content",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def exchange(url, reading):
    with connect(url) as ws:
        for field in reading.items():
            ws.send(json.dumps(dict([field])))
        return json.loads(ws.recv(timeout=5))
""",
            "exactly one message",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps(reading))
        return json.loads(ws.recv(timeout=5).encode())
""",
            "raised AttributeError",
        ),
    ),
    probe=_probe_exchange,
    minutes=5,
    difficulty=1,
    needs="Two kinds of message",
)


# ---- 5.2 ----

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
            _expect(who, {"type": "done"}, problem)

        def get(who: Client, key: str, value: Any, problem: str) -> None:
            who.send(json.dumps({"key": key, "type": "get"}))
            _expect(who, {"type": "value", "key": key, "value": value}, problem)

        put(client, "a", 1, 'a set should be answered with {"type": "done"}')
        get(client, "a", 1, "a get should be answered with the value that was set last")
        get(client, "b", None, "a key that was never set should have the value null")
        server.come_and_go()
        server.serve_crowd(
            '{"type":"set","key":"a","value":1}',
            lambda one, problem: _expect(one, {"type": "done"}, problem),
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
            _expect_error(client, f"{what} should get an error, and the connection stay open")
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

_STORE_EXERCISE = Exercise(
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
    alternatives=(
        """
import json
from websockets.exceptions import ConnectionClosed

class Bad(Exception):
    pass

def refuse(constant):
    raise ValueError(constant)

def do_set(values, message):
    if "value" not in message:
        raise Bad("value is missing")
    values[message["key"]] = message["value"]
    return {"type": "done"}

def do_get(values, message):
    return {"value": values.get(message["key"]), "key": message["key"], "type": "value"}

ACTIONS = {"set": do_set, "get": do_get}

async def store(ws):
    values = {}
    try:
        while True:
            text = await ws.recv()
            try:
                message = json.loads(text, parse_constant=refuse)
                if not isinstance(message, dict):
                    raise Bad("not an object")
                kind = message.get("type")
                if not isinstance(kind, str) or kind not in ACTIONS:
                    raise Bad("unknown type")
                if not isinstance(message.get("key"), str):
                    raise Bad("key must be a string")
                reply = ACTIONS[kind](values, message)
            except (ValueError, RecursionError, Bad) as error:
                print("error", error)
                reply = {"type": "error", "message": repr(error)}
            await ws.send(json.dumps(reply, indent=2))
    except ConnectionClosed:
        pass
""",
        """
from typing import Any
import msgspec

class Command(msgspec.Struct, tag_field="type", tag=str.lower):
    key: str

class Set(Command):
    value: Any

class Get(Command):
    pass

decoder = msgspec.json.Decoder(Set | Get)

async def store(ws):
    values = {}
    async for text in ws:
        try:
            command = decoder.decode(text)
        except (ValueError, RecursionError) as error:
            reply = dict(type="error", message=str(error))
        else:
            if isinstance(command, Set):
                values[command.key] = command.value
                reply = dict(type="done")
            else:
                value = values.get(command.key)
                reply = dict(type="value", key=command.key, value=value)
        await ws.send(msgspec.json.encode(reply).decode())
""",
    ),
    wrong=(
        WrongAnswer(
            """
from wslab.handlers import parse_json, to_json

async def store(ws):
    values = {}
    async for text in ws:
        message = parse_json(text)
        if message["type"] == "set":
            values[message["key"]] = message["value"]
            await ws.send(to_json({"type": "done"}))
        else:
            key = message["key"]
            await ws.send(to_json({"type": "value", "key": key, "value": values.get(key)}))
""",
            "an unknown type should get an error",
        ),
        WrongAnswer(
            _changed(_STORE, "values = {}", "values = shared").replace(
                "async def store", "shared = {}\n\n\nasync def store"
            ),
            "each client has a store of its own",
        ),
        WrongAnswer(
            _changed(_STORE, 'str(key), "value": value}:', 'str(key)}:\n            value = ""'),
            "a get should be answered with the value that was set last",
        ),
        WrongAnswer(
            _changed(
                _changed(_STORE, ', "value": value}', "}"),
                "values[key] = value",
                'values[key] = message.get("value")',
            ),
            "a set without a value should get an error",
        ),
        WrongAnswer(
            _changed(_STORE, "values.get(key)", 'values.get(key) or "unknown"'),
            "a key that was never set should have the value null",
        ),
        WrongAnswer(
            _changed(_STORE, '"get", "key": str(key)', '"get", "key": key'),
            "a key that is a list should get an error",
        ),
        WrongAnswer(
            _changed(_STORE, "from wslab.handlers import parse_json", "from json import loads")
            .replace("parse_json(text)", "loads(text)")
            .replace("values[key] = value", "values[key] = value if value == value else None"),
            "NaN, which is not JSON, should get an error",
        ),
        WrongAnswer(
            _changed(_STORE, "except ValueError", "except UnicodeError"),
            "plain text should get an error",
        ),
        WrongAnswer(
            _changed(
                _STORE,
                "await ws.send(wslab.handlers.to_json(reply_to_command(values, text)))",
                "reply = reply_to_command(values, text)\n"
                "        await ws.send(wslab.handlers.to_json(reply))\n"
                '        if reply["type"] == "error":\n'
                "            break",
            ),
            "after an unknown type, a get should be answered as before",
        ),
        WrongAnswer(
            _changed(_STORE, "(values, text)))", "(values, text)).encode())"),
            "a binary message came where text is due",
        ),
        WrongAnswer(
            _changed(_STORE, "in ws:\n", "in ws:\n        time.sleep(0.1)\n").replace(
                "import wslab\n", "import time\nimport wslab\n"
            ),
            "holds up the event loop",
        ),
        WrongAnswer(
            """
import json

async def store(ws):
    async for text in ws:
        message = json.loads(text)
        if message["type"] == "set":
            await ws.send('{"type": "done"}')
        elif message["key"] == "a":
            await ws.send('{"type": "value", "key": "a", "value": 1}')
        else:
            await ws.send('{"type": "value", "key": "b", "value": null}')
""",
            "a get should be answered with the value that was set last",
        ),
    ),
    probe=_probe_store,
    minutes=15,
    difficulty=2,
    needs="Messages with a type",
)


# ---- 5.3 ----

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
            _expect(who, {"type": "accepted"}, problem)

        accepted(client, _ACCEPTED[0], "a correct order should be accepted")
        server.come_and_go()
        server.serve_crowd(
            _ACCEPTED[3], lambda one, problem: _expect(one, {"type": "accepted"}, problem)
        )
        for message in _ACCEPTED:
            accepted(client, message, "a correct message should be accepted")
        accepted(other, _ACCEPTED[1], "two clients at once: each should be answered")
        fields = {field for field, _ in _WRONG_FIELDS}
        for field, message in _WRONG_FIELDS:
            client.send(message)
            text = _expect_error(client, f"{field!r} is wrong here: an error is due")
            others = fields - {field, "type"}  # "type" may also be that of a value
            if field not in _words(text.lower()) or others & _words(text):
                problem = f"the error should name the wrong field, {field!r}, and no other"
                raise client.finding(problem, f"… {field} …", show(text))
            accepted(client, _ACCEPTED[0], "after an error, a correct order should be accepted")
        for message in _NO_OBJECTS:
            client.send(message)
            _expect_error(client, f"{show(message)} should get an error")
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

_TAKE_ORDER_BY_HAND: Final = """
import wslab

class Bad(ValueError):
    pass

def check_table(message):
    table = message.get("table")
    if type(table) is not int or not 1 <= table <= 20:
        raise Bad("table: a number from 1 to 20 is expected")

def check_order(message):
    check_table(message)
    dishes = message.get("dishes")
    if not isinstance(dishes, list) or not dishes:
        raise Bad("dishes: a list that is not empty is expected")
    if not all(isinstance(dish, str) for dish in dishes):
        raise Bad("dishes: a list of strings is expected")
    if not isinstance(message.get("note", ""), str):
        raise Bad("note: a string is expected")

CHECKS = {"order": check_order, "cancel": check_table}

async def take_order(ws):
    async for text in ws:
        try:
            message = wslab.handlers.parse_json(text)
            if not isinstance(message, dict):
                raise Bad("an object is expected")
            kind = message.get("type")
            if not isinstance(kind, str) or kind not in CHECKS:
                raise Bad("type: order or cancel is expected")
            CHECKS[kind](message)
            reply = {"type": "accepted", "log": "to the kitchen"}
        except ValueError as error:
            print("refused", error)
            reply = {"message": f"Error! {error}", "type": "error"}
        await ws.send(wslab.handlers.to_json(reply))
"""

_TAKE_ORDER_EXERCISE = Exercise(
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
    alternatives=(
        _TAKE_ORDER_BY_HAND,
        _changed(
            _TAKE_ORDER, "str(exc)}", 'f"{type(exc).__name__}: {exc}".replace("$.", "field ")}'
        ),
    ),
    wrong=(
        WrongAnswer(
            _changed(_TAKE_ORDER, "str(exc)}", '"invalid order"}'),
            "the error should name the wrong field, 'table'",
        ),
        WrongAnswer(
            _changed(_TAKE_ORDER, "str(exc)}", '"wrong: table, dishes, note or type"}'),
            "the error should name the wrong field, 'table', and no other",
        ),
        WrongAnswer(
            _changed(_TAKE_ORDER, "Annotated[int, Meta(ge=1, le=20)]", "int"),
            "'table' is wrong here",
        ),
        WrongAnswer(
            _changed(_TAKE_ORDER, "Annotated[list[str], Meta(min_length=1)]", "list[str]"),
            "'dishes' is wrong here",
        ),
        WrongAnswer(
            _changed(_TAKE_ORDER, '    note: str = ""\n', ""),
            "'note' is wrong here",
        ),
        WrongAnswer(
            _changed(_TAKE_ORDER, 'note: str = ""', "note: str"),
            "a correct order should be accepted",
        ),
        WrongAnswer(
            _changed(_TAKE_ORDER_BY_HAND, "type(table) is not int", "not isinstance(table, int)"),
            "'table' is wrong here",
        ),
        WrongAnswer(
            _changed(
                _TAKE_ORDER_BY_HAND, "not isinstance(dishes, list) or not dishes", "not dishes"
            ),
            "'dishes' is wrong here",
        ),
        WrongAnswer(
            _changed(_TAKE_ORDER, "(ValueError, RecursionError) as exc", "KeyError as exc"),
            "the connection was closed",
        ),
        WrongAnswer(
            _changed(_TAKE_ORDER, ", text=True", ""),
            "a binary message came where text is due",
        ),
        WrongAnswer(
            _changed(_TAKE_ORDER, "async for text in ws:", "for text in [await ws.recv()]:"),
            "a correct message should be accepted",
        ),
        WrongAnswer(
            _changed(_TAKE_ORDER_BY_HAND, "kind not in CHECKS", "kind == 'pay'")
            .replace("        except ValueError as error:", "        except (ValueError) as error:")
            .replace('message.get("type")', 'message.get("type", "order")'),
            "'type' is wrong here",
        ),
        WrongAnswer(
            _changed(_TAKE_ORDER, "as exc:", "as exc:\n            raise SystemExit(str(exc))"),
            "an error is due: the connection was closed",
        ),
    ),
    probe=_probe_take_order,
    minutes=15,
    difficulty=2,
    needs="A schema",
)


# ---- 5.4 ----

_ROW: Final = struct.Struct("<Hqd")
_UNTRANSLATABLE: Final[list[tuple[str, str | bytes]]] = [
    ("text that is not JSON", "Hello"),
    ("JSON that is cut off", '[{"sensor":7,"time":1,"value":2.5}'),
    ("an object instead of a list", '{"sensor":7,"time":1,"value":2.5}'),
    ("a list of numbers", "[1,2,3]"),
    ("a list with null", "[null]"),
    ("a reading without a value", '[{"sensor":7,"time":1}]'),
    ("a value that is a string", '[{"sensor":7,"time":1,"value":"20"}]'),
    ("a sensor with a fraction", '[{"sensor":7.5,"time":1,"value":2.5}]'),
    ("sensor 70000, which needs more than 2 bytes,", '[{"sensor":70000,"time":1,"value":2.5}]'),
    ("sensor -1", '[{"sensor":-1,"time":1,"value":2.5}]'),
    ("a time that needs more than 8 bytes", f'[{{"sensor":7,"time":{2**63},"value":1}}]'),
    ("a value that no float can hold", f'[{{"sensor":7,"time":1,"value":{10**400}}}]'),
    ("a message of 100,000 brackets", NESTED),
    ("19 bytes, which are not a number of rows,", bytes(19)),
    ("a single byte", b"7"),
    ("NaN, which JSON cannot write,", _ROW.pack(7, 1, math.nan)),
    ("infinity after a good row", _ROW.pack(7, 1, 2.5) + _ROW.pack(7, 2, math.inf)),
]


def _probe_translate(answer: Any) -> None:
    def readings(count: int) -> list[dict[str, Any]]:
        return [
            {
                "sensor": secrets.randbelow(2**16),
                "time": secrets.randbelow(2**60) - 2**59,
                "value": (secrets.randbelow(2**20) - 2**19) / 64,
            }
            for _ in range(count)
        ]

    def packed(rows: Sequence[dict[str, Any]]) -> bytes:
        return b"".join(_ROW.pack(row["sensor"], row["time"], row["value"]) for row in rows)

    with answering(answer) as server, server.client() as other, server.client() as client:

        def pack(who: Client, rows: list[dict[str, Any]], problem: str) -> None:
            who.send(json.dumps(rows))
            wanted = packed(rows)
            got = who.receive(f"a binary message: {show(wanted)}", problem)
            if isinstance(got, str):
                raise who.finding(problem, f"a binary message: {show(wanted)}", show(got))
            if got != wanted:
                raise who.finding("the bytes are not right", show(wanted), show(got))

        def unpack(who: Client, rows: list[dict[str, Any]], problem: str) -> None:
            who.send(packed(rows))
            got = who.receive_json(f"JSON text: {show(rows)}", problem)
            if got != rows:
                raise who.finding(problem, show(rows), show(got))

        to_binary = "a list of readings should come back in a binary message"
        to_text = "a binary message should come back as the list of readings, in JSON"
        example = [{"sensor": 7, "time": 1_700_000_000_000, "value": 20.84}]
        pack(client, example, to_binary)
        unpack(client, example, to_text)
        server.come_and_go()
        server.serve_crowd("[]", lambda one, problem: one.expect(b"", problem))
        extremes = [(0, -(2**63), -0.5), (2**16 - 1, 2**63 - 1, 1e300), (256, 1, 5e-324)]
        named = [dict(zip(("sensor", "time", "value"), row, strict=True)) for row in extremes]
        for rows in (readings(1), readings(3), named, [], readings(500)):
            with during(f"{len(rows)} readings"):
                pack(client, rows, to_binary)
                unpack(client, rows, to_text)
                unpack(other, rows, to_text)
        client.send('[ {"value":20, "sensor":1, "time":2} ]')
        whole = "order and spaces mean nothing, and 20 is a value as good as 20.5"
        client.expect(_ROW.pack(1, 2, 20.0), whole)
        for what, bad in _UNTRANSLATABLE:
            client.send(bad)
            wanted = 'JSON text: {"error": "…"}'
            problem = f"{what} should get an error"
            got = client.receive(wanted, problem)
            try:
                value = json.loads(got) if isinstance(got, str) else None
            except (ValueError, RecursionError):
                value = None
            if not isinstance(value, dict) or not isinstance(value.get("error"), str):
                raise client.finding(problem, wanted, show(got))
            with during(f"after {what}"):
                pack(client, readings(1), to_binary)
        with during("the other client"):
            pack(other, readings(2), to_binary)


_TRANSLATE: Final = """
import json
import struct

from wslab.handlers import parse_json, to_json

ROW_LAYOUT = struct.Struct("<Hqd")
NAMES = ("sensor", "time", "value")


def to_binary(text):
    rows = parse_json(text)
    if not isinstance(rows, list):
        raise ValueError("expected a list")
    return b"".join([ROW_LAYOUT.pack(*[row[name] for name in NAMES]) for row in rows])


def to_text(data):
    rows = ROW_LAYOUT.iter_unpack(data)
    return to_json([dict(zip(NAMES, row)) for row in rows])


async def translate(ws):
    async for message in ws:
        try:
            reply = to_binary(message) if isinstance(message, str) else to_text(message)
        except (ValueError, KeyError, TypeError, struct.error) as error:
            reply = json.dumps({"error": repr(error)})
        await ws.send(reply)
"""

_TRANSLATE_BY_SCHEMA: Final = """
import math
import struct
import msgspec
from typing import Annotated
from msgspec import Meta
from websockets.exceptions import ConnectionClosed

class Reading(msgspec.Struct):
    sensor: Annotated[int, Meta(ge=0, le=65535)]
    time: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
    value: float

decoder = msgspec.json.Decoder(list[Reading])

async def translate(ws):
    while True:
        try:
            message = await ws.recv()
        except ConnectionClosed:
            break
        try:
            if type(message) is str:
                rows = [(r.sensor, r.time, r.value) for r in decoder.decode(message)]
                await ws.send(b"".join(struct.pack("<Hqd", *row) for row in rows))
                continue
            if len(message) % 18:
                raise ValueError("not a number of rows")
            rows = [Reading(*row) for row in struct.iter_unpack("<Hqd", message)]
            if not all(math.isfinite(row.value) for row in rows):
                raise ValueError("not finite")
            await ws.send(msgspec.json.encode(rows).decode())
        except (ValueError, RecursionError) as error:
            print("cannot translate:", error)
            await ws.send(msgspec.json.encode({"error": str(error)}), text=True)
"""

_TRANSLATE_EXERCISE = Exercise(
    id="5.4",
    title="A translator",
    task=(
        "Write the handler `translate`. A text message with a JSON list of readings, "
        '`{"sensor": …, "time": …, "value": …}`, is answered with a binary message: the same '
        "readings as rows of 18 bytes, `<Hqd`. A binary message of such rows is answered with the "
        "JSON list in a text message. What cannot be translated is answered with the text message "
        '`{"error": …}`, a string in your words, and the connection is kept.'
    ),
    name="translate",
    starter="""
import json
import struct

from wslab.handlers import parse_json, to_json

ROW_LAYOUT = struct.Struct("<Hqd")


async def translate(ws):
    async for message in ws:
        if isinstance(message, str):
            ...
        else:
            ...
""",
    hints=(
        "`struct_encode()` and `struct_decode()` in “Measure: size” do the two directions, as "
        "long as nothing is wrong.",
        "What is raised when something is wrong? `struct.error` is no `ValueError`; a field that "
        "is missing raises another exception, and so does a list of something else. What does "
        "`to_json()` do about NaN?",
        "`except (ValueError, KeyError, TypeError, struct.error) as error:` stands around the "
        "translation, not around `send()`. An object is no list of readings, although a loop "
        "over it begins: check with `isinstance(rows, list)`.",
    ),
    solution=_TRANSLATE,
    explanation=(
        "Both directions raise before anything is sent, so there is one reply in every case. "
        "`iter_unpack()` raises `struct.error` if the bytes are not a number of rows. A float may "
        "be NaN, JSON has no word for it, and `to_json()` raises `ValueError`; `json.dumps()` "
        "would write `NaN`, which a browser cannot read."
    ),
    alternatives=(_TRANSLATE_BY_SCHEMA,),
    wrong=(
        WrongAnswer(
            _changed(_TRANSLATE, 'Struct("<Hqd")', 'Struct("Hqd")'), "the bytes are not right"
        ),
        WrongAnswer(
            _changed(_TRANSLATE, 'Struct("<Hqd")', 'Struct(">Hqd")'), "the bytes are not right"
        ),
        WrongAnswer(
            _changed(_TRANSLATE, ", struct.error", ""),
            "a value that is a string should get an error: the connection was closed",
        ),
        WrongAnswer(
            _changed(_TRANSLATE, "parse_json(text)", "json.loads(text)")
            .replace("to_json([", "json.dumps([")
            .replace("ValueError,", "ValueError, RecursionError,"),
            "NaN, which JSON cannot write, should get an error",
        ),
        WrongAnswer(
            _changed(_TRANSLATE, "KeyError, TypeError, ", ""),
            "a list of numbers should get an error: the connection was closed",
        ),
        WrongAnswer(
            _changed(_TRANSLATE, "*[row[name] for name in NAMES]", "*row.values()").replace(
                "struct.error)", "struct.error, AttributeError)"
            ),
            "order and spaces mean nothing",
        ),
        WrongAnswer(
            _changed(_TRANSLATE, "ROW_LAYOUT.iter_unpack(data)", "[ROW_LAYOUT.unpack(data)]"),
            "3 readings: a binary message should come back",
        ),
        WrongAnswer(
            _changed(_TRANSLATE, "to_text(message)\n", "to_text(message).encode()\n"),
            "a binary message came where text is due",
        ),
        WrongAnswer(
            _changed(
                _TRANSLATE,
                "rows = ROW_LAYOUT.iter_unpack(data)",
                "rows = ROW_LAYOUT.iter_unpack(data[: len(data) // 18 * 18])",
            ),
            "19 bytes, which are not a number of rows, should get an error",
        ),
        WrongAnswer(
            _changed(_TRANSLATE, "        await ws.send(reply)", "    await ws.send(reply)"),
            "no message came",
        ),
        WrongAnswer(
            _changed(
                _TRANSLATE,
                '    if not isinstance(rows, list):\n        raise ValueError("expected a list")\n',
                "    if isinstance(rows, dict):\n        rows = [rows]\n",
            ),
            "an object instead of a list should get an error",
        ),
    ),
    probe=_probe_translate,
    minutes=20,
    difficulty=2,
    needs="Measure: size",
)


# ---- 5.5 ----

_VERSIONS: Final = ("chat.v10", "chat.v2", "chat.v1")  # of the server, the best first


def _probe_choose_version(answer: Any) -> None:
    if not callable(answer):
        raise Finding(f"a function is expected, not {show(answer)}")
    if inspect.iscoroutinefunction(answer):
        raise Finding("a plain function is expected: select_subprotocol is not awaited")
    raised: list[BaseException] = []

    def select(connection: Any, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        try:
            chosen: Subprotocol | None = answer(connection, offered)
        except NegotiationError:
            raise
        except BaseException as exc:
            raised.append(exc)
            raise RuntimeError(f"it raised {type(exc).__name__}") from exc
        return chosen

    async def handler(ws: ServerConnection) -> None:
        await ws.send(json.dumps(ws.subprotocol))
        await ws.wait_closed()

    other = f"x-{secrets.token_hex(3)}"
    cases: list[tuple[list[str] | None, str | None, str]] = [
        (["chat.v1"], "chat.v1", "a version that both know should be selected"),
        (["chat.v2"], "chat.v2", "a version that both know should be selected"),
        (["chat.v1", "chat.v2"], "chat.v2", "the server's best version should be selected"),
        (["chat.v2", "chat.v1"], "chat.v2", "the server's best version should be selected"),
        (["chat.v2", "chat.v10"], "chat.v10", "the server's best version should be selected"),
        ([other, "chat.v1"], "chat.v1", "what the server does not know should be passed over"),
        (["chat.v3", other, "chat.v2"], "chat.v2", "what is not known should be passed over"),
        (None, None, "a client that offers nothing should get in, without a subprotocol"),
        ([other], "400", "a client that offers nothing known should be refused with 400"),
        (["chat.v11", "chat.v"], "400", "names are equal or not: a part of one is another name"),
        (["CHAT.V2"], "400", "names are equal or not: upper and lower case are different"),
        (["chat.v1"], "chat.v1", "the answer should depend on the offer alone"),
    ]
    options: dict[str, Any] = {"select_subprotocol": select, "ping_interval": None}
    with warnings.catch_warnings(), serve(handler, name=f"check {id(answer)}", **options) as server:
        warnings.simplefilter("ignore")  # stop() says it when the loop is held up; so do we
        for offered, expected, problem in cases:
            got = _negotiate(server.url, offered)
            if same(got, expected) and not raised:
                continue
            if raised:
                problem = f"it raised {type(raised[0]).__name__}"
                got = str(raised[0])
            elif got == TimeoutError.__name__:
                problem = HELD_UP.replace("handler", "function")
            wanted = f"subprotocol {expected}" if expected != "400" else "status 400"
            raise Finding(
                problem,
                sent=f"offered by the client: {', '.join(offered) if offered else 'nothing'}",
                expected=wanted if expected else "an open connection, subprotocol None",
                got=str(got),
                records=server.transcript.filter(connection=-1)[-12:],
            )


def _negotiate(url: str, offered: list[str] | None) -> str | None:
    """Return the subprotocol, a status, or the name of what is raised."""
    names = [Subprotocol(name) for name in offered] if offered else None
    timeouts: dict[str, Any] = {"open_timeout": REPLY_TIMEOUT, "close_timeout": REPLY_TIMEOUT}
    try:
        with connect(url, subprotocols=names, ping_interval=None, **timeouts) as ws:
            return None if ws.subprotocol is None else str(ws.subprotocol)
    except InvalidStatus as refused:
        return str(refused.response.status_code)
    except TimeoutError:
        return TimeoutError.__name__
    except (OSError, WebSocketException) as exc:
        return f"{type(exc).__name__}: {exc}"


_CHOOSE_VERSION: Final = """
from websockets.exceptions import NegotiationError

SPOKEN = ("chat.v10", "chat.v2", "chat.v1")


def choose_version(connection, offered):
    for version in SPOKEN:
        if version in offered:
            return version
    if offered:
        raise NegotiationError(f"this server speaks {', '.join(SPOKEN)}")
    return None
"""

_CHOOSE_VERSION_EXERCISE = Exercise(
    id="5.5",
    title="Which version?",
    task=(
        "Write `choose_version(connection, offered)`, which the check gives to `serve()` as "
        "`select_subprotocol`. The server speaks the versions in `SPOKEN`, the best first, and "
        "takes the best one that the client offers, in whatever order it does. A client that "
        "offers nothing is let in without a subprotocol; one that offers only names the server "
        "does not speak is refused with status 400."
    ),
    name="choose_version",
    starter="""
from websockets.exceptions import NegotiationError

SPOKEN = ("chat.v10", "chat.v2", "chat.v1")


def choose_version(connection, offered):
    # your code
    ...
""",
    hints=(
        "There are three outcomes: return a name, return `None`, raise an exception.",
        "Whose order counts? Go through the server's list, not the client's.",
        "`for version in SPOKEN: if version in offered: return version`. After the loop nothing "
        "fits: raise `NegotiationError` if `offered` is not empty.",
    ),
    solution=_CHOOSE_VERSION,
    explanation=(
        "The loop goes through the server's list, so that the server's preference counts. The "
        "largest name is not the best one: as strings, `chat.v2` is greater than `chat.v10`. "
        "`NegotiationError` is the exception that becomes 400; another one would become 500, as "
        "if the server had failed."
    ),
    alternatives=(
        """
from websockets.exceptions import NegotiationError

def choose_version(connection, offered):
    known = [name for name in offered if name in ("chat.v1", "chat.v2", "chat.v10")]
    print("offered", offered)
    if known:
        return max(known, key=lambda name: int(name.removeprefix("chat.v")))
    if len(offered) > 0:
        raise NegotiationError
""",
        """
from websockets.exceptions import NegotiationError

RANKS = {"chat.v10": 0, "chat.v2": 1, "chat.v1": 2}

class Chooser:
    def __call__(self, connection, offered):
        if not offered:
            return None
        ranked = sorted(RANKS.keys() & set(offered), key=RANKS.get)
        if not ranked:
            raise NegotiationError("none of these")
        return ranked[0]

choose_version = Chooser()
""",
    ),
    wrong=(
        WrongAnswer(
            _changed(
                _CHOOSE_VERSION,
                "for version in SPOKEN:\n        if version in offered:",
                "for version in offered:\n        if version in SPOKEN:",
            ),
            "the server's best version should be selected",
        ),
        WrongAnswer(
            _changed(_CHOOSE_VERSION, '"chat.v10", "chat.v2", "chat.v1"', '"chat.v2", "chat.v1"'),
            "the server's best version should be selected",
        ),
        WrongAnswer(
            """
from websockets.exceptions import NegotiationError

def choose_version(connection, offered):
    known = {"chat.v1", "chat.v2", "chat.v10"} & set(offered)
    if known:
        return max(known)
    if offered:
        raise NegotiationError("none of these")
""",
            "the server's best version should be selected",
        ),
        WrongAnswer(
            _changed(_CHOOSE_VERSION, "    if offered:\n        raise", "    raise"),
            "a client that offers nothing should get in",
        ),
        WrongAnswer(
            _changed(_CHOOSE_VERSION, "raise NegotiationError(", "print("),
            "a client that offers nothing known should be refused with 400",
        ),
        WrongAnswer(
            _changed(_CHOOSE_VERSION, "raise NegotiationError(", "raise ValueError("),
            "raised ValueError",
        ),
        WrongAnswer(
            _changed(_CHOOSE_VERSION, "    if offered:\n", "    if not offered:\n"),
            "a client that offers nothing should get in",
        ),
        WrongAnswer(
            _changed(_CHOOSE_VERSION, "if version in offered:", 'if version in " ".join(offered):'),
            "a part of one is another name",
        ),
        WrongAnswer(
            """
def choose_version(connection, offered):
    return "chat.v2"
""",
            "a version that both know should be selected",
        ),
        WrongAnswer(
            """
def choose_version(offered):
    return offered[0]
""",
            "raised TypeError",
        ),
        WrongAnswer(
            _changed(_CHOOSE_VERSION, "def choose", "async def choose"),
            "a plain function is expected",
        ),
        WrongAnswer(
            _changed(_CHOOSE_VERSION, "    return None", "    raise KeyboardInterrupt"),
            "raised KeyboardInterrupt",
        ),
    ),
    probe=_probe_choose_version,
    minutes=10,
    difficulty=2,
    needs="Versions: subprotocols",
)


# ---- 5.6 ----


class _Person:
    """
    A client of the chat.

    Args:
        chat: Where it is.
        client: Its connection.
        name: The name it has or will ask for.
    """

    def __init__(self, chat: _Chat, client: Client, name: str) -> None:
        self._chat = chat
        self.client = client
        self.name = name

    def send(self, **message: Any) -> None:
        self.client.send(json.dumps(message))

    def receive(self, wanted: str, problem: str) -> Any:
        """Return the value of a JSON message or the bytes of a binary one."""
        for _ in range(100):  # at most, in case of a flood
            got = self.client.receive(wanted, problem)
            if isinstance(got, bytes):
                return got
            try:
                value = json.loads(got)
            except (ValueError, RecursionError):
                raise self.client.finding("what came is not JSON", wanted, show(got)) from None
            if not self._is_old_news(value):
                return value
        raise self.client.finding("'left' comes again and again", wanted, show(got))

    def _is_old_news(self, value: Any) -> bool:
        """Return whether it is about somebody of an earlier scene, who has not quite left."""
        return (
            isinstance(value, dict)
            and value.get("type") == "left"
            and value.get("name") in self._chat.gone
        )

    def expect(self, problem: str, **wanted: Any) -> None:
        got = self.receive(_json(wanted), problem)
        if isinstance(got, bytes) or not _matches(got, wanted):
            raise self.client.finding(problem, _json(wanted), show(got))

    def expect_error(self, problem: str) -> None:
        wanted = 'JSON text: {"type": "error", "message": "…"}'
        got = self.receive(wanted, problem)
        if not _is_error(got):
            raise self.client.finding(problem, wanted, show(got))

    def refused(self, message: str | bytes, what: str) -> None:
        """Send what deserves an error."""
        self.client.send(message)
        self.expect_error(f"{what} should get an error, and the connection stay open")

    def expect_welcome(self) -> list[Any]:
        """Return the history."""
        problem = "who joins should first get a welcome, with the history as a list"
        wanted = 'JSON text: {"type": "welcome", "history": […]}'
        got = self.receive(wanted, problem)
        if not _matches(got, {"type": "welcome"}) or not isinstance(got.get("history"), list):
            raise self.client.finding(problem, wanted, show(got))
        history: list[Any] = got["history"]
        return history


class _Chat:
    """Scenes in the learner's chat; each has people of its own."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.gone: set[str] = set()
        self.people: list[_Person] = []  # who have joined

    @contextlib.contextmanager
    def scene(self, when: str) -> Iterator[contextlib.ExitStack]:
        """Play a scene; everybody leaves at the end of it."""
        with during(when), contextlib.ExitStack() as clients:
            try:
                yield clients
            finally:
                self.gone.update(person.name for person in self.people)
                self.people = []

    def connect(self, clients: contextlib.ExitStack, name: str) -> _Person:
        """Connect a client that has not joined."""
        unique = f"{name} {secrets.token_hex(3)}"
        return _Person(self, clients.enter_context(self.server.client()), unique)

    def join(self, person: _Person) -> list[Any]:
        """Let a client join, and everybody hear it; return the history it gets."""
        person.send(type="join", name=person.name)
        history = person.expect_welcome()
        self.people.append(person)
        self.everybody_hears("everybody should be told who has joined", person, type="joined")
        return history

    def enter(self, clients: contextlib.ExitStack, name: str) -> _Person:
        """Connect and join."""
        person = self.connect(clients, name)
        self.join(person)
        return person

    def everybody_hears(self, problem: str, subject: _Person, **wanted: Any) -> None:
        for person in self.people:
            mine = " (the client itself, too)" if person is subject and "every" in problem else ""
            person.expect(f"{problem}{mine}", name=subject.name, **wanted)

    def say(self, speaker: _Person, text: str, problem: str = "") -> None:
        """Let somebody say something, and everybody hear that next."""
        speaker.send(type="say", text=text)
        problem = problem or "what somebody says should be sent to everybody"
        self.everybody_hears(problem, speaker, type="said", text=text)

    def attach(self, sender: _Person, data: bytes) -> None:
        """Let somebody send an attachment, and everybody get it."""
        filename = f"{secrets.token_hex(3)}.bin"
        sender.send(type="attach", filename=filename, size=len(data))
        sender.client.send(data)
        self.everybody_gets(sender, filename, data)

    def everybody_gets(self, sender: _Person, filename: str, data: bytes) -> None:
        problem = "everybody should get 'attached' and next, in a binary message, the bytes"
        for person in self.people:
            person.expect(
                problem, type="attached", name=sender.name, filename=filename, size=len(data)
            )
            wanted = f"a binary message of {len(data):,} bytes"
            got = person.client.receive(wanted, problem)  # it must be the next message
            if got != data:
                raise person.client.finding(problem, wanted, show(got))

    def leaves(self, person: _Person, how: str) -> None:
        """Expect that everybody else is told."""
        self.people.remove(person)
        for other in self.people:
            problem = f"who {how} should be reported to the others with 'left'"
            other.expect(problem, type="left", name=person.name)


def _probe_chatroom(answer: Any) -> None:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(answering(answer, sock=stack.enter_context(small_socket())))
        chat = _Chat(server)
        _play_join_and_say(chat)
        server.come_and_go()
        with during("bad messages"):
            server.serve_crowd("Hello", _expect_any_error)
        _play_not_joined(chat)
        _play_mistakes(chat)
        _play_names(chat)
        _play_attachments(chat)
        _play_bad_attachments(chat)
        _play_leaving(chat)
        _play_history(chat)
        _play_slow(chat)
        _play_deaths(chat)
        server.expect_handlers_to_end("a handler goes on after its client has left")


def _expect_any_error(client: Client, problem: str) -> None:
    _expect_error(client, f"what is not JSON should get an error ({problem})")


def _play_join_and_say(chat: _Chat) -> None:
    with chat.scene("join and say") as clients:
        ada = chat.enter(clients, "Ada")
        chat.say(ada, "Hello, is anybody here?")
        grace = chat.enter(clients, "Grace")
        chat.say(grace, "Yes, I am")
        for text in ('She said "no"\nand left', "Grüße, 世界", secrets.token_hex(4)):
            chat.say(ada, text)
            chat.say(grace, text)
        chat.enter(clients, "Lin")
        chat.say(grace, "Now we are three")


def _play_not_joined(chat: _Chat) -> None:
    with chat.scene("before a client has joined") as clients:
        ada = chat.enter(clients, "Ada")
        guest = chat.connect(clients, "Guest")
        guest.client.barrier()
        chat.say(ada, "Nobody else should hear this")
        chat.attach(ada, b"nor see this")
        guest.send(type="say", text="Hello?")
        guest.expect_error("it should get nothing but an error for a 'say'")
        guest.refused('{"type":"attach","filename":"a.txt","size":3}', "an announcement")
        guest.refused(b"abc", "a binary message")
        guest.refused("Hello", "what is not JSON")
        chat.say(ada, "One", "an error is for the client that made the mistake, nobody else")
        chat.join(guest)
        guest.refused(b"abc", "after it has joined, a binary message without announcement")
        chat.say(guest, "Hello!")


_CHAT_MISTAKES: Final[list[tuple[str, str | bytes]]] = [
    ("what is not JSON", "Hello"),
    ("an empty message", ""),
    ("JSON that is cut off", '{"type":"say","text":"Hello"'),
    ("a list", '["say","Hello"]'),
    ("null", "null"),
    ("a JSON string", '"say"'),
    ("an object without a type", '{"text":"Hello"}'),
    ("an unknown type", '{"type":"dance"}'),
    ("a type that only the server sends", '{"type":"said","name":"Ada","text":"Hello"}'),
    ("a type that is a list", '{"type":["say"],"text":"Hello"}'),
    ("a 'say' without a text", '{"type":"say"}'),
    ("a 'say' whose text is a number", '{"type":"say","text":5}'),
    ("a 'say' whose text is null", '{"type":"say","text":null}'),
    ("NaN, which is not JSON,", '{"type":"say","text":"Hello","n":NaN}'),
    ("a message of 100,000 brackets", NESTED),
    ("a binary message without announcement", b"\x00\x01"),
    ("JSON in a binary message", b'{"type":"say","text":"Hello"}'),
    ("an empty binary message", b""),
]


def _play_mistakes(chat: _Chat) -> None:
    with chat.scene("mistakes") as clients:
        ada, grace = chat.enter(clients, "Ada"), chat.enter(clients, "Grace")
        guest = chat.connect(clients, "Guest")
        for what, message in _CHAT_MISTAKES:
            ada.refused(message, what)
            guest.refused(message, f"before joining, {what}")
            problem = f"after {what}: the others should get nothing of it, and all go on"
            chat.say(ada, f"sorry for {what}", problem)
        chat.join(guest)
        chat.say(grace, "never mind")


def _play_names(chat: _Chat) -> None:
    with chat.scene("names") as clients:
        ada, grace = chat.enter(clients, "Ada"), chat.connect(clients, "Grace")
        taken = json.dumps({"type": "join", "name": ada.name})
        grace.refused(taken, "a name that somebody here has")
        grace.refused('{"type":"say","text":"Am I in?"}', "a 'say' after a join that was refused")
        bad: list[tuple[str, Any]] = [
            ("an empty name", ""),
            ("a name of 21 characters", "x" * 21),
            ("a name that is a number", 5),
            ("a name that is null", None),
            ("a name that is a list", [grace.name]),
        ]
        for what, name in bad:
            grace.refused(json.dumps({"type": "join", "name": name}), what)
        grace.refused('{"type":"join"}', "a join without a name")
        chat.join(grace)
        chat.say(ada, "Hello, Grace")
        grace.refused(json.dumps({"type": "join", "name": f"{grace.name}!"}), "a second join")
        grace.refused(json.dumps({"type": "join", "name": grace.name}), "a second join")
        chat.say(grace, "I am still Grace", "after a second join, the name should be the first")
        lin = chat.connect(clients, "Lin")
        lin.name = f"{secrets.token_hex(4)} Grüße {'ß' * 20}"[:20]
        chat.join(lin)
        chat.say(lin, "A name may have 20 characters")


def _play_attachments(chat: _Chat) -> None:
    with chat.scene("attachments") as clients:
        ada, grace = chat.enter(clients, "Ada"), chat.enter(clients, "Grace")
        chat.attach(ada, b"\x89PNG and so on")
        text_like = b'{"type":"say","text":"Hello"}'
        for data in (b"\x00", text_like, secrets.token_bytes(1000), bytes(100_000)):
            chat.attach(grace, data)
        ada.send(type="attach", filename="ada.bin", size=3)
        ada.client.barrier()
        chat.say(grace, "x", "an announcement alone should be sent to nobody")
        # Each client has an announcement of its own.
        grace.send(type="attach", filename="grace.bin", size=5)
        grace.client.barrier()
        ada.client.send(b"ada")
        chat.everybody_gets(ada, "ada.bin", b"ada")
        grace.client.send(b"grace")
        chat.everybody_gets(grace, "grace.bin", b"grace")
        chat.say(ada, "Did you get it?")


_BAD_ANNOUNCEMENTS: Final = [
    ("without a filename", '{"type":"attach","size":3}'),
    ("with a filename that is a number", '{"type":"attach","filename":5,"size":3}'),
    ("without a size", '{"type":"attach","filename":"a"}'),
    ("with a size that is a string", '{"type":"attach","filename":"a","size":"3"}'),
    ("with a size of 0", '{"type":"attach","filename":"a","size":0}'),
    ("with a size of -3", '{"type":"attach","filename":"a","size":-3}'),
    ("with a size of 2.5", '{"type":"attach","filename":"a","size":2.5}'),
    ("with a size of 100,001", '{"type":"attach","filename":"a","size":100001}'),
]


def _play_bad_attachments(chat: _Chat) -> None:
    with chat.scene("bad attachments") as clients:
        ada, grace = chat.enter(clients, "Ada"), chat.enter(clients, "Grace")
        for what, message in _BAD_ANNOUNCEMENTS:
            ada.refused(message, f"an announcement {what}")
            ada.refused(b"abc", f"a binary message after an announcement {what}")
        chat.say(ada, "sorry", "nobody else should get anything of an announcement that is wrong")
        for data in (b"four", b"to", b"", bytes(1000)):
            ada.send(type="attach", filename="three.bin", size=3)
            ada.refused(data, f"{len(data)} bytes where 3 are announced")
            ada.refused(
                b"abc", "the right bytes after the wrong ones, when the announcement is used up,"
            )
        ada.send(type="attach", filename="three.bin", size=3)
        ada.client.send(b"abc")
        chat.everybody_gets(ada, "three.bin", b"abc")
        ada.refused(b"abc", "a second binary message after one announcement")
        ada.send(type="attach", filename="three.bin", size=3)
        chat.say(ada, "wait", "a text after an announcement should be handled as always")
        ada.refused(b"abc", "a binary message that is not the next one after its announcement")
        ada.send(type="attach", filename="three.bin", size=3)
        ada.refused("Hello", "what is not JSON, after an announcement,")
        ada.refused(b"abc", "a binary message that is not the next one after its announcement")
        chat.say(grace, "What are you doing?", "nobody else should get anything of all that")
        chat.attach(ada, b"at last")


def _play_leaving(chat: _Chat) -> None:
    with chat.scene("leaving") as clients:
        ada, grace = chat.enter(clients, "Ada"), chat.enter(clients, "Grace")
        with chat.server.client() as guest:
            guest.send("Hello")
            guest.receive("an error")
        chat.server.wait_for_handlers(2)
        chat.say(ada, "Who was that?", "who has not joined should leave without a 'left'")
        for how, code in (("leaves with 1000", 1000), ("leaves with 4001", 4001)):
            lin = chat.enter(clients, "Lin")
            lin.client.ws.close(code)
            chat.leaves(lin, how)
            again = chat.connect(clients, "Lin")
            again.name = lin.name
            with during("the name of somebody who has left should be free"):
                chat.join(again)
            again.client.vanish()
            chat.leaves(again, "vanishes without a CLOSE")
        joan = chat.enter(clients, "Joan")
        joan.send(type="attach", filename="a.bin", size=10)
        joan.client.barrier()
        joan.client.vanish()
        chat.leaves(joan, "vanishes after an announcement")
        chat.say(grace, "Only two left", "who has left should be reported once")
        chat.say(ada, "Yes")


def _play_history(chat: _Chat) -> None:
    with chat.scene("history") as clients:
        ada, grace = chat.enter(clients, "Ada"), chat.enter(clients, "Grace")
        said: list[dict[str, str]] = []

        def say(speaker: _Person, text: str) -> None:
            chat.say(speaker, text)
            said.append({"type": "said", "name": speaker.name, "text": text})

        def check(history: list[Any], who: _Person) -> None:
            right = len(history) == 10 and all(map(_matches, history, said[-10:]))
            if not right:
                problem = "the history should be the last ten 'said', oldest first"
                got = ", ".join(show(item) for item in history) or "an empty history"
                wanted = ", ".join(show(item["text"]) for item in said[-10:])
                raise who.client.finding(problem, f"the texts {wanted}", got)

        for n in range(7):
            say(ada, f"number {n}")
            say(grace, f"and {secrets.token_hex(2)}")
        chat.attach(ada, b"not in the history")
        grace.refused("Hello", "what is not JSON")
        grace.client.ws.close()
        chat.leaves(grace, "leaves")
        lin = chat.connect(clients, "Lin")
        check(chat.join(lin), lin)
        say(lin, "What have I missed?")
        joan = chat.connect(clients, "Joan")
        check(chat.join(joan), joan)

    with chat.scene("who joins while somebody speaks") as clients:
        ada = chat.enter(clients, "Ada")
        late = [chat.connect(clients, f"Late {n}") for n in range(4)]
        for n in range(60):
            ada.send(type="say", text=str(n))
            if n % 12 == 11 and n < 59:
                late[n // 12].send(type="join", name=late[n // 12].name)
        chat.people = [ada, *late]  # for their names
        everything = [str(n) for n in range(60)]
        problem = "from the history on, nothing should be missing and nothing come twice"
        for person in (ada, *late):
            history = [] if person is ada else person.expect_welcome()
            texts = [each["text"] for each in history if _from(each, ada) and "text" in each]
            for _ in range(70):  # at most: 60 'said', and who has joined
                if texts[-1:] == ["59"]:
                    break
                got = person.receive("the next 'said'", problem)
                if _from(got, ada):
                    texts.append(got.get("text"))
            if not texts or texts != everything[-len(texts) :]:
                wanted = f"the texts from {show(texts[0]) if texts else '0'} on to '59'"
                raise person.client.finding(problem, wanted, show(texts))


def _from(value: Any, speaker: _Person) -> bool:
    return _matches(value, {"type": "said", "name": speaker.name})


def _play_slow(chat: _Chat) -> None:
    with chat.scene("while one client does not read") as clients:
        ada, grace = chat.enter(clients, "Ada"), chat.enter(clients, "Grace")
        deaf = clients.enter_context(chat.server.deaf_client())
        slow = _Person(chat, deaf, f"Slow {secrets.token_hex(3)}")
        chat.join(slow)
        chat.people.remove(slow)
        chat.gone.add(slow.name)  # it may be thrown out for it
        for n in range(16):
            chat.attach(ada, bytes([n]) * 60_000)
            chat.say(grace, f"got number {n}")


def _play_deaths(chat: _Chat) -> None:
    with chat.scene("when several clients vanish at once") as clients:
        ada, grace = chat.enter(clients, "Ada"), chat.enter(clients, "Grace")
        dying = [chat.enter(clients, f"Mayfly {n}") for n in range(4)]
        for n, person in enumerate(dying):
            person.client.vanish()
            for part in range(5):
                ada.send(type="say", text=f"{n}.{part}")
        texts = [f"{n}.{part}" for n in range(4) for part in range(5)]
        for listener in (ada, grace):
            heard: list[Any] = []
            left: list[Any] = []
            wanted = "20 'said', and 4 'left' at any place between them"
            while len(heard) + len(left) < 24:
                got = listener.receive(wanted, "the others should go on")
                if _from(got, ada):
                    heard.append(got.get("text"))
                elif _matches(got, {"type": "left"}):
                    left.append(got.get("name"))
                else:
                    problem = "there should be 'said' and 'left' now, nothing else"
                    raise listener.client.finding(problem, wanted, show(got))
            if heard != texts or sorted(map(str, left)) != sorted(one.name for one in dying):
                problem = "everything said should arrive in its order, and each 'left' once"
                raise listener.client.finding(problem, wanted, show([*heard, *left]))
        chat.people = [ada, grace]
        chat.gone.update(person.name for person in dying)
        chat.say(grace, "Only two left")


_CHATROOM: Final = """
from collections import deque

from websockets.asyncio.server import broadcast

from wslab.handlers import parse_json, to_json

names = {}  # of those who have joined, by connection
recent = deque(maxlen=10)


class Refused(Exception):
    pass


def tell_everybody(message):
    broadcast(names, to_json(message))


def enter(ws, name):
    if ws in names or name in names.values() or not 1 <= len(name) <= 20:
        raise Refused("you have joined already, or the name is taken, empty or too long")
    names[ws] = name
    broadcast([ws], to_json({"type": "welcome", "history": list(recent)}))
    tell_everybody({"type": "joined", "name": name})


def react(ws, message):
    match message:
        case {"type": "join", "name": str(name)}:
            enter(ws, name)
        case {"type": "say" | "attach"} if ws not in names:
            raise Refused("join first")
        case {"type": "say", "text": str(text)}:
            said = {"type": "said", "name": names[ws], "text": text}
            recent.append(said)
            tell_everybody(said)
        case {"type": "attach", "filename": str(file), "size": int(size)} if 1 <= size <= 100_000:
            return {"type": "attached", "name": names[ws], "filename": file, "size": size}
        case _:
            raise Refused("expected join, say or attach, with correct fields")


async def chatroom(ws):
    announced = None
    try:
        async for data in ws:
            awaited, announced = announced, None
            try:
                if isinstance(data, str):
                    announced = react(ws, parse_json(data))
                elif awaited and awaited["size"] == len(data):
                    tell_everybody(awaited)
                    broadcast(names, data)
                else:
                    raise Refused("no binary message of this size is announced")
            except (Refused, ValueError) as error:
                await ws.send(to_json({"type": "error", "message": str(error)}))
    finally:
        if ws in names:
            tell_everybody({"type": "left", "name": names.pop(ws)})
"""

_CHATROOM_WITH_QUEUES: Final = """
import asyncio
import json
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from websockets.exceptions import ConnectionClosed

Name = Annotated[str, Meta(min_length=1, max_length=20)]
Size = Annotated[int, Meta(ge=1, le=100_000)]

class Join(Struct, tag_field="type", tag="join"):
    name: Name

class Speech(Struct, tag_field="type", tag="say"):
    text: str

class Attach(Struct, tag_field="type", tag="attach"):
    filename: str
    size: Size

messages = msgspec.json.Decoder(Join | Speech | Attach)

class Room:
    def __init__(self):
        self.members = {}
        self.history = []

    def tell(self, *parts):
        for member in self.members.values():
            member.put(*parts)

room = Room()

class Member:
    def __init__(self, ws):
        self.ws = ws
        self.name = None
        self.file = None
        self.queue = asyncio.Queue()

    def put(self, *parts):
        for part in parts:
            if isinstance(part, dict):
                part = json.dumps(part, indent=1)
            self.queue.put_nowait(part)

    async def write(self):
        while True:
            await self.ws.send(await self.queue.get())

    async def read(self):
        while True:
            data = await self.ws.recv()
            file, self.file = self.file, None
            try:
                if isinstance(data, bytes):
                    self.on_bytes(file, data)
                else:
                    self.on_message(messages.decode(data))
            except (ValueError, RecursionError) as error:
                print("refused:", error)
                self.put({"message": str(error), "type": "error"})

    def on_bytes(self, file, data):
        if file is None:
            raise ValueError("not announced")
        if len(data) != file.size:
            raise ValueError("wrong size")
        about = {"size": file.size, "filename": file.filename, "name": self.name}
        room.tell({"type": "attached", **about}, data)

    def on_message(self, message):
        if isinstance(message, Join):
            if self.name is not None:
                raise ValueError("already here")
            if message.name in room.members:
                raise ValueError("name taken")
            self.name = message.name
            room.members[self.name] = self
            self.put({"type": "welcome", "history": room.history[-10:]})
            room.tell({"type": "joined", "name": self.name})
        elif self.name is None:
            raise ValueError("join first")
        elif isinstance(message, Attach):
            self.file = message
        else:
            said = {"type": "said", "name": self.name, "text": message.text, "extra": 1}
            room.history.append(said)
            room.tell(said)

async def chatroom(ws):
    member = Member(ws)
    writer = asyncio.create_task(member.write())
    try:
        await member.read()
    except ConnectionClosed:
        pass
    finally:
        writer.cancel()
        if member.name is not None:
            del room.members[member.name]
            room.tell({"type": "left", "name": member.name})
"""

_CHATROOM_WITH_TASKS: Final = """
import asyncio
import contextlib
import json
from websockets.exceptions import ConnectionClosed

here, last, tasks = {}, [], set()

def post(ws, *parts):
    async def deliver():
        with contextlib.suppress(ConnectionClosed):
            for part in parts:
                await ws.send(part)
    task = asyncio.create_task(deliver())
    tasks.add(task)
    task.add_done_callback(tasks.discard)

def to_all(message, *parts):
    for ws in list(here):
        post(ws, json.dumps(message), *parts)

def good(message, field, kind):
    return type(message.get(field)) is kind

async def chatroom(ws):
    def no(why):
        post(ws, json.dumps({"type": "error", "message": why}))
    file = None
    try:
        async for data in ws:
            previous, file = file, None
            if isinstance(data, bytes):
                if previous is None or previous["size"] != len(data):
                    no("unexpected bytes")
                else:
                    to_all(previous, data)
                continue
            try:
                message = json.loads(data, parse_constant=lambda name: 1 / 0)
                kind = message["type"]
            except Exception:
                no("no message")
                continue
            name = here.get(ws)
            if kind == "join" and name is None and good(message, "name", str):
                name = message["name"]
                if name == "" or len(name) > 20 or name in here.values():
                    no("not this name")
                    continue
                here[ws] = name
                post(ws, json.dumps({"type": "welcome", "history": last}))
                to_all({"type": "joined", "name": name})
            elif kind == "say" and name is not None and good(message, "text", str):
                said = {"type": "said", "name": name, "text": message["text"]}
                last[:] = [*last[-9:], said]
                to_all(said)
            elif kind == "attach" and name and good(message, "filename", str):
                size = message.get("size")
                if type(size) is int and 0 < size <= 100000:
                    file = {"type": "attached", "name": name, "size": size}
                    file["filename"] = message["filename"]
                else:
                    no("size?")
            else:
                no("what?")
    except ConnectionClosed:
        print("lost")
    finally:
        name = here.pop(ws, None)
        if name is not None:
            to_all({"type": "left", "name": name})
"""

_TASK = """\
Build the server of a small chat: the handler `chatroom`. Every text message is a JSON object with \
a `type`; a binary message is an attachment, announced by the text message right before it. \
“Everybody” is whoever has joined and is still there, the client itself too.

| a client sends | the server does |
|---|---|
| `{"type": "join", "name": …}`, a string of 1 to 20 characters that nobody here has | answers \
`{"type": "welcome", "history": […]}` with the last ten `said` messages, oldest first; then sends \
`{"type": "joined", "name": …}` to everybody |
| `{"type": "say", "text": …}`, a string | sends `{"type": "said", "name": …, "text": …}` to \
everybody |
| `{"type": "attach", "filename": …, "size": …}`, a string and an integer from 1 to 100000 | \
nothing yet; the client's next message is to be binary, with `size` bytes |
| these bytes | sends `{"type": "attached", "name": …, "filename": …, "size": …}` to everybody, \
and next the bytes in a binary message |
| anything else: no JSON, another type, wrong fields, `say` or `attach` before `join`, a second \
`join`, bytes that are not announced or of another size | answers \
`{"type": "error", "message": …}`, a string in your words; everybody else gets nothing, and the \
connection stays open |
| nothing more: its connection ends, in whatever way | sends `{"type": "left", "name": …}` to \
everybody who is left, and the name is free again; if it had not joined, nothing |

An announcement holds for the next message only, whatever that is. Who has not joined gets nothing \
but errors. A client that does not read holds up nobody: `broadcast(connections, message)` from \
`websockets.asyncio.server` sends to many, without `await`, and waits for none of them."""

_CHATROOM_EXERCISE = Exercise(
    id="5.6",
    title="Capstone: a chat",
    task=_TASK,
    name="chatroom",
    starter="""
from collections import deque

from websockets.asyncio.server import broadcast

from wslab.handlers import parse_json, to_json

names = {}  # of those who have joined, by connection
recent = deque(maxlen=10)


async def chatroom(ws):
    async for data in ws:
        ...
""",
    hints=(
        "One row of the table after the other: first `join` and `say`, then the errors, the end, "
        "the attachments. Check often: the finding names the scene in which something was wrong. "
        "What belongs to all is global, what belongs to one client is local.",
        "`try: async for data in ws: … finally:` sends `left` however the connection ends. An "
        "exception of your own for mistakes, raised anywhere and answered in one place, keeps the "
        "branches short. The announcement is a local variable; take it out and set it to `None` "
        "at the beginning of each round.",
        "`broadcast(names, to_json(…))` goes to the keys of the dictionary, everybody who has "
        'joined. `match message:` with `case {"type": "join", "name": str(name)}:`, `case {"type": '
        '"say" | "attach"} if ws not in names:` for the mistake, `case {"type": "say", "text": '
        'str(text)}:`, `case {"type": "attach", "filename": str(file), "size": int(size)} if 1 <= '
        "size <= 100_000:`, and `case _:` for all the rest.",
    ),
    solution=_CHATROOM,
    explanation=(
        "`enter()` has no `await` between writing down the name and sending the welcome, so "
        "nothing can be said in between: from the history on, no message is missing or comes "
        "twice. `broadcast()` never waits; what a slow client does not read stays in memory, "
        "until the keepalive of `websockets` ends its connection. `finally` runs for 1000, for any "
        "other code, and for a lost connection. `Refused` and the `ValueError` of `parse_json()` "
        "are the client's mistakes; any other exception would be ours, and ends the connection "
        "with 1011."
    ),
    alternatives=(_CHATROOM_WITH_QUEUES, _CHATROOM_WITH_TASKS),
    wrong=(
        WrongAnswer(
            _changed(_CHATROOM, "(Refused, ValueError)", "Refused"),
            "what is not JSON should get an error (a client that comes later",
        ),
        WrongAnswer(
            _changed(_CHATROOM, "parse_json(data)", "json.loads(data)")
            .replace("(Refused, ValueError)", "(Refused, ValueError, RecursionError)")
            .replace("from collections", "import json\nfrom collections"),
            "NaN, which is not JSON, should get an error",
        ),
        WrongAnswer(
            _changed(
                _CHATROOM,
                "                await ws.send(to_json({",
                "                tell_everybody(({",
            ),
            "no message came",
        ),
        WrongAnswer(
            _changed(
                _CHATROOM,
                "str(error)}))\n",
                "str(error)}))\n"
                '                tell_everybody({"type": "error", "message": "?"})\n',
            ),
            "an error is for the client that made the mistake, nobody else",
        ),
        WrongAnswer(
            _changed(_CHATROOM, "list(recent)", "[]"),
            "history: the history should be the last ten",
        ),
        WrongAnswer(
            _changed(_CHATROOM, "deque(maxlen=10)", "deque()"),
            "history: the history should be the last ten",
        ),
        WrongAnswer(
            _changed(_CHATROOM, "recent.append(said)", "recent.appendleft(said)"),
            "history: the history should be the last ten",
        ),
        WrongAnswer(
            _changed(
                _CHATROOM,
                "                    tell_everybody(awaited)\n",
                "                    tell_everybody(awaited)\n"
                "                    recent.append(awaited)\n",
            ),
            "history: the history should be the last ten",
        ),
        WrongAnswer(
            _changed(
                _CHATROOM,
                "            tell_everybody(said)",
                "            others = [other for other in names if other is not ws]\n"
                "            broadcast(others, to_json(said))",
            ),
            "should be sent to everybody (the client itself, too)",
        ),
        WrongAnswer(
            _changed(_CHATROOM, "ws in names or name in", "name in"),
            "a second join should get an error",
        ),
        WrongAnswer(
            _changed(_CHATROOM, "or name in names.values() ", ""),
            "a name that somebody here has should get an error",
        ),
        WrongAnswer(
            _changed(
                _CHATROOM,
                ' if ws not in names:\n            raise Refused("join first")',
                " if False:\n            pass",
            ),
            "it should get nothing but an error for a 'say'",
        ),
        WrongAnswer(
            _changed(_CHATROOM, "names.pop(ws)})", "names[ws]})"),
            "the name of somebody who has left should be free",
        ),
        WrongAnswer(
            _changed(_CHATROOM, "    finally:\n", "    except ZeroDivisionError:\n").replace(
                "        if ws in names:\n            tell",
                "        pass\n    if ws in names:\n        tell",
            ),
            "who vanishes without a CLOSE should be reported",
        ),
        WrongAnswer(
            _changed(
                _CHATROOM,
                '        if ws in names:\n            tell_everybody({"type": "left", "name": ',
                '        if True:\n            tell_everybody({"type": "left", "name": ',
            ).replace("names.pop(ws)", 'names.pop(ws, "?")'),
            "who has not joined should leave without a 'left'",
        ),
        WrongAnswer(
            _changed(_CHATROOM, 'and awaited["size"] == len(data)', ""),
            "4 bytes where 3 are announced should get an error",
        ),
        WrongAnswer(
            _changed(_CHATROOM, "awaited, announced = announced, None", "awaited = announced"),
            "when the announcement is used up, should get an error",
        ),
        WrongAnswer(
            _changed(
                _CHATROOM,
                "awaited, announced = announced, None",
                "awaited = announced\n            if isinstance(data, bytes):\n"
                "                announced = None",
            ).replace(
                "announced = react(ws, parse_json(data))",
                "announced = react(ws, parse_json(data)) or announced",
            ),
            "a binary message that is not the next one after its announcement should get an error",
        ),
        WrongAnswer(
            _changed(
                _CHATROOM, "    announced = None\n    try:", "    global announced\n    try:"
            ).replace("names = {}", "announced = None\nnames = {}"),
            "attachments: everybody should get 'attached' and next",
        ),
        WrongAnswer(
            _changed(_CHATROOM, "broadcast(names, data)", "broadcast(names, data, text=True)"),
            "next, in a binary message, the bytes",
        ),
        WrongAnswer(
            _changed(_CHATROOM, "1 <= size <= 100_000", "size <= 100_000"),
            "an announcement with a size of 0 should get an error",
        ),
        WrongAnswer(
            _changed(
                _CHATROOM,
                "                    broadcast(names, data)",
                "                    for other in list(names):\n"
                "                        await other.send(data)",
            ),
            "while one client does not read: everybody should get 'attached' and next",
        ),
        WrongAnswer(
            _changed(
                _CHATROOM,
                '    broadcast([ws], to_json({"type": "welcome", "history": list(recent)}))\n'
                '    tell_everybody({"type": "joined", "name": name})\n',
                '    tell_everybody({"type": "joined", "name": name})\n'
                '    broadcast([ws], to_json({"type": "welcome", "history": list(recent)}))\n',
            ),
            "who joins should first get a welcome",
        ),
        WrongAnswer(
            _changed(
                _CHATROOM, "broadcast(names, to_json(message))", "broadcast(seen, to_json(message))"
            )
            .replace("names = {}", "seen = set()\nnames = {}")
            .replace(
                "    announced = None\n    try:", "    announced = None\n    seen.add(ws)\n    try:"
            )
            .replace(
                "        if ws in names:\n            tell",
                "        seen.discard(ws)\n        if ws in names:\n            tell",
            ),
            "before a client has joined: it should get nothing but an error",
        ),
        WrongAnswer(
            _changed(
                _CHATROOM,
                "broadcast(names, to_json(message))",
                "broadcast(names, to_json(message).encode())",
            ),
            "everybody should be told who has joined",
        ),
        WrongAnswer(
            _changed(
                _CHATROOM,
                "async for data in ws:",
                "async for data in ws:\n            time.sleep(0.1)",
            ).replace("from collections", "import time\nfrom collections"),
            "holds up the event loop",
        ),
        WrongAnswer(
            _changed(
                _CHATROOM,
                "    announced = None\n    try:",
                "    announced = None\n    await turn.acquire()\n    try:",
            )
            .replace("    finally:\n", "    finally:\n        turn.release()\n")
            .replace("from collections", "import asyncio\nfrom collections")
            .replace("names = {}", "turn = asyncio.Semaphore(1)\nnames = {}"),
            "join and say: who joins should first get a welcome",
        ),
        WrongAnswer(
            _changed(_CHATROOM, 'raise Refused("join first")', 'raise SystemExit("join first")'),
            "it should get nothing but an error for a 'say': the connection was closed",
        ),
        WrongAnswer(
            _CHATROOM.replace("async def chatroom(ws):", "async def session(ws):")
            + """
import asyncio

async def chatroom(ws):
    try:
        await session(ws)
    finally:
        await asyncio.Event().wait()
""",
            "a handler goes on after its client has left",
        ),
        WrongAnswer(
            _changed(
                _CHATROOM,
                "                await ws.send(to_json({",
                "                await ws.send(to_json({'type': 'error', 'message': '!'}))\n"
                "                await ws.send(to_json({",
            ),
            "before a client has joined: who joins should first get a welcome",
        ),
        WrongAnswer(
            _changed(_CHATROOM, "async for data in ws:", "for data in [await ws.recv()]:"),
            "join and say: what somebody says should be sent to everybody",
        ),
        WrongAnswer(
            _changed(
                _CHATROOM,
                "        async for data in ws:\n",
                "        while True:\n            try:\n                data = await ws.recv()\n"
                "            except Exception:\n                continue\n",
            ),
            "who leaves with 1000 should be reported",
        ),
    ),
    probe=_probe_chatroom,
    minutes=60,
    difficulty=3,
    needs="Messages with a type",
)


EXERCISES = (
    _EXCHANGE,
    _STORE_EXERCISE,
    _TAKE_ORDER_EXERCISE,
    _TRANSLATE_EXERCISE,
    _CHOOSE_VERSION_EXERCISE,
    _CHATROOM_EXERCISE,
)
