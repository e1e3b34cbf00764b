"""
``selectors.DefaultSelector`` for the sockets of :mod:`._sockets`: what an event loop waits with.
"""

from __future__ import annotations

import collections
import selectors
import time
from collections.abc import Callable
from typing import Any

from ._parking import Waiters, park, wake
from ._sockets import end_of

__all__ = ["Selector"]


class Selector(selectors._BaseSelectorImpl):
    """
    Waits for sockets to become readable or writable.

    Args:
        notify: Called when that may be so; by default it wakes :meth:`select`.
    """

    _fd_to_key: dict[int, selectors.SelectorKey]

    def __init__(self, notify: Callable[[], None] | None = None) -> None:
        super().__init__()
        self._waiters: Waiters = collections.deque()
        self._notify = notify or self._wake

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch a socket, given as itself or by its descriptor."""
        key: selectors.SelectorKey = super().register(fileobj, events, data)
        if end := end_of(key.fd):
            end.observers.add(self._notify)
            self._notify()
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Watch it no longer."""
        key: selectors.SelectorKey = super().unregister(fileobj)
        if end := end_of(key.fd):
            end.observers.discard(self._notify)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch it for something else."""
        key: selectors.SelectorKey = super().modify(fileobj, events, data)
        self._notify()
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """
        Return which sockets are ready and for what; wait for one.

        Args:
            timeout: Seconds to wait at most; 0 or less not at all.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while not (ready := self.ready()):
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                break
            park(self._waiters, left)
        return ready

    def ready(self) -> list[tuple[selectors.SelectorKey, int]]:
        """Return the same, without waiting."""
        found = []
        for key in self._fd_to_key.values():
            end = end_of(key.fd)
            if end is None:
                continue
            events = 0
            if key.events & selectors.EVENT_READ and end.readable():
                events |= selectors.EVENT_READ
            if key.events & selectors.EVENT_WRITE and end.writable():
                events |= selectors.EVENT_WRITE
            if events:
                found.append((key, events))
        return found

    def _wake(self) -> None:
        wake(self._waiters)
