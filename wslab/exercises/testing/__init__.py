"""Exercises of 10 · Testing your own."""

from __future__ import annotations

from typing import Final

from . import check_counter, check_echo, close_code, double

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK: Final = "10_testing_your_own"

EXERCISES: Final = (
    check_echo.EXERCISE,
    close_code.EXERCISE,
    double.EXERCISE,
    check_counter.EXERCISE,
)
