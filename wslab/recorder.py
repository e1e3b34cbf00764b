"""
The bytes of a server's connections, into its transcript.

They are recorded where they enter and leave ``websockets``: a subclass of its connection sees what
arrives, a wrapper around its transport sees what leaves. They are passed on untouched.
"""

from __future__ import annotations

import asyncio
import contextvars
import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from websockets.asyncio.server import Server, ServerConnection

from ._clock import perf_counter
from ._patient import PatientConnection
from ._stubborn import HeldUpError
from .failures import record_failure
from .inflate import make_inflater
from .transcript import Transcript
from .wire import Decoder, Handshake, Lost, Record, Sender

if TYPE_CHECKING:
    from websockets.server import ServerProtocol

__all__ = ["RecordedConnection", "Recorder", "Recording", "create_task"]

# Whose task it is: the number of a connection. The tasks of its handler inherit it.
_number: contextvars.ContextVar[int] = contextvars.ContextVar("wslab connection", default=0)


class Recorder:
    """
    What crosses the wire on one connection, into the transcript.

    Attributes:
        number: That of the connection.
        transcript: Where it is recorded.
        client: Decodes what the client sends.
        server: Decodes what the server sends.
        ended: The server has ended the TCP connection, not the client.
        eof: The client has ended its direction.
        unread: The server has stopped reading.
        unsent: Bytes that the server had not sent when it aborted.
    """

    __slots__ = (
        "client",
        "ended",
        "eof",
        "number",
        "server",
        "transcript",
        "unread",
        "unsent",
    )

    def __init__(self, number: int, transcript: Transcript) -> None:
        self.number = number
        self.ended = False
        self.eof = False
        self.unread = False
        self.unsent = 0
        self.client = Decoder("client", number, waits=True)
        self.server = Decoder("server", number)
        self.server.make_inflater = make_inflater
        self.transcript = transcript

    def received(self, data: bytes) -> None:
        """Record what the client sent."""
        if not self.transcript.defer(self.client, data):
            self.transcript.extend(self.client.feed(data, perf_counter()))

    def sent(self, data: bytes) -> None:
        """Record what the server writes."""
        if self.transcript.defer(self.server, data):
            return
        now = perf_counter()
        records = self.server.feed(data, now)
        if self.client.compression is not self.server.compression:
            self.client.compression = self.server.compression
            if isinstance(response := records[0], Handshake):
                self.client.inflater = make_inflater(response, "client")
        if self.client.accepted is not self.server.accepted:
            records += self.client.accept(now) if self.server.accepted else self.client.refuse(now)
        self.transcript.extend(records)

    def requested(self, head: bytes, changed: tuple[tuple[str, str, str], ...]) -> None:
        """Record a client's handshake, and what was changed in it on its way to the server."""
        records = self.client.feed(head, perf_counter())
        self.transcript.extend(
            dataclasses.replace(record, changed=changed)
            if isinstance(record, Handshake)
            else record
            for record in records
        )

    def lost(self, problem: str | None = None) -> None:
        """
        Record the end of the TCP connection, unless it was the end of a closing handshake.

        Args:
            problem: What ended it, as a sentence, where there is more to say than who did.
        """
        now = perf_counter()
        client, server = self.client, self.server
        records: list[Record] = [*client.eof(now, unread=self.unread), *server.eof(now)]
        if server.accepted is not False and not (client.closed and server.closed):
            who: Sender = "server" if self.ended else "client"
            problem = problem or f"the {who} ended the TCP connection{self._how(who)}"
            records.append(Lost(self.number, problem, self.unsent, now))
        self.transcript.extend(records)

    def _how(self, who: Sender) -> str:
        """Say how far the connection was when it ended, as far as that is known."""
        own, other = self.server, self.client
        if who == "client":
            own, other = other, own
        unknown = [
            decoder.sender
            for decoder in (own, other)
            if not (decoder.closed or (decoder.follows and not self._is_unread(decoder)))
        ]
        if not self.server.accepted and self.server.follows:
            return " before the opening handshake was complete"
        if len(unknown) == 2 or (unknown and (own.closed or other.closed)):
            return f"; whether the {unknown[0]} had sent CLOSE is not known"
        if not (own.closed or other.closed):
            return " without a closing handshake"
        return (
            " before its CLOSE frame was answered"
            if own.closed
            else " without answering the CLOSE frame"
        )

    def _is_unread(self, decoder: Decoder) -> bool:
        return decoder is self.client and self.unread


