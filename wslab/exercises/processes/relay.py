"""Exercise 9.4: One room, many servers."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import (
    CLIENT_TIMEOUT,
    REPLY_TIMEOUT,
    Client,
    Finding,
    Server,
    answering,
    call,
    during,
)
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


class _Bus:
    """A bus like the lesson's; it may be used from the loops of several threads."""

    def __init__(self) -> None:
        self.published: list[tuple[Any, Any]] = []
        self._changed = threading.Condition()
        self._queues: defaultdict[
            Any, set[tuple[asyncio.AbstractEventLoop, asyncio.Queue[Any]]]
        ] = defaultdict(set)

    async def publish(self, room: Any, message: Any) -> None:
        self.deliver(room, message)
        with self._changed:
            self.published.append((room, message))

    def deliver(self, room: Any, message: Any) -> None:
        """Give a message to all subscribers, as if another process had published it."""
        with self._changed:
            queues = list(self._queues[room])
        for loop, queue in queues:
            with contextlib.suppress(RuntimeError):  # that loop is closed
                loop.call_soon_threadsafe(queue.put_nowait, message)

    @contextlib.asynccontextmanager
    async def subscribe(self, room: Any) -> AsyncIterator[AsyncIterator[Any]]:
        queue: asyncio.Queue[Any] = asyncio.Queue()
        entry = asyncio.get_running_loop(), queue
        with self._changed:
            self._queues[room].add(entry)
        try:
            yield self._iterate(queue)
        finally:
            with self._changed:
                self._queues[room].discard(entry)
                self._changed.notify_all()

    async def _iterate(self, queue: asyncio.Queue[Any]) -> AsyncIterator[Any]:
        while True:
            yield await queue.get()

    def wait_until_left(self) -> bool:
        """Wait until nobody is subscribed to anything; return whether that came."""
        with self._changed:
            return self._changed.wait_for(lambda: not any(self._queues.values()), REPLY_TIMEOUT)


def _probe_relay(answer: Any) -> None:
    bus = _Bus()
    said = "each message should come to all clients of its room, on all servers"
    with contextlib.ExitStack() as stack:
        servers: list[Server] = []
        for _ in range(2):
            handler = call(answer, bus, timeout=CLIENT_TIMEOUT)
            servers.append(stack.enter_context(answering(handler)))

        def join(server: Server, room: str) -> Client:
            client = stack.enter_context(server.client(path=room))
            client.expect_text("joined", "a client should be told once it has joined its room")
            return client

        def say(speaker: Client, message: str, listeners: list[Client]) -> None:
            speaker.send(message)
            for listener in listeners:
                listener.expect_text(message, said)

        ada, lin, grace = (join(servers[number], "/tea") for number in (0, 0, 1))
        tea = [ada, lin, grace]
        joan = join(servers[1], "/coffee")
        for speaker, message in [(ada, "hello"), (grace, "Grüße"), (lin, ""), (ada, "and?")]:
            say(speaker, message, tea)
        with during("in a second room"):
            say(joan, "anybody here?", [joan])
        with during("after a message in another room"):
            say(grace, "more tea?", tea)
        with during("three messages at once"):
            for message in ("one", "two", "three"):
                ada.send(message)
            for message in ("one", "two", "three"):
                for listener in tea:
                    listener.expect_text(message, said)
        if sum(message == "and?" for _, message in bus.published) != 1:
            raise ada.finding(
                "each message should be published on the bus, once",
                "one call of bus.publish() for one message",
                f"{sum(message == 'and?' for _, message in bus.published)} calls",
            )
        with during("when a third server publishes in the room"):
            room = next(room for room, message in bus.published if message == "hello")
            bus.deliver(room, "from elsewhere")
            for listener in tea:
                listener.expect_text("from elsewhere", said)
        with during("after a client has vanished"):
            lin.vanish()
            tea.remove(lin)
            say(grace, "who was that?", tea)
        for client in (ada, lin, grace, joan):
            client.ws.close()
        for server in servers:
            server.expect_handlers_to_end("a handler should end when its client has left")
        if not bus.wait_until_left():
            raise Finding(
                "all clients have left, and a server is still subscribed to a room",
                expected="no subscription without a client",
            )


EXERCISE = Exercise(
    id="9.4",
    title="One room, many servers",
    task=(
        "Write `relay(bus)`. It is called once for each server, and returns the handler of that "
        "server. The bus has two methods: `await bus.publish(room, message)` and "
        "`async with bus.subscribe(room) as messages:`. The room is the path, such as `/tea`. "
        "Once subscribed, a client gets `joined`. Each message of a client goes to all clients of "
        "its room on all servers, itself included, once and in order. When all clients of a room "
        "have left, no server is subscribed to it."
    ),
    name="relay",
    starter="""
import asyncio


def relay(bus):
    async def handler(ws):
        room = ws.request.path
        ...

    return handler
""",
    hints=(
        "The simplest way: each connection has a subscription of its own. Then the handler does "
        "two things at once: it sends what comes over the bus, and publishes what comes from the "
        "client.",
        "Inside `async with bus.subscribe(room) as messages:`, send `joined`, then start a task "
        "that loops over `messages`. The handler itself loops over `ws`.",
        "`async with asyncio.TaskGroup() as tasks:` holds the task; after the loop over `ws`, "
        "`task.cancel()`. Do not send to `ws` what it has said: that comes over the bus.",
    ),
    solution="""
import asyncio


def relay(bus):
    async def handler(ws):
        room = ws.request.path

        async def forward(messages):
            async for message in messages:
                await ws.send(message)

        async with bus.subscribe(room) as messages, asyncio.TaskGroup() as tasks:
            await ws.send("joined")
            forwarding = tasks.create_task(forward(messages))
            async for message in ws:
                await bus.publish(room, message)
            forwarding.cancel()

    return handler
""",
    explanation=(
        "Everything that is said takes the way over the bus, also to the clients of the same "
        "server. So all see the same order, nothing comes twice, and a client cannot tell on which "
        "server the others are. A subscription for each connection is simple, but Redis then sends "
        "each message once for each *client*, and redis-py's pool ends at 100 connections. The bus "
        "of the lesson subscribes once for each server and broadcasts: with many clients in a room "
        "that is the difference between one delivery and a thousand."
    ),
    rules=(Rule("", _probe_relay),),
    minutes=20,
    difficulty=3,
    needs="The same over Redis",
)
