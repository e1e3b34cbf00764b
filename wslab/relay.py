"""
TCP connections that are passed on, and seen on the way: what a tap and a link are made of.

A :class:`Relay` accepts clients and makes a :class:`Relayed` for each: two :class:`End`\\ s, one
with the client and one with the server. What arrives at one end goes out at the other one: bytes,
FIN and RST. An end whose other end cannot write is not read, so at most some 64 KiB and one read of
each direction are ever in here.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final, Literal, TypeAlias, cast
from urllib.parse import SplitResult, urlsplit

from .wire import Sender

__all__ = ["End", "Ending", "Relay", "Relayed", "parse_address", "reset_when_closed"]

READ: Final = 256 * 1024
"""Bytes that are read at once, unless something else is said."""

PATIENCE: Final = 1.0
"""Seconds in which an end can take what is left for it, before RST."""

Ending: TypeAlias = Literal["FIN", "RST"]
"""How a side ends its TCP connection."""


class End(asyncio.BufferedProtocol):
    """
    One end of a relayed connection: the TCP connection with the client, or with the server.

    Not an ``asyncio.Protocol``: for each read of such a one asyncio allocates 256 KiB, which takes
    longer than all that is done here with a short message.

    Attributes:
        sender: Who is there.
        other: The other end.
        transport: The TCP connection; there is none before it is made.
        take: What is done with the bytes that arrive here.
        finished: Whether FIN has arrived here.
        lost: Whether the connection is over, both directions.
    """

    other: End

    def __init__(self, sender: Sender, relayed: Relayed) -> None:
        self.sender: Sender = sender
        self.transport: asyncio.Transport | None = None
        self.finished = False
        self.lost = False
        self.take: Callable[[bytes], None] = self.pass_on
        self._relayed = relayed
        self._buffer = relayed.relay.buffer
        self._held: set[str] = set()
        self._early: list[bytes] = []  # what has come while the other end was not there
        self._early_end = False  # and FIN

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """There is a TCP connection."""
        self.transport = cast(asyncio.Transport, transport)
        self._relayed.made(self)
        if self._held:  # uvloop begins to read only now, whatever was said before
            asyncio.get_running_loop().call_soon(self.hold_on)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where asyncio puts what has arrived."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what has arrived."""
        self.take(bytes(self._buffer[:nbytes]))

    def wait(self) -> None:
        """Read nothing, until :meth:`begin`: the other end is not there yet."""
        self._take, self.take = self.take, self._take_early
        self.hold("connecting")

    def _take_early(self, data: bytes) -> None:
        self._early.append(data)

    def begin(self) -> None:
        """Take what has come too early, and read on."""
        self.take = self._take
        early, self._early = self._early, []
        for data in early:
            self.take(data)
        self.release("connecting")
        if self._early_end:
            self._finish()

    def pass_on(self, data: bytes) -> None:
        """Write bytes at the other end, as they are."""
        self.other.write(data)

    def eof_received(self) -> bool:
        """FIN has arrived; the other direction goes on, which it cannot with TLS."""
        if self.take == self._take_early:
            self._early_end = True
        else:
            self._finish()
        return bool(self.transport and self.transport.can_write_eof())

    def connection_lost(self, exc: Exception | None) -> None:
        """The TCP connection is over."""
        self.lost = True
        if exc is None:
            self._finish()
        else:
            self._relayed.reset(self)
        self._relayed.over(self)

    def _finish(self) -> None:
        if not self.finished:  # asyncio tells it again after a pause
            self.finished = True
            self._relayed.finished(self)

    def pause_writing(self) -> None:
        """The buffer is full."""
        self._relayed.full(self)

    def resume_writing(self) -> None:
        """There is room again."""
        self._relayed.drained(self)

    def hold(self, reason: str) -> None:
        """Read nothing here, until every reason for it is gone."""
        self._held.add(reason)
        self.hold_on()

    def hold_on(self) -> None:
        """Read nothing as long as there is a reason for that."""
        if self._held and self.transport is not None and not self.lost:
            self.transport.pause_reading()

    def release(self, reason: str) -> None:
        """Read again, unless there is another reason not to."""
        self._held.discard(reason)
        if not self._held and self.transport is not None and not self.lost:
            self.transport.resume_reading()

    def ignore(self) -> None:
        """From here on read and forget, so that FIN can be seen: nothing of it goes anywhere."""
        self.take = _forget
        self._held.clear()
        self.release("")

    def write(self, data: bytes) -> None:
        """Send bytes to who is here; none are sent where the connection is over."""
        if self.transport is not None and not self.lost:
            self.transport.write(data)

    def finish(self) -> None:
        """Send FIN, after what was written; with TLS, that ends both directions."""
        if self.transport is None or self.lost:
            return
        if self.transport.can_write_eof():
            with contextlib.suppress(OSError):  # reset in this moment, which asyncio tells next
                self.transport.write_eof()
        else:
            self.close()

    def close(self) -> None:
        """End the connection once everything is sent."""
        if self.transport is not None:
            self.transport.close()

    def reset(self) -> None:
        """End the connection by RST, once everything is sent; but who does not read loses it."""
        if self.transport is None or self.lost:
            return
        if self.unsent:
            with contextlib.suppress(OSError):
                reset_when_closed(self.transport.get_extra_info("socket"))
            self.close()
            # It may not read because it writes itself, to somebody who is not there any more.
            asyncio.get_running_loop().call_later(PATIENCE, self.abort)
        else:
            self.reset_now()

    def reset_now(self) -> None:
        """End the connection by RST, whatever has not left."""
        if self.transport is not None and not self.lost:
            with contextlib.suppress(OSError):
                reset_when_closed(self.transport.get_extra_info("socket"))
            self.abort()

    def abort(self) -> None:
        """End the connection now."""
        if self.transport is not None:
            self.transport.abort()

    @property
    def unsent(self) -> int:
        """Bytes that were written here and have not left."""
        return self.transport.get_write_buffer_size() if self.transport and not self.lost else 0


