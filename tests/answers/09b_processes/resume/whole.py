"""Answers to exercise 9.9, “Each event once”."""

import asyncio
import contextlib

# %% right: what was sent is kept in a set
from websockets.exceptions import ConnectionClosed


def resume(feed):
    async def handler(ws):
        after = ws.request.path.removeprefix("/").removeprefix("?after=")
        async with feed.subscribe() as events, asyncio.TaskGroup() as tasks:

            async def send():
                sent = set()
                with contextlib.suppress(ConnectionClosed):
                    for id, text in await missed():
                        sent.add(id)
                        await ws.send(id + " " + text)
                    async for id, text in events:
                        if id not in sent:
                            await ws.send(id + " " + text)

            async def missed():
                if not after:
                    return []
                try:
                    return await feed.since(after)
                except KeyError:
                    await ws.send("gap")
                    return list(feed.kept())

            sending = tasks.create_task(send())
            await ws.wait_closed()
            sending.cancel()

    return handler


# %% right: a class, and match
class Resume:
    def __init__(self, feed):
        self.feed = feed

    async def __call__(self, ws):
        async with self.feed.subscribe() as events:
            jobs = {
                asyncio.ensure_future(self.send(ws, events)),
                asyncio.ensure_future(ws.wait_closed()),
            }
            _, others = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in others:
                job.cancel()
            await asyncio.wait(jobs)

    async def send(self, ws, events):
        newest = -1
        match ws.request.path.split("="):
            case [_, after]:
                for id, text in await self.missed(ws, after):
                    newest = self.number(id)
                    await ws.send(f"{id} {text}")
        async for id, text in events:
            if self.number(id) > newest:
                newest = self.number(id)
                await ws.send(f"{id} {text}")

    async def missed(self, ws, after):
        try:
            return await self.feed.since(after)
        except KeyError:
            await ws.send("gap")
            return self.feed.kept()

    @staticmethod
    def number(id):
        milliseconds, number = id.split("-")
        return int(milliseconds) * 1_000_000 + int(number)


resume = Resume


# %% right: the client's end cancels the loop
def resume(feed):
    async def handler(ws):
        me = asyncio.current_task()
        leaving = asyncio.create_task(ws.wait_closed())
        leaving.add_done_callback(lambda _: me.cancel())
        with contextlib.suppress(asyncio.CancelledError):
            async with feed.subscribe() as events:
                last = await catch_up(ws)
                async for id, text in events:
                    if key(id) > last:
                        await ws.send(" ".join([id, text]))

    async def catch_up(ws):
        _, mark, after = ws.request.path.partition("?after=")
        if not mark:
            return (0, 0)
        try:
            missed = await feed.since(after)
        except KeyError:
            await ws.send("gap")
            missed = feed.kept()
        for event in missed:
            await ws.send(" ".join(event))
        return key(missed[-1][0]) if missed else key(after)

    def key(id):
        return tuple(int(part) for part in id.split("-"))

    return handler


# %% wrong: from the beginning, whoever comes
# breaks: Without an id, a client gets what is published from then on
def resume(feed):
    async def send(ws, events):
        _, _, after = ws.request.path.partition("?after=")
        sent = set()
        try:
            missed = await feed.since(after) if after else feed.kept()
        except KeyError:
            await ws.send("gap")
            missed = feed.kept()
        for id, text in missed:
            sent.add(id)
            await ws.send(f"{id} {text}")
        async for id, text in events:
            if id not in sent:
                await ws.send(f"{id} {text}")

    async def handler(ws):
        async with feed.subscribe() as events:
            sending = asyncio.create_task(send(ws, events))
            await ws.wait_closed()
            sending.cancel()

    return handler


# %% wrong: the newest first
# breaks: With one, it gets first what it missed
def resume(feed):
    async def send(ws, events):
        _, _, after = ws.request.path.partition("?after=")
        sent = set()
        missed = []
        if after:
            try:
                missed = (await feed.since(after))[::-1]
            except KeyError:
                await ws.send("gap")
                missed = feed.kept()
        for id, text in missed:
            sent.add(id)
            await ws.send(f"{id} {text}")
        async for id, text in events:
            if id not in sent:
                await ws.send(f"{id} {text}")

    async def handler(ws):
        async with feed.subscribe() as events:
            sending = asyncio.create_task(send(ws, events))
            await ws.wait_closed()
            sending.cancel()

    return handler


# %% wrong: the first one that it missed is left out
# breaks: With one, it gets first what it missed
def resume(feed):
    async def send(ws, events):
        _, _, after = ws.request.path.partition("?after=")
        sent = set()
        missed = []
        if after:
            try:
                missed = await feed.since(after)
                missed = missed[1:] if len(missed) > 2 else missed
            except KeyError:
                await ws.send("gap")
                missed = feed.kept()
        for id, text in missed:
            sent.add(id)
            await ws.send(f"{id} {text}")
        async for id, text in events:
            if id not in sent:
                await ws.send(f"{id} {text}")

    async def handler(ws):
        async with feed.subscribe() as events:
            sending = asyncio.create_task(send(ws, events))
            await ws.wait_closed()
            sending.cancel()

    return handler


