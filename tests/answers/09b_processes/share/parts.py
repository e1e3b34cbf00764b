"""Answers to exercise 9.6, “One subscription for a room”, made of parts."""

import asyncio
from collections import Counter, defaultdict

from websockets.asyncio.server import broadcast
from websockets.exceptions import ConnectionClosed


class Share:
    def __init__(self, bus):
        self.bus, self.rooms = bus, {}
        bus.on_message = self.on_message

    def on_message(self, room, message):
        broadcast(self.rooms.get(room, ()), message)

    def room(self, ws):
        return ws.request.path

    def enter(self, room, ws):
        if room not in self.rooms:
            self.rooms[room] = set()
            self.bus.subscribe(room)
        self.rooms[room].add(ws)

    def leave(self, room, ws):
        self.rooms[room].discard(ws)
        if not self.rooms[room]:
            del self.rooms[room]
            self.bus.unsubscribe(room)

    async def talk(self, room, ws):
        async for message in ws:
            self.bus.publish(room, message)

    async def __call__(self, ws):
        room = self.room(ws)
        self.enter(room, ws)
        try:
            await self.talk(room, ws)
        finally:
            self.leave(room, ws)


# %% right: the parts together
def share(bus):
    return Share(bus)


# %% right: closure with broadcast and defaultdict
def share(bus):
    rooms = defaultdict(set)

    def tell(room, message):
        broadcast(rooms[room], message)

    bus.on_message = tell

    async def handler(ws):
        room = ws.request.path
        rooms[room].add(ws)
        if len(rooms[room]) == 1:
            bus.subscribe(room)
        try:
            async for message in ws:
                bus.publish(room, message)
        finally:
            rooms[room].remove(ws)
            if not rooms[room]:
                bus.unsubscribe(room)

    return handler


# %% right: counter, list, recv loop, ConnectionClosed caught
def share(bus):
    clients = []
    counts = Counter()

    def on_message(room, message):
        broadcast([ws for r, ws in clients if r == room], message)

    bus.on_message = on_message

    async def handler(ws):
        room = ws.request.path
        counts[room] += 1
        clients.append((room, ws))
        if counts[room] == 1:
            bus.subscribe(room)
        try:
            while True:
                bus.publish(room, await ws.recv())
        except ConnectionClosed:
            pass
        finally:
            clients.remove((room, ws))
            counts[room] -= 1
            if counts[room] == 0:
                bus.unsubscribe(room)

    return handler


# %% right: tasks that send, one for each message
def share(bus):
    rooms = {}
    tasks = set()

    def on_message(room, message):
        for q in list(rooms.get(room, {}).values()):
            q.put_nowait(message)

    bus.on_message = on_message

    async def pump(ws, q):
        try:
            while True:
                await ws.send(await q.get())
        except ConnectionClosed:
            pass

    async def handler(ws):
        room = ws.request.path
        q = asyncio.Queue()
        if room in rooms:
            rooms[room][ws] = q
        else:
            rooms[room] = {ws: q}
            bus.subscribe(room)
        t = asyncio.create_task(pump(ws, q))
        tasks.add(t)
        try:
            async for m in ws:
                bus.publish(room, m)
        finally:
            del rooms[room][ws]
            if not rooms[room]:
                del rooms[room]
                bus.unsubscribe(room)
            t.cancel()
            tasks.discard(t)

    return handler


# %% right: setdefault, contextmanager
import contextlib


def share(bus):
    rooms = {}

    @contextlib.contextmanager
    def member(room, ws):
        new = room not in rooms
        rooms.setdefault(room, set()).add(ws)
        if new:
            bus.subscribe(room)
        try:
            yield
        finally:
            rooms[room].discard(ws)
            if not rooms[room]:
                rooms.pop(room)
                bus.unsubscribe(room)

    bus.on_message = lambda room, message: broadcast(rooms.get(room, []), message)

    async def handler(ws):
        with member(ws.request.path, ws), contextlib.suppress(ConnectionClosed):
            async for message in ws:
                bus.publish(ws.request.path, message)

    return handler


# %% right: on_message set by functools.partial, wait_closed helper
import functools


def deliver(rooms, room, message):
    if room in rooms:
        broadcast(rooms[room], message)


