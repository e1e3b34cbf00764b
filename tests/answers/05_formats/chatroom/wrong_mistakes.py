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


# %% wrong: an error has no message
# breaks: `{"type": "error", "message": …}`, a string in your words
class Other(Chat):
    async def refuse(self, ws, error):
        await ws.send('{"type": "error"}')


chatroom = Other()


# %% wrong: an error is called error
# breaks: `{"type": "error", "message": …}`, a string in your words
class Other(Chat):
    async def refuse(self, ws, error):
        await ws.send(json.dumps({"error": str(error)}))


chatroom = Other()


# %% wrong: the message is an object
# breaks: `{"type": "error", "message": …}`, a string in your words
class Other(Chat):
    async def refuse(self, ws, error):
        await ws.send(json.dumps({"type": "error", "message": {"text": str(error)}}))


chatroom = Other()


# %% wrong: errors as bytes
# breaks: `{"type": "error", "message": …}`, a string in your words
class Other(Chat):
    async def refuse(self, ws, error):
        await ws.send(to_json({"type": "error", "message": str(error)}).encode())


chatroom = Other()


# %% wrong: what is no JSON is said
# breaks: no JSON
class Other(Chat):
    def receive(self, ws, data, file):
        try:
            return super().receive(ws, data, file)
        except ValueError:
            if ws not in self.names:
                raise
            return self.say(ws, data[:100])


chatroom = Other()


# %% wrong: NaN is let in
# breaks: no JSON
class Other(Chat):
    def parse(self, text):
        try:
            return json.loads(text)
        except RecursionError:
            raise Refused("nested too deep") from None


chatroom = Other()


# %% wrong: a list is said
# breaks: Every text message is a JSON object with a `type`
class Other(Chat):
    def react(self, ws, message):
        if isinstance(message, list) and len(message) == 2 and ws in self.names:
            return self.say(ws, str(message[1]))
        return super().react(ws, message)


chatroom = Other()


# %% wrong: what has no type is said
# breaks: Every text message is a JSON object with a `type`
class Other(Chat):
    def react(self, ws, message):
        if isinstance(message, dict) and ws in self.names:
            message = {"type": "say"} | message
        return super().react(ws, message)


chatroom = Other()


# %% wrong: capitals do not count
# breaks: another type
class Other(Chat):
    def react(self, ws, message):
        if isinstance(message, dict) and isinstance(message.get("type"), str):
            message = message | {"type": message["type"].lower()}
        return super().react(ws, message)


chatroom = Other()


# %% wrong: said is as good as say
# breaks: another type
class Other(Chat):
    def react(self, ws, message):
        if isinstance(message, dict) and message.get("type") == "said":
            message = message | {"type": "say"}
        return super().react(ws, message)


chatroom = Other()


# %% wrong: a list with the type
# breaks: another type
class Other(Chat):
    def react(self, ws, message):
        if isinstance(message, dict) and message.get("type") == ["say"]:
            message = message | {"type": "say"}
        return super().react(ws, message)


chatroom = Other()


# %% wrong: any text
# breaks first: wrong fields
class Other(Chat):
    def react(self, ws, message):
        if isinstance(message, dict) and message.get("type") == "say" and ws in self.names:
            return self.say(ws, message.get("text"))
        return super().react(ws, message)


chatroom = Other()


# %% wrong: a number is a text
# breaks: wrong fields
class Other(Chat):
    def react(self, ws, message):
        if isinstance(message, dict) and message.get("text") == -1:
            message["text"] = "-1"
        return super().react(ws, message)


chatroom = Other()


# %% wrong: a say without a text
# breaks: wrong fields
class Other(Chat):
    def react(self, ws, message):
        if isinstance(message, dict) and message.get("type") == "say" and ws in self.names:
            message = {"text": ""} | message
        return super().react(ws, message)


chatroom = Other()


# %% wrong: a say has two fields, and no more
# breaks: Fields that are not named here do no harm
class Other(Chat):
    def react(self, ws, message):
        if isinstance(message, dict) and message.get("type") == "say" and len(message) > 2:
            raise Refused("wrong fields")
        return super().react(ws, message)


chatroom = Other()


# %% wrong: whoever says so is somebody else
# breaks: Fields that are not named here do no harm
class Other(Chat):
    def react(self, ws, message):
        match message:
            case {"type": "say", "text": str(), "name": str()} if ws in self.names:
                self.recent.append(message | {"type": "said"})
                self.tell({"type": "said", "text": message["text"], "name": message["name"]}, ws)
            case _:
                return super().react(ws, message)


chatroom = Other()
