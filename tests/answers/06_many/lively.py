"""Answers to exercise 6.4, “The slow one goes”."""

# %% right
import asyncio

from websockets.exceptions import ConnectionClosed

clients = set()
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
    clients.add(ws)
    try:
        async for message in ws:
            for other in clients - {ws}:
                task = asyncio.create_task(deliver(other, message))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
    finally:
        clients.discard(ws)


# %% wrong
# finding: while one client does not read
clients = set()


async def lively(ws):
    clients.add(ws)
    try:
        async for message in ws:
            for other in sorted(clients - {ws}, key=lambda one: one.remote_address, reverse=True):
                await other.send(message)
            for other in clients - {ws}:
                await other.ping()
    finally:
        clients.discard(ws)


# %% wrong
# finding: is still connected
from websockets.asyncio.server import broadcast

clients = set()


async def lively(ws):
    clients.add(ws)
    try:
        async for message in ws:
            broadcast(clients - {ws}, message)
    finally:
        clients.discard(ws)


# %% wrong
# finding: each message should be sent to all other clients
from websockets.asyncio.server import broadcast

clients = set()


async def lively(ws):
    clients.add(ws)
    try:
        async for message in ws:
            broadcast(clients, message)
    finally:
        clients.discard(ws)


# %% wrong
# finding: no message came
async def lively(ws):
    async for message in ws:
        pass


# %% wrong
# finding: the connection was closed
async def lively(ws):
    pass
