"""How long a check waits, and how many clients a crowd has."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar

__all__ = [
    "BEATS_OF_A_REPLY",
    "CLIENT_TIMEOUT",
    "CROWD",
    "IN_VAIN_TIMEOUT",
    "REPLY_TIMEOUT",
    "note_in_vain",
    "patience",
    "wait_for",
    "waited_in_vain",
]

REPLY_TIMEOUT = 1.5
"""Seconds that a learner's server has for a reply, and a learner's client for a step."""

CLIENT_TIMEOUT = 2.0
"""Seconds that a learner's client has in all."""

IN_VAIN_TIMEOUT = 0.3
"""
Seconds for the same, once something has not come in time in the same check.

An answer that let a check wait once is wrong, and often does it again for other rules.
"""

waited_in_vain: ContextVar[list[float] | None] = ContextVar("waited in vain", default=None)
"""How long the check that is running has waited for what did not come, each time."""


def patience() -> float:
    """Return how many seconds a learner's server has for what is due now."""
    return min(REPLY_TIMEOUT, IN_VAIN_TIMEOUT) if waited_in_vain.get() else REPLY_TIMEOUT


def note_in_vain(seconds: float) -> None:
    """Note that what was due did not come within so many seconds."""
    if (waited := waited_in_vain.get()) is not None:
        waited.append(seconds)


def wait_for(changed: threading.Condition, holds: Callable[[], bool]) -> bool:
    """
    Wait with patience until something holds; return whether that came.

    Args:
        changed: Notified when it may have changed; it is not held yet.
        holds: Called while it is held.
    """
    seconds = patience()
    with changed:
        came = changed.wait_for(holds, seconds)
    if not came:
        note_in_vain(seconds)
    return came


CROWD = 40
"""Clients in a crowd: if each holds up the loop for 0.1 s, the last one's reply is late."""

BEATS_OF_A_REPLY = 1 if sys.platform == "emscripten" else 5
"""
Beats of a metronome, a millisecond each, in which a handler that awaits has sent its reply.

In a browser tab the metronome shares one thread of the machine with the handler: it has few beats
while one computes (0 to 0.1 for each reply were measured), and on a busy machine few while one
sleeps (2 in 0.05 s).
"""
