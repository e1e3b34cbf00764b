"""Answers to exercise 3.2, “Shout text, leave bytes alone”."""

from websockets.exceptions import ConnectionClosed


# %% right: match, and a memoryview
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


# %% right: bytes have no encode()
async def shout(ws):
    async for message in ws:
        try:
            reply = message.encode()
        except AttributeError:
            await ws.send(message, text=False)
        else:
            await ws.send(reply.decode().upper().encode(), text=True)


# %% right: a function for each type
REPLIES = {str: str.upper, bytes: bytes}


async def shout(ws):
    async for message in ws:
        await ws.send(REPLIES[type(message)](message))


# %% wrong: bytes have upper(), too
# breaks: each binary message with the same bytes, unchanged
async def shout(ws):
    async for message in ws:
        await ws.send(message.upper())


# %% wrong: bytes come back as text
# breaks: as binary
async def shout(ws):
    async for message in ws:
        if isinstance(message, bytes):
            try:
                message = message.decode()
            except UnicodeDecodeError:
                await ws.send(message)
                continue
            await ws.send(message)
        else:
            await ws.send(message.upper())


# %% wrong: bytes are decoded
# breaks first: each binary message with the same bytes, unchanged
async def shout(ws):
    async for message in ws:
        if isinstance(message, bytes):
            message = message.decode()
        await ws.send(message.upper())


# %% wrong: text comes back as bytes
# breaks: as text
async def shout(ws):
    async for message in ws:
        await ws.send(message.upper().encode() if isinstance(message, str) else message)


# %% wrong: only bytes that are UTF-8
# breaks: each binary message with the same bytes, unchanged
# finding: the connection was closed
async def shout(ws):
    async for message in ws:
        if isinstance(message, bytes):
            await ws.send(message.decode().encode())
        else:
            await ws.send(message.upper())


# %% wrong: an echo
# breaks: each text message with the same text in capital letters
async def shout(ws):
    async for message in ws:
        await ws.send(message)


# %% wrong: without the blanks at its ends
# breaks: each text message with the same text in capital letters
async def shout(ws):
    async for message in ws:
        if isinstance(message, str):
            message = message.strip().upper()
        await ws.send(message)


# %% wrong: only letters of ASCII
# breaks: each text message with the same text in capital letters
async def shout(ws):
    async for message in ws:
        if isinstance(message, str):
            message = "".join(c.upper() if c.isascii() else c for c in message)
        await ws.send(message)


# %% wrong: an empty message ends it
# breaks first: each text message with the same text in capital letters
async def shout(ws):
    while message := await ws.recv():
        if isinstance(message, str):
            message = message.upper()
        await ws.send(message)


# %% wrong: an empty binary message gets nothing
# breaks first: each binary message with the same bytes, unchanged
async def shout(ws):
    async for message in ws:
        if isinstance(message, str):
            await ws.send(message.upper())
        elif message:
            await ws.send(message)


# %% wrong: bytes get nothing
# breaks first: each binary message with the same bytes, unchanged
async def shout(ws):
    async for message in ws:
        if isinstance(message, str):
            await ws.send(message.upper())


# %% wrong: one client after the other
# breaks first: each text message with the same text in capital letters
taken = []


async def shout(ws):
    if taken:
        return
    taken.append(ws)
    async for message in ws:
        if isinstance(message, str):
            message = message.upper()
        await ws.send(message)
