"""Answers to exercise 9.5, “Only the newest”."""

import asyncio
import collections
import contextlib
import json

from websockets.asyncio.server import broadcast


def text(symbol, price):
    return json.dumps({"symbol": symbol, "price": price})


@contextlib.asynccontextmanager
async def running(coroutine):
    """A task for a while, which may end what it has begun"""
    task = asyncio.create_task(coroutine)
    try:
        yield
        await task
    finally:
        task.cancel()


# %% wrong: equal prices are no update
# breaks: Send each
async def quotes(ws, updates):
    latest, last, sending = {}, {}, None

    async def send_all():
        while latest:
            await ws.send(text(*latest.popitem()))

    async for symbol, price in updates:
        if last.get(symbol) != price:
            last[symbol] = latest[symbol] = price
            if sending is None or sending.done():
                sending = asyncio.create_task(send_all())
    if sending is not None:
        await sending


# %% wrong: a price of 0 is none
# breaks first: Send each
async def quotes(ws, updates):
    latest, sending = {}, None

    async def send_all():
        while latest:
            await ws.send(text(*latest.popitem()))

    async for symbol, price in updates:
        if price:
            latest[symbol] = price
            if sending is None or sending.done():
                sending = asyncio.create_task(send_all())
    if sending is not None:
        await sending


# %% wrong: all at the end
# breaks first: Send each
async def quotes(ws, updates):
    latest = {}
    async for symbol, price in updates:
        latest[symbol] = price
    for symbol, price in latest.items():
        await ws.send(text(symbol, price))


# %% wrong: always two at once
# breaks first: Send each
async def quotes(ws, updates):
    latest, sending = {}, None

    async def send_all():
        while latest:
            await ws.send(text(*latest.popitem()))

    async for symbol, price in updates:
        latest[symbol] = price
        if len(latest) > 1 and (sending is None or sending.done()):
            sending = asyncio.create_task(send_all())
    await send_all()


# %% wrong: all prices whenever one has changed
# breaks first: Send each
# finding: more messages came than updates
async def quotes(ws, updates):
    prices, changed = {}, asyncio.Event()
    ended = False

    async def send():
        while not ended:
            await changed.wait()
            changed.clear()
            for symbol, price in list(prices.items()):
                await ws.send(text(symbol, price))

    async with running(send()):
        async for symbol, price in updates:
            prices[symbol] = price
            changed.set()
        ended = True
        changed.set()


# %% wrong: all clients have one dictionary
# breaks: Send each
newest = {}


async def quotes(ws, updates):
    changed, ended = asyncio.Event(), False

    async def send():
        while newest or not ended:
            await changed.wait()
            changed.clear()
            while newest:
                await ws.send(text(*newest.popitem()))

    async with running(send()):
        async for symbol, price in updates:
            newest[symbol] = price
            changed.set()
        ended = True
        changed.set()


# %% wrong: the sender is not there any more when nothing was left
# breaks first: Send each
async def quotes(ws, updates):
    latest, sending = {}, None

    async def send_all():
        while latest:
            await ws.send(text(*latest.popitem()))

    async for symbol, price in updates:
        latest[symbol] = price
        if sending is None:
            sending = asyncio.create_task(send_all())
    if sending is not None:
        await sending


# %% wrong: the await is missing
# breaks first: Send each
# finding: is an `await` missing before `ws.send(…)`?
async def quotes(ws, updates):
    async for symbol, price in updates:
        ws.send(text(symbol, price))


# %% wrong: a dict is sent
# breaks first: Send each
# finding: the connection was closed
async def quotes(ws, updates):
    async for symbol, price in updates:
        await ws.send({"symbol": symbol, "price": price})


# %% wrong: JSON as bytes
# breaks: as JSON text
# finding: binary
async def quotes(ws, updates):
    latest, sending = {}, None

    async def send_all():
        while latest:
            await ws.send(text(*latest.popitem()).encode())

    async for symbol, price in updates:
        latest[symbol] = price
        if sending is None or sending.done():
            sending = asyncio.create_task(send_all())
    if sending is not None:
        await sending


# %% wrong: an f-string
# breaks: as JSON text
# finding: not JSON
async def quotes(ws, updates):
    latest, sending = {}, None

    async def send_all():
        while latest:
            symbol, price = latest.popitem()
            await ws.send(f'{{"symbol": "{symbol}", "price": {price}}}')

    async for symbol, price in updates:
        latest[symbol] = price
        if sending is None or sending.done():
            sending = asyncio.create_task(send_all())
    if sending is not None:
        await sending


