"""Exercises of 09b · More than one process."""

from __future__ import annotations

from typing import Final

from . import bridge, enter, guests, relay, resume, share

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK: Final = "09b_more_than_one_process"

EXERCISES: Final = (
    relay.EXERCISE,
    share.EXERCISE,
    enter.EXERCISE,
    bridge.EXERCISE,
    resume.EXERCISE,
    guests.EXERCISE,
)
