"""Answers to exercise 11.5, “A PONG is due”."""

import asyncio
import contextlib

from websockets.exceptions import ConnectionClosed


def beside(handler, watch):
    async def both(ws):
        task = asyncio.create_task(watch(ws))
        try:
            await handler(ws)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return both


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
# breaks first: does what `handler` does
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
# breaks: A client that answers stays connected
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

    return beside(handler, watch)


# %% wrong: only the full buffer is seen
# breaks: one that …
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

    return beside(handler, watch)


# %% wrong: the bound is around the PONG only
# breaks: also if …
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

    return beside(handler, watch)


# %% wrong: the watching goes on
# breaks: When …
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


# %% right: call_later for the abort
def watched(handler, patience):
    async def watched_handler(ws):
        loop = asyncio.get_running_loop()
        timer = None

        async def pings():
            nonlocal timer
            while True:
                timer = loop.call_later(patience, ws.transport.abort)
                await (await ws.ping())
                timer.cancel()
                await asyncio.sleep(patience / 3)

        task = loop.create_task(pings())
        try:
            await handler(ws)
        finally:
            if timer:
                timer.cancel()
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()

    return watched_handler


# %% right: TaskGroup that is left by cancelling the watcher
def watched(handler, patience):
    async def watch(ws):
        with contextlib.suppress(Exception):
            while True:
                try:
                    async with asyncio.timeout(patience):
                        await (await ws.ping())
                except TimeoutError:
                    ws.transport.abort()
                    return
                await asyncio.sleep(0.3 * patience)

    async def watched_handler(ws):
        error = None
        async with asyncio.TaskGroup() as tg:
            t = tg.create_task(watch(ws))
            try:
                await handler(ws)
            except Exception as e:
                error = e
            finally:
                t.cancel()
        if error:
            raise error

    return watched_handler


# %% wrong: cancelled only when the handler returns well
# breaks: When …
def watched(handler, patience):
    async def watch(ws):
        while True:
            try:
                async with asyncio.timeout(patience):
                    await (await ws.ping())
            except TimeoutError:
                ws.transport.abort()
                return
            except Exception:
                pass
            await asyncio.sleep(patience / 2)

    async def watched_handler(ws):
        t = asyncio.create_task(watch(ws))
        await handler(ws)
        t.cancel()

    return watched_handler


# %% wrong: looks once, at the beginning
# breaks first: watches the connection meanwhile
def watched(handler, patience):
    async def watch(ws):
        with contextlib.suppress(Exception):
            try:
                async with asyncio.timeout(patience):
                    await (await ws.ping())
            except TimeoutError:
                ws.transport.abort()

    return beside(handler, watch)


# %% wrong: five times the patience
# breaks: one that …
def watched(handler, patience):
    async def watch(ws):
        with contextlib.suppress(Exception):
            while True:
                try:
                    async with asyncio.timeout(patience * 5):
                        await (await ws.ping())
                except TimeoutError:
                    ws.transport.abort()
                    return
                await asyncio.sleep(patience / 2)

    return beside(handler, watch)


# %% wrong: the handler's exception is swallowed
# breaks: does what `handler` does
def watched(handler, patience):
    async def watch(ws):
        with contextlib.suppress(Exception):
            while True:
                try:
                    async with asyncio.timeout(patience):
                        await (await ws.ping())
                except TimeoutError:
                    ws.transport.abort()
                    return
                await asyncio.sleep(patience / 2)

    async def watched_handler(ws):
        t = asyncio.create_task(watch(ws))
        try:
            await handler(ws)
        except Exception:
            pass
        finally:
            t.cancel()
            await asyncio.gather(t, return_exceptions=True)

    return watched_handler


# %% wrong: a shared task for all connections
# breaks: A client that answers stays connected
def watched(handler, patience):
    state = {}

    async def watch(ws):
        with contextlib.suppress(Exception):
            while True:
                try:
                    async with asyncio.timeout(patience):
                        await (await state["ws"].ping())
                except TimeoutError:
                    state["ws"].transport.abort()
                    return
                await asyncio.sleep(patience / 2)

    async def watched_handler(ws):
        state["ws"] = ws
        t = asyncio.create_task(watch(ws))
        try:
            await handler(ws)
        finally:
            t.cancel()
            await asyncio.gather(t, return_exceptions=True)

    return watched_handler


# %% wrong: a tenth of the patience
# breaks: A client that answers stays connected
def watched(handler, patience):
    async def watch(ws):
        with contextlib.suppress(Exception):
            while True:
                try:
                    async with asyncio.timeout(patience / 10):
                        await (await ws.ping())
                except TimeoutError:
                    ws.transport.abort()
                    return
                await asyncio.sleep(patience / 2)

    return beside(handler, watch)


# %% wrong: the first two PONGs only
# breaks: watches the connection meanwhile
def watched(handler, patience):
    async def watch(ws):
        for number in range(1_000):
            try:
                async with asyncio.timeout(patience):
                    pong = await ws.ping()
                    if number < 2:
                        await pong
            except TimeoutError:
                ws.transport.abort()
                return
            await asyncio.sleep(patience)

    return beside(handler, watch)