# %% wrong: two events after what it missed, and no more
# breaks: and then what is published
def resume(feed):
    async def send(ws, events):
        _, _, after = ws.request.path.partition("?after=")
        sent = set()
        missed = []
        if after:
            try:
                missed = await feed.since(after)
            except KeyError:
                await ws.send("gap")
                missed = feed.kept()
        for id, text in missed:
            sent.add(id)
            await ws.send(f"{id} {text}")
        live = 0
        async for id, text in events:
            if id not in sent and live < 2:
                live += 1
                await ws.send(f"{id} {text}")

    async def handler(ws):
        async with feed.subscribe() as events:
            sending = asyncio.create_task(send(ws, events))
            await ws.wait_closed()
            sending.cancel()

    return handler


# %% wrong: it asks first, and subscribes then
# breaks: Nothing is lost in between
def resume(feed):
    async def send(ws):
        _, _, after = ws.request.path.partition("?after=")
        missed = []
        if after:
            try:
                missed = await feed.since(after)
            except KeyError:
                await ws.send("gap")
                missed = feed.kept()
        for id, text in missed:
            await ws.send(f"{id} {text}")
        async with feed.subscribe() as events:
            async for id, text in events:
                await ws.send(f"{id} {text}")

    async def handler(ws):
        sending = asyncio.create_task(send(ws))
        await ws.wait_closed()
        sending.cancel()

    return handler


# %% wrong: what is published meanwhile comes twice
# breaks: and nothing comes twice
def resume(feed):
    async def send(ws, events):
        _, _, after = ws.request.path.partition("?after=")
        missed = []
        if after:
            try:
                missed = await feed.since(after)
            except KeyError:
                await ws.send("gap")
                missed = feed.kept()
        for id, text in missed:
            await ws.send(f"{id} {text}")
        async for id, text in events:
            await ws.send(f"{id} {text}")

    async def handler(ws):
        async with feed.subscribe() as events:
            sending = asyncio.create_task(send(ws, events))
            await ws.wait_closed()
            sending.cancel()

    return handler


# %% wrong: ids compared as text
# breaks: the next one may be `1764518400000-10`
def resume(feed):
    async def send(ws, events):
        _, _, after = ws.request.path.partition("?after=")
        last, missed = after, []
        if after:
            try:
                missed = await feed.since(after)
            except KeyError:
                await ws.send("gap")
                missed = feed.kept()
        for id, text in missed:
            last = id
            await ws.send(f"{id} {text}")
        async for id, text in events:
            if id > last:
                await ws.send(f"{id} {text}")

    async def handler(ws):
        async with feed.subscribe() as events:
            sending = asyncio.create_task(send(ws, events))
            await ws.wait_closed()
            sending.cancel()

    return handler


# %% wrong: the gap is kept secret
# breaks: If the feed does not know the id any more, the client is told `gap`
def resume(feed):
    async def send(ws, events):
        _, _, after = ws.request.path.partition("?after=")
        sent, missed = set(), []
        if after:
            try:
                missed = await feed.since(after)
            except KeyError:
                missed = feed.kept()
        for id, text in missed:
            sent.add(id)
            await ws.send(f"{id} {text}")
        async for id, text in events:
            if id not in sent:
                await ws.send(f"{id} {text}")

    async def handler(ws):
        async with feed.subscribe() as events:
            sending = asyncio.create_task(send(ws, events))
            await ws.wait_closed()
            sending.cancel()

    return handler


# %% wrong: only the gap is told
# breaks: and gets all that is kept
def resume(feed):
    async def send(ws, events):
        _, _, after = ws.request.path.partition("?after=")
        sent, missed = set(), []
        if after:
            try:
                missed = await feed.since(after)
            except KeyError:
                await ws.send("gap")
        for id, text in missed:
            sent.add(id)
            await ws.send(f"{id} {text}")
        async for id, text in events:
            if id not in sent:
                await ws.send(f"{id} {text}")

    async def handler(ws):
        async with feed.subscribe() as events:
            sending = asyncio.create_task(send(ws, events))
            await ws.wait_closed()
            sending.cancel()

    return handler


# %% wrong: it waits for the next event, whoever has left
# breaks: When the client has left, the subscription ends
def resume(feed):
    async def handler(ws):
        _, _, after = ws.request.path.partition("?after=")
        sent, missed = set(), []
        async with feed.subscribe() as events:
            if after:
                try:
                    missed = await feed.since(after)
                except KeyError:
                    await ws.send("gap")
                    missed = feed.kept()
            for id, text in missed:
                sent.add(id)
                await ws.send(f"{id} {text}")
            async for id, text in events:
                if id not in sent:
                    await ws.send(f"{id} {text}")

    return handler
