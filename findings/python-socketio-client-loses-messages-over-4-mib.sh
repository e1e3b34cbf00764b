#!/usr/bin/env bash
# python-socketio: an event of 5 MB ends the client's connection and is lost, over WebSocket; over polling the same event arrives.
#
# Guess: it arrives: Socket.IO's limit on a message's size, max_http_buffer_size, is the server's, for what it receives.
# Needs Python 3.11 or newer and PyPI. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-socketio==5.18.1 python-engineio==4.15.1 aiohttp==3.14.5 uvicorn==0.54.0 websockets==17.4
cat > "$folder/try.py" <<'PYTHON'
import asyncio
import importlib.metadata

import socketio
import uvicorn

sio = socketio.AsyncServer(async_mode="asgi")


@sio.event
async def ask(sid, size):
    await sio.emit("data", "x" * size, to=sid)
    await sio.emit("after", to=sid)


async def seen_by_client(port, transport, size, **options):
    seen, done = [], asyncio.Event()
    client = socketio.AsyncClient(reconnection=False, **options)

    @client.event
    async def data(text):
        seen.append(len(text))

    @client.event
    async def after():
        seen.append("after")
        done.set()

    @client.event
    async def disconnect(reason):
        seen.append(reason)
        done.set()

    await client.connect(f"http://127.0.0.1:{port}", transports=[transport])
    await client.emit("ask", size)
    await asyncio.wait_for(done.wait(), 30)
    result = list(seen)
    await client.disconnect()
    return result


async def main():
    config = uvicorn.Config(socketio.ASGIApp(sio), port=0, log_level="critical")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    unlimited = {"websocket_extra_options": {"max_msg_size": 0}}
    seen = {
        "websocket, 4 MB": await seen_by_client(port, "websocket", 4_000_000),
        "websocket, 5 MB": await seen_by_client(port, "websocket", 5_000_000),
        "polling, 5 MB": await seen_by_client(port, "polling", 5_000_000),
        "max_msg_size=0": await seen_by_client(port, "websocket", 5_000_000, **unlimited),
    }
    server.should_exit = True
    await serving
    return seen


for name in ("python-socketio", "python-engineio", "aiohttp"):
    print(name, importlib.metadata.version(name), end="  ")
print()
seen = asyncio.run(main())
for name, events in seen.items():
    print(f"{name}: {events}")
assert seen == {
    "websocket, 4 MB": [4_000_000, "after"],
    "websocket, 5 MB": ["transport error"],
    "polling, 5 MB": [5_000_000, "after"],
    "max_msg_size=0": [5_000_000, "after"],
}
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
# Seen on Debian 12, Python 3.11.7:
# python-socketio 5.18.1  python-engineio 4.15.1  aiohttp 3.14.5
# websocket, 4 MB: [4000000, 'after']
# websocket, 5 MB: ['transport error']
# polling, 5 MB: [5000000, 'after']
# max_msg_size=0: [5000000, 'after']
