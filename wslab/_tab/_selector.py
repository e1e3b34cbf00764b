"""
``selectors.DefaultSelector`` for the sockets of :mod:`._sockets`: what an event loop waits with.

Whoever became ready first comes first, as with Linux's epoll: who was connected first and who has
sent first are different things, and a handler that blocks holds up those who have sent after it.
"""

from __future__ import annotations

import collections
import selectors
import time
from collections.abc import Callable
from typing import Any

from ._network import End
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
        self._news: dict[int, None] = {}  # who has become ready, in order
        self._watched: dict[int, tuple[End, Callable[[], None]]] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch a socket, given as itself or by its descriptor."""
        key: selectors.SelectorKey = super().register(fileobj, events, data)
        if end := end_of(key.fd):

            def changed() -> None:
                if self._events(key.fd):
                    self._news.setdefault(key.fd)
                    self._notify()

            self._watched[key.fd] = end, changed
            end.observers.add(changed)
            changed()
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Watch it no longer."""
        key: selectors.SelectorKey = super().unregister(fileobj)
        self._news.pop(key.fd, None)
        if watched := self._watched.pop(key.fd, None):
            end, changed = watched
            end.observers.discard(changed)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch it for something else."""
        key: selectors.SelectorKey = super().modify(fileobj, events, data)
        if watched := self._watched.get(key.fd):
            _, changed = watched
            changed()
        return key

    def close(self) -> None:
        """Watch nothing any longer."""
        for end, changed in self._watched.values():
            end.observers.discard(changed)
        self._watched.clear()
        self._news.clear()
        super().close()

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
        for fd in list(self._news):
            del self._news[fd]
            if events := self._events(fd):
                self._news[fd] = None  # behind the others, if it is ready the next time
                found.append((self._fd_to_key[fd], events))
        return found

    def _events(self, fd: int) -> int:
        end, watched_for = end_of(fd), self._fd_to_key[fd].events
        events = 0
        if end and watched_for & selectors.EVENT_READ and end.readable():
            events |= selectors.EVENT_READ
        if end and watched_for & selectors.EVENT_WRITE and end.writable():
            events |= selectors.EVENT_WRITE
        return events

    def _wake(self) -> None:
        wake(self._waiters)
