"""Answers to exercise 6.1, “Two at once”."""

# %% right
import asyncio

from websockets.asyncio.client import connect


async def say(url, message):
    async with connect(url) as ws:
        await ws.send(message)
        return await ws.recv()


async def both(url, first, second):
    async with asyncio.TaskGroup() as group:
        one = group.create_task(say(url, first))
        two = group.create_task(say(url, second))
    return one.result(), two.result()


# %% right
from websockets.sync.client import connect


def both(url, first, second):
    with connect(url) as one, connect(url) as two:
        one.send(first)
        two.send(second)
        return [one.recv(), two.recv()]


# %% wrong
# finding: never came
import asyncio

from websockets.asyncio.client import connect


async def say(url, message):
    async with connect(url) as ws:
        await ws.send(message)
        return await ws.recv()


async def both(url, first, second):
    return [await say(url, first), await say(url, second)]


# %% wrong
# finding: in order
import asyncio

from websockets.asyncio.client import connect


async def say(url, message):
    async with connect(url) as ws:
        await ws.send(message)
        return await ws.recv()


async def both(url, first, second):
    replies = []
    for done in asyncio.as_completed([say(url, first), say(url, second)]):
        replies.append(await done)
    return replies


# %% wrong
# finding: should return both replies
import asyncio

from websockets.asyncio.client import connect


async def say(url, message):
    async with connect(url) as ws:
        await ws.send(message)
        return await ws.recv()


async def both(url, first, second):
    await asyncio.gather(say(url, first), say(url, second))


# %% wrong
# finding: it raised ConcurrencyError
import asyncio

from websockets.asyncio.client import connect


async def say(url, message):
    async with connect(url) as ws:
        await ws.send(message)
        return await ws.recv()


async def both(url, first, second):
    async with connect(url) as ws:
        await ws.send(first)
        await ws.send(second)
        return await asyncio.gather(ws.recv(), ws.recv())
