"""Answers to exercise 9.7, “Joined means subscribed”."""

import asyncio
from collections import defaultdict

from websockets.asyncio.server import broadcast

# %% right: a future that the first one settles


def enter(bus):
    people, standing = defaultdict(set), {}

    def on_message(room, message):
        broadcast(people[room], message)

    bus.on_message = on_message

    async def wait(room):
        if room in standing:
            return await asyncio.shield(standing[room])
        standing[room] = asyncio.get_running_loop().create_future()
        try:
            await bus.subscribe(room)
        except ConnectionError:
            standing.pop(room).set_result(False)
            return False
        standing[room].set_result(True)
        return True

    async def handler(ws):
        room = ws.request.path
        if not await wait(room):
            await ws.close(1013)
            return
        people[room].add(ws)
        try:
            await ws.send("joined")
            await ws.wait_closed()
        finally:
            people[room].discard(ws)

    return handler


# %% right: those who wait are a list
class Enter:
    def __init__(self, bus):
        self.bus = bus
        self.people, self.waiting = defaultdict(set), {}
        self.stands = set()
        bus.on_message = self.deliver

    def deliver(self, room, message):
        broadcast(self.people[room], message)

    def let_in(self, room, *clients):
        broadcast(clients, "joined")
        self.people[room].update(clients)

    async def subscribe(self, room):
        try:
            await self.bus.subscribe(room)
        except ConnectionError:
            waiting = self.waiting.pop(room)
            await asyncio.gather(*(ws.close(1013) for ws in waiting))
        else:
            self.stands.add(room)
            self.let_in(room, *self.waiting.pop(room))

    async def __call__(self, ws):
        room = ws.request.path
        if room in self.stands:
            self.let_in(room, ws)
        elif room in self.waiting:
            self.waiting[room].append(ws)
        else:
            self.waiting[room] = [ws]
            await self.subscribe(room)
        await ws.wait_closed()
        self.people[room].discard(ws)


enter = Enter


# %% right: a lock for each room
def enter(bus):
    people, locks, stands = {}, defaultdict(asyncio.Lock), set()

    async def on_message(room, message):
        for ws in list(people.get(room, ())):
            await ws.send(message)

    bus.on_message = on_message

    async def handler(ws):
        room = ws.request.path
        tries = attempts[room]
        async with locks[room]:
            if attempts[room] != tries:
                return await ws.close(code=1013)
            if room not in stands:
                try:
                    await bus.subscribe(room)
                except ConnectionError:
                    attempts[room] += 1
                    return await ws.close(code=1013)
                stands.add(room)
        broadcast([ws], "joined")
        people.setdefault(room, []).append(ws)
        await ws.wait_closed()
        people[room].remove(ws)

    attempts = defaultdict(int)
    return handler


# %% wrong: each client subscribes
# breaks: The process subscribes to a room once, however many clients come meanwhile
def enter(bus):
    clients = defaultdict(set)
    bus.on_message = lambda room, message: broadcast(clients[room], message)

    async def handler(ws):
        room = ws.request.path
        try:
            await bus.subscribe(room)
        except ConnectionError:
            return await ws.close(1013)
        broadcast({ws}, "joined")
        clients[room].add(ws)
        await ws.wait_closed()
        clients[room].discard(ws)

    return handler


# %% wrong: the second client does not wait
# breaks: No client gets `joined` before the subscription stands
def enter(bus):
    clients, subscribing = defaultdict(set), {}
    bus.on_message = lambda room, message: broadcast(clients[room], message)

    async def handler(ws):
        room = ws.request.path
        first = room not in subscribing
        if first:
            subscribing[room] = asyncio.create_task(bus.subscribe(room))
        else:
            broadcast({ws}, "joined")
            clients[room].add(ws)
        task = subscribing[room]
        try:
            await asyncio.shield(task)
        except ConnectionError:
            if subscribing.get(room) is task:
                del subscribing[room]
            return await ws.close(1013)
        if first:
            broadcast({ws}, "joined")
            clients[room].add(ws)
        await ws.wait_closed()
        clients[room].discard(ws)

    return handler


# %% wrong: nobody waits
# breaks first: No client gets `joined` before the subscription stands
def enter(bus):
    clients = defaultdict(set)
    bus.on_message = lambda room, message: broadcast(clients[room], message)

    async def handler(ws):
        room = ws.request.path
        await ws.send("joined")
        if not clients[room]:
            task = asyncio.create_task(bus.subscribe(room))
            task.add_done_callback(lambda task: task.exception())
        clients[room].add(ws)
        await ws.wait_closed()
        clients[room].discard(ws)

    return handler


