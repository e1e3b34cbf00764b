"""Exercises of 08 · Keeping connections alive."""

from __future__ import annotations

from typing import Final

from . import deliver, ledger, mirror, round_trip, stubborn, watchdog

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK: Final = "08_keeping_connections_alive"

EXERCISES: Final = (
    round_trip.EXERCISE,
    watchdog.EXERCISE,
    stubborn.EXERCISE,
    mirror.EXERCISE,
    ledger.EXERCISE,
    deliver.EXERCISE,
)
