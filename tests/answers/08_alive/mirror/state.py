"""Answers to exercise 8.4, “Mind the gap”: the first message, and the state."""

import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK
from websockets.sync.client import connect as connect_sync


class Copy:
    """A right one; what is wrong below has another method."""

    def __init__(self):
        self.state, self.last = {}, 0

    def question(self):
        return json.dumps({"after": self.last})

    def take(self, message):
        """Return whether numbers are missing."""
        if "snapshot" in message:
            self.state, self.last = message["snapshot"], message["number"]
        elif message["number"] == self.last + 1:
            self.apply(message)
        return message["number"] > self.last

    def apply(self, message):
        self.state[message["key"]] = message["value"]
        self.last = message["number"]


async def receive(ws, copy):
    await ws.send(copy.question())
    while True:
        if copy.take(json.loads(await ws.recv())):
            await ws.send(copy.question())


def is_complete(closed):
    return closed.rcvd is not None and closed.rcvd.code == 1000


async def follow(url, copy):
    while True:
        async with connect(url) as ws:
            try:
                await receive(ws, copy)
            except ConnectionClosed as closed:
                if is_complete(closed):
                    return copy.state


# %% right: blocking, with match
class Matching(Copy):
    def take(self, message):
        match message:
            case {"number": number, "snapshot": dict(snapshot)}:
                self.state, self.last = dict(snapshot), number
            case {"number": number} if number <= self.last:
                pass
            case {"number": number} if number > self.last + 1:
                return True
            case {"number": number, "key": key, "value": value}:
                self.state[key] = value
                self.last = number
        return False


def mirror(url):
    copy = Matching()
    while True:
        try:
            with connect_sync(url, open_timeout=5) as ws:
                ws.send(copy.question())
                while True:
                    if copy.take(json.loads(ws.recv(timeout=5))):
                        ws.send(copy.question())
        except ConnectionClosedOK as closed:
            if closed.rcvd.code == 1000:
                return copy.state
        except ConnectionClosedError:
            pass


# %% right: the loop over connect()
async def mirror(url):
    state, last = {}, 0
    async for ws in connect(url):
        try:
            await ws.send(json.dumps({"after": last}))
            async for text in ws:
                message = json.loads(text)
                if "snapshot" in message:
                    last, state = message["number"], message["snapshot"]
                    continue
                if message["number"] <= last:
                    continue
                if message["number"] != last + 1:
                    await ws.send(json.dumps({"after": last}))
                    continue
                last += 1
                state |= {message["key"]: message["value"]}
        except ConnectionClosed:
            pass
        if ws.close_code == 1000:
            return state


# %% right: what is too far is kept until the gap is filled
class Patient(Copy):
    def __init__(self):
        super().__init__()
        self.later = {}

    def take(self, message):
        if "snapshot" in message:
            return super().take(message)
        self.later[message["number"]] = message
        while (following := self.later.pop(self.last + 1, None)) is not None:
            self.apply(following)
        return message["number"] > self.last


async def mirror(url):
    return await follow(url, Patient())


# %% right: a refused connection is a loss, too
async def mirror(url):
    copy = Copy()
    while True:
        try:
            async with connect(url) as ws:
                await receive(ws, copy)
        except ConnectionClosed as closed:
            if is_complete(closed):
                return copy.state
        except OSError:
            pass


# %% wrong: it does not connect
# breaks first: The first message on each connection is `{"after": N}`
# finding: it did not connect
async def mirror(url):
    return {"a": 30, "b": 20}


# %% wrong: the number alone is sent
# breaks: The first message on each connection is `{"after": N}`
class Short(Copy):
    def question(self):
        return str(self.last)


async def mirror(url):
    return await follow(url, Short())


# %% wrong: it asks on the first connection only
# breaks: The first message on each connection is `{"after": N}`
# finding: nothing came
async def mirror(url):
    copy = Copy()
    first = True
    while True:
        async with connect(url) as ws:
            try:
                if first:
                    await ws.send(copy.question())
                first = False
                while True:
                    if copy.take(json.loads(await ws.recv())):
                        await ws.send(copy.question())
            except ConnectionClosed as closed:
                if is_complete(closed):
                    return copy.state


# %% wrong: None while it has nothing
# breaks: The first message on each connection is `{"after": N}`
class Unsure(Copy):
    def question(self):
        return json.dumps({"after": self.last or None})


async def mirror(url):
    return await follow(url, Unsure())


# %% wrong: the number comes along
# breaks: After CLOSE `1000`, return the state
# finding: no state
async def mirror(url):
    copy = Copy()
    return await follow(url, copy), copy.last


# %% wrong: nothing is returned
# breaks: After CLOSE `1000`, return the state
# finding: it returned nothing
async def mirror(url):
    await follow(url, Copy())


# %% wrong: an empty state is none to it
# breaks first: After CLOSE `1000`, return the state
async def mirror(url):
    copy = Copy()
    while not await follow(url, copy):
        pass
    return copy.state


# %% wrong: it begins at 1
# breaks: 0 at first
class Early(Copy):
    def question(self):
        return json.dumps({"after": self.last or 1})


async def mirror(url):
    return await follow(url, Early())


# %% wrong: a key called snapshot
# breaks: The server sends events
class Reader(Copy):
    def take(self, message):
        if "snapshot" in message.values():
            self.last = message["number"]
            return False
        return super().take(message)


async def mirror(url):
    return await follow(url, Reader())


# %% wrong: no value is no event
# breaks: The server sends events
class Choosy(Copy):
    def apply(self, message):
        if message.get("value"):
            self.state[message["key"]] = message["value"]
        self.last = message["number"]


async def mirror(url):
    return await follow(url, Choosy())


# %% wrong: null deletes
# breaks: The server sends events
class Deleting(Copy):
    def apply(self, message):
        super().apply(message)
        if message["value"] is None:
            del self.state[message["key"]]


async def mirror(url):
    return await follow(url, Deleting())


# %% wrong: an empty snapshot counts as none
# breaks: which replace the state
# finding: which is empty
class Falsy(Copy):
    def take(self, message):
        if message.get("snapshot"):
            self.state, self.last = message["snapshot"], message["number"]
        elif message["number"] == self.last + 1 and "key" in message:
            self.apply(message)
        return message["number"] > self.last and "key" in message


async def mirror(url):
    return await follow(url, Falsy())


# %% wrong: a snapshot is added to the state
# breaks: which replace the state
class Adding(Copy):
    def take(self, message):
        if "snapshot" in message:
            message["snapshot"] = self.state | message["snapshot"]
        return super().take(message)


async def mirror(url):
    return await follow(url, Adding())


# %% wrong: an object is sent, and no JSON
# breaks first: The first message on each connection is `{"after": N}`
# finding: send() was given a dict
async def mirror(url):
    async with connect(url) as ws:
        await ws.send({"after": 0})
