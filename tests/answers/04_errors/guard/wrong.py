"""Wrong answers to exercise 4.3, “Close for a reason”."""

import asyncio
import time


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


# %% wrong: exceptions, which close with 1011
# breaks first: any other first message closes the connection with 1008
# finding: the first message was 'let me in'
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


# %% wrong: it says what is wrong
# breaks: Nothing is sent before closing
async def guard(ws):
    if await ws.recv() != "open sesame":
        await ws.send("the password is wrong")
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: it says what is too long
# breaks: Nothing is sent before closing
# finding: a message came before the CLOSE
async def guard(ws):
    if not await logged_in(ws):
        return
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
            continue
        await ws.send(message[:100])
        if len(message) > 100:
            await ws.close(1009)


# %% wrong: one password for all
# breaks: any other first message closes the connection with 1008
members = set()


async def guard(ws):
    message = await ws.recv()
    if message == "open sesame":
        members.add("all")
    if not members:
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: the password is a part of the message
# breaks: any other first message closes the connection with 1008
async def guard(ws):
    first = await ws.recv()
    if "open sesame" not in str(first):
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: capital letters and blanks do not matter
# breaks: any other first message closes the connection with 1008
async def guard(ws):
    first = await ws.recv()
    if not isinstance(first, str) or first.strip().lower() != "open sesame":
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: the password may be bytes
# breaks: any other first message closes the connection with 1008
async def guard(ws):
    first = await ws.recv()
    if first not in ("open sesame", b"open sesame"):
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: a binary first message closes with 1003
# breaks: any other first message closes the connection with 1008
async def guard(ws):
    first = await ws.recv()
    if first != "open sesame":
        await ws.close(1003 if isinstance(first, bytes) else 1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: it may try again
# breaks: any other first message closes the connection with 1008
# finding: the first message was
async def guard(ws):
    while await ws.recv() != "open sesame":
        pass
    await ws.send("welcome")
    await echo(ws)


# %% wrong: close() is not awaited
# breaks first: any other first message closes the connection with 1008
# finding: is an `await` missing before `ws.close(…)`?
async def guard(ws):
    if await ws.recv() != "open sesame":
        ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: an empty message is no first one
# breaks: any other first message closes the connection with 1008
async def guard(ws):
    while not (first := await ws.recv()):
        pass
    if first != "open sesame":
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: bytes of UTF-8 are counted
# breaks: a text of more than 100 characters closes with 1009
# finding: exactly 100 characters is allowed
async def guard(ws):
    if not await logged_in(ws):
        return
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
        elif len(message.encode()) > 100:
            await ws.close(1009)
        else:
            await ws.send(message)


# %% wrong: 100 characters are too many
# breaks: a text of more than 100 characters closes with 1009
# finding: exactly 100 characters is allowed
async def guard(ws):
    if not await logged_in(ws):
        return
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
        elif len(message) >= 100:
            await ws.close(1009)
        else:
            await ws.send(message)


# %% wrong: blanks at the ends do not count
# breaks: a text of more than 100 characters closes with 1009
async def guard(ws):
    if not await logged_in(ws):
        return
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
        elif len(message.strip()) > 100:
            await ws.close(1009)
        else:
            await ws.send(message)


# %% wrong: a long text gets an answer
# breaks: a text of more than 100 characters closes with 1009
async def guard(ws):
    if not await logged_in(ws):
        return
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
        elif len(message) > 100:
            await ws.send("1009")
        else:
            await ws.send(message)


# %% wrong: the codes are the wrong way round
# breaks first: a binary message with 1003
async def guard(ws):
    if not await logged_in(ws):
        return
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1009)
        elif len(message) > 100:
            await ws.close(1003)
        else:
            await ws.send(message)


# %% wrong: the length comes before the type
# breaks: a binary message with 1003
async def guard(ws):
    if not await logged_in(ws):
        return
    async for message in ws:
        if len(message) > 100:
            await ws.close(1009)
        elif isinstance(message, bytes):
            await ws.close(1003)
        else:
            await ws.send(message)


# %% wrong: binary messages are sent back
# breaks: a binary message with 1003
async def guard(ws):
    if not await logged_in(ws):
        return
    async for message in ws:
        if len(message) > 100:
            await ws.close(1009 if isinstance(message, str) else 1003)
        else:
            await ws.send(message)


# %% wrong: an empty binary message is none
# breaks: a binary message with 1003
async def guard(ws):
    if not await logged_in(ws):
        return
    async for message in ws:
        if message and isinstance(message, bytes):
            await ws.close(1003)
        elif len(message) > 100:
            await ws.close(1009)
        else:
            await ws.send(message)


# %% wrong: the password is welcome each time
# breaks first: From then on each text is sent back
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


# %% wrong: an empty text is not sent back
# breaks: From then on each text is sent back
async def guard(ws):
    if not await logged_in(ws):
        return
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
        elif len(message) > 100:
            await ws.close(1009)
        elif message:
            await ws.send(message)


# %% wrong: one text only
# breaks first: From then on each text is sent back
async def guard(ws):
    if not await logged_in(ws):
        return
    message = await ws.recv()
    if isinstance(message, bytes):
        await ws.close(1003)
    elif len(message) > 100:
        await ws.close(1009)
    else:
        await ws.send(message)
        await ws.wait_closed()


# %% wrong: all clients are closed
# breaks: nobody else notices
# finding: another client was closed after
clients = set()


async def guard(ws):
    if not await logged_in(ws):
        return
    clients.add(ws)
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003)
        elif len(message) > 100:
            for client in list(clients):
                await client.close(1009)
        else:
            await ws.send(message)


# %% wrong: one at a time
# breaks: nobody else notices
# finding: another client has connected and says nothing
door = asyncio.Semaphore(1)


async def guard(ws):
    async with door:
        first = await ws.recv()
    if first != "open sesame":
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: who guesses is held up, and all others with it
# breaks: nobody else notices
# finding: it blocks
async def guard(ws):
    first = await ws.recv()
    if first != "open sesame":
        time.sleep(0.02)  # noqa: ASYNC251
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: whoever knows the password after another one failed is shut out
# breaks: nobody else notices
failed = []


async def guard(ws):
    first = await ws.recv()
    if first != "open sesame" or len(failed) == 14:
        failed.append(first)
        await ws.close(1008)
        return
    await ws.send("welcome")
    await echo(ws)


# %% wrong: the welcome is bytes
# breaks: gets the reply `welcome`
# finding: binary
async def guard(ws):
    if await ws.recv() != "open sesame":
        await ws.close(1008)
        return
    await ws.send(b"welcome")
    await echo(ws)


# %% wrong: it does not say welcome
# breaks first: gets the reply `welcome`
async def guard(ws):
    if await ws.recv() != "open sesame":
        await ws.close(1008)
        return
    await echo(ws)
