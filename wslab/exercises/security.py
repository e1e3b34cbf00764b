"""Exercises of 07 · Security."""

from __future__ import annotations

from ._exercise import Exercise

__all__ = ["EXERCISES"]

EXERCISES: tuple[Exercise, ...] = ()
