"""TCP connections that are passed on: their addresses and their ends."""

from __future__ import annotations

import socket
import struct
import sys
from typing import Any, Literal, TypeAlias
from urllib.parse import SplitResult, urlsplit

__all__ = ["Ending", "parse_address", "reset_when_closed"]

Ending: TypeAlias = Literal["FIN", "RST"]
"""How a side ends its TCP connection."""


def parse_address(url: str) -> tuple[SplitResult, tuple[str, int]]:
    """
    Return the parts of a WebSocket address, and the host and port that it names.

    Raises:
        ValueError: It is no ``ws://`` address.

    >>> parse_address("ws://127.0.0.1/chat")[1]
    ('127.0.0.1', 80)
    """
    parts = urlsplit(url)
    if parts.scheme != "ws" or not parts.hostname:
        raise ValueError(f"expected an address such as ws://127.0.0.1:8765, not {url!r}")
    return parts, (parts.hostname, parts.port or 80)


def reset_when_closed(sock: Any) -> None:
    """Let a socket that is closed end its connection by RST."""
    # One that lingers for 0 seconds does so.
    linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
