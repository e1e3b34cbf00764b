"""Answers to exercise 5.6, “Capstone: a chat”."""

import asyncio
import time
from collections import deque

from websockets.asyncio.server import broadcast
from websockets.protocol import State

from wslab.handlers import parse_json, to_json


class Refused(Exception):
    pass


class Chat:
    """A right answer, whose parts are replaced below."""

    def __init__(self):
        self.names = {}  # of those who have joined, by connection
        self.recent = deque(maxlen=10)

    def tell(self, message, ws):
        """Tell everybody, ``ws`` being who did it."""
        broadcast(self.names, to_json(message))

    def parse(self, text):
        return parse_json(text)

    def check_name(self, ws, name):
        if ws in self.names or name in self.names.values() or not 1 <= len(name) <= 20:
            raise Refused("you have joined already, or the name is taken, empty or too long")

    def join(self, ws, name):
        self.check_name(ws, name)
        self.names[ws] = name
        broadcast([ws], to_json({"type": "welcome", "history": list(self.recent)}))
        self.tell({"type": "joined", "name": name}, ws)

    def say(self, ws, text):
        said = {"type": "said", "name": self.names[ws], "text": text}
        self.recent.append(said)
        self.tell(said, ws)

    def is_announcement(self, file, size):
        return type(file) is str and type(size) is int and 1 <= size <= 100_000

    def attach(self, ws, message):
        file, size = message.get("filename"), message.get("size")
        if not self.is_announcement(file, size):
            raise Refused("a filename and a size from 1 to 100000 are expected")
        return {"type": "attached", "name": self.names[ws], "filename": file, "size": size}

    def react(self, ws, message):
        """React to a message; return an announcement."""
        match message:
            case {"type": "join", "name": str(name)}:
                return self.join(ws, name)
            case {"type": "say" | "attach"} if ws not in self.names:
                raise Refused("join first")
            case {"type": "say", "text": str(text)}:
                return self.say(ws, text)
            case {"type": "attach"}:
                return self.attach(ws, message)
        raise Refused("expected join, say or attach, with correct fields")

    def deliver(self, ws, file, data):
        if file is None or file["size"] != len(data):
            raise Refused("no binary message of this size is announced")
        self.tell(file, ws)
        broadcast(self.names, data)

    def receive(self, ws, data, file):
        """React to any message; return an announcement."""
        if isinstance(data, str):
            return self.react(ws, self.parse(data))
        return self.deliver(ws, file, data)

    async def refuse(self, ws, error):
        await ws.send(to_json({"type": "error", "message": str(error)}))

    def leave(self, ws):
        if ws in self.names:
            self.tell({"type": "left", "name": self.names.pop(ws)}, ws)

    async def __call__(self, ws):
        file = None
        try:
            async for data in ws:
                announced, file = file, None
                try:
                    file = self.receive(ws, data, announced)
                except (Refused, ValueError) as error:
                    await self.refuse(ws, error)
        finally:
            self.leave(ws)


# %% wrong: left has no name
# breaks first: sends `{"type": "left", "name": …}` to everybody who is left
class Other(Chat):
    def tell(self, message, ws):
        if message["type"] == "left":
            message = {"type": "left"}
        super().tell(message, ws)


chatroom = Other()


# %% wrong: left twice
# breaks: sends `{"type": "left", "name": …}` to everybody who is left
# finding: twice
class Other(Chat):
    def leave(self, ws):
        if ws in self.names:
            message = {"type": "left", "name": self.names.pop(ws)}
            self.tell(message, ws)
            self.tell(message, ws)


chatroom = Other()


# %% wrong: left only to one
# breaks: sends `{"type": "left", "name": …}` to everybody who is left
class Other(Chat):
    def tell(self, message, ws):
        if message["type"] == "left":
            broadcast(list(self.names)[:1], to_json(message))
        else:
            super().tell(message, ws)


chatroom = Other()


# %% wrong: not in finally
# breaks: in whatever way
class Other(Chat):
    async def __call__(self, ws):
        file = None
        async for data in ws:
            announced, file = file, None
            try:
                file = self.receive(ws, data, announced)
            except (Refused, ValueError) as error:
                await self.refuse(ws, error)
        self.leave(ws)


chatroom = Other()


