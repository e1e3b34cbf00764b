#!/usr/bin/env bash
# niquests: a WebSocket that ended says so by None, and nowhere with which code or reason.
#
# Guess: next_payload() returns None, and code and reason are attributes beside closed.
# Needs Python 3.11 or newer and PyPI. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'niquests[ws]==3.21.2'
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


import niquests


def receive(url):
    response = niquests.get(url, timeout=5)
    extension = response.extension
    payload = extension.next_payload()
    said = [name for name in dir(extension) if "code" in name or "reason" in name]
    return payload, extension.closed, said


async def main():
    seen = {}
    for name, data in {"CLOSE 1000": b"\x88\x02\x03\xe8", "CLOSE 4001": b"\x88\x05\x0f\xa1bye"}.items():
        server, url = await serve(data)
        seen[name] = await asyncio.to_thread(receive, url)
        server.close()
    return seen


seen = asyncio.run(main())
print("niquests", niquests.__version__, seen)
assert seen == {"CLOSE 1000": (None, True, []), "CLOSE 4001": (None, True, [])}
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
# Seen on Debian 12, Python 3.11.7:
# niquests 3.21.2 {'CLOSE 1000': (None, True, []), 'CLOSE 4001': (None, True, [])}
