"""Exercise 4.2: A server that survives anything."""

from __future__ import annotations

import contextlib
import json
import secrets
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, answering, show
from wslab.exercises._rule import Rule

from ._shared import NESTED

__all__ = ["EXERCISE"]


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


EXERCISE = Exercise(
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
    rules=(Rule("", _probe_welcome),),
    minutes=15,
    difficulty=2,
    needs="Check, then answer",
)