def share(bus):
    rooms = {}
    bus.on_message = functools.partial(deliver, rooms)

    async def handler(ws):
        room = ws.request.path
        try:
            rooms[room].append(ws)
        except KeyError:
            rooms[room] = [ws]
            bus.subscribe(room)
        try:
            async for message in ws:
                bus.publish(room, message)
        finally:
            rooms[room].remove(ws)
            if rooms[room] == []:
                bus.unsubscribe(room)
                del rooms[room]

    return handler


# %% wrong: unsubscribes when any leaves
# breaks first: The process subscribes to a room when its first client comes
class A(Share):
    def leave(self, room, ws):
        self.rooms[room].discard(ws)
        self.bus.unsubscribe(room)


share = A


# %% wrong: a vanished client is forgotten (no finally)
# breaks: also if it vanished
class A(Share):
    async def __call__(self, ws):
        room = self.room(ws)
        self.enter(room, ws)
        await self.talk(room, ws)
        self.leave(room, ws)


share = A


# %% wrong: the name without slash
# breaks first: Each message of a client is published in its room
class A(Share):
    def room(self, ws):
        return ws.request.path.strip("/")


share = A


# %% wrong: not to the speaker
# breaks: Each message from the bus goes to all clients of its room
class A(Share):
    async def talk(self, room, ws):
        async for message in ws:
            self.me = ws
            self.bus.publish(room, message)

    me = None

    def on_message(self, room, message):
        broadcast(self.rooms.get(room, set()) - {self.me}, message)


share = A


# %% wrong: text only
# breaks: Each message of a client is published in its room
class A(Share):
    async def talk(self, room, ws):
        async for message in ws:
            if isinstance(message, str):
                self.bus.publish(room, message)


share = A


# %% wrong: empty messages from the bus are dropped
# breaks first: Each message from the bus goes to all clients of its room
class A(Share):
    def on_message(self, room, message):
        if message:
            broadcast(self.rooms.get(room, ()), message)


share = A


# %% wrong: bytes come as text
# breaks first: Each message from the bus goes to all clients of its room
class A(Share):
    def on_message(self, room, message):
        if isinstance(message, bytes):
            message = message.decode(errors="replace")
        broadcast(self.rooms.get(room, ()), message)


share = A


# %% wrong: the same message as before is a double
# breaks first: Each message from the bus goes to all clients of its room
class A(Share):
    last = None

    def on_message(self, room, message):
        if message != self.last:
            broadcast(self.rooms.get(room, ()), message)
        self.last = message


share = A


# %% wrong: rooms shared by all processes
# breaks: The process subscribes to a room when its first client comes
ROOMS = {}


class A(Share):
    def __init__(self, bus):
        self.bus, self.rooms = bus, ROOMS
        bus.on_message = self.on_message


share = A


# %% wrong: subscribes at the first message
# breaks first: The process subscribes to a room when its first client comes
class A(Share):
    def enter(self, room, ws):
        self.rooms.setdefault(room, set()).add(ws)
        self.done = getattr(self, "done", set())

    async def talk(self, room, ws):
        async for message in ws:
            if room not in self.done:
                self.done.add(room)
                self.bus.subscribe(room)
            self.bus.publish(room, message)

    def leave(self, room, ws):
        self.rooms[room].discard(ws)
        if not self.rooms[room] and room in self.done:
            self.done.discard(room)
            self.bus.unsubscribe(room)


share = A


# %% wrong: a room for all paths that begin alike
# breaks: and to no others
class A(Share):
    def on_message(self, room, message):
        for name, clients in self.rooms.items():
            if name.startswith(room):
                broadcast(clients, message)


share = A


# %% wrong: lower case
# breaks first: Each message of a client is published in its room
class A(Share):
    def room(self, ws):
        return ws.request.path.lower()


share = A


# %% wrong: the subscription belongs to the first client
# breaks: and unsubscribes when the last one has left
class A(Share):
    def enter(self, room, ws):
        if room not in self.rooms:
            self.rooms[room] = set()
            self.bus.subscribe(room)
            ws.first = True
        self.rooms[room].add(ws)

    def leave(self, room, ws):
        self.rooms[room].discard(ws)
        if getattr(ws, "first", False):
            self.bus.unsubscribe(room)
            self.rooms.pop(room, None)


share = A
