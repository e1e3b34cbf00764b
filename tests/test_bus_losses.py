"""What the two buses of notebook 09b lose, and who is told: the table there, row by row."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
from lesson_cells import Lesson
from websockets.asyncio.client import connect

# What runs here is the notebooks' own code; a tracer would find nothing, and makes all slower.
pytestmark = [pytest.mark.slow, pytest.mark.no_cover]

each = pytest.mark.parametrize("kind", ["RedisBus", "ShardedBus", "StreamBus"])


class World:
    """A Redis server, two buses as two processes have them, a chat server on each."""

    def __init__(self, names: dict[str, Any], kind: str) -> None:
        self.names, self.kind = names, kind
        self.redis = names["RedisServer"]()
        self.buses: list[Any] = []
        self.ports: list[int] = []
        self.running: list[asyncio.Task[None]] = []

    async def add_process(self, stack: contextlib.AsyncExitStack) -> None:
        bus = self.names[self.kind](self.redis.url)
        self.running.append(asyncio.create_task(bus.run()))
        await bus.wait_until_up()
        server = await stack.enter_async_context(self.names["serve_chat"](bus, "server"))
        self.buses.append(bus)
        self.ports.append(server.sockets[0].getsockname()[1])

    async def command(self, *words: str | int) -> Any:
        async with self.names["Redis"].from_url(self.redis.url) as client:
            return await client.execute_command(*words)


@contextlib.asynccontextmanager
async def world(names: dict[str, Any], kind: str) -> AsyncIterator[World]:
    made = World(names, kind)
    with made.redis.folder:
        await asyncio.to_thread(made.redis.start)
        try:
            async with asyncio.timeout(60), contextlib.AsyncExitStack() as stack:
                for _ in range(2):
                    await made.add_process(stack)
                yield made
        finally:
            for task in made.running:
                task.cancel()
            await asyncio.gather(*made.running, return_exceptions=True)
            made.redis.thaw()
            made.redis.kill()


class Ear:
    """A client, and all that it hears."""

    def __init__(self, port: int, after: str = "") -> None:
        self.url = f"ws://127.0.0.1:{port}/tea/Ada" + (f"?after={after}" if after else "")
        self.heard: list[dict[str, Any]] = []

    async def __aenter__(self) -> Ear:
        self.ws = await connect(self.url, proxy=None)
        await self.until(lambda: bool(self.heard))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.ws.close()

    async def until(self, condition: Any) -> None:
        while not condition():
            self.heard.append(json.loads(await self.ws.recv()))

    async def hears(self, text: str) -> None:
        await self.until(lambda: text in self.texts())

    def texts(self) -> list[str]:
        return [event["text"] for event in self.heard if event["type"] == "said"]

    def gaps(self) -> int:
        return sum(event["type"] == "gap" for event in self.heard)

    def last(self) -> str:
        return str([event["id"] for event in self.heard if "id" in event][-1])


@pytest.fixture
def names(redis_server: None) -> dict[str, Any]:
    """What the lesson defines."""
    lesson = Lesson("09b_more_than_one_process")
    lesson.define_until("cluster-bus", without=("presence-run", "paper"))
    lesson.names["ShardedBus"] = sharded(lesson.names)
    return lesson.names


def sharded(names: dict[str, Any]) -> type:
    """Return the lesson's bus without a memory, over sharded publish/subscribe."""
    door, publisher = names["Door"], names["Publisher"]

    class ShardedDoor(door):  # type: ignore[valid-type, misc]
        async def ask(self, verb: str, rooms: set[str]) -> None:
            for room in sorted(rooms, key=self.rooms.alive.__eq__):
                await super().ask("S" + verb, {room})

    class ShardedPublisher(publisher):  # type: ignore[valid-type, misc]
        count = names["ShardPublisher"].count

        def add(self, pipe: Any, channel: str, message: bytes) -> None:
            pipe.spublish(channel, message)

    types = {"subscription_type": ShardedDoor, "publisher_type": ShardedPublisher}
    return type("ShardedBus", (names["RedisBus"],), types)


def say(bus: Any, text: str) -> None:
    bus.publish("tea", {"type": "said", "name": "Lin", "text": text})


@each
def test_nobody_has_subscribed(names: dict[str, Any], kind: str) -> None:
    """Lost without a memory; kept with one, for who asks."""

    async def scene() -> None:
        async with world(names, kind) as w:
            async with Ear(w.ports[0]) as ear:
                say(w.buses[0], "first")
                await ear.hears("first")
                last = ear.last() if kind == "StreamBus" else "1-0"
            numsub = "SHARDNUMSUB" if kind == "ShardedBus" else "NUMSUB"
            while (await w.command("PUBSUB", numsub, "chat:tea"))[1]:
                pass  # the room is left
            say(w.buses[1], "to nobody")
            while w.buses[1].queue.waiting:  # noqa: ASYNC110
                await asyncio.sleep(0)
            async with Ear(w.ports[1], last) as back:
                say(w.buses[0], "after")
                await back.hears("after")
            kept = ["to nobody"] if kind == "StreamBus" else []
            assert back.texts() == [*kept, "after"]
            assert back.gaps() == (kind != "StreamBus")

    asyncio.run(scene())


