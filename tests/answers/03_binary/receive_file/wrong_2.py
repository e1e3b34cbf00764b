"""Answers to exercise 3.5, “Receive files in chunks”."""

import asyncio
import collections
import hashlib
import json
import time


def is_right(content, announced):
    return hashlib.sha256(content).hexdigest() == announced["sha256"]


async def answer(ws, **values):
    await ws.send(json.dumps(values))


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
