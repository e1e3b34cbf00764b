"""Answers to exercise 5.6, “Capstone: a chat”."""

import asyncio
import contextlib
import json
from collections import deque
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from websockets.asyncio.server import broadcast
from websockets.exceptions import ConnectionClosed

from wslab.handlers import parse_json, to_json

# %% right: a schema, and a writer for each member
Name = Annotated[str, Meta(min_length=1, max_length=20)]
Size = Annotated[int, Meta(ge=1, le=100_000)]


class Join(Struct, tag_field="type", tag="join"):
    name: Name


class Speech(Struct, tag_field="type", tag="say"):
    text: str


class Attach(Struct, tag_field="type", tag="attach"):
    filename: str
    size: Size


messages = msgspec.json.Decoder(Join | Speech | Attach)


class Room:
    def __init__(self):
        self.members = {}
        self.history = []

    def tell(self, *parts):
        for member in self.members.values():
            member.put(*parts)


room = Room()


class Member:
    def __init__(self, ws):
        self.ws = ws
        self.name = None
        self.file = None
        self.queue = asyncio.Queue()

    def put(self, *parts):
        for part in parts:
            if isinstance(part, dict):
                part = json.dumps(part, indent=1)
            self.queue.put_nowait(part)

    async def write(self):
        while True:
            await self.ws.send(await self.queue.get())

    async def read(self):
        while True:
            data = await self.ws.recv()
            file, self.file = self.file, None
            try:
                if isinstance(data, bytes):
                    self.on_bytes(file, data)
                else:
                    self.on_message(messages.decode(data))
            except (ValueError, RecursionError) as error:
                print("refused:", error)
                self.put({"message": str(error), "type": "error"})

    def on_bytes(self, file, data):
        if file is None:
            raise ValueError("not announced")
        if len(data) != file.size:
            raise ValueError("wrong size")
        about = {"size": file.size, "filename": file.filename, "name": self.name}
        room.tell({"type": "attached", **about}, data)

    def on_message(self, message):
        if isinstance(message, Join):
            if self.name is not None:
                raise ValueError("already here")
            if message.name in room.members:
                raise ValueError("name taken")
            self.name = message.name
            room.members[self.name] = self
            self.put({"type": "welcome", "history": room.history[-10:]})
            room.tell({"type": "joined", "name": self.name})
        elif self.name is None:
            raise ValueError("join first")
        elif isinstance(message, Attach):
            self.file = message
        else:
            said = {"type": "said", "name": self.name, "text": message.text, "extra": 1}
            room.history.append(said)
            room.tell(said)


async def chatroom(ws):
    member = Member(ws)
    writer = asyncio.create_task(member.write())
    try:
        await member.read()
    except ConnectionClosed:
        pass
    finally:
        writer.cancel()
        if member.name is not None:
            del room.members[member.name]
            room.tell({"type": "left", "name": member.name})


# %% right: a task for each message
here, last, tasks = {}, [], set()


def post(ws, *parts):
    async def deliver():
        with contextlib.suppress(ConnectionClosed):
            for part in parts:
                await ws.send(part)

    task = asyncio.create_task(deliver())
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def to_all(message, *parts):
    for ws in list(here):
        post(ws, json.dumps(message), *parts)


def good(message, field, kind):
    return type(message.get(field)) is kind


async def chatroom(ws):
    def no(why):
        post(ws, json.dumps({"type": "error", "message": why}))

    file = None
    try:
        async for data in ws:
            previous, file = file, None
            if isinstance(data, bytes):
                if previous is None or previous["size"] != len(data):
                    no("unexpected bytes")
                else:
                    to_all(previous, data)
                continue
            try:
                message = json.loads(data, parse_constant=lambda name: 1 / 0)
                kind = message["type"]
            except Exception:
                no("no message")
                continue
            name = here.get(ws)
            if kind == "join" and name is None and good(message, "name", str):
                name = message["name"]
                if name == "" or len(name) > 20 or name in here.values():
                    no("not this name")
                    continue
                here[ws] = name
                post(ws, json.dumps({"type": "welcome", "history": last}))
                to_all({"type": "joined", "name": name})
            elif kind == "say" and name is not None and good(message, "text", str):
                said = {"type": "said", "name": name, "text": message["text"]}
                last[:] = [*last[-9:], said]
                to_all(said)
            elif kind == "attach" and name and good(message, "filename", str):
                size = message.get("size")
                if type(size) is int and 0 < size <= 100000:
                    file = {"type": "attached", "name": name, "size": size}
                    file["filename"] = message["filename"]
                else:
                    no("size?")
            else:
                no("what?")
    except ConnectionClosed:
        print("lost")
    finally:
        name = here.pop(ws, None)
        if name is not None:
            to_all({"type": "left", "name": name})


# %% right: one row after the other
people = {}
history = deque(maxlen=10)


def send_all(message):
    broadcast(people.values(), to_json(message))


async def chatroom(ws):
    name = None
    announced = None

    async def error(text):
        await ws.send(json.dumps({"type": "error", "message": text}))

    try:
        async for data in ws:
            if isinstance(data, bytes):
                if announced is None or len(data) != announced["size"]:
                    await error("these bytes were not announced")
                else:
                    send_all({"type": "attached", "name": name, **announced})
                    broadcast(people.values(), data)
                announced = None
                continue
            announced = None
            try:
                message = parse_json(data)
            except ValueError:
                await error("no JSON")
                continue
            match message:
                case {"type": "join", "name": str(wanted)}:
                    if name is not None:
                        await error("you are here already")
                    elif not 1 <= len(wanted) <= 20:
                        await error("1 to 20 characters")
                    elif wanted in people:
                        await error("this name is taken")
                    else:
                        name = wanted
                        people[name] = ws
                        welcome = {"type": "welcome", "history": list(history)}
                        broadcast([ws], to_json(welcome))
                        send_all({"type": "joined", "name": name})
                case {"type": "say", "text": str(text)} if name is not None:
                    message = {"type": "said", "name": name, "text": text}
                    history.append(message)
                    send_all(message)
                case {"type": "attach", "filename": str(file), "size": size} if name is not None:
                    if isinstance(size, int) and size is not True and 1 <= size <= 100_000:
                        announced = {"filename": file, "size": size}
                    else:
                        await error("this size is not allowed")
                case _:
                    await error("what?")
    finally:
        if name is not None:
            del people[name]
            send_all({"type": "left", "name": name})
