"""Answers to exercise 1.3, “Events, as in a browser”."""

# %% right
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def listen(url, onmessage, onclose):
    with connect(url) as ws:
        while True:
            try:
                onmessage(ws.recv())
            except ConnectionClosed as closed:
                end = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
                break
    onclose(*end)


# %% wrong
# finding: raised ConnectionClosedError
from websockets.asyncio.client import connect


async def listen(url, onmessage, onclose):
    async with connect(url) as ws:
        async for message in ws:
            onmessage(message)
    onclose(ws.close_code, ws.close_reason)


# %% wrong
# finding: once for each message
from websockets.asyncio.client import connect


async def listen(url, onmessage, onclose):
    async with connect(url) as ws:
        onmessage(await ws.recv())
    onclose(1000, "bye")


# %% wrong
# finding: exactly once
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError


async def listen(url, onmessage, onclose):
    async with connect(url) as ws:
        try:
            async for message in ws:
                onmessage(message)
            onclose(ws.close_code, ws.close_reason)
        except ConnectionClosedError:
            pass


# %% wrong
# finding: code and the reason
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError


async def listen(url, onmessage, onclose):
    async with connect(url) as ws:
        try:
            async for message in ws:
                onmessage(message)
        except ConnectionClosedError:
            pass
    onclose(1000, "bye")


# %% wrong
# finding: called last
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError


async def listen(url, onmessage, onclose):
    messages = []
    async with connect(url) as ws:
        try:
            async for message in ws:
                messages.append(message)
        except ConnectionClosedError:
            pass
    onclose(ws.close_code, ws.close_reason)
    for message in messages:
        onmessage(message)
