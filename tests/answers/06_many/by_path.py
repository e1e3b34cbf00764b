"""Answers to exercise 6.3, “A room for each path”."""

import asyncio
import collections
import contextlib
import weakref

from websockets.asyncio.server import broadcast
from websockets.exceptions import ConnectionClosed

rooms = collections.defaultdict(set)


@contextlib.contextmanager
def inside(ws, path):
    rooms[path].add(ws)
    try:
        yield
    finally:
        rooms[path].discard(ws)


# %% right: a context manager
async def by_path(ws):
    with inside(ws, ws.request.path):
        async for message in ws:
            broadcast(rooms[ws.request.path] - {ws}, message)


# %% right: one task for each listener
async def tell(listener, message):
    with contextlib.suppress(ConnectionClosed):
        await listener.send(message)


async def by_path(ws):
    with inside(ws, ws.request.path):
        async for message in ws:
            others = rooms[ws.request.path] - {ws}
            await asyncio.gather(*(tell(other, message) for other in others))


# %% right: weak references forget by themselves
members = {}


async def by_path(ws):
    room = members.setdefault(ws.request.path, weakref.WeakSet())
    room.add(ws)
    async for message in ws:
        broadcast([other for other in room if other is not ws], message)


# %% right: a class, and recv()
class Rooms:
    def __init__(self):
        self.members = {}

    async def __call__(self, ws):
        path = ws.request.path
        self.members.setdefault(path, []).append(ws)
        try:
            while True:
                message = await ws.recv()
                broadcast([other for other in self.members[path] if other != ws], message)
        except ConnectionClosed:
            pass
        finally:
            self.members[path].remove(ws)
            if not self.members[path]:
                del self.members[path]


by_path = Rooms()


# %% wrong: the sender gets it, too
# breaks: and to nobody else
async def by_path(ws):
    with inside(ws, ws.request.path):
        async for message in ws:
            broadcast(rooms[ws.request.path], message)


# %% wrong: all rooms are one
# breaks first: the path of the URL, `ws.request.path`, is the room
async def by_path(ws):
    with inside(ws, "everybody"):
        async for message in ws:
            broadcast(rooms["everybody"] - {ws}, message)


# %% wrong: capitals do not count
# breaks: the path of the URL, `ws.request.path`, is the room
async def by_path(ws):
    path = ws.request.path.lower()
    with inside(ws, path):
        async for message in ws:
            broadcast(rooms[path] - {ws}, message)


# %% wrong: the path without its slashes at the ends
# breaks: the path of the URL, `ws.request.path`, is the room
async def by_path(ws):
    path = ws.request.path.strip("/")
    with inside(ws, path):
        async for message in ws:
            broadcast(rooms[path] - {ws}, message)


# %% wrong: only the first part of the path
# breaks: the path of the URL, `ws.request.path`, is the room
async def by_path(ws):
    path = ws.request.path.split("/")[1]
    with inside(ws, path):
        async for message in ws:
            broadcast(rooms[path] - {ws}, message)


# %% wrong: out of the room only after a good end
# breaks: Clients come and go, and nothing is kept of those who have left
# finding: vanishes
async def by_path(ws):
    room = rooms[ws.request.path]
    room.add(ws)
    async for message in ws:
        broadcast(room - {ws}, message)
    room.discard(ws)


# %% wrong: never out of the room
# breaks: Clients come and go, and nothing is kept of those who have left
async def by_path(ws):
    room = rooms[ws.request.path]
    room.add(ws)
    async for message in ws:
        broadcast(room - {ws}, message)


# %% wrong: the room is forgotten when somebody leaves
# breaks: Clients come and go, and nothing is kept of those who have left
# finding: closes
async def by_path(ws):
    path = ws.request.path
    rooms[path].add(ws)
    try:
        async for message in ws:
            broadcast(rooms[path] - {ws}, message)
        rooms.pop(path, None)
    finally:
        rooms[path].discard(ws)


# %% wrong: one who has left ends the sender's handler
# breaks: Clients come and go, and nothing is kept of those who have left
async def by_path(ws):
    members = rooms[ws.request.path]
    members.add(ws)
    async for message in ws:
        for other in members - {ws}:
            await other.send(message)


# %% wrong: whoever speaks while one vanishes loses the connection
# breaks: Clients come and go, and nothing is kept of those who have left
# finding: while another one speaks
async def by_path(ws):
    with inside(ws, ws.request.path):
        async for message in ws:
            for other in rooms[ws.request.path] - {ws}:
                await other.send(message)


# %% wrong: a log of who has said what
# breaks: Clients come and go, and nothing is kept of those who have left
# finding: its connection is kept
log = []


async def by_path(ws):
    with inside(ws, ws.request.path):
        async for message in ws:
            log.append((ws, message))
            broadcast(rooms[ws.request.path] - {ws}, message)


# %% wrong: each message twice
# breaks: sent to all other clients in the same room
# finding: got it twice
async def by_path(ws):
    with inside(ws, ws.request.path):
        async for message in ws:
            broadcast(rooms[ws.request.path] - {ws}, message)
            broadcast(rooms[ws.request.path] - {ws}, message)


# %% wrong: only to one of the others
# breaks first: sent to all other clients in the same room
async def by_path(ws):
    with inside(ws, ws.request.path):
        async for message in ws:
            others = list(rooms[ws.request.path] - {ws})
            broadcast(others[:1], message)


# %% wrong: an empty message is not sent
# breaks: sent to all other clients in the same room
async def by_path(ws):
    with inside(ws, ws.request.path):
        async for message in ws:
            if message:
                broadcast(rooms[ws.request.path] - {ws}, message)


# %% wrong: binary messages become text
# breaks: sent to all other clients in the same room
async def by_path(ws):
    with inside(ws, ws.request.path):
        async for message in ws:
            broadcast(rooms[ws.request.path] - {ws}, str(message))


# %% wrong: only the first message
# breaks first: sent to all other clients in the same room
async def by_path(ws):
    with inside(ws, ws.request.path):
        message = await ws.recv()
        broadcast(rooms[ws.request.path] - {ws}, message)
        await ws.wait_closed()


# %% wrong: an echo
# breaks first: sent to all other clients in the same room
async def by_path(ws):
    async for message in ws:
        await ws.send(message)


# %% wrong: only the last part of the path
# breaks: the path of the URL, `ws.request.path`, is the room
async def by_path(ws):
    path = ws.request.path.rpartition("/")[2] or "/"
    if ws.request.path.endswith("/"):
        path = ws.request.path
    with inside(ws, path):
        async for message in ws:
            broadcast(rooms[path] - {ws}, message)
