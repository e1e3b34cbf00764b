#!/usr/bin/env bash
# asyncio, websockets: a client whose message is refused as too big while it is still being sent gets AttributeError, not ConnectionClosedError with the server's code 1009.
#
# Guess: ConnectionClosedError with code 1009, whatever the size, as for a message that the network
# takes at once. Seen: asyncio closes the transport at the server's end of stream while data is left
# to send. When that has gone out, the transport forgets its loop, but not that abort() has nothing
# left to do; websockets calls abort() when it is left, and that fails inside asyncio.
# Needs Python 3.11 or newer and PyPI. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check websockets==17.4
cat > "$folder/try.py" <<'PYTHON'
import asyncio
import logging
import os
import sys

import websockets
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

logging.disable()  # what the server says about the message
MIB = 2**20


async def echo(ws):
    async for message in ws:
        await ws.send(message)


async def refused(size):
    """Send a message of so many bytes to a server that takes 1 MiB; return what is raised."""
    async with serve(echo, "127.0.0.1", 0, max_size=MIB) as server:
        port = server.sockets[0].getsockname()[1]
        try:
            async with connect(f"ws://127.0.0.1:{port}", compression=None) as ws:
                await ws.send(os.urandom(size))
                await ws.recv()
        except Exception as error:
            return type(error).__name__, str(error)


class Server(asyncio.Protocol):
    def connection_made(self, transport):
        transport.pause_reading()
        transport.write_eof()
        asyncio.get_running_loop().call_later(0.2, transport.resume_reading)


class Client(asyncio.Protocol):
    def __init__(self):
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        transport.write(bytes(32 * MIB))

    def connection_lost(self, exc):
        self.lost.set_result(exc)


async def aborted():
    """The same by asyncio alone; return what abort() raises after connection_lost(None)."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    transport, client = await loop.create_connection(Client, *address)
    assert await asyncio.wait_for(client.lost, 10) is None
    server.close()
    try:
        transport.abort()
    except Exception as error:
        return type(error).__name__, str(error)


FORGOTTEN = "AttributeError", "'NoneType' object has no attribute 'call_soon'"
small, big, alone = (
    asyncio.run(each) for each in (refused(MIB + 1), refused(16 * MIB), aborted())
)
print(f"Python {sys.version.split()[0]}, websockets {websockets.__version__}")
print("1 MiB and a byte:", *small, sep="\n  ")
print("16 MiB:", *big, sep="\n  ")
print("asyncio alone:", *alone, sep="\n  ")
assert small[0] == "ConnectionClosedError" and "1009" in small[1]
assert big == alone == FORGOTTEN
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
