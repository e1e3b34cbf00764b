"""Answers to exercise 2.5, “Ticks on demand”: right ones, ticks and `stop`."""

import asyncio
import time

from websockets.exceptions import ConnectionClosed


class Client:
    """A right answer for one client, whose parts are replaced below."""

    def __init__(self, ws):
        self.ws = ws
        self.tick = 0
        self.sender = None

    async def pause(self):
        await asyncio.sleep(0.01)

    async def send_ticks(self):
        while True:
            self.tick += 1
            await self.ws.send(f"tick {self.tick}")
            await self.pause()

    async def start(self):
        if self.sender is None:
            self.sender = asyncio.create_task(self.send_ticks())

    async def stop(self):
        if self.sender is not None:
            self.sender.cancel()
            self.sender = None
        await self.ws.send("stopped")

    async def other(self, message):
        await self.ws.send(message)

    async def take(self, message):
        match message:
            case "start":
                await self.start()
            case "stop":
                await self.stop()
            case _:
                await self.other(message)

    async def run(self):
        async for message in self.ws:
            await self.take(message)

    def leave(self):
        if self.sender is not None:
            self.sender.cancel()


def answer(client_class):
    async def metronome(ws):
        client = client_class(ws)
        try:
            await client.run()
        finally:
            client.leave()

    return metronome


# %% right: a class
metronome = answer(Client)


# %% right: a task group and an event
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


# %% wrong: each message begins the wait for the tick anew
# breaks: whatever is sent meanwhile
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


# %% right: one task, which receives until the next tick is due
async def metronome(ws):
    now = asyncio.get_running_loop().time
    number, due = 0, None
    while True:
        try:
            async with asyncio.timeout_at(due):
                message = await ws.recv()
        except TimeoutError:
            number, due = number + 1, now() + 0.01
            await ws.send(f"tick {number}")
        except ConnectionClosed:
            return
        else:
            if message == "start":
                due = due or now()
            elif message == "stop":
                due = None
                await ws.send("stopped")
            else:
                await ws.send(message)


# %% wrong: it ticks before start
# breaks first: After `start` it sends `tick 1`, `tick 2` and so on
# finding: before `start`
class Early(Client):
    async def run(self):
        await self.start()
        await super().run()


metronome = answer(Early)


# %% wrong: a word before the first ticks
# breaks: After `start` it sends `tick 1`, `tick 2` and so on
class Polite(Client):
    said = False

    async def start(self):
        if not Polite.said:
            Polite.said = True
            await self.ws.send("started")
        await super().start()


metronome = answer(Polite)


# %% wrong: much too slow
# breaks first: one every 10 milliseconds
class Slow(Client):
    async def pause(self):
        await asyncio.sleep(0.05)


metronome = answer(Slow)


# %% wrong: as fast as it can
# breaks first: one every 10 milliseconds
class Fast(Client):
    async def pause(self):
        await asyncio.sleep(0)


metronome = answer(Fast)


# %% wrong: slower than that for who is alone and has said nothing else
# breaks: one every 10 milliseconds
clients = set()


class Warm(Client):
    messages = 0

    async def take(self, message):
        self.messages += 1
        await super().take(message)

    async def pause(self):
        alone = len(clients) == 1 and self.messages == 1
        await asyncio.sleep(0.03 if alone else 0.01)

    async def run(self):
        clients.add(self)
        try:
            await super().run()
        finally:
            clients.discard(self)


metronome = answer(Warm)


# %% wrong: stop ends the conversation
# breaks first: until `stop`, which it always answers with `stopped`
class Final(Client):
    async def stop(self):
        await self.ws.close()


metronome = answer(Final)


# %% wrong: stop is answered only while it ticks
# breaks: until `stop`, which it always answers with `stopped`
class Strict(Client):
    async def stop(self):
        if self.sender is not None:
            await super().stop()


metronome = answer(Strict)


# %% wrong: it swallows its cancellation
# breaks first: until `stop`, which it always answers with `stopped`
class Stubborn(Client):
    async def pause(self):
        try:  # noqa: SIM105
            await asyncio.sleep(0.01)
        except BaseException:
            pass


metronome = answer(Stubborn)


# %% wrong: the loop that receives is the loop that ticks
# breaks first: until `stop`, which it always answers with `stopped`
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


# %% wrong: it blocks
# finding: holds up the event loop
async def metronome(ws):
    tick = 0
    async for message in ws:
        if message == "start":
            while True:
                tick += 1
                await ws.send(f"tick {tick}")
                time.sleep(0.01)  # noqa: ASYNC251
        else:
            await ws.send("stopped" if message == "stop" else message)