# %% wrong: an array
# breaks first: `{"symbol": …, "price": …}`
async def quotes(ws, updates):
    latest, sending = {}, None

    async def send_all():
        while latest:
            await ws.send(json.dumps(latest.popitem()))

    async for symbol, price in updates:
        latest[symbol] = price
        if sending is None or sending.done():
            sending = asyncio.create_task(send_all())
    if sending is not None:
        await sending


# %% wrong: a type besides
# breaks: `{"symbol": …, "price": …}`
async def quotes(ws, updates):
    latest, sending = {}, None

    async def send_all():
        while latest:
            symbol, price = latest.popitem()
            await ws.send(json.dumps({"type": "quote", "symbol": symbol, "price": price}))

    async for symbol, price in updates:
        latest[symbol] = price
        if sending is None or sending.done():
            sending = asyncio.create_task(send_all())
    if sending is not None:
        await sending


# %% wrong: the price is a text
# breaks first: `{"symbol": …, "price": …}`
# finding: `price` is another one
async def quotes(ws, updates):
    latest, sending = {}, None

    async def send_all():
        while latest:
            symbol, price = latest.popitem()
            await ws.send(text(symbol, str(price)))

    async for symbol, price in updates:
        latest[symbol] = price
        if sending is None or sending.done():
            sending = asyncio.create_task(send_all())
    if sending is not None:
        await sending


# %% wrong: whole prices
# breaks first: `{"symbol": …, "price": …}`
async def quotes(ws, updates):
    latest, sending = {}, None

    async def send_all():
        while latest:
            symbol, price = latest.popitem()
            await ws.send(text(symbol, int(price)))

    async for symbol, price in updates:
        latest[symbol] = price
        if sending is None or sending.done():
            sending = asyncio.create_task(send_all())
    if sending is not None:
        await sending


# %% wrong: it sends in the loop over the updates
# breaks: Always go on taking updates, also while the client does not read
async def quotes(ws, updates):
    async for symbol, price in updates:
        await ws.send(text(symbol, price))


# %% wrong: a queue that may be full
# breaks: Always go on taking updates, also while the client does not read
async def quotes(ws, updates):
    queue = asyncio.Queue(10)

    async def send():
        while (update := await queue.get()) is not None:
            await ws.send(text(*update))

    async with running(send()):
        async for update in updates:
            await queue.put(update)
        await queue.put(None)


# %% wrong: a queue of all updates
# breaks: of each symbol, it gets the newest price only
# finding: it gets old prices that it missed
async def quotes(ws, updates):
    queue = asyncio.Queue()

    async def send():
        while (update := await queue.get()) is not None:
            await ws.send(text(*update))

    async with running(send()):
        async for update in updates:
            queue.put_nowait(update)
        queue.put_nowait(None)


# %% wrong: broadcast() never waits
# breaks: of each symbol, it gets the newest price only
# finding: it gets old prices that it missed
async def quotes(ws, updates):
    async for symbol, price in updates:
        broadcast([ws], text(symbol, price))


# %% wrong: a task for each message
# breaks: of each symbol, it gets the newest price only
async def quotes(ws, updates):
    async with asyncio.TaskGroup() as tasks:
        async for symbol, price in updates:
            tasks.create_task(ws.send(text(symbol, price)))


# %% wrong: the newest update of all
# breaks first: of each symbol, it gets the newest price only
# finding: the newest price of a symbol does not come
async def quotes(ws, updates):
    queue = asyncio.Queue(1)

    async def send():
        while (update := await queue.get()) is not None:
            await ws.send(text(*update))

    async with running(send()):
        async for update in updates:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(update)
        await queue.put(None)


# %% wrong: the ten newest updates
# breaks first: of each symbol, it gets the newest price only
async def quotes(ws, updates):
    newest = collections.deque(maxlen=10)
    changed, ended = asyncio.Event(), False

    async def send():
        while newest or not ended:
            await changed.wait()
            changed.clear()
            while newest:
                await ws.send(text(*newest.popleft()))

    async with running(send()):
        async for update in updates:
            newest.append(update)
            changed.set()
        ended = True
        changed.set()
