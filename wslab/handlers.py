"""
Ready-made handlers, for lessons in which the server is not the subject.

Each is an ``async def handler(ws)`` for :func:`wslab.serve`. The last three are the servers of the
course's text, with the same messages on the wire.
"""

from __future__ import annotations

import json
import math
from typing import Any

from websockets.asyncio.server import ServerConnection

__all__ = ["binary_data", "echo", "invalid_json", "parse_json", "send_and_receive", "to_json"]


async def echo(ws: ServerConnection) -> None:
    """Send each message back: text as text, binary as binary."""
    async for message in ws:
        await ws.send(message)


async def send_and_receive(ws: ServerConnection) -> None:
    """Welcome the client, then answer each message twice: as text, and as JSON or an error."""
    await ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        text = message if isinstance(message, str) else message.decode(errors="replace")
        await ws.send(f"Server received: {text}")
        try:
            reply = to_json({"response": "Message received", "data": parse_json(text)})
        except ValueError:
            reply = "Error: Invalid JSON message"
        await ws.send(reply)


async def binary_data(ws: ServerConnection) -> None:
    """Send the bytes 01 02 03 04, then say of each message whether it was text or binary."""
    await ws.send(bytes([1, 2, 3, 4]))
    async for message in ws:
        if isinstance(message, bytes):
            await ws.send(f"Received binary data: {message.hex(' ')}")
        else:
            await ws.send(f"Received text message: {message}")


async def invalid_json(ws: ServerConnection) -> None:
    """Acknowledge JSON; answer anything else with an error, and keep the connection."""
    async for message in ws:
        try:
            reply = f"Received parsed message: {to_json(parse_json(message))}"
        except ValueError:
            reply = "Error: Invalid JSON format"
        await ws.send(reply)


def parse_json(message: str | bytes) -> Any:
    """
    Parse JSON as JavaScript's ``JSON.parse`` does.

    Python's own :func:`json.loads` also takes ``NaN`` and ``Infinity``, which are not JSON
    (RFC 8259 §6), makes infinity of ``1e999``, takes ``bytes`` for UTF-16 where they look like
    it, and raises ``RecursionError`` for what is nested too deeply. Here ``bytes`` are UTF-8, and
    those that are not become U+FFFD, as they do in JavaScript.

    Raises:
        ValueError: The message is not JSON, is nested too deeply, or has a number that is too
            large.

    >>> parse_json('{"a": 1}')
    {'a': 1}
    """

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    def finite(digits: str) -> float:
        number = float(digits)
        if math.isinf(number):
            raise ValueError("a number is too large")
        return number

    text = message if isinstance(message, str) else message.decode(errors="replace")
    try:
        return json.loads(text, parse_constant=refuse, parse_float=finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def to_json(value: object) -> str:
    """
    Write JSON as JavaScript's ``JSON.stringify`` does: no spaces, no ``\\u`` for letters.

    Numbers keep Python's spelling: ``1.0`` and ``1e-05``, where JavaScript writes ``1`` and
    ``0.00001``.

    Raises:
        TypeError: A part of the value has no JSON form.
        ValueError: It is nested too deeply, contains itself, or is not a finite number, for which
            JavaScript writes ``null``.

    >>> to_json({"response": "Grüße", "data": [1, None]})
    '{"response":"Grüße","data":[1,null]}'
    """
    try:
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    # A lone surrogate cannot be sent as UTF-8. Escaped, as \ud800, it can.
    return text.encode(errors="backslashreplace").decode()
