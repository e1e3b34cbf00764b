"""A bus that is given to an answer: it notes what it is asked for, and says what a test wants."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable
from typing import Any

from wslab._clock import perf_counter
from wslab.exercises._judge import REPLY_TIMEOUT, Finding, Server, show, wait_for

__all__ = ["Bus", "SlowBus", "deliver"]


class Bus:
    """A bus whose methods never wait."""

    def __init__(self) -> None:
        self.on_message: Any = None
        self.subscribed: list[Any] = []
        self.unsubscribed: list[Any] = []
        self.published: list[tuple[Any, Any]] = []
        self._changed = threading.Condition()

    def subscribe(self, room: Any) -> Any:
        self._note(self.subscribed, room)

    def unsubscribe(self, room: Any) -> Any:
        self._note(self.unsubscribed, room)

    def publish(self, room: Any, message: Any) -> Any:
        self._note(self.published, (room, message))

    def _note(self, notes: list[Any], what: Any) -> None:
        with self._changed:
            notes.append(what)
            self._changed.notify_all()

    def wait(self, condition: Callable[[], bool]) -> bool:
        """Wait until a condition of what was noted holds; return whether that came."""
        return wait_for(self._changed, condition)


class SlowBus(Bus):
    """The same, but a subscription stands only when a test says so; nothing else is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._stands: set[Any] = set()
        self._waiting: list[tuple[Any, asyncio.Future[None]]] = []

    async def subscribe(self, room: Any) -> None:
        if room not in self._stands:
            stands = asyncio.get_running_loop().create_future()
            self._waiting.append((room, stands))
            self._note(self.subscribed, room)
            await stands
        else:
            self._note(self.subscribed, room)

    def confirm(self, server: Server, room: Any, *messages: str) -> None:
        """Let the subscription stand; messages come in the same turn of the event loop."""

        async def stand() -> None:
            self._stands.add(room)
            self._settle(room, lambda stands: stands.set_result(None))
            for message in messages:
                await _hand_over(self, room, message)

        asyncio.run_coroutine_threadsafe(stand(), server.loop).result(REPLY_TIMEOUT)

    def confirm_and_go_on(self, server: Server, room: Any, count: int) -> list[float]:
        """Let the subscription stand; number after number comes then. Return when each came."""
        times = []

        async def stand() -> None:
            self._stands.add(room)
            self._settle(room, lambda stands: stands.set_result(None))
            for number in range(count):
                await asyncio.sleep(0.001)
                times.append(perf_counter())
                await _hand_over(self, room, str(number))

        asyncio.run_coroutine_threadsafe(stand(), server.loop).result(2 * REPLY_TIMEOUT)
        return times

    def fail(self, server: Server, room: Any) -> None:
        """Let the subscription fail."""

        async def fail() -> None:
            lost = ConnectionError("the bus is down")
            self._settle(room, lambda stands: stands.set_exception(lost))

        asyncio.run_coroutine_threadsafe(fail(), server.loop).result(REPLY_TIMEOUT)

    def end(self, server: Server) -> None:
        """Let all subscriptions stand, so that no handler waits for one any more."""
        for room in {room for room, _ in self._waiting}:
            self.confirm(server, room)

    def _settle(self, room: Any, settle: Callable[[asyncio.Future[None]], None]) -> None:
        for one, stands in self._waiting:
            if one == room and not stands.done():
                settle(stands)


async def _hand_over(bus: Bus, room: Any, message: str | bytes) -> None:
    called = bus.on_message(room, message)
    if inspect.isawaitable(called):
        await called


def deliver(bus: Bus, server: Server, room: str, message: str | bytes) -> None:
    """
    Hand a message over, as if another process had published it.

    Raises:
        Finding: There is no function to hand it to, or it raises.
    """
    sent = f"bus.on_message({show(room)}, {show(message)})"
    if not callable(bus.on_message):
        problem = "nobody takes what the bus has: bus.on_message is not set"
        raise Finding(problem, sent=sent, expected="a function", got=show(bus.on_message))
    running = asyncio.run_coroutine_threadsafe(_hand_over(bus, room, message), server.loop)
    try:
        running.result(REPLY_TIMEOUT)
    except Exception as exc:
        got = f"{type(exc).__name__}: {exc}"
        problem = "the function bus.on_message failed"
        raise Finding(problem, sent=sent, expected="it returns", got=got) from None
