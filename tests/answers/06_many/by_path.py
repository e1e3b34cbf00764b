"""Answers to exercise 6.3, “A room for each path”."""

# %% right
from websockets.exceptions import ConnectionClosed

everybody = set()


async def by_path(ws):
    everybody.add(ws)
    try:
        async for message in ws:
            for other in list(everybody):
                if other is not ws and other.request.path == ws.request.path:
                    try:  # noqa: SIM105
                        await other.send(message)
                    except ConnectionClosed:
                        pass
    finally:
        everybody.remove(ws)


# %% wrong
# finding: nobody in another room
from websockets.asyncio.server import broadcast

members = set()


async def by_path(ws):
    members.add(ws)
    try:
        async for message in ws:
            broadcast(members - {ws}, message)
    finally:
        members.discard(ws)


# %% wrong
# finding: a message of their own
from websockets.asyncio.server import broadcast

members = {}


async def by_path(ws):
    room = members.setdefault(ws.request.path, set())
    room.add(ws)
    try:
        async for message in ws:
            broadcast(room, message)
    finally:
        room.discard(ws)


# %% wrong
# finding: after a client has left
members = {}


async def by_path(ws):
    room = members.setdefault(ws.request.path, set())
    room.add(ws)
    async for message in ws:
        for other in room - {ws}:
            await other.send(message)


# %% wrong
# finding: in a room that was empty before
from websockets.asyncio.server import broadcast

members = {"/tea": set(), "/coffee": set()}


async def by_path(ws):
    room = members[ws.request.path]
    room.add(ws)
    try:
        async for message in ws:
            broadcast(room - {ws}, message)
    finally:
        room.discard(ws)


# %% wrong
# finding: all others in the same room
async def by_path(ws):
    async for message in ws:
        await ws.send(message)
