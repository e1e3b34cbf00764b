"""Answers to exercise 9.4, “One room, many servers”."""

import asyncio
import collections
import contextlib
import functools

from websockets.asyncio.server import broadcast
from websockets.exceptions import ConnectionClosed


async def forward(ws, messages):
    with contextlib.suppress(ConnectionClosed):
        async for message in messages:
            await ws.send(message)


@contextlib.asynccontextmanager
async def running(coroutine):
    """A task for a while"""
    task = asyncio.create_task(coroutine)
    try:
        yield task
    finally:
        task.cancel()


# %% right: a subscription for each room of a server
def relay(bus):
    rooms = {}

    async def listen(room, people, ready):
        async with bus.subscribe(room) as messages:
            ready.set()
            async for message in messages:
                broadcast(people, message)

    async def handler(ws):
        room = ws.request.path
        if room not in rooms:
            people, ready = set(), asyncio.Event()
            rooms[room] = people, ready, asyncio.create_task(listen(room, people, ready))
        people, ready, task = rooms[room]
        people.add(ws)
        try:
            await ready.wait()
            await ws.send("joined")
            async for message in ws:
                await bus.publish(room, message)
        finally:
            people.discard(ws)
            if not people and rooms.get(room, (None,))[0] is people:
                del rooms[room]
                task.cancel()

    return handler


# %% right: a class
class Relay:
    def __init__(self, bus):
        self.bus = bus

    async def __call__(self, ws):
        async with self.bus.subscribe(ws.request.path) as messages:
            await ws.send("joined")
            task = asyncio.create_task(self.forward(ws, messages))
            try:
                async for message in ws:
                    await self.bus.publish(ws.request.path, message)
            finally:
                task.cancel()

    async def forward(self, ws, messages):
        async for message in messages:
            await ws.send(message)


relay = Relay


# %% right: partial, and whichever of two tasks ends first
async def hear(ws, messages):
    async for message in messages:
        await ws.send(message)


async def say(ws, bus):
    async for message in ws:
        await bus.publish(ws.request.path, message)


async def serve(bus, ws):
    async with bus.subscribe(ws.request.path) as messages:
        await ws.send("joined")
        tasks = [asyncio.create_task(hear(ws, messages)), asyncio.create_task(say(ws, bus))]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()


def relay(bus):
    return functools.partial(serve, bus)


# %% right: queues
def relay(bus):
    async def handler(ws):
        said = asyncio.Queue()

        async def publish_all():
            while True:
                await bus.publish(ws.request.path, await said.get())

        async with bus.subscribe(ws.request.path) as messages:
            await ws.send("joined")
            async with running(publish_all()), running(forward(ws, messages)):
                while True:
                    try:
                        said.put_nowait(await ws.recv())
                    except ConnectionClosed:
                        break

    return handler


# %% wrong: only on its own server
# breaks first: Once subscribed, a client gets `joined`
def relay(bus):
    rooms = {}

    async def handler(ws):
        people = rooms.setdefault(ws.request.path, set())
        people.add(ws)
        await ws.send("joined")
        try:
            async for message in ws:
                broadcast(people, message)
        finally:
            people.discard(ws)

    return handler


# %% wrong: joined before it has subscribed
# breaks first: Once subscribed, a client gets `joined`
# finding: it came before the server was subscribed
def relay(bus):
    async def handler(ws):
        room = ws.request.path
        await ws.send("joined")
        async with bus.subscribe(room) as messages, running(forward(ws, messages)):
            async for message in ws:
                await bus.publish(room, message)

    return handler


# %% wrong: joined while a task subscribes
# breaks first: Once subscribed, a client gets `joined`
# finding: it came before the server was subscribed
def relay(bus):
    async def handler(ws):
        room = ws.request.path

        async def listen():
            async with bus.subscribe(room) as messages:
                await forward(ws, messages)

        async with running(listen()):
            await asyncio.sleep(0)
            await ws.send("joined")
            async for message in ws:
                await bus.publish(room, message)

    return handler


