"""Answers to exercise 9.9, “Each event once”, made of parts."""

import asyncio

from websockets.exceptions import ConnectionClosed


def key(id):
    a, _, b = id.partition("-")
    return int(a), int(b)


class Resume:
    def __init__(self, feed):
        self.feed = feed

    def after(self, ws):
        return ws.request.path.partition("?after=")[2]

    async def send(self, ws, id, text):
        await ws.send(f"{id} {text}")

    def is_new(self, id, last):
        return not last or key(id) > key(last)

    async def missed(self, ws, after):
        try:
            return await self.feed.since(after)
        except KeyError:
            await ws.send("gap")
            return self.feed.kept()

    async def run(self, ws):
        after = self.after(ws)
        async with self.feed.subscribe() as events:
            last = ""
            if after:
                for id, text in await self.missed(ws, after):
                    await self.send(ws, id, text)
                    last = id
            async for id, text in events:
                if self.is_new(id, last):
                    await self.send(ws, id, text)

    async def __call__(self, ws):
        task = asyncio.create_task(self.run(ws))
        try:
            await ws.wait_closed()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


# %% right: the parts together
resume = Resume


# %% right: gone, wait for either
def resume(feed):
    async def handler(ws):
        after = ws.request.path.partition("?after=")[2]
        gone = asyncio.create_task(ws.wait_closed())
        work = asyncio.create_task(serve(ws, after))
        await asyncio.wait({gone, work}, return_when=asyncio.FIRST_COMPLETED)
        for t in (gone, work):
            t.cancel()
        await asyncio.gather(gone, work, return_exceptions=True)

    async def serve(ws, after):
        async with feed.subscribe() as events:
            seen = set()
            if after:
                try:
                    old = await feed.since(after)
                except KeyError:
                    await ws.send("gap")
                    old = feed.kept()
                for id, text in old:
                    seen.add(id)
                    await ws.send(id + " " + text)
            async for id, text in events:
                if id in seen:
                    continue
                await ws.send(id + " " + text)

    return handler


# %% right: TaskGroup, buffer in a queue
def resume(feed):
    async def handler(ws):
        _, _, after = ws.request.path.partition("?after=")
        queue = asyncio.Queue()

        async def collect():
            async with feed.subscribe() as events:
                ready.set()
                async for event in events:
                    queue.put_nowait(event)

        async def give():
            await ready.wait()
            old = []
            if after:
                try:
                    old = list(await feed.since(after))
                except KeyError:
                    await ws.send("gap")
                    old = list(feed.kept())
            for e in old:
                await ws.send(" ".join(e))
            ids = {id for id, _ in old}
            while True:
                e = await queue.get()
                if e[0] not in ids:
                    await ws.send(" ".join(e))

        ready = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as g:
                tasks = [g.create_task(collect()), g.create_task(give())]
                await ws.wait_closed()
                for t in tasks:
                    t.cancel()
        except* ConnectionClosed:
            pass

    return handler


# %% wrong: no deduplication
# breaks: and nothing comes twice
class A(Resume):
    def is_new(self, id, last):
        return True


resume = A


# %% wrong: compares milliseconds only
# breaks first: and then what is published
class A(Resume):
    def is_new(self, id, last):
        return not last or key(id)[0] > key(last)[0]


resume = A


# %% wrong: as float
# breaks: the next one may be `1764518400000-10`
class A(Resume):
    def is_new(self, id, last):
        return not last or float(id.replace("-", ".")) > float(last.replace("-", "."))


resume = A


# %% wrong: deduplicates by text
# breaks: and then what is published
class A(Resume):
    async def run(self, ws):
        after = self.after(ws)
        async with self.feed.subscribe() as events:
            texts = set()
            if after:
                for id, text in await self.missed(ws, after):
                    await self.send(ws, id, text)
                    texts.add(text)
            async for id, text in events:
                if text not in texts:
                    await self.send(ws, id, text)


resume = A


