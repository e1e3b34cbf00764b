"""
Ready-made handlers, for lessons in which the server is not the subject.

Each is an ``async def handler(ws)`` for :func:`wslab.serve`. The last three are the servers of the
course's text, with the same messages on the wire.
"""

from __future__ import annotations

import json
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
            data = parse_json(text)
        except ValueError:
            await ws.send("Error: Invalid JSON message")
        else:
            await ws.send(to_json({"response": "Message received", "data": data}))


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
            data = parse_json(message)
        except ValueError:
            await ws.send("Error: Invalid JSON format")
        else:
            await ws.send(f"Received parsed message: {to_json(data)}")


def parse_json(message: str | bytes) -> Any:
    """
    Parse JSON as JavaScript's ``JSON.parse`` does.

    Python's own :func:`json.loads` also takes ``NaN`` and ``Infinity``, which are not JSON
    (RFC 8259 §6), and raises ``RecursionError`` for what is nested too deeply.

    Raises:
        ValueError: The message is not JSON.

    >>> parse_json('{"a": 1}')
    {'a': 1}
    """

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    try:
        return json.loads(message, parse_constant=refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def to_json(value: object) -> str:
    """
    Write JSON as JavaScript's ``JSON.stringify`` does: no spaces, no ``\\u`` for letters.

    >>> to_json({"response": "Grüße", "data": [1, None]})
    '{"response":"Grüße","data":[1,null]}'
    """
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate cannot be sent as UTF-8; escaped, it can
        text = json.dumps(value, separators=(",", ":"))
    return text