class _RecordedTransport:
    """A transport that records what is written to it; everything else is the real transport's."""

    # The dictionary is made only for a fault that replaces write().
    __slots__ = ("__dict__", "_recorder", "_transport")

    def __init__(self, transport: asyncio.Transport, recorder: Recorder) -> None:
        self._transport = transport
        self._recorder = recorder

    def write(self, data: bytes) -> None:
        # A transport that is closing throws away what is written to it: it never goes out.
        if not (self._transport.is_closing() or self._recorder.ended):
            # Recorded first, so that whoever got an answer finds it in the transcript. This is what
            # sent() begins with: nearly always that is all, and one call less for each message.
            recorder = self._recorder
            if not recorder.transcript.defer(recorder.server, data):
                recorder.sent(data)
        self._transport.write(data)

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def writelines(self, list_of_data: Iterable[bytes]) -> None:
        self.write(b"".join(list_of_data))

    def write_eof(self) -> None:
        if not self._recorder.eof:  # otherwise it only answers the client's end
            self._recorder.ended = True
        self._transport.write_eof()

    def pause_reading(self) -> None:
        self._recorder.unread = True
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._recorder.unread = False
        self._transport.resume_reading()

    def close(self) -> None:
        if not self.is_closing():
            self._recorder.ended = True
        self._transport.close()

    def abort(self) -> None:
        # Also after close(), which first sends what is in the buffer.
        if not self.is_closing() or self._recorder.ended:
            self._recorder.ended = True
            self._recorder.unsent = self._transport.get_write_buffer_size()
        self._transport.abort()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Recording:
    """
    The connections of one server, each with a recorder of its own.

    Attributes:
        transcript: Where they record.
        connections: Those that are there now.
        accepted: How many there were so far.
        closing: New ones are turned away.
        goes_round: A handler went on after its connection was closed, and had to be ended.
    """

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self.connections: set[RecordedConnection] = set()
        self.accepted = 0
        self.closing = False
        self.goes_round = False

    def connection_factory(self, base: Any) -> Callable[..., ServerConnection]:
        """
        Return what the option ``create_connection`` of ``websockets`` takes.

        Args:
            base: The class of the connections.

        Raises:
            TypeError: ``base`` is no subclass of ``ServerConnection``.
        """
        if not (isinstance(base, type) and issubclass(base, ServerConnection)):
            raise TypeError(
                "create_connection must be a subclass of "
                f"websockets.asyncio.server.ServerConnection, not {base!r}"
            )
        cls: Any = RecordedConnection
        if base is not ServerConnection:
            cls = type(base.__name__, (RecordedConnection, base), {"_process": base.data_received})
            cls.closed_class = type(base.__name__, (_ClosedConnection, cls), {})

        def create_connection(
            protocol: ServerProtocol, server: Server, **options: Any
        ) -> ServerConnection:
            try:
                connection: RecordedConnection = cls(protocol, server, **options)
            except Exception as exc:  # asyncio tells of it in its debug mode only
                record_failure(exc, 0, self.transcript)
                raise
            connection.recording = self
            return connection

        return create_connection


class RecordedConnection(ServerConnection):
    """A connection that records what it receives, and hands on a transport that records too."""

    # Beside the instance's dictionary, which would grow by half for them.
    __slots__ = ("recorder", "recording")

    recording: Recording
    recorder: Recorder
    closed_class: ClassVar[type[RecordedConnection]]
    # What super().data_received is, looked up once for all frames: that takes longer than to append
    # a record.
    _process = ServerConnection.data_received

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to record."""
        recording = self.recording
        recording.accepted += 1
        _number.set(recording.accepted)
        self.recorder = Recorder(recording.accepted, recording.transcript)
        recorded = _RecordedTransport(cast(asyncio.Transport, transport), self.recorder)
        super().connection_made(cast(asyncio.BaseTransport, recorded))
        recording.connections.add(self)
        if recording.closing:
            recorded.abort()

    def data_received(self, data: bytes) -> None:
        """Record, then process."""
        recorder = self.recorder
        if not recorder.transcript.defer(recorder.client, data):  # as in write() above
            recorder.received(data)
        self._process(data)

    def eof_received(self) -> None:
        """Note that the client has ended its direction."""
        self.recorder.eof = True
        super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Record the end, unless it was due."""
        # Neither side, but the network, or TLS.
        broken = isinstance(exc, OSError) and not isinstance(exc, ConnectionError)
        broken = broken and not self.recorder.ended
        self.recorder.lost(f"the TCP connection broke: {exc}" if broken else None)
        self.recording.connections.discard(self)
        super().connection_lost(exc)
        self.__class__ = self.closed_class


class _ClosedConnection(PatientConnection, RecordedConnection):
    """What a connection is when it is closed: no handler can go round on it."""

    __slots__ = ()

    def goes_round(self, error: HeldUpError, *, caught: bool) -> None:
        """Record what the handler has caught; what it lets out is recorded anyway."""
        self.recording.goes_round = True
        if caught:
            record_failure(error, self.recorder.number, self.recording.transcript)


RecordedConnection.closed_class = _ClosedConnection


class Task(asyncio.Task[Any]):
    """A task that knows its connection; its context would tell from Python 3.12 on only."""

    __slots__ = ("wslab_connection",)  # instead of a dictionary, which takes 64 bytes

    wslab_connection: int


def create_task(
    loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any
) -> asyncio.Task[Any]:
    """Make a task that knows its connection."""
    task = Task(coroutine, loop=loop, **options)
    task.wslab_connection = _number.get()
    return task
