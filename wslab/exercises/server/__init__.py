"""Exercises of 02 · The server."""

from __future__ import annotations

from typing import Final

from . import answer_questions, headcount, limited, metronome, room, welcome

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK: Final = "02_server"

EXERCISES: Final = (
    welcome.EXERCISE,
    answer_questions.EXERCISE,
    headcount.EXERCISE,
    limited.EXERCISE,
    metronome.EXERCISE,
    room.EXERCISE,
)
