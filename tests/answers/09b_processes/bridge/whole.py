"""Answers to exercise 9.8, “The bus is back”."""

import itertools

# %% right: counted outages


async def bridge(connect, rooms, pause):
    outages = told = 0
    for attempt in itertools.count():
        if attempt:
            await pause()
        try:
            connection = await connect()
            for room in [*rooms]:
                await connection.subscribe(room)
            for room in rooms if told < outages else ():
                rooms[room]("gap")
            told = outages
            outages += 1
            async for name, message in connection:
                rooms[name](message)
        except ConnectionError:
            continue


# %% right: two functions
async def whole(connect, rooms):
    connection = await connect()
    for room in rooms.copy():
        await connection.subscribe(room)
    return connection


async def bridge(connect, rooms, pause):
    async def patiently():
        while True:
            await pause()
            try:
                return await whole(connect, rooms)
            except ConnectionError:
                pass

    try:
        connection = await whole(connect, rooms)
    except ConnectionError:
        connection = await patiently()
    while True:
        try:
            async for room, message in connection:
                rooms[room](message)
        except ConnectionError:
            connection = await patiently()
            for tell in rooms.values():
                tell("gap")


# %% right: a class
class Bridge:
    def __init__(self, connect, rooms, pause):
        self.connect, self.rooms, self.pause = connect, rooms, pause
        self.begun = False

    def __await__(self):
        return self.run().__await__()

    async def run(self):
        while True:
            try:
                await self.follow()
            except ConnectionError:
                await self.pause()

    async def follow(self):
        connection = await self.connect()
        for room in tuple(self.rooms):
            await connection.subscribe(room)
        if self.begun:
            [tell("gap") for tell in self.rooms.values()]
        self.begun = True
        reading = aiter(connection)
        while True:
            room, message = await anext(reading)
            self.rooms[room](message)


bridge = Bridge


# %% wrong: only the first room
# breaks: Subscribe to all `rooms`
async def bridge(connect, rooms, pause):
    had_bus = False
    while True:
        try:
            connection = await connect()
            for room in list(rooms) if had_bus else ["tea"]:
                await connection.subscribe(room)
            for tell in rooms.values() if had_bus else ():
                tell("gap")
            had_bus = True
            async for room, message in connection:
                rooms[room](message)
        except ConnectionError:
            await pause()


# %% wrong: each message to all rooms
# breaks: and give each message to its room
async def bridge(connect, rooms, pause):
    had_bus = False
    while True:
        try:
            connection = await connect()
            for room in list(rooms):
                await connection.subscribe(room)
            for tell in rooms.values() if had_bus else ():
                tell("gap")
            had_bus = True
            async for _, message in connection:
                for tell in rooms.values():
                    tell(message)
        except ConnectionError:
            await pause()


# %% wrong: once lost, lost for ever
# breaks: When the bus is lost, connect again
async def bridge(connect, rooms, pause):
    connection = await connect()
    for room in list(rooms):
        await connection.subscribe(room)
    async for room, message in connection:
        rooms[room](message)


# %% wrong: it bears a loss, and no refusal
# breaks: for as long as it takes
async def bridge(connect, rooms, pause):
    had_bus = False
    while True:
        connection = await connect()
        for room in list(rooms):
            await connection.subscribe(room)
        for tell in rooms.values() if had_bus else ():
            tell("gap")
        had_bus = True
        try:
            async for room, message in connection:
                rooms[room](message)
        except ConnectionError:
            await pause()


# %% wrong: two attempts
# breaks: for as long as it takes
async def bridge(connect, rooms, pause):
    had_bus, failures = False, 0
    while failures < 3:
        try:
            connection = await connect()
            for room in list(rooms):
                await connection.subscribe(room)
            for tell in rooms.values() if had_bus else ():
                tell("gap")
            had_bus, failures = True, 0
            async for room, message in connection:
                rooms[room](message)
        except ConnectionError:
            failures += 1
            await pause()


# %% wrong: it calls without a pause
# breaks first: with `await pause()` before each attempt but the first
async def bridge(connect, rooms, pause):
    had_bus = False
    while True:
        try:
            connection = await connect()
            for room in list(rooms):
                await connection.subscribe(room)
            for tell in rooms.values() if had_bus else ():
                tell("gap")
            had_bus = True
            async for room, message in connection:
                rooms[room](message)
        except ConnectionError:
            pass


