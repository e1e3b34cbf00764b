"""Answers to exercise 9.4, “One room, many servers”."""

import asyncio
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