# %% wrong: nobody leaves with an announcement
# breaks: in whatever way
class Other(Chat):
    async def __call__(self, ws):
        file = None
        try:
            async for data in ws:
                announced, file = file, None
                try:
                    file = self.receive(ws, data, announced)
                except (Refused, ValueError) as error:
                    await self.refuse(ws, error)
        finally:
            self.leave(ws) if file is None else self.names.pop(ws)


chatroom = Other()


# %% wrong: the handler goes on
# breaks: in whatever way
# finding: goes on
class Other(Chat):
    async def __call__(self, ws):
        try:
            await super().__call__(ws)
        finally:
            await asyncio.Event().wait()


chatroom = Other()


# %% wrong: for ever on a closed connection
# finding: goes on for ever after its client has left
class Other(Chat):
    async def __call__(self, ws):
        while True:
            try:
                self.receive(ws, await ws.recv(), None)
            except Exception:
                continue


chatroom = Other()


# %% wrong: the name is kept
# breaks: the name is free again
class Other(Chat):
    def __init__(self):
        super().__init__()
        self.taken = set()

    def check_name(self, ws, name):
        super().check_name(ws, name)
        if name in self.taken:
            raise Refused("taken")
        if name.startswith("Lin"):
            self.taken.add(name)


chatroom = Other()


# %% wrong: names are free only after a good end
# breaks: the name is free again
class Other(Chat):
    def __init__(self):
        super().__init__()
        self.taken = set()

    def check_name(self, ws, name):
        super().check_name(ws, name)
        if name in self.taken:
            raise Refused("taken")

    def leave(self, ws):
        if ws.close_code != 1000 and ws in self.names:
            self.taken.add(self.names[ws])
        super().leave(ws)


chatroom = Other()


# %% wrong: guests leave, too
# breaks: if it had not joined, nothing
class Other(Chat):
    def leave(self, ws):
        self.tell({"type": "left", "name": self.names.pop(ws, None)}, ws)


chatroom = Other()


# %% wrong: who was refused leaves as well
# breaks: if it had not joined, nothing
class Other(Chat):
    def __init__(self):
        super().__init__()
        self.wanted = {}

    def join(self, ws, name):
        self.wanted[ws] = name
        super().join(ws, name)

    def leave(self, ws):
        if ws in self.wanted:
            name = self.names.pop(ws, self.wanted.pop(ws))
            self.tell({"type": "left", "name": name}, ws)


chatroom = Other()


# %% wrong: one that has just vanished ends the speaker's handler
# breaks: “Everybody” is whoever has joined and is still there
class Other(Chat):
    def tell(self, message, ws):
        if any(other.state is not State.OPEN for other in self.names if other is not ws):
            raise ConnectionResetError("somebody has gone")
        super().tell(message, ws)


chatroom = Other()


# %% wrong: guests hear everything
# breaks: Who has not joined gets nothing but errors
class Other(Chat):
    def __init__(self):
        super().__init__()
        self.seen = set()

    def tell(self, message, ws):
        broadcast(self.seen, to_json(message))

    async def __call__(self, ws):
        self.seen.add(ws)
        try:
            await super().__call__(ws)
        finally:
            self.seen.discard(ws)


chatroom = Other()


# %% wrong: a welcome for guests
# breaks first: Who has not joined gets nothing but errors
class Other(Chat):
    async def __call__(self, ws):
        await ws.send('{"type": "welcome", "history": []}')
        await super().__call__(ws)


chatroom = Other()


# %% wrong: it waits for each
# breaks: holds up nobody
class Other(Chat):
    async def __call__(self, ws):
        file = None
        try:
            async for data in ws:
                announced, file = file, None
                try:
                    file = self.receive(ws, data, announced)
                except (Refused, ValueError) as error:
                    await self.refuse(ws, error)
                for other in list(self.names):
                    await other.drain()
        finally:
            self.leave(ws)


chatroom = Other()


# %% wrong: it blocks
# breaks first: holds up nobody
class Other(Chat):
    def receive(self, ws, data, file):
        time.sleep(0.02)
        return super().receive(ws, data, file)


chatroom = Other()


# %% wrong: one at a time
# breaks first: answers `{"type": "welcome", "history": […]}`
class Other(Chat):
    def __init__(self):
        super().__init__()
        self.turn = asyncio.Semaphore(1)

    async def __call__(self, ws):
        async with self.turn:
            await super().__call__(ws)


chatroom = Other()