# %% wrong: the second client does not wait for the subscription
# breaks: Once subscribed, a client gets `joined`
# finding: it came before the server was subscribed
def relay(bus):
    rooms = {}

    async def listen(room, people, ready):
        async with bus.subscribe(room) as messages:
            ready.set()
            async for message in messages:
                broadcast(people, message)

    async def handler(ws):
        room = ws.request.path
        if room not in rooms:
            people, ready = set(), asyncio.Event()
            rooms[room] = people, asyncio.create_task(listen(room, people, ready))
            people.add(ws)
            await ready.wait()
        people, task = rooms[room]
        people.add(ws)
        try:
            await ws.send("joined")
            async for message in ws:
                await bus.publish(room, message)
        finally:
            people.discard(ws)
            if not people:
                del rooms[room]
                task.cancel()

    return handler


# %% wrong: joined in a binary message
# breaks: Once subscribed, a client gets `joined`
# finding: binary
def relay(bus):
    async def handler(ws):
        room = ws.request.path
        async with bus.subscribe(room) as messages, running(forward(ws, messages)):
            await ws.send(b"joined")
            async for message in ws:
                await bus.publish(room, message)

    return handler


# %% wrong: a subscription for each message
# breaks first: Once subscribed, a client gets `joined`
def relay(bus):
    async def handler(ws):
        room = ws.request.path
        await ws.send("joined")
        async for message in ws:
            async with bus.subscribe(room) as messages:
                await bus.publish(room, message)
                await ws.send(await anext(messages))

    return handler


# %% wrong: nobody is told
# breaks first: Once subscribed, a client gets `joined`
# finding: no message came
def relay(bus):
    async def handler(ws):
        async with bus.subscribe(ws.request.path) as messages:
            async for message in messages:
                await ws.send(message)

    return handler


# %% wrong: joined is for the whole room
# breaks first: Once subscribed, a client gets `joined`
def relay(bus):
    async def handler(ws):
        room = ws.request.path
        async with bus.subscribe(room) as messages, running(forward(ws, messages)):
            await bus.publish(room, f"joined {room}")
            async for message in ws:
                await bus.publish(room, message)

    return handler


# %% wrong: joined is for the whole room, over the bus
# breaks first: Once subscribed, a client gets `joined`
# finding: another message came after it
def relay(bus):
    async def handler(ws):
        room = ws.request.path
        async with bus.subscribe(room) as messages, running(forward(ws, messages)):
            await bus.publish(room, "joined")
            async for message in ws:
                await bus.publish(room, message)

    return handler


# %% wrong: the bus is global
# breaks: It is called once for each server
# finding: server 1 does not subscribe
the_bus = None


def relay(bus):
    global the_bus
    the_bus = bus

    async def handler(ws):
        room = ws.request.path
        async with the_bus.subscribe(room) as messages:
            await ws.send("joined")
            async with running(forward(ws, messages)):
                async for message in ws:
                    await the_bus.publish(room, message)

    return handler


# %% wrong: rooms that all servers share
# breaks first: It is called once for each server
# finding: server 2 does not subscribe
rooms = {}


def relay(bus):
    async def listen(room, people, ready):
        async with bus.subscribe(room) as messages:
            ready.set()
            async for message in messages:
                broadcast(people, message)

    async def handler(ws):
        room = ws.request.path
        if room not in rooms:
            people, ready = set(), asyncio.Event()
            rooms[room] = people, ready, asyncio.create_task(listen(room, people, ready))
        people, ready, task = rooms[room]
        people.add(ws)
        try:
            await ready.wait()
            await ws.send("joined")
            async for message in ws:
                await bus.publish(room, message)
        finally:
            people.discard(ws)
            if not people and rooms.pop(room, None):
                task.cancel()

    return handler


# %% wrong: one room for all
# breaks: The room is the path
def relay(bus):
    async def handler(ws):
        async with bus.subscribe("room") as messages:
            await ws.send("joined")
            async with running(forward(ws, messages)):
                async for message in ws:
                    await bus.publish("room", message)

    return handler


# %% wrong: without the slash
# breaks: The room is the path
# finding: a room has another name
def relay(bus):
    async def handler(ws):
        room = ws.request.path.strip("/")
        async with bus.subscribe(room) as messages:
            await ws.send("joined")
            async with running(forward(ws, messages)):
                async for message in ws:
                    await bus.publish(room, message)

    return handler


