"""Answers to exercise 1.3, “Events, as in a browser”."""

import asyncio

from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.sync.client import connect


# %% right: blocking, with the exception's own CLOSE frame
def listen(url, onmessage, onclose):
    with connect(url) as ws:
        while True:
            try:
                onmessage(ws.recv())
            except ConnectionClosed as closed:
                end = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
                break
    onclose(*end)


# %% right: finally
def listen(url, onmessage, onclose):
    ws = connect(url).__enter__()
    try:
        for message in ws:
            onmessage(message)
    except ConnectionClosedError:
        pass
    finally:
        onclose(ws.close_code, ws.close_reason)


# %% right: a task that reads
async def listen(url, onmessage, onclose):
    async with connect_async(url) as ws:

        async def read():
            async for message in ws:
                onmessage(message)

        reader = asyncio.create_task(read())
        await ws.wait_closed()
        await asyncio.gather(reader, return_exceptions=True)
    onclose(ws.close_code, ws.close_reason or "")


# %% wrong: one message only
# breaks first: calls `onmessage(data)` for each message
async def listen(url, onmessage, onclose):
    async with connect_async(url) as ws:
        onmessage(await ws.recv())
        await ws.wait_closed()
    onclose(ws.close_code, ws.close_reason)


# %% wrong: bytes are left out
# breaks: calls `onmessage(data)` for each message
async def listen(url, onmessage, onclose):
    async with connect_async(url) as ws:
        try:
            async for message in ws:
                if isinstance(message, str):
                    onmessage(message)
        except ConnectionClosedError:
            pass
    onclose(ws.close_code, ws.close_reason)


# %% wrong: all messages in one call
# breaks first: calls `onmessage(data)` for each message
async def listen(url, onmessage, onclose):
    messages = []
    async with connect_async(url) as ws:
        try:
            async for message in ws:
                messages.append(message)
        except ConnectionClosedError:
            pass
    onmessage(*messages[:1])
    onclose(ws.close_code, ws.close_reason)


# %% wrong: all calls at the end
# breaks: as it comes
async def listen(url, onmessage, onclose):
    messages = []
    async with connect_async(url) as ws:
        try:
            async for message in ws:
                messages.append(message)
        except ConnectionClosedError:
            pass
    for message in messages:
        onmessage(message)
    onclose(ws.close_code, ws.close_reason)


# %% wrong: onclose first
# breaks first: as it comes
async def listen(url, onmessage, onclose):
    messages = []
    async with connect_async(url) as ws:
        try:
            async for message in ws:
                messages.append(message)
        except ConnectionClosedError:
            pass
    onclose(ws.close_code, ws.close_reason)
    for message in messages:
        onmessage(message)


# %% wrong: a task delivers, and onclose overtakes it
# breaks: and then
async def listen(url, onmessage, onclose):
    tasks = []

    async def deliver(message):
        await asyncio.sleep(0.02)
        onmessage(message)

    async with connect_async(url) as ws:
        try:
            async for message in ws:
                tasks.append(asyncio.create_task(deliver(message)))
        except ConnectionClosedError:
            pass
        onclose(ws.close_code, ws.close_reason)
    await asyncio.gather(*tasks)


# %% wrong: no try
# breaks first: exactly once
# finding: ConnectionClosedError
async def listen(url, onmessage, onclose):
    async with connect_async(url) as ws:
        async for message in ws:
            onmessage(message)
    onclose(ws.close_code, ws.close_reason)


# %% wrong: only after a normal end
# breaks first: exactly once
# finding: not at all
async def listen(url, onmessage, onclose):
    async with connect_async(url) as ws:
        try:
            async for message in ws:
                onmessage(message)
            onclose(ws.close_code, ws.close_reason)
        except ConnectionClosedError:
            pass


# %% wrong: twice
# breaks: exactly once
# finding: twice
async def listen(url, onmessage, onclose):
    async with connect_async(url) as ws:
        try:
            async for message in ws:
                onmessage(message)
        except ConnectionClosedError:
            onclose(ws.close_code, ws.close_reason)
    onclose(ws.close_code, ws.close_reason)


# %% wrong: always the same
# breaks first: `onclose(code, reason)`
async def listen(url, onmessage, onclose):
    async with connect_async(url) as ws:
        try:
            async for message in ws:
                onmessage(message)
        except ConnectionClosedError:
            pass
    onclose(1000, "bye")


# %% wrong: no reason
# breaks: `onclose(code, reason)`
async def listen(url, onmessage, onclose):
    async with connect_async(url) as ws:
        try:
            async for message in ws:
                onmessage(message)
        except ConnectionClosedError:
            pass
    onclose(ws.close_code, "")


# %% wrong: a lost connection has no CLOSE frame to look into
# breaks: If the connection is lost without a CLOSE frame
# finding: AttributeError
async def listen(url, onmessage, onclose):
    async with connect_async(url) as ws:
        try:
            while True:
                onmessage(await ws.recv())
        except ConnectionClosed as closed:
            onclose(closed.rcvd.code, closed.rcvd.reason)


# %% wrong: a lost connection is said to be a normal end
# breaks: If the connection is lost without a CLOSE frame
def listen(url, onmessage, onclose):
    with connect(url) as ws:
        try:
            while True:
                onmessage(ws.recv())
        except ConnectionClosed as closed:
            end = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1000, "")
    onclose(*end)
