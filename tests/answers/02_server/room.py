"""Answers to exercise 2.6, “A room”."""

# %% right
import asyncio
import contextlib

from websockets.exceptions import ConnectionClosed

people = set()
sending = set()


async def deliver(other, message):
    with contextlib.suppress(ConnectionClosed):
        await other.send(message)


async def room(ws):
    people.add(ws)
    print(len(people), "people are here")
    try:
        while True:
            message = await ws.recv()
            for other in people:
                if other is not ws:
                    task = asyncio.create_task(deliver(other, message))
                    sending.add(task)
                    task.add_done_callback(sending.discard)
    except ConnectionClosed:
        pass
    finally:
        people.remove(ws)


# %% right
import asyncio

queues = {}


async def room(ws):
    queue = queues[ws] = asyncio.Queue()

    async def deliver():
        while True:
            await ws.send(await queue.get())

    async with asyncio.TaskGroup() as tasks:
        sender = tasks.create_task(deliver())
        try:
            async for message in ws:
                for other, waiting in queues.items():
                    if other != ws:
                        waiting.put_nowait(message)
        finally:
            del queues[ws]
            sender.cancel()


# %% wrong
# finding: nobody should get a message of their own
from websockets.asyncio.server import broadcast

people = set()


async def room(ws):
    people.add(ws)
    try:
        async for message in ws:
            broadcast(people, message)
    finally:
        people.discard(ws)


# %% wrong
# finding: while one client does not read what it is sent: each message should be sent to all
people = set()


async def room(ws):
    people.add(ws)
    try:
        async for message in ws:
            for other in people - {ws}:
                await other.send(message)
    finally:
        people.discard(ws)


# %% wrong
# finding: after a client has vanished
people = set()


async def room(ws):
    people.add(ws)
    async for message in ws:
        for other in people - {ws}:
            await other.send(message)
    people.discard(ws)


# %% wrong
# finding: after a client has said goodbye
people = []


async def room(ws):
    people.append(ws)
    async for message in ws:
        for other in people:
            if other is not ws:
                await other.send(message)


# %% wrong
# finding: while one client does not read
import asyncio

people = set()
lock = asyncio.Lock()


async def room(ws):
    people.add(ws)
    try:
        async for message in ws:
            async with lock:
                await asyncio.gather(*(other.send(message) for other in people - {ws}))
    finally:
        people.discard(ws)


# %% wrong
# finding: with a client that came later
from websockets.asyncio.server import broadcast

people = set()
history = []


async def room(ws):
    people.add(ws)
    for message in history:
        await ws.send(message)
    try:
        async for message in ws:
            history.append(message)
            broadcast(people - {ws}, message)
    finally:
        people.discard(ws)


# %% wrong
# finding: each message should be sent to all other clients
pair = {}


async def room(ws):
    pair[len(pair) % 2] = ws
    async for message in ws:
        for other in pair.values():
            if other is not ws:
                await other.send(message)


# %% wrong
# finding: a binary message came where text is due
from websockets.asyncio.server import broadcast

people = set()


async def room(ws):
    people.add(ws)
    try:
        async for message in ws:
            broadcast(people - {ws}, message.encode())
    finally:
        people.discard(ws)
