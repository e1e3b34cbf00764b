"""Answers to exercise 2.4, “Too long”."""

# %% right
from websockets.exceptions import ConnectionClosed


async def limited(ws):
    try:
        while True:
            message = await ws.recv()
            size = len(message)
            print("received", size, "characters")
            if size <= 100:
                await ws.send(f"{size}")
            else:
                await ws.close(code=1008, reason="too long: %d characters" % size)  # noqa: UP031
    except ConnectionClosed:
        print("closed")


# %% wrong
# finding: a message of 100 characters is not too long
async def limited(ws):
    async for message in ws:
        if len(message) >= 100:
            await ws.close(1008, f"too long: {len(message)} characters")
            return
        await ws.send(str(len(message)))


# %% wrong
# finding: characters that take several bytes each
async def limited(ws):
    async for message in ws:
        size = len(message.encode())
        if size > 100:
            await ws.close(1008, f"too long: {size} characters")
            return
        await ws.send(str(size))


# %% wrong
# finding: the close code should be 1008
async def limited(ws):
    async for message in ws:
        if len(message) > 100:
            return
        await ws.send(str(len(message)))


# %% wrong
# finding: and by no message
async def limited(ws):
    async for message in ws:
        if len(message) > 100:
            await ws.send(f"too long: {len(message)} characters")
            await ws.close(1008, f"too long: {len(message)} characters")
            return
        await ws.send(str(len(message)))


# %% wrong
# finding: how many characters the message has
async def limited(ws):
    async for message in ws:
        if len(message) > 100:
            await ws.close(1008, "too long: 101 characters")
            return
        await ws.send(str(len(message)))


# %% wrong
# finding: after another client has been closed
guests = set()


async def limited(ws):
    guests.add(ws)
    async for message in ws:
        if len(message) > 100:
            for guest in list(guests):
                await guest.close(1008, f"too long: {len(message)} characters")
            return
        await ws.send(str(len(message)))


# %% wrong
# finding: it stays open
async def limited(ws):
    async for message in ws:
        if len(message) <= 100:
            await ws.send(str(len(message)))
        elif len(message) == 101:
            await ws.close(1008, f"too long: {len(message)} characters")
        else:
            await ws.wait_closed()


# %% wrong
# finding: the number of its characters: the connection was closed
async def limited(ws):
    message = await ws.recv()
    if len(message) > 100:
        await ws.close(1008, f"too long: {len(message)} characters")
    await ws.send(str(len(message)))


# %% wrong
# finding: the close code should be 1008
async def limited(ws):
    async for message in ws:
        if len(message) > 100:
            raise SystemExit(f"too long: {len(message)} characters")
        await ws.send(str(len(message)))
