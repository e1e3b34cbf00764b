"""
The cell that is running: whose it is, and how to interrupt it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from . import _threads

__all__ = ["cell"]


class _Cell:
    """
    What IPython tells of cells; nothing where there is no IPython.

    Attributes:
        before: Called before each cell.
        after: Called after each cell.
    """

    def __init__(self) -> None:
        self.before: list[Callable[[], object]] = []
        self.after: list[Callable[[], object]] = []
        self._task: asyncio.Task[Any] | None = None
        self._shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
        if self._shell is not None:
            self._shell.events.register("pre_run_cell", self._begin)
            self._shell.events.register("post_run_cell", self._end)
            self._task = asyncio.current_task()  # of the cell that imports this

    @property
    def kernel(self) -> Any:
        """The kernel, or ``None``."""
        return getattr(self._shell, "kernel", None)

    @property
    def session(self) -> str:
        """Which page, and which of its notebooks, asked for the cell."""
        parent = getattr(self.kernel, "_parent_header", None) or {}
        return str(parent.get("header", {}).get("session", ""))

    def interrupt(self) -> None:
        """End the cell that runs: one that computes or waits, or one that awaits something."""
        if self._task is not None and not _threads.interrupt_main():
            self._task.cancel()

    def _begin(self, info: object) -> None:
        self._task = asyncio.current_task()
        for call in self.before:
            call()

    def _end(self, result: object) -> None:
        self._task = None
        for call in self.after:
            call()


cell = _Cell()
