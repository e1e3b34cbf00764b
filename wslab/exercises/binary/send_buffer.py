"""Exercise 3.1: A buffer and its first byte."""

from __future__ import annotations

from typing import Any

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Finding, run_client, show
from wslab.exercises._rule import Rule

from ._shared import hex_of

__all__ = ["EXERCISE"]


def _probe_send_buffer(answer: Any) -> None:
    for size, first in [(8, 42), (3, 255), (1, 7), (300, 128)]:
        received: list[str | bytes] = []

        async def handler(ws: ServerConnection, received: list[str | bytes] = received) -> None:
            async for item in ws:
                received.append(item)

        _, server = run_client(answer, handler, size, first)
        expected = bytes([first]) + bytes(size - 1)
        if len(received) != 1:
            problem = "exactly one message should be sent"
        elif isinstance(received[0], str):
            problem = "it arrived as a text message; bytes go out as binary"
        elif len(received[0]) != size:
            problem = "the message has another size"
        elif received[0][0] != first:
            problem = "the first byte has another value"
        elif received[0] != expected:
            problem = "all bytes but the first should be zero"
        else:
            continue
        raise Finding(
            problem,
            sent=f"your function was called with url, {size}, {first}",
            expected=f"one binary message of {size} bytes, {hex_of(expected)}",
            got=", ".join(_kind(item) for item in received[:3]) or "no message",
            records=server.transcript.snapshot()[-12:],
        )


def _kind(message: str | bytes) -> str:
    if isinstance(message, str):
        return f"text {show(message)}"
    return f"{len(message)} bytes, {hex_of(message)}"


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
    rules=(Rule("", _probe_send_buffer),),
    minutes=5,
    difficulty=1,
    needs="Eight bytes, the first one is 42",
)
