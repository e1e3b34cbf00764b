"""Updates for a learner's handler, one after the other, as a rule sends them."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

from websockets.asyncio.server import ServerConnection

from wslab.exercises._judge import REPLY_TIMEOUT, Fault, held_up, show, wait_for

__all__ = ["Desk", "Feed", "Update"]

Update: TypeAlias = tuple[str, float]


class Feed:
    """Updates that a rule sends into the learner's handler, from another thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Update | None] = asyncio.Queue()
        self._changed = threading.Condition()
        self._put = self._taken = 0

    def put(self, *updates: Update | None) -> None:
        """Send updates; None ends them."""
        self._put += len(updates)

        def put_all() -> None:
            for update in updates:
                self._queue.put_nowait(update)

        with contextlib.suppress(RuntimeError):  # the learner's handler has closed the loop
            self._loop.call_soon_threadsafe(put_all)

    def put_one_by_one(self, *updates: Update) -> None:
        """Send each once the loop has had many turns, so that the one before may be on its way."""

        async def put_each() -> None:
            for update in updates:
                self._queue.put_nowait(update)
                for _ in range(50):
                    await asyncio.sleep(0)
                await asyncio.sleep(0.003)

        self._putting = asyncio.run_coroutine_threadsafe(put_each(), self._loop)

    def wait_taken(self) -> bool:
        """Wait until all were taken, and the next one is asked for; return whether that came."""
        return wait_for(self._changed, lambda: self._taken >= self._put)

    async def updates(self) -> AsyncIterator[Update]:
        while (update := await self._queue.get()) is not None:
            yield update
            await asyncio.sleep(0)  # the other tasks get their turn
            self._count()
        self._count()

    def _count(self) -> None:
        with self._changed:
            self._taken += 1
            self._changed.notify_all()


class Desk:
    """A server with the learner's handler; each client has updates of its own."""

    def __init__(self, answer: Any) -> None:
        if not callable(answer):
            expected = "an async function with two parameters"
            raise Fault("it is no function", sent="nothing", expected=expected, got=show(answer))
        self._answer = answer
        self._feeds: list[Feed] = []
        self._started = threading.Semaphore(0)

    async def __call__(self, ws: ServerConnection) -> None:
        self._feeds.append(feed := Feed())
        self._started.release()
        await self._answer(ws, feed.updates())

    def feed(self) -> Feed:
        """Return the updates of the client that has come."""
        if not self._started.acquire(timeout=REPLY_TIMEOUT):
            raise held_up()
        return self._feeds[-1]
