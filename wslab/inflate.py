"""
Compressed messages made readable: permessage-deflate (RFC 7692), one direction at a time.

What a message says may refer to the messages before it, so every compressed payload is inflated as
it comes, also those whose records nobody looks at. Of the result the first 64 KiB of each frame are
kept, the rest is only counted.

>>> inflater = Inflater(takeover=True)
>>> hello = Inflated()
>>> inflater.feed(bytes.fromhex("f248cdc9c90700"), last=True, into=hello)
>>> bytes(hello.data), hello.length
(b'Hello', 5)
"""

from __future__ import annotations

import zlib
from typing import Any, Final

from .wire import KEEP_PAYLOAD, Handshake, Inflated, Sender

__all__ = ["LIMIT", "Inflater", "make_inflater"]

LIMIT: Final = 16 * 2**20
"""A message that inflates to more bytes than this is given up, and its direction with it."""

CHUNK: Final = 64 * 1024  # inflated at once, so that no more than this is held
TAIL: Final = b"\x00\x00\xff\xff"  # what senders leave away (RFC 7692 §7.2.1)


class Inflater:
    """
    Inflate the compressed messages of one direction of one connection.

    The window that was agreed on does not matter: the largest one, which is used, reads them all.

    Args:
        takeover: Whether a message may refer to those before it (RFC 7692 §7.1.1).
        limit: Bytes that a message may inflate to.

    Attributes:
        stopped: Why nothing more of this direction is inflated, as a sentence, or ``None``.
    """

    def __init__(self, *, takeover: bool, limit: int = LIMIT) -> None:
        self.stopped: str | None = None
        self._takeover = takeover
        self._limit = limit
        self._size = 0  # of the present message
        self._zlib: Any = None  # of 40 KiB, so not before there is something for it

    def feed(self, data: bytes, *, last: bool, into: Inflated) -> None:
        """
        Inflate the next bytes of a message.

        Args:
            data: Bytes of the payload of a frame, not masked any more.
            last: Whether they are the last ones of their message.
            into: The frame's share of what comes out.
        """
        if self.stopped is None:
            try:
                self._inflate(data + TAIL if last else data, into)
            except zlib.error as exc:
                reason = str(exc).rpartition(": ")[2]
                self._stop(f"the payload cannot be inflated ({reason}; RFC 7692 §7.2.2)")
        if self.stopped is not None:
            into.problem = self.stopped
        if last:
            self._size = 0
            if not self._takeover:
                self._zlib = None

    def _inflate(self, data: bytes, into: Inflated) -> None:
        while True:
            if self._zlib is None:
                self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)
            out = self._zlib.decompress(data, CHUNK)
            into.length += len(out)
            into.data += out[: max(0, KEEP_PAYLOAD - len(into.data))]
            self._size += len(out)
            if self._size > self._limit:
                size = (
                    f"{self._limit // 2**20} MiB"
                    if self._limit >= 2**20
                    else f"{self._limit} bytes"
                )
                self._stop(f"the message inflates to more than {size}, so no more is inflated")
                return
            if self._zlib.eof:  # a block that says it is the last one (RFC 7692 §7.2.3.4)
                data, self._zlib = self._zlib.unused_data, None
            else:
                data = self._zlib.unconsumed_tail
            if not data and len(out) < CHUNK:
                return

    def _stop(self, why: str) -> None:
        self.stopped = why
        self._zlib = None


def make_inflater(response: Handshake, sender: Sender) -> Inflater | None:
    """
    Make what inflates one direction of a connection.

    Args:
        response: The server's half of the handshake.
        sender: Whose messages it is to inflate.

    Returns:
        ``None`` where permessage-deflate was not agreed on.
    """
    for extension in (response.header("Sec-WebSocket-Extensions") or "").split(","):
        name, *parameters = (part.strip(" \t") for part in extension.split(";"))
        if name == "permessage-deflate":
            return Inflater(takeover=f"{sender}_no_context_takeover" not in parameters)
    return None
