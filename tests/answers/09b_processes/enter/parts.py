"""Answers to exercise 9.7, “Joined means subscribed”, made of parts."""

import asyncio

from websockets.asyncio.server import broadcast


class Enter:
    def __init__(self, bus):
        self.bus, self.clients, self.tasks, self.up = bus, {}, {}, set()
        bus.on_message = self.on_message

    def on_message(self, room, message):
        broadcast(self.clients.get(room, ()), message)

    async def subscribe(self, room):
        await self.bus.subscribe(room)

    async def ensure(self, room):
        if room not in self.tasks:
            self.tasks[room] = asyncio.create_task(self.subscribe(room))
        try:
            await asyncio.shield(self.tasks[room])
        except ConnectionError:
            self.tasks.pop(room, None)
            raise

    async def greet(self, room, ws):
        broadcast({ws}, "joined")
        self.clients.setdefault(room, set()).add(ws)

    async def fail(self, ws):
        await ws.close(1013)

    async def __call__(self, ws):
        room = ws.request.path
        try:
            await self.ensure(room)
        except ConnectionError:
            await self.fail(ws)
            return
        try:
            await self.greet(room, ws)
            await ws.wait_closed()
        finally:
            self.clients.get(room, set()).discard(ws)


# %% right: the class with a shared task
enter = Enter


# %% right: lock for each room
def enter(bus):
    locks, subscribed, clients = {}, set(), {}

    def on_message(room, message):
        broadcast(clients.get(room, set()), message)

    bus.on_message = on_message

    async def handler(ws):
        room = ws.request.path
        lock = locks.setdefault(room, asyncio.Lock())
        generation = fails.get(room, 0)
        try:
            async with lock:
                if fails.get(room, 0) != generation:
                    raise ConnectionError
                if room not in subscribed:
                    try:
                        await bus.subscribe(room)
                    except ConnectionError:
                        fails[room] = fails.get(room, 0) + 1
                        raise
                    subscribed.add(room)
        except ConnectionError:
            await ws.close(1013)
            return
        broadcast([ws], "joined")
        clients.setdefault(room, set()).add(ws)
        try:
            await ws.wait_closed()
        finally:
            clients[room].discard(ws)

    fails = {}
    return handler


# %% right: futures
def enter(bus):
    futures = {}
    rooms = {}
    bus.on_message = lambda room, m: broadcast(rooms.get(room, ()), m)

    async def handler(ws):
        room = ws.request.path
        if room in futures:
            error = await asyncio.shield(futures[room])
        else:
            f = futures[room] = asyncio.get_running_loop().create_future()
            error = None
            try:
                await bus.subscribe(room)
            except ConnectionError as e:
                error = e
                del futures[room]
            f.set_result(error)
        if error:
            return await ws.close(1013, "try again")
        rooms.setdefault(room, set())
        broadcast([ws], "joined")
        rooms[room].add(ws)
        try:
            async for _ in ws:
                pass
        finally:
            rooms[room].discard(ws)

    return handler


# %% wrong: an await between joined and entering
# breaks: From then on it gets all messages of its room
class A(Enter):
    async def greet(self, room, ws):
        await ws.send("joined")
        await asyncio.sleep(0.01)
        self.clients.setdefault(room, set()).add(ws)


enter = A


# %% wrong: only the first is sent away with 1013
# breaks: If `subscribe` raises `ConnectionError`, all who wait are sent away with close code 1013
class A(Enter):
    async def ensure(self, room):
        if room in self.tasks:
            await asyncio.wait([self.tasks[room]])
            return
        self.tasks[room] = asyncio.create_task(self.subscribe(room))
        try:
            await asyncio.shield(self.tasks[room])
        except ConnectionError:
            self.tasks.pop(room, None)
            raise


enter = A


# %% wrong: 1011 by an exception
# breaks: If `subscribe` raises `ConnectionError`, all who wait are sent away with close code 1013
class A(Enter):
    async def fail(self, ws):
        raise RuntimeError("the bus is down")


enter = A


# %% wrong: 1012
# breaks: If `subscribe` raises `ConnectionError`, all who wait are sent away with close code 1013
class A(Enter):
    async def fail(self, ws):
        await ws.close(1012)


enter = A


# %% wrong: unsubscribes when the room is empty
# breaks: and nothing is unsubscribed
class A(Enter):
    async def __call__(self, ws):
        await super().__call__(ws)
        room = ws.request.path
        if not self.clients.get(room):
            self.tasks.pop(room, None)
            if hasattr(self.bus, "unsubscribe"):
                self.bus.unsubscribe(room)


enter = A


# %% wrong: joined to all in the room, again
# breaks: Then each gets `joined`
class A(Enter):
    async def greet(self, room, ws):
        self.clients.setdefault(room, set()).add(ws)
        broadcast(self.clients[room], "joined")


enter = A


# %% wrong: the client who subscribes leaves, and takes it along (no shield)
# breaks: If `subscribe` raises `ConnectionError`, all who wait are sent away with close code 1013
class A(Enter):
    async def __call__(self, ws):
        room = ws.request.path
        if room not in self.tasks:
            self.tasks[room] = asyncio.create_task(self.subscribe(room))
            gone = asyncio.create_task(ws.wait_closed())
            await asyncio.wait([gone, self.tasks[room]], return_when=asyncio.FIRST_COMPLETED)
            if not self.tasks[room].done():
                self.tasks.pop(room).cancel()
                return
        try:
            await self.tasks[room]
        except ConnectionError:
            self.tasks.pop(room, None)
            return await ws.close(1013)
        await self.greet(room, ws)
        await ws.wait_closed()
        self.clients[room].discard(ws)


enter = A


# %% wrong: those who wait retry one after another
# breaks: If `subscribe` raises `ConnectionError`, all who wait are sent away with close code 1013
class A(Enter):
    locks = None

    async def ensure(self, room):
        self.locks = self.locks or {}
        async with self.locks.setdefault(room, asyncio.Lock()):
            if room not in self.up:
                await self.bus.subscribe(room)
                self.up.add(room)


enter = A


# %% wrong: messages of other rooms, too
# breaks: and of no other
class A(Enter):
    def on_message(self, room, message):
        for c in self.clients.values():
            broadcast(c, message)


enter = A


# %% wrong: drops binary
# breaks: From then on it gets all messages of its room
class A(Enter):
    def on_message(self, room, message):
        if isinstance(message, str):
            broadcast(self.clients.get(room, ()), message)


enter = A


# %% wrong: empty messages are dropped
# breaks: From then on it gets all messages of its room
class A(Enter):
    def on_message(self, room, message):
        if message:
            broadcast(self.clients.get(room, ()), message)


enter = A


# %% wrong: joined is binary
# breaks: Then each gets `joined`
class A(Enter):
    async def greet(self, room, ws):
        broadcast({ws}, b"joined")
        self.clients.setdefault(room, set()).add(ws)


enter = A


# %% wrong: only the first client of a room is told
# breaks: Then each gets `joined`
class A(Enter):
    async def greet(self, room, ws):
        if room not in self.clients:
            broadcast({ws}, "joined")
        self.clients.setdefault(room, set()).add(ws)


enter = A


# %% wrong: it gives up after a fifth of a second
# breaks: which may take a while
class Hasty(Enter):
    async def ensure(self, room):
        try:
            async with asyncio.timeout(0.2):
                await super().ensure(room)
        except TimeoutError:
            raise ConnectionError from None


enter = Hasty
