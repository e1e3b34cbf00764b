"""Answers to exercise 5.6, “Capstone: a chat”."""

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


# %% wrong: attached without the bytes
# breaks first: sends `{"type": "attached", …
class Other(Chat):
    def deliver(self, ws, file, data):
        if file is None or file["size"] != len(data):
            raise Refused("no binary message of this size is announced")
        self.tell(file, ws)


chatroom = Other()


# %% wrong: the bytes as text
# breaks: sends `{"type": "attached", …
# finding: a text message
class Other(Chat):
    def deliver(self, ws, file, data):
        if file is None or file["size"] != len(data):
            raise Refused("no binary message of this size is announced")
        self.tell(file, ws)
        broadcast(self.names, data, text=data[:5] == b"hello")


chatroom = Other()


# %% wrong: the bytes before attached
# breaks first: sends `{"type": "attached", …
class Other(Chat):
    def deliver(self, ws, file, data):
        if file is None or file["size"] != len(data):
            raise Refused("no binary message of this size is announced")
        broadcast(self.names, data)
        self.tell(file, ws)


chatroom = Other()


# %% wrong: no filename
# breaks first: sends `{"type": "attached", …
class Other(Chat):
    def attach(self, ws, message):
        file = super().attach(ws, message)
        return file if file["filename"] == "a.bin" else file | {"filename": "file"}


chatroom = Other()


# %% wrong: an empty filename is none
# breaks: sends `{"type": "attached", …
class Other(Chat):
    def is_announcement(self, file, size):
        return bool(file) and super().is_announcement(file, size)


chatroom = Other()


# %% wrong: less than 100000 bytes
# breaks: sends `{"type": "attached", …
class Other(Chat):
    def is_announcement(self, file, size):
        return super().is_announcement(file, size) and size < 100_000


chatroom = Other()


# %% wrong: one announcement for all
# breaks first: sends `{"type": "attached", …
class Other(Chat):
    announced = None

    def receive(self, ws, data, file):
        announced, self.announced = self.announced, None
        self.announced = super().receive(ws, data, announced)


chatroom = Other()


# %% wrong: bytes that look like text are said
# breaks first: sends `{"type": "attached", …
class Other(Chat):
    def deliver(self, ws, file, data):
        if data[:5] == b'{"typ' and file:
            return self.react(ws, self.parse(data))
        return super().deliver(ws, file, data)


chatroom = Other()


# %% wrong: the announcement is sent at once
# breaks first: sends `{"type": "attached", …
class Other(Chat):
    def attach(self, ws, message):
        file = super().attach(ws, message)
        self.tell(file, ws)
        return file


chatroom = Other()


# %% wrong: others are told of the announcement
# breaks: nothing yet
class Other(Chat):
    def attach(self, ws, message):
        file = super().attach(ws, message)
        broadcast([other for other in self.names if other is not ws], '{"type": "soon"}')
        return file


chatroom = Other()


# %% wrong: a size of 0
# breaks: a string and an integer from 1 to 100000
class Other(Chat):
    def is_announcement(self, file, size):
        return super().is_announcement(file, size or 1) and size is not False and size is not None


chatroom = Other()


# %% wrong: no upper limit
# breaks: a string and an integer from 1 to 100000
class Other(Chat):
    def is_announcement(self, file, size):
        return type(file) is str and type(size) is int and size >= 1


chatroom = Other()


# %% wrong: true is a size
# breaks: a string and an integer from 1 to 100000
class Other(Chat):
    def is_announcement(self, file, size):
        return type(file) is str and isinstance(size, int) and 1 <= size <= 100_000


chatroom = Other()


# %% wrong: a fraction is a size
# breaks: a string and an integer from 1 to 100000
class Other(Chat):
    def is_announcement(self, file, size):
        number = type(size) in (int, float)
        return type(file) is str and number and 0 < size <= 100_000


chatroom = Other()


# %% wrong: any filename
# breaks: a string and an integer from 1 to 100000
class Other(Chat):
    def is_announcement(self, file, size):
        return super().is_announcement("a.bin", size)


chatroom = Other()


# %% wrong: a size as text
# breaks: a string and an integer from 1 to 100000
class Other(Chat):
    def attach(self, ws, message):
        if isinstance(message.get("size"), str) and message["size"].isdigit():
            message["size"] = int(message["size"])
        return super().attach(ws, message)


chatroom = Other()


# %% wrong: a size that is wrong is no error yet
# breaks: a string and an integer from 1 to 100000
class Other(Chat):
    def attach(self, ws, message):
        try:
            return super().attach(ws, message)
        except Refused:
            return None


chatroom = Other()


# %% wrong: any size
# breaks: bytes that are not announced or of another size
class Other(Chat):
    def deliver(self, ws, file, data):
        if file is None:
            raise Refused("nothing is announced")
        self.tell(file, ws)
        broadcast(self.names, data)


chatroom = Other()


# %% wrong: up to the size
# breaks: bytes that are not announced or of another size
class Other(Chat):
    def deliver(self, ws, file, data):
        if file is None or file["size"] < len(data):
            raise Refused("too large, or not announced")
        self.tell(file, ws)
        broadcast(self.names, data)


chatroom = Other()


# %% wrong: bytes that are not announced are sent on
# breaks first: bytes that are not announced or of another size
class Other(Chat):
    def deliver(self, ws, file, data):
        if file is None and ws in self.names:
            file = {"type": "attached", "name": self.names[ws], "size": len(data)}
        super().deliver(ws, file, data)


chatroom = Other()


# %% wrong: empty bytes are passed over
# breaks: bytes that are not announced or of another size
class Other(Chat):
    def receive(self, ws, data, file):
        return super().receive(ws, data, file) if data != b"" else None


chatroom = Other()


# %% wrong: the announcement is never used up
# breaks: An announcement holds for the next message only, whatever that is
class Other(Chat):
    async def __call__(self, ws):
        file = None
        try:
            async for data in ws:
                try:
                    file = self.receive(ws, data, file) or file
                except (Refused, ValueError) as error:
                    await self.refuse(ws, error)
        finally:
            self.leave(ws)


chatroom = Other()


# %% wrong: text does not use up the announcement
# breaks: An announcement holds for the next message only, whatever that is
class Other(Chat):
    async def __call__(self, ws):
        file = None
        try:
            async for data in ws:
                try:
                    new = self.receive(ws, data, file)
                    file = new if isinstance(data, bytes) else new or file
                except (Refused, ValueError) as error:
                    file = None
                    await self.refuse(ws, error)
        finally:
            self.leave(ws)


chatroom = Other()


# %% wrong: a mistake does not use up the announcement
# breaks: An announcement holds for the next message only, whatever that is
class Other(Chat):
    async def __call__(self, ws):
        file = None
        try:
            async for data in ws:
                try:
                    file = self.receive(ws, data, file)
                except (Refused, ValueError) as error:
                    await self.refuse(ws, error)
        finally:
            self.leave(ws)


chatroom = Other()
