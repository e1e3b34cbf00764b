"""Answers to exercise 8.2, “Who says nothing has to go”."""

import asyncio
import time

from websockets.exceptions import ConnectionClosed


# %% right: one timeout that is put off
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


# %% right: a timer of the loop
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


# %% right: wait_for()
async def watchdog(ws):
    while True:
        try:
            message = await asyncio.wait_for(ws.recv(), 0.5)
        except TimeoutError:
            return await ws.close(4000)
        await ws.send(message)


# %% right: a task that looks every now and then
class Watchdog:
    def __init__(self, ws):
        self.ws, self.last = ws, time.monotonic()

    async def watch(self):
        while (left := self.last + 0.5 - time.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left)
        await self.ws.close(4000)

    async def talk(self):
        async for message in self.ws:
            self.last = time.monotonic()
            await self.ws.send(message)


async def watchdog(ws):
    dog = Watchdog(ws)
    watching = asyncio.create_task(dog.watch())
    try:
        await dog.talk()
    finally:
        watching.cancel()


# %% wrong: nothing is sent back
# breaks: it sends each message back
async def watchdog(ws):
    try:
        while True:
            async with asyncio.timeout(0.5):
                await ws.recv()
    except TimeoutError:
        await ws.close(4000)


# %% wrong: an empty message is no message
# breaks: it sends each message back
async def watchdog(ws):
    try:
        while True:
            async with asyncio.timeout(0.5):
                message = await ws.recv()
            if message:
                await ws.send(message)
    except TimeoutError:
        await ws.close(4000)


# %% wrong: bytes come back as text
# breaks: it sends each message back
async def watchdog(ws):
    try:
        while True:
            async with asyncio.timeout(0.5):
                message = await ws.recv(decode=True)
            await ws.send(message)
    except TimeoutError:
        await ws.close(4000)


# %% wrong: no limit
# breaks: closes with code `4000`
# finding: stays connected
async def watchdog(ws):
    async for message in ws:
        await ws.send(message)


# %% wrong: the code of a normal end
# breaks: closes with code `4000`
async def watchdog(ws):
    try:
        while True:
            async with asyncio.timeout(0.5):
                message = await ws.recv()
            await ws.send(message)
    except TimeoutError:
        await ws.close()


# %% wrong: TimeoutError is left to raise
# breaks: closes with code `4000`
# finding: closed after 0.5 s
async def watchdog(ws):
    while True:
        message = await asyncio.wait_for(ws.recv(), 0.5)
        await ws.send(message)


# %% wrong: close() is not awaited
# breaks: closes with code `4000`
async def watchdog(ws):
    try:
        while True:
            async with asyncio.timeout(0.5):
                message = await ws.recv()
            await ws.send(message)
    except TimeoutError:
        ws.close(4000)


# %% wrong: one clock for all connections
# breaks: the connection of a client
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


# %% wrong: the server pings, and takes the answer for a sign of life
# breaks: PINGs are no messages
# finding: its library does that
async def watchdog(ws):
    while True:
        try:
            async with asyncio.timeout(0.5):
                message = await ws.recv()
            await ws.send(message)
        except TimeoutError:
            try:
                async with asyncio.timeout(0.5):
                    await (await ws.ping())
            except TimeoutError:
                return await ws.close(4000)


# %% wrong: all bytes that come are a sign of life
# breaks: PINGs are no messages
# finding: a client that sent PINGs
async def watchdog(ws):
    last = time.monotonic()
    received = ws.protocol.receive_data

    def receive_data(data):
        nonlocal last
        last = time.monotonic()
        received(data)

    ws.protocol.receive_data = receive_data
    while True:
        try:
            async with asyncio.timeout(0.02):
                message = await ws.recv()
            await ws.send(message)
        except TimeoutError:
            if time.monotonic() - last > 0.5:
                return await ws.close(4000)


# %% wrong: one limit for the whole conversation
# breaks: that has sent no message for 0.5 seconds
# finding: too early
async def watchdog(ws):
    try:
        async with asyncio.timeout(0.5):
            async for message in ws:
                await ws.send(message)
    except TimeoutError:
        await ws.close(4000)


# %% wrong: the first message only is waited for
# breaks: that has sent no message for 0.5 seconds
# finding: too late, or never
async def watchdog(ws):
    try:
        async with asyncio.timeout(0.5):
            message = await ws.recv()
        await ws.send(message)
        async for message in ws:
            await ws.send(message)
    except TimeoutError:
        await ws.close(4000)


# %% wrong: from the first message on
# breaks first: closes with code `4000`
# finding: never sent a message
async def watchdog(ws):
    message = await ws.recv()
    try:
        while True:
            await ws.send(message)
            async with asyncio.timeout(0.5):
                message = await ws.recv()
    except TimeoutError:
        await ws.close(4000)


# %% wrong: a shorter limit
# breaks: that has sent no message for 0.5 seconds
# finding: too early
async def watchdog(ws):
    try:
        while True:
            async with asyncio.timeout(0.3):
                message = await ws.recv()
            await ws.send(message)
    except TimeoutError:
        await ws.close(4000)


# %% wrong: a longer limit
# breaks: that has sent no message for 0.5 seconds
# finding: too late
async def watchdog(ws):
    try:
        while True:
            async with asyncio.timeout(1):
                message = await ws.recv()
            await ws.send(message)
    except TimeoutError:
        await ws.close(4000)


# %% wrong: it blocks
# finding: the handler holds up the event loop
async def watchdog(ws):
    async for message in ws:
        await ws.send(message)
        time.sleep(2)  # noqa: ASYNC251
        await ws.close(4000)


# %% wrong: the code is a message, too
# breaks: it sends each message back
# finding: that sent no message got one
async def watchdog(ws):
    while True:
        try:
            async with asyncio.timeout(0.5):
                message = await ws.recv()
            await ws.send(message)
        except TimeoutError:
            await ws.send("4000")
            return await ws.close(4000)


# %% wrong: an equal message is no sign of life
# breaks: that has sent no message for 0.5 seconds
# finding: too early
async def watchdog(ws):
    last, since = None, time.monotonic()
    while True:
        try:
            async with asyncio.timeout(since + 0.5 - time.monotonic()):
                message = await ws.recv()
        except TimeoutError:
            return await ws.close(4000)
        await ws.send(message)
        if message != last:
            last, since = message, time.monotonic()


# %% wrong: only text is a sign of life
# breaks: that has sent no message for 0.5 seconds
# finding: too early
async def watchdog(ws):
    until = time.monotonic() + 0.5
    while True:
        try:
            async with asyncio.timeout(until - time.monotonic()):
                message = await ws.recv()
        except TimeoutError:
            return await ws.close(4000)
        await ws.send(message)
        if isinstance(message, str):
            until = time.monotonic() + 0.5
