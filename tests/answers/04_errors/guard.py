"""Answers to exercise 4.3, “Close for a reason”."""

# %% right
from websockets.exceptions import ConnectionClosed


async def guard(ws):
    logged_in = False
    while True:
        try:
            message = await ws.recv()
        except ConnectionClosed:
            return
        if not logged_in:
            if message != "open sesame":
                return await ws.close(1008)
            logged_in = True
            message = "welcome"
        elif not isinstance(message, str):
            return await ws.close(code=1003, reason="binary")
        elif len(message) > 100:
            return await ws.close(code=1009, reason=f"{len(message)} characters")
        await ws.send(message)


# %% right
class Refused(Exception):
    pass


async def talk(ws):
    if (await ws.recv()) != "open sesame":
        raise Refused(1008, "password")
    yield "welcome"
    async for message in ws:
        if type(message) is bytes:
            raise Refused(1003, "text, please")
        if len(message) > 100:
            raise Refused(1009, "shorter, please")
        yield message


async def guard(ws):
    try:
        async for reply in talk(ws):
            await ws.send(reply)
    except Refused as refused:
        print("refused", refused)
        await ws.close(*refused.args)


# %% wrong
# finding: first message should close the connection with 1008
async def guard(ws):
    if await ws.recv() != "open sesame":
        raise PermissionError("the password is wrong")
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, bytes):
            raise TypeError("text messages only")
        if len(message) > 100:
            raise ValueError("at most 100 characters")
        await ws.send(message)


# %% wrong
# finding: first message should close the connection with 1008
async def guard(ws):
    if await ws.recv() != "open sesame":
        await ws.send("the password is wrong")
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003, "text messages only")
        elif len(message) > 100:
            await ws.close(1009, "at most 100 characters")
        else:
            await ws.send(message)


# %% wrong
# finding: first message should close the connection with 1008
members = set()


async def guard(ws):
    if "all" not in members:
        if await ws.recv() != "open sesame":
            await ws.close(1008)
            return
        members.add("all")
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
        elif len(message) > 100:
            await ws.close(1009)
        else:
            await ws.send(message)


# %% wrong
# finding: exactly 100 characters is allowed
async def guard(ws):
    if await ws.recv() != "open sesame":
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
        elif len(message.encode()) > 100:
            await ws.close(1009)
        else:
            await ws.send(message)


# %% wrong
# finding: a binary message of 200 bytes should close the connection with 1003
async def guard(ws):
    if await ws.recv() != "open sesame":
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        if len(message) > 100:
            await ws.close(1009)
        elif isinstance(message, bytes):
            await ws.close(1003)
        else:
            await ws.send(message)


# %% wrong
# finding: a binary message should close the connection with 1003
async def guard(ws):
    if await ws.recv() != "open sesame":
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        if len(message) > 100:
            await ws.close(1009)
        else:
            await ws.send(message)


# %% wrong
# finding: the password is asked for once
async def guard(ws):
    async for message in ws:
        if message == "open sesame":
            await ws.send("welcome")
        elif isinstance(message, bytes):
            await ws.close(1003)
        elif len(message) > 100:
            await ws.close(1009)
        else:
            await ws.send(message)


# %% wrong
# finding: who has done nothing wrong should stay
clients = set()


async def guard(ws):
    clients.add(ws)
    if await ws.recv() != "open sesame":
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
        elif len(message) > 100:
            for client in clients:
                await client.close(1009)
        else:
            await ws.send(message)


# %% wrong
# finding: first message should close the connection with 1008
async def guard(ws):
    first = await ws.recv()
    if "open sesame" not in str(first):
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
        elif len(message) > 100:
            await ws.close(1009)
        else:
            await ws.send(message)


# %% wrong
# finding: a text of 101 characters should close the connection with 1009
async def guard(ws):
    if await ws.recv() != "open sesame":
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
        elif len(message) > 100:
            await ws.send("1009")
        else:
            await ws.send(message)


# %% wrong
# finding: the connection was closed
async def guard(ws):
    if await ws.recv() != "open sesame":
        await ws.close(1008)
        return
    await ws.send("welcome")
    await ws.send(await ws.recv())


# %% wrong
# finding: no message came
import asyncio

door = asyncio.Semaphore(1)


async def guard(ws):
    async with door:  # one at a time, please
        first = await ws.recv()
    if first != "open sesame":
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
        elif len(message) > 100:
            await ws.close(1009)
        else:
            await ws.send(message)
