"""Answers to exercise 9.4, “One room, many servers”."""

import asyncio
import contextlib

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
