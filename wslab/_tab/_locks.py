"""
``_thread.lock``: what :mod:`threading` makes all its other primitives of.
"""

from __future__ import annotations

import collections
import time

from ._parking import Waiters, park, wake

__all__ = ["Lock"]


class Lock:
    """
    A lock as ``_thread.allocate_lock()`` makes one.

    >>> lock = Lock()
    >>> with lock:
    ...     lock.locked(), lock.acquire(blocking=False)
    (True, False)
    """

    def __init__(self) -> None:
        self._locked = False
        self._waiters: Waiters = collections.deque()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """
        Take the lock; return whether it was to be had.

        Args:
            blocking: Wait for it.
            timeout: Seconds to wait at most; -1 for as long as it takes.

        Raises:
            ValueError: A timeout for not waiting, or a negative one.
        """
        if timeout != -1 and not blocking:
            raise ValueError("can't specify a timeout for a non-blocking call")
        if timeout < 0 and timeout != -1:
            raise ValueError("timeout value must be a non-negative number")
        deadline = None if timeout == -1 else time.monotonic() + timeout
        while self._locked:
            if not blocking:
                return False
            left = None
            if deadline is not None:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
            park(self._waiters, left)
        self._locked = True
        return True

    def release(self) -> None:
        """
        Give the lock back.

        Raises:
            RuntimeError: Nobody has it.
        """
        if not self._locked:
            raise RuntimeError("release unlocked lock")
        self._locked = False
        wake(self._waiters, 1)

    def locked(self) -> bool:
        """Return whether somebody has it."""
        return self._locked

    # The names that threading and old code call them by.
    acquire_lock, release_lock, locked_lock = acquire, release, locked

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exc: object) -> None:
        self.release()
