"""Answers to exercise 11.5, “A PONG is due”."""

import asyncio
import contextlib

from websockets.exceptions import ConnectionClosed


# %% right: wait_for
def watched(handler, patience):
    async def round_trip(ws):
        pong = await ws.ping()
        await pong

    async def watch(ws):
        try:
            while True:
                await asyncio.wait_for(round_trip(ws), patience)
                await asyncio.sleep(patience / 4)
        except TimeoutError:
            ws.transport.abort()
        except ConnectionClosed:
            pass

    async def both(ws):
        task = asyncio.ensure_future(watch(ws))
        try:
            return await handler(ws)
        finally:
            task.cancel()

    return both


# %% right: the handler is the task
def watched(handler, patience):
    async def both(ws):
        working = asyncio.create_task(handler(ws))
        while not working.done():
            pinging = asyncio.create_task(ping(ws))
            await asyncio.wait([working, pinging], timeout=patience)
            if not pinging.done():
                pinging.cancel()
                if not working.done():
                    ws.transport.abort()
                break
            await asyncio.wait([working], timeout=patience / 2)
        await working

    async def ping(ws):
        with contextlib.suppress(ConnectionClosed):
            await (await ws.ping())

    return both


# %% right: a class
class watched:
    def __init__(self, handler, patience):
        self.handler, self.patience = handler, patience

    async def watch(self, ws):
        while True:
            try:
                async with asyncio.timeout(self.patience):
                    await (await ws.ping())
            except TimeoutError:
                return ws.transport.abort()
            await asyncio.sleep(self.patience / 2)

    async def __call__(self, ws):
        task = asyncio.create_task(self.watch(ws))
        try:
            await self.handler(ws)
        finally:
            task.cancel()
            await asyncio.wait([task])


# %% wrong: the handler is forgotten
# breaks: does what `handler` does
def watched(handler, patience):
    async def both(ws):
        try:
            while True:
                async with asyncio.timeout(patience):
                    await (await ws.ping())
                await asyncio.sleep(patience)
        except TimeoutError:
            ws.transport.abort()
        except ConnectionClosed:
            pass

    return both


# %% wrong: everybody is aborted
# breaks first: A client that answers stays connected
def watched(handler, patience):
    async def both(ws):
        try:
            async with asyncio.timeout(patience):
                await handler(ws)
        except TimeoutError:
            ws.transport.abort()

    return both


# %% wrong: everybody is aborted, but in the background
# breaks: A client that answers stays connected
def watched(handler, patience):
    async def watch(ws):
        await asyncio.sleep(patience)
        ws.transport.abort()

    async def both(ws):
        task = asyncio.create_task(watch(ws))
        try:
            await handler(ws)
        finally:
            task.cancel()

    return both


# %% wrong: only the full buffer is seen
# breaks: one that has not answered a PING within `patience` seconds is aborted
def watched(handler, patience):
    async def watch(ws):
        while True:
            try:
                async with asyncio.timeout(patience):
                    await ws.ping()
            except TimeoutError:
                ws.transport.abort()
                return
            await asyncio.sleep(patience)

    async def both(ws):
        task = asyncio.create_task(watch(ws))
        try:
            await handler(ws)
        finally:
            task.cancel()

    return both


# %% wrong: the bound is around the PONG only
# breaks: also if the PING could not even be sent, because the write buffer is full
def watched(handler, patience):
    async def watch(ws):
        while True:
            pong = await ws.ping()
            try:
                async with asyncio.timeout(patience):
                    await pong
            except TimeoutError:
                ws.transport.abort()
                return
            await asyncio.sleep(patience)

    async def both(ws):
        task = asyncio.create_task(watch(ws))
        try:
            await handler(ws)
        finally:
            task.cancel()

    return both


# %% wrong: the watching goes on
# breaks: When `handler` has ended, no task is left
def watched(handler, patience):
    async def watch(ws):
        while True:
            try:
                async with asyncio.timeout(patience):
                    await (await ws.ping())
            except TimeoutError:
                ws.transport.abort()
            except ConnectionClosed:
                pass
            await asyncio.sleep(patience)

    async def both(ws):
        watching = asyncio.create_task(watch(ws))
        await handler(ws)
        assert not watching.done()

    return both
