"""Answers to exercise 3.2, “Shout text, leave bytes alone”."""

# %% right
from websockets.exceptions import ConnectionClosed


async def shout(ws):
    while True:
        try:
            message = await ws.recv()
        except ConnectionClosed:
            break
        match message:
            case bytes():
                print("Received binary data:", message.hex(" "))
                await ws.send(memoryview(message))
            case str():
                print("Received text message:", message)
                await ws.send(message.upper())


# %% right
async def shout(ws):
    async for message in ws:
        try:
            reply = message.encode()
        except AttributeError:
            await ws.send(message, text=False)
        else:
            await ws.send(reply.decode().upper().encode(), text=True)


# %% wrong
# finding: should come back unchanged
async def shout(ws):
    async for message in ws:
        await ws.send(message.upper())


# %% wrong
# finding: the answer to a binary message should be a binary message
async def shout(ws):
    async for message in ws:
        if isinstance(message, bytes):
            message = message.decode()
        await ws.send(message.upper())


# %% wrong
# finding: the answer to a text message should be a text message
async def shout(ws):
    async for message in ws:
        if isinstance(message, str):
            await ws.send(message.upper().encode())
        else:
            await ws.send(message)


# %% wrong
# finding: each binary message should be answered: the connection was closed
async def shout(ws):
    async for message in ws:
        if isinstance(message, bytes):
            await ws.send(message.decode().encode())
        else:
            await ws.send(message.upper())


# %% wrong
# finding: in capital letters
async def shout(ws):
    async for message in ws:
        if isinstance(message, str):
            await ws.send(message)
        else:
            await ws.send(message)


# %% wrong
# finding: each text message should be answered: the connection was closed
async def shout(ws):
    while message := await ws.recv():
        if isinstance(message, str):
            message = message.upper()
        await ws.send(message)


# %% wrong
# finding: each binary message should be answered: no message came
async def shout(ws):
    async for message in ws:
        if isinstance(message, str):
            await ws.send(message.upper())


# %% wrong
# finding: the answer to a text message should be a text message
async def shout(ws):
    async for message in ws:
        if isinstance(message, str):
            message = message.upper()
        await ws.send(message)
        if message == b"":
            await ws.send(message)


# %% wrong
# finding: with a second client: each binary message should be answered: no message came
import asyncio

lock = asyncio.Lock()


async def shout(ws):
    async with lock:
        async for message in ws:
            if isinstance(message, str):
                message = message.upper()
            await ws.send(message)


# %% wrong
# finding: the handler holds up the event loop
import time


async def shout(ws):
    async for message in ws:
        if isinstance(message, str):
            time.sleep(0.06)  # noqa: ASYNC251
            message = message.upper()
        await ws.send(message)