@each
def test_subscription_is_cut(names: dict[str, Any], kind: str) -> None:
    """Told of the gap without a memory; bridged with one. What is said then waits for both."""

    async def scene() -> None:
        async with world(names, kind) as w, Ear(w.ports[0]) as ear:
            say(w.buses[1], "before")
            await ear.hears("before")
            losses = [bus.losses for bus in w.buses]
            w.redis.cut()  # the loop stands still: no bus has noticed
            say(w.buses[1], "meanwhile")
            async with asyncio.timeout(20):
                while any(  # noqa: ASYNC110
                    b.losses == n or not b.up.is_set() for b, n in zip(w.buses, losses, strict=True)
                ):
                    await asyncio.sleep(0.01)
            say(w.buses[1], "after")
            await ear.hears("after")
            assert ear.texts() == ["before", "meanwhile", "after"]
            assert ear.gaps() == (kind != "StreamBus")

    asyncio.run(scene())


def test_bridged_in_order(names: dict[str, Any]) -> None:
    """What is said while a process has no subscription comes when it has one, once and in order."""

    async def scene() -> None:
        async with world(names, "StreamBus") as w, Ear(w.ports[0]) as ear:
            say(w.buses[1], "0")
            await ear.hears("0")
            for number in range(1, 300):
                say(w.buses[1], str(number))
                if number % 60 == 0:
                    await asyncio.to_thread(w.redis.cut)
                await asyncio.sleep(0.001)
            await ear.hears("299")
            assert ear.texts() == [str(number) for number in range(300)]
            assert ear.gaps() == 0

    asyncio.run(scene())


def test_away_for_longer_than_the_stream_keeps(names: dict[str, Any]) -> None:
    """What is kept comes, and the client is told of the gap."""

    async def scene() -> None:
        async with world(names, "StreamBus") as w:
            async with Ear(w.ports[0]) as ear:
                say(w.buses[0], "first")
                await ear.hears("first")
            for number in range(2500):
                while True:
                    try:
                        say(w.buses[0], str(number))
                        break
                    except asyncio.QueueFull:
                        await asyncio.sleep(0.005)
            while w.buses[0].queue.waiting or w.buses[0].publisher.unsure:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            async with Ear(w.ports[1], ear.last()) as back:
                await back.hears("2499")
            assert back.gaps() == 1
            numbers = list(map(int, back.texts()))
            assert 1000 <= len(numbers) <= 1100
            assert numbers == list(range(2500 - len(numbers), 2500))

    asyncio.run(scene())


@each
def test_redis_is_killed(names: dict[str, Any], kind: str) -> None:
    """The rooms are told, also that the stream is lost; what was not on its way comes, once."""

    async def scene() -> None:
        async with world(names, kind) as w, Ear(w.ports[0]) as ear:
            say(w.buses[1], "before")
            await ear.hears("before")
            last = ear.last() if kind == "StreamBus" else "1-0"
            w.redis.kill()
            say(w.buses[1], "meanwhile")  # before the bus has noticed
            await asyncio.to_thread(w.redis.start)
            await ear.until(lambda: ear.gaps() > 0)
            say(w.buses[1], "after")
            await ear.hears("after")
            assert ear.texts() == ["before", "meanwhile", "after"]
            async with Ear(w.ports[1], last) as back:
                await back.until(lambda: back.gaps() > 0)

    asyncio.run(scene())


@each
def test_redis_stands_still(names: dict[str, Any], kind: str) -> None:
    """Noticed in less than four seconds; told, unless the stream has it all; nothing is lost."""

    async def scene() -> None:
        async with world(names, kind) as w, Ear(w.ports[0]) as ear:
            say(w.buses[1], "before")
            await ear.hears("before")
            w.redis.freeze()
            began = asyncio.get_running_loop().time()
            say(w.buses[1], "meanwhile")
            while any(bus.up.is_set() for bus in w.buses):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            noticed = asyncio.get_running_loop().time() - began
            w.redis.thaw()
            say(w.buses[1], "after")
            await ear.hears("after")
            assert ear.texts() == ["before", "meanwhile", "after"]
            assert (ear.gaps() > 0) == (kind != "StreamBus")
            assert noticed < 6, noticed  # 2.5 to 3.1 s on a machine that does nothing else

    asyncio.run(scene())


