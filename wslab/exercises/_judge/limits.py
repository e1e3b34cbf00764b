"""How long a check waits, and how many clients a crowd has."""

from __future__ import annotations

from contextvars import ContextVar

__all__ = ["CLIENT_TIMEOUT", "CROWD", "IN_VAIN_TIMEOUT", "REPLY_TIMEOUT", "waited_in_vain"]

REPLY_TIMEOUT = 2.0
"""Seconds that a learner's server has for a reply, and a learner's client for a step."""

CLIENT_TIMEOUT = 2.0
"""Seconds that a learner's client has in all."""

IN_VAIN_TIMEOUT = 0.5
"""Seconds that a learner's client has in all, once it did not end in time in the same check."""

waited_in_vain: ContextVar[list[float] | None] = ContextVar("waited in vain", default=None)
"""How long the check that is running has waited for clients that did not end, each time."""

CROWD = 40
"""Clients in a crowd: if each holds up the loop for 0.1 s, the last one's reply is late."""
