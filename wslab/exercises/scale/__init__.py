"""Exercises of 09 · Performance and scale."""

from __future__ import annotations

from typing import Final

from . import batches, frame_size, quotes, squeeze

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK: Final = "09_performance_and_scale"

EXERCISES: Final = (
    frame_size.EXERCISE,
    batches.EXERCISE,
    squeeze.EXERCISE,
    quotes.EXERCISE,
)
