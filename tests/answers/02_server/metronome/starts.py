"""Answers to exercise 2.5, “Ticks on demand”: `start`, other texts, other clients."""

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


# %% wrong: each start cancels the task and makes another one
# breaks: a `start` while it ticks changes nothing
# finding: begin anew
class Restarted(Client):
    async def start(self):
        self.leave()
        self.sender = asyncio.create_task(self.send_ticks())


metronome = answer(Restarted)


# %% wrong: each start puts the next tick off
# breaks: a `start` while it ticks changes nothing
# finding: anew
class PutOff(Client):
    def __init__(self, ws):
        super().__init__(ws)
        self.again = asyncio.Event()

    async def start(self):
        self.again.set()
        await super().start()

    async def pause(self):
        with contextlib.suppress(TimeoutError):
            while True:
                async with asyncio.timeout(0.01):
                    await self.again.wait()
                    self.again.clear()


metronome = answer(PutOff)


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
