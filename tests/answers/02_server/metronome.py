"""Answers to exercise 2.5, “Ticks on demand”."""

# %% right
import asyncio


async def metronome(ws):
    running = asyncio.Event()

    async def tick():
        number = 1
        while True:
            await running.wait()
            await ws.send(f"tick {number}")
            number += 1
            await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as tasks:
        ticker = tasks.create_task(tick())
        try:
            async for message in ws:
                print(message)
                if message == "start":
                    running.set()
                elif message == "stop":
                    running.clear()
                    await ws.send("stopped")
                else:
                    await ws.send(message)
        finally:
            ticker.cancel()


# %% right
import asyncio

from websockets.exceptions import ConnectionClosed


async def metronome(ws):
    number, ticking = 0, False
    while True:
        try:
            async with asyncio.timeout(0.01 if ticking else None):
                message = await ws.recv()
        except TimeoutError:
            number += 1
            await ws.send(f"tick {number}")
        except ConnectionClosed:
            return
        else:
            if message in ("start", "stop"):
                ticking = message == "start"
            if message != "start":
                await ws.send("stopped" if message == "stop" else message)


# %% wrong
# finding: while it ticks: any other message should be sent back at once
import asyncio


async def metronome(ws):
    tick = 0
    async for message in ws:
        if message == "start":
            while True:
                tick += 1
                await ws.send(f"tick {tick}")
                await asyncio.sleep(0.01)
        elif message == "stop":
            await ws.send("stopped")
        else:
            await ws.send(message)


# %% wrong
# finding: the handler holds up the event loop
import time


async def metronome(ws):
    tick = 0
    async for message in ws:
        if message == "start":
            while True:
                tick += 1
                await ws.send(f"tick {tick}")
                time.sleep(0.01)  # noqa: ASYNC251
        else:
            await ws.send(message)


# %% wrong
# finding: after `stopped` no tick may come
import asyncio


async def metronome(ws):
    tick = 0

    async def send_ticks():
        nonlocal tick
        while True:
            tick += 1
            await ws.send(f"tick {tick}")
            await asyncio.sleep(0.01)

    sender = None
    async for message in ws:
        if message == "start":
            sender = asyncio.create_task(send_ticks())
        elif message == "stop":
            if sender:
                sender.cancel()
            await ws.send("stopped")
        else:
            await ws.send(message)


# %% wrong
# finding: when it goes on: each tick should have the number after that of the tick before
import asyncio


async def metronome(ws):
    async def send_ticks():
        tick = 0
        while True:
            tick += 1
            await ws.send(f"tick {tick}")
            await asyncio.sleep(0.01)

    sender = None
    async for message in ws:
        if message == "start":
            sender = sender or asyncio.create_task(send_ticks())
        elif message == "stop":
            if sender:
                sender.cancel()
                sender = None
            await ws.send("stopped")
        else:
            await ws.send(message)


# %% wrong
# finding: with a second client: each tick should have the number
import asyncio

tick = 0


async def metronome(ws):
    async def send_ticks():
        global tick
        while True:
            tick += 1
            await ws.send(f"tick {tick}")
            await asyncio.sleep(0.01)

    sender = None
    async for message in ws:
        if message == "start":
            sender = sender or asyncio.create_task(send_ticks())
        elif message == "stop":
            if sender:
                sender.cancel()
                sender = None
            await ws.send("stopped")
        else:
            await ws.send(message)


# %% wrong
# finding: the handler should return when its client has left
import asyncio


async def metronome(ws):
    running = asyncio.Event()

    async def tick():
        number = 1
        while True:
            await running.wait()
            await ws.send(f"tick {number}")
            number += 1
            await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(tick())
        async for message in ws:
            if message == "start":
                running.set()
            elif message == "stop":
                running.clear()
                await ws.send("stopped")
            else:
                await ws.send(message)


# %% wrong
# finding: `stop` should be answered with `stopped`: the connection was closed
import asyncio


async def metronome(ws):
    async def send_ticks():
        tick = 0
        while True:
            tick += 1
            await ws.send(f"tick {tick}")
            await asyncio.sleep(0.01)

    sender = None
    async for message in ws:
        if message == "start":
            sender = sender or asyncio.create_task(send_ticks())
        elif message == "stop":
            if sender:
                sender.cancel()
            break
        else:
            await ws.send(message)


# %% wrong
# finding: after `stopped` no tick may come
import asyncio


async def metronome(ws):
    async def send_ticks():
        tick = 0
        while True:
            tick += 1
            await ws.send(f"tick {tick}")
            try:  # noqa: SIM105
                await asyncio.sleep(0.01)
            except BaseException:
                pass

    sender = None
    async for message in ws:
        if message == "start":
            sender = sender or asyncio.create_task(send_ticks())
        elif message == "stop":
            if sender:
                sender.cancel()
                sender = None
            await ws.send("stopped")
        else:
            await ws.send(message)


# %% wrong
# finding: ticks should come one after the other
import asyncio


async def metronome(ws):
    async def send_ticks():
        tick = 0
        while True:
            tick += 1
            await ws.send(f"tick {tick}" if tick < 4 else "tick")
            await asyncio.sleep(0.01)

    sender = None
    async for message in ws:
        if message == "start":
            sender = sender or asyncio.create_task(send_ticks())
        else:
            await ws.send(message)


# %% wrong
# finding: a tick is due every 10 milliseconds
import asyncio


async def metronome(ws):
    async def send_ticks():
        tick = 0
        while True:
            tick += 1
            await ws.send(f"tick {tick}")
            await asyncio.sleep(0.25)

    sender = None
    async for message in ws:
        if message == "start":
            sender = sender or asyncio.create_task(send_ticks())
        else:
            await ws.send(message)


# %% wrong
# finding: a tick is due every 10 milliseconds
import asyncio


async def metronome(ws):
    async def send_ticks():
        tick = 0
        while True:
            tick += 1
            await ws.send(f"tick {tick}")
            await asyncio.sleep(0)

    sender = None
    async for message in ws:
        if message == "start":
            sender = sender or asyncio.create_task(send_ticks())
        else:
            await ws.send(message)


# %% wrong
# finding: before `start` there are no ticks
import asyncio


async def metronome(ws):
    async def send_ticks():
        tick = 0
        while True:
            tick += 1
            await ws.send(f"tick {tick}")
            await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(send_ticks())
        async for message in ws:
            await ws.send("stopped" if message == "stop" else message)
