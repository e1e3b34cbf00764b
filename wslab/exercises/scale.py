"""Exercises of 09 · Performance and scale."""

from __future__ import annotations

from ._exercise import Exercise

__all__ = ["EXERCISES"]

EXERCISES: tuple[Exercise, ...] = ()
