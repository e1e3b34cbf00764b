"""Call a learner's function, so that it can hold up nothing and leave nothing behind."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import inspect
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from wslab._clock import monotonic
from wslab._stubborn import HeldUpError, end_tasks, holds_up, interrupt

from .advice import meaning
from .finding import Fault, Finding, shorten, show

__all__ = ["call"]

INTERRUPT_TIMEOUT = 3.0


class _NoEndError(Exception):
    """An async function took longer than it may: no TimeoutError, which might be its own."""


def call(
    function: Any, *arguments: Any, timeout: float, release: Callable[[], None] = lambda: None
) -> Any:
    """
    Call the learner's function on a thread of its own, so that it cannot hold up the cell.

    Args:
        function: A function, plain or ``async``.
        arguments: What it is called with.
        timeout: Seconds it may take.
        release: Called when it took longer; ends what it may be waiting for.

    Raises:
        Finding: It raised, did not end in time, or cannot be called like that.
    """
    _expect_callable(function, arguments)
    outcome: concurrent.futures.Future[Any] = concurrent.futures.Future()

    def target() -> None:
        try:
            result = function(*arguments)
            if inspect.isawaitable(result):
                result = _run(result, timeout)
            outcome.set_result(result)
        except BaseException as exc:
            outcome.set_exception(exc)

    thread = threading.Thread(target=target, name="wslab check", daemon=True)
    thread.start()
    deadline = monotonic() + timeout + 0.5  # for what an async function cleans up
    try:
        return outcome.result(max(0.0, deadline - monotonic()))
    except _NoEndError:
        raise _no_end(timeout) from None
    except concurrent.futures.TimeoutError:
        if outcome.done():
            raise _raised("TimeoutError", "") from None
        release()
        _end(thread)
        raise _no_end(timeout) from None
    except KeyboardInterrupt:
        if not outcome.done():  # the learner interrupted the cell
            release()
            _end(thread)
            raise
        raise _raised("KeyboardInterrupt", "") from None
    except BaseException as exc:
        raise _raised(type(exc).__name__, _words(exc)) from None


def _end(thread: threading.Thread) -> None:
    """Let a thread end: by itself, if it is about to, or by an error in the learner's code."""
    deadline = monotonic() + INTERRUPT_TIMEOUT
    while thread.is_alive() and (left := deadline - monotonic()) > 0:
        if holds_up(thread):
            interrupt(thread, timeout=left)
        thread.join(min(0.05, left))


def _expect_callable(function: Any, arguments: tuple[Any, ...]) -> None:
    if not callable(function):
        raise Fault("it is no function", sent="nothing", expected="a function", got=show(function))
    try:
        inspect.signature(function).bind(*arguments)
    except (TypeError, ValueError) as exc:
        problem = f"it must take {len(arguments)} argument(s)"
        called = f"a call with {len(arguments)} argument(s)"
        raise Fault(problem, sent=called, expected="it can be called", got=str(exc)) from None


def _no_end(timeout: float) -> Finding:
    return Finding(f"it did not end within {timeout:g} s", got="no end")


def _words(exc: BaseException) -> str:
    try:
        return str(exc)
    except BaseException:  # it is the learner's
        return ""


def _raised(type: str, words: str) -> Finding:
    problem = f"it raised {type}{meaning(type, words)}"
    return Finding(problem, got=shorten(f"{type}: {words}" if words else type))


def _run(awaitable: Awaitable[Any], timeout: float) -> Any:
    """
    Run an awaitable to its end, for a while.

    ``asyncio.run()`` may have been patched by nest_asyncio for the kernel's thread, and it waits
    for ever for tasks that swallow their cancellation.
    """
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(_bounded(awaitable, timeout))
    finally:
        # Nobody is left to handle what is raised from here on.
        loop.set_exception_handler(lambda loop, context: None)
        try:
            ending = loop.create_task(end_tasks())
            while not ending.done():
                with contextlib.suppress(HeldUpError):  # one meant for the learner's code
                    loop.run_until_complete(ending)
        finally:
            loop.close()


async def _bounded(awaitable: Awaitable[Any], timeout: float) -> Any:
    task = asyncio.ensure_future(awaitable)
    if not (await asyncio.wait([task], timeout=timeout))[0]:
        raise _NoEndError
    return task.result()
