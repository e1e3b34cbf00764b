"""Answers to exercise 8.1, “How far away is it?”."""

import asyncio
import time

from websockets.asyncio.client import connect
from websockets.sync.client import connect as connect_sync


# %% right: what websockets remembers
async def round_trip(url):
    async with connect(url, open_timeout=5, ping_interval=None) as ws:
        async with asyncio.timeout(5):
            await (await ws.ping(b"how far?"))
        return ws.latency


# %% right: blocking, with a clock
def round_trip(url):
    with connect_sync(url, open_timeout=5) as ws:
        start = time.perf_counter()
        ws.ping().wait(5)
        return time.perf_counter() - start


# %% right: the shortest of three
async def round_trip(url):
    async with connect(url) as ws:
        return min([await (await ws.ping()) for _ in range(3)])


# %% right: a clock of the loop, and no `with`
async def round_trip(url):
    loop = asyncio.get_running_loop()
    ws = await connect(url)
    try:
        start = loop.time()
        pong = await ws.ping()
        await asyncio.wait_for(pong, 5)
        end = loop.time()
    finally:
        await ws.close()
    return end - start


# %% wrong: no ping
# breaks: by a ping
# finding: no PING
async def round_trip(url):
    async with connect(url) as ws:
        return ws.latency


# %% wrong: a message that nobody answers
# breaks: by a ping
# finding: it sent a message
async def round_trip(url):
    async with connect(url) as ws:
        start = time.perf_counter()
        await ws.send("ping")
        await ws.recv()
        return time.perf_counter() - start


# %% wrong: a message besides
# breaks: by a ping
# finding: it sent a message
async def round_trip(url):
    async with connect(url) as ws:
        await ws.send("how far?")
        return await (await ws.ping())


# %% wrong: a pong that nobody asked for
# breaks: by a ping
async def round_trip(url):
    async with connect(url) as ws:
        start = time.perf_counter()
        await ws.pong()
        return time.perf_counter() - start


# %% wrong: the PONG is not awaited
# breaks: and return it
# finding: still to be awaited
async def round_trip(url):
    async with connect(url) as ws:
        return await ws.ping()


# %% wrong: it measures, and returns nothing
# breaks: and return it
# finding: it returned nothing
async def round_trip(url):
    async with connect(url) as ws:
        await (await ws.ping())


# %% wrong: words
# breaks: and return it
# finding: no number
async def round_trip(url):
    async with connect(url) as ws:
        return f"{await (await ws.ping()):.3f} s"


# %% wrong: what ping() gives is awaited once
# breaks: and return it
async def round_trip(url):
    async with connect(url) as ws:
        pong = ws.ping()
        return await pong


# %% wrong: milliseconds
# breaks: in seconds
async def round_trip(url):
    async with connect(url) as ws:
        return 1000 * await (await ws.ping())


# %% wrong: nanoseconds
# breaks: in seconds
async def round_trip(url):
    async with connect(url) as ws:
        start = time.perf_counter_ns()
        await (await ws.ping())
        return time.perf_counter_ns() - start


# %% wrong: the PONG is not waited for
# breaks: measure one round trip
# finding: the PONG was not waited for
async def round_trip(url):
    async with connect(url) as ws:
        await ws.ping()
        return ws.latency


# %% wrong: the time that ping() takes
# breaks: measure one round trip
# finding: the PONG was not waited for
async def round_trip(url):
    async with connect(url) as ws:
        start = time.perf_counter()
        await ws.ping()
        return time.perf_counter() - start


# %% wrong: one way
# breaks: measure one round trip
# finding: there and back
async def round_trip(url):
    async with connect(url) as ws:
        return await (await ws.ping()) / 2


# %% wrong: three of them
# breaks: measure one round trip
# finding: more than one
async def round_trip(url):
    async with connect(url) as ws:
        return sum([await (await ws.ping()) for _ in range(3)])


# %% wrong: the closing handshake is in it
# breaks: measure one round trip
# finding: more than one
async def round_trip(url):
    async with connect(url) as ws:
        start = time.perf_counter()
        await (await ws.ping())
    return time.perf_counter() - start


# %% wrong: the opening handshake is in it
# breaks: its opening handshake is slow: that does not count
async def round_trip(url):
    start = time.perf_counter()
    async with connect(url) as ws:
        await (await ws.ping())
        return time.perf_counter() - start


# %% wrong: the opening handshake is what it measures
# breaks first: measure one round trip
# finding: more than one
async def round_trip(url):
    start = time.perf_counter()
    async with connect(url) as ws:
        seconds = time.perf_counter() - start
        await (await ws.ping())
        return seconds


# %% wrong: whole seconds
# breaks: measure one round trip
async def round_trip(url):
    async with connect(url) as ws:
        return int(await (await ws.ping()))


# %% wrong: wait() of the blocking client says whether, not when
# breaks: and return it
# finding: no number
def round_trip(url):
    with connect_sync(url) as ws:
        return ws.ping().wait(5)
