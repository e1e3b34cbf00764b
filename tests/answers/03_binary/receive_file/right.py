"""Answers to exercise 3.5, “Receive files in chunks”."""

import hashlib
import json
import tempfile

from websockets.exceptions import ConnectionClosed


def is_right(content, announced):
    return hashlib.sha256(content).hexdigest() == announced["sha256"]


async def answer(ws, **values):
    await ws.send(json.dumps(values))


# %% right: parts in a list
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
        reply = {"ok": is_right(content, announced), "received": len(content)}
        await ws.send(json.dumps(reply, separators=(",", ":")))


# %% right: a temporary file, match, and bytes of the checksum
async def one_file(ws, size, sha256):
    with tempfile.TemporaryFile() as file:
        while file.tell() < size:
            match await ws.recv():
                case bytes(chunk):
                    file.write(chunk)
                case "progress":
                    await answer(ws, received=file.tell())
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    await answer(ws, received=size, ok=digest == sha256)


async def receive_file(ws):
    try:
        while True:
            await one_file(ws, **json.loads(await ws.recv()))
    except ConnectionClosed:
        pass


# %% right: a class for a file
class File:
    def __init__(self, size, sha256):
        self.size, self.sha256 = size, sha256
        self.content = bytearray()

    @property
    def complete(self):
        return len(self.content) == self.size


async def receive_file(ws):
    file = None
    async for message in ws:
        if isinstance(message, bytes):
            file.content += message
        elif message == "progress":
            await answer(ws, received=len(file.content))
            continue
        else:
            file = File(**json.loads(message))
        if file.complete:
            ok = hashlib.sha256(file.content).hexdigest() == file.sha256
            await answer(ws, received=file.size, ok=ok)


# %% right: the state of each connection in a dictionary
files = {}


async def receive_file(ws):
    try:
        async for message in ws:
            if message == "progress":
                await answer(ws, received=len(files[ws][1]))
                continue
            if isinstance(message, str):
                files[ws] = json.loads(message), bytearray()
            else:
                files[ws][1].extend(message)
            announced, content = files[ws]
            if len(content) >= announced["size"]:
                await answer(ws, received=len(content), ok=is_right(content, announced))
    finally:
        files.pop(ws, None)
