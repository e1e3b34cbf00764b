"""Answers to exercise 5.6, “Capstone: a chat”."""

import asyncio
from collections import deque

from websockets.asyncio.server import broadcast

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


# %% wrong: the history is empty
# breaks: with the last ten `said` messages, oldest first
class Other(Chat):
    def say(self, ws, text):
        super().say(ws, text)
        self.recent.clear()


chatroom = Other()


# %% wrong: the whole history
# breaks: with the last ten `said` messages, oldest first
class Other(Chat):
    def __init__(self):
        super().__init__()
        self.recent = deque()


chatroom = Other()


# %% wrong: eleven
# breaks: with the last ten `said` messages, oldest first
class Other(Chat):
    def __init__(self):
        super().__init__()
        self.recent = deque(maxlen=11)


chatroom = Other()


# %% wrong: newest first
# breaks: with the last ten `said` messages, oldest first
class Other(Chat):
    def say(self, ws, text):
        super().say(ws, text)
        self.recent.rotate(1)


chatroom = Other()


# %% wrong: attachments are in the history
# breaks: with the last ten `said` messages, oldest first
class Other(Chat):
    def deliver(self, ws, file, data):
        super().deliver(ws, file, data)
        self.recent.append(file)


chatroom = Other()


# %% wrong: texts only
# breaks: with the last ten `said` messages, oldest first
class Other(Chat):
    def join(self, ws, name):
        self.check_name(ws, name)
        self.names[ws] = name
        texts = [said["text"] for said in self.recent]
        broadcast([ws], to_json({"type": "welcome", "history": texts}))
        self.tell({"type": "joined", "name": name}, ws)


chatroom = Other()


# %% wrong: empty texts are not kept
# breaks: with the last ten `said` messages, oldest first
class Other(Chat):
    def say(self, ws, text):
        super().say(ws, text)
        if not text:
            self.recent.pop()


chatroom = Other()


# %% wrong: what somebody said goes with them
# breaks: with the last ten `said` messages, oldest first
class Other(Chat):
    def leave(self, ws):
        name = self.names.get(ws)
        super().leave(ws)
        self.recent = deque((m for m in self.recent if m["name"] != name), maxlen=10)


chatroom = Other()


# %% wrong: each one has a history of its own
# breaks: with the last ten `said` messages, oldest first
class Other(Chat):
    def join(self, ws, name):
        others, self.recent = self.recent, deque(maxlen=10)
        try:
            super().join(ws, name)
        finally:
            self.recent = others


chatroom = Other()


# %% wrong: what is said between the welcome and the name is lost
# breaks: with the last ten `said` messages, oldest first
class Other(Chat):
    async def __call__(self, ws):
        file = None
        try:
            async for data in ws:
                announced, file = file, None
                try:
                    file = self.receive(ws, data, announced)
                    if isinstance(data, str) and "join" in data and self.names.get(ws):
                        name = self.names.pop(ws)
                        await asyncio.sleep(0)
                        self.names[ws] = name
                except (Refused, ValueError) as error:
                    await self.refuse(ws, error)
        finally:
            self.leave(ws)


chatroom = Other()
