"""Exercises of 06 · Many clients."""

from __future__ import annotations

from ._exercise import Exercise

__all__ = ["EXERCISES"]

EXERCISES: tuple[Exercise, ...] = ()
