"""Answers to exercise 8.3, “Full jitter, with a cap”: what comes back, which failures it knows."""

import itertools

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect as connect_sync


# %% right: blocking
def stubborn(url, rng, pause):
    for attempt in itertools.count():
        try:
            with connect_sync(url, open_timeout=5) as ws:
                return ws.recv(timeout=5)
        except (OSError, WebSocketException):
            pause(rng.random() * min(0.1 * 2**attempt, 0.8))


# %% right: a generator of waits, and everything caught
def waits(rng):
    limit = 0.1
    while True:
        yield rng.uniform(0, limit)
        limit = min(limit * 2, 0.8)


async def stubborn(url, rng, pause):
    for wait in waits(rng):
        try:
            async with connect(url, open_timeout=5) as ws:
                async for message in ws:
                    return message
        except Exception:
            pass
        await pause(wait)


# %% right: a class, and the other end of the random number
class Stubborn:
    def __init__(self):
        self.limits = itertools.chain([0.1, 0.2, 0.4], itertools.repeat(0.8))

    async def attempt(self, url):
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            return None

    async def run(self, url, rng, pause):
        while (message := await self.attempt(url)) is None:
            await pause((1 - rng.random()) * next(self.limits))
        return message


async def stubborn(url, rng, pause):
    return await Stubborn().run(url, rng, pause)


# %% right: it calls itself
async def stubborn(url, rng, pause, failures=0):
    try:
        ws = await connect(url)
        try:
            return await ws.recv()
        finally:
            await ws.close()
    except (OSError, WebSocketException):
        await pause(rng.uniform(0, min(0.1 * 2**failures, 0.8)))
    return await stubborn(url, rng, pause, failures + 1)


# %% wrong: an empty message counts as none
# breaks: returns that message
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                if message := await ws.recv():
                    return message
        except (OSError, WebSocketException):
            await pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)


# %% wrong: bytes become text
# breaks: returns that message
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv(decode=True)
        except (OSError, WebSocketException):
            await pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)


# %% wrong: nothing is returned
# breaks first: returns that message
# finding: it returned nothing
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                await ws.recv()
                return
        except (OSError, WebSocketException):
            await pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)


# %% wrong: only websockets' own errors are caught
# breaks: Refused
# finding: where nobody listens
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except WebSocketException:
            await pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)


# %% wrong: a status is left to raise
# breaks first: Refused
# finding: a status that refuses
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, ConnectionClosed):
            await pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)


# %% wrong: a status of 4xx is taken for the end
# breaks: Refused
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except InvalidStatus as refused:
            if refused.response.status_code < 500:
                raise
        except (OSError, WebSocketException):
            pass
        await pause(rng.uniform(0, limit))
        limit = min(2 * limit, 0.8)


# %% wrong: what is lost in the handshake is left to raise
# breaks: lost
# finding: in the handshake
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, InvalidStatus, ConnectionClosed):
            await pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)


# %% wrong: a status is the only failure that it knows
# breaks first: Refused
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except InvalidStatus:
            await pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)


# %% wrong: after a normal CLOSE it returns nothing
# breaks: closed without a message
# finding: a CLOSE 1000
async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                async for message in ws:
                    return message
                return None
        except (OSError, WebSocketException):
            await pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)


# %% wrong: it gives up after four failures
# breaks first: connects until a connection brings a message
# finding: it gave up
async def stubborn(url, rng, pause):
    for limit in (0.1, 0.2, 0.4, 0.8):
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(rng.uniform(0, limit))


# %% wrong: it gives up after ten failures
# breaks: connects until a connection brings a message
async def stubborn(url, rng, pause):
    for attempt in range(10):
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(rng.uniform(0, min(0.8, 0.1 * 2**attempt)))


# %% wrong: it makes sure that the server is there
# breaks first: connects until a connection brings a message
# finding: connected again
async def stubborn(url, rng, pause):
    limit = 0.1
    message = None
    while True:
        try:
            async with connect(url) as ws:
                if message is not None:
                    return message
                message = await ws.recv()
        except (OSError, WebSocketException):
            await pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)
