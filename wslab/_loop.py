"""
One asyncio event loop on one daemon thread.

The loop is made with ``new_event_loop()``: the kernel's own loop stands still whenever a cell
blocks, and ``asyncio.run()`` may have been patched by nest_asyncio.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import math
import threading
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from ._clock import monotonic
from ._malloc import keep_read_buffers
from ._stubborn import end_tasks, holds_up, interrupt
from .kernel import NEST_ASYNCIO_ALONE

__all__ = ["LoopThread"]

NOTICE_TIMEOUT = 0.5
"""Seconds that the loop gets for a turn before what holds it up is interrupted."""

T = TypeVar("T")


class LoopThread:
    """
    Keep an asynchronous context manager entered, on a loop and a thread of its own.

    Args:
        name: Name of the thread.
        lifespan: Makes the context manager. It is entered by :meth:`start` and left by
            :meth:`stop`.

    Attributes:
        name: Name of the thread.
        interrupted: Whether :meth:`stop` had to interrupt code that held up the loop.

    >>> @contextlib.asynccontextmanager
    ... async def lifespan():
    ...     print("entered")
    ...     yield
    ...     print("left")
    >>> thread = LoopThread("example", lifespan)
    >>> thread.start(timeout=5)
    entered
    >>> thread.stop(timeout=5)
    left
    True
    """

    def __init__(self, name: str, lifespan: Callable[[], AbstractAsyncContextManager[Any]]) -> None:
        self.interrupted = False
        self.name = name
        self._lifespan = lifespan
        # One future carries readiness and failure to the thread that starts.
        self._ready: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._stop = asyncio.Event()
        # In an empty context: ipykernel keeps in a context variable which cell is running. What
        # a handler prints would go to the cell that started the server, long out of sight, where
        # threads inherit the context (Python 3.14 with -X thread_inherit_context).
        self._thread = threading.Thread(
            target=contextvars.Context().run, args=(self._main,), name=name, daemon=True
        )

    def start(self, *, timeout: float) -> None:
        """
        Start the thread; return once the context manager is entered.

        Args:
            timeout: Seconds to wait at most.

        Raises:
            TimeoutError: It took longer.
            Exception: Whatever entering raised.
        """
        self._loop = _new_loop()
        try:
            self._thread.start()
        except RuntimeError:  # no more threads
            self._loop.close()
            raise
        except BaseException:  # interrupted while the thread begins
            self._loop.call_soon_threadsafe(self._end)
            with contextlib.suppress(RuntimeError):  # it has not begun and cannot be joined
                self._thread.join(timeout)
            raise
        try:
            self._ready.result(timeout)
        except BaseException:  # also an interrupted cell: nothing is left running
            self.stop(timeout=timeout)
            raise

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """
        Run a coroutine on the loop while it is entered; wait for its result.

        Raises:
            Exception: Whatever the coroutine raised.

        >>> @contextlib.asynccontextmanager
        ... async def lifespan():
        ...     yield
        >>> thread = LoopThread("example", lifespan)
        >>> thread.start(timeout=5)
        >>> thread.run(asyncio.sleep(0, "done"))
        'done'
        >>> thread.stop(timeout=5)
        True
        """
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def stop(self, *, timeout: float) -> bool:
        """
        Leave the context manager, close the loop and end the thread; return whether it ended.

        A loop that takes half a second for a turn, now or later, is held up by code that never
        awaits: that is interrupted, see :func:`~wslab._stubborn.interrupt`. Inside a call of C,
        such as ``time.sleep``, it cannot be; the thread ends by itself when the call returns.

        Args:
            timeout: Seconds to wait at most, after up to half a second for the loop to notice.

        Raises:
            RuntimeError: The call comes from the loop's own thread, where it would wait for
                itself.
        """
        self.refuse_current()
        if not self.is_alive():
            return True
        deadline = monotonic() + NOTICE_TIMEOUT + timeout
        turned = self.ask_to_stop()
        while (left := deadline - monotonic()) > 0:
            # Not if it is a flood of frames that takes so long.
            if not turned.wait(min(NOTICE_TIMEOUT, left)) and holds_up(self._thread):
                self.interrupted = True
                self.interrupt(left, turned)
            if self.join(min(NOTICE_TIMEOUT, left)):
                return True
            turned = threading.Event()  # once more: what ends may begin to spin
            self._call_in_loop(turned.set)
        return not self.is_alive()

    def interrupt(self, timeout: float, turned: threading.Event | None = None) -> None:
        """Interrupt what the thread is doing until it has ended, or an event is set."""

        def has_ended(seconds: float) -> bool:
            if turned is None or self._loop.is_closed():
                return self.join(seconds)
            return turned.wait(seconds)

        interrupt(self._thread, timeout=timeout, ended=has_ended)

    def refuse_current(self) -> None:
        """
        Refuse a call that would wait for the thread that it comes from.

        Raises:
            RuntimeError: It does.
        """
        if self.is_current():
            raise RuntimeError(
                "a handler cannot stop its own server and wait for it; call stop() in a cell, or "
                "await asyncio.to_thread(server.stop)"
            )

    def ask_to_stop(self) -> threading.Event:
        """Begin what :meth:`stop` does; return an event that is set once the loop has noticed."""
        noticed = threading.Event()

        def end() -> None:
            noticed.set()
            self._end()

        if not self._call_in_loop(end):
            noticed.set()
        return noticed

    def _call_in_loop(self, function: Callable[[], object]) -> bool:
        """Let the loop call a function in its next turn; return whether there may be one."""
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:  # the loop is closed already
            return False
        return True

    def join(self, timeout: float) -> bool:
        """Wait for the end of the thread, but not for ever; return whether it ended."""
        self._thread.join(max(0.0, timeout))
        return not self.is_alive()

    def is_alive(self) -> bool:
        """Return whether the thread runs."""
        return self._thread.is_alive()

    def _end(self) -> None:
        if self._ready.done():
            self._stop.set()
        else:  # start() gave up; entering may never end by itself
            self._main_task.cancel()

    def is_current(self) -> bool:
        """Return whether the caller runs on this thread."""
        return threading.current_thread() is self._thread

    def _main(self) -> None:
        try:
            if asyncio._get_running_loop() is not None:
                self._loop.close()
                raise RuntimeError(
                    "an event loop runs on this new thread already: threads are greenlets here, as "
                    "gevent's monkey.patch_all() makes them; leave them as they are: "
                    "patch_all(thread=False, select=False)"
                )
            self._run()
        except BaseException as exc:
            if self._ready.done():
                if isinstance(exc, asyncio.CancelledError):
                    return  # a handler cancelled all tasks, this one too: nothing to report
                raise
            self._ready.set_exception(exc)

    def _run(self) -> None:
        loop = self._loop
        try:
            self._main_task = loop.create_task(self._stay_entered())
            self._run_until_done(self._main_task)
            self._main_task.result()
        finally:
            # Nobody is left to handle what is raised from here on.
            loop.set_exception_handler(lambda loop, context: None)
            try:
                self._run_until_done(loop.create_task(end_tasks()))
            finally:
                loop.close()

    def _run_until_done(self, task: asyncio.Task[None]) -> None:
        # Not run_until_complete(): what it raises if somebody calls loop.stop() looks like what it
        # raises where no loop can run, over and over.
        task.add_done_callback(lambda task: self._loop.stop())
        while not task.done():
            # asyncio lets SystemExit and KeyboardInterrupt of any task out of the loop. They were
            # meant to end that task, not this thread.
            with contextlib.suppress(SystemExit, KeyboardInterrupt):
                self._loop.run_forever()

    async def _stay_entered(self) -> None:
        if asyncio.current_task() is None:  # on Python 3.14; no timeout works then
            raise RuntimeError(NEST_ASYNCIO_ALONE)
        async with self._lifespan():
            self._ready.set_result(None)
            await self._stop.wait()


def _new_loop() -> asyncio.AbstractEventLoop:
    keep_read_buffers()
    loop = asyncio.new_event_loop()
    with contextlib.suppress(AttributeError):  # uvloop, which has a clock of its own
        loop.time = monotonic  # type: ignore[method-assign]  # see _clock
    # In debug mode asyncio would tell of slow callbacks, in whichever cell runs.
    loop.slow_callback_duration = math.inf
    return loop
