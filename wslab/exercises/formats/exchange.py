"""Exercise 5.1: Encode and decode."""

from __future__ import annotations

import json
from typing import Any, Final

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import awkward, play, show
from wslab.exercises._rule import rule

from ._shared import identical, json_text

__all__ = ["EXERCISE"]

_READING: Final[dict[str, Any]] = {"sensor": 7, "value": 20.84}

_READINGS: Final[tuple[dict[str, Any], ...]] = (
    _READING,
    {"sensor": 8, "value": -1.5, "unit": "°C"},
    {"text": awkward.TEXTS["quotes"], awkward.TEXTS["quotes"]: awkward.TEXTS["backslashes"]},
    {"text": awkward.TEXTS["two lines"], "more": awkward.TEXTS["other scripts"]},
    {"nothing": None, "true": True, "false": False, "zero": 0, "text": "", "list": []},
    {"more": {"a": [{"b": [1, 2.5, {}]}]}, "large": 2**53 + 1},
    {},
)

_REPLIES: Final = (
    '{"status":"stored","number":1}',
    "[null, true, 1.5]",
    '"nothing but a string"',
    r'{"text": "She said \"no\"\nand left", "path": "C:\\new"}',
    "null",
    "false",
    "0",
    '""',
    "[]",
    "{}",
    ' {"a": {"b": [1, "2"]}}\n',
)

_BINARY: Final = (
    '{"status":"stored","number":1}',
    '{"status":"gespeichert: 8 °C"}',
    '["Grüße", "世界", "🎉"]',
    "null",
    '""',
    "[1, 2]",
)


class _Host:
    """A server that writes down what it hears, and gives the same reply to each message."""

    def __init__(self, reply: str | bytes = '{"status":"stored"}') -> None:
        self.reply = reply
        self.heard: list[str | bytes] = []

    async def __call__(self, ws: ServerConnection) -> None:
        async for message in ws:
            self.heard.append(message)
            await ws.send(self.reply)


def _judge_sent(message: str | bytes, reading: dict[str, Any]) -> str:
    """Say what is wrong with what was sent; nothing, if it is right."""
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        if message == str(reading):
            return "str() writes Python's own form, with single quotes, which is not JSON"
        return "what arrived is not JSON"
    if identical(value, reading):
        return ""
    if isinstance(value, str):
        return "it was encoded twice: the JSON holds a string, with JSON in it"
    return "the JSON has other content"


@rule("sends a dictionary as JSON")
def _sends(answer: Any) -> None:
    for reading in _READINGS:
        host = _Host()
        played = play(answer, host, reading)
        expected = f"one message, {json_text(reading)}"
        if len(host.heard) != 1:
            played.returned(expected)
            problem = f"{len(host.heard)} messages came" if host.heard else "no message came"
            raise played.finding(problem, expected, show(host.heard) if host.heard else "nothing")
        if problem := _judge_sent(host.heard[0], reading):
            raise played.finding(problem, expected, show(host.heard[0]))


@rule("in a text message")
def _in_text(answer: Any) -> None:
    host = _Host()
    played = play(answer, host, _READING)
    for message in host.heard:
        if isinstance(message, bytes):
            problem = "it was sent as a binary message: bytes go out as binary, a str as text"
            raise played.finding(problem, "a text message", show(message))


def _expect_value(answer: Any, reply: str | bytes, kind: str) -> None:
    """Expect that the value of this reply is returned."""
    played = play(answer, _Host(reply), _READING).where(f"the server replies {show(reply)}")
    value = json.loads(reply)
    expected = f"{value!r} is returned"
    result = played.returned(expected)
    if identical(result, value):
        return
    problem = f"the reply came in a {kind} message, and another value is returned"
    if result is None:
        problem = f"the reply came in a {kind} message, and nothing is returned"
    elif isinstance(result, str | bytes):
        problem = f"the reply came in a {kind} message, and its JSON is not decoded"
    raise played.finding(problem, expected, show(result))


@rule("returns the value of the server's reply")
def _returns(answer: Any) -> None:
    for reply in _REPLIES:
        _expect_value(answer, reply, "text")


@rule("some in a binary message, in UTF-8")
def _binary(answer: Any) -> None:
    for reply in _BINARY:
        _expect_value(answer, reply.encode(), "binary")


EXERCISE = Exercise(
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
    rules=(_sends, _in_text, _returns, _binary),
    minutes=5,
    difficulty=1,
    needs="Two kinds of message",
)
