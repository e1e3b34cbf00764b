"""A recorder in front of any server: what crosses the wire, seen by a relay in between."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import ssl as tls
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import Any, cast

from ._clock import perf_counter
from .failures import record_background_failure
from .http1 import Part, Splitter, header
from .recorder import Recorder
from .relay import End, Relay, Relayed
from .service import STOP_TIMEOUT, BackgroundService, registry
from .transcript import Transcript
from .upstream import Upstream
from .wire import Exchange, Sender

__all__ = ["Tap", "tap"]

VIEWPOINT = "As the tap saw it"


def tap(
    url: str,
    *,
    name: str | None = None,
    port: int = 0,
    ssl: tls.SSLContext | None = None,
    keep: int = 1000,
    http: bool = False,
) -> Tap:
    """
    Record what crosses the wire of a server that runs already, whoever has made it.

    The tap listens on 127.0.0.1 and passes on, in both directions, every byte, FIN and RST, and
    backpressure. Connect to its address instead of the server's; a page opened there finds its
    own WebSockets through the tap, too. Changed is the request's ``Host``, where it names this
    machine, to the server's; and ``Origin``, where it is the tap's own, so that such a page is the
    server's. The record says so: :attr:`wslab.wire.Handshake.changed`.

    Calling it again for the same server, as re-running a cell does, replaces the tap and keeps its
    port. It is also a context manager, for ``with`` and for ``async with``; otherwise it runs
    until :meth:`Tap.stop` or the end of the process.

    What fails is recorded, and the client gets what it would have got: RST where nobody listens or
    TLS fails (a TCP connection to the tap itself always succeeds), the response where the server
    refuses.

    Args:
        url: Address of the server: ``ws://``, ``wss://``, ``http://`` or ``https://``.
        name: Name of the tap; by default made of the address.
        port: TCP port; 0, the default, takes a free one.
        ssl: How to verify a server with TLS, such as one whose certificate is your own:
            ``ssl.create_default_context(cafile="ca.pem")``. By default as Python does it.
        keep: How many records the transcript keeps.
        http: Record other HTTP requests as well, each in one line.

    Raises:
        ValueError: ``url`` is no address of a server, or is the tap's own.
        OSError: The port is taken.

    >>> import wslab
    >>> with wslab.serve(wslab.handlers.echo) as server, wslab.tap(server.url) as tap:
    ...     replies = wslab.talk(tap.url, "hello")
    >>> print(tap.transcript[2:4])
    As the tap saw it:
    connection 1
      client → server  TEXT  'hello'  5 bytes
      client ← server  TEXT  'hello'  5 bytes
    """
    upstream = Upstream.parse(url, ssl)
    service = Tap(name or f"tap of {url}", Transcript(keep=keep, viewpoint=VIEWPOINT), upstream)
    registry.run(service, "127.0.0.1", port, {"http": http})
    return service


class Tap(BackgroundService):
    """
    A running tap, made by :func:`tap`.

    Attributes:
        name: Name of the tap.
        transcript: What crossed the wire, as the tap saw it. It numbers the WebSocket connections
            in the order of their handshakes.
    """

    _kind, _start_call = "tap", "wslab.tap()"

    def __init__(self, name: str, transcript: Transcript, upstream: Upstream) -> None:
        super().__init__(name, transcript)
        self.upstream = upstream
        self.accepted = 0
        self.http = False
        self.listens_on = 0  # as port, also while it starts

    def stop(self, timeout: float = STOP_TIMEOUT) -> None:
        """
        Stop the tap: end all connections, without CLOSE, which only client and server may send.

        Stopping a stopped tap does nothing.

        Args:
            timeout: Seconds for what was received to go out.
        """
        super().stop(timeout)

    @contextlib.asynccontextmanager
    async def _lifespan(self, options: dict[str, Any]) -> AsyncIterator[None]:
        self.transcript.refuse_waiting_here()
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: record_background_failure(context, self.transcript)
        )
        self.http = options.pop("http")
        relay = Relay(self.upstream.connect, lambda relay: _Tapped(relay, self))
        await relay.listen(**options)
        self.listens_on = port = relay.sockets[0].getsockname()[1]
        if self.upstream.is_here(port):
            await relay.close(0)
            raise ValueError(f"port {port} is the one of the server; take another one for the tap")
        self._server = relay
        self._url = self.upstream.parts._replace(
            scheme=self.upstream.scheme_here, netloc=f"127.0.0.1:{port}", fragment=""
        ).geturl()
        try:
            yield
        finally:
            for connection in relay.connections:
                cast(_Tapped, connection).record_end("the tap was stopped")
            await relay.close(self._stop_timeout)

    def _connection_sockets(self) -> Iterable[Any]:
        for connection in self._server.connections if self._server else ():
            yield from connection.sockets()


@dataclasses.dataclass
class _Request:
    """A request whose response is due."""

    line: str
    method: bytes
    opens: bool  # a WebSocket connection, if the server agrees
    response: str = ""
    sent: int = 0
    received: int = 0


class _Tapped(Relayed):
    """A connection through a tap: HTTP at first, frames once a request has opened a WebSocket."""

    def __init__(self, relay: Relay, tap: Tap) -> None:
        super().__init__(relay)
        self._tap = tap
        self._requests = Splitter("client")
        self._responses = Splitter("server")
        self._due: deque[_Request] = deque()
        self._recorder: Recorder | None = None  # of the WebSocket
        self._number = 0  # of the HTTP exchanges
        self._first_to_end: Sender | None = None
        self._end_recorded = False
        self.client.take = self._read_requests
        self.server.take = self._read_responses

    # Whatever arrives is recorded first and then passed on, so that whoever gets an answer finds
    # it in the transcript.

    def _read_requests(self, data: bytes) -> None:
        for part in self._requests.split(data):
            if part.kind == "head":
                self._pass_on_request(part.data)
                if self._due[-1].opens:
                    self.client.take = self._read_early_frames
                    if rest := self._requests.give_back():
                        self._read_early_frames(rest)
                    return
            elif part.kind == "body":
                self._due[-1].sent += len(part.data)
                self.server.write(part.data)
            elif part.kind == "other":
                self._pass_through(self._record())
                self.client.take(part.data)

    def _pass_on_request(self, head: bytes) -> None:
        line = head.partition(b"\r\n")[0]
        upgrade = header(head, b"Upgrade") or b""
        opens = line.startswith(b"GET ") and b"websocket" in upgrade.lower()
        method = line.partition(b" ")[0]
        self._due.append(_Request(line.decode("iso-8859-1"), method, opens))
        self._responses.method = self._due[0].method
        passed_on, changes = self._tap.upstream.readdress(head, self._tap.listens_on)
        if opens:
            self._record().requested(head, changes)
        self.server.write(passed_on)

    def _read_early_frames(self, data: bytes) -> None:
        """Take what follows a handshake whose response has not come."""
        self._record().received(data)
        self.server.write(data)

    def _read_responses(self, data: bytes) -> None:
        for part in self._responses.split(data):
            if part.kind != "other":
                self._note_response(part)
            elif self.server.take == self._read_responses:  # no HTTP
                recorder = self._record()
                recorder.sent(part.data)
                self._pass_through(recorder)
            elif self._recorder is not None:  # frames in the same read as the response
                self._recorder.sent(part.data)
        self.client.write(data)

    def _note_response(self, part: Part) -> None:
        request = self._due[0]
        status = int(part.data[9:12]) if part.kind == "head" else None
        if status is not None and status < 200 and status != 101:
            return  # an interim response
        if request.opens:
            self._record().sent(part.data)
        elif part.kind == "head":
            request.response = part.data.partition(b"\r\n")[0].decode("iso-8859-1")
        else:
            request.received += len(part.data)
        if status == 101:
            self._due.popleft()
            self._pass_through(self._record() if request.opens else None)
        elif part.kind == "end":
            self._complete(self._due.popleft())

    def _complete(self, request: _Request) -> None:
        """A response other than 101 is complete."""
        self._responses.method = self._due[0].method if self._due else None
        if request.opens:  # refused: HTTP goes on
            self._recorder = None
            self.client.take = self._read_requests
        else:
            self._record_exchange(request)

    def _pass_through(self, recorder: Recorder | None) -> None:
        """From here on nothing is HTTP, in both directions."""
        if recorder is None:  # another protocol
            self.client.take, self.server.take = self.client.pass_on, self.server.pass_on
            return
        assert self.client.transport is not None
        assert self.server.transport is not None
        received, to_server = recorder.received, self.server.transport.write
        sent, to_client = recorder.sent, self.client.transport.write

        def up(data: bytes) -> None:
            received(data)
            to_server(data)

        def down(data: bytes) -> None:
            sent(data)
            to_client(data)

        self.client.take, self.server.take = up, down

    def _record(self) -> Recorder:
        if self._recorder is None:
            self._recorder = Recorder(self._next_number(), self._tap.transcript)
        return self._recorder

    def _record_exchange(self, request: _Request) -> None:
        if self._tap.http:
            self._number = self._number or self._next_number()
            exchange = Exchange(
                self._number,
                request.line,
                request.response,
                request.sent,
                request.received,
                perf_counter(),
            )
            self._tap.transcript.extend([exchange])

    def _next_number(self) -> int:
        self._tap.accepted += 1
        return self._tap.accepted

    def refused(self, exc: OSError) -> None:
        """There is no way to the server: record why."""
        self._record()
        self.record_end(self._tap.upstream.explain(exc))
        super().refused(exc)

    def finished(self, end: End) -> None:
        """FIN has arrived at an end; what is left there was no whole head."""
        self._first_to_end = self._first_to_end or end.sender
        if end is self.client:
            if rest := self._requests.give_back():
                self._record().received(rest)
                self.server.write(rest)
        elif (rest := self._responses.give_back()) and self._recorder is not None:
            self._recorder.sent(rest)
        if end.other.finished:
            self.record_end()
        super().finished(end)

    def reset(self, end: End) -> None:
        """An end was ended by RST."""
        self._first_to_end = self._first_to_end or end.sender
        self.record_end()
        super().reset(end)

    def over(self, end: End) -> None:
        """An end is over."""
        if end.other.lost:
            self.record_end()
        super().over(end)

    def record_end(self, problem: str | None = None) -> None:
        """
        Record the end of the connection, once.

        Args:
            problem: What ended it, where it was neither side.
        """
        if self._end_recorded:
            return
        self._end_recorded = True
        for request in self._due:
            if not request.opens:
                self._record_exchange(request)
        if self._recorder is not None:
            self._recorder.ended = self._first_to_end == "server"
            self._recorder.lost(problem)
