"""Exercise 3.1: A buffer and its first byte."""

from __future__ import annotations

from typing import Any

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Play, play, show
from wslab.exercises._rule import rule

from ._shared import hex_of

__all__ = ["EXERCISE"]

_CASES = ((8, 42), (3, 255), (1, 7), (300, 128), (4, 0))


def _send(answer: Any, size: int, first: int) -> tuple[list[str | bytes], Play]:
    """Let the client send; return what came."""
    received: list[str | bytes] = []

    async def handler(ws: ServerConnection) -> None:
        async for item in ws:
            received.append(item)

    return received, play(answer, handler, size, first)


def _told(received: list[str | bytes]) -> str:
    kinds = [
        f"text {show(item)}" if isinstance(item, str) else f"{len(item)} bytes, {hex_of(item)}"
        for item in received[:3]
    ]
    return ", ".join(kinds) or "no message"


def _data(received: list[str | bytes]) -> bytes | None:
    """The bytes of the first message, if there is one that has bytes."""
    return received[0] if received and isinstance(received[0], bytes) else None


@rule("send one binary message")
def _one_binary(answer: Any) -> None:
    for size, first in _CASES:
        received, played = _send(answer, size, first)
        expected = f"one binary message of {size} bytes"
        if len(received) == 1 and isinstance(received[0], bytes):
            continue
        if not received:
            played.returned(expected)
        text = len(received) == 1
        problem = "it arrived as text; bytes go out as binary" if text else "another number came"
        raise played.finding(problem, expected, _told(received))


@rule("of `size` bytes")
def _size(answer: Any) -> None:
    for size, first in _CASES:
        received, played = _send(answer, size, first)
        data = b"".join(item for item in received if isinstance(item, bytes))
        if _data(received) is not None and len(data) != size:
            problem = "the message has another size"
            raise played.finding(problem, f"{size} bytes", _told(received))


@rule("The first byte has the value `first`")
def _first_byte(answer: Any) -> None:
    for size, first in _CASES:
        received, played = _send(answer, size, first)
        data = _data(received)
        if data is not None and data[:1] != bytes([first]):
            problem = "the first byte has another value"
            expected = f"{hex_of(bytes([first]))} (decimal {first})"
            raise played.finding(problem, expected, _told(received))


@rule("all others are zero")
def _others(answer: Any) -> None:
    for size, first in _CASES:
        received, played = _send(answer, size, first)
        data = _data(received)
        if data is not None and any(data[1:]):
            problem = "another byte is not zero"
            expected = hex_of(bytes([first]) + bytes(size - 1))
            raise played.finding(problem, expected, _told(received))


EXERCISE = Exercise(
    id="3.1",
    title="A buffer and its first byte",
    task=(
        "Complete the line, or make it two: send one binary message of `size` bytes. The first "
        "byte has the value `first`, a number from 0 to 255; all others are zero."
    ),
    name="send_buffer",
    starter="""
from websockets.sync.client import connect


def send_buffer(url, size, first):
    message = ...
    with connect(url) as ws:
        ws.send(message)
""",
    hints=(
        "`bytes(8)` is eight zero bytes, `bytes([8])` is one byte with the value 8.",
        "`bytearray` can be changed, like a list: one line makes it, the next one sets a byte.",
        "`message = bytearray(size)`, then `message[0] = first`.",
    ),
    solution="""
from websockets.sync.client import connect


def send_buffer(url, size, first):
    message = bytearray(size)
    message[0] = first
    with connect(url) as ws:
        ws.send(message)
""",
    explanation=(
        "`bytearray(size)` makes `size` zero bytes that can be changed; `send()` takes it as it "
        "takes `bytes`. In a browser the same is `new Uint8Array(size)`, then `view[0] = first`."
    ),
    rules=(_one_binary, _size, _first_byte, _others),
    minutes=5,
    difficulty=1,
    needs="Eight bytes, the first one is 42",
)
