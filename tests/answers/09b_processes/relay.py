"""Answers to exercise 9.4, “One room, many servers”."""

# %% right
import asyncio

from websockets.asyncio.server import broadcast


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


# %% right
import asyncio


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


# %% wrong
# finding: all clients of its room, on all servers: no message came
from websockets.asyncio.server import broadcast


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


# %% wrong
# finding: each message should come to all clients of its room
import asyncio


def relay(bus):
    async def handler(ws):
        room = ws.request.path

        async def forward(messages):
            async for message in messages:
                await ws.send(message)

        async with bus.subscribe(room) as messages, asyncio.TaskGroup() as tasks:
            await ws.send("joined")
            forwarding = tasks.create_task(forward(messages))
            async for message in ws:
                await ws.send(message)
                await bus.publish(room, message)
            forwarding.cancel()

    return handler


# %% wrong
# finding: in a second room: each message
import asyncio


def relay(bus):
    async def handler(ws):
        async def forward(messages):
            async for message in messages:
                await ws.send(message)

        async with bus.subscribe("room") as messages, asyncio.TaskGroup() as tasks:
            await ws.send("joined")
            forwarding = tasks.create_task(forward(messages))
            async for message in ws:
                await bus.publish("room", message)
            forwarding.cancel()

    return handler


# %% wrong
# finding: on all servers: no message came
import asyncio


def relay(bus):
    async def handler(ws):
        room = ws.request.path
        await ws.send("joined")
        async for message in ws:
            async with bus.subscribe(room) as messages:
                await bus.publish(room, message)
                await ws.send(await anext(messages))

    return handler


# %% wrong
# finding: a server is still subscribed to a room
import asyncio


def relay(bus):
    async def handler(ws):
        room = ws.request.path

        async def forward():
            async with bus.subscribe(room) as messages:
                await ws.send("joined")
                async for message in messages:
                    await ws.send(message)

        asyncio.create_task(forward())  # noqa: RUF006
        async for message in ws:
            await bus.publish(room, message)

    return handler


# %% wrong
# finding: each message should come to all clients of its room, on all servers: no message
import asyncio


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


# %% wrong
# finding: a client should be told once it has joined its room
def relay(bus):
    async def handler(ws):
        async with bus.subscribe(ws.request.path) as messages:
            async for message in messages:
                await ws.send(message)

    return handler


# %% wrong
# finding: each message should be published on the bus, once
import asyncio

from websockets.asyncio.server import broadcast

everybody = {}
loops = {}


def relay(bus):
    async def handler(ws):
        people = everybody.setdefault(ws.request.path, set())
        people.add(ws)
        loops[ws] = asyncio.get_running_loop()
        await ws.send("joined")
        try:
            async for message in ws:
                for other in list(people):
                    loops[other].call_soon_threadsafe(broadcast, [other], message)
        finally:
            people.discard(ws)

    return handler


# %% wrong
# finding: handler
def relay(bus):
    return None
