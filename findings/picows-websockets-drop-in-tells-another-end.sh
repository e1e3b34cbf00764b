#!/usr/bin/env bash
# picows.websockets, "a drop-in replacement" for websockets: a client's block left by an exception closes with 1000, not 1011; close(1005) does not raise but sends that code, which no one may, and the server answers 1002; a reason not given is None, not ''.
#
# Guess: the same in all three: the imports are all that changes.
# Needs Python 3.11 or newer and PyPI. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check picows==2.3.1 websockets==17.4
cat > "$folder/try.py" <<'PYTHON'
import asyncio
import importlib
import importlib.metadata
import logging

from websockets.asyncio.server import serve

logging.disable(logging.CRITICAL)


async def told(connect, block):
    """Run block with a connection; return its result and the code that the server was told."""
    codes = asyncio.Queue()

    async def handler(ws):
        if ws.request.path == "/ends":
            return
        await ws.wait_closed()
        codes.put_nowait(ws.close_code)

    async with serve(handler, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        try:
            async with connect(url + ("ends" if block is reason else "")) as ws:
                result = await asyncio.wait_for(block(ws), 10)
        except Exception as error:
            result = type(error).__name__
        code = None if block is reason else await asyncio.wait_for(codes.get(), 10)
    return result, code


async def fails(ws):
    raise LookupError


async def wrong_code(ws):
    await ws.close(1005)
    return ws.close_code


async def reason(ws):
    await ws.wait_closed()
    return ws.close_reason


async def main():
    seen = {}
    for package in ("websockets", "picows.websockets"):
        connect = importlib.import_module(package + ".asyncio.client").connect
        seen[package] = [await told(connect, block) for block in (fails, wrong_code, reason)]
    return seen


for name in ("picows", "websockets"):
    print(name, importlib.metadata.version(name), end="  ")
print()
seen = asyncio.run(main())
for package, results in seen.items():
    print(package, results)
assert seen == {
    "websockets": [("LookupError", 1011), ("ProtocolError", 1011), ("", None)],
    "picows.websockets": [("LookupError", 1000), (1002, 1006), (None, None)],
}
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
# Seen on Debian 12, Python 3.11.7:
# picows 2.3.1  websockets 17.4
# websockets [('LookupError', 1011), ('ProtocolError', 1011), ('', None)]
# picows.websockets [('LookupError', 1000), (1002, <CloseCode.ABNORMAL_CLOSURE: 1006>), (None, None)]
