"""Exercises of 06 · Many clients."""

from __future__ import annotations

from typing import Final

from . import ask_all, both, by_path, lively

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK: Final = "06_many_clients"

EXERCISES: Final = (
    both.EXERCISE,
    ask_all.EXERCISE,
    by_path.EXERCISE,
    lively.EXERCISE,
)
