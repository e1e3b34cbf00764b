"""Exercises of 04 · Error handling."""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
from collections.abc import Iterator, Sequence
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from wslab.server import serve
from wslab.transcript import Records

from ._exercise import Exercise, Finding, WrongAnswer
from ._probe import CLIENT_TIMEOUT, Client, Pause, answering, call, run_client, same, show

__all__ = ["EXERCISES"]

NESTED: Final = "[" * 100_000


@contextlib.contextmanager
def _about(sent: str, expected: str | None = None) -> Iterator[None]:
    """Add to a finding that knows neither what was sent to the client and what it should do."""
    try:
        yield
    except Finding as finding:
        finding.sent = finding.sent or sent
        finding.expected = finding.expected or expected
        raise


# ---- 4.1 ----

_BAD: Final = object()


def _probe_read_all(answer: Any) -> None:
    batches: list[tuple[str, list[tuple[str | bytes, Any]]]] = [
        (
            "a bad message should cost one message: the good ones after it count",
            [
                ('{"temperature":21.5}', {"temperature": 21.5}),
                ('{"temperature":21.6', _BAD),
                ('{"temperature":21.7}', {"temperature": 21.7}),
            ],
        ),
        (
            'null, 0, false, [] and "" are JSON: each of them is a value',
            [("null", None), ("0", 0), ("false", False), ("[]", []), ('""', "")],
        ),
        ("NaN is not JSON", [("1", 1), ("NaN", _BAD), ("[2, Infinity]", _BAD), ("3", 3)]),
        ("a message of 100,000 brackets is not JSON", [("1", 1), (NESTED, _BAD), ("2", 2)]),
        ("bytes that are not JSON are a bad message", [(b"\x00\x01", _BAD), ("[true]", [True])]),
        (
            "only the last of these messages is JSON",
            [("", _BAD), ("Hello", _BAD), ("{'a': 1}", _BAD), ('{"a":1,}', _BAD), ("7", 7)],
        ),
        ("there is nothing to read", []),
    ]
    for problem, messages in batches:

        async def handler(
            ws: ServerConnection, messages: list[tuple[str | bytes, Any]] = messages
        ) -> None:
            for message, _ in messages:
                await ws.send(message)

        values = [value for _, value in messages if value is not _BAD]
        expected = (values, len(messages) - len(values))
        sent = ", ".join(show(message) for message, _ in messages) or "no message"
        with _about(sent, show(expected)):
            result, server = run_client(answer, handler)
        if not isinstance(result, tuple | list) or len(result) != 2:
            problem = "it should return two things: the list of values and the number of bad ones"
        elif _spelled(result[0]) == repr(values):  # 0 == False, and nan != nan
            if same(result[1], expected[1]):
                continue
            problem = "the number of bad messages is not right"
        raise Finding(
            problem,
            sent=sent,
            expected=show(expected),
            got=show(result),
            records=server.transcript.snapshot()[-12:],
        )


def _spelled(value: object) -> str:
    with contextlib.suppress(Exception):
        return repr(value)
    return ""


_READ_ALL = Exercise(
    id="4.1",
    title="One bad message costs one message",
    task=(
        "Complete the two places: `read_all(url)` receives messages until the server closes, and "
        "returns `(values, bad)`, the list of values of those that are JSON, and how many are not. "
        "`wslab.handlers.parse_json()` knows what is JSON."
    ),
    name="read_all",
    starter="""
from websockets.sync.client import connect

import wslab


def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(...)
            except ...:
                bad += 1
    return values, bad
""",
    hints=(
        "`parse_json()` returns the value. What does it do when there is none?",
        "It raises one kind of exception for all that is not JSON; “What `json.loads()` raises” "
        "says which.",
        "`values.append(wslab.handlers.parse_json(message))`, and `except ValueError:`.",
    ),
    solution="""
from websockets.sync.client import connect

import wslab


def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(wslab.handlers.parse_json(message))
            except ValueError:
                bad += 1
    return values, bad
""",
    explanation=(
        "`try` stands inside the loop, so that it goes on after a bad message. If parsing raises, "
        "`append` is not reached. `except ValueError` is as narrow as it can be: a mistake in the "
        "program, such as a `TypeError`, is not counted as a bad message of the server."
    ),
    alternatives=(
        """
import json
import math
from websockets.asyncio.client import connect

async def read_all(url):
    def refuse(constant):
        raise ValueError(constant)
    values, bad = [], 0
    async with connect(url) as ws:
        async for message in ws:
            try:
                value = json.loads(message, parse_constant=refuse)
            except (ValueError, RecursionError) as error:
                print("Failed to parse message:", type(error).__name__)
                bad += 1
            else:
                values.append(value)
    return [values, bad]
""",
        """
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
import wslab

def read_all(url):
    messages = []
    with connect(url) as ws:
        try:
            while True:
                messages.append(ws.recv(timeout=5))
        except ConnectionClosed:
            pass
    values = []
    for message in messages:
        try:
            values += [wslab.handlers.parse_json(message)]
        except Exception:
            pass
    return tuple(values) if False else values, len(messages) - len(values)
""",
    ),
    wrong=(
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(json.loads(message))
            except Exception:
                bad += 1
    return values, bad
""",
            "NaN is not JSON",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect

def refuse(constant):
    raise ValueError(constant)

def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(json.loads(message, parse_constant=refuse))
            except ValueError:
                bad += 1
    return values, bad
""",
            "raised RecursionError",
        ),
        WrongAnswer(
            """
import json
from websockets.sync.client import connect
import wslab

def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(wslab.handlers.parse_json(message))
            except json.JSONDecodeError:
                bad += 1
    return values, bad
""",
            "raised ValueError",
        ),
        WrongAnswer(
            """
from websockets.sync.client import connect
import wslab

def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        try:
            for message in ws:
                values.append(wslab.handlers.parse_json(message))
        except ValueError:
            bad += 1
    return values, bad
""",
            "the good ones after it count",
        ),
        WrongAnswer(
            """
from websockets.sync.client import connect
import wslab

def parse(message):
    try:
        return wslab.handlers.parse_json(message)
    except ValueError:
        return None

def read_all(url):
    with connect(url) as ws:
        parsed = [parse(message) for message in ws]
    return [value for value in parsed if value], parsed.count(None)
""",
            "each of them is a value",
        ),
        WrongAnswer(
            """
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
import wslab

def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        while True:
            try:
                values.append(wslab.handlers.parse_json(ws.recv()))
            except ConnectionClosed:
                return values, bad + 1
            except ValueError:
                bad += 1
""",
            "the number of bad messages",
        ),
        WrongAnswer(
            """
def read_all(url):
    return [{"temperature": 21.5}, {"temperature": 21.7}], 1
""",
            "each of them is a value",
        ),
        WrongAnswer(
            """
import sys
from websockets.sync.client import connect
import wslab

def read_all(url):
    values = []
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(wslab.handlers.parse_json(message))
            except ValueError as error:
                sys.exit(str(error))
    return values, 0
""",
            "raised SystemExit",
        ),
    ),
    probe=_probe_read_all,
    minutes=5,
    difficulty=1,
    needs="A message that is not JSON",
)


# ---- 4.2 ----


def _json_text(got: str | bytes) -> Any:
    """Return the value of a JSON text message; ``...`` for anything else."""
    if isinstance(got, str):
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(got)
    return ...


def _is_error(got: str | bytes) -> bool:
    value = _json_text(got)
    return isinstance(value, dict) and isinstance(value.get("error"), str)


