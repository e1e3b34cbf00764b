"""A bus like the lesson's, for servers that are on threads of one process."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from typing import Any, TypeAlias

from wslab.exercises._judge import wait_for

__all__ = ["Bus", "Hub"]

_TURNS = 8

_Queue: TypeAlias = tuple[asyncio.AbstractEventLoop, asyncio.Queue[Any]]


class Hub:
    """
    What stands between servers, as Redis does; each server has a :class:`Bus` to it.

    Attributes:
        published: Rooms and messages, in the order in which they were published.
        asked: Set once somebody wants to subscribe.
    """

    def __init__(self) -> None:
        self.published: list[tuple[Any, Any]] = []
        self.asked = threading.Event()
        self._changed = threading.Condition()
        self._queues: defaultdict[Any, set[_Queue]] = defaultdict(set)
        self._closed = False
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    @contextlib.contextmanager
    def door_closed(self) -> Iterator[None]:
        """Let nobody be subscribed in this block: who asks for it is, at the end."""
        self._closed = True
        try:
            yield
        finally:
            with self._changed:
                self._closed = False
                for loop, opened in self._waiting:
                    _call(loop, opened.set)

    def rooms(self) -> set[Any]:
        """Return the rooms to which somebody is subscribed."""
        with self._changed:
            return {room for room, queues in self._queues.items() if queues}

    def wait_until_left(self) -> bool:
        """Wait until nobody is subscribed to anything; return whether that came."""
        return wait_for(self._changed, lambda: not any(self._queues.values()))

    def wait_until_published(self, count: int) -> bool:
        """Wait until so many messages were published; return whether that came."""
        return wait_for(self._changed, lambda: len(self.published) >= count)

    def publish(self, room: Any, message: Any) -> None:
        with self._changed:
            for loop, queue in self._queues[room]:
                _call(loop, queue.put_nowait, message)
            self.published.append((room, message))
            self._changed.notify_all()

    async def enter(self, room: Any) -> _Queue:
        loop, opened = asyncio.get_running_loop(), asyncio.Event()
        with self._changed:
            closed = self._closed
            if closed:
                self._waiting.append((loop, opened))
        self.asked.set()
        if closed:
            await opened.wait()
        entry: _Queue = loop, asyncio.Queue()
        with self._changed:
            self._queues[room].add(entry)
        return entry

    def leave(self, room: Any, entry: _Queue) -> None:
        with self._changed:
            self._queues[room].discard(entry)
            self._changed.notify_all()


def _call(loop: asyncio.AbstractEventLoop, function: Any, *arguments: Any) -> None:
    with contextlib.suppress(RuntimeError):  # that loop is closed
        loop.call_soon_threadsafe(function, *arguments)


class Bus:
    """What a learner's server is given."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._calls = 0

    async def publish(self, room: Any, message: Any) -> None:
        """
        Publish a message. Who does not wait for one before the next cannot rely on their order.

        Raises:
            TypeError: It is neither text nor bytes.
        """
        if not isinstance(message, str | bytes):
            raise TypeError(f"publish() takes text or bytes, not {type(message).__name__}")
        self._calls += 1
        for _ in range(_TURNS - self._calls % _TURNS):
            await asyncio.sleep(0)
        self._hub.publish(room, message)

    def subscribe(self, room: Any) -> _Subscription:
        """Subscribe to a room, with ``async with``."""
        return _Subscription(self._hub, room)


class _Subscription:
    """No generator, which the garbage collector would end for whoever forgets it."""

    def __init__(self, hub: Hub, room: Any) -> None:
        self._hub = hub
        self._room = room
        self._entry: _Queue | None = None

    async def __aenter__(self) -> AsyncIterator[Any]:
        self._entry = await self._hub.enter(self._room)
        return self._iterate(self._entry)

    async def __aexit__(self, *exc_info: object) -> None:
        if self._entry is not None:
            self._hub.leave(self._room, self._entry)

    async def _iterate(self, entry: _Queue) -> AsyncIterator[Any]:
        while True:
            yield await entry[1].get()
