"""Answers to exercise 8.2, “Who says nothing has to go”."""

# %% right
import asyncio

from websockets.exceptions import ConnectionClosed


async def watchdog(ws):
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(0.5) as limit:
            async for message in ws:
                limit.reschedule(loop.time() + 0.5)
                await ws.send(message)
    except ConnectionClosed:
        pass
    except TimeoutError:
        await ws.close(4000)


# %% right
import asyncio


async def watchdog(ws):
    loop = asyncio.get_running_loop()
    timer = None
    tasks = set()

    def bite():
        tasks.add(asyncio.create_task(ws.close(4000, "silence")))

    def wind_up():
        nonlocal timer
        if timer is not None:
            timer.cancel()
        timer = loop.call_later(0.5, bite)

    wind_up()
    try:
        while True:
            message = await ws.recv()
            wind_up()
            await ws.send(message)
    except Exception:
        pass
    finally:
        timer.cancel()


# %% right
import asyncio


async def watchdog(ws):
    while True:
        try:
            message = await asyncio.wait_for(ws.recv(), 0.5)
        except TimeoutError:
            return await ws.close(4000)
        await ws.send(message)


# %% wrong
# finding: its pings are answered by the library
async def watchdog(ws):
    async for message in ws:
        await ws.send(message)


# %% wrong
# finding: should stay connected
import asyncio


async def watchdog(ws):
    try:
        async with asyncio.timeout(0.5):
            async for message in ws:
                await ws.send(message)
    except TimeoutError:
        await ws.close(4000)


# %% wrong
# finding: should be closed with 4000: its pings
import asyncio


async def watchdog(ws):
    try:
        while True:
            async with asyncio.timeout(0.5):
                message = await ws.recv()
            await ws.send(message)
    except TimeoutError:
        await ws.close()


# %% wrong
# finding: falls silent later
import asyncio


async def watchdog(ws):
    try:
        async with asyncio.timeout(0.5):
            message = await ws.recv()
        await ws.send(message)
        async for message in ws:
            await ws.send(message)
    except TimeoutError:
        await ws.close(4000)


# %% wrong
# finding: each message should come back
import asyncio


async def watchdog(ws):
    try:
        while True:
            async with asyncio.timeout(0.5):
                message = await ws.recv()  # noqa: F841
    except TimeoutError:
        await ws.close(4000)


# %% wrong
# finding: should stay connected
import asyncio


async def watchdog(ws):
    try:
        while True:
            async with asyncio.timeout(0.05):
                message = await ws.recv()
            await ws.send(message)
    except TimeoutError:
        await ws.close(4000)


# %% wrong
# finding: its pings are answered by the library
import asyncio
import time

last = 0.0


async def watchdog(ws):
    global last
    last = time.monotonic()
    while True:
        try:
            async with asyncio.timeout(0.05):
                message = await ws.recv()
            last = time.monotonic()
            await ws.send(message)
        except TimeoutError:
            if time.monotonic() - last > 0.5:
                return await ws.close(4000)


# %% wrong
# finding: should stay connected
import time


async def watchdog(ws):
    async for message in ws:
        await ws.send(message)
        time.sleep(0.5)  # noqa: ASYNC251
        await ws.close(4000)
