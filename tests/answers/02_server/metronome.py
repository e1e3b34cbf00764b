"""Answers to exercise 2.5, “Ticks on demand”."""

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

    async def run(self):
        async for message in self.ws:
            if message == "start":
                await self.start()
            elif message == "stop":
                await self.stop()
            else:
                await self.other(message)

    def leave(self):
        if self.sender is not None:
            self.sender.cancel()


async def serve(client):
    try:
        await client.run()
    finally:
        client.leave()


# %% right: a class
async def metronome(ws):
    await serve(Client(ws))


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


# %% right: one task, which receives with a timeout
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


# %% wrong: it ticks before start
# breaks first: After `start` it sends `tick 1`, `tick 2` and so on
# finding: before `start`
class Early(Client):
    async def run(self):
        await self.start()
        await super().run()


async def metronome(ws):
    await serve(Early(ws))


# %% wrong: it begins with 0
# breaks first: After `start` it sends `tick 1`, `tick 2` and so on
class Zero(Client):
    async def start(self):
        self.tick = self.tick or -1
        await super().start()


async def metronome(ws):
    await serve(Zero(ws))


# %% wrong: a task that is made, and never runs
# breaks first: After `start` it sends `tick 1`, `tick 2` and so on
async def metronome(ws):
    async for message in ws:
        await ws.send("stopped" if message == "stop" else message)


# %% wrong: a word before the first ticks
# breaks: After `start` it sends `tick 1`, `tick 2` and so on
class Polite(Client):
    said = False

    async def start(self):
        if not Polite.said:
            Polite.said = True
            await self.ws.send("started")
        await super().start()


async def metronome(ws):
    await serve(Polite(ws))


# %% wrong: much too slow
# breaks first: one every 10 milliseconds
class Slow(Client):
    async def pause(self):
        await asyncio.sleep(0.05)


async def metronome(ws):
    await serve(Slow(ws))


# %% wrong: as fast as it can
# breaks first: one every 10 milliseconds
class Fast(Client):
    async def pause(self):
        await asyncio.sleep(0)


async def metronome(ws):
    await serve(Fast(ws))


# %% wrong: twice as slow until it has ticked for a while
# breaks: one every 10 milliseconds
class Warm(Client):
    async def start(self):
        self.began = time.monotonic()
        await super().start()

    async def run(self):
        self.messages = 0
        async for message in self.ws:
            self.messages += 1
            if message == "start":
                await self.start()
            elif message == "stop":
                await self.stop()
            else:
                await self.other(message)

    async def pause(self):
        alone = len(clients) == 1 and self.messages == 1
        await asyncio.sleep(0.03 if alone else 0.01)


clients = set()


async def metronome(ws):
    clients.add(ws)
    try:
        await serve(Warm(ws))
    finally:
        clients.discard(ws)


# %% wrong: stop ends the conversation
# breaks first: until `stop`, which it always answers with `stopped`
class Final(Client):
    async def stop(self):
        await self.ws.close()


async def metronome(ws):
    await serve(Final(ws))


# %% wrong: stop is answered only while it ticks
# breaks: until `stop`, which it always answers with `stopped`
class Strict(Client):
    async def stop(self):
        if self.sender is not None:
            await super().stop()


async def metronome(ws):
    await serve(Strict(ws))


# %% wrong: it swallows its cancellation
# breaks first: until `stop`, which it always answers with `stopped`
class Stubborn(Client):
    async def pause(self):
        try:  # noqa: SIM105
            await asyncio.sleep(0.01)
        except BaseException:
            pass


async def metronome(ws):
    await serve(Stubborn(ws))


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


# %% wrong: each start begins with 1
# breaks: the next `start` goes on with the next number
class Anew(Client):
    async def start(self):
        if self.sender is None:
            self.tick = 0
        await super().start()


async def metronome(ws):
    await serve(Anew(ws))


