"""
Faults on demand: a peer or a network that misbehaves, in a known way and at a known place.

=================  ============================================================================
a handler          for :func:`wslab.serve`: :func:`abort`, :func:`stop_reading`,
                   :func:`ignore_pings`, those in the next table, :func:`sends` for any bytes
process_request    an option of it: :func:`refuse`, :func:`redirect`, :func:`no_answer`,
                   :func:`abort`
process_response   another option: :func:`wrong_accept`
a client           :class:`RawClient`: a correct handshake, then any bytes
the network        :class:`Link`: latency, jitter, bandwidth, cuts and partitions
=================  ============================================================================

They compose: :func:`after` lets a handler behave for some messages, :func:`in_turn` does something
else on each connection, and a link goes in front of a server or of another link.

These handlers send bytes that RFC 6455 forbids, and the client fails the connection:

========================  ===================================  ======  ============================
handler                   what it sends                        RFC     CLOSE of the client
========================  ===================================  ======  ============================
garbage                   an error page; "<h" is no opcode     §5.2    1002 invalid opcode
impossible_length         no frame: a 64-bit length of 2⁶³     §5.2    1009 frame with … bytes …
reserved_opcode           opcode 3                             §5.2    1002 invalid opcode
reserved_bit              text with RSV2 set                   §5.2    1002 reserved bits must be 0
masked_frame              text with a masking key              §5.1    1002 incorrect masking
invalid_utf8              text in ISO-8859-1                   §8.1    1007 invalid start byte …
invalid_close_reason      CLOSE 1000, reason in ISO-8859-1     §5.5.1  1007 invalid start byte …
invalid_close_code        CLOSE 1006                           §7.4.1  1002 invalid status code
fragmented_control_frame  PING without FIN                     §5.5    1002 fragmented control frame
lone_continuation         CONTINUATION of no message           §5.4    1002 unexpected continuation…
interrupted_message       a new text inside a fragmented one   §5.4    1002 expected a continuation…
message_too_big           a byte over the 1 MiB of max_size    §10.4   1009 frame with … bytes …
========================  ===================================  ======  ============================

Its exception says "sent 1002 (protocol error) invalid opcode; no close frame received". Unrealistic
is what follows: the server beneath does not know what was sent, so it answers that CLOSE and ends
TCP in good order. With ``recv(decode=False)`` a client does not notice that a text is not UTF-8.

"Client:" tells what the clients of ``websockets`` raise, asynchronous and threaded alike: a
``ConnectionClosedError`` with that text, or with that code in the CLOSE that the client sent; or
another exception, which is named.

A server that restarts in mid-conversation needs no fault: stop it, then serve on the same port. Its
clients get 1001 (RFC 6455 §7.4.1); for a crash, :meth:`Link.cut` comes first.

>>> import wslab
>>> server = wslab.serve(wslab.handlers.echo)
>>> port = server.port
>>> server.stop()  # from here on, connections are refused
>>> server = wslab.serve(wslab.handlers.echo, port=port)
>>> server.stop()
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import http
import itertools
import random
import socket
import struct
import sys
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, Self, TypeAlias, TypeVar
from urllib.parse import SplitResult, urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from ._loop import LoopThread
from .server import NotRunningError
from .wire import Decoder, Frame, Handshake, Opcode, Record, Sender, apply_mask

__all__ = [
    "Cut",
    "Link",
    "RawClient",
    "abort",
    "after",
    "fragmented_control_frame",
    "frame",
    "garbage",
    "ignore_pings",
    "impossible_length",
    "in_turn",
    "interrupted_message",
    "invalid_close_code",
    "invalid_close_reason",
    "invalid_utf8",
    "lone_continuation",
    "masked_frame",
    "message_too_big",
    "no_answer",
    "redirect",
    "refuse",
    "reserved_bit",
    "reserved_opcode",
    "sends",
    "stop_reading",
    "wrong_accept",
]

F = TypeVar("F", bound=Callable[..., Any])
Handler: TypeAlias = Callable[[ServerConnection], Awaitable[None]]
ProcessRequest: TypeAlias = Callable[[ServerConnection, Request], Response]
Ending: TypeAlias = Literal["FIN", "RST"]

TIMEOUT: Final = 5.0
MASKING_KEY: Final = bytes.fromhex("37fa213d")  # of the example in RFC 6455 §5.7
KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="  # of the example in RFC 6455 §1.3, and its answer
ACCEPT: Final = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
LATIN: Final = "Grüße".encode("iso-8859-1")  # not UTF-8


def frame(first: int, payload: bytes = b"", masking_key: bytes | None = None) -> bytes:
    """
    Return the bytes of a frame (RFC 6455 §5.2), good or bad.

    Args:
        first: Its first byte: ``0x80`` is FIN, ``0x70`` are RSV1–3, ``0x0F`` is the opcode.
        payload: Its payload, not masked yet.
        masking_key: Four bytes to mask it with, as clients must.

    >>> frame(0x81, b"hi").hex(" ")
    '81 02 68 69'
    """
    size, mask = len(payload), 0x80 if masking_key else 0
    if size < 126:
        head = bytes([first, mask | size])
    elif size < 2**16:
        head = bytes([first, mask | 126]) + size.to_bytes(2)
    else:
        head = bytes([first, mask | 127]) + size.to_bytes(8)
    return head + (masking_key + apply_mask(payload, masking_key) if masking_key else payload)


def _named(function: F, name: str) -> F:
    # serve() replaces the server of the same name, so no two of these may share one.
    function.__name__ = function.__qualname__ = name
    return function


def _name(function: object) -> str:
    return str(getattr(function, "__name__", function))


# --- A server that misbehaves after a correct handshake -------------------------------------------


async def abort(ws: ServerConnection, request: Request | None = None) -> None:
    """
    End the TCP connection by RST, without CLOSE, as a machine does that has restarted.

    RFC 6455 §7.1.5 calls that 1006, a code that is never on the wire.

    Client: no close frame received or sent. As a ``process_request``: ``InvalidMessage``, did not
    receive a valid HTTP response

    >>> import wslab
    >>> with wslab.serve(abort) as server:
    ...     wslab.talk(server.url, replies=1)
    Traceback (most recent call last):
        ...
    websockets.exceptions.ConnectionClosedError: no close frame received or sent
    """
    _reset_when_closed(ws.transport.get_extra_info("socket"))
    ws.transport.abort()
    await ws.wait_closed()


async def stop_reading(ws: ServerConnection) -> None:
    """
    Read nothing any more and say nothing: a half-open connection.

    No PONG comes, which RFC 6455 §5.5.2 asks for. What the client sends fills buffers, a few MiB
    here, until ``send()`` waits; then ``close()`` waits too, whatever its ``close_timeout``.
    Unrealistic: TCP acknowledges what the buffers take. The transcript has what was read before.
    Stop the server with a short ``timeout``, since CLOSE is not read either.

    Client: 1011 keepalive ping timeout. Without keepalive: nothing at all
    """
    ws.transport.pause_reading()
    if ws.keepalive_task is not None:
        ws.keepalive_task.cancel()  # it would close with 1011 from here
    await ws.wait_closed()


async def ignore_pings(ws: ServerConnection) -> None:
    """
    Read on and answer CLOSE, but no PING (RFC 6455 §5.5.2).

    Client: 1011 keepalive ping timeout
    """
    write = ws.transport.write

    def write_no_pong(data: bytes) -> None:  # one frame at a time
        if data[0] & 0x0F != Opcode.PONG:
            write(data)

    ws.transport.write = write_no_pong  # type: ignore[method-assign, assignment]
    await _read_on(ws)


async def _read_on(ws: ServerConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:  # the client's CLOSE comes after its messages
            await ws.recv(decode=False)


def sends(*raw: bytes, name: str | None = None) -> Handler:
    """
    Make a handler that writes bytes as they are, then reads on until the client closes.

    Args:
        raw: The bytes; :func:`frame` makes frames, also bad ones.
        name: Name of the handler, so of its server; the first bytes by default.

    >>> import wslab
    >>> with wslab.serve(sends(frame(0x81, b"hi"), frame(0x83))) as server:
    ...     wslab.talk(server.url, replies=1)
    ['hi']
    """

    async def handler(ws: ServerConnection) -> None:
        """Write these bytes, then read on until the client closes: see :func:`sends`."""
        # Past websockets, which makes correct frames only; this transport records what it writes.
        for data in raw:
            ws.transport.write(data)
        await _read_on(ws)

    return _named(handler, name or f"sends {b''.join(raw)[:16].hex(' ')}")


garbage = sends(b"<html><title>502 Bad Gateway</title></html>", name="garbage")
impossible_length = sends(b"\x82\x7f" + (2**63).to_bytes(8), name="impossible_length")
reserved_opcode = sends(frame(0x83), name="reserved_opcode")
reserved_bit = sends(frame(0xA1, b"hi"), name="reserved_bit")
masked_frame = sends(frame(0x81, b"hi", MASKING_KEY), name="masked_frame")
invalid_utf8 = sends(frame(0x81, LATIN), name="invalid_utf8")
invalid_close_reason = sends(frame(0x88, (1000).to_bytes(2) + LATIN), name="invalid_close_reason")
invalid_close_code = sends(frame(0x88, (1006).to_bytes(2)), name="invalid_close_code")
fragmented_control_frame = sends(frame(0x09), name="fragmented_control_frame")
lone_continuation = sends(frame(0x80, b"hi"), name="lone_continuation")
interrupted_message = sends(frame(0x01, b"he"), frame(0x81, b"hi"), name="interrupted_message")
message_too_big = sends(frame(0x82, bytes(2**20 + 1)), name="message_too_big")


class _EnoughError(BaseException):
    """Out of a handler that asks for more messages than it is to get."""


def after(messages: int, handler: Handler, fault: Handler) -> Handler:
    """
    Make a handler that behaves like another for some messages, then does a fault.

    The fault comes as soon as ``handler`` asks for one message more, which ends it, or when it
    returns by itself; there is none if the connection is closed by then.

    Args:
        messages: How many messages ``handler`` receives, by ``recv()`` or ``async for``.
        handler: Behaves.
        fault: Any handler, such as another ``after(…)``.

    >>> import wslab
    >>> with wslab.serve(after(2, wslab.handlers.echo, abort)) as server:
    ...     wslab.talk(server.url, "a", "b", "c")
    Traceback (most recent call last):
        ...
    websockets.exceptions.ConnectionClosedError: no close frame received or sent
    """

    async def well_then_ill(ws: ServerConnection) -> None:
        receive, left = ws.recv, messages

        async def recv(decode: bool | None = None) -> Any:
            nonlocal left
            if not left:
                raise _EnoughError
            message = await receive(decode)
            left -= 1
            return message

        ws.recv = recv  # type: ignore[method-assign]  # iteration calls it as well
        try:
            await handler(ws)
        except* _EnoughError:  # also out of a task group
            pass
        finally:
            del ws.recv
        if ws.state is State.OPEN:
            await fault(ws)

    return _named(well_then_ill, f"{_name(handler)}, after {messages} {_name(fault)}")


def in_turn(*steps: Callable[..., Any] | None) -> Callable[..., Awaitable[Any]]:
    """
    Make one handler of several, one for each connection in turn; all that follow get the last one.

    It takes ``process_request`` and ``process_response`` functions as well. ``None`` does nothing.

    >>> import wslab
    >>> handler = in_turn(sends(frame(0x81, b"first")), wslab.handlers.echo)
    >>> with wslab.serve(handler) as server:
    ...     [wslab.talk(server.url, "hi") for connection in range(3)]
    [['first'], ['hi'], ['hi']]
    """
    left = deque(steps or [None])

    async def next_step(*args: Any) -> Any:
        step = left.popleft() if len(left) > 1 else left[0]
        result = step(*args) if step else None
        return await result if isinstance(result, Awaitable) else result

    return _named(next_step, f"in turn {', '.join(map(_name, steps))}")


# --- A handshake that goes wrong ------------------------------------------------------------------

# What belongs to a status: RFC 9110 §15.5.2, §15.5.6, §15.5.22, §7.8, §10.2.3; RFC 6455 §4.4.
_HEADERS: Final[dict[int, dict[str, str]]] = {
    401: {"WWW-Authenticate": 'Basic realm="wslab", charset="UTF-8"'},
    405: {"Allow": "GET"},
    426: {"Connection": "close, Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"},
    429: {"Retry-After": "1"},
    503: {"Retry-After": "1"},
}


def refuse(status: int, text: str = "", headers: Mapping[str, str] | None = None) -> ProcessRequest:
    """
    Make a ``process_request`` that refuses the handshake, as servers may (RFC 6455 §4.2.2).

    Client: ``InvalidStatus``, server rejected WebSocket connection: HTTP …, with a ``response``

    Args:
        status: Status code, such as 401, 403, 404, 426 or 503; what HTTP asks for beside it comes
            with it.
        text: Body of the response.
        headers: More headers, or other values.

    >>> import wslab
    >>> with wslab.serve(wslab.handlers.echo, process_request=refuse(503)) as server:
    ...     wslab.talk(server.url)
    Traceback (most recent call last):
        ...
    websockets.exceptions.InvalidStatus: server rejected WebSocket connection: HTTP 503
    """
    if http.HTTPStatus(status) < 200:
        raise ValueError(f"{status} does not end a handshake; take a status from 200 on")

    def process_request(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(status, text)
        for name, value in {**_HEADERS.get(status, {}), **(headers or {})}.items():
            _set_header(response, name, value)
        return response

    return process_request


def redirect(location: str, status: int = 307) -> ProcessRequest:
    """
    Make a ``process_request`` that sends the client elsewhere, as servers may (RFC 6455 §4.2.2).

    Client: follows by itself. In circles, to ``"/"``: ``SecurityError``, more than 10 redirects. A
    browser does not follow.
    """
    return refuse(status, headers={"Location": location})


async def no_answer(connection: ServerConnection, request: Request) -> None:
    """
    Never answer the handshake (a ``process_request``); RFC 6455 §4.1 has no limit for the wait.

    Client: ``TimeoutError``, timed out during opening handshake; the threaded one: timed out while
    waiting for handshake response
    """
    await connection.wait_closed()


def wrong_accept(connection: ServerConnection, request: Request, response: Response) -> None:
    """
    Answer with the ``Sec-WebSocket-Accept`` of another key (a ``process_response``).

    The client must not go on (RFC 6455 §4.1). The server takes the connection for open; its handler
    finds it lost.

    Client: ``InvalidHeaderValue``, invalid Sec-WebSocket-Accept header:
    s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
    """
    _set_header(response, "Sec-WebSocket-Accept", ACCEPT)


def _set_header(response: Response, name: str, value: str) -> None:
    if name in response.headers:
        del response.headers[name]  # assigning adds a second one
    response.headers[name] = value


# --- A client that misbehaves ---------------------------------------------------------------------


class RawClient:
    """
    A client made of bytes: a correct handshake (RFC 6455 §4.1), then whatever you send.

    A context manager. By itself it answers nothing, neither PING nor CLOSE, and reads nothing.

    Args:
        url: Address of the server.
        timeout: Seconds that each call may take, before it raises ``TimeoutError``.

    Attributes:
        ending: How the server ended the TCP connection, ``"FIN"`` or ``"RST"``; ``None`` before.

    >>> import wslab
    >>> with wslab.serve(wslab.handlers.echo) as server, RawClient(server.url) as client:
    ...     client.send(frame(0x81, b"hi"))  # not masked
    ...     client.receive()
    <Frame: connection 1, from server, close 1002 'incorrect masking'>
    """

    def __init__(self, url: str, *, timeout: float = TIMEOUT) -> None:
        self.ending: Ending | None = None
        self._url, self._address = _parse(url)
        self._timeout = timeout
        self._decoder = Decoder("server", connection=1)
        self._records: deque[Record] = deque()

    def __enter__(self) -> Self:
        path = self._url._replace(scheme="", netloc="", fragment="").geturl()
        with contextlib.ExitStack() as undo:
            self._socket = socket.create_connection(self._address, self._timeout)
            undo.callback(self._socket.close)
            self.send(
                f"GET {path or '/'} HTTP/1.1\r\nHost: {self._url.netloc}\r\n"
                "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            response = self.receive()
            if not isinstance(response, Handshake) or response.status != 101:
                raise ConnectionError(f"the server did not open a WebSocket: {response}")
            undo.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def receive(self) -> Record | None:
        """Return the next frame, complete or cut off; ``None`` once the server has ended TCP."""
        while self.ending is None and (not self._records or not _is_complete(self._records[0])):
            try:
                data = self._socket.recv(2**16)
                self.ending = None if data else "FIN"
            except ConnectionResetError:
                data, self.ending = b"", "RST"
            self._records += self._decoder.feed(data) if data else self._decoder.eof()
        return self._records.popleft() if self._records else None

    def reset(self) -> None:
        """End the TCP connection by RST; leaving the block ends it by FIN."""
        _reset_when_closed(self._socket)
        self._socket.close()


def _is_complete(record: Record) -> bool:
    return not isinstance(record, Frame) or record.complete


def _parse(url: str) -> tuple[SplitResult, tuple[str, int]]:
    parts = urlsplit(url)
    if parts.scheme != "ws" or not parts.hostname:
        raise ValueError(f"expected an address such as ws://127.0.0.1:8765, not {url!r}")
    return parts, (parts.hostname, parts.port or 80)


def _reset_when_closed(sock: Any) -> None:
    # A socket that lingers for 0 seconds is closed by RST.
    linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


# --- The network ----------------------------------------------------------------------------------

WINDOW: Final = 2**16  # how many bytes may be on their way before a link stops reading
PACKET: Final = 1460  # how many arrive at once where the bandwidth is limited
Item: TypeAlias = bytes | Literal["FIN", "RST", "partition", "end"]  # "end" is FIN of one side


@dataclasses.dataclass(frozen=True)
class Cut:
    """
    Where and how a :class:`Link` cuts a connection.

    Of the sender's bytes, those before the cut get through and no other; of the other side's, those
    on their way may be lost.

    Attributes:
        messages: Cut after so many messages (control frames are none), or with 0 after the
            handshake. ``None`` is before the handshake.
        more_bytes: Cut so many bytes later, for instance inside a frame.
        sender: Whose messages and bytes are counted.
        how: ``"FIN"`` and ``"RST"`` end the TCP connections of both sides; ``"partition"`` does
            what :meth:`Link.partition` does. Where RST arrives, systems other than Linux may
            throw away what was not read yet.
    """

    messages: int | None = None
    more_bytes: int = 0
    sender: Sender = "server"
    how: Literal["FIN", "RST", "partition"] = "FIN"


class Link:
    """
    The network between clients and a server: a TCP proxy on 127.0.0.1, on a thread of its own.

    A context manager, for ``with`` and ``async with``. Without options it passes on every byte, FIN
    and RST, and backpressure. ``latency``, ``jitter`` and ``bandwidth`` are attributes too,
    and may be changed at any time.

    Client: no close frame received or sent, after a cut (RFC 6455 §7.1.5: code 1006); 1011
    keepalive ping timeout, in a partition.

    Unrealistic: connecting takes no time and always succeeds; without a server, the handshake ends
    by RST. Packets are never lost, so none is sent again, late. A partition lasts until
    :meth:`heal`; of what is sent meanwhile, buffers take the first few MiB.

    Args:
        url: Address of the server, or of another link.
        latency: Seconds that everything takes in each direction.
        jitter: Seconds that a frame takes longer at most; frames stay in order.
        seed: For the jitter: which frame of which connection takes how long depends on nothing
            else.
        bandwidth: Bytes per second in each direction, of all connections together.
        cut: Where to cut each connection. Or a list, for one connection after another, in which
            ``None`` is no cut, and the last one is for all that follow.

    >>> import wslab
    >>> with wslab.serve(wslab.handlers.echo) as server, Link(server.url, cut=Cut(2)) as link:
    ...     wslab.talk(link.url, "a", "b", "c")
    Traceback (most recent call last):
        ...
    websockets.exceptions.ConnectionClosedError: no close frame received or sent
    """

    def __init__(
        self,
        url: str,
        *,
        latency: float = 0.0,
        jitter: float = 0.0,
        seed: int = 0,
        bandwidth: float | None = None,
        cut: Cut | Sequence[Cut | None] | None = None,
    ) -> None:
        self.latency = latency
        self.jitter = jitter
        self.bandwidth = bandwidth
        self._seed = seed
        self._url, self._target = _parse(url)
        self._cuts = deque((cut or [None]) if isinstance(cut, Sequence) else [cut])
        self._thread: LoopThread | None = None
        self._line_free = {"client": 0.0, "server": 0.0}  # when its last byte will have left

    @property
    def url(self) -> str:
        """
        Address for clients, such as ``"ws://127.0.0.1:49152"``, with the path of the server's.

        Raises:
            NotRunningError: This is not inside the ``with`` block.
        """
        self._check_running()
        return self._url._replace(netloc=f"127.0.0.1:{self._port}").geturl()

    def cut(self, how: Ending = "FIN") -> None:
        """Cut all connections; there may be new ones."""

        def cut() -> None:
            for connection in self._connections.values():
                connection.end(how)

        self._call(cut)

    def partition(self) -> None:
        """Forward nothing, in both directions and without a word, until :meth:`heal`."""
        self._call(lambda: self._whole.clear())

    def heal(self) -> None:
        """End a partition: what was held up goes on, as TCP sends again what was lost."""
        self._call(lambda: self._whole.set())

    def __enter__(self) -> Self:
        thread = LoopThread(f"wslab link to {self._url.netloc}", self._lifespan)
        thread.start(timeout=TIMEOUT)
        self._thread = thread
        return self

    def __exit__(self, *exc: object) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop(timeout=TIMEOUT)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, *exc: object) -> None:
        self.__exit__()  # in milliseconds, and without a part for the caller's loop

    def _call(self, function: Callable[[], object]) -> None:
        """Call a function on the link's thread; return when it has been called."""

        async def call() -> None:
            function()

        self._check_running()
        asyncio.run_coroutine_threadsafe(call(), self._loop).result(TIMEOUT)

    def _check_running(self) -> None:
        if self._thread is None:
            raise NotRunningError("the link is not running; write: with Link(server.url) as link:")

    @contextlib.asynccontextmanager
    async def _lifespan(self) -> AsyncIterator[None]:
        self._loop = asyncio.get_running_loop()
        self._connections: dict[asyncio.Task[None], _Connection] = {}
        self._whole = asyncio.Event()  # cleared in a partition
        self._whole.set()
        with _Listener() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            listener.setblocking(False)
            self._port = listener.getsockname()[1]
            accepting = asyncio.create_task(self._accept(listener))
            try:
                yield
            finally:
                tasks = [accepting, *self._connections]
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
                for client in listener.accepted:
                    client.close()

    async def _accept(self, listener: _Listener) -> None:
        for number in itertools.count(1):
            client, _ = await self._loop.sock_accept(listener)
            cut = self._cuts.popleft() if len(self._cuts) > 1 else self._cuts[0]
            connection = _Connection(self, number, cut, client)
            task = asyncio.create_task(connection.run(self._target))
            self._connections[task] = connection
            task.add_done_callback(
                lambda task: listener.accepted.discard(self._connections.pop(task).client)
            )

    def _schedule(self, size: int, sender: str, share: float) -> float:
        """Take a place on the line for some bytes; return when they arrive, on the loop's clock."""
        left = max(self._loop.time(), self._line_free[sender])
        if self.bandwidth:
            left += size / self.bandwidth
            self._line_free[sender] = left
        return left + self.latency + self.jitter * share


