"""Answers to exercise 11.2, “Goodbye in batches”."""

import asyncio
import contextlib
import itertools


async def quiet(ws):
    with contextlib.suppress(Exception):
        await ws.close(1001)


# %% right: a semaphore
async def goodbye(connections, size):
    places = asyncio.Semaphore(size)

    async def close(ws):
        async with places:
            await ws.close(code=1001, reason="restart")

    await asyncio.gather(*map(close, connections), return_exceptions=True)


# %% right: TaskGroup
async def goodbye(connections, size):
    async def close(ws):
        try:
            await ws.close(1001)
        except Exception as error:
            print("could not close:", error)

    waiting = list(connections)
    while waiting:
        batch, waiting = waiting[:size], waiting[size:]
        async with asyncio.TaskGroup() as tasks:
            for ws in batch:
                tasks.create_task(close(ws))


# %% right: workers
async def goodbye(connections, size):
    queue = iter(list(connections))

    async def work():
        for ws in queue:
            with contextlib.suppress(Exception):
                await ws.close(1001)

    await asyncio.gather(*(work() for _ in range(size)))


# %% wrong: the last batch is forgotten
# breaks: closes all `connections`
async def goodbye(connections, size):
    for start in range(0, len(connections) - size + 1, size):
        batch = connections[start : start + size]
        await asyncio.gather(*(ws.close(1001) for ws in batch), return_exceptions=True)


# %% wrong: the usual code
# breaks: with code 1001
async def goodbye(connections, size):
    for start in range(0, len(connections), size):
        batch = connections[start : start + size]
        await asyncio.gather(*(ws.close() for ws in batch), return_exceptions=True)


# %% wrong: all at once
# breaks: at most `size` of them at the same time
async def goodbye(connections, size):
    await asyncio.gather(*(ws.close(1001) for ws in connections), return_exceptions=True)


# %% wrong: one after the other
# breaks: and more than one
async def goodbye(connections, size):
    for ws in connections:
        try:
            await ws.close(1001)
        except Exception:
            continue


# %% wrong: nobody waits for the last batch
# breaks: returns when all of them are closed
async def goodbye(connections, size):
    places = asyncio.Semaphore(size)

    async def close(ws):
        try:
            await ws.close(1001)
        except OSError:
            pass
        finally:
            places.release()

    tasks = []
    for ws in connections:
        await places.acquire()
        tasks.append(asyncio.ensure_future(close(ws)))
    await asyncio.sleep(0)


# %% wrong: the first exception ends it
# breaks: A `close()` that raises an exception keeps no other connection open
async def goodbye(connections, size):
    for start in range(0, len(connections), size):
        await asyncio.gather(*(ws.close(1001) for ws in connections[start : start + size]))


# %% wrong: OSError only
# breaks: A `close()` that raises an exception keeps no other connection open
async def goodbye(connections, size):
    queue = iter(list(connections))

    async def work():
        for ws in queue:
            with contextlib.suppress(OSError):
                await ws.close(1001)

    await asyncio.gather(*(work() for _ in range(size)))


# %% wrong: half of what is allowed
# breaks: and more than one
async def goodbye(connections, size):
    places = asyncio.Semaphore(max(1, size // 2))

    async def close(ws):
        async with places:
            await ws.close(1001)

    await asyncio.gather(*map(close, connections), return_exceptions=True)


# %% right: workers
async def goodbye(connections, size):
    it = iter(list(connections))

    async def worker():
        for ws in it:
            await quiet(ws)

    async with asyncio.TaskGroup() as tg:
        for _ in range(size):
            tg.create_task(worker())


# %% right: islice
async def goodbye(connections, size):
    it = iter(tuple(connections))
    while batch := list(itertools.islice(it, size)):
        tasks = [asyncio.ensure_future(ws.close(1001)) for ws in batch]
        await asyncio.wait(tasks)
        for t in tasks:
            t.exception()


# %% wrong: TaskGroup cancels the others
# breaks: A `close()` that raises an exception keeps no other connection open
async def goodbye(connections, size):
    todo = list(connections)
    while todo:
        batch, todo = todo[:size], todo[size:]
        try:
            async with asyncio.TaskGroup() as tg:
                for ws in batch:
                    tg.create_task(ws.close(1001))
        except* Exception:
            pass


# %% wrong: gives up after a tenth of a second for each batch
# breaks first: at most `size` of them at the same time
async def goodbye(connections, size):
    todo = list(connections)
    while todo:
        batch, todo = todo[:size], todo[size:]
        await asyncio.wait([asyncio.create_task(quiet(ws)) for ws in batch], timeout=0.001)


# %% wrong: only Exceptions of one kind
# breaks: A `close()` that raises an exception keeps no other connection open
async def goodbye(connections, size):
    async def one(ws):
        with contextlib.suppress(ConnectionError):
            await ws.close(1001)

    todo = list(connections)
    while todo:
        batch, todo = todo[:size], todo[size:]
        await asyncio.gather(*[one(ws) for ws in batch])
