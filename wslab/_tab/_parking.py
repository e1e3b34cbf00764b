"""
Waiting: one call of Python gives way to the others, in an interpreter without threads.

Where the browser can suspend a call of WebAssembly (JavaScript Promise Integration), Pyodide's
:func:`pyodide.ffi.run_sync` leaves Python in the middle of a call and comes back to it when a
future is done. Whoever has to wait *parks*: it puts a :class:`Parked` into a queue, and whoever it
waits for wakes it. All the rest of this package is built on that.

No other code runs between two parkings, unless :mod:`._preemption` takes the turn away. It never
does so inside this package, whose functions are therefore atomic.
"""

from __future__ import annotations

import _thread
import collections
import contextlib
import itertools
import pathlib
import time
from collections.abc import Callable
from typing import Any, TypeAlias

import pyodide_js
from pyodide.code import run_js
from pyodide.ffi import can_run_sync, create_proxy, run_sync

__all__ = [
    "MAIN",
    "Parked",
    "Waiters",
    "begin",
    "current",
    "on_begin",
    "on_resume",
    "park",
    "running_as",
    "turn",
    "turns",
    "wake",
]

MAIN: int = _thread.get_ident()
"""Identifier of the thread that the kernel runs its cells on."""

MAX_DELAY = 2**31 - 1  # milliseconds that setTimeout() takes
FAIR = 0.005  # seconds that threads may wake each other before the event loop has a turn

turns: Any = run_js(pathlib.Path(__file__).with_name("turns.js").read_text(encoding="utf-8"))

on_begin: list[Callable[[], None]] = []
"""Called where a call of Python begins, before those of :data:`on_resume`."""

on_resume: list[Callable[[], None]] = []
"""Called where a thread begins or goes on after it was parked; what one raises, the thread gets."""

stack_base = 0
"""Address where the stack of the call that is running begins, for :mod:`._stack`."""

_current = MAIN
_turned = time.perf_counter()  # when the event loop of JavaScript last had a turn
_timed: dict[int, Parked] = {}
_numbers = itertools.count()
_main_parked: list[Parked] = []  # innermost last: a cell may call asyncio.run()


class Parked:
    """
    A future of one waiting thread, as far as ``run_sync()`` looks at one.

    An :class:`asyncio.Future` belongs to an event loop, whose turns it takes to be done. This one
    is done at once, and threads have event loops of their own.
    """

    _asyncio_future_blocking = False  # by this, asyncio.isfuture() knows a future

    def __init__(self) -> None:
        self.woken = False
        self._callback: Callable[[Parked], None] | None = None

    def add_done_callback(
        self, callback: Callable[[Parked], None], *, context: object = None
    ) -> None:
        """Take the one callback that ``run_sync()`` gives it."""
        self._callback = callback
        if self.woken:
            callback(self)

    def wake(self) -> None:
        """Let the thread go on, as soon as the one that calls this waits itself."""
        if not self.woken:
            self.woken = True
            if self._callback is not None:
                self._callback(self)

    def done(self) -> bool:
        """Return whether it was woken."""
        return self.woken

    def cancelled(self) -> bool:
        """Return ``False``: nobody can cancel it."""
        return False

    def exception(self) -> None:
        """Return ``None``: it cannot fail."""

    def result(self) -> None:
        """Return ``None``: it carries no value."""

    def __await__(self) -> Any:
        raise RuntimeError("a parked thread is waited for with run_sync(), not with await")


Waiters: TypeAlias = "collections.deque[Parked]"


def current() -> int:
    """Return the identifier of the thread that is running."""
    return _current


@contextlib.contextmanager
def running_as(ident: int) -> Any:
    """Be a thread of that identifier for the length of a block."""
    global _current
    before, _current = _current, ident
    try:
        yield
    finally:
        _current = before


def park(waiters: Waiters, timeout: float | None = None) -> bool:
    """
    Wait until somebody takes this thread out of the queue; return whether that was in time.

    Args:
        waiters: The queue to wait in.
        timeout: Seconds to wait at most.

    Raises:
        RuntimeError: The browser cannot suspend Python here, inside a callback of JavaScript.
    """
    woken = _park(waiters, timeout)
    if time.perf_counter() - _turned > FAIR:
        # Woken threads come before timers and messages: two that wake each other would keep
        # everything else out.
        _take_turn()
    _resume()
    return woken


def turn() -> None:
    """Let everything go on that is ready: threads, timers, messages from the page."""
    _take_turn()
    _resume()


def begin() -> None:
    """Do what is to be done where a call of Python begins."""
    for call in on_begin:
        call()
    _resume()


def _resume() -> None:
    for call in on_resume:
        call()


def wake(waiters: Waiters, count: int | None = None) -> None:
    """
    Let waiting threads go on, those first that came first.

    Args:
        waiters: The queue they wait in.
        count: How many; all by default.
    """
    for _ in range(len(waiters) if count is None else min(count, len(waiters))):
        waiters.popleft().wake()


def wake_main() -> bool:
    """Let the cell that waits go on, whatever it waits for; return whether one did."""
    if _main_parked:
        _main_parked[-1].wake()
    return bool(_main_parked)


def _park(waiters: Waiters, timeout: float | None) -> bool:
    global _current, stack_base
    if not can_run_sync():
        raise RuntimeError(
            "Python cannot wait here: it was called by JavaScript, and the browser can suspend it "
            "in cells and in threads only"
        )
    parked = Parked()
    waiters.append(parked)
    timer = number = None
    if timeout is not None:
        number = next(_numbers)
        _timed[number] = parked
        delay = min(max(0.0, timeout) * 1000, MAX_DELAY)
        timer = turns.after(delay, _expired, number)
    base = stack_base
    me, _current = _current, MAIN
    if me == MAIN:
        turns.hold()
        _main_parked.append(parked)
    try:
        run_sync(parked)
    finally:
        _current, stack_base = me, base
        if me == MAIN:
            _main_parked.remove(parked)
            turns.release()
        if number is not None:
            turns.cancel(timer)
            _timed.pop(number, None)
        in_time = parked not in waiters
        if not in_time:
            waiters.remove(parked)
    return in_time


def _take_turn() -> None:
    turns.soon(_next_turn)
    _park(_turning, None)


def _on_turn() -> None:
    global _turned
    _turned = time.perf_counter()
    wake(_turning, 1)


def _on_expiry(number: int) -> None:
    global _turned
    _turned = time.perf_counter()
    if parked := _timed.pop(number, None):
        parked.wake()


_turning: Waiters = collections.deque()
_next_turn = create_proxy(_on_turn)
_expired = create_proxy(_on_expiry)
# Each call of Python that may suspend begins with a turn of Pyodide's own, by setTimeout().
pyodide_js._api.scheduleCallback = turns.soon
