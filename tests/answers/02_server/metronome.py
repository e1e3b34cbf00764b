"""Answers to exercise 2.5, “Ticks on demand”."""

import asyncio
import contextlib
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


# %% wrong: each start begins with 1
# breaks: the next `start` goes on with the next number
class Anew(Client):
    async def start(self):
        if self.sender is None:
            self.tick = 0
        await super().start()


metronome = answer(Anew)


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


metronome = answer(Many)


# %% wrong: nothing else is answered while it ticks
# breaks first: Any other text is sent back at once, ticking or not
class Deaf(Client):
    async def other(self, message):
        if self.sender is None:
            await self.ws.send(message)


metronome = answer(Deaf)


# %% wrong: what begins with start is start
# breaks: Any other text is sent back at once, ticking or not
class Loose(Client):
    async def take(self, message):
        await super().take("start" if message.startswith("start") else message)


metronome = answer(Loose)


# %% wrong: blanks and capitals do not matter
# breaks: Any other text is sent back at once, ticking or not
class Tolerant(Client):
    async def take(self, message):
        word = message.strip().lower()
        await super().take(word if word in ("start", "stop") else message)


metronome = answer(Tolerant)


# %% wrong: one number for all who are here
# breaks: Each client has its own ticks
numbers = {}


class Together(Client):
    async def send_ticks(self):
        server = self.ws.local_address
        while True:
            numbers[server] = numbers.get(server, 0) + 1
            await self.ws.send(f"tick {numbers[server]}")
            await self.pause()


metronome = answer(Together)


# %% wrong: it blocks for a while, again and again
# breaks: Each client has its own ticks
# finding: another pace
class Blocking(Client):
    async def pause(self):
        time.sleep(0.01)  # noqa: ASYNC251
        await asyncio.sleep(0)


metronome = answer(Blocking)


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


metronome = answer(Stopper)


# %% wrong: it waits for what never comes
# breaks: when a client has left, its handler returns
class Waiting(Client):
    async def run(self):
        with contextlib.suppress(ConnectionClosed):
            await super().run()
        await asyncio.get_running_loop().create_future()


metronome = answer(Waiting)


# %% wrong: its task bears that the client has left
# breaks: leaves no task behind
class Left(Client):
    async def send_ticks(self):
        while True:
            self.tick += 1
            with contextlib.suppress(ConnectionClosed):
                await self.ws.send(f"tick {self.tick}")
            await self.pause()

    def leave(self):
        pass


metronome = answer(Left)
