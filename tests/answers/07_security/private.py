"""Answers to exercise 7.2, “A token, and soon”."""

import asyncio
import hmac
import json


async def echo(ws):
    async for message in ws:
        await ws.send(message)


async def first_message(ws, seconds=0.5):
    try:
        async with asyncio.timeout(seconds):
            return await ws.recv()
    except TimeoutError:
        return None


def has_token(message):
    try:
        return isinstance(message, str) and json.loads(message) == {"token": "sesame"}
    except (ValueError, RecursionError):
        return False


# %% right: wait_for, and a comparison of objects
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


# %% right: compare_digest of bytes
def is_token(message):
    if not isinstance(message, str):
        return False
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        return False
    if not isinstance(value, dict) or value.keys() != {"token"}:
        return False
    token = value["token"]
    if not isinstance(token, str):
        return False
    return hmac.compare_digest(token.encode(errors="replace"), b"sesame")


async def private(ws):
    if is_token(await first_message(ws)):
        await ws.send("welcome")
        await echo(ws)
    else:
        await ws.close(1008, "not allowed")


# %% right: asyncio.wait
async def private(ws):
    receiving = asyncio.create_task(ws.recv())
    done, _ = await asyncio.wait([receiving], timeout=0.5)
    if not done:
        receiving.cancel()
    if not done or not has_token(receiving.result()):
        return await ws.close(1008)
    await ws.send("welcome")
    await echo(ws)


# %% right: a class
class Door:
    def __init__(self, token):
        self.token = token

    async def __call__(self, ws):
        if await self.admits(ws):
            await ws.send("welcome")
            await echo(ws)
        else:
            await ws.close(1008)

    async def admits(self, ws):
        match await first_message(ws):
            case str(message) if has_token(message):
                return True
        return False


private = Door("sesame")


# %% wrong: everybody is welcome
# breaks first: Anything else, silence too, closes the connection with code 1008
async def private(ws):
    await ws.recv()
    await ws.send("welcome")
    await echo(ws)


# %% wrong: it is welcome before it has said anything
# breaks first: Anything else, silence too, closes the connection with code 1008
async def private(ws):
    await ws.send("welcome")
    await ws.recv()
    await echo(ws)


# %% wrong: it waits for ever
# breaks first: Anything else, silence too, closes the connection with code 1008
async def private(ws):
    if not has_token(await ws.recv()):
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: it waits for a second and a half
# breaks: within half a second
async def private(ws):
    if not has_token(await first_message(ws, 1.5)):
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: it waits for a tenth of a second
# breaks: within half a second
async def private(ws):
    if not has_token(await first_message(ws, 0.1)):
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: a second try
# breaks first: Anything else, silence too, closes the connection with code 1008
async def private(ws):
    for _ in range(2):
        if has_token(await first_message(ws)):
            await ws.send("welcome")
            return await echo(ws)
    await ws.close(1008)


# %% wrong: whoever says nothing keeps the next one waiting
# breaks: within half a second
turn = asyncio.Lock()


async def private(ws):
    async with turn:
        message = await first_message(ws)
    if not has_token(message):
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: silence raises
# breaks first: Anything else, silence too, closes the connection with code 1008
async def private(ws):
    async with asyncio.timeout(0.5):
        message = await ws.recv()
    if not has_token(message):
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: other fields are welcome
# breaks: Anything else, silence too, closes the connection with code 1008
# finding: admin
async def private(ws):
    message = await first_message(ws)
    try:
        right = isinstance(message, str) and json.loads(message)["token"] == "sesame"
    except (ValueError, LookupError, TypeError, RecursionError):
        right = False
    if not right:
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: compare_digest takes no text that is not ASCII
# breaks: Anything else, silence too, closes the connection with code 1008
# finding: sésame
async def private(ws):
    message = await first_message(ws)
    try:
        value = json.loads(message) if isinstance(message, str) else {}
    except (ValueError, RecursionError):
        value = {}
    if (
        not isinstance(value, dict)
        or value.keys() != {"token"}
        or not isinstance(value["token"], str)
        or not hmac.compare_digest(value["token"], "sesame")
    ):
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: deep nesting raises
# breaks: Anything else, silence too, closes the connection with code 1008
async def private(ws):
    message = await first_message(ws)
    try:
        right = isinstance(message, str) and json.loads(message) == {"token": "sesame"}
    except ValueError:
        right = False
    if not right:
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: bytes are welcome
# breaks: Anything else, silence too, closes the connection with code 1008
async def private(ws):
    message = await first_message(ws)
    if isinstance(message, bytes):
        message = message.decode(errors="replace")
    if not has_token(message):
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: it must look just so
# breaks: it is answered with `welcome`
async def private(ws):
    if await first_message(ws) != '{"token": "sesame"}':
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: a timeout around the whole session
# breaks: from then on each message is sent back
async def private(ws):
    try:
        async with asyncio.timeout(0.5):
            if has_token(await ws.recv()):
                await ws.send("welcome")
                await echo(ws)
                return
    except TimeoutError:
        pass
    await ws.close(1008)


# %% wrong: a word before it closes
# breaks: and nothing is sent before
async def private(ws):
    if not has_token(await first_message(ws)):
        await ws.send("go away")
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: another code
# breaks: Anything else, silence too, closes the connection with code 1008
async def private(ws):
    if not has_token(await first_message(ws)):
        await ws.close(4001)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: only texts come back
# breaks: from then on each message is sent back
async def private(ws):
    if not has_token(await first_message(ws)):
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, str):
            await ws.send(message)


# %% wrong: another word
# breaks: it is answered with `welcome`
async def private(ws):
    if not has_token(await first_message(ws)):
        await ws.close(1008)
        return
    await ws.send("Welcome!")
    await echo(ws)


# %% wrong: what begins with the token
# breaks: Anything else, silence too, closes the connection with code 1008
async def private(ws):
    try:
        message = await asyncio.wait_for(ws.recv(), 0.5)
        value = json.loads(message) if isinstance(message, str) else None
        good = list(value) == ["token"] and value["token"].startswith("sesame")
    except (TimeoutError, ValueError, TypeError, AttributeError, RecursionError):
        good = False
    if not good:
        return await ws.close(1008)
    await ws.send("welcome")
    async for message in ws:
        await ws.send(message)
