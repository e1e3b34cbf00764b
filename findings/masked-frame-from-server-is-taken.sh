#!/usr/bin/env bash
# aiohttp, tornado, websocket-client: a masked frame from the server is taken, though RFC 6455 §5.1 tells a client to close.
#
# Guess, written first: each client closes with 1002, for the check is one bit. Firefox and Deno take it, too (docs/atlas.md).
# Needs Python 3.11 or newer and PyPI. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check aiohttp==3.14.5 tornado==6.6.1 websocket-client==1.9.2 websockets==17.4
cat > "$folder/try.py" <<'PYTHON'
import asyncio
import base64
import hashlib


async def answer(reader, writer, data):
    """Make the handshake, send bytes, and read on until the client is gone."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    lines = (line.partition(":") for line in head.splitlines())
    key = next(value for name, _, value in lines if name.lower() == "sec-websocket-key").strip()
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    accept = base64.b64encode(digest).decode()
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode() + data
    )
    try:
        await asyncio.wait_for(reader.read(), 3)
    except (TimeoutError, ConnectionError):
        pass
    writer.close()


async def serve(data):
    server = await asyncio.start_server(
        lambda reader, writer: answer(reader, writer, data), "127.0.0.1", 0
    )
    return server, f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


import aiohttp
import tornado
import websocket
import websockets
from tornado.websocket import websocket_connect

MASKED = b"\x81\x81\x00\x00\x00\x00a"  # the text "a", with a masking key of zeros


async def with_aiohttp(url):
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as ws:
        return (await ws.receive(3)).data


async def with_tornado(url):
    ws = await websocket_connect(url)
    return await asyncio.wait_for(ws.read_message(), 3)


async def with_websocket_client(url):
    ws = await asyncio.to_thread(websocket.create_connection, url, timeout=3)
    return await asyncio.to_thread(ws.recv)


async def with_websockets(url):
    async with websockets.connect(url, proxy=None) as ws:
        return await ws.recv()


async def main():
    seen = {}
    for client in with_aiohttp, with_tornado, with_websocket_client, with_websockets:
        server, url = await serve(MASKED)
        try:
            seen[client.__name__[5:]] = await asyncio.wait_for(client(url), 10)
        except Exception as exc:
            seen[client.__name__[5:]] = type(exc).__name__
        server.close()
    return seen


seen = asyncio.run(main())
print("aiohttp", aiohttp.__version__, "tornado", tornado.version)
print("websocket-client", websocket.__version__, "websockets", websockets.__version__)
print(seen)
assert seen == {
    "aiohttp": "a",
    "tornado": "a",
    "websocket_client": "a",
    "websockets": "ConnectionClosedError",
}
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
# Seen on Debian 12, Python 3.11.7:
# aiohttp 3.14.5 tornado 6.6.1
# websocket-client 1.9.2 websockets 17.4
# {'aiohttp': 'a', 'tornado': 'a', 'websocket_client': 'a', 'websockets': 'ConnectionClosedError'}
