"""
Garbage collection that does not end the interpreter.

CPython 3.14 collects in increments, and an increment looks through the frames of suspended calls,
which Pyodide 314 has moved elsewhere: the interpreter dies
(https://github.com/pyodide/pyodide/issues/6464). A full collection does not look there. So the
automatic one stays off, and full ones are made in its place, when as much was allocated as makes
one worth while.
"""

from __future__ import annotations

import gc

from ._parking import on_resume

__all__ = ["start"]

ALLOCATIONS = 20_000
"""New containers after which to collect: some 30 ms of work each time."""

_collect = gc.collect


def start() -> None:
    """Collect in full from now on, and keep others from collecting in increments."""
    gc.disable()
    gc.enable = lambda: None
    gc.isenabled = lambda: True
    gc.collect = _collect_in_full
    # What was imported so far stays for good: no collection need look at it again.
    _collect()
    gc.freeze()
    on_resume.append(_collect_if_worth_while)


def _collect_in_full(generation: int = 2) -> int:
    """Stand in for :func:`gc.collect`, whose generation 1 is an increment."""
    return _collect(0 if generation == 0 else 2)


def _collect_if_worth_while() -> None:
    if gc.get_count()[0] > ALLOCATIONS:
        _collect()
