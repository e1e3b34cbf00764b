"""Answers to exercise 12.4, “A relay of your own”, made of parts."""

import asyncio
import contextlib

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


class Relay:
    def __init__(self, url):
        self.url = url

    def open(self):
        return connect(self.url)

    async def pump(self, source, target):
        try:
            async for message in source:
                await self.pass_on(target, message)
            code = source.close_code
        except ConnectionClosed:
            code = source.close_code
        await self.end(target, code)

    async def pass_on(self, target, message):
        await target.send(message)

    async def end(self, target, code):
        await target.close(code if code and 3000 <= code < 5000 else 1000)

    async def __call__(self, ws):
        async with self.open() as server:
            await asyncio.gather(
                self.pump(ws, server), self.pump(server, ws), return_exceptions=True
            )


# %% right: the class
relay = Relay


# %% right: tasks and wait
def relay(url):
    async def one_way(a, b):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await b.send(await a.recv())

    async def handler(ws):
        async with connect(url) as server:
            tasks = {
                asyncio.create_task(one_way(ws, server)),
                asyncio.create_task(one_way(server, ws)),
            }
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for t in tasks:
                t.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            first, other = (ws, server) if ws.close_code is not None else (server, ws)
            code = first.close_code
            await other.close(code if 3000 <= (code or 0) <= 4999 else 1000, "")

    return handler


# %% right: TaskGroup
def relay(url):
    async def handler(client):
        async with connect(url, max_size=None) as server:

            async def forward(a, b):
                try:
                    while True:
                        message = await a.recv()
                        if isinstance(message, str):
                            await b.send(message)
                        else:
                            await b.send(bytes(message))
                except ConnectionClosed as closed:
                    code = closed.rcvd.code if closed.rcvd else 1011
                    await b.close(code if code in range(3000, 5000) else 1000)

            async with asyncio.TaskGroup() as tg:
                tg.create_task(forward(client, server))
                tg.create_task(forward(server, client))

    return handler


# %% right: wait_closed
def relay(url):
    async def handler(ws):
        server = await connect(url)

        async def up():
            async for m in ws:
                await server.send(m)

        async def down():
            async for m in server:
                await ws.send(m)

        async def watch(a, b):
            await a.wait_closed()
            await b.close(a.close_code if a.close_code and 3000 <= a.close_code <= 4999 else 1000)

        try:
            await asyncio.gather(
                up(), down(), watch(ws, server), watch(server, ws), return_exceptions=True
            )
        finally:
            await server.close()

    return handler


# %% right: try and match
def relay(url):
    async def handler(ws):
        async with connect(url, open_timeout=5, proxy=None) as far:

            async def go(a, b):
                error = None
                try:
                    async for m in a:
                        match m:
                            case str():
                                await b.send(m)
                            case _:
                                await b.send(memoryview(m))
                except ConnectionClosed as e:
                    error = e
                c = a.close_code
                await (b.close(c) if c and 3000 <= c <= 4999 else b.close())
                return error

            await asyncio.gather(go(ws, far), go(far, ws))

    return handler


# %% wrong: only upstream
# breaks first: what the server sends goes to the client
class A(Relay):
    async def __call__(self, ws):
        async with self.open() as server:
            await self.pump(ws, server)


relay = A


# %% wrong: the code only from the client
# breaks: closes the other one with the same code
class A(Relay):
    async def end(self, target, code):
        if (
            target.is_client
            if hasattr(target, "is_client")
            else target.protocol.side.name == "CLIENT"
        ):
            await super().end(target, code)
        else:
            await target.close()


relay = A


# %% wrong: up to 4998
# breaks: closes the other one with the same code
class A(Relay):
    async def end(self, target, code):
        await target.close(code if code and 3000 < code < 4999 else 1000)


relay = A


# %% wrong: one connection for all clients
# breaks: connects each client to the server
class A(Relay):
    server = None

    def __init__(self, url):
        super().__init__(url)
        self.one_opens = asyncio.Lock()

    async def __call__(self, ws):
        async with self.one_opens:
            if self.server is None:
                self.server = await connect(self.url)
                self.greeting = await self.server.recv()
        await ws.send(self.greeting)
        await asyncio.gather(
            self.pump(ws, self.server), self.pump(self.server, ws), return_exceptions=True
        )


relay = A


# %% wrong: empty messages are dropped
# breaks: text as text and binary data as binary data
class A(Relay):
    async def pass_on(self, target, message):
        if message:
            await target.send(message)


relay = A


# %% wrong: a message for each line
# breaks first: what the client sends goes to the server
class A(Relay):
    async def pass_on(self, target, message):
        for part in message.splitlines(True) or [message]:
            await target.send(part)


relay = A


# %% wrong: waits for the client's first message before it listens
# breaks first: what the server sends goes to the client
class A(Relay):
    async def __call__(self, ws):
        async with self.open() as server:
            try:
                m = await ws.recv()
            except ConnectionClosed:
                return await self.end(server, ws.close_code)
            await server.send(m)
            await asyncio.gather(
                self.pump(ws, server), self.pump(server, ws), return_exceptions=True
            )


relay = A


# %% wrong: a task for each message
# breaks: what the client sends goes to the server
class A(Relay):
    async def pass_on(self, target, message):
        async def later():
            await asyncio.sleep(0.01 if len(message) % 2 else 0)
            with contextlib.suppress(ConnectionClosed):
                await target.send(message)

        asyncio.get_running_loop().create_task(later())


relay = A


# %% wrong: 10 messages
# breaks: what the client sends goes to the server
class A(Relay):
    n = 0

    async def pass_on(self, target, message):
        self.n += 1
        if self.n <= 10:
            await target.send(message)


relay = A


# %% wrong: a short limit
# breaks: text as text and binary data as binary data
class A(Relay):
    def open(self):
        return connect(self.url, max_size=1000)


relay = A


# %% wrong: equal ones once
# breaks: what the client sends goes to the server
class A(Relay):
    last = None

    async def pass_on(self, target, message):
        if (target, message) != self.last:
            await target.send(message)
        self.last = (target, message)


relay = A
