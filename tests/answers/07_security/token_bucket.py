"""Answers to exercise 7.4, “A token bucket”."""

# %% right
import asyncio


class Bucket:
    def __init__(self, burst, rate):
        self.burst, self.rate, self.tokens = burst, rate, burst
        self.last = asyncio.get_running_loop().time()

    def take(self):
        now = asyncio.get_running_loop().time()
        self.tokens = min(self.burst, self.tokens + (now - self.last) * self.rate)
        self.last = now
        self.tokens -= 1
        return self.tokens >= 0


async def limited(ws):
    bucket = Bucket(5, 10)
    async for message in ws:
        if not bucket.take():
            return await ws.close(1008)
        await ws.send(message)


# %% wrong
# finding: 15 messages at once should close with 1008
async def limited(ws):
    async for message in ws:
        await ws.send(message)


# %% wrong
# finding: 0.8 seconds later: what was used should be refilled
async def limited(ws):
    tokens = 5
    async for message in ws:
        if not tokens:
            await ws.close(1008)
            return
        tokens -= 1
        await ws.send(message)


# %% wrong
# finding: a second client: each client should have five messages of its own
import time

tokens, before = 5.0, time.monotonic()


async def limited(ws):
    global tokens, before
    async for message in ws:
        now = time.monotonic()
        tokens, before = min(5.0, tokens + 10 * (now - before)), now
        if tokens < 1:
            await ws.close(1008)
            return
        tokens -= 1
        await ws.send(message)


# %% wrong
# finding: nobody can save up
import time


async def limited(ws):
    tokens, before = 5.0, time.monotonic()
    async for message in ws:
        now = time.monotonic()
        tokens, before = tokens + 100 * (now - before), now
        if tokens < 1:
            await ws.close(1008)
            return
        tokens -= 1
        await ws.send(message)


# %% wrong
# finding: five messages at once should come back: the connection was closed
import time


async def limited(ws):
    before = time.monotonic() - 1
    async for message in ws:
        now = time.monotonic()
        if now - before < 0.1:
            await ws.close(1008)
            return
        before = now
        await ws.send(message)
