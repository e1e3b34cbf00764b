"""Exercises of 01 · Client: send and receive."""

from __future__ import annotations

from typing import Final

from . import ask, collect, listen, send_json

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK: Final = "01_client_send_receive"

EXERCISES: Final = (
    send_json.EXERCISE,
    collect.EXERCISE,
    listen.EXERCISE,
    ask.EXERCISE,
)
