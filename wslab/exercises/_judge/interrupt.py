"""End a thread that computes for ever."""

from __future__ import annotations

import contextlib
import ctypes
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from types import CodeType

__all__ = ["interrupt"]


def interrupt(thread: threading.Thread) -> None:
    """End a thread that computes for ever; see LoopThread.stop for what this can and cannot."""
    if sys.version_info < (3, 12) and sys.gettrace() is not None:
        return  # see LoopThread._interrupt: it would hang here
    _raise_in(thread)
    thread.join(1.2)  # time to clean up
    deadline = time.monotonic() + 2.5
    # ``except:`` in a loop has caught it, and catches whatever comes while the loop is in ``try``.
    with _no_more_lines(thread):
        while thread.is_alive() and time.monotonic() < deadline:
            _raise_in(thread)
            thread.join(0.001)


def _raise_in(thread: threading.Thread) -> None:
    ident = ctypes.c_ulong(thread.ident or 0)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(SystemExit))


@contextlib.contextmanager
def _no_more_lines(thread: threading.Thread) -> Iterator[None]:
    """
    Let every line that a thread begins raise, in the functions that it is in: ``except:`` as well.

    Python 3.12 raises what is asked for from another thread where a loop goes round, and there the
    line before is still in its ``try``. Elsewhere, as in Python 3.11, that comes by itself.
    """
    if sys.version_info < (3, 12):
        yield
        return
    monitoring = sys.monitoring

    def end(code: CodeType, line: int) -> object:
        if threading.get_ident() == thread.ident:
            raise SystemExit
        return None

    tool = next(tool for tool in range(6) if monitoring.get_tool(tool) is None)
    monitoring.use_tool_id(tool, "wslab.exercises")
    monitoring.register_callback(tool, monitoring.events.LINE, end)
    frame = sys._current_frames().get(thread.ident or 0)
    codes = {frame.f_code for frame, _ in traceback.walk_stack(frame)} if frame else set()
    for code in codes:
        monitoring.set_local_events(tool, code, monitoring.events.LINE)
    try:
        yield
    finally:
        for code in codes:
            monitoring.set_local_events(tool, code, monitoring.events.NO_EVENTS)
        monitoring.register_callback(tool, monitoring.events.LINE, None)
        monitoring.free_tool_id(tool)
