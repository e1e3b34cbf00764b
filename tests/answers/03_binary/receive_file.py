"""Answers to exercise 3.5, “Receive files in chunks”."""

import asyncio
import collections
import hashlib
import json
import tempfile
import time

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


# %% wrong: the empty file is never complete
# breaks: as soon as the file is complete
# finding: a file of 0 bytes was announced: no message came
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await answer(ws, received=len(content))  # noqa: F821
        elif isinstance(message, str):
            announced, content = json.loads(message), bytearray()
        else:
            content += message
            if len(content) == announced["size"]:
                await answer(ws, received=len(content), ok=is_right(content, announced))


# %% wrong: an answer for each chunk
# breaks first: as soon as the file is complete
# finding: one byte before the end
async def receive_file(ws):
    async for message in ws:
        if isinstance(message, str) and message != "progress":
            announced, content = json.loads(message), bytearray()
            continue
        if isinstance(message, bytes):
            content += message
        if len(content) == announced["size"]:
            await answer(ws, received=len(content), ok=is_right(content, announced))
        else:
            await answer(ws, received=len(content))


# %% wrong: the whole file at once
# breaks first: as soon as the file is complete
# finding: one byte before the end
async def receive_file(ws):
    async for message in ws:
        announced = json.loads(message)
        content = await ws.recv()
        await answer(ws, received=len(content), ok=is_right(content, announced))


# %% wrong: only when the next file is announced
# breaks first: as soon as the file is complete
# finding: the last byte has arrived: no message came
async def receive_file(ws):
    announced = None
    async for message in ws:
        if message == "progress":
            await answer(ws, received=len(content))  # noqa: F821
        elif isinstance(message, bytes):
            content += message  # noqa: F821
        else:
            if announced:
                await answer(ws, received=len(content), ok=is_right(content, announced))
            announced, content = json.loads(message), bytearray()


# %% wrong: complete with the last byte but one
# breaks first: as soon as the file is complete
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await answer(ws, received=len(content))  # noqa: F821
            continue
        if isinstance(message, str):
            announced, content = json.loads(message), bytearray()
        else:
            content += message
        if len(content) >= announced["size"] - 1:
            await answer(ws, received=len(content), ok=is_right(content, announced))


# %% wrong: one key more
# breaks: `{"received": …, "ok": …}`
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await answer(ws, received=len(content))  # noqa: F821
            continue
        if isinstance(message, str):
            announced, content = json.loads(message), bytearray()
        else:
            content += message
        if len(content) == announced["size"]:
            ok = is_right(content, announced)
            await answer(ws, size=announced["size"], received=len(content), ok=ok)


# %% wrong: true and false as texts
# breaks first: `{"received": …, "ok": …}`
# finding: neither `true` nor `false`
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await answer(ws, received=len(content))  # noqa: F821
            continue
        if isinstance(message, str):
            announced, content = json.loads(message), bytearray()
        else:
            content += message
        if len(content) == announced["size"]:
            ok = "true" if is_right(content, announced) else "false"
            await answer(ws, received=len(content), ok=ok)


# %% wrong: how many chunks
# breaks first: `{"received": …, "ok": …}`
# finding: `received` is not the number of bytes
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await answer(ws, received=chunks)  # noqa: F821
            continue
        if isinstance(message, str):
            announced, content, chunks = json.loads(message), bytearray(), 0
        else:
            content += message
            chunks += 1
        if len(content) == announced["size"]:
            await answer(ws, received=chunks, ok=is_right(content, announced))


# %% wrong: JSON in a binary message
# breaks first: `{"received": …, "ok": …}`
# finding: a binary message
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await ws.send(json.dumps({"received": len(content)}).encode())  # noqa: F821
            continue
        if isinstance(message, str):
            announced, content = json.loads(message), bytearray()
        else:
            content += message
        if len(content) == announced["size"]:
            reply = {"received": len(content), "ok": is_right(content, announced)}
            await ws.send(json.dumps(reply).encode())