# %% wrong: capitals do not count
# breaks: The room is the path
def relay(bus):
    async def handler(ws):
        room = ws.request.path.lower()
        async with bus.subscribe(room) as messages:
            await ws.send("joined")
            async with running(forward(ws, messages)):
                async for message in ws:
                    await bus.publish(room, message)

    return handler


# %% wrong: a room for each subscription, and one set of people
# breaks: The room is the path
# finding: got what others said
def relay(bus):
    people, tasks = set(), {}

    async def listen(room, ready):
        async with bus.subscribe(room) as messages:
            ready.set()
            async for message in messages:
                broadcast(people, message)

    async def handler(ws):
        room = ws.request.path
        if room not in tasks:
            ready = asyncio.Event()
            tasks[room] = ready, asyncio.create_task(listen(room, ready))
        ready, task = tasks[room]
        people.add(ws)
        try:
            await ready.wait()
            await ws.send("joined")
            async for message in ws:
                await bus.publish(room, message)
        finally:
            people.discard(ws)
            if not any(one.request.path == room for one in people):
                tasks.pop(room, None)
                task.cancel()

    return handler


# %% wrong: the first client of a server owns the subscription
# breaks: goes to all clients of its room on all servers
# finding: after the first client has left
def relay(bus):
    rooms = {}

    async def handler(ws):
        room = ws.request.path
        people = rooms.setdefault(room, [])
        people.append(ws)
        first = len(people) == 1

        async def listen(ready):
            async with bus.subscribe(room) as messages:
                ready.set()
                async for message in messages:
                    broadcast(people, message)

        try:
            if first:
                rooms[room, "ready"] = ready = asyncio.Event()
                async with running(listen(ready)):
                    await ready.wait()
                    await ws.send("joined")
                    async for message in ws:
                        await bus.publish(room, message)
            else:
                await rooms[room, "ready"].wait()
                await ws.send("joined")
                async for message in ws:
                    await bus.publish(room, message)
        finally:
            people.remove(ws)

    return handler


# %% wrong: a room that was left is never entered again
# breaks: goes to all clients of its room on all servers
# finding: and the last one of a server
def relay(bus):
    rooms = {}

    async def listen(room, people, ready):
        async with bus.subscribe(room) as messages:
            ready.set()
            async for message in messages:
                broadcast(people, message)

    async def handler(ws):
        room = ws.request.path
        if room not in rooms:
            people, ready = set(), asyncio.Event()
            rooms[room] = people, ready, asyncio.create_task(listen(room, people, ready))
        people, ready, task = rooms[room]
        people.add(ws)
        try:
            await ready.wait()
            await ws.send("joined")
            async for message in ws:
                await bus.publish(room, message)
        finally:
            people.discard(ws)
            if not people:
                task.cancel()

    return handler


# %% wrong: only text
# breaks first: Each message of a client
# finding: did not get it
def relay(bus):
    async def handler(ws):
        room = ws.request.path
        async with bus.subscribe(room) as messages:
            await ws.send("joined")
            async with running(forward(ws, messages)):
                async for message in ws:
                    await bus.publish(room, message.encode().decode())

    return handler


# %% wrong: an empty message is none
# breaks first: Each message of a client
def relay(bus):
    async def handler(ws):
        room = ws.request.path
        async with bus.subscribe(room) as messages:
            await ws.send("joined")
            async with running(forward(ws, messages)):
                async for message in ws:
                    if message:
                        await bus.publish(room, message)

    return handler


# %% wrong: what was said before is not said again
# breaks: Each message of a client
def relay(bus):
    async def handler(ws):
        room = ws.request.path
        last = None
        async with bus.subscribe(room) as messages:
            await ws.send("joined")
            async with running(forward(ws, messages)):
                async for message in ws:
                    if message != last:
                        await bus.publish(room, message)
                    last = message

    return handler


# %% wrong: one loop after the other
# breaks first: Each message of a client
# finding: no message came
def relay(bus):
    async def handler(ws):
        room = ws.request.path
        async with bus.subscribe(room) as messages:
            await ws.send("joined")
            async for message in messages:
                await ws.send(message)
            async for message in ws:
                await bus.publish(room, message)

    return handler


