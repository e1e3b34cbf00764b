"""
How code ends that will not end: what ``serve()``, ``ws_server`` and the checks of exercises share.

======================  =======================================================================
:func:`interrupt`       a thread that computes for ever
:func:`end_tasks`       tasks that swallow their cancellation
:func:`never_collect`   coroutines that would go on inside the garbage collector
======================  =======================================================================

A handler that goes round on a connection that is closed: see :mod:`wslab._patient`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import inspect
import sys
import threading
import traceback
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from ._clock import monotonic

__all__ = [
    "HeldUpError",
    "end_tasks",
    "holds_up",
    "interrupt",
    "never_collect",
]

CLEAN_UP_TIMEOUT = 0.5
"""Seconds that code gets to clean up, once it was told to end."""

LIBRARY_TIMEOUT = 0.2
"""Seconds that a thread gets to leave a library, before it is interrupted there."""

_one_at_a_time = threading.Lock()
"""Held by who has changed the interpreter's switch interval."""


class HeldUpError(SystemExit):
    """Raised inside code that holds up its thread and would not end by itself."""

    # SystemExit, because ``except Exception:`` would catch anything less. Without an __init__():
    # what another thread raises is made in this one, where the next might interrupt that.
    def __str__(self) -> str:
        why = "stop() ended code that held up the event loop: it did not await"
        return str(self.args[0]) if self.args else why


def interrupt(
    thread: threading.Thread, *, timeout: float, ended: Callable[[float], bool] | None = None
) -> bool:
    """
    End what a thread is doing by a :exc:`HeldUpError`; return whether that was in time.

    Python raises it between two bytecodes. Code that catches everything, in a loop, is made to
    raise at every line from then on. In a call of C, such as ``time.sleep``, nothing can be raised
    before it returns; then it is.

    Args:
        thread: Any other thread than this one.
        timeout: Seconds to wait at most.
        ended: Waits so many seconds for what is to be reached, and returns whether it is; by
            default that the thread has ended.

    >>> def spin():
    ...     while True:
    ...         try:
    ...             1 / 0
    ...         except:
    ...             pass
    >>> def run():
    ...     with contextlib.suppress(HeldUpError):
    ...         spin()
    >>> thread = threading.Thread(target=run, daemon=True)
    >>> thread.start()
    >>> interrupt(thread, timeout=5)
    True
    """

    def has_ended(seconds: float) -> bool:
        thread.join(seconds)
        return not thread.is_alive()

    ended = ended or has_ended
    # While the exception waits to be raised, a traced thread of Python 3.11 (by a debugger, by
    # coverage) spins inside the interpreter: this one would, until a time.sleep() there ends.
    if sys.version_info < (3, 12) and sys.gettrace() is not None:
        return ended(0)
    deadline = monotonic() + timeout
    _raise_in(thread, HeldUpError, deadline)
    if not ended(min(timeout, CLEAN_UP_TIMEOUT)):
        # ``except:`` in a loop has caught it, and catches whatever comes while that is in ``try``.
        lines = _EveryLine()
        _raise_in(thread, lines.raise_from_here, deadline)
        ended(max(0.0, deadline - monotonic()))
        lines.raising = False
    return ended(0)


def holds_up(thread: threading.Thread) -> bool:
    """Return whether a thread runs other code than asyncio, ``websockets`` and ours just now."""
    return bool(_frames(_innermost(thread)))


def _raise_in(thread: threading.Thread, error: type[HeldUpError], deadline: float) -> None:
    # Where a library has just taken a lock and is not yet in the block that frees it, Python lets
    # an error in: in a ``__enter__()`` that is written in Python, such as that of a Condition, and
    # with 3.14.8 after any. Whoever takes that lock next waits for ever.
    _leave_library(thread, min(deadline, monotonic() + LIBRARY_TIMEOUT))
    if thread.is_alive():  # its number is another thread's some day
        ident = ctypes.c_ulong(thread.ident or 0)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(error))


