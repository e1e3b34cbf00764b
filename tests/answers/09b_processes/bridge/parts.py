"""Answers to exercise 9.8, “The bus is back”, made of parts."""

import asyncio
import contextlib


class Bridge:
    def __init__(self, connect, rooms, pause):
        self.connect, self.rooms, self.pause = connect, rooms, pause
        self.first, self.tried = True, False

    async def open(self):
        if self.tried:
            await self.pause()
        self.tried = True
        return await self.connect()

    async def subscribe(self, c):
        for room in list(self.rooms):
            await c.subscribe(room)

    def gaps(self):
        if not self.first:
            for room in list(self.rooms):
                self.rooms[room]("gap")
        self.first = False

    def give(self, room, message):
        self.rooms[room](message)

    async def run(self):
        while True:
            try:
                c = await self.open()
                await self.subscribe(c)
                self.gaps()
                async for room, message in c:
                    self.give(room, message)
            except ConnectionError:
                pass


def of(cls):
    async def bridge(connect, rooms, pause):
        await cls(connect, rooms, pause).run()

    return bridge


# %% right: the parts together
bridge = of(Bridge)


# %% right: one function
async def bridge(connect, rooms, pause):
    was_up = False
    attempt = 0
    while True:
        if attempt:
            await pause()
        attempt += 1
        try:
            connection = await connect()
            for room in tuple(rooms):
                await connection.subscribe(room)
            if was_up:
                for tell in tuple(rooms.values()):
                    tell("gap")
            was_up = True
            async for room, message in connection:
                rooms[room](message)
        except ConnectionError:
            continue


# %% right: gather subscribes
async def bridge(connect, rooms, pause):
    async def connected():
        while True:
            with contextlib.suppress(ConnectionError):
                c = await connect()
                await asyncio.gather(*map(c.subscribe, list(rooms)))
                return c
            await pause()

    c = await connected()
    while True:
        try:
            async for room, message in c:
                rooms[room](message)
        except ConnectionError:
            pass
        await pause()
        c = await connected()
        for room in list(rooms):
            rooms[room]("gap")


# %% wrong: pause only after a failed connect
# breaks first: with `await pause()` before each attempt but the first
class A(Bridge):
    async def open(self):
        while True:
            try:
                return await self.connect()
            except ConnectionError:
                await self.pause()


bridge = of(A)


# %% wrong: pause is not awaited
# breaks first: with `await pause()` before each attempt but the first
class A(Bridge):
    async def open(self):
        if self.tried:
            self.pause()
        self.tried = True
        return await self.connect()


bridge = of(A)


# %% wrong: gap before subscribing
# breaks first: and once they are
class A(Bridge):
    async def subscribe(self, c):
        if not self.first:
            for room in list(self.rooms):
                self.rooms[room]("gap")
        await super().subscribe(c)

    def gaps(self):
        self.first = False


bridge = of(A)


# %% wrong: gap for each room after its own subscribe
# breaks first: and once they are
class A(Bridge):
    async def subscribe(self, c):
        for room in list(self.rooms):
            await c.subscribe(room)
            if not self.first:
                self.rooms[room]("gap")

    def gaps(self):
        self.first = False


bridge = of(A)


# %% wrong: gap at the moment of the loss
# breaks first: each is told `gap`
class A(Bridge):
    async def run(self):
        while True:
            try:
                c = await self.open()
                await self.subscribe(c)
                self.first = False
                async for room, message in c:
                    self.give(room, message)
            except ConnectionError:
                if not self.first:
                    self.first = False
                    for room in list(self.rooms):
                        self.rooms[room]("gap")


bridge = of(A)


# %% wrong: only the rooms of the first time
# breaks: Each time all rooms are subscribed anew
class A(Bridge):
    async def subscribe(self, c):
        self.names = getattr(self, "names", None) or list(self.rooms)
        for room in self.names:
            await c.subscribe(room)


bridge = of(A)


# %% wrong: iterates over the dict itself
# breaks: also those that were added meanwhile
class A(Bridge):
    async def subscribe(self, c):
        for room in self.rooms:
            await c.subscribe(room)


bridge = of(A)


# %% wrong: gives up after 5 attempts
# breaks: for as long as it takes
class A(Bridge):
    n = 0

    async def open(self):
        self.n += 1
        if self.n > 5:
            raise RuntimeError("no bus")
        return await super().open()


bridge = of(A)


# %% wrong: a loss while subscribing ends it
# breaks: for as long as it takes
class A(Bridge):
    async def run(self):
        while True:
            try:
                c = await self.open()
            except ConnectionError:
                continue
            await self.subscribe(c)
            self.gaps()
            try:
                async for room, message in c:
                    self.give(room, message)
            except ConnectionError:
                pass


bridge = of(A)


# %% wrong: a loss while connecting ends it
# breaks: for as long as it takes
class A(Bridge):
    async def run(self):
        while True:
            c = await self.open()
            try:
                await self.subscribe(c)
                self.gaps()
                async for room, message in c:
                    self.give(room, message)
            except ConnectionError:
                pass


bridge = of(A)


# %% wrong: one gap for each attempt
# breaks first: once for each outage
class A(Bridge):
    async def run(self):
        missed = 0
        while True:
            try:
                c = await self.open()
                await self.subscribe(c)
                for room in list(self.rooms):
                    for _ in range(missed):
                        self.rooms[room]("gap")
                missed = 0
                async for room, message in c:
                    self.give(room, message)
            except ConnectionError:
                missed += 1


bridge = of(A)


# %% wrong: outage at the first start counts
# breaks: At the first start nobody is told
class A(Bridge):
    n = 0

    async def open(self):
        self.n += 1
        return await super().open()

    def gaps(self):
        if self.n > 1:
            for room in list(self.rooms):
                self.rooms[room]("gap")


bridge = of(A)


# %% wrong: drops empty messages
# breaks: and give each message to its room
class A(Bridge):
    def give(self, room, message):
        if message:
            self.rooms[room](message)


bridge = of(A)


# %% wrong: drops equal messages
# breaks: and give each message to its room
class A(Bridge):
    last = None

    def give(self, room, message):
        if (room, message) != self.last:
            self.rooms[room](message)
        self.last = (room, message)


bridge = of(A)


# %% wrong: pauses twice
# breaks: with `await pause()` before each attempt but the first
class A(Bridge):
    async def open(self):
        if self.tried:
            await self.pause()
            await self.pause()
        self.tried = True
        return await self.connect()


bridge = of(A)


# %% wrong: the functions of the rooms are remembered
# breaks: and give each message to its room
class A(Bridge):
    async def run(self):
        self.rooms2 = dict(self.rooms)
        await super().run()

    def give(self, room, message):
        self.rooms2[room](message)


bridge = of(A)