# %% wrong: one after the other, the other way round
# breaks first: Each message of a client
# finding: no message came
def relay(bus):
    async def handler(ws):
        room = ws.request.path
        async with bus.subscribe(room) as messages:
            await ws.send("joined")
            async for message in ws:
                await bus.publish(room, message)
                await ws.send(await anext(messages))

    return handler


# %% wrong: it is not awaited
# breaks first: Each message of a client
# finding: is an `await` missing before `bus.publish(…)`?
def relay(bus):
    async def handler(ws):
        room = ws.request.path
        async with bus.subscribe(room) as messages:
            await ws.send("joined")
            async with running(forward(ws, messages)):
                async for message in ws:
                    bus.publish(room, message)

    return handler


# %% wrong: from loop to loop, without the bus
# breaks first: Each message of a client
# finding: it does not go over the bus
everybody = collections.defaultdict(dict)


def relay(bus):
    async def handler(ws):
        people = everybody[ws.request.path]
        async with bus.subscribe(ws.request.path):
            people[ws] = asyncio.get_running_loop()
            await ws.send("joined")
            try:
                async for message in ws:
                    for other, loop in list(people.items()):
                        loop.call_soon_threadsafe(broadcast, [other], message)
            finally:
                del people[ws]

    return handler


# %% wrong: not to its own sender
# breaks: itself included
def relay(bus):
    async def handler(ws):
        room = ws.request.path
        own = collections.Counter()

        async def listen(messages):
            async for message in messages:
                if own[message]:
                    own[message] -= 1
                else:
                    await ws.send(message)

        async with bus.subscribe(room) as messages:
            await ws.send("joined")
            async with running(listen(messages)):
                async for message in ws:
                    own[message] += 1
                    await bus.publish(room, message)

    return handler


# %% wrong: an empty one not to its own sender
# breaks: itself included
def relay(bus):
    async def handler(ws):
        room = ws.request.path
        own = collections.Counter()

        async def listen(messages):
            async for message in messages:
                if own[message]:
                    own[message] -= 1
                else:
                    await ws.send(message)

        async with bus.subscribe(room) as messages:
            await ws.send("joined")
            async with running(listen(messages)):
                async for message in ws:
                    own[message] += not message
                    await bus.publish(room, message)

    return handler


# %% wrong: the sender gets it twice
# breaks: to each of them once
# finding: its own sender got it again
def relay(bus):
    async def handler(ws):
        room = ws.request.path
        async with bus.subscribe(room) as messages:
            await ws.send("joined")
            async with running(forward(ws, messages)):
                async for message in ws:
                    await ws.send(message)
                    await bus.publish(room, message)

    return handler


# %% wrong: to the clients here at once, and over the bus
# breaks: to each of them once
def relay(bus):
    rooms = collections.defaultdict(set)

    async def handler(ws):
        room = ws.request.path
        async with bus.subscribe(room) as messages:
            rooms[room].add(ws)
            await ws.send("joined")
            try:
                async with running(forward(ws, messages)):
                    async for message in ws:
                        broadcast(rooms[room], message)
                        await bus.publish(room, message)
            finally:
                rooms[room].discard(ws)

    return handler


# %% wrong: each client's task sends to all of its server
# breaks: to each of them once
def relay(bus):
    rooms = collections.defaultdict(set)

    async def listen(room, messages):
        async for message in messages:
            broadcast(rooms[room], message)

    async def handler(ws):
        room = ws.request.path
        async with bus.subscribe(room) as messages:
            rooms[room].add(ws)
            await ws.send("joined")
            try:
                async with running(listen(room, messages)):
                    async for message in ws:
                        await bus.publish(room, message)
            finally:
                rooms[room].discard(ws)

    return handler


# %% wrong: it is published twice
# breaks: to each of them once
def relay(bus):
    async def handler(ws):
        room = ws.request.path
        async with bus.subscribe(room) as messages:
            await ws.send("joined")
            async with running(forward(ws, messages)):
                async for message in ws:
                    for _ in range(2):
                        await bus.publish(room, message)

    return handler


# %% wrong: a task for each message
# breaks: and in order
def relay(bus):
    async def handler(ws):
        room = ws.request.path
        tasks = set()
        async with bus.subscribe(room) as messages:
            await ws.send("joined")
            async with running(forward(ws, messages)):
                async for message in ws:
                    task = asyncio.create_task(bus.publish(room, message))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)

    return handler