def _leave_library(thread: threading.Thread, deadline: float) -> None:
    """Return when a thread is in other code than a library's, or at the deadline."""
    with _one_at_a_time:
        interval = sys.getswitchinterval()
        try:
            # As often as this, in seconds, another thread lets this one look: it would see a loop
            # that calls a library in its own line once in 0.1 s or so.
            sys.setswitchinterval(1e-5)
            while monotonic() < deadline and _in_library(_innermost(thread)):
                thread.join(1e-5)
        finally:
            sys.setswitchinterval(interval)


class _EveryLine:
    """
    Lets every line that a thread begins raise, in the functions that it is in: ``except:`` as well.

    What another thread raises comes where a loop goes round or a call returns, and there the line
    before is still in its ``try``.
    """

    def __init__(self) -> None:
        self.raising = True
        self.codes: set[CodeType] = set()
        # An error is made in the thread in which it is raised.
        begin = {"__init__": lambda error: self._begin(sys._getframe(1))}
        self.raise_from_here = type(HeldUpError.__name__, (HeldUpError,), begin)

    def _begin(self, frame: FrameType) -> None:
        frames = _frames(frame)
        frames = [frame for frame in frames if not _in_library(frame)] or frames
        self.codes = {frame.f_code for frame in frames}
        # Python takes a trace function away once it has raised. Not one written in C, such as that
        # of C's ``not``, which asks __bool__(): what that raises, the line raises.
        function = ctypes.cast(ctypes.pythonapi.PyObject_Not, ctypes.c_void_p)
        ctypes.pythonapi.PyEval_SetTrace(function, ctypes.py_object(self))

    def __bool__(self) -> bool:
        self.begin_line(sys._getframe(1).f_code)
        return True  # C's ``not`` of it is 0: no error

    def begin_line(self, code: CodeType) -> None:
        """Raise, if the line is in one of the functions."""
        if self.raising and code in self.codes:
            raise HeldUpError
        if not self.raising:
            ctypes.pythonapi.PyEval_SetTrace(None, None)


def _frames(innermost: FrameType | None) -> list[FrameType]:
    """What a thread runs now, without those of our own who called it: they must clean up."""
    frames = [frame for frame, _ in traceback.walk_stack(innermost)] if innermost else []
    while frames and _package(frames[-1]) in _CALLERS:
        frames.pop()
    return frames


def _innermost(thread: threading.Thread) -> FrameType | None:
    return sys._current_frames().get(thread.ident or 0)


def _in_library(frame: FrameType | None) -> bool:
    """Whether a line is Python's own, of ``websockets`` or ours; no line is not."""
    return frame is not None and _package(frame) in _LIBRARIES


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


_CALLERS = ("threading", "selectors", "asyncio", "websockets", "wslab")
_LIBRARIES = {*sys.stdlib_module_names, *_CALLERS}


async def end_tasks() -> None:
    """
    End what runs on the running loop, but for this task; wait for nothing for ever.

    Tasks are cancelled and asynchronous generators closed. A task that swallows its cancellation
    is closed, which it may swallow, too: then it stands still for as long as the process lives.
    """
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        _, refusing = await asyncio.wait(tasks, timeout=CLEAN_UP_TIMEOUT)
        for task in refusing:
            chain = _chain(task.get_coro())
            for coroutine in chain:
                never_collect(coroutine)
            # Here, where the loop runs. The garbage collector would do it, and print what comes.
            with contextlib.suppress(BaseException):
                chain[0].close()
    closing = asyncio.create_task(asyncio.get_running_loop().shutdown_asyncgens())
    await asyncio.wait([closing], timeout=CLEAN_UP_TIMEOUT)


def _chain(coroutine: Any) -> list[Any]:
    """A coroutine, what it awaits, and so on."""
    chain = []
    while coroutine is not None:
        chain.append(coroutine)
        coroutine = getattr(coroutine, "cr_await", None)
    return chain


def never_collect(coroutine: object) -> None:
    """
    Keep a coroutine for ever, if it is suspended.

    The garbage collector would run it on, without a loop, on whichever thread: there a ``while``
    loop around ``await`` that catches every exception goes round without a pause.
    """
    suspended = (
        inspect.iscoroutine(coroutine)
        and inspect.getcoroutinestate(coroutine) == inspect.CORO_SUSPENDED
    )
    if suspended:
        # Not in a list, which would be emptied, and they collected, at the end of the process.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(coroutine))
