"""What the exercises of this folder share."""

from __future__ import annotations

__all__ = ["hex_of"]


def hex_of(data: bytes) -> str:
    return data[:12].hex(" ") + " …" * (len(data) > 12)
