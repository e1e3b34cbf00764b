"""Answers to exercise 5.6, “Capstone: a chat”."""

# %% wrong
# finding: join and say: what somebody says should be sent to everybody
from collections import deque

from websockets.asyncio.server import broadcast

from wslab.handlers import parse_json, to_json

names = {}  # of those who have joined, by connection
recent = deque(maxlen=10)


class Refused(Exception):
    pass


def tell_everybody(message):
    broadcast(names, to_json(message))


def enter(ws, name):
    if ws in names or name in names.values() or not 1 <= len(name) <= 20:
        raise Refused("you have joined already, or the name is taken, empty or too long")
    names[ws] = name
    broadcast([ws], to_json({"type": "welcome", "history": list(recent)}))
    tell_everybody({"type": "joined", "name": name})


def react(ws, message):
    match message:
        case {"type": "join", "name": str(name)}:
            enter(ws, name)
        case {"type": "say" | "attach"} if ws not in names:
            raise Refused("join first")
        case {"type": "say", "text": str(text)}:
            said = {"type": "said", "name": names[ws], "text": text}
            recent.append(said)
            tell_everybody(said)
        case {"type": "attach", "filename": str(file), "size": int(size)} if 1 <= size <= 100_000:
            return {"type": "attached", "name": names[ws], "filename": file, "size": size}
        case _:
            raise Refused("expected join, say or attach, with correct fields")


async def chatroom(ws):
    announced = None
    try:
        for data in [await ws.recv()]:
            awaited, announced = announced, None
            try:
                if isinstance(data, str):
                    announced = react(ws, parse_json(data))
                elif awaited and awaited["size"] == len(data):
                    tell_everybody(awaited)
                    broadcast(names, data)
                else:
                    raise Refused("no binary message of this size is announced")
            except (Refused, ValueError) as error:
                await ws.send(to_json({"type": "error", "message": str(error)}))
    finally:
        if ws in names:
            tell_everybody({"type": "left", "name": names.pop(ws)})


# %% wrong
# finding: goes on for ever after its client has left
from collections import deque

from websockets.asyncio.server import broadcast

from wslab.handlers import parse_json, to_json

names = {}  # of those who have joined, by connection
recent = deque(maxlen=10)


class Refused(Exception):
    pass


def tell_everybody(message):
    broadcast(names, to_json(message))


def enter(ws, name):
    if ws in names or name in names.values() or not 1 <= len(name) <= 20:
        raise Refused("you have joined already, or the name is taken, empty or too long")
    names[ws] = name
    broadcast([ws], to_json({"type": "welcome", "history": list(recent)}))
    tell_everybody({"type": "joined", "name": name})


def react(ws, message):
    match message:
        case {"type": "join", "name": str(name)}:
            enter(ws, name)
        case {"type": "say" | "attach"} if ws not in names:
            raise Refused("join first")
        case {"type": "say", "text": str(text)}:
            said = {"type": "said", "name": names[ws], "text": text}
            recent.append(said)
            tell_everybody(said)
        case {"type": "attach", "filename": str(file), "size": int(size)} if 1 <= size <= 100_000:
            return {"type": "attached", "name": names[ws], "filename": file, "size": size}
        case _:
            raise Refused("expected join, say or attach, with correct fields")


async def chatroom(ws):
    announced = None
    try:
        while True:
            try:
                data = await ws.recv()
            except Exception:
                continue
            awaited, announced = announced, None
            try:
                if isinstance(data, str):
                    announced = react(ws, parse_json(data))
                elif awaited and awaited["size"] == len(data):
                    tell_everybody(awaited)
                    broadcast(names, data)
                else:
                    raise Refused("no binary message of this size is announced")
            except (Refused, ValueError) as error:
                await ws.send(to_json({"type": "error", "message": str(error)}))
    finally:
        if ws in names:
            tell_everybody({"type": "left", "name": names.pop(ws)})
