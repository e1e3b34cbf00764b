"""Answers to exercise 6.4, “The slow one goes”."""

import asyncio
import collections
import contextlib

from websockets.asyncio.server import broadcast
from websockets.exceptions import ConnectionClosed

clients = set()


@contextlib.contextmanager
def among_clients(ws):
    clients.add(ws)
    try:
        yield
    finally:
        clients.discard(ws)


# %% right: a task for each message, with a timeout
tasks = set()


async def deliver(other, message):
    try:
        async with asyncio.timeout(0.5):
            await other.send(message)
    except TimeoutError:
        other.transport.abort()
    except ConnectionClosed:
        pass


async def lively(ws):
    with among_clients(ws):
        async for message in ws:
            for other in clients - {ws}:
                task = asyncio.create_task(deliver(other, message))
                tasks.add(task)
                task.add_done_callback(tasks.discard)


# %% right: broadcast, and a look at the write buffer
async def lively(ws):
    with among_clients(ws):
        async for message in ws:
            for other in clients - {ws}:
                if other.transport.get_write_buffer_size() > 200_000:
                    other.transport.abort()
            broadcast(clients - {ws}, message)


# %% right: a class with an outbox, in a task group
class Member:
    def __init__(self, ws):
        self.ws = ws
        self.outbox = collections.deque()
        self.filled = asyncio.Event()

    def post(self, message):
        self.outbox.append(message)
        self.filled.set()
        if len(self.outbox) > 20:
            self.ws.transport.abort()

    async def write(self):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.filled.wait()
                self.filled.clear()
                while self.outbox:
                    await self.ws.send(self.outbox.popleft())


members = {}


async def lively(ws):
    member = members[ws] = Member(ws)
    try:
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(member.write())
            try:
                async for message in ws:
                    for other in list(members.values()):
                        if other is not member:
                            other.post(message)
            except ConnectionClosed:
                pass
            writer.cancel()
    finally:
        del members[ws]


# %% wrong: it waits for each of them
# breaks first: holds nobody up
async def lively(ws):
    with among_clients(ws):
        async for message in ws:
            for other in sorted(clients - {ws}, key=lambda one: one.remote_address, reverse=True):
                await other.send(message)
            for other in clients - {ws}:
                await other.ping()


# %% wrong: it waits half a second for the slow one, then drops it
# breaks: holds nobody up
async def lively(ws):
    with among_clients(ws):
        async for message in ws:
            for other in clients - {ws}:
                try:
                    async with asyncio.timeout(0.5):
                        await other.send(message)
                except TimeoutError:
                    other.transport.abort()
                    clients.discard(other)
                except ConnectionClosed:
                    pass


# %% wrong: all of them at the same time, and it waits for the slowest
# breaks: holds nobody up
async def send_to(other, message):
    try:
        async with asyncio.timeout(0.6):
            await other.send(message)
    except TimeoutError:
        other.transport.abort()
    except ConnectionClosed:
        pass


async def lively(ws):
    with among_clients(ws):
        async for message in ws:
            await asyncio.gather(*(send_to(other, message) for other in clients - {ws}))


# %% wrong: the slow one stays
# breaks: within two seconds its connection ends, and its handler returns
async def lively(ws):
    with among_clients(ws):
        async for message in ws:
            broadcast(clients - {ws}, message)


# %% wrong: messages for the slow one are left out, but it stays
# breaks: within two seconds its connection ends, and its handler returns
async def lively(ws):
    with among_clients(ws):
        async for message in ws:
            for other in clients - {ws}:
                if other.transport.get_write_buffer_size() < 100_000:
                    broadcast([other], message)


# %% wrong: close() waits for an answer that does not come
# breaks: within two seconds its connection ends, and its handler returns
closing = set()


async def lively(ws):
    with among_clients(ws):
        async for message in ws:
            for other in clients - {ws}:
                if other.transport.get_write_buffer_size() > 100_000:
                    clients.discard(other)
                    task = asyncio.create_task(other.close())
                    closing.add(task)
            broadcast(clients - {ws}, message)


# %% wrong: a queue of four makes everybody slow
# breaks: One for which ten messages have come at once is not slow
queues = {}


async def write(ws, queue):
    with contextlib.suppress(ConnectionClosed):
        while True:
            await ws.send(await queue.get())


async def lively(ws):
    queue = queues[ws] = asyncio.Queue(4)
    writer = asyncio.create_task(write(ws, queue))
    try:
        async for message in ws:
            for other, waiting in list(queues.items()):
                if other is not ws:
                    try:
                        waiting.put_nowait(message)
                    except asyncio.QueueFull:
                        other.transport.abort()
    finally:
        del queues[ws]
        writer.cancel()


# %% wrong: slow is who has anything in the write buffer
# breaks: One for which ten messages have come at once is not slow
async def lively(ws):
    with among_clients(ws):
        async for message in ws:
            for other in clients - {ws}:
                if other.transport.get_write_buffer_size() > 0:
                    other.transport.abort()
            broadcast(clients - {ws}, message)


# %% wrong: the sender gets it, too
# breaks first: each message is sent to all other clients
async def lively(ws):
    with among_clients(ws):
        async for message in ws:
            broadcast(clients, message)


# %% wrong: an empty message is not sent
# breaks first: each message is sent to all other clients
async def lively(ws):
    with among_clients(ws):
        async for message in ws:
            if message:
                broadcast(clients - {ws}, message)


# %% wrong: bytes become text, and the slow one goes
# breaks: each message is sent to all other clients
async def lively(ws):
    with among_clients(ws):
        async for message in ws:
            for other in clients - {ws}:
                if other.transport.get_write_buffer_size() > 200_000:
                    other.transport.abort()
            broadcast(clients - {ws}, str(message))


# %% wrong: nothing is sent
# breaks first: each message is sent to all other clients
async def lively(ws):
    async for _ in ws:
        pass


# %% wrong: it returns at once
# breaks first: each message is sent to all other clients
async def lively(ws):
    pass
