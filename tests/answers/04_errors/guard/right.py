"""Right answers to exercise 4.3, “Close for a reason”."""

import contextlib

from websockets.exceptions import ConnectionClosed


async def echo(ws):
    """Go on after the password."""
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
        elif len(message) > 100:
            await ws.close(1009)
        else:
            await ws.send(message)


async def logged_in(ws):
    """Welcome a client that knows the password; close otherwise, and return False."""
    if await ws.recv() != "open sesame":
        await ws.close(1008)
        return False
    await ws.send("welcome")
    return True


# %% right: one loop
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


# %% right: an exception, and a generator
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


# %% right: match
async def guard(ws):
    expecting = "password"
    async for message in ws:
        match expecting, message:
            case "password", "open sesame":
                expecting = "texts"
                await ws.send("welcome")
            case "password", _:
                await ws.close(1008, "the password is wrong")
            case _, bytes():
                await ws.close(1003, "text messages only")
            case _, str(text) if len(text) > 100:
                await ws.close(1009, "at most 100 characters")
            case _, text:
                await ws.send(text)


# %% right: a table of what is wrong
RULES = (
    (lambda message: isinstance(message, bytes), 1003),
    (lambda message: len(message) > 100, 1009),
)


async def guard(ws):
    if not await logged_in(ws):
        return
    with contextlib.suppress(ConnectionClosed):
        while True:
            message = await ws.recv()
            code = next((code for is_wrong, code in RULES if is_wrong(message)), None)
            if code is not None:
                await ws.close(code)
            else:
                await ws.send(message)