_NOT_JSON: Final = "Error: Invalid JSON format"
_BAD_SYNTAX: Final[list[tuple[str, str | bytes]]] = [
    ("a message that is cut off", '{"name":"Ada"'),
    ("an empty message", ""),
    ("plain text", "Ada"),
    ("NaN, which is not JSON,", '{"name":"Ada","age":NaN}'),
    ("a message of 100,000 brackets", NESTED),
    ("a binary message, whatever is in it,", b'{"name":"Ada"}'),
    ("a binary message that is not UTF-8", b"\xff\xfe\x00"),
]
_BAD_SHAPE: Final = [
    '{"first_name":"Grace"}',
    "[1,2,3]",
    "null",
    '"name"',
    "5",
    '["name"]',
    "true",
    "{}",
    '{"name":5}',
    '{"name":null}',
    '{"name":["Ada"]}',
]
_STRANGE: Final[list[tuple[str, str]]] = [
    ("half of a surrogate pair in a name", '{"name":"\\ud800"}'),
    ("a number of 5,000 digits", f'{{"name":"Ada","age":{"9" * 5_000}}}'),
    ("a name of 50,000 nested lists", f'{{"name":{"[" * 50_000}{"]" * 50_000}}}'),
]


def _probe_welcome(answer: Any) -> None:
    with answering(answer) as server, server.client() as other, server.client() as client:

        def welcome(client: Client, name: str, problem: str) -> None:
            client.send(json.dumps({"name": name}))
            client.expect_json({"greeting": f"Welcome, {name}!"}, problem)

        welcome(client, "Ada", "the obvious message should get its greeting")
        server.come_and_go()
        server.serve_crowd(
            '{"name": "Ada"}',
            lambda one, problem: one.expect_json({"greeting": "Welcome, Ada!"}, problem),
        )
        for name in ('Grace "Amazing" Hopper', "Grüße\nan 世界", secrets.token_hex(4)):
            welcome(client, name, "a greeting should be JSON with the name in it")
        welcome(other, "Alan", "two clients at once: each should be served")
        for what, bad in _BAD_SYNTAX:
            client.send(bad)
            got = client.receive(show(_NOT_JSON), f"{what} should get a reply")
            if got != _NOT_JSON:
                problem = f"{what} should get {_NOT_JSON!r}"
                raise client.finding(problem, show(_NOT_JSON), show(got))
            welcome(client, "Ada", f"{what} should get one reply, and the next message its own")
        for bad in _BAD_SHAPE:
            wanted = 'JSON text: {"error": "…"}'
            client.send(bad)
            got = client.receive(wanted, "JSON of another shape should get a reply")
            if not _is_error(got):
                raise client.finding("JSON of another shape should get an error", wanted, show(got))
            welcome(client, "Ada", "after JSON of another shape, a good message gets its greeting")
        for what, strange in _STRANGE:
            client.send(strange)
            got = client.receive("a greeting or an error", f"{what} should get a reply")
            value = _json_text(got)
            if got != _NOT_JSON and not _is_error(got) and value != _greeting(strange):
                raise client.finding(
                    f"{what} gets no proper reply", "a greeting or an error", show(got)
                )
            welcome(client, "Ada", f"after {what}, a good message gets its greeting")
        welcome(other, "Alan", "what one client does should not matter to another one")
        with server.client() as late:
            welcome(late, "Edsger", "a client that comes later should be served like the first")


def _greeting(message: str) -> Any:
    with contextlib.suppress(ValueError, RecursionError):
        return {"greeting": f"Welcome, {json.loads(message)['name']}!"}
    return None


