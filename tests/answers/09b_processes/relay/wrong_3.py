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
