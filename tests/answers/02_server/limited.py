"""Answers to exercise 2.4, “Too long”."""

from websockets.exceptions import ConnectionClosed


# %% right: receives by itself
async def limited(ws):
    try:
        while True:
            message = await ws.recv()
            size = len(message)
            print("received", size, "characters")
            if size <= 100:
                await ws.send(f"{size}")
            else:
                await ws.close(code=1008, reason=f"too long: {size} characters")
    except ConnectionClosed:
        print("closed")


# %% right: match
async def limited(ws):
    async for message in ws:
        match len(message):
            case size if size > 100:
                return await ws.close(1008, f"too long: {size} characters")
            case size:
                await ws.send(str(size))


# %% wrong: one character too early
# breaks: a message of more than 100 characters
# finding: 100 characters are not too long
async def limited(ws):
    async for message in ws:
        if len(message) >= 100:
            await ws.close(1008, f"too long: {len(message)} characters")
            return
        await ws.send(str(len(message)))


# %% wrong: one character too late
# breaks first: a message of more than 100 characters
# finding: stays open
async def limited(ws):
    async for message in ws:
        if len(message) > 101:
            await ws.close(1008, f"too long: {len(message)} characters")
            return
        await ws.send(str(len(message)))


# %% wrong: no limit
# breaks first: a message of more than 100 characters
async def limited(ws):
    async for message in ws:
        await ws.send(str(len(message)))


# %% wrong: it counts bytes
# breaks first: answers each text message with the number of its characters
async def limited(ws):
    async for message in ws:
        size = len(message.encode())
        if size > 100:
            await ws.close(1008, f"too long: {size} characters")
            return
        await ws.send(str(size))


# %% wrong: blanks at the ends are not counted
# breaks: answers each text message with the number of its characters
async def limited(ws):
    async for message in ws:
        if len(message) > 100:
            await ws.close(1008, f"too long: {len(message)} characters")
            return
        await ws.send(str(len(message.strip())))


# %% wrong: one message only
# breaks first: answers each text message with the number of its characters
async def limited(ws):
    message = await ws.recv()
    if len(message) > 100:
        await ws.close(1008, f"too long: {len(message)} characters")
    else:
        await ws.send(str(len(message)))


# %% wrong: a number is given to send()
# breaks first: answers each text message with the number of its characters
async def limited(ws):
    async for message in ws:
        if len(message) > 100:
            await ws.close(1008, f"too long: {len(message)} characters")
            return
        await ws.send(len(message))


# %% wrong: the limit is for bytes
# breaks: a message of more than 100 characters
# finding: two bytes each
async def limited(ws):
    async for message in ws:
        if len(message.encode()) > 100:
            await ws.close(1008, f"too long: {len(message)} characters")
            return
        await ws.send(str(len(message)))


# %% wrong: an answer as well
# breaks: it sends no answer
async def limited(ws):
    async for message in ws:
        await ws.send(str(len(message)))
        if len(message) > 100:
            await ws.close(1008, f"too long: {len(message)} characters")
            return


# %% wrong: it only returns
# breaks: closes this connection with code 1008
async def limited(ws):
    async for message in ws:
        if len(message) > 100:
            return
        await ws.send(str(len(message)))


# %% wrong: it raises
# breaks: closes this connection with code 1008
# finding: another code
async def limited(ws):
    async for message in ws:
        if len(message) > 100:
            raise ValueError(f"too long: {len(message)} characters")
        await ws.send(str(len(message)))


# %% wrong: another code
# breaks: closes this connection with code 1008
async def limited(ws):
    async for message in ws:
        if len(message) > 100:
            await ws.close(1009, f"too long: {len(message)} characters")
            return
        await ws.send(str(len(message)))


# %% wrong: no reason
# breaks: the reason `too long: 101 characters`, with the number that it has
async def limited(ws):
    async for message in ws:
        if len(message) > 100:
            await ws.close(1008)
            return
        await ws.send(str(len(message)))


# %% wrong: always the same reason
# breaks: the reason `too long: 101 characters`, with the number that it has
async def limited(ws):
    async for message in ws:
        if len(message) > 100:
            await ws.close(1008, "too long: 101 characters")
            return
        await ws.send(str(len(message)))


# %% wrong: nobody is served any more
# breaks first: All other clients go on.
closed = False


async def limited(ws):
    global closed
    async for message in ws:
        if len(message) > 100 or closed:
            closed = True
            await ws.close(1008, f"too long: {len(message)} characters")
            return
        await ws.send(str(len(message)))


# %% wrong: all clients are closed
# breaks: All other clients go on.
people = set()


async def limited(ws):
    people.add(ws)
    try:
        async for message in ws:
            if len(message) > 100:
                for other in list(people):
                    await other.close(1008, f"too long: {len(message)} characters")
                return
            await ws.send(str(len(message)))
    finally:
        people.discard(ws)
