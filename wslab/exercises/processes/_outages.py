"""A bus that is lost now and then, for exercise 9.8; it notes what happens."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
from collections.abc import AsyncIterator, Callable
from typing import Any

from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, call

__all__ = ["Step", "World"]

MANY = 300
"""Connections after which there is none any more: it does not wait in between, or never ends."""


@dataclasses.dataclass(frozen=True)
class Step:
    """
    What one call of ``connect()`` leads to.

    Attributes:
        messages: What comes over the connection, each with its room.
        lost: Whether it is lost then; else it lasts.
        subscriptions: How many there can be before it is lost; None for any number.
        refused: Whether there is no connection at all.
        joined: A room that somebody enters while rooms are subscribed.
    """

    messages: tuple[tuple[str, str], ...] = ()
    lost: bool = True
    subscriptions: int | None = None
    refused: bool = False
    joined: str = ""


class _Connection:
    def __init__(self, world: World, number: int, step: Step) -> None:
        self._world, self._number, self._step, self._count = world, number, step, 0

    async def subscribe(self, room: Any) -> None:
        await asyncio.sleep(0)
        if self._count == self._step.subscriptions:
            raise ConnectionError("the bus is lost")
        self._count += 1
        self._world.note("subscribed", self._number, room)
        if self._step.joined:
            self._world.open(self._step.joined)
            await asyncio.sleep(0)

    async def __aiter__(self) -> AsyncIterator[tuple[str, str]]:
        for message in self._step.messages:
            yield message
            await asyncio.sleep(0)
        if not self._step.lost:
            self._world.lasts.set()
            await asyncio.get_running_loop().create_future()
        raise ConnectionError("the bus is lost")


class World:
    """
    A process's rooms and its way to the bus.

    Args:
        steps: What the calls of ``connect()`` lead to, one after the other.
        last: What comes over the connection after them, which lasts.

    Attributes:
        log: What happened: ``("connect", number)``, ``("subscribed", number, room)``,
            ``("told", room, message)`` and ``("pause",)``.
        failure: Why the learner's function ended by itself.
        cancelled: Whether it ended when it was cancelled.
    """

    def __init__(self, *steps: Step, last: tuple[tuple[str, str], ...] = ()) -> None:
        self._steps = [*steps, Step(last, lost=False)]
        self._connections, self._over = 0, False
        self.log: list[tuple[Any, ...]] = []
        self.rooms: dict[str, Callable[[Any], None]] = {}
        self.failure: Finding | None = None
        self.cancelled = True
        self.lasts = asyncio.Event()
        for room in ("tea", "coffee"):
            self.open(room)

    def open(self, room: str) -> None:
        """Let somebody enter a room."""
        self.rooms[room] = lambda message: self.note("told", room, message)

    def note(self, *what: Any) -> None:
        """Note what happens, until the learner's function is cancelled."""
        if not self._over:
            self.log.append(what)

    async def connect(self) -> _Connection:
        self._connections += 1
        self.note("connect", self._connections)
        await asyncio.sleep(0)
        if self._connections > MANY:
            await asyncio.get_running_loop().create_future()
        step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
        if step.refused:
            raise ConnectionError("there is no bus")
        return _Connection(self, self._connections, step)

    async def pause(self) -> None:
        self.note("pause")
        self.open("cake")  # somebody enters a new room meanwhile
        await asyncio.sleep(0)

    async def _watch(self, task: asyncio.Future[Any]) -> None:
        """Let the learner's function run until the bus lasts, then cancel it."""
        lasts = asyncio.ensure_future(self.lasts.wait())
        limit = CLIENT_TIMEOUT / 2
        await asyncio.wait({task, lasts}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        lasts.cancel()
        ended, self._over = task.done(), True
        task.cancel()
        await asyncio.wait([task], timeout=limit / 4)
        self.cancelled = task.done()
        for _ in range(20):  # what swallows this once does not always do so
            task.cancel()
            await asyncio.wait([task], timeout=limit / 100)
        with contextlib.suppress(asyncio.CancelledError, asyncio.InvalidStateError):
            task.result()
            if ended:
                self.failure = Finding("it ended by itself", got="it returned")

    def run(self, answer: Any) -> World:
        """Run the learner's function; return this."""

        @functools.wraps(answer)  # which says how many parameters there must be
        async def scene(*arguments: Any) -> None:
            await self._watch(asyncio.ensure_future(answer(*arguments)))

        try:
            call(scene, self.connect, self.rooms, self.pause, timeout=2 * CLIENT_TIMEOUT)
        except Finding as finding:
            self.failure = finding
        return self

    def words(self) -> str:
        """Say what happened."""
        parts = [" ".join(map(str, entry)) for entry in self.log[:24]]
        if self.failure:
            parts.append(f"{self.failure.problem} ({self.failure.got})")
        return ", ".join(parts) or "nothing"

    def outage(self) -> int:
        """The place in the log where the second attempt begins: its length if there is none."""
        return self.log.index(("connect", 2)) if ("connect", 2) in self.log else len(self.log)

    def told(self, message: str) -> list[str]:
        """The rooms that were told a message, in order."""
        return [entry[1] for entry in self.log if entry[0] == "told" and entry[2] == message]

    def subscribed(self, number: int) -> set[Any]:
        """The rooms that were subscribed over a connection."""
        return {entry[2] for entry in self.log if entry[:2] == ("subscribed", number)}