class _Listener(socket.socket):
    """A socket that knows whom it has accepted: what asyncio cancels just then, it forgets."""

    def __init__(self) -> None:
        super().__init__()
        self.accepted: set[socket.socket] = set()

    def accept(self) -> tuple[socket.socket, Any]:
        client, address = super().accept()
        self.accepted.add(client)
        return client, address


class _Connection:
    """A connection from a client to a link, and the one from there to the server."""

    def __init__(self, link: Link, number: int, cut: Cut | None, client: socket.socket) -> None:
        self.link = link
        self.number = number
        self.cut = cut
        self.client = client
        self._how: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()

    def end(self, how: Ending) -> None:
        """End both TCP connections; the first call counts."""
        if not self._how.done():
            self._how.set_result(how)

    async def run(self, target: tuple[str, int]) -> None:
        """Forward everything until :meth:`end`."""
        family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
        with self.client as client, socket.socket(family) as server:
            for sock in (client, server):
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                await self.link._whole.wait()
                await asyncio.get_running_loop().sock_connect(server, target)
            except OSError:
                self.end("RST")
            up = _Direction(self, "client", client, server)
            down = _Direction(self, "server", server, client)
            up.back, down.back = down, up
            async with asyncio.TaskGroup() as group:
                flows = (up.read(), up.write(), down.read(), down.write())
                tasks = [group.create_task(flow) for flow in flows]
                how = await self._how
                for task in tasks:
                    task.cancel()
            if how == "RST":
                _reset_when_closed(client)
                _reset_when_closed(server)
            else:
                await asyncio.gather(_finish(client), _finish(server))


