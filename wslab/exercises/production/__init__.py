"""Exercises of 11 · In production."""

from __future__ import annotations

from typing import Final

from . import follow, gate, goodbye, leave, watched

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK: Final = "11_in_production"

EXERCISES: Final = (
    gate.EXERCISE,
    goodbye.EXERCISE,
    leave.EXERCISE,
    follow.EXERCISE,
    watched.EXERCISE,
)
