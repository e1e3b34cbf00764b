"""Answers to exercise 9.5, “Only the newest”."""

# %% right
import asyncio
import json


async def quotes(ws, updates):
    latest = {}
    waiting = asyncio.Queue()  # symbols that have a price to be sent, each once

    async def send():
        while (symbol := await waiting.get()) is not None:
            await ws.send(json.dumps({"symbol": symbol, "price": latest.pop(symbol)}))

    sender = asyncio.create_task(send())
    try:
        async for symbol, price in updates:
            if symbol not in latest:
                waiting.put_nowait(symbol)
            latest[symbol] = price
        waiting.put_nowait(None)
        await sender
    finally:
        sender.cancel()


# %% right
import asyncio
import json


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


# %% wrong
# finding: while a client does not read, nobody takes the updates
import json


async def quotes(ws, updates):
    async for symbol, price in updates:
        await ws.send(json.dumps({"symbol": symbol, "price": price}))


# %% wrong
# finding: should not get all the old prices that it missed
import asyncio
import json


async def quotes(ws, updates):
    queue = asyncio.Queue()

    async def send():
        while (update := await queue.get()) is not None:
            symbol, price = update
            await ws.send(json.dumps({"symbol": symbol, "price": price}))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(send())
        async for update in updates:
            queue.put_nowait(update)
        queue.put_nowait(None)


# %% wrong
# finding: should not get all the old prices
import json

from websockets.asyncio.server import broadcast


async def quotes(ws, updates):
    async for symbol, price in updates:
        broadcast([ws], json.dumps({"symbol": symbol, "price": price}))


# %% wrong
# finding: a slow client should get the last price of each symbol
import asyncio
import json


async def quotes(ws, updates):
    queue = asyncio.Queue(1)

    async def send():
        while (update := await queue.get()) is not None:
            symbol, price = update
            await ws.send(json.dumps({"symbol": symbol, "price": price}))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(send())
        async for update in updates:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(update)
        await queue.put(None)


# %% wrong
# finding: a client that reads at once should get each update at once
import json


async def quotes(ws, updates):
    latest = {}
    async for symbol, price in updates:
        latest[symbol] = price
    for symbol, price in latest.items():
        await ws.send(json.dumps({"symbol": symbol, "price": price}))


# %% wrong
# finding: an object with `symbol` and `price`
import json


async def quotes(ws, updates):
    async for symbol, price in updates:
        await ws.send(json.dumps([symbol, price]))


# %% wrong
# finding: when the updates end, the handler should return
import json


async def quotes(ws, updates):
    async for symbol, price in updates:
        await ws.send(json.dumps({"symbol": symbol, "price": price}))
    await ws.wait_closed()
