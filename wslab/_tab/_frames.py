"""
What threads are doing: ``sys._current_frames()``.

The frames of a call that is suspended cannot be looked at, since Pyodide has moved a part of them
elsewhere. So a thread whose turn is taken, or that sleeps, leaves a copy of what they say.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

from ._parking import current

__all__ = ["Frame", "current_frames", "left"]


class Frame:
    """
    A copy of a frame, without its variables; see :class:`types.FrameType`.

    Attributes:
        f_back: That of the caller.
        f_code: What is running.
        f_globals: The names of its module.
        f_lineno: Where it is.
    """

    __slots__ = ("f_back", "f_code", "f_globals", "f_lineno")

    def __init__(self, frame: FrameType) -> None:
        self.f_back: Frame | None = None
        self.f_code: CodeType = frame.f_code
        self.f_globals: dict[str, Any] = frame.f_globals
        self.f_lineno = frame.f_lineno


_left: dict[int, Frame] = {}


def current_frames() -> dict[int, FrameType | Frame]:
    """Return what each thread is doing that computes or sleeps; see :func:`sys._current_frames`."""
    return {**_left, current(): sys._getframe(1)}


@contextlib.contextmanager
def left(frame: FrameType) -> Iterator[Frame]:
    """Leave a copy for the length of a block; yield that of the frame where all began."""
    ident = current()
    first = last = Frame(frame)
    caller = frame.f_back
    while caller is not None:
        last.f_back = Frame(caller)
        last = last.f_back
        caller = caller.f_back
    _left[ident] = first
    try:
        yield last
    finally:
        _left.pop(ident, None)
