"""Answers to exercise 9.3, “Compress what is worth it”."""

import asyncio
import gzip
import zlib

from websockets.exceptions import ConnectionClosed


def packed(text):
    return zlib.compress(text.encode())


# %% right: in a thread
async def squeeze(ws):
    async for message in ws:
        if len(message.encode("utf-8")) >= 1000:
            message = await asyncio.to_thread(zlib.compress, message.encode("utf-8"), 9)
        await ws.send(message)


# %% right: the bytes as they came
async def squeeze(ws):
    try:
        while True:
            data = await ws.recv(decode=False)
            if len(data) > 999:
                await ws.send(zlib.compress(data), text=False)
            else:
                await ws.send(data, text=True)
    except ConnectionClosed:
        return


# %% right: match
def reply(message):
    match len(message.encode()):
        case size if size < 1000:
            return message
        case _:
            return packed(message)


async def squeeze(ws):
    async for message in ws:
        await ws.send(reply(message))


# %% right: a class
class Squeezer:
    def __init__(self, limit):
        self.limit = limit

    async def __call__(self, ws):
        async for message in ws:
            long = len(bytes(message, "utf-8")) >= self.limit
            await ws.send(packed(message) if long else message)


squeeze = Squeezer(1000)


# %% wrong: everything is compressed
# breaks: A message of less than 1,000 bytes comes back as it was
async def squeeze(ws):
    async for message in ws:
        await ws.send(packed(message))


# %% wrong: nothing is compressed
# breaks first: it comes back as a binary message: its UTF-8, compressed by `zlib.compress()`
async def squeeze(ws):
    async for message in ws:
        await ws.send(message)


# %% wrong: characters are counted
# breaks: From 1,000 bytes on (of UTF-8, not characters)
async def squeeze(ws):
    async for message in ws:
        await ws.send(message if len(message) < 1000 else packed(message))


# %% wrong: from 1,001 bytes on
# breaks: From 1,000 bytes on (of UTF-8, not characters)
async def squeeze(ws):
    async for message in ws:
        await ws.send(message if len(message.encode()) <= 1000 else packed(message))


# %% wrong: an empty message gets nothing
# breaks: A message of less than 1,000 bytes comes back as it was
async def squeeze(ws):
    async for message in ws:
        if message:
            await ws.send(message if len(message.encode()) < 1000 else packed(message))


# %% wrong: gzip
# breaks: it comes back as a binary message: its UTF-8, compressed by `zlib.compress()`
# finding: is not what zlib.compress() makes
async def squeeze(ws):
    async for message in ws:
        data = message.encode()
        await ws.send(message if len(data) < 1000 else gzip.compress(data))


# %% wrong: the first thousand bytes
# breaks: it comes back as a binary message: its UTF-8, compressed by `zlib.compress()`
async def squeeze(ws):
    async for message in ws:
        data = message.encode()
        await ws.send(message if len(data) < 1000 else zlib.compress(data[:1000]))


# %% wrong: UTF-16
# breaks: it comes back as a binary message: its UTF-8, compressed by `zlib.compress()`
async def squeeze(ws):
    async for message in ws:
        long = len(message.encode()) >= 1000
        await ws.send(zlib.compress(message.encode("utf-16")) if long else message)


# %% wrong: as hexadecimal text
# breaks first: it comes back as a binary message: its UTF-8, compressed by `zlib.compress()`
async def squeeze(ws):
    async for message in ws:
        await ws.send(message if len(message.encode()) < 1000 else packed(message).hex())


# %% wrong: one message, and it ends
# breaks first: A message of less than 1,000 bytes comes back as it was
async def squeeze(ws):
    message = await ws.recv()
    await ws.send(message if len(message.encode()) < 1000 else packed(message))


# %% wrong: text is not bytes
# breaks first: A message of less than 1,000 bytes comes back as it was
async def squeeze(ws):
    async for message in ws:
        await ws.send(zlib.compress(message) if len(message) >= 334 else message)
