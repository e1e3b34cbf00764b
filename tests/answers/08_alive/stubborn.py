"""Answers to exercise 8.3, “Full jitter, with a cap”."""

# %% right
import itertools

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect


def stubborn(url, rng, pause):
    for attempt in itertools.count():
        try:
            with connect(url, open_timeout=5) as ws:
                return ws.recv(timeout=5)
        except (OSError, WebSocketException):
            pause(rng.random() * min(0.1 * 2**attempt, 0.8))


# %% right
from websockets.asyncio.client import connect


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


# %% wrong
# finding: should be drawn with rng
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(limit)
            limit = min(2 * limit, 0.8)


# %% wrong
# finding: no wait should be longer than 0.8
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(rng.uniform(0, limit))
            limit = 2 * limit


# %% wrong
# finding: wait 1 should be anything from 0 to its limit, 0.1
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(limit / 2 + rng.uniform(0, limit / 2))
            limit = min(2 * limit, 0.8)


# %% wrong
# finding: wait 3 should be anything from 0 to its limit, 0.4
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                limit = 0.1
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)


# %% wrong
# finding: pause() should be called once
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def stubborn(url, rng, pause):
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            pass


# %% wrong
# finding: raised ConnectionClosedError
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus


async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except InvalidStatus:
            await pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)


# %% wrong
# finding: it raised ConnectionRefusedError
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except WebSocketException:
            await pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)


# %% wrong
# finding: it gave up
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def stubborn(url, rng, pause):
    for limit in (0.1, 0.2, 0.4, 0.8):
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(rng.uniform(0, limit))


# %% wrong
# finding: before each further attempt, and only then

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        await pause(rng.uniform(0, limit))
        limit = min(2 * limit, 0.8)
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            pass
