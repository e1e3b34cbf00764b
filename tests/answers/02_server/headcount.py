"""Answers to exercise 2.3, “Who is here?”."""

import asyncio
import contextlib
import itertools
import json

from websockets.exceptions import ConnectionClosed


class Headcount:
    """A right answer, whose parts are replaced below."""

    def __init__(self):
        self.guests = set()
        self.last = 0

    async def next_number(self):
        self.last += 1
        return self.last

    def hello(self, number):
        return json.dumps({"client": number})

    def counts(self, messages, message):
        return json.dumps({"messages": len(messages), "clients": len(self.guests)})

    async def __call__(self, ws):
        number = await self.next_number()
        self.guests.add(ws)
        messages = []
        try:
            await ws.send(self.hello(number))
            async for message in ws:
                messages.append(message)
                await ws.send(self.counts(messages, message))
        finally:
            self.guests.discard(ws)


# %% right: a class
headcount = Headcount()


# %% right: a dict of counts
numbers = itertools.count(1)
counts = {}


async def headcount(ws):
    number = next(numbers)
    counts[number] = 0
    print("client", number, "is here")
    try:
        await ws.send(json.dumps({"client": number}))
        while True:
            await ws.recv()
            counts[number] += 1
            reply = {"clients": len(counts), "messages": counts[number]}
            await ws.send(json.dumps(reply, separators=(",", ":")))
    except ConnectionClosed as closed:
        print("client", number, "has left:", closed)
    finally:
        del counts[number]


# %% right: a context manager
class Counter:
    here = total = 0


@contextlib.contextmanager
def counted():
    Counter.here += 1
    Counter.total += 1
    try:
        yield Counter.total
    finally:
        Counter.here -= 1


async def headcount(ws):
    with counted() as number:
        await ws.send(f'{{"client": {number}}}')
        messages = 0
        async for _ in ws:
            messages += 1
            await ws.send(f'{{"messages": {messages}, "clients": {Counter.here}}}')


# %% wrong: bytes
# breaks: all it sends is JSON text
class Bytes(Headcount):
    def counts(self, messages, message):
        return super().counts(messages, message).encode()


headcount = Bytes()


# %% wrong: str() instead of json.dumps()
# breaks first: all it sends is JSON text
class Repr(Headcount):
    def hello(self, number):
        return str({"client": number})


headcount = Repr()


# %% wrong: the number alone
# breaks first: A client that connects is told its number
class Alone(Headcount):
    def hello(self, number):
        return str(number)


headcount = Alone()


# %% wrong: the number as text
# breaks: A client that connects is told its number
class Text(Headcount):
    def hello(self, number):
        return json.dumps({"client": str(number)})


headcount = Text()


# %% wrong: nothing is said before the first message
# breaks first: all it sends is JSON text
class Shy(Headcount):
    async def __call__(self, ws):
        number = await self.next_number()
        async for message in ws:
            await ws.send(self.hello(number))


headcount = Shy()


# %% wrong: every second number is left out
# breaks: one more than that of the client before
class Even(Headcount):
    async def next_number(self):
        self.last += 2
        return self.last


headcount = Even()


# %% wrong: the number of clients that are here
# breaks: so no number is given twice
# finding: two clients have the same number
class Present(Headcount):
    async def next_number(self):
        return len(self.guests) + 1


headcount = Present()


# %% wrong: an await between reading and writing the last number
# breaks: so no number is given twice
class Racing(Headcount):
    async def next_number(self):
        number = self.last + 1
        await asyncio.sleep(0)
        self.last = number
        return number


headcount = Racing()


# %% wrong: the send stands between reading and writing the last number
# breaks: so no number is given twice
last = 0
here = set()


async def headcount(ws):
    global last
    number = last + 1
    await asyncio.sleep(0.001)
    await ws.send(json.dumps({"client": number}))
    last = number
    here.add(ws)
    messages = 0
    try:
        async for _ in ws:
            messages += 1
            await ws.send(json.dumps({"messages": messages, "clients": len(here)}))
    finally:
        here.discard(ws)


# %% wrong: a key more
# breaks: Each message is answered with `{"messages": 2, "clients": 5}`
class More(Headcount):
    def counts(self, messages, message):
        return json.dumps({**json.loads(super().counts(messages, message)), "message": message})


headcount = More()


# %% wrong: an empty message is not answered
# breaks first: Each message is answered with `{"messages": 2, "clients": 5}`
class Hungry(Headcount):
    async def __call__(self, ws):
        number = await self.next_number()
        self.guests.add(ws)
        messages = []
        try:
            await ws.send(self.hello(number))
            async for message in ws:
                messages.append(message)
                if message:
                    await ws.send(self.counts(messages, message))
        finally:
            self.guests.discard(ws)


headcount = Hungry()


# %% wrong: equal messages are counted once
# breaks: how many messages this client has sent
class Distinct(Headcount):
    def counts(self, messages, message):
        return json.dumps({"messages": len(set(messages)), "clients": len(self.guests)})


headcount = Distinct()


# %% wrong: the messages of all clients
# breaks: how many messages this client has sent
class Together(Headcount):
    total = 0

    def counts(self, messages, message):
        self.total += 1
        return json.dumps({"messages": self.total, "clients": len(self.guests)})


headcount = Together()


# %% wrong: the last number instead of the number of clients
# breaks first: Whoever has left, in whatever way, is not counted.
class Ever(Headcount):
    def counts(self, messages, message):
        return json.dumps({"messages": len(messages), "clients": self.last})


headcount = Ever()


# %% wrong: the others only
# breaks: how many clients are connected now
class Others(Headcount):
    def counts(self, messages, message):
        return json.dumps({"messages": len(messages), "clients": len(self.guests) - 1})


headcount = Others()


# %% wrong: no finally
# breaks first: Whoever has left, in whatever way, is not counted.
# finding: with code 4001
class Careless(Headcount):
    async def __call__(self, ws):
        number = await self.next_number()
        self.guests.add(ws)
        messages = []
        await ws.send(self.hello(number))
        async for message in ws:
            messages.append(message)
            await ws.send(self.counts(messages, message))
        self.guests.discard(ws)


headcount = Careless()


# %% wrong: nobody is taken out
# breaks first: Whoever has left, in whatever way, is not counted.
# finding: with code 1000
class Forgetful(Headcount):
    async def __call__(self, ws):
        self.guests.add(object())
        await super().__call__(ws)
        self.guests.add(ws)


headcount = Forgetful()


# %% wrong: a set for each server, and no finally
# breaks: Whoever has left, in whatever way, is not counted.
# finding: with code 4001
last_number = 0
servers = {}


async def headcount(ws):
    global last_number
    last_number += 1
    guests = servers.setdefault(ws.local_address, set())
    guests.add(ws)
    await ws.send(json.dumps({"client": last_number}))
    messages = 0
    async for _ in ws:
        messages += 1
        await ws.send(json.dumps({"messages": messages, "clients": len(guests)}))
    guests.discard(ws)
