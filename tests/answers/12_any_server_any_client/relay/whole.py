"""Answers to exercise 12.4, “A relay of your own”."""

# %% right: two tasks
import asyncio

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


def relay(url):
    async def pump(source, target):
        while True:
            try:
                await target.send(await source.recv())
            except ConnectionClosed:
                break
        await target.close(source.close_code if (source.close_code or 0) >= 3000 else 1000)

    async def handler(ws):
        async with connect(url) as server, asyncio.TaskGroup() as group:
            group.create_task(pump(ws, server))
            group.create_task(pump(server, ws))

    return handler


# %% right: a class
import asyncio

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


class relay:
    def __init__(self, url):
        self.url = url

    async def __call__(self, ws):
        server = await connect(self.url)
        up = asyncio.create_task(self.pump(ws, server))
        down = asyncio.create_task(self.pump(server, ws))
        await asyncio.wait({up, down})

    async def pump(self, source, target):
        try:
            async for message in source:
                await target.send(message)
        except ConnectionClosed:
            pass
        code = source.close_code or 1000
        await target.close(code if code > 2999 else 1000, source.close_reason or "")


# %% right: the first that ends closes both
import asyncio

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


def relay(url):
    async def pump(source, target):
        try:
            async for message in source:
                await target.send(message)
        except ConnectionClosed:
            pass

    async def handler(ws):
        async with connect(url) as server:
            pumps = [asyncio.ensure_future(pump(*pair)) for pair in ((ws, server), (server, ws))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            code = next(c for c in (ws.close_code, server.close_code) if c)
            if code < 3000:
                code = 1000
            await asyncio.gather(ws.close(code), server.close(code), *pumps)

    return handler


# %% wrong: asks first
# breaks first: what the server sends goes to the client
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


def relay(url):
    async def handler(ws):
        async with connect(url) as server:
            async for message in ws:
                await server.send(message)
                await ws.send(await server.recv())

    return handler


# %% wrong: one direction only
# breaks first: what the client sends goes to the server
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


def relay(url):
    async def handler(ws):
        async with connect(url) as server:
            try:
                async for message in server:
                    await ws.send(message)
            except ConnectionClosed:
                pass
            await ws.close(server.close_code if server.close_code >= 3000 else 1000)

    return handler


# %% wrong: the first client only
# breaks: what the server sends goes to the client
import asyncio

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


def relay(url):
    clients = []

    async def pump(source, target):
        try:
            async for message in source:
                await target.send(message)
        except ConnectionClosed:
            pass
        code = source.close_code or 1000
        await target.close(code if code >= 3000 else 1000)

    async def handler(ws):
        clients.append(ws)
        async with connect(url) as server:
            if len(clients) > 1:
                return await ws.wait_closed()
            await asyncio.gather(pump(ws, server), pump(server, ws))

    return handler


# %% wrong: one message only
# breaks: what the client sends goes to the server
import asyncio
import contextlib

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


def relay(url):
    async def close(source, target):
        await source.wait_closed()
        code = source.close_code or 1000
        await target.close(code if code >= 3000 else 1000)

    async def up(source, target):
        with contextlib.suppress(ConnectionClosed):
            await target.send(await source.recv())
        await close(source, target)

    async def down(source, target):
        with contextlib.suppress(ConnectionClosed):
            async for message in source:
                await target.send(message)
        await close(source, target)

    async def handler(ws):
        async with connect(url) as server:
            await asyncio.gather(up(ws, server), down(server, ws))

    return handler


# %% wrong: all is text
# breaks: text as text and binary data as binary data
import asyncio

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


def relay(url):
    async def pump(source, target):
        try:
            async for message in source:
                await target.send(message, text=True)
        except ConnectionClosed:
            pass
        code = source.close_code or 1000
        await target.close(code if code >= 3000 else 1000)

    async def handler(ws):
        async with connect(url) as server:
            await asyncio.gather(pump(ws, server), pump(server, ws))

    return handler


# %% wrong: every end is a normal one
# breaks: closes the other one with the same code
import asyncio

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


def relay(url):
    async def pump(source, target):
        try:
            async for message in source:
                await target.send(message)
        except ConnectionClosed:
            pass
        await target.close()

    async def handler(ws):
        async with connect(url) as server:
            await asyncio.gather(pump(ws, server), pump(server, ws))

    return handler
