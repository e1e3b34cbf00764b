"""How long a check waits, and how many clients a crowd has."""

from __future__ import annotations

__all__ = ["CLIENT_TIMEOUT", "CROWD", "REPLY_TIMEOUT"]

REPLY_TIMEOUT = 2.0
"""Seconds that a learner's server has for a reply, and a learner's client for a step."""

CLIENT_TIMEOUT = 2.0
"""Seconds that a learner's client has in all."""

CROWD = 40
"""Clients in a crowd: if each holds up the loop for 0.1 s, the last one's reply is late."""
