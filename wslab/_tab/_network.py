"""
TCP on the loopback interface of one process: two buffers in memory for each connection.

An :class:`End` is what the operating system keeps for a socket; :mod:`._sockets` has the handles.
"""

from __future__ import annotations

import collections
import itertools
import secrets
from collections.abc import Callable

__all__ = [
    "BUFFER",
    "ROOM",
    "Address",
    "End",
    "connect",
    "free_port",
    "listener_on",
    "pair",
]

Address = tuple[str, int]

ROOM = 256 * 1024
"""Bytes that the network holds in each direction before it makes a sender wait, by default."""

BUFFER = ROOM // 4
"""Bytes asked for as each of an end's two buffers; the system takes twice as many: socket(7)."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "0.0.0.0"})
EPHEMERAL = range(49152, 65536)  # RFC 6335 §6

_listeners: dict[int, End] = {}


class End:
    """
    One end of a connection, or a socket that listens or is yet to be connected.

    Attributes:
        handles: Sockets that share it (``dup()``); without any it is closed.
        name: Its own address.
        peer: The other end.
        peer_name: The other end's address.
        data: What has arrived and was not read.
        eof: The other end will send no more.
        reset: The connection was broken off, and nobody was told so yet.
        sent_eof: This end sends no more.
        abort_on_close: Closing breaks the connection off (``SO_LINGER`` with a time of 0).
        sends: Bytes asked for as its buffer for sending (``SO_SNDBUF``).
        receives: Bytes asked for as its buffer for receiving (``SO_RCVBUF``).
        backlog: Of one that listens: connections that nobody has accepted yet.
        observers: Called whenever one of these changes.
    """

    def __init__(self) -> None:
        self.handles = 0
        self.name: Address = ("0.0.0.0", 0)
        self.peer: End | None = None
        self.peer_name: Address | None = None
        self.data = bytearray()
        self.eof = self.reset = self.sent_eof = self.abort_on_close = False
        self.sends = self.receives = BUFFER
        self.backlog: collections.deque[End] | None = None
        self.observers: set[Callable[[], None]] = set()
        self._accepted = True  # or it waits in a backlog, where it has no handle yet

    @property
    def is_open(self) -> bool:
        """Whether somebody has a handle of it, or will get one."""
        return self.handles > 0 or not self._accepted

    def readable(self) -> bool:
        """Return whether reading would not wait."""
        return bool(self.data or self.eof or self.reset or self.backlog)

    def writable(self) -> bool:
        """Return whether writing would not wait."""
        return self.peer is not None and (
            self.reset or self.sent_eof or not self.peer.is_open or self.room() > 0
        )

    def room(self) -> int:
        """Return how many bytes the other end would take now."""
        assert self.peer is not None
        return 2 * (self.sends + self.peer.receives) - len(self.peer.data)

    def changed(self) -> None:
        """Tell whoever watches this end."""
        for call in list(self.observers):
            call()

    def bind(self, host: str, port: int) -> bool:
        """Take a port, 0 for a free one; return whether it was to be had."""
        if port in _listeners:
            return False
        self.name = (host or "0.0.0.0", port or free_port())
        return True

    def listen(self) -> None:
        """Let others connect to this end's port."""
        if self.backlog is None:
            self.backlog = collections.deque()
        _listeners[self.name[1]] = self

    def accept(self) -> End:
        """Take the first connection out of the backlog, which is not empty."""
        assert self.backlog
        end = self.backlog.popleft()
        end._accepted = True
        return end

    def put(self, data: bytes | memoryview) -> int:
        """Give the other end what there is room for; return how many bytes those are."""
        peer = self.peer
        assert peer is not None
        if not peer.is_open:  # TCP answers with RST
            self.reset = True
            self.changed()
            return len(data)
        part = data[: max(0, self.room())]
        peer.data += part
        peer.changed()
        return len(part)

    def take(self, size: int, *, peek: bool = False) -> bytes:
        """Read what has arrived, at most so many bytes."""
        part = bytes(self.data[:size])
        if not peek and part:
            del self.data[:size]
            if self.peer is not None:
                self.peer.changed()  # there is room now
        return part

    def end_sending(self) -> None:
        """Send no more: the other end reads what is there, then the end."""
        self.sent_eof = True
        if self.peer is not None:
            self.peer.eof = True
            self.peer.changed()

    def close(self) -> None:
        """Let go of one handle; the last one closes the connection, or stops listening."""
        self.handles -= 1
        if self.handles:
            return
        if self.backlog is not None:
            _listeners.pop(self.name[1], None)
            for waiting in self.backlog:
                waiting._accepted = True
                waiting._drop(abort=True)
        self._drop(abort=self.abort_on_close or bool(self.data))
        self.changed()

    def _drop(self, *, abort: bool) -> None:
        if self.peer is not None:
            self.peer.reset |= abort and not self.peer.eof
            self.peer.eof = True
            self.peer.changed()


def connect(end: End, host: str, port: int) -> bool:
    """Connect an end to whoever listens on a port; return whether somebody does."""
    listener = _listeners.get(port)
    if listener is None or listener.backlog is None or host not in LOOPBACK:
        return False
    theirs = End()
    theirs.sends, theirs.receives = listener.sends, listener.receives
    if not end.name[1]:
        end.name = ("127.0.0.1", free_port())
    _join(end, theirs)
    end.peer_name = theirs.name = ("127.0.0.1" if host == "localhost" else host, port)
    theirs.peer_name = end.name
    theirs._accepted = False
    listener.backlog.append(theirs)
    listener.changed()
    end.changed()
    return True


def pair() -> tuple[End, End]:
    """Return two ends that are connected."""
    one, two = End(), End()
    _join(one, two)
    one.peer_name = two.peer_name = ("127.0.0.1", 0)
    return one, two


def listener_on(port: int) -> bool:
    """Return whether somebody listens on a port."""
    return port in _listeners


def free_port() -> int:
    """Return a port that nobody listens on."""
    port: int = next(port for port in _ports if port not in _listeners)
    return port


def _join(one: End, two: End) -> None:
    one.peer, two.peer = two, one


# Not from the first one on: the kernels of several notebooks have networks of their own, and a page
# finds the right one by the port.
_first = secrets.randbelow(len(EPHEMERAL))
_ports = itertools.cycle([*EPHEMERAL[_first:], *EPHEMERAL[:_first]])
