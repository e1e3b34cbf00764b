"""Exercises of 07 · Security."""

from __future__ import annotations

from typing import Final

from . import doorkeeper, orders, private, token_bucket

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK: Final = "07_security"

EXERCISES: Final = (
    doorkeeper.EXERCISE,
    private.EXERCISE,
    orders.EXERCISE,
    token_bucket.EXERCISE,
)
