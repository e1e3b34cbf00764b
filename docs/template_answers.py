"""Answers to exercise NN.1, “Shout”."""

# %% right: receives by itself
from websockets.exceptions import ConnectionClosed


async def shout(ws):
    try:
        while True:
            await ws.send(str.upper(await ws.recv()))
    except ConnectionClosed:
        pass


# %% right: a class
class Shout:
    async def __call__(self, ws):
        async for message in ws:
            await self.reply(ws, message)

    async def reply(self, ws, message):
        await ws.send(message.upper())


shout = Shout()


# %% wrong: an echo
# breaks: the same text in upper case
async def shout(ws):
    async for message in ws:
        await ws.send(message)


# %% wrong: bytes instead of text
# breaks: the same text in upper case
async def shout(ws):
    async for message in ws:
        await ws.send(message.upper().encode())


# %% wrong: only one
# breaks: answers each text
async def shout(ws):
    await ws.send((await ws.recv()).upper())


# %% wrong: nothing is sent
# breaks first: the same text in upper case
async def shout(ws):
    async for message in ws:
        message.upper()
