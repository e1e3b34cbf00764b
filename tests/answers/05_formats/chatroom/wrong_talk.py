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


# %% wrong: the welcome has no history
# breaks: answers `{"type": "welcome", "history": […]}`
class Other(Chat):
    def join(self, ws, name):
        self.check_name(ws, name)
        self.names[ws] = name
        broadcast([ws], to_json({"type": "welcome"}))
        self.tell({"type": "joined", "name": name}, ws)


chatroom = Other()


# %% wrong: no history is null
# breaks first: answers `{"type": "welcome", "history": […]}`
class Other(Chat):
    def join(self, ws, name):
        self.check_name(ws, name)
        self.names[ws] = name
        history = list(self.recent) or None
        broadcast([ws], to_json({"type": "welcome", "history": history}))
        self.tell({"type": "joined", "name": name}, ws)


chatroom = Other()


# %% wrong: there is no welcome
# breaks first: answers `{"type": "welcome", "history": […]}`
class Other(Chat):
    def join(self, ws, name):
        self.check_name(ws, name)
        self.names[ws] = name
        self.tell({"type": "joined", "name": name}, ws)


chatroom = Other()


# %% wrong: everybody gets the welcome
# breaks first: answers `{"type": "welcome", "history": […]}`
class Other(Chat):
    def join(self, ws, name):
        self.check_name(ws, name)
        self.names[ws] = name
        self.tell(["welcome", list(self.recent)], ws)


chatroom = Other()


# %% wrong: its joined comes first
# breaks: then sends `{"type": "joined", "name": …}` to everybody
# finding: before the welcome
class Other(Chat):
    def join(self, ws, name):
        self.check_name(ws, name)
        self.names[ws] = name
        self.tell({"type": "joined", "name": name}, ws)
        broadcast([ws], to_json({"type": "welcome", "history": list(self.recent)}))


chatroom = Other()


# %% wrong: nobody hears who has joined
# breaks: then sends `{"type": "joined", "name": …}` to everybody
class Other(Chat):
    def tell(self, message, ws):
        if message["type"] == "joined":
            broadcast([ws], to_json(message))
        else:
            super().tell(message, ws)


chatroom = Other()


# %% wrong: joined is binary
# breaks first: then sends `{"type": "joined", "name": …}` to everybody
# finding: as a binary message
class Other(Chat):
    def tell(self, message, ws):
        broadcast(self.names, to_json(message).encode())


chatroom = Other()


# %% wrong: joined comes twice
# breaks: then sends `{"type": "joined", "name": …}` to everybody
# finding: twice
class Other(Chat):
    def join(self, ws, name):
        super().join(ws, name)
        self.tell({"type": "joined", "name": name}, ws)


chatroom = Other()


# %% wrong: said has another name for the text
# breaks first: sends `{"type": "said", "name": …, "text": …}` to everybody
class Other(Chat):
    def say(self, ws, text):
        self.tell({"type": "said", "name": self.names[ws], "message": text}, ws)


chatroom = Other()


# %% wrong: said by whoever has joined last
# breaks first: sends `{"type": "said", "name": …, "text": …}` to everybody
class Other(Chat):
    def say(self, ws, text):
        said = {"type": "said", "name": list(self.names.values())[-1], "text": text}
        self.recent.append(said)
        self.tell(said, ws)


chatroom = Other()


# %% wrong: without the blanks at the ends
# breaks: sends `{"type": "said", "name": …, "text": …}` to everybody
class Other(Chat):
    def say(self, ws, text):
        super().say(ws, text.strip() or text)


chatroom = Other()


# %% wrong: put together by hand
# breaks first: sends `{"type": "said", "name": …, "text": …}` to everybody
class Other(Chat):
    def tell(self, message, ws):
        if message["type"] == "said":
            name, text = message["name"], message["text"]
            broadcast(self.names, f'{{"type": "said", "name": "{name}", "text": "{text}"}}')
        else:
            super().tell(message, ws)


chatroom = Other()


# %% wrong: an empty text is not sent
# breaks first: sends `{"type": "said", "name": …, "text": …}` to everybody
class Other(Chat):
    def say(self, ws, text):
        if text:
            super().say(ws, text)


chatroom = Other()


# %% wrong: the same text again is not sent
# breaks first: sends `{"type": "said", "name": …, "text": …}` to everybody
class Other(Chat):
    def say(self, ws, text):
        if not self.recent or self.recent[-1]["text"] != text:
            super().say(ws, text)


chatroom = Other()


# %% wrong: only to the first of the others
# breaks first: sends `{"type": "said", "name": …, "text": …}` to everybody
class Other(Chat):
    def tell(self, message, ws):
        others = [other for other in self.names if other is not ws]
        some = others[:1] if message["type"] == "said" else others
        broadcast([ws, *some], to_json(message))


chatroom = Other()


# %% wrong: said comes twice
# breaks first: sends `{"type": "said", "name": …, "text": …}` to everybody
# finding: twice
class Other(Chat):
    def tell(self, message, ws):
        super().tell(message, ws)
        if message["type"] == "said":
            super().tell(message, ws)


chatroom = Other()


# %% wrong: what one says comes to others only
# breaks: the client itself too
class Other(Chat):
    def tell(self, message, ws):
        others = [other for other in self.names if other is not ws or message["type"] != "said"]
        broadcast(others, to_json(message))


chatroom = Other()


# %% wrong: its joined comes to others only
# breaks: the client itself too
class Other(Chat):
    def tell(self, message, ws):
        others = [other for other in self.names if other is not ws or message["type"] != "joined"]
        broadcast(others, to_json(message))


chatroom = Other()


# %% wrong: the bytes come to others only
# breaks first: the client itself too
class Other(Chat):
    def deliver(self, ws, file, data):
        if file is None or file["size"] != len(data):
            raise Refused("no binary message of this size is announced")
        self.tell(file, ws)
        broadcast([other for other in self.names if other is not ws], data)


chatroom = Other()
