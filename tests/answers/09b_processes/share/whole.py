"""Answers to exercise 9.6, “One subscription for a room”."""

import asyncio
from collections import Counter, defaultdict

from websockets.asyncio.server import broadcast
from websockets.exceptions import ConnectionClosed

# %% right: counted, and sent with gather()


def share(bus):
    counts, clients = Counter(), []

    async def on_message(room, message):
        here = [ws for where, ws in clients if where == room]
        await asyncio.gather(*(ws.send(message) for ws in here), return_exceptions=True)

    bus.on_message = on_message

    async def handler(ws):
        room = ws.request.path
        counts[room] += 1
        if counts[room] == 1:
            bus.subscribe(room)
        clients.append((room, ws))
        try:
            while True:
                bus.publish(room, await ws.recv())
        except ConnectionClosed:
            return
        finally:
            clients.remove((room, ws))
            counts[room] -= 1
            if counts[room] == 0:
                bus.unsubscribe(room)

    return handler


# %% right: a class
class Share:
    def __init__(self, bus):
        self.bus, self.rooms = bus, {}
        bus.on_message = self.deliver

    def deliver(self, room, message):
        broadcast(self.rooms.get(room, set()), message)

    async def __call__(self, ws):
        room = ws.request.path
        people = self.enter(room)
        people.add(ws)
        try:
            async for message in ws:
                self.bus.publish(room, message)
        finally:
            people.remove(ws)
            self.tidy(room)

    def enter(self, room):
        try:
            return self.rooms[room]
        except KeyError:
            self.bus.subscribe(room)
            return self.rooms.setdefault(room, set())

    def tidy(self, room):
        if not self.rooms[room]:
            self.bus.unsubscribe(room)
            self.rooms.pop(room)


share = Share


# %% right: a queue for each client
def share(bus):
    queues = defaultdict(dict)

    def on_message(room, message):
        for queue in queues[room].values():
            queue.put_nowait(message)

    bus.on_message = on_message

    async def forward(ws, queue):
        while True:
            await ws.send(await queue.get())

    async def handler(ws):
        room, queue = ws.request.path, asyncio.Queue()
        if not queues[room]:
            bus.subscribe(room)
        queues[room][ws] = queue
        task = asyncio.create_task(forward(ws, queue))
        try:
            async for message in ws:
                bus.publish(room, message)
        finally:
            task.cancel()
            del queues[room][ws]
            if not queues[room]:
                bus.unsubscribe(room)

    return handler


# %% wrong: an empty message is none
# breaks: Each message of a client is published in its room
def share(bus):
    clients = {}
    bus.on_message = lambda room, message: broadcast(clients.get(room, ()), message)

    async def handler(ws):
        room = ws.request.path
        if room not in clients:
            clients[room] = set()
            bus.subscribe(room)
        clients[room].add(ws)
        try:
            async for message in ws:
                if message:
                    bus.publish(room, message)
        finally:
            clients[room].discard(ws)
            if not clients[room]:
                del clients[room]
                bus.unsubscribe(room)

    return handler


# %% wrong: it goes to the clients here at once
# breaks: and not sent to clients otherwise
def share(bus):
    clients = {}
    bus.on_message = lambda room, message: broadcast(clients.get(room, ()), message)

    async def handler(ws):
        room = ws.request.path
        if room not in clients:
            clients[room] = set()
            bus.subscribe(room)
        clients[room].add(ws)
        try:
            async for message in ws:
                broadcast(clients[room], message)
                bus.publish(room, message)
        finally:
            clients[room].discard(ws)
            if not clients[room]:
                del clients[room]
                bus.unsubscribe(room)

    return handler


# %% wrong: only the client that came last
# breaks: Each message from the bus goes to all clients of its room
def share(bus):
    clients, latest = {}, {}
    bus.on_message = lambda room, message: broadcast([latest[room]], message)

    async def handler(ws):
        room = ws.request.path
        if room not in clients:
            clients[room] = set()
            bus.subscribe(room)
        clients[room].add(ws)
        latest[room] = ws
        try:
            async for message in ws:
                bus.publish(room, message)
        finally:
            clients[room].discard(ws)
            if not clients[room]:
                del clients[room]
                bus.unsubscribe(room)

    return handler


# %% wrong: to all clients of the process
# breaks: and to no others
def share(bus):
    clients = {}

    def on_message(room, message):
        for people in clients.values():
            broadcast(people, message)

    bus.on_message = on_message

    async def handler(ws):
        room = ws.request.path
        if room not in clients:
            clients[room] = set()
            bus.subscribe(room)
        clients[room].add(ws)
        try:
            async for message in ws:
                bus.publish(room, message)
        finally:
            clients[room].discard(ws)
            if not clients[room]:
                del clients[room]
                bus.unsubscribe(room)

    return handler


# %% wrong: a room that was empty is not subscribed again
# breaks: The process subscribes to a room when its first client comes
def share(bus):
    known, clients = set(), defaultdict(set)
    bus.on_message = lambda room, message: broadcast(clients[room], message)

    async def handler(ws):
        room = ws.request.path
        if room not in known:
            known.add(room)
            bus.subscribe(room)
        clients[room].add(ws)
        try:
            async for message in ws:
                bus.publish(room, message)
        finally:
            clients[room].discard(ws)
            if not clients[room]:
                bus.unsubscribe(room)

    return handler


# %% wrong: each client subscribes
# breaks: once for all of them
def share(bus):
    clients = defaultdict(set)
    bus.on_message = lambda room, message: broadcast(clients[room], message)

    async def handler(ws):
        room = ws.request.path
        bus.subscribe(room)
        clients[room].add(ws)
        try:
            async for message in ws:
                bus.publish(room, message)
        finally:
            clients[room].discard(ws)
            if not clients[room]:
                bus.unsubscribe(room)

    return handler


# %% wrong: each client unsubscribes
# breaks: and unsubscribes when the last one has left
def share(bus):
    clients = {}
    bus.on_message = lambda room, message: broadcast(clients.get(room, ()), message)

    async def handler(ws):
        room = ws.request.path
        if room not in clients:
            clients[room] = set()
            bus.subscribe(room)
        clients[room].add(ws)
        try:
            async for message in ws:
                bus.publish(room, message)
        finally:
            bus.unsubscribe(room)
            clients[room].discard(ws)
            if not clients[room]:
                del clients[room]

    return handler


# %% wrong: it never unsubscribes
# breaks first: and unsubscribes when the last one has left
def share(bus):
    clients = defaultdict(set)
    bus.on_message = lambda room, message: broadcast(clients[room], message)

    async def handler(ws):
        room = ws.request.path
        if room not in clients:
            bus.subscribe(room)
        clients[room].add(ws)
        try:
            async for message in ws:
                bus.publish(room, message)
        finally:
            clients[room].discard(ws)

    return handler


# %% wrong: without finally
# breaks: also if it vanished
def share(bus):
    clients = {}
    bus.on_message = lambda room, message: broadcast(clients.get(room, ()), message)

    async def handler(ws):
        room = ws.request.path
        if room not in clients:
            clients[room] = set()
            bus.subscribe(room)
        clients[room].add(ws)
        async for message in ws:
            bus.publish(room, message)
        clients[room].discard(ws)
        if not clients[room]:
            del clients[room]
            bus.unsubscribe(room)

    return handler
