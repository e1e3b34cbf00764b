#!/usr/bin/env bash
# simple-websocket (the library under flask-sock): what arrives together with the handshake's answer, a welcome or a CLOSE, is not received until more bytes arrive.
#
# Guess: it does not matter how TCP cuts the bytes: a welcome is received at once.
# Needs Python 3.11 or newer and PyPI. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check simple-websocket==1.1.0 wsproto==1.3.2
cat > "$folder/try.py" <<'PYTHON'
import asyncio
import base64
import hashlib


async def answer(reader, writer, data, later):
    """Make the handshake, send bytes with it and later, read on until the client is gone."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    lines = (line.partition(":") for line in head.splitlines())
    key = next(value for name, _, value in lines if name.lower() == "sec-websocket-key").strip()
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    accept = base64.b64encode(digest).decode()
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode() + data
    )
    await asyncio.sleep(1)
    writer.write(later)
    try:
        await asyncio.wait_for(reader.read(), 4)
    except (TimeoutError, ConnectionError, asyncio.CancelledError):
        pass
    writer.close()


async def serve(data, later):
    server = await asyncio.start_server(
        lambda reader, writer: answer(reader, writer, data, later), "127.0.0.1", 0
    )
    return server, f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


import importlib.metadata

import simple_websocket

CLOSE = b"\x88\x05\x0f\xa1bye"  # 4001
WELCOME = b"\x81\x07welcome"
CASES = {
    "CLOSE with the answer": (CLOSE, b""),
    "CLOSE 1 s later": (b"", CLOSE),
    "welcome with the answer": (WELCOME, b""),
    "welcome 1 s later": (b"", WELCOME),
}


def receive(url):
    ws = simple_websocket.Client(url)
    try:
        return ws.receive(timeout=2.5)
    except simple_websocket.ConnectionClosed as closed:
        return int(closed.reason), closed.message


async def main():
    seen = {}
    for name, (data, later) in CASES.items():
        server, url = await serve(data, later)
        seen[name] = await asyncio.to_thread(receive, url)
        server.close()
    return seen


seen = asyncio.run(main())
print("simple-websocket", importlib.metadata.version("simple-websocket"))
for name, result in seen.items():
    print(f"{name}: {result}")
assert seen == {
    "CLOSE with the answer": None,
    "CLOSE 1 s later": (4001, "bye"),
    "welcome with the answer": None,
    "welcome 1 s later": "welcome",
}
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
# Seen on Debian 12, Python 3.11.7:
# simple-websocket 1.1.0
# CLOSE with the answer: None
# CLOSE 1 s later: (4001, 'bye')
# welcome with the answer: None
# welcome 1 s later: welcome
