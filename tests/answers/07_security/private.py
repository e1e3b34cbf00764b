"""Answers to exercise 7.2, “A token, and soon”."""

# %% right
import asyncio
import json


async def private(ws):
    try:
        first = await asyncio.wait_for(ws.recv(decode=None), 0.5)
        if not isinstance(first, str) or json.loads(first) != {"token": "sesame"}:
            raise ValueError
    except (TimeoutError, ValueError, RecursionError):
        await ws.close(1008)
        return
    await ws.send("welcome")
    while True:
        await ws.send(await ws.recv())


# %% wrong
# finding: once welcome, each text should come back
async def private(ws):
    await ws.send("welcome")
    async for message in ws:
        await ws.send(message)


# %% wrong
# finding: a client that says nothing: after half a second
import json


async def private(ws):
    message = await ws.recv()
    try:
        right = isinstance(message, str) and json.loads(message)["token"] == "sesame"
    except (ValueError, LookupError, TypeError):
        right = False
    if not right:
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        await ws.send(message)


# %% wrong
# finding: '{"password": "sesame"}' should close with 1008
import asyncio
import json


async def private(ws):
    async with asyncio.timeout(0.5):
        message = await ws.recv()
    if json.loads(message)["token"] != "sesame":
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        await ws.send(message)


# %% wrong
# finding: once welcome, each text should come back
async def private(ws):
    async for message in ws:
        await ws.send("welcome" if message == '{"token": "sesame"}' else "wrong")


# %% wrong
# finding: b'{"token": "sesame"}' should close with 1008
import asyncio
import json


async def private(ws):
    try:
        message = await asyncio.wait_for(ws.recv(), 0.5)
        right = json.loads(message)["token"] == "sesame"
    except (TimeoutError, ValueError, LookupError, TypeError):
        right = False
    if not right:
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        await ws.send(message)


# %% wrong
# finding: the right token should be answered with 'welcome'
async def private(ws):
    await ws.close(1008)
