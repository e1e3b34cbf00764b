"""Answers to exercise 9.4, “One room, many servers”."""

import asyncio
import collections
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