# %% wrong: bytes are compared with digits
# breaks first: `true` if the checksum is right
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await answer(ws, received=len(content))  # noqa: F821
            continue
        if isinstance(message, str):
            announced, content = json.loads(message), bytearray()
        else:
            content += message
        if len(content) == announced["size"]:
            ok = hashlib.sha256(content).digest() == announced["sha256"]
            await answer(ws, received=len(content), ok=ok)


# %% wrong: the checksum of the last chunk
# breaks first: `true` if the checksum is right
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await answer(ws, received=received)  # noqa: F823
            continue
        if isinstance(message, str):
            announced, message, received = json.loads(message), b"", 0
        received += len(message)
        if received == announced["size"]:
            await answer(ws, received=received, ok=is_right(message, announced))


# %% wrong: an empty file is never right
# breaks: `true` if the checksum is right
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await answer(ws, received=len(content))  # noqa: F821
            continue
        if isinstance(message, str):
            announced, content = json.loads(message), bytearray()
        else:
            content += message
        if len(content) == announced["size"]:
            ok = bool(content) and is_right(content, announced)
            await answer(ws, received=len(content), ok=ok)


# %% wrong: small files are not looked at
# breaks: `true` if the checksum is right
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await answer(ws, received=len(content))  # noqa: F821
            continue
        if isinstance(message, str):
            announced, content = json.loads(message), bytearray()
        else:
            content += message
        if len(content) == announced["size"]:
            ok = len(content) > 1 and is_right(content, announced)
            await answer(ws, received=len(content), ok=ok)


# %% wrong: always true
# breaks: `false` if not
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await answer(ws, received=received)  # noqa: F823
            continue
        if isinstance(message, str):
            size, received = json.loads(message)["size"], 0
        else:
            received += len(message)
        if received == size:
            await answer(ws, received=received, ok=True)


# %% wrong: null for a wrong checksum
# breaks: `false` if not
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await answer(ws, received=len(content))  # noqa: F821
            continue
        if isinstance(message, str):
            announced, content = json.loads(message), bytearray()
        else:
            content += message
        if len(content) == announced["size"]:
            await answer(ws, received=len(content), ok=is_right(content, announced) or None)


# %% wrong: no ok for a wrong checksum
# breaks: `false` if not
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await answer(ws, received=len(content))  # noqa: F821
            continue
        if isinstance(message, str):
            announced, content = json.loads(message), bytearray()
        else:
            content += message
        if len(content) == announced["size"]:
            ok = {"ok": True} if is_right(content, announced) else {}
            await answer(ws, received=len(content), **ok)


# %% wrong: it closes the connection after a wrong checksum
# breaks first: `false` if not
# finding: a file with a wrong checksum is complete: the connection was closed
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await answer(ws, received=len(content))  # noqa: F821
            continue
        if isinstance(message, str):
            announced, content = json.loads(message), bytearray()
        else:
            content += message
        if len(content) == announced["size"]:
            if not is_right(content, announced):
                await ws.close(1008, "wrong checksum")
                return
            await answer(ws, received=len(content), ok=True)


# %% wrong: an empty chunk ends the file
# breaks: the next chunk, of any length
async def receive_file(ws):
    async for message in ws:
        announced, content = json.loads(message), bytearray()
        while len(content) < announced["size"]:
            chunk = await ws.recv()
            if chunk == "progress":
                await answer(ws, received=len(content))
                continue
            if not chunk:
                break
            content += chunk
        await answer(ws, received=len(content), ok=is_right(content, announced))


# %% wrong: bytes that are an announcement
# breaks: the next chunk, of any length
# finding: all as bytes
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await answer(ws, received=len(content))  # noqa: F821
            continue
        try:
            announced, content = dict(json.loads(message)), bytearray()
        except (ValueError, TypeError):
            content += message
        if len(content) == announced["size"]:
            await answer(ws, received=len(content), ok=is_right(content, announced))