# %% wrong: each start makes a task
# breaks: a `start` while it ticks changes nothing
class Many(Client):
    def __init__(self, ws):
        super().__init__(ws)
        self.senders = []

    async def start(self):
        self.senders.append(asyncio.create_task(self.send_ticks()))

    async def stop(self):
        for sender in self.senders:
            sender.cancel()
        await self.ws.send("stopped")

    def leave(self):
        for sender in self.senders:
            sender.cancel()


async def metronome(ws):
    await serve(Many(ws))


# %% wrong: each start makes a task, and stop ends the last one
# breaks first: a `start` while it ticks changes nothing
class Lost(Client):
    async def start(self):
        self.sender = asyncio.create_task(self.send_ticks())


async def metronome(ws):
    await serve(Lost(ws))


# %% wrong: nothing else is answered while it ticks
# breaks first: Any other text is sent back at once, ticking or not
class Deaf(Client):
    async def other(self, message):
        if self.sender is None:
            await self.ws.send(message)


async def metronome(ws):
    await serve(Deaf(ws))


# %% wrong: what begins with start is start
# breaks: Any other text is sent back at once, ticking or not
class Loose(Client):
    async def run(self):
        async for message in self.ws:
            if message.startswith("start"):
                await self.start()
            elif message == "stop":
                await self.stop()
            else:
                await self.other(message)


async def metronome(ws):
    await serve(Loose(ws))


# %% wrong: blanks and capitals do not matter
# breaks: Any other text is sent back at once, ticking or not
class Tolerant(Client):
    async def run(self):
        async for message in self.ws:
            word = message.strip().lower()
            if word in ("start", "stop"):
                await (self.start() if word == "start" else self.stop())
            else:
                await self.other(message)


async def metronome(ws):
    await serve(Tolerant(ws))


# %% wrong: one number for all
# breaks first: Each client has its own ticks
tick = 0


async def metronome(ws):
    class Shared(Client):
        async def send_ticks(self):
            global tick
            while True:
                tick += 1
                await self.ws.send(f"tick {tick}")
                await self.pause()

    await serve(Shared(ws))


# %% wrong: one number for all who are here
# breaks: Each client has its own ticks
numbers = {}


async def metronome(ws):
    class Shared(Client):
        async def send_ticks(self):
            while True:
                numbers[id] = numbers.get(id, 0) + 1
                await self.ws.send(f"tick {numbers[id]}")
                await self.pause()

    id = ws.local_address
    await serve(Shared(ws))


# %% wrong: it blocks for a while, again and again
# breaks: Each client has its own ticks
# finding: another pace
class Blocking(Client):
    async def pause(self):
        time.sleep(0.01)  # noqa: ASYNC251
        await asyncio.sleep(0)


async def metronome(ws):
    await serve(Blocking(ws))


# %% wrong: a stop stops all
# breaks: Each client has its own ticks
everybody = {}


class Stopper(Client):
    async def start(self):
        await super().start()
        everybody.setdefault(self.ws.local_address, set()).add(self)

    async def stop(self):
        for client in everybody.get(self.ws.local_address, set()) - {self}:
            if client.sender:
                client.sender.cancel()
        await super().stop()


async def metronome(ws):
    await serve(Stopper(ws))


# %% wrong: the task group waits for its ticker
# breaks: when a client has left, its handler returns
async def metronome(ws):
    running = asyncio.Event()

    async def tick():
        number = 1
        while True:
            await running.wait()
            try:
                await ws.send(f"tick {number}")
            except ConnectionClosed:
                await asyncio.sleep(3600)
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


# %% wrong: the task waits for a start that never comes
# breaks: leaves no task behind
async def metronome(ws):
    running = asyncio.Event()

    async def tick():
        number = 1
        while True:
            await running.wait()
            try:
                await ws.send(f"tick {number}")
            except ConnectionClosed:
                running.clear()
            number += 1
            await asyncio.sleep(0.01)

    ticker = asyncio.create_task(tick())
    async for message in ws:
        if message == "start":
            running.set()
        elif message == "stop":
            running.clear()
            await ws.send("stopped")
        else:
            await ws.send(message)
    print("left:", ticker)
