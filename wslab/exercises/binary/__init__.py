"""Exercises of 03 · Binary frames."""

from __future__ import annotations

from typing import Final

from . import parse_frame, receive_file, send_buffer, shout, weather

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK: Final = "03_binary_frames"

EXERCISES: Final = (
    send_buffer.EXERCISE,
    shout.EXERCISE,
    weather.EXERCISE,
    parse_frame.EXERCISE,
    receive_file.EXERCISE,
)