_WELCOME = Exercise(
    id="4.2",
    title="A server that survives anything",
    task=(
        "Write the handler `welcome`: a text message that is a JSON object with a string `name` "
        'gets the reply `{"greeting": "Welcome, NAME!"}`. What is not JSON, and any binary '
        "message, gets the text `Error: Invalid JSON format`; JSON of another shape gets "
        '`{"error": …}`, a string in your words. One reply for each message, and no message ends '
        "the connection."
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
    alternatives=(
        """
import json
import wslab
from websockets.exceptions import ConnectionClosed

async def welcome(ws):
    try:
        while True:
            message = await ws.recv()
            try:
                if not isinstance(message, str):
                    raise ValueError("binary")
                request = wslab.handlers.parse_json(message)
            except ValueError as error:
                print("Invalid JSON format:", error)
                await ws.send("Error: Invalid JSON format")
                continue
            match request:
                case {"name": str(name)}:
                    reply = {"greeting": f"Welcome, {name}!"}
                case _:
                    reply = {"error": "no name"}
            await ws.send(wslab.handlers.to_json(reply))
    except ConnectionClosed:
        pass
""",
        """
import json

class NotJSON(ValueError):
    pass

def refuse(constant):
    raise NotJSON(constant)

async def welcome(ws):
    async for message in ws:
        try:
            if isinstance(message, bytes):
                raise NotJSON("binary")
            try:
                request = json.loads(message, parse_constant=refuse)
            except (ValueError, RecursionError) as error:
                raise NotJSON(str(error)) from None
            name = request["name"]
            if type(name) is not str:
                raise TypeError("name")
            reply = json.dumps({"greeting": "Welcome, " + name + "!"}, indent=2)
        except NotJSON:
            reply = "Error: Invalid JSON format"
        except Exception as error:
            reply = json.dumps({"error": repr(error)})
        await ws.send(reply)
""",
    ),
    wrong=(
        WrongAnswer(
            """
import json
import wslab

async def welcome(ws):
    async for message in ws:
        if isinstance(message, bytes):
            await ws.send("Error: Invalid JSON format")
            continue
        try:
            request = wslab.handlers.parse_json(message)
        except ValueError:
            await ws.send("Error: Invalid JSON format")
            continue
        await ws.send(json.dumps({"greeting": "Welcome, " + request["name"] + "!"}))
""",
            "JSON of another shape should get a reply: the connection was closed",
        ),
        WrongAnswer(
            """
import json

async def welcome(ws):
    async for message in ws:
        try:
            request = json.loads(message)
        except ValueError:
            await ws.send("Error: Invalid JSON format")
            continue
        if isinstance(request, dict) and isinstance(request.get("name"), str):
            await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))
        else:
            await ws.send(json.dumps({"error": "name?"}))
""",
            "NaN, which is not JSON, should get",
        ),
        WrongAnswer(
            """
import json

def refuse(constant):
    raise ValueError

async def welcome(ws):
    async for message in ws:
        try:
            request = json.loads(message, parse_constant=refuse)
        except ValueError:
            await ws.send("Error: Invalid JSON format")
            continue
        if isinstance(request, dict) and isinstance(request.get("name"), str):
            await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))
        else:
            await ws.send(json.dumps({"error": "name?"}))
""",
            "a message of 100,000 brackets should get a reply",
        ),
        WrongAnswer(
            """
import json
import wslab

async def welcome(ws):
    async for message in ws:
        try:
            request = wslab.handlers.parse_json(message)
        except ValueError:
            await ws.send("Error: Invalid JSON format")
            continue
        if isinstance(request, dict) and isinstance(request.get("name"), str):
            await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))
        else:
            await ws.send(json.dumps({"error": "name?"}))
""",
            "a binary message, whatever is in it, should get",
        ),
        WrongAnswer(
            """
import json
import wslab

async def welcome(ws):
    async for message in ws:
        try:
            request = wslab.handlers.parse_json(message)
            await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))
        except ValueError:
            await ws.send("Error: Invalid JSON format")
            return
""",
            "get one reply, and the next message its own",
        ),
        WrongAnswer(
            """
import json

async def welcome(ws):
    request = json.loads(await ws.recv())
    await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))
    await ws.wait_closed()
""",
            "no message came",
        ),
        WrongAnswer(
            """
import wslab

async def welcome(ws):
    async for message in ws:
        try:
            request = wslab.handlers.parse_json(message)
            await ws.send('{"greeting": "Welcome, ' + request["name"] + '!"}')
        except ValueError:
            await ws.send("Error: Invalid JSON format")
        except (TypeError, KeyError):
            await ws.send('{"error": "name?"}')
""",
            "a greeting should be JSON",
        ),
        WrongAnswer(
            """
async def welcome(ws):
    async for message in ws:
        if message == '{"name": "Ada"}':
            await ws.send('{"greeting": "Welcome, Ada!"}')
        else:
            await ws.send("Error: Invalid JSON format")
""",
            "a greeting should be JSON",
        ),
        WrongAnswer(
            """
import asyncio
import json
import wslab

turn = asyncio.Semaphore(1)

async def welcome(ws):
    async with turn:
        async for message in ws:
            request = wslab.handlers.parse_json(message)
            await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))
""",
            "no message came",
        ),
        WrongAnswer(
            """
import sys
import json
import wslab

async def welcome(ws):
    async for message in ws:
        try:
            request = wslab.handlers.parse_json(message)
        except ValueError as error:
            sys.exit(f"Error: {error}")
        await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))
""",
            "a message that is cut off should get a reply",
        ),
        WrongAnswer(
            """
import json
import time
import wslab

async def welcome(ws):
    async for message in ws:
        time.sleep(0.1)
        if isinstance(message, bytes):
            await ws.send("Error: Invalid JSON format")
            continue
        try:
            request = wslab.handlers.parse_json(message)
        except ValueError:
            await ws.send("Error: Invalid JSON format")
            continue
        if isinstance(request, dict) and isinstance(request.get("name"), str):
            await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))
        else:
            await ws.send(json.dumps({"error": "name?"}))
""",
            "holds up the event loop",
        ),
        WrongAnswer(
            """
import json
import wslab

async def welcome(ws):
    while True:
        try:
            message = await ws.recv()
            if isinstance(message, bytes):
                raise ValueError
            request = wslab.handlers.parse_json(message)
            if isinstance(request, dict) and isinstance(request.get("name"), str):
                await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))
            else:
                await ws.send(json.dumps({"error": "name?"}))
        except ValueError:
            await ws.send("Error: Invalid JSON format")
        except BaseException:
            pass
""",
            "goes on for ever after its client has left",
        ),
        WrongAnswer(
            """
import json
import wslab

async def welcome(ws):
    async for message in ws:
        try:
            request = wslab.handlers.parse_json(message)
        except ValueError:
            await ws.send(json.dumps({"error": "invalid JSON format"}))
            continue
        await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))
""",
            "a message that is cut off should get",
        ),
        WrongAnswer(
            """
import json
import wslab

async def welcome(ws):
    async for message in ws:
        if isinstance(message, bytes):
            await ws.send("Error: Invalid JSON format")
            continue
        try:
            request = wslab.handlers.parse_json(message)
        except ValueError:
            await ws.send("Error: Invalid JSON format")
            continue
        if isinstance(request, dict) and isinstance(request.get("name"), str):
            await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))
        else:
            await ws.send("Error: no name")
""",
            "JSON of another shape should get an error",
        ),
        WrongAnswer(
            """
import json
import wslab

async def welcome(ws):
    async for message in ws:
        if isinstance(message, bytes):
            await ws.send("Error: Invalid JSON format")
            continue
        try:
            request = wslab.handlers.parse_json(message)
        except ValueError:
            await ws.send("Error: Invalid JSON format")
            continue
        if isinstance(request, dict) and isinstance(request.get("name"), str):
            reply = {"greeting": f"Welcome, {request['name']}!"}
        else:
            reply = {"error": "name?"}
        await ws.send(json.dumps(reply, ensure_ascii=False))
""",
            "half of a surrogate pair in a name should get a reply",
        ),
        WrongAnswer(
            """
import wslab

async def welcome(ws):
    async for message in ws:
        try:
            request = wslab.handlers.parse_json(message)
            await ws.send(wslab.handlers.to_json({"greeting": f"Welcome, {request['name']}!"}))
        except ValueError:
            while True:
                await ws.send("Error: Invalid JSON format")
""",
            "a message that is cut off should get one reply",
        ),
    ),
    probe=_probe_welcome,
    minutes=15,
    difficulty=2,
    needs="Check, then answer",
)


# ---- 4.3 ----

_PASSWORD: Final = "open sesame"


def _probe_guard(answer: Any) -> None:
    with answering(answer) as server, server.client() as silent, server.client() as member:

        def log_in(client: Client) -> None:
            client.send(_PASSWORD)
            client.expect("welcome", f"the first message {_PASSWORD!r} should get 'welcome'")

        def echoed(client: Client, message: str, problem: str) -> None:
            client.send(message)
            client.expect(message, problem)

        # `silent` has connected and says nothing: that is no reason to let others wait.
        log_in(member)
        server.come_and_go()
        server.serve_crowd(_PASSWORD, lambda one, problem: one.expect("welcome", problem))
        for message in ("Hello", f"Grüße {secrets.token_hex(4)}", "", "welcome"):
            echoed(member, message, "after 'welcome', each text should be sent back")
        echoed(member, _PASSWORD, "the password is asked for once; later it is a text like others")
        allowed = "a text of exactly 100 characters is allowed, whatever they are"
        echoed(member, "x" * 100, allowed)
        echoed(member, "ü" * 100, allowed)

        for first in ("let me in", b"open sesame", "", f"{_PASSWORD}, please", "ü" * 101, "x"):
            with server.client() as stranger:
                stranger.send(first)
                problem = "another first message should close the connection with 1008"
                stranger.expect_close(1008, problem)
            echoed(member, "Hello again", "who has logged in should stay connected")
        faults: list[tuple[str | bytes, int, str]] = [
            ("x" * 101, 1009, "a text of 101 characters"),
            ("é" * 5_000, 1009, "a text of 5,000 characters"),
            (b"Hello", 1003, "a binary message"),
            (bytes(200), 1003, "a binary message of 200 bytes"),
        ]
        for fault, code, what in faults:
            with server.client() as client:
                log_in(client)
                echoed(client, "Hello", "after 'welcome', each text should be sent back")
                client.send(fault)
                client.expect_close(code, f"{what} should close the connection with {code}")
            echoed(member, "Hello again", "who has done nothing wrong should stay connected")
        log_in(silent)
        echoed(silent, "Hello", "who logs in late should be served like the first")


_GUARD = Exercise(
    id="4.3",
    title="Close for a reason",
    task=(
        "Write the handler `guard`. The first message of a client must be the text `open sesame` "
        "and gets the reply `welcome`; any other first message closes the connection with 1008. "
        "From then on each text is sent back; a text of more than 100 characters closes with 1009, "
        "a binary message with 1003. Nothing is sent before closing, and nobody else notices."
    ),
    name="guard",
    starter="""
async def guard(ws):
    if await ws.recv() != "open sesame":
        ...
        return
    await ws.send("welcome")
    async for message in ws:
        ...
""",
    hints=(
        "`ws.close()` takes a code and a reason, and it is a coroutine.",
        "After `await ws.close(1008, …)`, `return`. What decides between 1003 and 1009 is the type "
        "of the message first, its length second.",
        '`if isinstance(message, bytes): await ws.close(1003, "text messages only")`, then '
        '`elif len(message) > 100: await ws.close(1009, "at most 100 characters")`, else send.',
    ),
    solution="""
async def guard(ws):
    if await ws.recv() != "open sesame":
        await ws.close(1008, "the password is wrong")
        return
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003, "text messages only")
        elif len(message) > 100:
            await ws.close(1009, "at most 100 characters")
        else:
            await ws.send(message)
""",
    explanation=(
        "Bytes are never equal to a string, so the first comparison refuses binary messages as "
        "well. `len()` of a string counts characters; the option `max_size` of a server counts "
        "bytes, and closes with 1009 by itself. After `close()` the loop ends: the next `recv()` "
        "in it finds a connection that is closed."
    ),
    alternatives=(
        """
from websockets.exceptions import ConnectionClosed

async def guard(ws):
    logged_in = False
    while True:
        try:
            message = await ws.recv()
        except ConnectionClosed:
            return
        if not logged_in:
            if message != "open sesame":
                return await ws.close(1008)
            logged_in = True
            message = "welcome"
        elif not isinstance(message, str):
            return await ws.close(code=1003, reason="binary")
        elif len(message) > 100:
            return await ws.close(code=1009, reason=f"{len(message)} characters")
        await ws.send(message)
""",
        """
class Refused(Exception):
    pass

async def talk(ws):
    if (await ws.recv()) != "open sesame":
        raise Refused(1008, "password")
    yield "welcome"
    async for message in ws:
        if type(message) is bytes:
            raise Refused(1003, "text, please")
        if len(message) > 100:
            raise Refused(1009, "shorter, please")
        yield message

async def guard(ws):
    try:
        async for reply in talk(ws):
            await ws.send(reply)
    except Refused as refused:
        print("refused", refused)
        await ws.close(*refused.args)
""",
    ),
    wrong=(
        WrongAnswer(
            """
async def guard(ws):
    if await ws.recv() != "open sesame":
        raise PermissionError("the password is wrong")
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, bytes):
            raise TypeError("text messages only")
        if len(message) > 100:
            raise ValueError("at most 100 characters")
        await ws.send(message)
""",
            "first message should close the connection with 1008",
        ),
        WrongAnswer(
            """
async def guard(ws):
    if await ws.recv() != "open sesame":
        await ws.send("the password is wrong")
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003, "text messages only")
        elif len(message) > 100:
            await ws.close(1009, "at most 100 characters")
        else:
            await ws.send(message)
""",
            "first message should close the connection with 1008",
        ),
        WrongAnswer(
            """
members = set()

async def guard(ws):
    if "all" not in members:
        if await ws.recv() != "open sesame":
            await ws.close(1008)
            return
        members.add("all")
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
        elif len(message) > 100:
            await ws.close(1009)
        else:
            await ws.send(message)
""",
            "first message should close the connection with 1008",
        ),
        WrongAnswer(
            """
async def guard(ws):
    if await ws.recv() != "open sesame":
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
        elif len(message.encode()) > 100:
            await ws.close(1009)
        else:
            await ws.send(message)
""",
            "exactly 100 characters is allowed",
        ),
        WrongAnswer(
            """
async def guard(ws):
    if await ws.recv() != "open sesame":
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        if len(message) > 100:
            await ws.close(1009)
        elif isinstance(message, bytes):
            await ws.close(1003)
        else:
            await ws.send(message)
""",
            "a binary message of 200 bytes should close the connection with 1003",
        ),
        WrongAnswer(
            """
async def guard(ws):
    if await ws.recv() != "open sesame":
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        if len(message) > 100:
            await ws.close(1009)
        else:
            await ws.send(message)
""",
            "a binary message should close the connection with 1003",
        ),
        WrongAnswer(
            """
async def guard(ws):
    async for message in ws:
        if message == "open sesame":
            await ws.send("welcome")
        elif isinstance(message, bytes):
            await ws.close(1003)
        elif len(message) > 100:
            await ws.close(1009)
        else:
            await ws.send(message)
""",
            "the password is asked for once",
        ),
        WrongAnswer(
            """
clients = set()

async def guard(ws):
    clients.add(ws)
    if await ws.recv() != "open sesame":
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
        elif len(message) > 100:
            for client in clients:
                await client.close(1009)
        else:
            await ws.send(message)
""",
            "who has done nothing wrong should stay",
        ),
        WrongAnswer(
            """
async def guard(ws):
    first = await ws.recv()
    if "open sesame" not in str(first):
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
        elif len(message) > 100:
            await ws.close(1009)
        else:
            await ws.send(message)
""",
            "first message should close the connection with 1008",
        ),
        WrongAnswer(
            """
async def guard(ws):
    if await ws.recv() != "open sesame":
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
        elif len(message) > 100:
            await ws.send("1009")
        else:
            await ws.send(message)
""",
            "a text of 101 characters should close the connection with 1009",
        ),
        WrongAnswer(
            """
async def guard(ws):
    if await ws.recv() != "open sesame":
        await ws.close(1008)
        return
    await ws.send("welcome")
    await ws.send(await ws.recv())
""",
            "the connection was closed",
        ),
        WrongAnswer(
            """
import asyncio

door = asyncio.Semaphore(1)

async def guard(ws):
    async with door:  # one at a time, please
        first = await ws.recv()
    if first != "open sesame":
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
        elif len(message) > 100:
            await ws.close(1009)
        else:
            await ws.send(message)
""",
            "no message came",
        ),
    ),
    probe=_probe_guard,
    minutes=10,
    difficulty=2,
    needs="The close codes",
)


# ---- 4.4 ----

# What happens, and what the client should make of it.
_ENDINGS: Final[list[tuple[int | str, str]]] = [
    (1000, "ok"),
    (1001, "retry"),
    (1008, "give up"),
    (1011, "retry"),
    (1006, "retry"),
    (403, "give up"),
    (503, "retry"),
    ("nobody listens", "retry"),
    (1003, "give up"),
    (1007, "give up"),
    (1009, "give up"),
    (1012, "retry"),
    (1013, "retry"),
    (1014, "retry"),
    (4001, "give up"),
    (4999, "give up"),
    (200, "give up"),
    (404, "give up"),
    (500, "retry"),
    (502, "retry"),
    (504, "retry"),
    ("the server cuts TCP in the middle of the handshake", "retry"),
    ("the server sends 2 MiB, and the client closes with 1009", "give up"),
    (1002, "give up"),
]


def _told(ending: int | str) -> str:
    if isinstance(ending, str):
        return ending
    if ending < 1000:
        return f"the handshake is refused with status {ending}"
    if ending == 1006:
        return "the connection is lost without a CLOSE"
    return f"the server closes with {ending}"


def _probe_classify(answer: Any) -> None:
    # The address tells nothing: which ending it is, only the connection shows.
    endings = {secrets.token_hex(4): ending for ending, _ in _ENDINGS}

    async def refuse(ws: ServerConnection, request: Request) -> Response | None:
        ending = endings.get(request.path[1:])
        if isinstance(ending, int) and ending < 1000:
            return ws.respond(ending, "")
        if isinstance(ending, str) and "handshake" in ending:
            ws.transport.abort()
            await ws.wait_closed()
        return None

    async def handler(ws: ServerConnection) -> None:
        assert ws.request is not None
        ending = endings.get(ws.request.path[1:])
        for message in ("one", "two", "three"):
            await ws.send(message)
        if ending == 1006:
            await (await ws.ping())
            ws.transport.abort()
        elif isinstance(ending, int):
            await ws.close(ending)
        else:
            await ws.send("x" * 2**21)
            await ws.wait_closed()

    options: dict[str, Any] = {"process_request": refuse, "ping_interval": None}
    with serve(handler, name=f"check {id(answer)}", **options) as server, _no_listener() as nobody:
        for (token, ending), (_, expected) in zip(endings.items(), _ENDINGS, strict=True):
            url = nobody if ending == "nobody listens" else f"{server.url}/{token}"
            told = _told(ending)
            records: Records | None = None
            try:
                result = call(answer, url, timeout=CLIENT_TIMEOUT, release=server.stop)
            except Finding as finding:
                finding.sent, finding.expected = told, repr(expected)
                finding.records = server.transcript.filter(connection=-1)[-12:]
                raise
            if not same(result, expected):
                if url != nobody:
                    records = server.transcript.filter(connection=-1)[-12:]
                raise Finding(
                    f"{told}: {expected!r} is right then",
                    sent=f"'one', 'two', 'three'; then {told}" if _is_closing(ending) else told,
                    expected=repr(expected),
                    got=show(result),
                    records=records,
                )


def _is_closing(ending: int | str) -> bool:
    return isinstance(ending, int) and ending >= 1000


@contextlib.contextmanager
def _no_listener() -> Iterator[str]:
    """Give an address whose port is taken, and refuses connections."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"ws://127.0.0.1:{taken.getsockname()[1]}"


_CLASSIFY = Exercise(
    id="4.4",
    title="ok, retry or give up",
    task=(
        "Write `classify(url)`, plain or `async`: it connects, receives until the end, and returns "
        '`"ok"` if the server closed with 1000, `"retry"` if the same attempt may succeed later, '
        '`"give up"` if not. The tables of this notebook decide; after codes from 4000 on, '
        "give up."
    ),
    name="classify",
    starter="""
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect


def classify(url):
    try:
        with connect(url, open_timeout=5) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed as closed:
        ...
    except InvalidStatus as refused:
        ...
    except (OSError, WebSocketException):
        ...
""",
    hints=(
        "“Reconnect: whether” has most of it: two sets of codes, and what is no answer at all.",
        "Which CLOSE counts? `closed.rcvd` is `None` if none came; then `closed.sent` tells if "
        "this side has closed, and if that is `None` too, the connection was lost.",
        "`close = closed.rcvd or closed.sent`, `code = close.code if close else 1006`. Retry after "
        "1001, 1006, 1011–1014, after the statuses 500, 502, 503, 504, and when nothing answers.",
    ),
    solution="""
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect


def classify(url):
    try:
        with connect(url, open_timeout=5) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed as closed:
        close = closed.rcvd or closed.sent
        code = close.code if close else 1006
        if code == 1000:
            return "ok"
        retry = code in {1001, 1006, 1011, 1012, 1013, 1014}
    except InvalidStatus as refused:
        retry = refused.response.status_code in {500, 502, 503, 504}
    except (OSError, WebSocketException) as error:
        retry = isinstance(error, OSError) or isinstance(error.__cause__, EOFError)
    return "retry" if retry else "give up"
""",
    explanation=(
        "The loop calls `recv()`, because `for message in ws` would end at 1001 as it does at "
        "1000. When this client has closed with 1009, nothing is received after that: "
        "`ws.close_code` is 1006 then, and only `closed.sent` tells that trying again is of no "
        "use. A handshake that is cut off is an `InvalidMessage`, caused by an `EOFError`."
    ),
    alternatives=(
        """
import asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidMessage, InvalidStatus

async def classify(url):
    try:
        async with asyncio.timeout(10), connect(url) as ws:
            async for message in ws:
                print(len(message))
            return {1000: "ok", 1001: "retry"}[ws.close_code]
    except ConnectionClosedError as error:
        codes = [close.code for close in (error.rcvd, error.sent) if close is not None]
        code = codes[0] if codes else 1006
        return "retry" if code in (1006, *range(1011, 1015)) else "give up"
    except InvalidStatus as error:
        return "retry" if error.response.status_code >= 500 else "give up"
    except (OSError, InvalidMessage):
        return "retry"
""",
    ),
    wrong=(
        WrongAnswer(
            """
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

def classify(url):
    try:
        with connect(url) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed as closed:
        if closed.rcvd and closed.rcvd.code == 1000:
            return "ok"
        return "retry"
""",
            "the server closes with 1008: 'give up' is right",
        ),
        WrongAnswer(
            """
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

def classify(url):
    try:
        with connect(url) as ws:
            for message in ws:
                pass
        return "ok"
    except ConnectionClosedError as closed:
        return "retry" if closed.rcvd is None or closed.rcvd.code == 1011 else "give up"
""",
            "the server closes with 1001: 'retry' is right",
        ),
        WrongAnswer(
            """
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

def classify(url):
    try:
        with connect(url) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed as closed:
        if closed.rcvd.code == 1000:
            return "ok"
        return "retry" if closed.rcvd.code in (1001, 1011) else "give up"
""",
            "raised AttributeError",
        ),
        WrongAnswer(
            """
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

def classify(url):
    try:
        with connect(url) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed as closed:
        if ws.close_code == 1000:
            return "ok"
        return "retry" if ws.close_code in (1001, 1006, 1011) else "give up"
    except Exception:
        return "retry"
""",
            "the handshake is refused with status 403: 'give up' is right",
        ),
        WrongAnswer(
            """
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

def classify(url):
    try:
        with connect(url) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed as closed:
        if ws.close_code == 1000:
            return "ok"
        return "retry" if ws.close_code in (1001, 1006, 1011) else "give up"
    except InvalidStatus:
        return "give up"
""",
            "the handshake is refused with status 503: 'retry' is right",
        ),
        WrongAnswer(
            """
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

def classify(url):
    try:
        with connect(url) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed as closed:
        if ws.close_code == 1000:
            return "ok"
        return "retry" if ws.close_code in (1001, 1006, 1011) else "give up"
    except InvalidStatus as refused:
        return "retry" if refused.response.status_code >= 500 else "give up"
""",
            "raised ConnectionRefusedError",
        ),
        WrongAnswer(
            """
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.sync.client import connect

RETRY = (1001, 1006, 1011, 1012, 1013, 1014)

def classify(url):
    try:
        with connect(url) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed as closed:
        if ws.close_code == 1000:
            return "ok"
        return "retry" if ws.close_code in RETRY else "give up"
    except InvalidStatus as refused:
        return "retry" if refused.response.status_code >= 500 else "give up"
    except (OSError, InvalidMessage):
        return "retry"
""",
            "the client closes with 1009: 'give up' is right",
        ),
        WrongAnswer(
            """
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

RETRY = (1001, 1006, 1011, 1012, 1013, 1014)

def classify(url):
    try:
        with connect(url) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed as closed:
        close = closed.rcvd or closed.sent
        code = close.code if close else 1006
        if code == 1000:
            return "ok"
        return "retry" if code in RETRY else "give up"
    except InvalidStatus as refused:
        return "retry" if refused.response.status_code >= 500 else "give up"
    except OSError:
        return "retry"
""",
            "raised InvalidMessage",
        ),
        WrongAnswer(
            """
from websockets.sync.client import connect

def classify(url):
    with connect(url) as ws:
        ws.recv(timeout=5)
        return "ok"
""",
            "the server closes with 1001: 'retry' is right",
        ),
        WrongAnswer(
            """
import asyncio
from websockets.asyncio.client import connect

async def classify(url):
    async with connect(url) as ws:
        await asyncio.sleep(3600)
""",
            "waited for something that never came",
        ),
    ),
    probe=_probe_classify,
    minutes=15,
    difficulty=2,
    needs="Reconnect: whether",
)


# ---- 4.5 ----


def _probe_ask_patiently(answer: Any) -> None:
    slow, dead, lost, closed = (secrets.token_hex(4) for _ in range(4))
    arrived: list[str | bytes] = []

    async def handler(ws: ServerConnection) -> None:
        question = await ws.recv()
        arrived.append(question)
        if question == slow:
            await ws.wait_closed()  # it hears, and its library answers each PING
        elif question == dead:
            ws.transport.pause_reading()  # nothing is heard any more, CLOSE neither
            await ws.wait_closed()
        elif question == lost:
            ws.transport.abort()
        elif question == closed:
            await ws.close(1001)
        else:
            await ws.send(f"{question!s}? Yes.")
            await ws.wait_closed()

    first, second = secrets.token_hex(4), f"Größe {secrets.token_hex(2)}"
    cases = [
        (first, 2.0, f"{first}? Yes.", "an answer that comes should be returned"),
        (second, 2.0, f"{second}? Yes.", "an answer that comes should be returned"),
        (dead, 0.3, "dead", "no answer and no PONG: the other side is dead"),
        (slow, 0.5, "slow", "no answer, but a PONG: the other side is slow"),
        (lost, 0.5, "dead", "the connection is lost while the client waits: that is dead, too"),
        (closed, 0.5, "dead", "the connection ends without an answer: that is dead, too"),
    ]
    for question, timeout, expected, problem in cases:
        arrived.clear()
        with serve(handler, name=f"check {id(answer)}", ping_interval=None) as server:
            try:
                arguments = (server.url, question, timeout)
                result = call(
                    answer, *arguments, timeout=2 * timeout + 1, release=lambda: server.stop(0.1)
                )
            except Finding as finding:
                finding.sent = f"your function was called with url, {question!r}, {timeout}"
                finding.expected = f"{expected!r}, within {2 * timeout + 1:g} s. {problem}"
                finding.records = server.transcript.snapshot()[-12:]
                raise
            finally:
                server.stop(0.1)  # whoever is dead is not waited for
        if arrived != [question]:
            problem, expected = "the question should be sent once, as it is", question
            result = arrived
        elif same(result, expected):
            continue
        raise Finding(
            problem,
            sent=f"your function was called with url, {question!r}, {timeout}",
            expected=repr(expected),
            got=show(result),
            records=server.transcript.snapshot()[-12:],
        )


_ASK_PATIENTLY = Exercise(
    id="4.5",
    title="Slow, or dead?",
    task=(
        "Write `ask_patiently(url, question, timeout)`, plain or `async`: it sends the question "
        "and returns the answer, if one comes within `timeout` seconds. If not, it sends a PING "
        'with `ws.ping()` and returns `"slow"` if the PONG comes within `timeout` seconds, '
        '`"dead"` if not; `"dead"` also if the connection ends instead. It must be back within '
        "one second after that, even if the other side does not answer CLOSE."
    ),
    name="ask_patiently",
    starter="""
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def ask_patiently(url, question, timeout):
    with connect(url, open_timeout=5, ping_interval=None) as ws:
        ws.send(question)
        ...
""",
    hints=(
        "`recv(timeout=…)` raises `TimeoutError`, and the connection goes on. The table at “Slow, "
        "or dead?” has a limit for closing, too.",
        "`ws.ping()` does not wait. Here it returns an event: `.wait(timeout)` tells whether the "
        "PONG has come. (In `async` code, `await ws.ping()` returns a future to wait for.)",
        "Give `connect()` a `close_timeout=0.5`. `try: return ws.recv(timeout=timeout)`, `except "
        'TimeoutError: return "slow" if ws.ping().wait(timeout) else "dead"`, and around both, '
        "`except ConnectionClosed`.",
    ),
    solution="""
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def ask_patiently(url, question, timeout):
    limits = {"open_timeout": 5, "ping_interval": None, "close_timeout": 0.5}
    with connect(url, **limits) as ws:
        try:
            ws.send(question)
            try:
                return ws.recv(timeout=timeout)
            except TimeoutError:
                pong_received = ws.ping()
                return "slow" if pong_received.wait(timeout) else "dead"
        except ConnectionClosed:
            return "dead"
""",
    explanation=(
        "The PONG comes from the other side's library, however busy its handler is: it tells that "
        "program and network are alive, not that an answer will come. Without `close_timeout`, "
        "leaving the `with` block waits 10 seconds for the answer to CLOSE, from a side that "
        "answers nothing."
    ),
    alternatives=(
        """
import asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

async def ask_patiently(url, question, timeout):
    async with connect(url, close_timeout=0.1) as ws:
        await ws.send(question)
        try:
            async with asyncio.timeout(timeout):
                return await ws.recv()
        except TimeoutError:
            print("no answer")
        except ConnectionClosed:
            return "dead"
        try:
            await asyncio.wait_for(await ws.ping(), timeout)
            return "slow"
        except (TimeoutError, ConnectionClosed):
            return "dead"
""",
    ),
    wrong=(
        WrongAnswer(
            """
from websockets.sync.client import connect

def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        ws.send(question)
        try:
            return ws.recv(timeout=timeout)
        except TimeoutError:
            return "slow"
""",
            "no answer and no PONG",
        ),
        WrongAnswer(
            """
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        ws.send(question)
        try:
            return ws.recv(timeout=timeout)
        except (TimeoutError, ConnectionClosed):
            return "dead"
""",
            "no answer, but a PONG",
        ),
        WrongAnswer(
            """
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

def ask_patiently(url, question, timeout):
    with connect(url) as ws:
        try:
            ws.send(question)
            try:
                return ws.recv(timeout=timeout)
            except TimeoutError:
                return "slow" if ws.ping().wait(timeout) else "dead"
        except ConnectionClosed:
            return "dead"
""",
            "did not end",
        ),
        WrongAnswer(
            """
from websockets.sync.client import connect

def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        ws.send(question)
        try:
            return ws.recv(timeout=timeout)
        except TimeoutError:
            return "slow" if ws.ping().wait(timeout) else "dead"
""",
            "raised ConnectionClosedError",
        ),
        WrongAnswer(
            """
from websockets.sync.client import connect

def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        ws.send(question)
        return ws.recv()
""",
            "did not end",
        ),
        WrongAnswer(
            """
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        try:
            ws.send(question)
            try:
                return ws.recv(timeout=timeout)
            except TimeoutError:
                return "slow" if ws.ping().wait(timeout) else "dead"
        except ConnectionClosedError:
            return "dead"
""",
            "raised ConnectionClosedOK",
        ),
        WrongAnswer(
            """
from websockets.sync.client import connect

def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        ws.send("Are you there?")
        return question + "? Yes."
""",
            "the question should be sent once",
        ),
    ),
    probe=_probe_ask_patiently,
    minutes=15,
    difficulty=2,
    needs="Slow, or dead?",
)


# ---- 4.6 ----

_MESSAGES: Final = [3, 7, 8, 9, 20, 21, 30]  # numbers: they grow, but not by one


class _Feed:
    """
    A server of numbered messages, each of whose connections ends in its own way.

    Args:
        endings: For each connection, how many messages it sends and how it ends: with a close
            code, lost (1006), or refused in the handshake (below 1000). One more connection than
            there are gets all the rest and 1000.
    """

    def __init__(self, endings: Sequence[tuple[int, int]]) -> None:
        self.endings = endings
        self.texts = {number: f"{number}: {secrets.token_hex(3)}" for number in _MESSAGES}
        self.connections = 0
        self.first: list[str | bytes] = []  # messages of the client
        self._ending = (0, 0)

    async def process_request(self, ws: ServerConnection, request: Request) -> Response | None:
        left = self.endings[self.connections :]
        self._ending = left[0] if left else (len(_MESSAGES), 1000)
        self.connections += 1
        return ws.respond(self._ending[1], "") if self._ending[1] < 1000 else None

    async def handler(self, ws: ServerConnection) -> None:
        count, code = self._ending
        message = await ws.recv()
        self.first.append(message)
        after = _after(message)
        if after is None:
            await ws.close(1008, 'the first message must be {"after": N}')
            return
        for number in [number for number in _MESSAGES if number > after][:count]:
            await ws.send(json.dumps({"number": number, "text": self.texts[number]}))
        if code == 1006:
            await (await ws.ping())  # the client's library has read what was sent
            ws.transport.abort()
        else:
            await ws.close(code)


def _after(message: str | bytes) -> int | None:
    try:
        after = json.loads(message)["after"]
    except (ValueError, TypeError, KeyError):
        return None
    return after if type(after) is int else None


def _told_feed(endings: Sequence[tuple[int, int]]) -> str:
    parts = []
    for number, (count, code) in enumerate(endings, 1):
        what = f"status {code}" if code < 1000 else "TCP lost" if code == 1006 else f"CLOSE {code}"
        messages = f"{count} message{'s' * (count != 1)}, then " if count else ""
        parts.append(f"connection {number}: {messages}{what}")
    return "; ".join(parts)


def _pauses(endings: Sequence[tuple[int, int]], delays: Sequence[float]) -> list[float]:
    """Return the pauses that a correct client makes."""
    pauses: list[float] = []
    failures = 0
    for count, code in endings:
        failures = 0 if count else failures
        if code in (1000, 1008, 4003, 403) or failures == len(delays):
            break
        pauses.append(delays[failures])
        failures += 1
    return pauses


def _afters(endings: Sequence[tuple[int, int]]) -> list[int]:
    """Return what a correct client sends in its first messages."""
    afters, received = [], 0
    for count, code in endings:
        if code >= 1000:
            afters.append(_MESSAGES[received - 1] if received else 0)
        received += count
    return afters


def _probe_catch_up(answer: Any) -> None:
    delays = [0.01, 0.02, 0.04, 0.05]
    everything = [(7, 1000)]
    losses = [(3, 1001), (1, 1006), (0, 503), (0, 1011), (2, 1012), (1, 1000)]
    restarts = [(0, 1013), (1, 1006), (0, 502), (0, 504), (0, 1006), (6, 1000)]
    # The endings, and what is wrong with more connections than these.
    cases: list[tuple[list[tuple[int, int]], str]] = [
        (everything, "1000 says that all has been sent: no reason to connect again"),
        (losses, "1000 says that all has been sent: no reason to connect again"),
        (restarts, "1000 says that all has been sent: no reason to connect again"),
        ([(2, 1008)], "1008 will not pass: no reason to connect again"),
        ([(1, 1001), (2, 4003)], "4003 will not pass: no reason to connect again"),
        ([(0, 403)], "status 403 will not pass: no reason to connect again"),
        ([(0, 503)] * 5, "the delays are used up after four failures in a row"),
        ([(0, 1011)] * 5, "a connection that opens and brings no message is a failure like others"),
        ([(4, 1006), *[(0, 500)] * 4], "the delays are used up after four failures in a row"),
    ]
    for endings, too_many in cases:
        feed, pause = _Feed(endings), Pause()
        pauses = _pauses(endings, delays)
        texts = [feed.texts[number] for number in _MESSAGES[: sum(count for count, _ in endings)]]
        complete = endings[-1][1] == 1000
        told = f"{_told_feed(endings)}; delays {delays}"
        with _about(told, show((texts, complete))):
            result, server = run_client(
                answer,
                feed.handler,
                list(delays),
                pause,
                process_request=feed.process_request,
            )
        records = server.transcript.snapshot()[-16:]

        def wrong(
            problem: str,
            expected: object,
            got: object,
            told: str = told,
            records: Records = records,
        ) -> Finding:
            shown = show(expected) if not isinstance(expected, str) else expected
            return Finding(problem, sent=told, expected=shown, got=show(got), records=records)

        bad = [message for message in feed.first if _after(message) is None]
        if bad:
            raise wrong(
                "the first message of each connection should be an object with a number 'after'",
                'JSON: {"after": N}',
                bad[0],
            )
        after = [_after(message) for message in feed.first]
        wanted = _afters(endings)
        common = min(len(after), len(wanted))
        if after[:common] != wanted[:common]:
            raise wrong(
                "'after' should be the number of the last message that has come",
                wanted,
                after,
            )
        if not feed.connections:
            raise wrong("it did not connect", f"connections: {len(endings)}", 0)
        if feed.connections < len(endings):
            code = endings[feed.connections - 1][1]
            what = f"status {code}" if code < 1000 else f"the end with {code}"
            problem = f"{what} may pass, and a delay is left: one more attempt is due"
            raise wrong(problem, f"connections: {len(endings)}", feed.connections)
        if feed.connections > len(endings):
            raise wrong(too_many, f"connections: {len(endings)}", feed.connections)
        if not isinstance(result, tuple | list) or len(result) != 2:
            raise wrong("it should return two things: texts, complete", (texts, complete), result)
        if not same(result[0], texts):
            problem = "the texts should be all that came, each once, in their order"
            raise wrong(problem, texts, result[0])
        if not same(result[1], complete):
            problem = "complete should be True after 1000, and False if it gave up"
            raise wrong(problem, complete, result[1])
        if pause.calls != pauses:
            problem = "pause() should get delays[n], n failures after the last message"
            raise wrong(problem, f"pause() called with {pauses}", pause.calls)
    pause = Pause()
    told = f"the address of a port where nobody listens; delays {delays}"
    with _about(told, show(([], False))), _no_listener() as nobody:
        result = call(answer, nobody, list(delays), pause, timeout=CLIENT_TIMEOUT)
    nothing: list[object] = [([], False), [[], False]]
    if not any(same(result, each) for each in nothing) or pause.calls != delays:
        problem = "a refused TCP connection may pass: it counts as a failure like the others"
        expected = f"{([], False)}, and pause() called with {delays}"
        got = f"{show(result)}, and pause() called with {pause.calls}"
        raise Finding(problem, sent=told, expected=expected, got=got)


_CATCH_UP = Exercise(
    id="4.6",
    title="Reconnect, and miss nothing",
    task=(
        "Write `catch_up(url, delays, pause)`, plain or `async`. It begins each connection with "
        '`{"after": N}`, where N is the `number` of the last message it has, 0 at first. The '
        'server then sends `{"number": …, "text": …}`, with growing numbers, from there on, and '
        "closes with 1000 after the last one.\n\n"
        "After a failure that may pass, call `pause(delays[n])` instead of sleeping, where n is "
        "the number of failures before this one since the last message came (with `await`, if "
        "your function is `async`), and connect again; if there is no `delays[n]`, or the failure "
        "will not pass (as in exercise 4.4), give up. "
        "Return `(texts, complete)`: the texts in their order, none "
        "twice, and `True` for 1000 or `False` for giving up."
    ),
    name="catch_up",
    starter="""
import json

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect


def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        ...
""",
    hints=(
        "`follow()` in “Reconnect: and miss nothing” has the same structure. Here the numbers are "
        "not 1, 2, 3: remember the last one instead of counting.",
        "A round of the loop: connect, send, receive until an exception comes; then decide. "
        "`failures` becomes 0 where a message is received, and grows by one with each pause.",
        "At the end of a round: `if not may_retry(error) or failures == len(delays): return "
        "texts, False`; then `pause(delays[failures])` and `failures += 1`. Before that, a "
        "ConnectionClosed with code 1000: `return texts, True`.",
    ),
    solution="""
import json

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect


def how_it_ended(error):
    if isinstance(error, ConnectionClosed):
        close = error.rcvd or error.sent
        return close.code if close else 1006
    if isinstance(error, InvalidStatus):
        return error.response.status_code
    passing = isinstance(error, OSError) or isinstance(error.__cause__, EOFError)
    return 1006 if passing else None


MAY_PASS = {1001, 1006, 1011, 1012, 1013, 1014, 500, 502, 503, 504}


def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        try:
            with connect(url, open_timeout=5) as ws:
                ws.send(json.dumps({"after": after}))
                while True:
                    message = json.loads(ws.recv(timeout=5))
                    texts.append(message["text"])
                    after = message["number"]
                    failures = 0
        except (OSError, WebSocketException) as error:
            end = how_it_ended(error)
        if end == 1000:
            return texts, True
        if end not in MAY_PASS or failures == len(delays):
            return texts, False
        pause(delays[failures])
        failures += 1
""",
    explanation=(
        "`after` is taken from the messages, so nothing has to be assumed about how the server "
        "counts. The delays begin anew when a message has come, not when a connection has opened: "
        "otherwise a server that accepts and fails would be called for ever, always after the "
        "shortest pause. `pause()` stands outside of `except`, so what it raises is not taken for "
        "a failure of the network."
    ),
    alternatives=(
        """
import asyncio
import json
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

RETRY = {1001, 1006, 1011, 1012, 1013, 1014}

async def one_connection(url, messages):
    try:
        async with asyncio.timeout(5), connect(url) as ws:
            await ws.send(json.dumps({"after": max(messages, default=0)}, indent=1))
            async for text in ws:
                message = json.loads(text)
                messages[message["number"]] = message["text"]
            return ws.close_code
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006
    except InvalidStatus as refused:
        return 1006 if refused.response.status_code >= 500 else 1008
    except (OSError, InvalidMessage):
        return 1006

async def catch_up(url, delays, pause):
    messages = {}
    waits = iter(delays)
    while True:
        had = len(messages)
        code = await one_connection(url, messages)
        print("connection ended", code)
        if len(messages) > had:
            waits = iter(delays)
        wait = next(waits, None)
        if code == 1000 or code not in RETRY or wait is None:
            return list(messages.values()), code == 1000
        await pause(wait)
""",
    ),
    wrong=(
        WrongAnswer(
            """
import json
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while failures <= len(delays):
        try:
            with connect(url) as ws:
                ws.send(json.dumps({"after": after}))
                for message in ws:
                    message = json.loads(message)
                    texts.append(message["text"])
                    after = message["number"]
                    failures = 0
            return texts, True
        except (OSError, WebSocketException):
            if failures < len(delays):
                pause(delays[failures])
            failures += 1
    return texts, False
""",
            "the end with 1001 may pass",
        ),
        WrongAnswer(
            """
import json
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

def catch_up(url, delays, pause):
    texts = []
    for delay in [0, *delays]:
        if delay:
            pause(delay)
        with connect(url) as ws:
            ws.send(json.dumps({"after": len(texts)}))
            try:
                while True:
                    texts.append(json.loads(ws.recv())["text"])
            except ConnectionClosed as closed:
                if closed.rcvd and closed.rcvd.code == 1000:
                    return texts, True
    return texts, False
""",
            "raised InvalidStatus",
        ),
        WrongAnswer(
            """
import json
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

def catch_up(url, delays, pause):
    texts, failures = [], 0
    while True:
        try:
            with connect(url) as ws:
                ws.send(json.dumps({"after": len(texts)}))
                while True:
                    texts.append(json.loads(ws.recv())["text"])
                    failures = 0
        except ConnectionClosed as closed:
            if closed.rcvd and closed.rcvd.code == 1000:
                return texts, True
            if closed.rcvd and closed.rcvd.code in (1008, 4003):
                return texts, False
        except InvalidStatus as refused:
            if refused.response.status_code < 500:
                return texts, False
        if failures == len(delays):
            return texts, False
        pause(delays[failures])
        failures += 1
""",
            "'after' should be the number of the last message",
        ),
        WrongAnswer(
            """
import json
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        try:
            with connect(url) as ws:
                ws.send(json.dumps({"after": after}))
                while True:
                    message = json.loads(ws.recv())
                    texts.append(message["text"])
                    after = message["number"]
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
        except InvalidStatus as refused:
            code = refused.response.status_code
        except OSError:
            code = 1006
        if code in (1000, 1008, 4003, 403) or failures == len(delays):
            return texts, code == 1000
        pause(delays[failures])
        failures += 1
""",
            "the end with 1012 may pass",
        ),
        WrongAnswer(
            """
import json
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        try:
            with connect(url) as ws:
                failures = 0
                ws.send(json.dumps({"after": after}))
                while True:
                    message = json.loads(ws.recv())
                    texts.append(message["text"])
                    after = message["number"]
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
        except InvalidStatus as refused:
            code = refused.response.status_code
        except OSError:
            code = 1006
        if code in (1000, 1008, 4003, 403) or failures == len(delays):
            return texts, code == 1000
        pause(delays[failures])
        failures += 1
""",
            "pause() should get delays[n]",
        ),
        WrongAnswer(
            """
import json
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        try:
            with connect(url) as ws:
                ws.send(json.dumps({"after": after}))
                while True:
                    message = json.loads(ws.recv())
                    texts.append(message["text"])
                    after = message["number"]
                    failures = 0
        except ConnectionClosed as closed:
            if closed.rcvd and closed.rcvd.code == 1000:
                return texts, True
        except (OSError, InvalidStatus):
            pass
        if failures == len(delays):
            return texts, False
        pause(delays[failures])
        failures += 1
""",
            "1008 will not pass",
        ),
        WrongAnswer(
            """
import json
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        try:
            with connect(url) as ws:
                ws.send(json.dumps({"after": after}))
                while True:
                    message = json.loads(ws.recv())
                    texts.append(message["text"])
                    after = message["number"]
                    failures = 0
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
        except InvalidStatus as refused:
            code = refused.response.status_code
        except OSError:
            code = 1006
        if code in (1000, 1008, 4003, 403):
            return texts, code == 1000
        pause(delays[min(failures, len(delays) - 1)])
        failures += 1
""",
            "the delays are used up",
        ),
        WrongAnswer(
            """
import json
import time
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        try:
            with connect(url) as ws:
                ws.send(json.dumps({"after": after}))
                while True:
                    message = json.loads(ws.recv())
                    texts.append(message["text"])
                    after = message["number"]
                    failures = 0
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
        except InvalidStatus as refused:
            code = refused.response.status_code
        except OSError:
            code = 1006
        if code in (1000, 1008, 4003, 403) or failures == len(delays):
            return texts, code == 1000
        time.sleep(delays[failures])
        failures += 1
""",
            "pause() should get delays[n]",
        ),
        WrongAnswer(
            """
import json
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        try:
            with connect(url) as ws:
                ws.send(json.dumps({"after": after}))
                while True:
                    message = json.loads(ws.recv())
                    texts.append(message["text"])
                    after = message["number"]
                    failures = 0
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
        except Exception:
            code = 1006
        if code in (1000, 1008, 4003) or failures == len(delays):
            return texts, code == 1000
        pause(delays[failures])
        failures += 1
""",
            "status 403 will not pass",
        ),
        WrongAnswer(
            """
import json
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

async def catch_up(url, delays, pause):
    texts, after = [], 0
    async for ws in connect(url, reconnect_delays=lambda: iter(delays * 100)):
        try:
            await ws.send(json.dumps({"after": after}))
            while True:
                message = json.loads(await ws.recv())
                texts.append(message["text"])
                after = message["number"]
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
            if code in (1000, 1008, 4003):
                return texts, code == 1000
""",
            "pause() should get delays[n]",
        ),
        WrongAnswer(
            """
import json
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        try:
            with connect(url) as ws:
                ws.send(json.dumps({"after": after}))
                while True:
                    message = json.loads(ws.recv())
                    texts.append(message["text"])
                    after = message["number"]
                    failures = 0
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
        except InvalidStatus as refused:
            code = refused.response.status_code
        if code in (1000, 1008, 4003, 403) or failures == len(delays):
            return texts, code == 1000
        pause(delays[failures])
        failures += 1
""",
            "raised ConnectionRefusedError",
        ),
    ),
    probe=_probe_catch_up,
    minutes=30,
    difficulty=3,
    needs="Reconnect: and miss nothing",
)


EXERCISES = (_READ_ALL, _WELCOME, _GUARD, _CLASSIFY, _ASK_PATIENTLY, _CATCH_UP)
