"""Answers to exercise 5.6, “Capstone: a chat”."""

import json
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


# %% wrong: a name may be empty
# breaks: a string of 1 to 20 characters
class Other(Chat):
    def check_name(self, ws, name):
        super().check_name(ws, name or "?")


chatroom = Other()


# %% wrong: 21 characters
# breaks: a string of 1 to 20 characters
class Other(Chat):
    def check_name(self, ws, name):
        super().check_name(ws, name[:-1] if len(name) == 21 else name)


chatroom = Other()


# %% wrong: 19 characters at most
# breaks: a string of 1 to 20 characters
class Other(Chat):
    def check_name(self, ws, name):
        super().check_name(ws, name)
        if len(name) == 20:
            raise Refused("too long")


chatroom = Other()


# %% wrong: 20 bytes at most
# breaks: a string of 1 to 20 characters
class Other(Chat):
    def check_name(self, ws, name):
        super().check_name(ws, name)
        if len(name.encode(errors="replace")) > 20:
            raise Refused("too long")


chatroom = Other()


# %% wrong: a number is a name
# breaks: a string of 1 to 20 characters
class Other(Chat):
    def react(self, ws, message):
        if isinstance(message, dict) and isinstance(message.get("name"), int):
            message["name"] = str(message["name"])
        return super().react(ws, message)


chatroom = Other()


# %% wrong: blanks are no name
# breaks: a string of 1 to 20 characters
class Other(Chat):
    def check_name(self, ws, name):
        super().check_name(ws, name)
        if not name.strip():
            raise Refused("empty")


chatroom = Other()


# %% wrong: names without the blanks at their ends
# breaks: a string of 1 to 20 characters
# finding: another one
class Other(Chat):
    def join(self, ws, name):
        super().join(ws, name.strip() or name)


chatroom = Other()


# %% wrong: names may be taken twice
# breaks: that nobody here has
class Other(Chat):
    def check_name(self, ws, name):
        if ws in self.names or not 1 <= len(name) <= 20:
            raise Refused("you have joined already, or the name is empty or too long")


chatroom = Other()


# %% wrong: a name in other letters is the same
# breaks: that nobody here has
class Other(Chat):
    def check_name(self, ws, name):
        super().check_name(ws, name)
        if name.lower() in [other.lower() for other in self.names.values()]:
            raise Refused("taken")


chatroom = Other()


# %% wrong: only the last name counts
# breaks: that nobody here has
class Other(Chat):
    def check_name(self, ws, name):
        everybody, self.names = self.names, dict(list(self.names.items())[-1:])
        try:
            super().check_name(ws, name)
        finally:
            self.names = everybody
        if ws in self.names:
            raise Refused("you have joined already")


chatroom = Other()


# %% wrong: who has not joined speaks as a guest
# breaks first: `say` or `attach` before `join`
class Other(Chat):
    def react(self, ws, message):
        match message:
            case {"type": "say", "text": str(text)} if ws not in self.names:
                return self.tell({"type": "said", "name": "guest", "text": text}, ws)
        return super().react(ws, message)


chatroom = Other()


# %% wrong: an announcement of a guest
# breaks: `say` or `attach` before `join`
class Other(Chat):
    def react(self, ws, message):
        if isinstance(message, dict) and message.get("type") == "attach" and ws not in self.names:
            file, size = message.get("filename"), message.get("size")
            if self.is_announcement(file, size) and file == "a.bin":
                return {"type": "attached", "name": "guest", "filename": file, "size": size}
        return super().react(ws, message)


chatroom = Other()


# %% wrong: a second join changes the name
# breaks first: a second `join`
class Other(Chat):
    def check_name(self, ws, name):
        if name in self.names.values() or not 1 <= len(name) <= 20:
            raise Refused("the name is taken, empty or too long")


chatroom = Other()


# %% wrong: a second join is refused, and changes the name
# breaks: a second `join`
# finding: another name
class Other(Chat):
    def join(self, ws, name):
        if ws in self.names:
            self.names[ws] = name
            raise Refused("you have joined already")
        super().join(ws, name)


chatroom = Other()


# %% wrong: everybody gets the errors
# breaks first: `{"type": "error", "message": …}`, a string in your words
class Other(Chat):
    async def refuse(self, ws, error):
        self.tell({"type": "error", "message": str(error)}, ws)


chatroom = Other()


# %% wrong: others are told of mistakes
# breaks: everybody else gets nothing
class Other(Chat):
    async def refuse(self, ws, error):
        await super().refuse(ws, error)
        others = [other for other in self.names if other is not ws]
        broadcast(others, to_json({"type": "error", "message": "?"}))


chatroom = Other()


# %% wrong: others see what was wrong
# breaks: everybody else gets nothing
class Other(Chat):
    def deliver(self, ws, file, data):
        try:
            super().deliver(ws, file, data)
        except Refused:
            broadcast([other for other in self.names if other is not ws], data)
            raise


chatroom = Other()


# %% wrong: what is no JSON ends the connection
# breaks: the connection stays open
class Other(Chat):
    def parse(self, text):
        try:
            return super().parse(text)
        except ValueError:
            raise LookupError(text) from None


chatroom = Other()


# %% wrong: an error, then a CLOSE
# breaks: the connection stays open
class Other(Chat):
    async def refuse(self, ws, error):
        await super().refuse(ws, error)
        await ws.close(1008)


chatroom = Other()


# %% wrong: a list is no object
# breaks: the connection stays open
class Other(Chat):
    def react(self, ws, message):
        if message.get("type") is None:
            raise Refused("no type")
        return super().react(ws, message)


chatroom = Other()


# %% wrong: text that is nested too deep
# breaks: the connection stays open
class Other(Chat):
    def parse(self, text):
        try:
            return json.loads(text, parse_constant=lambda name: 1 / 0)
        except ZeroDivisionError:
            raise Refused("no JSON") from None


chatroom = Other()


# %% wrong: names in a set
# breaks: the connection stays open
class Other(Chat):
    def react(self, ws, message):
        if isinstance(message, dict) and message.get("type") == "join":
            {message.get("name")} & set(self.names.values())
        return super().react(ws, message)


chatroom = Other()


# %% wrong: who speaks before joining ends the program
# breaks: the connection stays open
class Other(Chat):
    def react(self, ws, message):
        if isinstance(message, dict) and message.get("type") == "say" and ws not in self.names:
            raise SystemExit("join first")
        return super().react(ws, message)


chatroom = Other()


# %% wrong: one message
# breaks first: sends `{"type": "said", "name": …, "text": …}` to everybody
class Other(Chat):
    async def __call__(self, ws):
        try:
            self.receive(ws, await ws.recv(), None)
            await ws.wait_closed()
        finally:
            self.leave(ws)


chatroom = Other()