# %% wrong: progress in a binary message
# breaks: the next chunk, of any length
# finding: all as bytes
async def receive_file(ws):
    async for message in ws:
        if message in ("progress", b"progress"):
            await answer(ws, received=len(content))  # noqa: F821
            continue
        if isinstance(message, str):
            announced, content = json.loads(message), bytearray()
        else:
            content += message
        if len(content) == announced["size"]:
            await answer(ws, received=len(content), ok=is_right(content, announced))


# %% wrong: equal chunks are one
# breaks: the next chunk, of any length
# finding: no message came
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await answer(ws, received=sum(map(len, parts)))  # noqa: F821
            continue
        if isinstance(message, str):
            announced, parts = json.loads(message), []
        elif message not in parts:
            parts.append(message)
        content = b"".join(parts)
        if len(content) == announced["size"]:
            await answer(ws, received=len(content), ok=is_right(content, announced))


# %% wrong: the checksum goes on with the next file
# breaks: several files one after the other
async def receive_file(ws):
    checksum = hashlib.sha256()
    async for message in ws:
        if message == "progress":
            await answer(ws, received=received)  # noqa: F823
            continue
        if isinstance(message, str):
            announced, received = json.loads(message), 0
        else:
            received += len(message)
            checksum.update(message)
        if received == announced["size"]:
            await answer(ws, received=received, ok=checksum.hexdigest() == announced["sha256"])


# %% wrong: the count goes on with the next file
# breaks first: several files one after the other
async def receive_file(ws):
    received = 0
    async for message in ws:
        if message == "progress":
            await answer(ws, received=received)
            continue
        if isinstance(message, str):
            announced, checksum = json.loads(message), hashlib.sha256()
        else:
            received += len(message)
            checksum.update(message)
        if received == announced["size"]:
            await answer(ws, received=received, ok=checksum.hexdigest() == announced["sha256"])


# %% wrong: only one file
# breaks first: several files one after the other
# finding: file 2 of 3 is complete: the connection was closed
async def receive_file(ws):
    announced, content = json.loads(await ws.recv()), bytearray()
    while len(content) < announced["size"]:
        message = await ws.recv()
        if message == "progress":
            await answer(ws, received=len(content))
        else:
            content += message
    await answer(ws, received=len(content), ok=is_right(content, announced))


# %% wrong: a wrong checksum is for ever
# breaks: several files one after the other
# finding: after a wrong checksum
async def receive_file(ws):
    damaged = False
    async for message in ws:
        if message == "progress":
            await answer(ws, received=len(content))  # noqa: F821
            continue
        if isinstance(message, str):
            announced, content = json.loads(message), bytearray()
        else:
            content += message
        if len(content) == announced["size"]:
            damaged = damaged or not is_right(content, announced)
            await answer(ws, received=len(content), ok=not damaged)


# %% wrong: progress is taken for a chunk
# breaks first: `{"received": …}`, the answer to `progress`
# finding: the connection was closed
async def receive_file(ws):
    async for message in ws:
        announced, content = json.loads(message), bytearray()
        while len(content) < announced["size"]:
            content += await ws.recv()
        await answer(ws, received=len(content), ok=is_right(content, announced))


# %% wrong: ok in the answer to progress
# breaks: `{"received": …}`, the answer to `progress`
async def receive_file(ws):
    async for message in ws:
        if isinstance(message, bytes):
            content += message  # noqa: F821
        elif message != "progress":
            announced, content = json.loads(message), bytearray()
        complete = len(content) == announced["size"]
        if message == "progress" or complete:
            await answer(ws, received=len(content), ok=is_right(content, announced))


# %% wrong: a number alone
# breaks: `{"received": …}`, the answer to `progress`
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await ws.send(str(len(content)))  # noqa: F821
            continue
        if isinstance(message, str):
            announced, content = json.loads(message), bytearray()
        else:
            content += message
        if len(content) == announced["size"]:
            await answer(ws, received=len(content), ok=is_right(content, announced))


