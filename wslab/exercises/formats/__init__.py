"""Exercises of 05 · Message formats."""

from __future__ import annotations

from typing import Final

from . import chatroom, choose_version, exchange, store, take_order, translate

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK: Final = "05_message_formats"

EXERCISES: Final = (
    exchange.EXERCISE,
    store.EXERCISE,
    take_order.EXERCISE,
    translate.EXERCISE,
    choose_version.EXERCISE,
    chatroom.EXERCISE,
)
