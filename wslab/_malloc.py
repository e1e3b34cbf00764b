"""
What glibc's malloc gives back to the system, and when.

asyncio allocates 256 KiB for each read, before it knows how little has come. glibc maps such a
block from the system and unmaps it again: two page faults for each short message, which take longer
than all that is done with it, and 245 for one of 1 MiB. It stops doing so for blocks up to the size
of a mapped one that was freed (``M_MMAP_THRESHOLD`` in mallopt(3)), and keeps twice as much then.
"""

from __future__ import annotations

import functools
import sys
from typing import Final

__all__ = ["keep_read_buffers"]

FREED: Final = 4 * 2**20
"""Bytes of the block that is freed: as many as ``websockets`` needs for a message of 1 MiB."""


@functools.cache
def keep_read_buffers() -> None:
    """
    Let malloc keep up to 8 MiB that are free, in all of this process.

    The block takes no memory, for nothing is written to it. Elsewhere than on Linux it might.
    """
    if sys.platform == "linux":
        bytes(FREED)
