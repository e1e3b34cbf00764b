"""Exercises of 09b · More than one process."""

from __future__ import annotations

from typing import Final

from . import relay

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK: Final = "09b_more_than_one_process"

EXERCISES: Final = (relay.EXERCISE,)
