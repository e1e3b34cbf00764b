"""
Taking the turn away from a thread that computes, as CPython's switch interval does.

Pyodide asks every few bytecodes whether a signal has come. A clock in JavaScript (``turns.js``)
says yes when :func:`sys.getswitchinterval` is over, Python calls the handler of that signal between
two bytecodes, as it would anywhere, and the handler waits for its next turn. So a handler that
computes for ever holds up nobody else, and can be ended.
"""

from __future__ import annotations

import pathlib
import signal
import sys
from types import FrameType

import pyodide_js
from pyodide.ffi import can_run_sync

from ._frames import left
from ._parking import turn, turns

__all__ = ["start"]

SIGNAL = signal.SIGVTALRM  # no program of this course uses it: it counts time of the processor
DEPTH = 4  # calls from here to the end of what this package calls of others

# Where a call begins that can be suspended: in the kernel's event loop, and as a thread.
_ROOTS = {("pyodide.webloop", "run_handle"), (f"{__package__}._threads", "main")}
_HERE = f"{pathlib.Path(__file__).parent}/"


def start() -> None:
    """Begin to share the interpreter fairly."""
    signal.signal(SIGNAL, _on_clock)
    turns.clock.signal = int(SIGNAL)
    turns.clock.interval = sys.getswitchinterval() * 1000
    pyodide_js.setInterruptBuffer(turns.clock)


def _on_clock(number: int, frame: FrameType | None) -> None:
    if frame is not None and can_run_sync() and not _is_atomic(frame):
        with left(frame) as root:
            # can_run_sync() also says yes in what JavaScript calls when a promise is settled.
            if (root.f_globals["__name__"], root.f_code.co_name) in _ROOTS:
                turn()


def _is_atomic(frame: FrameType | None) -> bool:
    """Return whether this package is in the middle of something."""
    for _ in range(DEPTH):
        if frame is None:
            return False
        if frame.f_code.co_filename.startswith(_HERE):
            return True
        frame = frame.f_back
    return False
