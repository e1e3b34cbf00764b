"""What tests of exercises share: less patience, and what may go wrong on other threads."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

import pytest

import wslab.exercises

BOUND = 12.0
"""Seconds that a check may take at most, whatever the answer does."""

# On the thread of a server or a client that is being ended, nobody is left to handle these.
hostile = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnhandledThreadExceptionWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
    "ignore:coroutine .* was never awaited:RuntimeWarning",
)


def cannot_interrupt() -> bool:
    """Whether a thread that spins cannot be ended: see :func:`wslab._stubborn.interrupt`."""
    return sys.version_info < (3, 12) and sys.gettrace() is not None


@contextlib.contextmanager
def impatience() -> Iterator[None]:
    """Let checks wait for less time: most wrong answers leave them waiting."""
    limits = {"REPLY_TIMEOUT": 0.3, "CLIENT_TIMEOUT": 0.6, "CROWD": 12}
    with pytest.MonkeyPatch.context() as patch:
        for name, module in list(sys.modules.items()):
            if name.startswith(f"{wslab.exercises.__name__}."):
                for limit in limits.keys() & vars(module).keys():
                    patch.setattr(module, limit, limits[limit])
        yield
