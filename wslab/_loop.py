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
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

__all__ = ["LoopThread"]

NOTICE_TIMEOUT = 0.5


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

    def __init__(
        self, name: str, lifespan: Callable[[], AbstractAsyncContextManager[Any]]
    ) -> None:
        self._lifespan = lifespan
        # One future carries readiness and failure to the thread that starts.
        self._ready: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._stop = asyncio.Event()
        # In an empty context: ipykernel keeps in a context variable which cell is running. What
        # a handler prints would go to the cell that started the server, long out of sight.
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
        except BaseException:  # no more threads
            self._loop.close()
            raise
        try:
            self._ready.result(timeout)
        except BaseException:  # also an interrupted cell: nothing is left running
            self.stop(timeout=timeout)
            raise

    def stop(self, *, timeout: float) -> bool:
        """
        Leave the context manager, close the loop and end the thread; return whether it ended.

        A loop that takes half a second to notice is held up by code that never awaits. Its thread
        gets a ``SystemExit``, which Python
        raises there between two bytecodes. If that code is inside a call of C, such as
        ``time.sleep``, it comes when the call returns, and the thread ends by itself.

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
        noticed = threading.Event()
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(self._set_stop, noticed)
            if not noticed.wait(NOTICE_TIMEOUT) and self._thread.ident is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread.ident), ctypes.py_object(SystemExit)
                )
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _set_stop(self, noticed: threading.Event) -> None:
        self._stop.set()
        noticed.set()

    def is_current(self) -> bool:
        """Return whether the caller runs on this thread."""
        return threading.current_thread() is self._thread

    def _main(self) -> None:
        try:
            self._run()
        except BaseException as exc:
            if self._ready.done():
                raise
            self._ready.set_exception(exc)

    def _run(self) -> None:
        loop = self._loop
        try:
            main = loop.create_task(self._stay_entered())
            while not main.done():
                # asyncio lets SystemExit and KeyboardInterrupt of any task out of the loop. They
                # were meant to end that task, not this thread.
                with contextlib.suppress(SystemExit, KeyboardInterrupt):
                    loop.run_until_complete(main)
            main.result()
        finally:
            # Nobody is left to handle what a task raises from here on.
            loop.set_exception_handler(lambda loop, context: None)
            tasks = asyncio.all_tasks(loop)
            for task in tasks:
                task.cancel()
            if tasks:
                loop.run_until_complete(asyncio.wait(tasks, timeout=0.5))
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    async def _stay_entered(self) -> None:
        async with self._lifespan():
            self._ready.set_result(None)
            await self._stop.wait()
