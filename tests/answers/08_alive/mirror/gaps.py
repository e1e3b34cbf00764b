"""Answers to exercise 8.4, “Mind the gap”: what is missing, what is old, what is lost."""

import asyncio
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK


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


# %% wrong: it never asks again
# breaks: but send `{"after": N}` once more
# finding: it did not ask
class Silent(Copy):
    def take(self, message):
        super().take(message)
        return False


async def mirror(url):
    return await follow(url, Silent())


# %% wrong: it asks for what comes after the event that was too far
# breaks: but send `{"after": N}` once more
# finding: something else
async def mirror(url):
    copy = Copy()
    while True:
        async with connect(url) as ws:
            try:
                await ws.send(copy.question())
                while True:
                    message = json.loads(await ws.recv())
                    if copy.take(message):
                        await ws.send(json.dumps({"after": message["number"]}))
            except ConnectionClosed as closed:
                if is_complete(closed):
                    return copy.state


# %% wrong: it asks twice
# breaks first: but send `{"after": N}` once more
# finding: more than once
async def mirror(url):
    copy = Copy()
    while True:
        async with connect(url) as ws:
            try:
                await ws.send(copy.question())
                while True:
                    if copy.take(json.loads(await ws.recv())):
                        await ws.send(copy.question())
                        await ws.send(copy.question())
            except ConnectionClosed as closed:
                if is_complete(closed):
                    return copy.state


# %% wrong: it asks by a new connection
# breaks: but send `{"after": N}` once more
# finding: it did not ask
async def mirror(url):
    copy = Copy()
    while True:
        async with connect(url) as ws:
            try:
                await ws.send(copy.question())
                while not copy.take(json.loads(await ws.recv())):
                    pass
            except ConnectionClosed as closed:
                if is_complete(closed):
                    return copy.state


# %% wrong: applied too early, and repaired by what comes
# breaks: If numbers are missing, do not apply the event
class Repairing(Copy):
    def take(self, message):
        missing = super().take(message)
        if missing:
            self.state[message["key"]] = message["value"]
        return missing


async def mirror(url):
    return await follow(url, Repairing())


# %% wrong: it asks, and goes on from the event that was too far
# breaks first: If numbers are missing, do not apply the event
async def mirror(url):
    copy = Copy()
    while True:
        async with connect(url) as ws:
            try:
                await ws.send(copy.question())
                while True:
                    message = json.loads(await ws.recv())
                    if copy.take(message):
                        await ws.send(copy.question())
                        copy.apply(message)
            except ConnectionClosed as closed:
                if is_complete(closed):
                    return copy.state


# %% wrong: whatever comes is applied
# breaks first: but send `{"after": N}` once more
class Trusting(Copy):
    def take(self, message):
        if "snapshot" in message:
            return super().take(message)
        self.apply(message)
        return False


async def mirror(url):
    return await follow(url, Trusting())


# %% wrong: an old event is applied again
# breaks: An event it already has is ignored
class Repeating(Copy):
    def take(self, message):
        if "key" in message and message["number"] <= self.last:
            self.state[message["key"]] = message["value"]
        return super().take(message)


async def mirror(url):
    return await follow(url, Repeating())


# %% wrong: an old event is a gap to it
# breaks: An event it already has is ignored
# finding: though nothing was missing
class Strict(Copy):
    def take(self, message):
        before = self.last
        super().take(message)
        return "key" in message and message["number"] != before + 1


async def mirror(url):
    return await follow(url, Strict())


# %% wrong: it sleeps after a loss
# breaks: at once
async def mirror(url):
    copy = Copy()
    while True:
        async with connect(url) as ws:
            try:
                await receive(ws, copy)
            except ConnectionClosed as closed:
                if is_complete(closed):
                    return copy.state
        await asyncio.sleep(0.5)


# %% wrong: one connection
# breaks first: after any other loss, connect again
async def mirror(url):
    copy = Copy()
    async with connect(url) as ws:
        try:
            await receive(ws, copy)
        except ConnectionClosedOK:
            return copy.state


# %% wrong: each end without an error is the last one
# breaks first: after any other loss, connect again
# finding: after CLOSE 1001
async def mirror(url):
    copy = Copy()
    while True:
        try:
            async with connect(url) as ws:
                await ws.send(copy.question())
                async for text in ws:
                    if copy.take(json.loads(text)):
                        await ws.send(copy.question())
                return copy.state
        except ConnectionClosedError:
            pass


# %% wrong: a code of the application is the last one, too
# breaks: after any other loss, connect again
# finding: after CLOSE 4000
async def mirror(url):
    copy = Copy()
    while True:
        async with connect(url) as ws:
            try:
                await receive(ws, copy)
            except ConnectionClosed as closed:
                if is_complete(closed) or (closed.rcvd and closed.rcvd.code >= 3000):
                    return copy.state


# %% wrong: a loss without a CLOSE has no code
# breaks first: after any other loss, connect again
# finding: the connection was lost
async def mirror(url):
    copy = Copy()
    while True:
        async with connect(url) as ws:
            try:
                await receive(ws, copy)
            except ConnectionClosed as closed:
                if closed.rcvd.code == 1000:
                    return copy.state


# %% wrong: each connection begins with 0
# breaks: the last number that it has
async def mirror(url):
    copy = Copy()
    while True:
        async with connect(url) as ws:
            try:
                await ws.send('{"after": 0}')
                while True:
                    if copy.take(json.loads(await ws.recv())):
                        await ws.send(copy.question())
            except ConnectionClosed as closed:
                if is_complete(closed):
                    return copy.state


# %% wrong: it counts messages
# breaks: the last number that it has
class Counting(Copy):
    def __init__(self):
        super().__init__()
        self.count = 0

    def take(self, message):
        self.count += 1
        return super().take(message)


async def mirror(url):
    copy = Counting()
    while True:
        async with connect(url) as ws:
            try:
                await ws.send(json.dumps({"after": copy.count}))
                while True:
                    if copy.take(json.loads(await ws.recv())):
                        await ws.send(copy.question())
            except ConnectionClosed as closed:
                if is_complete(closed):
                    return copy.state


# %% wrong: it gives up after five losses
# breaks: after any other loss, connect again
async def mirror(url):
    copy = Copy()
    for _ in range(5):
        async with connect(url) as ws:
            try:
                await receive(ws, copy)
            except ConnectionClosed as closed:
                if is_complete(closed):
                    break
    return copy.state
