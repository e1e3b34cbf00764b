"""Answers to exercise 9.5, “Only the newest”."""

import asyncio
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


# %% right: a queue of symbols, each once
async def quotes(ws, updates):
    latest = {}
    waiting = asyncio.Queue()  # symbols that have a price to be sent

    async def send():
        while (symbol := await waiting.get()) is not None:
            await ws.send(text(symbol, latest.pop(symbol)))

    async with running(send()):
        async for symbol, price in updates:
            if symbol not in latest:
                waiting.put_nowait(symbol)
            latest[symbol] = price
        waiting.put_nowait(None)


# %% right: a task whenever there is something to send
async def quotes(ws, updates):
    latest, sending = {}, None

    async def send_all():
        while latest:
            symbol, price = latest.popitem()
            await ws.send(json.dumps(dict(price=price, symbol=symbol), separators=(",", ":")))

    async for symbol, price in updates:
        latest[symbol] = price
        if sending is None or sending.done():
            sending = asyncio.create_task(send_all())
    if sending is not None:
        await sending


# %% right: a condition, and all that is new at once
class Board:
    def __init__(self):
        self.latest, self.ended = {}, False
        self.changed = asyncio.Condition()

    async def put(self, symbol, price):
        async with self.changed:
            self.latest[symbol] = price
            self.changed.notify()

    async def end(self):
        async with self.changed:
            self.ended = True
            self.changed.notify()

    async def take(self):
        async with self.changed:
            await self.changed.wait_for(lambda: self.latest or self.ended)
            taken, self.latest = self.latest, {}
            return taken


async def quotes(ws, updates):
    board = Board()

    async def send():
        while taken := await board.take():
            for symbol, price in taken.items():
                await ws.send(text(symbol, price))

    sender = asyncio.create_task(send())
    async for symbol, price in updates:
        await board.put(symbol, price)
    await board.end()
    await sender


# %% right: another task takes the updates
async def quotes(ws, updates):
    latest = {}
    changed = asyncio.Event()

    async def take():
        async for symbol, price in updates:
            latest.pop(symbol, None)
            latest[symbol] = price
            changed.set()

    taking = asyncio.create_task(take())
    taking.add_done_callback(lambda _: changed.set())
    try:
        while latest or not taking.done():
            if not latest:
                changed.clear()
                await changed.wait()
            for symbol in list(latest):
                await ws.send(text(symbol, latest.pop(symbol)))
    finally:
        taking.cancel()