# %% wrong: the bytes of all files
# breaks: so many bytes of this file have arrived
# finding: of another file
async def receive_file(ws):
    total = 0
    async for message in ws:
        if message == "progress":
            await answer(ws, received=total)
            continue
        if isinstance(message, str):
            announced, content = json.loads(message), bytearray()
        else:
            total += len(message)
            content += message
        if len(content) == announced["size"]:
            await answer(ws, received=len(content), ok=is_right(content, announced))


# %% wrong: progress counts chunks
# breaks: so many bytes of this file have arrived
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await answer(ws, received=len(chunks))  # noqa: F821
            continue
        if isinstance(message, str):
            announced, chunks = json.loads(message), []
        else:
            chunks.append(message)
        content = b"".join(chunks)
        if len(content) == announced["size"]:
            await answer(ws, received=len(content), ok=is_right(content, announced))


# %% wrong: how many are missing
# breaks: so many bytes of this file have arrived
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await answer(ws, received=announced["size"] - len(content))  # noqa: F821, F823
            continue
        if isinstance(message, str):
            announced, content = json.loads(message), bytearray()
        else:
            content += message
        if len(content) == announced["size"]:
            await answer(ws, received=len(content), ok=is_right(content, announced))


# %% wrong: nothing is there to count before the first chunk
# breaks: at any time while a file is on its way
# finding: before the first chunk: the connection was closed
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await answer(ws, received=sum(map(len, parts)))  # noqa: F821
            continue
        if isinstance(message, str):
            announced, parts, content = json.loads(message), None, b""
        else:
            parts = [*(parts or []), message]
            content = b"".join(parts)
        if len(content) == announced["size"]:
            await answer(ws, received=len(content), ok=is_right(content, announced))


# %% wrong: no answer before the first chunk
# breaks: at any time while a file is on its way
# finding: before the first chunk: no message came
async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            if content:  # noqa: F821
                await answer(ws, received=len(content))  # noqa: F821
            continue
        if isinstance(message, str):
            announced, content = json.loads(message), bytearray()
        else:
            content += message
        if len(content) == announced["size"]:
            await answer(ws, received=len(content), ok=is_right(content, announced))


# %% wrong: all have one file
# breaks: while others send theirs
received, checksum, announced = 0, None, None


async def receive_file(ws):
    global received, checksum, announced
    async for message in ws:
        if message == "progress":
            await answer(ws, received=received)
            continue
        if isinstance(message, str):
            announced = json.loads(message)
            received, checksum = 0, hashlib.sha256()
        else:
            received += len(message)
            checksum.update(message)
        if received == announced["size"]:
            await answer(ws, received=received, ok=checksum.hexdigest() == announced["sha256"])


# %% wrong: one client at a time
# breaks: while others send theirs
# finding: no message came
lock = asyncio.Lock()


async def receive_file(ws):
    async for message in ws:
        async with lock:
            announced, content = json.loads(message), bytearray()
            while len(content) < announced["size"]:
                message = await ws.recv()
                if message == "progress":
                    await answer(ws, received=len(content))
                else:
                    content += message
            await answer(ws, received=len(content), ok=is_right(content, announced))


# %% wrong: files of one size are one
# breaks: while others send theirs
contents = collections.defaultdict(bytearray)


async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await answer(ws, received=len(contents[size]))  # noqa: F821
            continue
        if isinstance(message, str):
            announced = json.loads(message)
            size = announced["size"]
        else:
            contents[size] += message
        if len(contents[size]) == size:
            content = contents.pop(size, b"")
            await answer(ws, received=size, ok=is_right(content, announced))


# %% wrong: it blocks
# finding: holds up the event loop
async def receive_file(ws):
    async for message in ws:
        announced = json.loads(message)
        while announced:
            time.sleep(0.01)  # noqa: ASYNC251