# %% wrong: only the first one is told
# breaks: Then each gets `joined`
def enter(bus):
    clients, subscribing = defaultdict(set), {}
    bus.on_message = lambda room, message: broadcast(clients[room], message)

    async def handler(ws):
        room = ws.request.path
        if first := room not in subscribing:
            subscribing[room] = asyncio.create_task(bus.subscribe(room))
        task = subscribing[room]
        try:
            await asyncio.shield(task)
        except ConnectionError:
            if subscribing.get(room) is task:
                del subscribing[room]
            return await ws.close(1013)
        if first:
            broadcast({ws}, "joined")
        clients[room].add(ws)
        await ws.wait_closed()
        clients[room].discard(ws)

    return handler


# %% wrong: among the clients while it waits
# breaks: and no message of the room before that
def enter(bus):
    clients, subscribing = defaultdict(set), {}
    bus.on_message = lambda room, message: broadcast(clients[room], message)

    async def handler(ws):
        room = ws.request.path
        clients[room].add(ws)
        if room not in subscribing:
            subscribing[room] = asyncio.create_task(bus.subscribe(room))
        task = subscribing[room]
        try:
            await asyncio.shield(task)
        except ConnectionError:
            if subscribing.get(room) is task:
                del subscribing[room]
            return await ws.close(1013)
        await ws.send("joined")
        await ws.wait_closed()
        clients[room].discard(ws)

    return handler


# %% wrong: those who waited hear nothing
# breaks: From then on it gets all messages of its room
def enter(bus):
    clients, subscribing = defaultdict(set), {}
    bus.on_message = lambda room, message: broadcast(clients[room], message)

    async def handler(ws):
        room = ws.request.path
        if came_first := room not in subscribing:
            subscribing[room] = asyncio.create_task(bus.subscribe(room))
        task = subscribing[room]
        try:
            await asyncio.shield(task)
        except ConnectionError:
            if subscribing.get(room) is task:
                del subscribing[room]
            return await ws.close(1013)
        broadcast({ws}, "joined")
        if came_first:
            clients[room].add(ws)
        await ws.wait_closed()
        clients[room].discard(ws)

    return handler


# %% wrong: one lock for all rooms
# breaks: A room that takes long holds up no other
def enter(bus):
    clients, stands, attempts = defaultdict(set), set(), []
    lock = asyncio.Lock()
    bus.on_message = lambda room, message: broadcast(clients[room], message)

    async def handler(ws):
        room, tries = ws.request.path, len(attempts)
        async with lock:
            if len(attempts) != tries:
                return await ws.close(1013)
            if room not in stands:
                try:
                    await bus.subscribe(room)
                except ConnectionError:
                    attempts.append(room)
                    return await ws.close(1013)
                stands.add(room)
        broadcast({ws}, "joined")
        clients[room].add(ws)
        await ws.wait_closed()
        clients[room].discard(ws)

    return handler


# %% wrong: the error is the handler's
# breaks: If `subscribe` raises `ConnectionError`, all who wait are sent away with close code 1013
def enter(bus):
    clients, subscribing = defaultdict(set), {}
    bus.on_message = lambda room, message: broadcast(clients[room], message)

    async def handler(ws):
        room = ws.request.path
        if room not in subscribing:
            subscribing[room] = asyncio.create_task(bus.subscribe(room))
        task = subscribing[room]
        try:
            await asyncio.shield(task)
        finally:
            if task.exception():
                subscribing.pop(room, None)
        broadcast({ws}, "joined")
        clients[room].add(ws)
        await ws.wait_closed()
        clients[room].discard(ws)

    return handler


# %% wrong: a failure is for ever
# breaks: and for the next client it tries again
def enter(bus):
    clients, subscribing = defaultdict(set), {}
    bus.on_message = lambda room, message: broadcast(clients[room], message)

    async def handler(ws):
        room = ws.request.path
        if room not in subscribing:
            subscribing[room] = asyncio.create_task(bus.subscribe(room))
        try:
            await asyncio.shield(subscribing[room])
        except ConnectionError:
            return await ws.close(1013)
        broadcast({ws}, "joined")
        clients[room].add(ws)
        await ws.wait_closed()
        clients[room].discard(ws)

    return handler