Connect: TypeAlias = Callable[[Callable[[], End]], Awaitable[object]]
"""Opens the TCP connection of the end that the argument makes."""


class Relayed:
    """
    A connection from a client, and the one from here to the server.

    Args:
        relay: Who has accepted it.

    Attributes:
        client: The end with the client.
        server: The end with the server.
    """

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.client = End("client", self)
        self.server = End("server", self)
        self.client.other, self.server.other = self.server, self.client
        self._opening: asyncio.Task[None] | None = None

    def made(self, end: End) -> None:
        """There is a TCP connection at an end."""
        if end is self.server:
            return
        self.relay.connections.add(self)
        if self.relay.closing:
            end.abort()
            return
        end.wait()
        self._opening = asyncio.get_running_loop().create_task(self._open())

    async def _open(self) -> None:
        failure: OSError | None = None
        try:
            await self.relay.connect(lambda: self.server)
        except OSError as exc:
            failure = exc
        self._opening = None
        if failure is None:
            self.client.begin()
        else:
            self.refused(failure)

    def refused(self, exc: OSError) -> None:
        """There is no connection to the server: the client gets RST, as it comes too late."""
        self.stop_opening()
        self.client.reset()

    def finished(self, end: End) -> None:
        """FIN has arrived at an end: pass it on, and when both have come, that was all."""
        end.other.finish()
        if end.other.finished:
            self.client.close()
            self.server.close()

    def full(self, end: End) -> None:
        """What is written at an end does not leave: nothing more is read at the other one."""
        end.other.hold("full")

    def drained(self, end: End) -> None:
        """It has left."""
        end.other.release("full")

    def reset(self, end: End) -> None:
        """An end was ended by RST, or by something worse: pass that on."""
        end.other.reset()

    def stop_opening(self) -> None:
        """Connect no more to the server, if that is not done yet."""
        if self._opening is not None:
            self._opening.cancel()
        if self.server.transport is None:
            self.server.finished = self.server.lost = True

    def over(self, end: End) -> None:
        """An end is over; when both are, this is."""
        if self.client.lost and (self.server.lost or self.server.transport is None):
            self.stop_opening()
            self.relay.connections.discard(self)
            self.relay.check_empty()

    def close(self) -> None:
        """End both TCP connections, by FIN, once everything is sent."""
        self.stop_opening()
        self.client.close()
        self.server.close()

    def abort(self) -> None:
        """End both TCP connections now."""
        self.client.abort()
        self.server.abort()

    def sockets(self) -> Iterator[Any]:
        """Yield the sockets of both ends."""
        for end in (self.client, self.server):
            if end.transport is not None and not end.lost:
                yield end.transport.get_extra_info("socket")


class Relay:
    """
    Accept connections, and pass on each.

    Args:
        connect: Opens the connection to the server.
        make: Makes the connection that passes on, given this relay.
        read: Bytes that are read at once at most.

    Attributes:
        buffer: Where what arrives is put at first.
        connections: Those that are there now.
        closing: New ones are turned away.
        sockets: Those that listen.
    """

    def __init__(
        self, connect: Connect, make: Callable[[Relay], Relayed] = Relayed, read: int = READ
    ) -> None:
        self.connect = connect
        self.connections: set[Relayed] = set()
        self.closing = False
        # One for all, since what is in it is taken at once.
        self.buffer = memoryview(bytearray(read))
        self._make = make
        self._empty = asyncio.Event()

    async def listen(self, **options: Any) -> None:
        """
        Begin to accept.

        Args:
            options: ``host`` and ``port``, or ``sockets``, which is one that listens already.

        Raises:
            OSError: The port is taken.
        """
        loop = asyncio.get_running_loop()
        if "sockets" in options:
            [options["sock"]] = options.pop("sockets")
        self._server = await loop.create_server(lambda: self._make(self).client, **options)

    @property
    def sockets(self) -> tuple[Any, ...]:
        """The sockets that listen."""
        return tuple(self._server.sockets)

    def check_empty(self) -> None:
        """Note that a connection has gone."""
        if self.closing and not self.connections:
            self._empty.set()

    async def close(self, timeout: float) -> None:
        """
        Accept nobody any more and end all connections.

        Args:
            timeout: Seconds for what was received to go out.
        """
        # A connection gets its transport a turn of the loop after it was accepted. If close() comes
        # in between, asyncio forgets it, and the client waits for ever.
        loop = asyncio.get_running_loop()
        for sock in self.sockets:
            with contextlib.suppress(NotImplementedError):  # on Windows
                loop.remove_reader(sock.fileno())
        self.closing = True
        await asyncio.sleep(0)
        self._server.close()
        for connection in list(self.connections):
            connection.close()
        self.check_empty()
        try:
            async with asyncio.timeout(timeout):
                await self._empty.wait()
        except TimeoutError:
            for connection in list(self.connections):
                connection.abort()
            await asyncio.sleep(0)  # for asyncio to close the sockets


def _forget(data: bytes) -> None:
    """Take bytes and do nothing with them."""


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
