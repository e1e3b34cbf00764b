"""Answers to exercise 9.3, “Compress what is worth it”."""

# %% right
import asyncio
import zlib


async def squeeze(ws):
    async for message in ws:
        if len(message.encode("utf-8")) >= 1000:
            message = await asyncio.to_thread(zlib.compress, message.encode("utf-8"), 9)
        await ws.send(message)


# %% right
import zlib

from websockets.exceptions import ConnectionClosed


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


# %% wrong
# finding: a binary message came where text is due
import zlib


async def squeeze(ws):
    async for message in ws:
        await ws.send(zlib.compress(message.encode()))


# %% wrong
# finding: from 1,000 bytes on, a message should come back compressed
async def squeeze(ws):
    async for message in ws:
        await ws.send(message)


# %% wrong
# finding: from 1,000 bytes on
import zlib


async def squeeze(ws):
    async for message in ws:
        await ws.send(message if len(message) < 1000 else zlib.compress(message.encode()))


# %% wrong
# finding: is not what zlib.compress() makes
import gzip


async def squeeze(ws):
    async for message in ws:
        data = message.encode()
        await ws.send(message if len(data) < 1000 else gzip.compress(data))


# %% wrong
# finding: decompressed, the message should be what was sent
import zlib


async def squeeze(ws):
    async for message in ws:
        data = message.encode()
        await ws.send(message if len(data) < 1000 else zlib.compress(data[:1000]))


# %% wrong
# finding: a long message should come back: the connection was closed
import zlib


async def squeeze(ws):
    message = await ws.recv()
    data = message.encode()
    await ws.send(message if len(data) < 1000 else zlib.compress(data))


# %% wrong
# finding: a long message should come back: no message came
import zlib


async def squeeze(ws):
    async for message in ws:
        try:  # noqa: SIM105
            await ws.send(zlib.compress(message) if len(message) >= 1000 else message)
        except TypeError:
            pass
