"""
``_thread``'s half of :mod:`threading`: starting threads, joining them, raising in them.

A thread is a call that JavaScript makes of Python, in a turn of its own, and that may be suspended.
"""

from __future__ import annotations

import asyncio
import collections
import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyodide.ffi import create_once_callable

from ._parking import (
    MAIN,
    Waiters,
    begin,
    current,
    on_resume,
    park,
    running_as,
    turns,
    wake,
    wake_main,
)

__all__ = [
    "ThreadHandle",
    "interrupt_main",
    "raise_in",
    "start_joinable_thread",
    "start_new_thread",
]

_idents = itertools.count(MAIN + 1)
_due: dict[int, type[BaseException]] = {}  # what a thread gets when it goes on
_alive: set[int] = {MAIN}


class ThreadHandle:
    """
    What ``_thread._ThreadHandle`` is: the one thing that outlives a thread.

    Attributes:
        ident: Identifier of the thread, 0 before it was started.
    """

    def __init__(self) -> None:
        self.ident = 0
        self._done = False
        self._waiters: Waiters = collections.deque()

    def is_done(self) -> bool:
        """Return whether the thread has ended."""
        return self._done

    def join(self, timeout: float | None = None) -> None:
        """
        Wait for the end of the thread.

        Args:
            timeout: Seconds to wait at most; negative or ``None`` for as long as it takes.

        Raises:
            RuntimeError: A thread would wait for itself.
        """
        if self.ident == current():
            raise RuntimeError("Cannot join current thread")
        if not self._done and timeout != 0:
            park(self._waiters, None if timeout is None or timeout < 0 else timeout)

    def _set_done(self) -> None:
        self._done = True
        wake(self._waiters)


def start_joinable_thread(
    function: Callable[[], object], handle: ThreadHandle | None = None, daemon: bool = True
) -> ThreadHandle:
    """
    Begin a thread that calls a function.

    Args:
        function: What it calls.
        handle: Where to note its identifier and its end; a new one by default.
        daemon: Without a meaning here: a tab that is closed waits for nobody.
    """
    handle = handle or ThreadHandle()
    ident = handle.ident = next(_idents)
    _alive.add(ident)

    def main() -> None:
        before = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        try:
            with running_as(ident):
                begin()
                function()
        finally:
            asyncio._set_running_loop(before)
            _alive.discard(ident)
            _due.pop(ident, None)
            handle._set_done()

    turns.soon(create_once_callable(main, _may_syncify=True))
    return handle


def start_new_thread(
    function: Callable[..., object],
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
) -> int:
    """Begin a thread and return its identifier, as ``_thread.start_new_thread()`` does."""

    def run() -> None:
        try:
            function(*args, **(kwargs or {}))
        except SystemExit:
            pass
        except BaseException:
            sys.excepthook(*sys.exc_info())

    return start_joinable_thread(run).ident


def raise_in(ident: int, exception: type[BaseException] | None) -> int:
    """
    Raise an exception in another thread when it next runs; return how many threads that was.

    It does what ``PyThreadState_SetAsyncExc()`` does in C.

    Args:
        ident: Identifier of the thread.
        exception: Class of the exception; ``None`` takes back one that was not raised yet.
    """
    if ident not in _alive:
        return 0
    if exception is None:
        _due.pop(ident, None)
    else:
        _due[ident] = exception
    return 1


def interrupt_main() -> bool:
    """
    Raise ``KeyboardInterrupt`` in the cell that computes or waits; return whether it waited.

    Where no cell is in the middle of a call, the exception would meet the next one: so ask first
    whether a cell runs.
    """
    _due[MAIN] = KeyboardInterrupt
    return wake_main()


def _raise_due() -> None:
    if _due and (exception := _due.pop(current(), None)):
        raise exception


on_resume.append(_raise_due)
