"""Answers to exercise 3.5, “Receive files in chunks”."""

# %% right
import hashlib
import json


async def receive_file(ws):
    async for message in ws:
        announced = json.loads(message)
        print("a file of", announced["size"], "bytes")
        parts = []
        while sum(map(len, parts)) < announced["size"]:
            part = await ws.recv()
            if isinstance(part, bytes):
                parts.append(part)
            elif part == "progress":
                await ws.send(json.dumps({"received": sum(map(len, parts))}, indent=1))
        content = b"".join(parts)
        ok = hashlib.sha256(content).hexdigest() == announced["sha256"]
        await ws.send(json.dumps({"ok": ok, "received": len(content)}, separators=(",", ":")))


# %% right
import hashlib
import json
import tempfile

from websockets.exceptions import ConnectionClosed


async def answer(ws, **values):
    await ws.send(json.dumps(values))


async def one_file(ws, size, sha256):
    with tempfile.TemporaryFile() as file:
        while file.tell() < size:
            match await ws.recv():
                case bytes(chunk):
                    file.write(chunk)
                case "progress":
                    await answer(ws, received=file.tell())
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").digest()
    await answer(ws, received=size, ok=digest == bytes.fromhex(sha256))


async def receive_file(ws):
    try:
        while True:
            await one_file(ws, **json.loads(await ws.recv()))
    except ConnectionClosed:
        pass


# %% wrong
# finding: with a second file: the whole file should be answered: its checksum is right
import hashlib
import json


async def receive_file(ws):
    checksum = hashlib.sha256()
    async for message in ws:
        if message == "progress":
            await ws.send(json.dumps({"received": received}))  # noqa: F823
            continue
        if isinstance(message, str):
            announced = json.loads(message)
            received = 0
        else:
            received += len(message)
            checksum.update(message)
        if received == announced["size"]:
            ok = checksum.hexdigest() == announced["sha256"]
            await ws.send(json.dumps({"received": received, "ok": ok}))


# %% wrong
# finding: with a second file: `progress` should be answered with the bytes of this file that
#     have arrived: the connection was closed
import hashlib
import json


async def receive_file(ws):
    async for message in ws:
        announced = json.loads(message)
        received, checksum = 0, hashlib.sha256()
        while received < announced["size"]:
            chunk = await ws.recv()
            checksum.update(chunk)
            received += len(chunk)
        ok = checksum.hexdigest() == announced["sha256"]
        await ws.send(json.dumps({"received": received, "ok": ok}))


# %% wrong
# finding: with an empty file: the whole file should be answered: its checksum is right: no
#     message came
import hashlib
import json


async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await ws.send(json.dumps({"received": received}))  # noqa: F823
        elif isinstance(message, str):
            announced = json.loads(message)
            received, checksum = 0, hashlib.sha256()
        else:
            received += len(message)
            checksum.update(message)
            if received == announced["size"]:
                ok = checksum.hexdigest() == announced["sha256"]
                await ws.send(json.dumps({"received": received, "ok": ok}))


# %% wrong
# finding: with a wrong checksum: the whole file should be answered: its checksum is wrong
import json


async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await ws.send(json.dumps({"received": received}))  # noqa: F823
            continue
        if isinstance(message, str):
            size = json.loads(message)["size"]
            received = 0
        else:
            received += len(message)
        if received == size:
            await ws.send(json.dumps({"received": received, "ok": True}))


# %% wrong
# finding: its checksum is wrong: the connection was closed
import hashlib
import json


async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await ws.send(json.dumps({"received": received}))  # noqa: F823
            continue
        if isinstance(message, str):
            announced = json.loads(message)
            received, checksum = 0, hashlib.sha256()
        else:
            received += len(message)
            checksum.update(message)
        if received == announced["size"]:
            if checksum.hexdigest() != announced["sha256"]:
                await ws.close(1008, "wrong checksum")
                return
            await ws.send(json.dumps({"received": received, "ok": True}))


# %% wrong
# finding: with two clients at once
import hashlib
import json

received, checksum, announced = 0, None, None


async def receive_file(ws):
    global received, checksum, announced
    async for message in ws:
        if message == "progress":
            await ws.send(json.dumps({"received": received}))
            continue
        if isinstance(message, str):
            announced = json.loads(message)
            received, checksum = 0, hashlib.sha256()
        else:
            received += len(message)
            checksum.update(message)
        if received == announced["size"]:
            ok = checksum.hexdigest() == announced["sha256"]
            await ws.send(json.dumps({"received": received, "ok": ok}))


# %% wrong
# finding: with a second file: `progress` should be answered with the bytes
import hashlib
import json


async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await ws.send(json.dumps({"received": chunks}))  # noqa: F821
            continue
        if isinstance(message, str):
            announced = json.loads(message)
            chunks, received, checksum = 0, 0, hashlib.sha256()
        else:
            chunks += 1
            received += len(message)
            checksum.update(message)
        if received == announced["size"]:
            ok = checksum.hexdigest() == announced["sha256"]
            await ws.send(json.dumps({"received": received, "ok": ok}))


# %% wrong
# finding: with a second file: `progress` should be answered
import hashlib
import json


async def receive_file(ws):
    async for message in ws:
        announced = json.loads(message)
        received, checksum = 0, hashlib.sha256()
        while received < announced["size"]:
            chunk = await ws.recv()
            if chunk == "progress":
                await ws.send(json.dumps({"received": received}))
                continue
            if not chunk:
                break
            checksum.update(chunk)
            received += len(chunk)
        ok = checksum.hexdigest() == announced["sha256"]
        await ws.send(json.dumps({"received": received, "ok": ok}))


# %% wrong
# finding: with a second file: `progress` should be answered with the bytes of this file that
#     have arrived: the connection was closed
import hashlib
import json


async def receive_file(ws):
    announced = json.loads(await ws.recv())
    received, checksum = 0, hashlib.sha256()
    while received < announced["size"]:
        chunk = await ws.recv()
        checksum.update(chunk)
        received += len(chunk)
    ok = checksum.hexdigest() == announced["sha256"]
    await ws.send(json.dumps({"received": received, "ok": ok}))


# %% wrong
# finding: the whole file should be answered: its checksum is right
import hashlib
import json


async def receive_file(ws):
    async for message in ws:
        announced = json.loads(message)
        content = await ws.recv()
        ok = hashlib.sha256(content).hexdigest() == announced["sha256"]
        await ws.send(json.dumps({"received": len(content), "ok": ok}))


# %% wrong
# finding: holds up the event loop
import hashlib
import json
import time


async def receive_file(ws):
    async for message in ws:
        announced = json.loads(message)  # noqa: F841
        while True:
            time.sleep(0.01)  # noqa: ASYNC251
