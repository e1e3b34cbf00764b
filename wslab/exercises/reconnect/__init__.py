"""Exercises of 04b · Reconnect."""

from __future__ import annotations

from typing import Final

from . import catch_up, classify

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK: Final = "04b_reconnect"

EXERCISES: Final = (classify.EXERCISE, catch_up.EXERCISE)
