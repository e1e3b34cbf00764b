"""How the end of a connection is told by Python libraries: python python_clients.py NAME URL."""

from __future__ import annotations

import asyncio
import sys

TIMEOUT = 5.0


async def aiohttp(url: str) -> str:
    """What ``receive()`` gives."""
    import aiohttp

    async with aiohttp.ClientSession() as session:
        try:
            ws = await session.ws_connect(url)
        except aiohttp.ClientError as error:
            return f"`{type(error).__name__}`"
        message = await ws.receive(TIMEOUT)
        return f"`WSMsgType.{message.type.name}`, then `close_code` {ws.close_code}"


async def websocket_client(url: str) -> str:
    """What ``recv()`` raises or returns."""
    import websocket

    try:
        ws = await asyncio.to_thread(websocket.create_connection, url, timeout=TIMEOUT)
        opcode, data = await asyncio.to_thread(ws.recv_data)
    except (websocket.WebSocketException, OSError) as error:
        return f"`{type(error).__name__}`"
    if opcode == websocket.ABNF.OPCODE_CLOSE:
        code = int.from_bytes(data[:2], "big") if data else "without a code"
        return f"`recv_data()` returns CLOSE {code}"
    return f"`recv_data()` returns opcode {opcode}, {data!r}"


async def websockets(url: str) -> str:
    """What ``recv()`` raises."""
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosed, InvalidHandshake

    try:
        ws = await connect(url)
    except (InvalidHandshake, OSError) as error:
        return f"`{type(error).__name__}`"
    async with ws:
        try:
            async with asyncio.timeout(TIMEOUT):
                await ws.recv()
        except ConnectionClosed as closed:
            return f"`{type(closed).__name__}`, then `close_code` {ws.close_code}"
    return "a message"


async def main(name: str, url: str) -> None:
    """Print what a library tells."""
    print(await globals()[name.replace("-", "_")](url))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
