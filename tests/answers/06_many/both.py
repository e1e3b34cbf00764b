"""Answers to exercise 6.1, “Two at once”."""

import asyncio
import concurrent.futures
import json

from websockets.asyncio.client import connect
from websockets.sync.client import connect as connect_sync


async def say(url, message):
    async with connect(url) as ws:
        await ws.send(message)
        return await ws.recv()


# %% right: a task group
async def both(url, first, second):
    async with asyncio.TaskGroup() as group:
        one = group.create_task(say(url, first))
        two = group.create_task(say(url, second))
    return one.result(), two.result()


# %% right: blocking, with two connections
def both(url, first, second):
    with connect_sync(url) as one, connect_sync(url) as two:
        one.send(first)
        two.send(second)
        return [one.recv(), two.recv()]


# %% right: threads
def both(url, first, second):
    def say(message):
        with connect_sync(url) as ws:
            ws.send(message)
            return ws.recv(timeout=5)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(say, [first, second]))


# %% right: two tasks
async def both(url, first, second):
    tasks = [asyncio.create_task(say(url, message)) for message in (first, second)]
    return [await task for task in tasks]


# %% wrong: one after the other
# breaks: at the same time
async def both(url, first, second):
    return [await say(url, first), await say(url, second)]


# %% wrong: blocking, one after the other
# breaks: at the same time
def both(url, first, second):
    replies = []
    for message in (first, second):
        with connect_sync(url) as ws:
            ws.send(message)
            replies.append(ws.recv())
    return replies


# %% wrong: the reply that comes first is first
# breaks: returns the list of both replies, in this order
async def both(url, first, second):
    replies = []
    for done in asyncio.as_completed([say(url, first), say(url, second)]):
        replies.append(await done)
    return replies


# %% wrong: a set of tasks has no order
# breaks: returns the list of both replies, in this order
async def both(url, first, second):
    tasks = {asyncio.create_task(say(url, message)) for message in (first, second)}
    done = set()
    while tasks:
        now, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        done |= now
        first_done = [task.result() for task in now]
        if len(done) == len(now):
            replies = first_done
        else:
            replies += first_done
    return replies


# %% wrong: nothing is returned
# breaks: returns the list of both replies, in this order
# finding: returned nothing
async def both(url, first, second):
    await asyncio.gather(say(url, first), say(url, second))


# %% wrong: equal replies are one
# breaks: returns the list of both replies, in this order
async def both(url, first, second):
    replies = await asyncio.gather(say(url, first), say(url, second))
    return list(dict.fromkeys(replies))


# %% wrong: the replies are sorted
# breaks: returns the list of both replies, in this order
async def both(url, first, second):
    return sorted(await asyncio.gather(say(url, first), say(url, second)))


# %% wrong: a dictionary by message
# breaks: returns the list of both replies, in this order
# finding: equal messages
async def both(url, first, second):
    async def ask(message):
        return message, await say(url, message)

    return list(dict(await asyncio.gather(ask(first), ask(second))).values())


# %% wrong: an empty reply is left out
# breaks: returns the list of both replies, in this order
async def both(url, first, second):
    replies = await asyncio.gather(say(url, first), say(url, second))
    return [reply for reply in replies if reply]


# %% wrong: one connection
# breaks: each with a connection of its own
async def both(url, first, second):
    async with connect(url) as ws:
        await ws.send(first)
        await ws.send(second)
        return [await ws.recv(), await ws.recv()]


# %% wrong: recv() twice at once on one connection
# breaks first: say `first` and `second`
async def both(url, first, second):
    async with connect(url) as ws:
        await ws.send(first)
        await ws.send(second)
        return await asyncio.gather(ws.recv(), ws.recv())


# %% wrong: the second one says what the first one said
# breaks first: say `first` and `second`
async def both(url, first, second):
    return await asyncio.gather(say(url, first), say(url, first))


# %% wrong: the messages are stripped
# breaks: say `first` and `second`
async def both(url, first, second):
    return await asyncio.gather(say(url, first.strip()), say(url, second.strip()))


# %% wrong: JSON of the messages
# breaks first: say `first` and `second`
async def both(url, first, second):
    return await asyncio.gather(say(url, json.dumps(first)), say(url, json.dumps(second)))


# %% wrong: bytes
# breaks first: say `first` and `second`
# finding: binary
async def both(url, first, second):
    return await asyncio.gather(say(url, first.encode()), say(url, second.encode()))


# %% wrong: the coroutines are not awaited
# breaks first: say `first` and `second`
def both(url, first, second):
    return [say(url, first), say(url, second)]
