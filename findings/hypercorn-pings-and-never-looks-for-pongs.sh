#!/usr/bin/env bash
# hypercorn: with websocket_ping_interval it sends PINGs for ever and never cuts a client that answers none; uvicorn cuts it.
#
# Guess: after about one interval without a PONG the connection is closed, and the app gets websocket.disconnect.
# Needs Python 3.11 or newer and PyPI. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check hypercorn==0.18.0 uvicorn==0.54.0 websockets==17.4
cat > "$folder/try.py" <<'PYTHON'
import asyncio
import importlib.metadata
import os
import socket

import hypercorn.asyncio
import hypercorn.config
import uvicorn

INTERVAL = 0.5
WAIT = 6.0
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            event = (await receive())["type"]
            await send({"type": event + ".complete"})
            if event == "lifespan.shutdown":
                return
    await receive()
    await send({"type": "websocket.accept"})
    await receive()


async def pings_of(port):
    """Connect, answer nothing, and tell how many PINGs came and whether the server ended it."""
    for _ in range(100):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            break
        except OSError:
            await asyncio.sleep(0.05)
    writer.write(HANDSHAKE)
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    pings, ended = 0, False
    try:
        async with asyncio.timeout(WAIT):
            while frame := await reader.read(2):
                pings += frame[0] == 0x89
                await reader.readexactly(frame[1])  # a PING may have a payload, a CLOSE a code
                ended = frame[0] == 0x88
                if ended:
                    break
            ended = True
    except TimeoutError:
        pass
    writer.close()
    return pings, ended


def free_socket():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    return listener


async def with_hypercorn():
    with free_socket() as listener:
        config = hypercorn.config.Config()
        config.bind = [f"fd://{os.dup(listener.fileno())}"]  # Hypercorn closes it
        config.websocket_ping_interval = INTERVAL
        config.errorlog = None
        stop = asyncio.Event()
        serving = asyncio.create_task(
            hypercorn.asyncio.serve(app, config, shutdown_trigger=stop.wait)
        )
        seen = await pings_of(listener.getsockname()[1])
        stop.set()
        await serving
    return seen


async def with_uvicorn():
    with free_socket() as listener:
        timing = {"ws_ping_interval": INTERVAL, "ws_ping_timeout": INTERVAL}
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", **timing))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        seen = await pings_of(listener.getsockname()[1])
        server.should_exit = True
        await serving
    return seen


for name, run in {"hypercorn": with_hypercorn, "uvicorn": with_uvicorn}.items():
    pings, ended = asyncio.run(run())
    end = "ended by the server" if ended else f"still open after {WAIT:.0f} s"
    print(name, importlib.metadata.version(name), f"{pings} PINGs unanswered, {end}")
    assert ended == (name == "uvicorn") and (pings > 8) == (name == "hypercorn")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
# Seen on Debian 12, Python 3.11.7:
# hypercorn 0.18.0 12 PINGs unanswered, still open after 6 s
# uvicorn 0.54.0 1 PINGs unanswered, ended by the server
