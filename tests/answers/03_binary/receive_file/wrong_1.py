"""Answers to exercise 3.5, “Receive files in chunks”."""

import hashlib
import json


def is_right(content, announced):
    return hashlib.sha256(content).hexdigest() == announced["sha256"]


async def answer(ws, **values):
    await ws.send(json.dumps(values))


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
    received = 0
    async for message in ws:
        if message == "progress":
            await answer(ws, received=received)
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
    received = 0
    async for message in ws:
        if message == "progress":
            await answer(ws, received=received)
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
    received = 0
    checksum = hashlib.sha256()
    async for message in ws:
        if message == "progress":
            await answer(ws, received=received)
            continue
        if isinstance(message, str):
            announced, received = json.loads(message), 0
        else:
            received += len(message)
            checksum.update(message)
        if received == announced["size"]:
            await answer(ws, received=received, ok=checksum.hexdigest() == announced["sha256"])
