"""Answers to exercise 2.6, “A room”."""

import asyncio
import contextlib

from websockets.asyncio.server import broadcast
from websockets.exceptions import ConnectionClosed


class Room:
    """A right answer, whose parts are replaced below."""

    def __init__(self):
        self.people = set()

    async def send(self, others, message):
        broadcast(others, message)

    async def say(self, ws, message):
        await self.send(self.people - {ws}, message)

    async def __call__(self, ws):
        self.people.add(ws)
        try:
            async for message in ws:
                await self.say(ws, message)
        finally:
            self.people.discard(ws)


# %% right: a class
room = Room()


# %% right: a task for each message
people = set()
sending = set()


async def deliver(other, message):
    with contextlib.suppress(ConnectionClosed):
        await other.send(message)


async def room(ws):
    people.add(ws)
    print(len(people), "people are here")
    try:
        while True:
            message = await ws.recv()
            for other in people:
                if other is not ws:
                    task = asyncio.create_task(deliver(other, message))
                    sending.add(task)
                    task.add_done_callback(sending.discard)
    except ConnectionClosed:
        pass
    finally:
        people.remove(ws)


# %% right: a lock for all, as if it were needed
lock = asyncio.Lock()
members = {}


async def room(ws):
    async with lock:
        members[ws.id] = ws
        await asyncio.sleep(0)
    try:
        async for message in ws:
            async with lock:
                broadcast([other for id, other in members.items() if id != ws.id], message)
                await asyncio.sleep(0)
    finally:
        async with lock:
            del members[ws.id]


# %% right: a queue for each client
queues = {}


async def room(ws):
    queue = queues[ws] = asyncio.Queue()

    async def deliver():
        while True:
            await ws.send(await queue.get())

    async with asyncio.TaskGroup() as tasks:
        sender = tasks.create_task(deliver())
        try:
            async for message in ws:
                for other, waiting in queues.items():
                    if other != ws:
                        waiting.put_nowait(message)
        finally:
            del queues[ws]
            sender.cancel()


# %% wrong: an echo
# breaks first: to all other clients that are connected
async def room(ws):
    async for message in ws:
        await ws.send(message)


# %% wrong: two at a time
# breaks first: to all other clients that are connected
pair = {}


async def room(ws):
    pair[len(pair) % 2] = ws
    async for message in ws:
        for other in pair.values():
            if other is not ws:
                await other.send(message)


# %% wrong: who comes later hears what was said before
# breaks first: to all other clients that are connected
# finding: heard what was said before
history = []


class History(Room):
    async def say(self, ws, message):
        history.append(message)
        await super().say(ws, message)

    async def __call__(self, ws):
        for message in history[-3:]:
            await ws.send(message)
        await super().__call__(ws)


room = History()


# %% wrong: only two are heard
# breaks: to all other clients that are connected
class Small(Room):
    async def say(self, ws, message):
        await self.send(sorted(self.people - {ws}, key=id)[:2], message)


room = Small()


# %% wrong: bytes
# breaks: each text message, unchanged
# finding: binary message
class Bytes(Room):
    async def send(self, others, message):
        broadcast(others, message.encode())


room = Bytes()


# %% wrong: blanks at the ends are cut off
# breaks: each text message, unchanged
class Strip(Room):
    async def send(self, others, message):
        broadcast(others, message.strip())


room = Strip()


# %% wrong: an empty message is not passed on
# breaks: each text message, unchanged
class Hungry(Room):
    async def send(self, others, message):
        if message:
            broadcast(others, message)


room = Hungry()


# %% wrong: every second message overtakes the one before
# breaks: and in order
class Hasty(Room):
    async def later(self, others, message):
        await asyncio.sleep(0.001)
        broadcast(others & self.people, message)

    async def send(self, others, message):
        if message.endswith(("0", "2", "4", "6", "8")) and message.startswith("message"):
            asyncio.create_task(self.later(others, message))  # noqa: RUF006
        else:
            broadcast(others, message)


room = Hasty()


# %% wrong: back to its sender
# breaks: and not back to its sender
# finding: it heard itself
class Mirror(Room):
    async def say(self, ws, message):
        await self.send(self.people, message)


room = Mirror()


# %% wrong: nobody is taken out
# breaks first: A client that leaves, in whatever way, disturbs nobody.
people = []


async def room(ws):
    people.append(ws)
    async for message in ws:
        for other in people:
            if other is not ws:
                await other.send(message)


# %% wrong: no finally
# breaks first: A client that leaves, in whatever way, disturbs nobody.
people = set()


async def room(ws):
    people.add(ws)
    async for message in ws:
        for other in people - {ws}:
            await other.send(message)
    people.discard(ws)


# %% wrong: all are told who has vanished
# breaks: A client that leaves, in whatever way, disturbs nobody.
# finding: and a message came
class Gossip(Room):
    async def __call__(self, ws):
        self.people.add(ws)
        try:
            async for message in ws:
                await self.say(ws, message)
        except ConnectionClosed:
            broadcast(self.people - {ws}, "somebody has left")
        finally:
            self.people.discard(ws)


room = Gossip()


# %% wrong: one who has left ends the conversation of all others
# breaks first: A client that leaves, in whatever way, disturbs nobody.
class Fragile(Room):
    async def __call__(self, ws):
        self.people.add(ws)
        async for message in ws:
            if any(other.close_code not in (None, 1000) for other in self.people):
                raise RuntimeError("somebody has left")
            await self.say(ws, message)


room = Fragile()


# %% wrong: it waits until each has read
# breaks: does not read what it is sent holds up nobody else, not even for a moment
class Patient(Room):
    async def send(self, others, message):
        for other in others:
            with contextlib.suppress(ConnectionClosed):
                await other.send(message)


room = Patient()


# %% wrong: all at once, and it waits for all
# breaks: does not read what it is sent holds up nobody else, not even for a moment
class Gathered(Room):
    async def send(self, others, message):
        sends = (other.send(message) for other in others)
        await asyncio.gather(*sends, return_exceptions=True)


room = Gathered()


# %% wrong: it waits a tenth of a second
# breaks: does not read what it is sent holds up nobody else, not even for a moment
class Timed(Room):
    async def send(self, others, message):
        for other in others:
            with contextlib.suppress(ConnectionClosed, TimeoutError):
                async with asyncio.timeout(0.1):
                    await other.send(message)


room = Timed()


# %% wrong: the same text again is not sent
# breaks: each text message, unchanged
class Once(Room):
    def __init__(self):
        super().__init__()
        self.last = {}

    async def say(self, ws, message):
        if message != self.last.get(ws):
            await super().say(ws, message)
        self.last[ws] = message


room = Once()
