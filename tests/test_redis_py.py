"""What redis-py does of itself: the ways that come to mind in notebook 09b's table, row by row."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import redis.exceptions
from lesson_cells import Lesson
from redis.asyncio import Redis
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

pytestmark = [pytest.mark.slow, pytest.mark.no_cover]


@pytest.fixture
def server(redis_server: None) -> Iterator[Any]:
    """A private Redis server."""
    lesson = Lesson("09b_more_than_one_process")
    lesson.define("part", "redis-options", "redis-server")
    server = lesson.names["RedisServer"]()
    with server.folder:
        server.start()
        try:
            yield server
        finally:
            server.thaw()
            server.kill()


@contextlib.asynccontextmanager
async def client(server: Any, **options: Any) -> AsyncIterator[Redis]:
    """A client with redis-py's defaults: those of `Redis()`, for `from_url()` has no retries."""
    path = server.url.removeprefix("unix://")
    async with asyncio.timeout(60), Redis(unix_socket_path=path, **options) as made:
        yield made


class Listener:
    """Who listens to a channel, and what came."""

    def __init__(self, redis: Redis) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.news = asyncio.Condition()
        self.pubsub = redis.pubsub()

    async def __aenter__(self) -> Listener:
        await self.pubsub.subscribe("tea")
        self.task = asyncio.create_task(self.listen())
        return self

    async def listen(self) -> None:
        async for message in self.pubsub.listen():
            async with self.news:
                self.heard.append((message["type"], message["data"]))
                self.news.notify_all()

    async def until(self, event: tuple[str, Any], times: int = 1) -> None:
        async with asyncio.timeout(20), self.news:
            await self.news.wait_for(lambda: self.heard.count(event) >= times)

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.pubsub.aclose()  # type: ignore[no-untyped-call]


def test_a_subscription_for_each_room(server: Any) -> None:
    """The pool has 100 connections."""

    async def scene() -> None:
        async with client(server) as made, contextlib.AsyncExitStack() as stack:
            for number in range(101):
                pubsub = made.pubsub()
                stack.push_async_callback(pubsub.aclose)
                if number < 100:
                    await pubsub.subscribe(f"room {number}")
                else:
                    with pytest.raises(redis.exceptions.MaxConnectionsError):
                        await pubsub.subscribe(f"room {number}")

    asyncio.run(scene())


def test_publish_in_each_handler(server: Any) -> None:
    """Three hundred at once: two thirds of them lose their connection."""
    count = 300

    async def scene() -> Counter[int | None]:
        together = asyncio.Barrier(count)

        async def handler(ws: ServerConnection) -> None:
            text = await ws.recv()
            await together.wait()
            await made.publish("tea", text)

        async with client(server) as made, contextlib.AsyncExitStack() as stack:
            listening = await stack.enter_async_context(serve(handler, "127.0.0.1", 0))
            url = f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
            sockets = [
                await stack.enter_async_context(connect(url, proxy=None)) for _ in range(count)
            ]
            await asyncio.gather(*(ws.send("hello") for ws in sockets))
            await asyncio.gather(*(ws.wait_closed() for ws in sockets))
        return Counter(ws.close_code for ws in sockets)

    assert asyncio.run(scene()) == {1000: 100, 1011: 200}


def test_listen_reconnects(server: Any) -> None:
    """No error comes; nothing but a second confirmation tells of the gap."""

    async def scene() -> None:
        async with client(server) as made, Listener(made) as listener:
            await made.publish("tea", "before")
            await listener.until(("message", b"before"))
            await asyncio.to_thread(server.cut)
            await listener.until(("subscribe", 1), times=2)
            await made.publish("tea", "after")
            await listener.until(("message", b"after"))
            assert [kind for kind, _ in listener.heard] == ["subscribe", "message"] * 2

    asyncio.run(scene())


def test_publish_is_sent_twice(server: Any) -> None:
    """Its answer was late, and it was sent again."""

    async def scene() -> None:
        async with (
            client(server) as made,
            Listener(made) as listener,
            client(server, socket_timeout=0.5) as hasty,
        ):
            await listener.until(("subscribe", 1))
            await hasty.ping()
            server.freeze()
            publishing = asyncio.create_task(hasty.publish("tea", "late"))
            await asyncio.wait([publishing], timeout=1.2)  # more than one timeout, fewer than four
            server.thaw()
            assert await publishing == 1
            await listener.until(("message", b"late"), times=2)

    asyncio.run(scene())


def test_health_check_interval(server: Any) -> None:
    """In ten times of it nothing is noticed."""

    async def scene() -> None:
        options = {"health_check_interval": 0.2, "socket_timeout": 0.2}
        async with client(server, **options) as made, Listener(made) as listener:
            await listener.until(("subscribe", 1))
            server.freeze()
            done, _ = await asyncio.wait([listener.task], timeout=2)
            server.thaw()
            assert not done
            assert listener.heard == [("subscribe", 1)]

    asyncio.run(scene())


def test_xread_blocks_for_longer_than_the_timeout(server: Any) -> None:
    """Nothing is wrong, and there is an error."""

    async def scene() -> None:
        async with client(server, socket_timeout=0.3, retry=None) as made:
            with pytest.raises(redis.exceptions.TimeoutError):
                await made.xread({"tea": "$"}, block=5000)

    asyncio.run(scene())


def test_xread_tells_of_no_gap(server: Any) -> None:
    """What is trimmed is missing without a sign; so is all of a stream that was lost."""

    async def scene() -> None:
        async with client(server) as made:

            async def add(text: str) -> bytes:
                added: bytes = await made.xadd("tea", {"e": text}, maxlen=2, approximate=False)
                return added

            async def read(after: bytes) -> list[bytes]:
                [[_, entries]] = await made.xread({"tea": after})
                return [entry[b"e"] for _, entry in entries]

            ids = [await add(str(number)) for number in range(5)]
            assert await read(ids[0]) == [b"3", b"4"]
            [(first, _), *_] = await made.xrange("tea", ids[0], "+")
            assert first != ids[0], "XRANGE shows that it is not kept"
            await made.delete("tea")
            later = int(ids[-1].partition(b"-")[0]) + 1
            await made.xadd("tea", {"e": "another"}, id=f"{later}-0")
            assert await read(ids[-1]) == [b"another"]

    asyncio.run(scene())


# Each row of the lesson's table, and what tests it.
ROWS = {
    "a subscription for each client or room": test_a_subscription_for_each_room,
    "`await redis.publish()` in each handler": test_publish_in_each_handler,
    "`pubsub.listen()` and the defaults of `Redis()`": (
        test_listen_reconnects,
        test_publish_is_sent_twice,
    ),
    "`health_check_interval`": test_health_check_interval,
    "streams, read by `XREAD BLOCK`": (
        test_xread_blocks_for_longer_than_the_timeout,
        test_xread_tells_of_no_gap,
    ),
}


def test_each_row_has_its_test() -> None:
    """The table has these rows and no others."""
    source = Lesson("09b_more_than_one_process").cells["redis-idea"].source
    rows = re.findall(r"^\|\s*(.+?) \|", source, re.MULTILINE)
    assert rows[1:] == list(ROWS)
