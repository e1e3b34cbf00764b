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
import ctypes
import sys
import threading
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar, cast

__all__ = ["HeldUpError", "LoopThread"]

NOTICE_TIMEOUT = 0.5
CLEAN_UP_TIMEOUT = 0.5

T = TypeVar("T")


class HeldUpError(SystemExit):
    """Raised inside code that holds up the loop while :meth:`LoopThread.stop` waits for it."""

    # SystemExit, because ``except Exception:`` would catch anything less.
    def __str__(self) -> str:
        return "stop() ended code that held up the event loop: it did not await"


class LoopThread:
    """
    Keep an asynchronous context manager entered, on a loop and a thread of its own.

    Args:
        name: Name of the thread.
        lifespan: Makes the context manager. It is entered by :meth:`start` and left by
            :meth:`stop`.

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
        self._loop = asyncio.new_event_loop()
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

        A loop that takes half a second to notice is held up by code that never awaits: it gets a
        :exc:`HeldUpError`, which Python raises between two bytecodes. If that code is inside a
        call of C, such as ``time.sleep``, it comes when the call returns, and the thread ends by
        itself.

        Args:
            timeout: Seconds to wait at most, after up to half a second for the loop to notice.

        Raises:
            RuntimeError: The call comes from the loop's own thread, where it would wait for
                itself.
        """
        if self.is_current():
            raise RuntimeError(
                "a handler cannot stop its own server and wait for it; call stop() in a cell, or "
                "await asyncio.to_thread(server.stop)"
            )
        noticed = self.ask_to_stop()
        if not noticed.wait(NOTICE_TIMEOUT) and self._thread.is_alive():
            self._interrupt()
        return self.join(timeout)

    def ask_to_stop(self) -> threading.Event:
        """Begin what :meth:`stop` does; return an event that is set once the loop has noticed."""
        noticed = threading.Event()

        def end() -> None:
            noticed.set()
            self._end()

        try:
            self._loop.call_soon_threadsafe(end)
        except RuntimeError:  # the loop is closed already
            noticed.set()
        return noticed

    def join(self, timeout: float) -> bool:
        """Wait for the end of the thread, but not for ever; return whether it ended."""
        self._thread.join(max(0.0, timeout))
        return not self._thread.is_alive()

    def _interrupt(self) -> None:
        # While the exception waits to be raised, a traced thread of Python 3.11 (by a debugger, by
        # coverage) spins inside the interpreter: this one would, until a time.sleep() there ends.
        if sys.version_info < (3, 12) and sys.gettrace() is not None:
            return
        ident = ctypes.c_ulong(self._thread.ident or 0)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(HeldUpError))

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
                self._run_until_done(loop.create_task(self._clean_up()))
            finally:
                loop.close()

    def _run_until_done(self, task: asyncio.Task[None]) -> None:
        while not task.done():
            # asyncio lets SystemExit and KeyboardInterrupt of any task out of the loop. They were
            # meant to end that task, not this thread. RuntimeError: somebody called loop.stop().
            with contextlib.suppress(SystemExit, KeyboardInterrupt, RuntimeError):
                self._loop.run_until_complete(task)

    async def _stay_entered(self) -> None:
        async with self._lifespan():
            self._ready.set_result(None)
            await self._stop.wait()

    async def _clean_up(self) -> None:
        """Cancel what is left, then close asynchronous generators; wait for neither for ever."""
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            _, refusing = await asyncio.wait(tasks, timeout=CLEAN_UP_TIMEOUT)
            for task in refusing:
                # The garbage collector would do it, and print what comes of it.
                with contextlib.suppress(BaseException):
                    cast("Coroutine[Any, Any, Any]", task.get_coro()).close()
        closing = asyncio.create_task(self._loop.shutdown_asyncgens())
        await asyncio.wait([closing], timeout=CLEAN_UP_TIMEOUT)
