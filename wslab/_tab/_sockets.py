"""
``socket.socket`` over :mod:`._network`: what asyncio, ``websockets`` and this course use of it.
"""

from __future__ import annotations

import collections
import contextlib
import errno
import itertools
import os
import socket
import struct
import time
import weakref
from collections.abc import Callable
from typing import Any, Self

from . import _network
from ._network import Address, End
from ._parking import Waiters, park, wake

__all__ = ["Socket", "end_of", "getaddrinfo", "replace_descriptor", "socketpair"]

_native: Any = socket.socket
_descriptors = itertools.count(10_000)  # far from those of files
_sockets: weakref.WeakValueDictionary[int, Socket] = weakref.WeakValueDictionary()


class Socket:
    """
    A stream socket between ends in this process; see :class:`socket.socket`.

    It raises what a socket raises: ``BlockingIOError``, ``TimeoutError``, ``ConnectionError`` and
    its subclasses, ``OSError`` for a descriptor that is closed.
    """

    def __init__(
        self,
        family: int = -1,
        type: int = -1,
        proto: int = -1,
        fileno: int | None = None,
        *,
        end: End | None = None,
    ) -> None:
        self.family = socket.AF_INET if family == -1 else family
        self.type = socket.SOCK_STREAM if type == -1 else type
        self.proto = socket.IPPROTO_TCP if proto <= 0 else proto
        if self.type != socket.SOCK_STREAM:
            raise OSError(errno.EPROTONOSUPPORT, "in a browser tab there are stream sockets only")
        self._end = end or End()
        self._end.handles += 1
        self._fd = next(_descriptors)
        self._timeout = socket.getdefaulttimeout()
        self._io_refs = 0  # files that makefile() made of it
        self._closed = False
        _sockets[self._fd] = self

    # ---- handles ----

    def fileno(self) -> int:
        """Return the descriptor, -1 after close."""
        return self._fd

    def close(self) -> None:
        """Close it, once the files made of it are closed."""
        self._closed = True
        if self._io_refs <= 0:
            self._release()

    def detach(self) -> int:
        """Forget the descriptor without closing the connection."""
        fd, self._fd = self._fd, -1
        return fd

    def dup(self) -> Self:
        """Return another handle of the same end."""
        self._check_open()
        copy = type(self)(self.family, self.type, self.proto, end=self._end)
        copy._timeout = self._timeout
        return copy

    def makefile(self, *args: Any, **kwargs: Any) -> Any:
        """Return a file over the connection, as the standard library makes it."""
        return _native.makefile(self, *args, **kwargs)

    def _decref_socketios(self) -> None:
        self._io_refs -= 1
        if self._closed:
            self.close()

    def _release(self) -> None:
        if self._fd != -1:
            _sockets.pop(self._fd, None)
            self._fd = -1
            self._end.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):  # at the end of the interpreter
            self._release()

    def __repr__(self) -> str:
        names = f"laddr={self._end.name}, raddr={self._end.peer_name}"
        return f"<socket.socket fd={self._fd}, {names}>"

    # ---- options ----

    def settimeout(self, value: float | None) -> None:
        """Set how many seconds an operation waits; 0 never, ``None`` for as long as it takes."""
        if value is not None and value < 0:
            raise ValueError("Timeout value out of range")
        self._timeout = value

    def gettimeout(self) -> float | None:
        """Return how many seconds an operation waits."""
        return self._timeout

    timeout = property(gettimeout)

    def setblocking(self, flag: bool) -> None:
        """Wait for as long as it takes, or never."""
        self._timeout = None if flag else 0.0

    def getblocking(self) -> bool:
        """Return whether operations wait."""
        return self._timeout != 0

    def setsockopt(self, level: int, option: int, value: int | bytes | None, *rest: int) -> None:
        """Take note of ``SO_LINGER`` and of buffers; memory has no use for the others."""
        if (level, option) == (socket.SOL_SOCKET, socket.SO_SNDBUF) and isinstance(value, int):
            self._end.sends = value
        if (level, option) == (socket.SOL_SOCKET, socket.SO_RCVBUF) and isinstance(value, int):
            self._end.receives = value
        if (level, option) == (socket.SOL_SOCKET, socket.SO_LINGER) and isinstance(value, bytes):
            on, seconds = struct.unpack("ii", value)
            self._end.abort_on_close = bool(on) and seconds == 0

    def getsockopt(self, level: int, option: int, *rest: int) -> int:
        """Return 0: no error, and nothing set."""
        return 0

    def getsockname(self) -> Address:
        """Return its own address."""
        self._check_open()
        return self._end.name

    def getpeername(self) -> Address:
        """Return the other end's address."""
        self._check_open()
        if self._end.peer_name is None:
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        return self._end.peer_name

    # ---- connections ----

    def bind(self, address: Address) -> None:
        """Take an address of this machine; port 0 is a free one."""
        host, port = address[:2]
        if host not in {*_network.LOOPBACK, ""}:
            raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
        if not self._end.bind(host, port):
            raise OSError(errno.EADDRINUSE, "Address already in use")

    def listen(self, backlog: int = 0) -> None:
        """Let others connect."""
        if not self._end.name[1]:
            self._end.bind("", 0)
        self._end.listen()

    def accept(self) -> tuple[Socket, Address]:
        """Return a connection that somebody opened, and their address."""
        self._wait(lambda: self._end.backlog)
        end = self._end.accept()
        assert end.peer_name is not None
        return Socket(self.family, self.type, self.proto, end=end), end.peer_name

    def connect(self, address: Address) -> None:
        """Connect to whoever listens there."""
        if code := self.connect_ex(address):
            raise OSError(code, os.strerror(code))  # of the subclass that fits

    def connect_ex(self, address: Address) -> int:
        """Do the same, and return an error's number or 0."""
        self._check_open()
        return 0 if _network.connect(self._end, *address[:2]) else errno.ECONNREFUSED

    def shutdown(self, how: int) -> None:
        """End one direction, or both."""
        self._check_connected()
        if how in (socket.SHUT_WR, socket.SHUT_RDWR):
            self._end.end_sending()
        if how in (socket.SHUT_RD, socket.SHUT_RDWR):
            self._end.eof = True
        self._end.changed()

    # ---- data ----

    def send(self, data: Any, flags: int = 0) -> int:
        """Send what there is room for; return how many bytes those are."""
        end = self._end
        self._check_connected()
        self._wait(end.writable)
        self._raise_reset()
        if end.sent_eof:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
        return end.put(memoryview(data).cast("B"))

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all of it."""
        view = memoryview(data).cast("B")
        while view:
            view = view[self.send(view) :]

    def sendmsg(self, buffers: Any, *rest: Any) -> int:
        """Send what there is room for of several buffers."""
        return self.send(b"".join(buffers))

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Return what has arrived, ``b""`` at the end."""
        self._check_open()
        self._wait(self._end.readable)
        if not self._end.data:
            self._raise_reset()
        return self._end.take(size, peek=bool(flags & socket.MSG_PEEK))

    def recv_into(self, buffer: Any, size: int = 0, flags: int = 0) -> int:
        """Write what has arrived into a buffer; return how many bytes those are."""
        data = self.recv(size or len(buffer), flags)
        buffer[: len(data)] = data
        return len(data)

    # ---- waiting ----

    def _check_open(self) -> None:
        if self._fd == -1:
            raise OSError(errno.EBADF, "Bad file descriptor")

    def _check_connected(self) -> None:
        self._check_open()
        if self._end.peer is None:
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")

    def _raise_reset(self) -> None:
        if self._end.reset:
            self._end.reset = False
            self._end.eof = True
            raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")

    def _wait(self, ready: Callable[[], object]) -> None:
        if ready():
            return
        if self._timeout == 0:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        deadline = None if self._timeout is None else time.monotonic() + self._timeout
        waiters: Waiters = collections.deque()

        def notify() -> None:
            wake(waiters)

        self._end.observers.add(notify)
        try:
            while not ready():
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    raise TimeoutError("timed out")
                park(waiters, left)
                self._check_open()
        finally:
            self._end.observers.discard(notify)


def end_of(descriptor: int) -> End | None:
    """Return what is behind a descriptor, if it is a socket's."""
    found = _sockets.get(descriptor)
    return None if found is None else found._end


def replace_descriptor(source: int, target: int) -> bool:
    """Close the connection behind a descriptor, as ``dup2()`` does; return whether it is ours."""
    found = _sockets.get(target)
    if found is not None:
        found._end.close()
        found._end = End()
        found._end.handles += 1
    return found is not None


def socketpair(*args: int) -> tuple[Socket, Socket]:
    """Return two sockets that are connected."""
    one, two = _network.pair()
    return Socket(end=one), Socket(end=two)


def getaddrinfo(
    host: str | bytes | None,
    port: int | str | None,
    family: int = 0,
    type: int = 0,
    proto: int = 0,
    flags: int = 0,
) -> list[tuple[int, int, int, str, Address]]:
    """
    Return the one address of a name: there is no other machine, and no IPv6.

    Raises:
        socket.gaierror: The name is another machine's.
    """
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        name = "0.0.0.0" if name is None and flags & socket.AI_PASSIVE else "127.0.0.1"
    assert name is not None
    if not name.replace(".", "").isdigit():
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (name, int(port or 0)))]