async def _finish(sock: socket.socket) -> None:
    """Send FIN and wait for the peer's: a socket closed with unread bytes would send RST."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        while await asyncio.get_running_loop().sock_recv(sock, WINDOW):
            pass


class _Direction:
    """One direction of a connection: what one side sends, on its way to the other."""

    back: _Direction

    def __init__(
        self, connection: _Connection, sender: Sender, source: socket.socket, target: socket.socket
    ) -> None:
        self._connection = connection
        self._link = connection.link
        self._sender: Sender = sender
        self._source = source
        self._target = target
        # When it arrives, and what.
        self._queue: asyncio.Queue[tuple[float, Item]] = asyncio.Queue()
        self._queued = 0
        self._room = asyncio.Event()
        self._room.set()
        self._ended = False
        self._decoder = Decoder(sender, connection.number)
        self._position = 0  # of the bytes that are in the queue, or were
        self._decoded = 0
        self._ends: deque[tuple[int, bool]] = deque()  # of frames, and whether of a message too
        self._random = random.Random(f"{self._link._seed} {connection.number} {sender}")
        self._share = self._random.random()  # of the jitter, for the present frame
        self._messages = 0
        cut = connection.cut if connection.cut and connection.cut.sender == sender else None
        self._cut = cut
        self._cut_at = cut.more_bytes if cut and cut.messages is None else None

    async def read(self) -> None:
        """Put into the queue what the sender sends, while there is room."""
        loop = asyncio.get_running_loop()
        data = b""
        while True:
            for item in self._split(data):
                self._put(item)
            await self._room.wait()
            await self._link._whole.wait()
            try:
                size = PACKET if self._link.bandwidth else WINDOW
                data = await loop.sock_recv(self._source, size)
            except OSError:
                return self._put("RST")
            if not data:
                return self._put("end")

    async def write(self) -> None:
        """Take from the queue what has arrived."""
        loop = asyncio.get_running_loop()
        while True:
            due, item = await self._queue.get()
            if (early := due - loop.time()) > 0:
                await asyncio.sleep(early)
            await self._link._whole.wait()
            if isinstance(item, bytes):
                try:
                    await loop.sock_sendall(self._target, item)
                except OSError:
                    self.back._put("RST")  # it comes after what the target sent before
                self._queued -= len(item)
                if self._queued < WINDOW:
                    self._room.set()
            elif item == "partition":
                self._link._whole.clear()
            elif item == "end":
                self._ended = True
                with contextlib.suppress(OSError):
                    self._target.shutdown(socket.SHUT_WR)
                if self.back._ended:
                    return self._connection.end("FIN")
            else:
                return self._connection.end(item)

    def _put(self, item: Item) -> None:
        size = len(item) if isinstance(item, bytes) else 0
        due = self._link._schedule(size, self._sender, self._share)
        self._queue.put_nowait((due, item))  # nothing overtakes what is before it in the queue
        self._queued += size
        if self._queued >= WINDOW:
            self._room.clear()

    def _split(self, data: bytes) -> Iterator[Item]:
        """Yield the bytes, split where frames end, and the cut at its place."""
        for record in self._decoder.feed(data):
            if isinstance(record, Frame):
                self._decoded += record.size
                self._ends.append((self._decoded, record.fin and not record.is_control))
            elif isinstance(record, Handshake):
                self._decoded += len(record.head)
                self._ends.append((self._decoded, False))
        first, stop = self._position, self._position + len(data)
        while True:
            if self._ends and self._ends[0][0] == self._position:
                self._messages += self._ends.popleft()[1]
                self._share = self._random.random()
                if self._cut and self._cut_at is None and self._cut.messages == self._messages:
                    self._cut_at = self._position + self._cut.more_bytes
            if self._cut and self._cut_at == self._position:
                yield self._cut.how
                self._cut = self._cut_at = None
            if self._position == stop:
                return
            begin = self._position
            frame_end = self._ends[0][0] if self._ends else stop
            self._position = min(stop, frame_end, self._cut_at or stop)
            yield data[begin - first : self._position - first]