# %% wrong: since("") for those without an id
# breaks: Without an id, a client gets what is published from then on
class A(Resume):
    async def missed(self, ws, after):
        if not after:
            return self.feed.kept()
        return await super().missed(ws, after)

    async def run(self, ws):
        after = self.after(ws)
        async with self.feed.subscribe() as events:
            last = ""
            for id, text in await self.missed(ws, after):
                await self.send(ws, id, text)
                last = id
            async for id, text in events:
                if self.is_new(id, last):
                    await self.send(ws, id, text)


resume = A


# %% wrong: gap after what is kept
# breaks: If the feed does not know the id any more, the client is told `gap`
class A(Resume):
    async def missed(self, ws, after):
        try:
            return await self.feed.since(after)
        except KeyError:
            for id, text in self.feed.kept():
                await self.send(ws, id, text)
            await ws.send("gap")
            return []


resume = A


# %% wrong: KeyError closes
# breaks first: If the feed does not know the id any more, the client is told `gap`
class A(Resume):
    async def missed(self, ws, after):
        try:
            return await self.feed.since(after)
        except KeyError:
            await ws.close(4000)
            return []


resume = A


# %% wrong: the subscription goes on
# breaks: When the client has left, the subscription ends
class A(Resume):
    async def __call__(self, ws):
        self.tasks = getattr(self, "tasks", [])
        self.tasks.append(asyncio.create_task(self.run(ws)))
        await ws.wait_closed()


resume = A


# %% wrong: only text, no id
# breaks first: is sent as id, a blank, and text
class A(Resume):
    async def send(self, ws, id, text):
        await ws.send(text)


resume = A


# %% wrong: strips the text
# breaks: is sent as id, a blank, and text
class A(Resume):
    async def send(self, ws, id, text):
        await ws.send(f"{id} {text}".strip())


resume = A


# %% wrong: drops empty texts
# breaks: is sent as id, a blank, and text
class A(Resume):
    async def send(self, ws, id, text):
        if text:
            await ws.send(f"{id} {text}")


resume = A


# %% wrong: JSON
# breaks first: is sent as id, a blank, and text
import json


class A(Resume):
    async def send(self, ws, id, text):
        await ws.send(json.dumps([id, text]))


resume = A


# %% wrong: binary
# breaks first: is sent as id, a blank, and text
class A(Resume):
    async def send(self, ws, id, text):
        await ws.send(f"{id} {text}".encode())


resume = A


# %% wrong: shared last id
# breaks: Without an id, …
class A(Resume):
    last = ""

    async def run(self, ws):
        after = self.after(ws)
        async with self.feed.subscribe() as events:
            if after:
                for id, text in await self.missed(ws, after):
                    await self.send(ws, id, text)
                    self.last = id
            async for id, text in events:
                if self.is_new(id, self.last):
                    self.last = id
                    await self.send(ws, id, text)


resume = A


# %% wrong: new events first, then what was missed
# breaks first: With one, it gets first what it missed
class A(Resume):
    async def run(self, ws):
        after = self.after(ws)
        async with self.feed.subscribe() as events:
            seen = set()
            task = asyncio.create_task(self.missed(ws, after)) if after else None
            async for id, text in events:
                if task and task.done():
                    for i, t in task.result():
                        if i not in seen:
                            await self.send(ws, i, t)
                            seen.add(i)
                    task = None
                if id not in seen:
                    seen.add(id)
                    await self.send(ws, id, text)


resume = A


# %% wrong: the after event again
# breaks first: With one, …
class A(Resume):
    async def missed(self, ws, after):
        old = await super().missed(ws, after)
        ids = [id for id, _ in self.feed.kept()]
        if after in ids:
            return [self.feed.kept()[ids.index(after)], *old]
        return old


resume = A


# %% wrong: after what is kept, dedup by the asked id only
# breaks: and nothing comes twice
class A(Resume):
    async def run(self, ws):
        after = self.after(ws)
        async with self.feed.subscribe() as events:
            if after:
                for id, text in await self.missed(ws, after):
                    await self.send(ws, id, text)
            async for id, text in events:
                if not after or key(id) > key(after):
                    await self.send(ws, id, text)


resume = A


# %% wrong: gap for those who are up to date
# breaks: and then …
class A(Resume):
    async def missed(self, ws, after):
        old = await super().missed(ws, after)
        if not old:
            await ws.send("gap")
        return old


resume = A
