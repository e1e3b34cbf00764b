"""Answers to exercise 7.4, “A token bucket”."""

import asyncio
import time


def bucket(tokens=5.0, maximum=5.0, rate=10.0):
    """A function that takes a token, and returns whether there was one."""
    before = time.monotonic()

    def take():
        nonlocal tokens, before
        now = time.monotonic()
        tokens, before = min(maximum, tokens + rate * (now - before)), now
        if tokens < 1:
            return False
        tokens -= 1
        return True

    return take


# %% right: a class, and the loop's clock
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


# %% right: a closure
async def limited(ws):
    take = bucket()
    async for message in ws:
        if not take():
            await ws.close(1008, "too many messages")
            break
        await ws.send(message)


# %% right: a task that fills a semaphore
async def limited(ws):
    tokens = 5

    async def fill():
        nonlocal tokens
        while True:
            await asyncio.sleep(0.1)
            tokens = min(5, tokens + 1)

    filling = asyncio.create_task(fill())
    try:
        async for message in ws:
            if not tokens:
                await ws.close(1008)
                return
            tokens -= 1
            await ws.send(message)
    finally:
        filling.cancel()


# %% right: when the next one may come
async def limited(ws):
    full_at = time.monotonic()
    while True:
        message = await ws.recv()
        now = time.monotonic()
        full_at = max(full_at, now) + 0.1
        if full_at - now > 0.5 + 1e-9:
            await ws.close(1008)
            return
        await ws.send(message)


# %% wrong: no limit
# breaks first: begins with 5 tokens
async def limited(ws):
    async for message in ws:
        await ws.send(message)


# %% wrong: it begins with ten
# breaks first: begins with 5 tokens
async def limited(ws):
    tokens, before = 10.0, time.monotonic()
    async for message in ws:
        now = time.monotonic()
        if tokens < 5:
            tokens = min(5.0, tokens + 10 * (now - before))
        before = now
        if tokens < 1:
            await ws.close(1008)
            return
        tokens -= 1
        await ws.send(message)


# %% wrong: it begins with four
# breaks: begins with 5 tokens
async def limited(ws):
    take = bucket(tokens=4.0)
    async for message in ws:
        if not take():
            await ws.close(1008)
            return
        await ws.send(message)


# %% wrong: it begins empty
# breaks first: it sends each message back, as long as the client keeps to its rate
async def limited(ws):
    take = bucket(tokens=0.0)
    async for message in ws:
        if not take():
            await ws.close(1008)
            return
        await ws.send(message)


# %% wrong: nothing is refilled
# breaks: gets 10 new ones in a second, little by little
async def limited(ws):
    tokens = 5
    async for message in ws:
        if not tokens:
            await ws.close(1008)
            return
        tokens -= 1
        await ws.send(message)


# %% wrong: five at once, each half second
# breaks: gets 10 new ones in a second, little by little
async def limited(ws):
    tokens, filled = 5, time.monotonic()
    async for message in ws:
        if time.monotonic() - filled >= 0.5:
            tokens, filled = 5, time.monotonic()
        if not tokens:
            await ws.close(1008)
            return
        tokens -= 1
        await ws.send(message)


# %% wrong: what is less than a token is forgotten with each message
# breaks: gets 10 new ones in a second, little by little
# finding: seven messages
async def limited(ws):
    tokens, before = 5, time.monotonic()
    async for message in ws:
        now = time.monotonic()
        tokens, before = min(5, tokens + int(10 * (now - before))), now
        if tokens < 1:
            await ws.close(1008)
            return
        tokens -= 1
        await ws.send(message)


# %% wrong: five in a second
# breaks: gets 10 new ones in a second, little by little
async def limited(ws):
    take = bucket(rate=5.0)
    async for message in ws:
        if not take():
            await ws.close(1008)
            return
        await ws.send(message)


# %% wrong: twenty in a second
# breaks: gets 10 new ones in a second, little by little
async def limited(ws):
    take = bucket(rate=20.0)
    async for message in ws:
        if not take():
            await ws.close(1008)
            return
        await ws.send(message)


# %% wrong: one bucket for all
# breaks first: begins with 5 tokens
take_one = bucket()


async def limited(ws):
    async for message in ws:
        if not take_one():
            await ws.close(1008)
            return
        await ws.send(message)


# %% wrong: the later ones have less
# breaks: Each connection has a bucket
async def limited(ws):
    here = sum(not task.done() for task in asyncio.all_tasks() if task.get_name() == "limited")
    asyncio.current_task().set_name("limited")
    tokens = 5.0 if here < 6 else 2.0
    take = bucket(tokens=tokens, maximum=tokens)
    async for message in ws:
        if not take():
            await ws.close(1008)
            return
        await ws.send(message)


# %% wrong: it saves up
# breaks: its maximum
async def limited(ws):
    take = bucket(maximum=100.0)
    async for message in ws:
        if not take():
            await ws.close(1008)
            return
        await ws.send(message)


# %% wrong: another code
# breaks: gets no answer, and closes the connection with code 1008
async def limited(ws):
    take = bucket()
    async for message in ws:
        if not take():
            return
        await ws.send(message)


# %% wrong: what is too much is left out
# breaks: gets no answer, and closes the connection with code 1008
async def limited(ws):
    take = bucket()
    async for message in ws:
        if take():
            await ws.send(message)


# %% wrong: the message without a token is answered
# breaks first: begins with 5 tokens
async def limited(ws):
    take = bucket()
    async for message in ws:
        right = take()
        await ws.send(message)
        if not right:
            await ws.close(1008)
            return


# %% wrong: a pause between two messages
# breaks first: it sends each message back, as long as the client keeps to its rate
async def limited(ws):
    before = time.monotonic() - 1
    async for message in ws:
        now = time.monotonic()
        if now - before < 0.1:
            await ws.close(1008)
            return
        before = now
        await ws.send(message)


# %% wrong: an empty message is not sent back
# breaks: it sends each message back, as long as the client keeps to its rate
async def limited(ws):
    take = bucket()
    async for message in ws:
        if not take():
            await ws.close(1008)
            return
        if message:
            await ws.send(message)


# %% wrong: binary messages are free
# breaks: Each message takes a token
async def limited(ws):
    take = bucket()
    async for message in ws:
        if isinstance(message, str) and not take():
            await ws.close(1008)
            break
        await ws.send(message)
