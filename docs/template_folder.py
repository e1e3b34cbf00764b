"""Exercises of NN · TITLE."""

from __future__ import annotations

from typing import Final

from . import shout

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK: Final = "NN_NAME"

EXERCISES: Final = (shout.EXERCISE,)
