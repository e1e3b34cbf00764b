"""Answers to exercise 8.1, “How far away is it?”."""

# %% right
import asyncio

from websockets.asyncio.client import connect


async def round_trip(url):
    async with connect(url, open_timeout=5, ping_interval=None) as ws:
        async with asyncio.timeout(5):
            await (await ws.ping(b"how far?"))
        return ws.latency


# %% right
import time

from websockets.sync.client import connect


def round_trip(url):
    with connect(url, open_timeout=5) as ws:
        start = time.perf_counter()
        ws.ping().wait(5)
        return time.perf_counter() - start


# %% right
from websockets.asyncio.client import connect


async def round_trip(url):
    async with connect(url) as ws:
        return min([await (await ws.ping()) for _ in range(3)])


# %% wrong
# finding: the PONG was not waited for
from websockets.asyncio.client import connect


async def round_trip(url):
    async with connect(url) as ws:
        await ws.ping()
        return ws.latency


# %% wrong
# finding: the server got no PING
from websockets.asyncio.client import connect


async def round_trip(url):
    async with connect(url) as ws:
        return ws.latency


# %% wrong
# finding: not in milliseconds
from websockets.asyncio.client import connect


async def round_trip(url):
    async with connect(url) as ws:
        return 1000 * await (await ws.ping())


# %% wrong
# finding: the opening handshake is in it
import time

from websockets.asyncio.client import connect


async def round_trip(url):
    start = time.perf_counter()
    async with connect(url) as ws:
        await (await ws.ping())
        return time.perf_counter() - start


# %% wrong
# finding: there and back
from websockets.asyncio.client import connect


async def round_trip(url):
    async with connect(url) as ws:
        return await (await ws.ping()) / 2


# %% wrong
# finding: waited for something that never came
import time

from websockets.asyncio.client import connect


async def round_trip(url):
    async with connect(url) as ws:
        start = time.perf_counter()
        await ws.send("ping")
        await ws.recv()
        return time.perf_counter() - start


# %% wrong
# finding: no message is needed
from websockets.asyncio.client import connect


async def round_trip(url):
    async with connect(url) as ws:
        await ws.send("how far?")
        return await (await ws.ping())


# %% wrong
# finding: it should return a number
from websockets.asyncio.client import connect


async def round_trip(url):
    async with connect(url) as ws:
        return await ws.ping()