@each
def test_a_process_dies(names: dict[str, Any], kind: str) -> None:
    """What was in its queue is lost, and nothing else; nobody can tell of it."""

    async def scene() -> None:
        async with world(names, kind) as w, Ear(w.ports[0]) as ear:
            say(w.buses[1], "before")
            await ear.hears("before")
            w.buses[1].up.clear()  # as while it waits for Redis: what is said stays in the queue
            for number in range(3):
                say(w.buses[1], f"in the queue {number}")
            w.running[1].cancel()
            await asyncio.wait([w.running[1]], timeout=20)
            assert w.running[1].cancelled()
            say(w.buses[0], "after")
            await ear.hears("after")
            assert ear.texts() == ["before", "after"]
            assert ear.gaps() == 0

    asyncio.run(scene())


@each
def test_a_bus_that_is_busy_can_be_cancelled(names: dict[str, Any], kind: str) -> None:
    """It ends, also in the middle of a command, where redis-py 8.1 may swallow the cancellation."""

    async def scene() -> None:
        async with world(names, kind) as w:
            for turns in range(25):
                bus = names[kind](w.redis.url)
                running = asyncio.create_task(bus.run())
                if turns % 5:
                    await bus.wait_until_up()
                    say(bus, "hello")
                for _ in range(turns):
                    await asyncio.sleep(0)
                running.cancel()
                await asyncio.wait([running], timeout=20)
                assert running.cancelled(), f"it goes on after {turns} turns of the loop"

    asyncio.run(scene())


def test_a_slow_client_is_dropped(names: dict[str, Any]) -> None:
    """It loses its connection at the limit; others get everything, and memory stays bounded."""

    async def scene() -> None:
        async with world(names, "RedisBus") as w, Ear(w.ports[0]) as ear, Ear(w.ports[0]) as slow:
            slow.ws.transport.pause_reading()
            text = os.urandom(45_000).hex()  # which compression makes little of
            for number in range(300):
                with contextlib.suppress(asyncio.QueueFull):
                    say(w.buses[0], f"{number} {text}")
                if w.buses[0].rooms.counts["dropped"]:
                    break
                with contextlib.suppress(TimeoutError):
                    ear.heard.append(json.loads(await asyncio.wait_for(ear.ws.recv(), 1)))
            say(w.buses[0], "end")
            await ear.hears("end")
            assert w.buses[0].rooms.counts["dropped"] == 1
            assert len(w.buses[0].rooms.clients["tea"]) == 1

    asyncio.run(scene())


def test_no_subscription_is_left(names: dict[str, Any]) -> None:
    """Rooms are followed while somebody is in them: hundreds come and go, none stays."""

    async def scene() -> None:
        async with world(names, "RedisBus") as w:
            bus, rooms = w.buses[0], [f"room-{number}" for number in range(300)]

            class Nobody:
                """A connection that takes everything; broadcast() passes over it."""

            for _ in range(3):
                ws = Nobody()
                names["broadcast"] = lambda *arguments, **options: None
                await asyncio.gather(*(bus.join(room, ws, "hello") for room in rooms))
                channels = await w.command("PUBSUB", "CHANNELS", "chat:room-*")
                assert len(channels) == 300
                for room in rooms:
                    bus.leave(room, ws)
                while await w.command("PUBSUB", "CHANNELS", "chat:room-*"):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)

    asyncio.run(scene())


def test_everybody_leaves_while_a_room_is_bridged(names: dict[str, Any]) -> None:
    """Nothing waits for what nobody needs any more: the bus is whole."""

    async def scene() -> None:
        rooms, whole, ws = names["Rooms"](), [], object()
        rooms.enter("tea", ws)
        rooms.last["tea"] = "1-0"
        subscription = names["Bridging"](None, rooms, lambda: whole.append(True))
        subscription.unconfirmed.update(["tea", rooms.alive])
        for room in ("tea", rooms.alive):
            subscription.on_push(b"subscribe", f"chat:{room}".encode(), 1)
        assert whole == [], "the stream has not answered"
        rooms.leave("tea", ws)
        subscription.touch("tea")
        assert whole == [True]

    asyncio.run(scene())


# Each row of the lesson's table, and what tests it.
ROWS = {
    "nobody has subscribed to the room": test_nobody_has_subscribed,
    "a subscription is cut and made again": test_subscription_is_cut,
    "a client was away": test_nobody_has_subscribed,
    "it was away for more than the stream keeps": test_away_for_longer_than_the_stream_keeps,
    "Redis is killed and starts with nothing": test_redis_is_killed,
    "Redis stands still": test_redis_stands_still,
    "a process dies": test_a_process_dies,
}


def test_each_row_has_its_test() -> None:
    """The table of what each bus loses has these rows and no others."""
    cell = Lesson("09b_more_than_one_process").cells["presence-see"]
    source, *_ = cell.source.partition("## How much it carries")
    rows = [line.split("|")[1].strip() for line in source.splitlines() if line.startswith("|")]
    assert rows[2:] == list(ROWS)
