#!/usr/bin/env bash
# websockets: on a closed connection, recv_streaming() raises ConnectionClosed once, then ConcurrencyError on every later call, though nobody else receives.
#
# Guess: like recv(), it raises ConnectionClosed each time. What follows from the
# difference: a handler that waits for ConnectionClosed to end its loop never sees it again.
# Needs Python 3.11 or newer and PyPI. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check websockets==17.4
cat > "$folder/try.py" <<'PYTHON'
import asyncio

import websockets
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

seen = {"recv": [], "recv_streaming": []}


async def stream(ws):
    async for fragment in ws.recv_streaming():
        pass


async def handler(ws):
    name = ws.request.path[1:]
    await ws.wait_closed()
    for _ in range(3):
        try:
            await (ws.recv() if name == "recv" else stream(ws))
        except Exception as exc:
            seen[name].append(type(exc).__name__)


async def main():
    async with serve(handler, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        for name in seen:
            async with connect(f"ws://127.0.0.1:{port}/{name}", proxy=None):
                pass


asyncio.run(asyncio.wait_for(main(), 20))
print("websockets", websockets.__version__)
for name, raised in seen.items():
    print(f"{name}():", ", ".join(raised))
assert seen == {
    "recv": ["ConnectionClosedOK"] * 3,
    "recv_streaming": ["ConnectionClosedOK", "ConcurrencyError", "ConcurrencyError"],
}
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
# Seen with websockets 17.4 on Python 3.11.7:
# websockets 17.4
# recv(): ConnectionClosedOK, ConnectionClosedOK, ConnectionClosedOK
# recv_streaming(): ConnectionClosedOK, ConcurrencyError, ConcurrencyError