# %% wrong: the newest first
# breaks: and in order
def relay(bus):
    async def handler(ws):
        room = ws.request.path
        said = asyncio.LifoQueue()

        async def publish_all():
            while True:
                await bus.publish(room, await said.get())

        async with bus.subscribe(room) as messages:
            await ws.send("joined")
            async with running(publish_all()), running(forward(ws, messages)):
                async for message in ws:
                    said.put_nowait(message)

    return handler


# %% wrong: the subscription is left by hand, and not when something is raised
# breaks: When all clients of a room have left, no server is subscribed to it
def relay(bus):
    async def handler(ws):
        room = ws.request.path
        subscription = bus.subscribe(room)
        messages = await subscription.__aenter__()
        await ws.send("joined")
        async with running(forward(ws, messages)):
            async for message in ws:
                await bus.publish(room, message)
        await subscription.__aexit__(None, None, None)

    return handler


# %% wrong: nobody ends the task of the group
# breaks: When all clients of a room have left, no server is subscribed to it
def relay(bus):
    async def handler(ws):
        room = ws.request.path
        async with bus.subscribe(room) as messages, asyncio.TaskGroup() as tasks:
            await ws.send("joined")
            tasks.create_task(forward(ws, messages))
            async for message in ws:
                await bus.publish(room, message)

    return handler


# %% wrong: a task goes on for ever
# breaks: When all clients of a room have left, no server is subscribed to it
def relay(bus):
    async def handler(ws):
        room = ws.request.path

        async def listen():
            async with bus.subscribe(room) as messages:
                await ws.send("joined")
                async for message in messages:
                    with contextlib.suppress(ConnectionClosed):
                        await ws.send(message)

        handler.tasks.append(asyncio.create_task(listen()))
        async for message in ws:
            await bus.publish(room, message)

    handler.tasks = []
    return handler


# %% wrong: a subscription for each room, for ever
# breaks: When all clients of a room have left, no server is subscribed to it
def relay(bus):
    rooms = {}

    async def listen(room, people, ready):
        async with bus.subscribe(room) as messages:
            ready.set()
            async for message in messages:
                broadcast(people, message)

    async def handler(ws):
        room = ws.request.path
        if room not in rooms:
            people, ready = set(), asyncio.Event()
            rooms[room] = people, ready, asyncio.create_task(listen(room, people, ready))
        people, ready, _ = rooms[room]
        people.add(ws)
        try:
            await ready.wait()
            await ws.send("joined")
            async for message in ws:
                await bus.publish(room, message)
        finally:
            people.discard(ws)

    return handler


# %% wrong: only after a good end
# breaks: When all clients of a room have left, no server is subscribed to it
def relay(bus):
    rooms = {}

    async def listen(room, people, ready):
        async with bus.subscribe(room) as messages:
            ready.set()
            async for message in messages:
                broadcast(people, message)

    async def handler(ws):
        room = ws.request.path
        if room not in rooms:
            people, ready = set(), asyncio.Event()
            rooms[room] = people, ready, asyncio.create_task(listen(room, people, ready))
        people, ready, task = rooms[room]
        people.add(ws)
        await ready.wait()
        await ws.send("joined")
        async for message in ws:
            await bus.publish(room, message)
        people.discard(ws)
        if not people and rooms.pop(room, None):
            task.cancel()

    return handler


# %% wrong: one that left while it subscribed is never missed
# breaks: When all clients of a room have left, no server is subscribed to it
# finding: of one that left before its server was subscribed
def relay(bus):
    rooms = {}

    async def listen(room, people, ready):
        async with bus.subscribe(room) as messages:
            ready.set()
            async for message in messages:
                broadcast(people, message)

    async def handler(ws):
        room = ws.request.path
        if room not in rooms:
            people, ready = set(), asyncio.Event()
            rooms[room] = people, ready, asyncio.create_task(listen(room, people, ready))
        people, ready, task = rooms[room]
        people.add(ws)
        await ready.wait()
        await ws.send("joined")
        try:
            async for message in ws:
                await bus.publish(room, message)
        finally:
            people.discard(ws)
            if not people and rooms.pop(room, None):
                task.cancel()

    return handler


# %% wrong: nothing is returned
# finding: handler
def relay(bus):
    return None
