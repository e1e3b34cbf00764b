"""Exercises of 04 · Error handling."""

from __future__ import annotations

from typing import Final

from . import ask_patiently, guard, read_all, survive

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK: Final = "04_error_handling"

EXERCISES: Final = (
    read_all.EXERCISE,
    survive.EXERCISE,
    guard.EXERCISE,
    ask_patiently.EXERCISE,
)
