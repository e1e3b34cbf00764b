#!/usr/bin/env bash
# aiohttp: after a CLOSE without a code, an orderly end, the client's close_code is 1006, which stands for no CLOSE at all.
#
# Guess: 1005, the code that RFC 6455 §7.1.5 gives to a CLOSE without one, as in browsers.
# Needs Python 3.11 or newer and PyPI. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check aiohttp==3.14.5
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


async def main():
    seen = {}
    for name, data in {"empty CLOSE": b"\x88\x00", "CLOSE 1000": b"\x88\x02\x03\xe8"}.items():
        server, url = await serve(data)
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as ws:
            message = await ws.receive(3)
            seen[name] = message.type.name, message.data, ws.close_code
        server.close()
    return seen


seen = asyncio.run(main())
print("aiohttp", aiohttp.__version__, seen)
assert seen == {"empty CLOSE": ("CLOSE", 0, 1006), "CLOSE 1000": ("CLOSE", 1000, 1000)}
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
# Seen on Debian 12, Python 3.11.7:
# aiohttp 3.14.5 {'empty CLOSE': ('CLOSE', 0, <WSCloseCode.ABNORMAL_CLOSURE: 1006>), 'CLOSE 1000': ('CLOSE', 1000, 1000)}
