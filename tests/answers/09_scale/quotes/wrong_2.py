"""Answers to exercise 9.5, “Only the newest”."""

import asyncio
import collections
import contextlib
import json


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


# %% wrong: the two newest prices of each symbol
# breaks: of each symbol, it gets the newest price only
# finding: it gets old prices that it missed
async def quotes(ws, updates):
    newest = collections.defaultdict(lambda: collections.deque(maxlen=2))
    changed, ended = asyncio.Event(), False

    async def send():
        while newest or not ended:
            await changed.wait()
            changed.clear()
            while newest:
                symbol = next(iter(newest))
                prices = newest.pop(symbol)
                for price in prices:
                    await ws.send(text(symbol, price))

    async with running(send()):
        async for symbol, price in updates:
            newest[symbol].append(price)
            changed.set()
        ended = True
        changed.set()


# %% wrong: what does not go at once is dropped
# breaks first: of each symbol, it gets the newest price only
# finding: the newest price of a symbol does not come
async def quotes(ws, updates):
    sending = None
    async for symbol, price in updates:
        if sending is None or sending.done():
            sending = asyncio.create_task(ws.send(text(symbol, price)))
    if sending is not None:
        await sending


# %% wrong: a newer price that comes during send() is deleted
# breaks first: of each symbol, it gets the newest price only
# finding: the newest price of a symbol does not come
async def quotes(ws, updates):
    latest, changed, ended = {}, asyncio.Event(), False

    async def send():
        while latest or not ended:
            await changed.wait()
            changed.clear()
            while latest:
                symbol, price = next(iter(latest.items()))
                await ws.send(text(symbol, price))
                del latest[symbol]

    async with running(send()):
        async for symbol, price in updates:
            latest[symbol] = price
            changed.set()
        ended = True
        changed.set()


# %% wrong: the highest price stays
# breaks first: of each symbol, it gets the newest price only
async def quotes(ws, updates):
    latest, sending = {}, None

    async def send_all():
        while latest:
            await ws.send(text(*latest.popitem()))

    async for symbol, price in updates:
        latest[symbol] = max(price, latest.get(symbol, price))
        if sending is None or sending.done():
            sending = asyncio.create_task(send_all())
    if sending is not None:
        await sending


# %% wrong: a new symbol comes while it goes through the dictionary
# breaks first: of each symbol, it gets the newest price only
async def quotes(ws, updates):
    latest, changed, ended = {}, asyncio.Event(), False

    async def send():
        while latest or not ended:
            await changed.wait()
            changed.clear()
            for symbol in latest:
                await ws.send(text(symbol, latest[symbol]))
            latest.clear()

    async with running(send()):
        async for symbol, price in updates:
            latest[symbol] = price
            changed.set()
        ended = True
        changed.set()


# %% wrong: the oldest price stays
# breaks first: of each symbol, it gets the newest price only
async def quotes(ws, updates):
    latest, sending = {}, None

    async def send_all():
        while latest:
            await ws.send(text(*latest.popitem()))

    async for symbol, price in updates:
        latest.setdefault(symbol, price)
        if sending is None or sending.done():
            sending = asyncio.create_task(send_all())
    if sending is not None:
        await sending


# %% wrong: after the newest price comes the one before it
# breaks: is replaced by newer ones
async def quotes(ws, updates):
    latest, sending = {}, None
    before = {}

    async def send_all():
        while latest:
            symbol = next(iter(latest))
            await ws.send(text(symbol, latest.pop(symbol)))
        while before and ended:
            await ws.send(text(*before.popitem()))

    ended = False
    async for symbol, price in updates:
        if symbol in latest:
            before[symbol] = latest[symbol]
        latest[symbol] = price
        if sending is None or sending.done():
            sending = asyncio.create_task(send_all())
    ended = True
    if sending is not None:
        await sending
    await send_all()


# %% wrong: two tasks send, and the slower one has the older price
# breaks: is replaced by newer ones
async def quotes(ws, updates):
    latest, changed, ended = {}, asyncio.Event(), False
    sent = {}

    async def send():
        while latest or not ended:
            await changed.wait()
            changed.clear()
            while latest:
                symbol = next(iter(latest))
                sent[symbol] = latest.pop(symbol)
                await ws.send(text(symbol, sent[symbol]))

    async with running(send()):
        async for symbol, price in updates:
            latest[symbol] = price
            changed.set()
        again = dict(sent) if latest else {}
        ended = True
        changed.set()
    for symbol, price in again.items():
        await ws.send(text(symbol, price))


# %% wrong: the task is cancelled at the end
# breaks: When the updates end, send what is left
async def quotes(ws, updates):
    latest, changed = {}, asyncio.Event()

    async def send():
        while True:
            await changed.wait()
            changed.clear()
            while latest:
                symbol = next(iter(latest))
                await ws.send(text(symbol, latest.pop(symbol)))

    sender = asyncio.create_task(send())
    async for symbol, price in updates:
        latest[symbol] = price
        changed.set()
    sender.cancel()


# %% wrong: one turn of the loop is enough for what is left
# breaks: When the updates end, send what is left
async def quotes(ws, updates):
    latest, changed = {}, asyncio.Event()

    async def send():
        while True:
            await changed.wait()
            changed.clear()
            while latest:
                symbol = next(iter(latest))
                await ws.send(text(symbol, latest.pop(symbol)))

    sender = asyncio.create_task(send())
    async for symbol, price in updates:
        latest[symbol] = price
        changed.set()
    for _ in range(9):
        await asyncio.sleep(0)
    sender.cancel()


# %% wrong: only what was begun is sent
# breaks: When the updates end, send what is left
async def quotes(ws, updates):
    latest, changed, ended = {}, asyncio.Event(), False

    async def send():
        while not ended:
            await changed.wait()
            changed.clear()
            while latest and not ended:
                symbol = next(iter(latest))
                await ws.send(text(symbol, latest.pop(symbol)))

    async with running(send()):
        async for symbol, price in updates:
            latest[symbol] = price
            changed.set()
        ended = True
        changed.set()


# %% wrong: it waits for the client to leave
# breaks: then return
async def quotes(ws, updates):
    latest, sending = {}, None

    async def send_all():
        while latest:
            await ws.send(text(*latest.popitem()))

    async for symbol, price in updates:
        latest[symbol] = price
        if sending is None or sending.done():
            sending = asyncio.create_task(send_all())
    if sending is not None:
        await sending
    await ws.wait_closed()


# %% wrong: the task waits for more
# breaks: then return
# finding: did not return
async def quotes(ws, updates):
    latest, changed = {}, asyncio.Event()

    async def send():
        while True:
            await changed.wait()
            changed.clear()
            while latest:
                symbol = next(iter(latest))
                await ws.send(text(symbol, latest.pop(symbol)))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(send())
        async for symbol, price in updates:
            latest[symbol] = price
            changed.set()


# %% wrong: without an update there is no task to wait for
# breaks: then return
async def quotes(ws, updates):
    latest, sending = {}, None

    async def send_all():
        while latest:
            await ws.send(text(*latest.popitem()))

    async for symbol, price in updates:
        latest[symbol] = price
        if sending is None or sending.done():
            sending = asyncio.create_task(send_all())
    await sending


# %% wrong: it looks ten times a second
# breaks: Send each
# finding: one by one
async def quotes(ws, updates):
    newest, ended = {}, False

    async def send():
        while newest or not ended:
            await asyncio.sleep(0.1)
            while newest:
                await ws.send(text(*newest.popitem()))

    async with running(send()):
        async for symbol, price in updates:
            newest[symbol] = price
        ended = True