# %% wrong: a pause before the first attempt, too
# breaks: with `await pause()` before each attempt but the first
async def bridge(connect, rooms, pause):
    had_bus = False
    while True:
        await pause()
        try:
            connection = await connect()
            for room in list(rooms):
                await connection.subscribe(room)
            for tell in rooms.values() if had_bus else ():
                tell("gap")
            had_bus = True
            async for room, message in connection:
                rooms[room](message)
        except ConnectionError:
            pass


# %% wrong: it pauses only after a loss
# breaks: with `await pause()` before each attempt but the first
async def bridge(connect, rooms, pause):
    had_bus = False
    while True:
        try:
            connection = await connect()
            for room in list(rooms):
                await connection.subscribe(room)
        except ConnectionError:
            continue
        for tell in rooms.values() if had_bus else ():
            tell("gap")
        had_bus = True
        try:
            async for room, message in connection:
                rooms[room](message)
        except ConnectionError:
            await pause()


# %% wrong: the rooms of the first time
# breaks: Each time all rooms are subscribed anew
async def bridge(connect, rooms, pause):
    had_bus, names = False, list(rooms)
    while True:
        try:
            connection = await connect()
            for room in names:
                await connection.subscribe(room)
            for tell in rooms.values() if had_bus else ():
                tell("gap")
            had_bus = True
            async for room, message in connection:
                rooms[room](message)
        except ConnectionError:
            await pause()


# %% wrong: nobody is told
# breaks: each is told `gap`
async def bridge(connect, rooms, pause):
    while True:
        try:
            connection = await connect()
            for room in list(rooms):
                await connection.subscribe(room)
            async for room, message in connection:
                rooms[room](message)
        except ConnectionError:
            await pause()


# %% wrong: told when the connection is there, before the rooms are subscribed
# breaks first: and once they are
async def bridge(connect, rooms, pause):
    had_bus = False
    while True:
        try:
            connection = await connect()
            for tell in rooms.values() if had_bus else ():
                tell("gap")
            for room in list(rooms):
                await connection.subscribe(room)
            had_bus = True
            async for room, message in connection:
                rooms[room](message)
        except ConnectionError:
            await pause()


# %% wrong: told before the new rooms are subscribed
# breaks: and once they are
async def bridge(connect, rooms, pause):
    names = ()
    while True:
        try:
            connection = await connect()
            for room in names:
                await connection.subscribe(room)
            for tell in rooms.values() if names else ():
                tell("gap")
            for room in set(rooms).difference(names):
                await connection.subscribe(room)
            names = sorted(rooms)
            async for room, message in connection:
                rooms[room](message)
        except ConnectionError:
            await pause()


# %% wrong: told after each attempt that failed, when the rooms are subscribed
# breaks: once for each outage
async def bridge(connect, rooms, pause):
    had_bus, failures = False, 0
    while True:
        try:
            connection = await connect()
            for room in list(rooms):
                await connection.subscribe(room)
            for _ in range(failures if had_bus else 0):
                for tell in rooms.values():
                    tell("gap")
            had_bus, failures = True, 0
            async for room, message in connection:
                rooms[room](message)
        except ConnectionError:
            failures += 1
            await pause()


# %% wrong: told after the first new message
# breaks: before any new message
async def bridge(connect, rooms, pause):
    had_bus = False
    while True:
        try:
            connection = await connect()
            for room in list(rooms):
                await connection.subscribe(room)
            untold, had_bus = had_bus, True
            async for room, message in connection:
                rooms[room](message)
                for tell in rooms.values() if untold else ():
                    tell("gap")
                untold = False
        except ConnectionError:
            await pause()


# %% wrong: told at the start
# breaks: At the first start nobody is told
async def bridge(connect, rooms, pause):
    while True:
        try:
            connection = await connect()
            for room in list(rooms):
                await connection.subscribe(room)
            for tell in rooms.values():
                tell("gap")
            async for room, message in connection:
                rooms[room](message)
        except ConnectionError:
            await pause()


# %% wrong: it catches everything
# breaks: until it is cancelled
async def bridge(connect, rooms, pause):
    had_bus = False
    while True:
        try:
            connection = await connect()
            for room in list(rooms):
                await connection.subscribe(room)
            for tell in rooms.values() if had_bus else ():
                tell("gap")
            had_bus = True
            async for room, message in connection:
                rooms[room](message)
        except BaseException:
            await pause()
