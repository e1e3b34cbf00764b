"""
A page's WebSocket connections, made in the kernel and carried by the notebook's own channel.

Where the page is on another machine than the kernel (JupyterHub, Binder, Colab, VS Code), the
kernel's 127.0.0.1 is not the page's. ``carried.js`` gives the page a class with the interface of
``WebSocket``; the connection behind it is one of ``websockets`` here, with the page's Origin. Where
browsers and ``websockets`` differ, it does as browsers do (https://websockets.spec.whatwg.org/):
no PINGs, no limit for a message, a CLOSE without a code, and no connection if subprotocols were
offered and the server chose none.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Protocol, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Origin, Subprotocol

from ._loop import LoopThread

__all__ = ["Carrier"]

START_TIMEOUT = 5.0
OPEN_TIMEOUT = 240.0  # as in Chromium
CLOSE_TIMEOUT = 10.0  # as in Chromium

# How much may be on its way to the page. While it is, nothing is read from the server, which
# notices a slow client; and jupyter_server throws away what is more than 3,000 messages in 3 s.
WINDOW_MESSAGES = 64
WINDOW_BYTES = 1 << 20


class Tell(Protocol):
    """Sends a message to the page, with bytes beside it."""

    def __call__(self, content: dict[str, Any], buffers: list[bytes] | None = None, /) -> None: ...


class Carrier:
    """
    The connections of a page.

    Args:
        tell: Sends a message to the page. It is called on the connections' threads.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._connections: dict[str, _Carried] = {}

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        """
        Do what the page asks for; what is not understood, or comes too late, is ignored.

        Args:
            content: ``id``, the page's name for the connection, and ``act``: ``"open"`` with
                ``url``, ``protocols`` and ``origin``; ``"send"`` with ``text`` (or bytes) and
                ``last`` (piece of the message); ``"close"`` with ``code``, which may be None, and
                ``reason``; ``"fail"``, without a closing handshake; ``"seen"`` with
                ``messages`` and ``bytes``, which have arrived.
            buffers: The payload of a ``"send"``, text as UTF-8.
        """
        match content:
            case {
                "act": "open",
                "id": str(name),
                "url": str(url),
                "protocols": [*protocols],
                "origin": str(origin),
            } if name not in self._connections:
                self._connections[name] = carried = _Carried(self, name)
                carried.open(url, [Subprotocol(str(protocol)) for protocol in protocols], origin)
            case {"id": str(name)} if name in self._connections:
                self._connections[name].receive(content, buffers)

    def tell(self, name: str, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        """Tell the page about a connection."""
        self._tell({"do": "carried", "id": name, **content}, buffers)

    def forget(self, name: str) -> None:
        """A connection has ended."""
        self._connections.pop(name, None)


@dataclasses.dataclass(frozen=True)
class _End:
    """How a connection ended, with the names of the browser's events."""

    code: int = 1006
    reason: str = ""
    was_clean: bool = False
    error: bool = False  # whether an error event comes before


class _Connection(ClientConnection):
    async def close_without_code(self) -> None:
        """Do as ``socket.close()`` in a browser: send an empty CLOSE (RFC 6455 §5.5.1)."""
        with contextlib.suppress(ConnectionClosed):
            async with self.send_context():
                self.protocol.send_close()


class _Carried:
    """One connection, on a loop and a thread of its own: a cell may hold up the kernel's."""

    def __init__(self, carrier: Carrier, name: str) -> None:
        self._carrier = carrier
        self._name = name
        self._thread = LoopThread("wslab-carried", self._lifespan)
        self._pieces: list[bytes] = []
        # A function of the connection each. As in a browser, send() waits for nobody.
        self._outbox: asyncio.Queue[Callable[[_Connection], Any]] = asyncio.Queue()
        self._closing = False
        self._failed = False
        self._ahead = (0, 0)  # messages and bytes that the page has not seen yet
        self._room = asyncio.Event()

    def open(self, url: str, protocols: list[Subprotocol], origin: str) -> None:
        """Begin to connect."""
        self._url, self._protocols, self._origin = url, protocols, origin
        try:
            self._thread.start(timeout=START_TIMEOUT)
        except RuntimeError:  # no more threads
            self._finish(_End(error=True))

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        """Do what the page asks for, on the loop's thread."""
        action: Callable[[], None]
        match content:
            case {"act": "send", "text": bool(text), "last": bool(last)} if buffers:
                action = functools.partial(self._send, text, bytes(buffers[0]), last)
            case {"act": "close", "code": int() | None as code, "reason": str(reason)}:
                action = functools.partial(self._close, code, reason)
            case {"act": "fail"}:
                action = self._fail
            case {"act": "seen", "messages": int(messages), "bytes": int(size)}:
                action = functools.partial(self._see, messages, size)
            case _:
                return
        with contextlib.suppress(RuntimeError):  # the connection has ended, and its loop with it
            self._loop.call_soon_threadsafe(action)

    def _send(self, text: bool, piece: bytes, last: bool) -> None:
        self._pieces.append(piece)
        if not last:
            return
        payload, self._pieces = b"".join(self._pieces), []

        async def send(ws: _Connection) -> None:
            await ws.send(payload, text=text)
            self._tell({"event": "sent", "bytes": len(payload)})

        self._outbox.put_nowait(send)

    def _close(self, code: int | None, reason: str) -> None:
        self._closing = True
        self._room.set()  # what still comes is read, and passed over
        if code is None:
            self._outbox.put_nowait(lambda ws: ws.close_without_code())
        else:
            self._outbox.put_nowait(lambda ws: ws.close(code, reason))

    def _fail(self) -> None:
        self._failed = True
        if not self._opening.cancel():
            self._opening.result().transport.abort()

    def _see(self, messages: int, size: int) -> None:
        self._count(-messages, -size)

    @contextlib.asynccontextmanager
    async def _lifespan(self) -> AsyncIterator[None]:
        self._loop = asyncio.get_running_loop()
        self._opening = asyncio.create_task(self._connect())
        carrying = asyncio.create_task(self._carry())
        try:
            yield
        finally:
            carrying.cancel()
            await asyncio.wait([carrying])

    async def _connect(self) -> _Connection:
        connecting = connect(
            self._url,
            origin=Origin(self._origin),
            subprotocols=self._protocols or None,
            proxy=None,
            open_timeout=OPEN_TIMEOUT,
            close_timeout=CLOSE_TIMEOUT,
            ping_interval=None,
            max_size=None,
            create_connection=_Connection,
        )
        return cast(_Connection, await connecting)

    async def _carry(self) -> None:
        try:
            self._finish(await self._converse())
        finally:
            self._thread.ask_to_stop()

    async def _converse(self) -> _End:
        """Make the handshake, pass messages on in both directions, return how it ended."""
        try:
            await asyncio.wait([self._opening])
            ws = self._opening.result()
        except (OSError, WebSocketException, ValueError, asyncio.CancelledError):
            # Scripts are not told why, in a browser, and Python's words would tell more.
            return _End(error=True)
        writing = asyncio.create_task(self._write(ws))
        try:
            if self._protocols and ws.subprotocol is None:
                return _End(error=True)
            extensions = (
                ws.response.headers.get_all("Sec-WebSocket-Extensions") if ws.response else []
            )
            self._tell(
                {
                    "event": "open",
                    "protocol": ws.subprotocol or "",
                    "extensions": ", ".join(extensions),
                }
            )
            while True:
                self._pass_on(await ws.recv())
                await self._room.wait()
        except ConnectionClosed as ended:
            return self._how(ended)
        finally:
            writing.cancel()
            ws.transport.abort()  # nothing but a subprotocol, or the kernel's end, leaves it open

    def _pass_on(self, message: str | bytes) -> None:
        if self._closing:  # then browsers fire no message
            return
        payload = message.encode() if isinstance(message, str) else message
        self._count(1, len(payload))
        self._tell({"event": "message", "text": isinstance(message, str)}, [payload])

    def _count(self, messages: int, size: int) -> None:
        """Note what is on its way to the page, or has arrived; there may be no room for more."""
        self._ahead = (self._ahead[0] + messages, self._ahead[1] + size)
        if self._ahead[0] < WINDOW_MESSAGES and self._ahead[1] < WINDOW_BYTES:
            self._room.set()
        else:
            self._room.clear()

    async def _write(self, ws: _Connection) -> None:
        with contextlib.suppress(
            WebSocketException
        ):  # it is closed, or was closed with no such code
            while True:
                await (await self._outbox.get())(ws)

    def _how(self, ended: ConnectionClosed) -> _End:
        if ended.rcvd:
            return _End(ended.rcvd.code, ended.rcvd.reason, was_clean=ended.sent is not None)
        # Whoever sent a CLOSE without being asked to has seen bytes that are no WebSocket.
        return _End(error=self._failed or (ended.sent is not None and not self._closing))

    def _tell(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        self._carrier.tell(self._name, content, buffers)

    def _finish(self, end: _End) -> None:
        self._carrier.forget(self._name)
        self._tell({"event": "close", **dataclasses.asdict(end)})
