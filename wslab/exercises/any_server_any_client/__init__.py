"""Exercises of 12 · Any server, any client."""

from __future__ import annotations

from typing import Final

from . import har_messages, relay, send_back, unpack

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK: Final = "12_any_server_any_client"

EXERCISES: Final = (
    send_back.EXERCISE,
    har_messages.EXERCISE,
    unpack.EXERCISE,
    relay.EXERCISE,
)
