"""
A real ``websockets`` server on a background thread of this process, and a record of its wire.

The bytes are recorded where they enter and leave ``websockets``: a subclass of its connection sees
what arrives, a wrapper around its transport sees what leaves. They are passed on untouched.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import contextvars
import inspect
import logging
import os
import socket
import threading
import time
import traceback
import urllib.parse
import urllib.request
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from websockets.asyncio.server import Server, ServerConnection
from websockets.asyncio.server import serve as serve_websockets
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from ._loop import LoopThread
from .kernel import wake_on_signals
from .transcript import Transcript
from .wire import Decoder, HandlerError, Lost, Record

if TYPE_CHECKING:
    from websockets.server import ServerProtocol

    from .live import LiveTranscript

__all__ = ["BackgroundServer", "NotRunningError", "allow_origin", "on_server_thread", "serve"]

START_TIMEOUT = 10.0
STOP_TIMEOUT = 1.0
GRACE = 2.0  # for the loop to cancel and close what is left, which takes it one at most
EXIT_TIMEOUT = 0.2

# Characters of an exception's message, and of its traceback: it may quote all of a message.
KEEP_ERROR = 10_000

# Any web page may open a WebSocket to any address, the learner's kernel included; the browser
# tells in Origin whose page it is (RFC 6455 §10.2). Let in are clients that are no browsers and
# send no Origin, and the pages that allow_origin() was told of.
_origins: list[str | None] = [None]

# Whose task it is: the number of a connection. The tasks of its handler inherit it.
_number: contextvars.ContextVar[int] = contextvars.ContextVar("wslab connection", default=0)


class NotRunningError(RuntimeError):
    """The server was stopped, so it has no address."""


def serve(
    handler: Callable[[ServerConnection], Awaitable[None]],
    *,
    name: str | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    keep: int = 1000,
    **options: Any,
) -> BackgroundServer:
    """
    Run a WebSocket server in the background; return once it accepts connections.

    Calling it again with the same name, as re-running a cell does, replaces that server: the new
    one listens on the same port, the old one's clients are closed with code 1001. If the new one
    cannot start, the old one goes on.

    The server is also a context manager, for ``with`` and for ``async with``; leaving the block
    stops it. Otherwise it runs until :meth:`BackgroundServer.stop` or the end of the process.

    Args:
        handler: ``async def handler(ws)``; it runs once for each connection, with a
            :class:`websockets.asyncio.server.ServerConnection`, and the connection closes when it
            returns.
        name: Name of the server; the handler's name by default.
        host: Address to listen on. The default is reachable from this machine only.
        port: TCP port; 0, the default, takes a free one.
        keep: How many records the transcript keeps.
        options: Any option of :func:`websockets.asyncio.server.serve`. Three have other
            defaults: ``compression=None``, so that payloads can be read on the wire;
            ``origins``, so that web pages are refused (see :func:`allow_origin`); ``logger``,
            so that nothing is printed (it is ``logging.getLogger("wslab.server")``).

    Raises:
        TypeError: ``handler`` is not an async function of one argument, or an option is unknown.
        OSError: The port is taken, or the host is not an address of this machine.

    >>> import wslab
    >>> async def shout(ws):
    ...     async for message in ws:
    ...         await ws.send(message.upper())
    >>> with wslab.serve(shout) as server:
    ...     wslab.talk(server.url, "hello")
    ['HELLO']
    """
    _check_handler(handler)
    name = name or str(getattr(handler, "__name__", type(handler).__name__))
    server = BackgroundServer(handler, name, Transcript(keep=keep))
    with _registry.lock:
        replaced = _registry.servers.get(name)
        if replaced is not None and replaced._is_current_thread():
            raise RuntimeError(
                f"a handler cannot replace its own server, {name!r}; do it in a cell"
            )
        server._start(replaced, host, port, options)
        _registry.servers[name] = server
        # Last: an interrupt in here, which may last seconds, leaves the new one in charge.
        if replaced is not None:
            replaced.stop()
    wake_on_signals()
    _bypass_proxy(str(urllib.parse.urlsplit(server.url).hostname))
    return server


def allow_origin(origin: str) -> None:
    """
    Let the pages of an origin connect to the servers of this process.

    :class:`wslab.BrowserConsole` does this for the page that shows it. It concerns every server
    without ``origins`` of its own, running or started later.

    Args:
        origin: Scheme, host and port, as in the header: ``"http://localhost:8888"``.

    >>> allow_origin("http://localhost:8888")
    """
    # "null" is the origin of every sandboxed page, whosever it is.
    if origin != "null" and origin not in _origins:
        _origins.append(origin)


class BackgroundServer:
    """
    A running server, made by :func:`serve`.

    Attributes:
        name: Name of the server.
        handler: The handler it runs for each connection.
        transcript: What crossed the wire, as the server saw it.
    """

    def __init__(
        self,
        handler: Callable[[ServerConnection], Awaitable[None]],
        name: str,
        transcript: Transcript,
    ) -> None:
        self.name = name
        self.handler = handler
        self.transcript = transcript
        self._thread: LoopThread | None = None
        self._server: Server | None = None
        self._connections: set[_RecordedConnection] = set()
        self._accepted = 0
        self._requested = ("", 0)  # host and port
        self._url = ""
        self._stop_timeout = STOP_TIMEOUT
        self._closing = False
        self._live: LiveTranscript | None = None

    @property
    def url(self) -> str:
        """
        Address for clients, such as ``"ws://127.0.0.1:49152"``.

        Raises:
            NotRunningError: The server was stopped.
        """
        if self._thread is None:
            raise NotRunningError(
                f"server {self.name!r} is not running; call wslab.serve() again (re-run its cell) "
                "and use the server that it returns"
            )
        return self._url

    @property
    def port(self) -> int:
        """
        TCP port that the server listens on.

        Raises:
            NotRunningError: The server was stopped.
        """
        return int(self.url.rpartition(":")[2])

    def watch(self) -> LiveTranscript:
        """
        Show the frames in the cell's output while they cross the wire; needs ``anywidget``.

        Where there is no front end, the output is the picture of what is there now. Watching again
        ends the earlier view.

        Raises:
            ModuleNotFoundError: ``anywidget`` is not installed; the message says how to.
        """
        try:
            from .live import LiveTranscript
        except ModuleNotFoundError as exc:
            raise ModuleNotFoundError(
                f"watch() needs {exc.name}; run: pip install anywidget", name=exc.name
            ) from exc
        if self._live is not None:
            self._live.stop()
        self._live = LiveTranscript(self.transcript)
        return self._live

    def stop(self, timeout: float = STOP_TIMEOUT) -> None:
        """
        Stop the server: refuse new clients, close the connected ones with code 1001, free the port.

        Clients that do not answer CLOSE in time are disconnected, handlers that have not returned
        are cancelled. Stopping a stopped server does nothing. Inside the kernel, where an
        asynchronous client cannot answer while a cell blocks, ``async with`` or
        ``await asyncio.to_thread(server.stop)`` lets it.

        Args:
            timeout: Seconds for clients to answer and handlers to return by themselves. In all it
                takes at most three seconds more.

        Raises:
            RuntimeError: The call comes from one of the server's own handlers.
        """
        with _registry.lock:
            thread = self._thread
            if thread is None:
                return
            self._stop_timeout = timeout
            ended = thread.stop(timeout=timeout + GRACE)
            self._thread = None
            if _registry.servers.get(self.name) is self:
                del _registry.servers[self.name]
        if self._live is not None:
            self._live.stop()
        if not ended:
            self._release_sockets()
            warnings.warn(
                f"server {self.name!r} has left its port, but a handler holds up its event loop "
                "and goes on until it returns; in a handler, await instead of blocking "
                "(asyncio.sleep instead of time.sleep)",
                RuntimeWarning,
                stacklevel=2,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Not blocking: clients on the caller's loop must answer CLOSE.
        await asyncio.to_thread(self.stop)

    def __repr__(self) -> str:
        # Without the port: it differs from run to run, and cells show their last expression.
        return (
            f"<BackgroundServer {self.name!r} {'stopped' if self._thread is None else 'running'}>"
        )

    def _is_current_thread(self) -> bool:
        return self._thread is not None and self._thread.is_current()

    def _start(
        self,
        replaced: BackgroundServer | None,
        host: str,
        port: int,
        options: dict[str, Any],
    ) -> None:
        base = options.pop("create_connection", None) or ServerConnection
        options = {
            "compression": None,
            "origins": _origins,
            "logger": _logger,
            **options,
            "create_connection": self._connection_factory(base),
        }
        self._requested = (host, port)
        with contextlib.ExitStack() as undo:
            if "sock" not in options:
                shared = replaced and replaced._share_socket(host, port)
                if shared:
                    options["sock"] = shared
                    undo.callback(shared.close)
                else:
                    options |= {"host": host, "port": port}
            thread = LoopThread(f"wslab server {self.name!r}", lambda: self._lifespan(options))
            thread.start(timeout=START_TIMEOUT)
            undo.pop_all()
        self._thread = thread

    @contextlib.asynccontextmanager
    async def _lifespan(self, options: dict[str, Any]) -> AsyncIterator[None]:
        self.transcript.refuse_waiting_here()
        loop = asyncio.get_running_loop()
        loop.set_task_factory(_create_task)
        loop.set_exception_handler(self._record_background_error)
        self._server = server = await serve_websockets(self._handle, **options)
        host, port, *_ = server.sockets[0].getsockname()
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # "any" is no destination
        scheme = "wss" if options.get("ssl") else "ws"
        self._url = f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
        try:
            yield
        finally:
            await self._close(server)

    async def _close(self, server: Server) -> None:
        # Accept nobody any more: a connection gets its transport a turn of the loop after it was
        # accepted. If close() comes in between, asyncio forgets it, and the client waits for ever.
        loop = asyncio.get_running_loop()
        for sock in server.sockets:
            with contextlib.suppress(NotImplementedError):  # on Windows
                loop.remove_reader(sock.fileno())
        self._closing = True
        for connection in list(self._connections):
            if connection.request is None:  # only TCP so far: no CLOSE frame is due
                connection.transport.abort()
        server.close()
        try:
            async with asyncio.timeout(self._stop_timeout):
                await server.wait_closed()
        except TimeoutError:
            for connection in list(self._connections):
                connection.transport.abort()
            # LoopThread cancels the handlers.

    async def _handle(self, connection: ServerConnection) -> None:
        try:
            await self.handler(connection)
        except BaseException as exc:
            if _is_regular_end(exc, connection):
                return
            if _was_cancelled(exc):
                raise
            self._record_error(exc, cast(_RecordedConnection, connection).recorder.number)
            if isinstance(exc, Exception):
                raise
            # asyncio would let SystemExit and KeyboardInterrupt end the whole loop, and websockets
            # would take a CancelledError of the handler's own making for the end of its task.
            raise RuntimeError(f"the handler raised {type(exc).__name__}") from exc

    def _record_background_error(
        self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]
    ) -> None:
        """Record what nobody awaits: asyncio would print it, in whichever cell runs."""
        exc = context.get("exception")
        # A task that outlives its connection is told so by send(): nothing is wrong with that.
        if exc is not None and not isinstance(exc, ConnectionClosed):
            self._record_error(exc, getattr(context.get("future"), "wslab_connection", 0))

    def _record_error(self, exc: BaseException, number: int) -> None:
        own = exc.__traceback__
        while own is not None and own.tb_frame.f_code.co_filename == __file__:
            own = own.tb_next
        # str(shown) is str(exc), or says that it failed.
        shown = traceback.TracebackException(type(exc), exc, own, compact=True)
        message, lines = _shorten(str(shown)), _shorten("".join(shown.format()))
        error = HandlerError(number, type(exc).__name__, message, lines, time.perf_counter())
        self.transcript.extend([error])

    def _connection_factory(self, base: Any) -> Callable[..., ServerConnection]:
        if not (isinstance(base, type) and issubclass(base, ServerConnection)):
            raise TypeError(
                "create_connection must be a subclass of "
                f"websockets.asyncio.server.ServerConnection, not {base!r}"
            )
        cls = (
            _RecordedConnection
            if base is ServerConnection
            else type(base.__name__, (_RecordedConnection, base), {})
        )

        def create_connection(
            protocol: ServerProtocol, server: Server, **options: Any
        ) -> ServerConnection:
            connection: _RecordedConnection = cls(protocol, server, **options)
            connection.background = self
            return connection

        return create_connection

    def _share_socket(self, host: str, port: int) -> socket.socket | None:
        """
        Return a second handle of the listening socket, if it is the one that is asked for.

        The server that takes over listens on the very same socket, so that no other program can
        take the port in between, and no client finds nobody listening. One whose handshake is
        going on when the old server stops may get HTTP status 503 from it.
        """
        own_host, own_port = self._requested
        if self._server is None or host != own_host or port not in (0, own_port, self.port):
            return None
        # dup() keeps the socket's protocol number, without which asyncio leaves Nagle's algorithm
        # on, and answers in two frames take 40 ms.
        return self._server.sockets[0].dup()

    def _release_sockets(self) -> None:
        """
        Let go of every socket without touching the loop, which is blocked or in another process.

        Closing the descriptors would make the sockets' owner close them a second time, when they
        may be another file's; ``dup2`` replaces what is behind them.
        """
        sockets = [*(self._server.sockets if self._server else ())]
        for connection in self._connections:
            connection.recorder.ended = True  # what is written from now on goes nowhere
            sockets.append(connection.transport.get_extra_info("socket"))
        nothing = os.open(os.devnull, os.O_RDONLY)
        for sock in sockets:
            with contextlib.suppress(OSError):
                os.dup2(nothing, sock.fileno(), inheritable=False)
        os.close(nothing)


class _Recorder:
    """What crosses the wire on one connection, into the transcript."""

    __slots__ = (
        "_client",
        "_defer",
        "_make_received",
        "_make_sent",
        "_server",
        "_transcript",
        "ended",
        "eof",
        "number",
        "unsent",
    )

    def __init__(self, number: int, transcript: Transcript) -> None:
        self.number = number
        self.ended = False  # by the server, not by the client
        self.eof = False  # the client has ended its direction
        self.unsent = 0
        self._client = Decoder("client", number)
        self._server = Decoder("server", number)
        self._transcript = transcript
        # Looked up once, not for each message.
        self._defer = transcript.defer
        self._make_received = self._client.plain_frame
        self._make_sent = self._server.plain_frame

    def received(self, data: bytes) -> None:
        if self._client.is_plain(data):
            self._defer(self._make_received, data)
        else:
            self._transcript.extend(self._client.feed(data, time.perf_counter()))

    def sent(self, data: bytes) -> None:
        if self._server.is_plain(data):
            self._defer(self._make_sent, data)
            return
        records = self._server.feed(data, time.perf_counter())
        if self._client.compression is not self._server.compression:
            self._client.compression = self._server.compression
        if self._server.accepted is False:
            self._client.refuse()
        self._transcript.extend(records)

    def lost(self) -> None:
        """Record the end of the TCP connection, unless it was the end of a closing handshake."""
        now = time.perf_counter()
        records: list[Record] = [*self._client.eof(now), *self._server.eof(now)]
        refused = self._server.accepted is False
        if not refused and not (self._client.closed and self._server.closed):
            who = "server" if self.ended else "client"
            if not self._server.accepted:
                how = "before the opening handshake was complete"
            elif not (self._client.closed or self._server.closed):
                how = "without a closing handshake"
            elif (self._server if self.ended else self._client).closed:
                how = "before its CLOSE frame was answered"
            else:
                how = "without answering the CLOSE frame"
            problem = f"the {who} ended the TCP connection {how}"
            records.append(Lost(self.number, problem, self.unsent, now))
        self._transcript.extend(records)


class _RecordedTransport:
    """A transport that records what is written to it; everything else is the real transport's."""

    def __init__(self, transport: asyncio.Transport, recorder: _Recorder) -> None:
        self._transport = transport
        self._recorder = recorder
        self._write = transport.write
        self.is_closing = transport.is_closing
        self._sent = recorder.sent

    def write(self, data: bytes) -> None:
        # A transport that is closing throws away what is written to it: it never goes out.
        if not (self.is_closing() or self._recorder.ended):
            # Recorded first, so that whoever got an answer finds it in the transcript.
            self._sent(data)
        self._write(data)

    def writelines(self, list_of_data: Iterable[bytes]) -> None:
        self.write(b"".join(list_of_data))

    def write_eof(self) -> None:
        if not self._recorder.eof:  # otherwise it only answers the client's end
            self._recorder.ended = True
        self._transport.write_eof()

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


class _RecordedConnection(ServerConnection):
    """A connection that records what it receives, and hands on a transport that records too."""

    background: BackgroundServer
    recorder: _Recorder

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        background = self.background
        background._accepted += 1
        _number.set(background._accepted)
        self.recorder = _Recorder(background._accepted, background.transcript)
        recorded = _RecordedTransport(cast(asyncio.Transport, transport), self.recorder)
        super().connection_made(cast(asyncio.BaseTransport, recorded))
        background._connections.add(self)
        if background._closing:
            recorded.abort()

    def data_received(self, data: bytes) -> None:
        self.recorder.received(data)
        super().data_received(data)

    def eof_received(self) -> None:
        self.recorder.eof = True
        super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self.recorder.lost()
        self.background._connections.discard(self)
        super().connection_lost(exc)


class _HandshakeErrors(logging.Handler):
    """
    Records the exceptions of ``process_request`` and the like.

    ``websockets`` logs them with a traceback, which Python would print in whichever cell runs; and
    failed handlers too, which are recorded by then.
    """

    CALLBACKS = frozenset(
        f"{what} failed" for what in ("process_request", "process_response", "opening handshake")
    )

    def emit(self, record: logging.LogRecord) -> None:
        connection = getattr(record, "websocket", None)
        exc = record.exc_info[1] if record.exc_info else None
        if exc and isinstance(connection, _RecordedConnection) and record.msg in self.CALLBACKS:
            connection.background._record_error(exc, connection.recorder.number)


_logger = logging.getLogger("wslab.server")
_logger.addHandler(_HandshakeErrors())


def _create_task(
    loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any
) -> asyncio.Task[Any]:
    """Make a task that knows its connection; its context would tell from Python 3.12 on only."""
    task: Any = asyncio.Task(coroutine, loop=loop, **options)
    task.wslab_connection = _number.get()
    return cast("asyncio.Task[Any]", task)


def _shorten(text: str) -> str:
    return text if len(text) <= KEEP_ERROR else text[:KEEP_ERROR] + "…"


def _is_regular_end(exc: BaseException, connection: ServerConnection) -> bool:
    """
    Return whether a handler ended as it may: recv() or send() told it that the client is gone.

    Its own client, that is. If it is another handler's, it has failed.
    """
    if isinstance(exc, BaseExceptionGroup):  # out of a task group
        return all(_is_regular_end(each, connection) for each in exc.exceptions)
    return isinstance(exc, ConnectionClosed) and connection.state is not State.OPEN


def _was_cancelled(exc: BaseException) -> bool:
    """Return whether somebody cancelled the current task, rather than the task itself failed."""
    task = asyncio.current_task()
    cancelled = isinstance(exc, asyncio.CancelledError) and task is not None and task.cancelling()
    return bool(cancelled) or isinstance(exc, GeneratorExit)


def _check_handler(handler: object) -> None:
    if not callable(handler) or not (
        # The __call__ of its type: a class whose instances would be handlers is none itself.
        inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(type(handler).__call__)
    ):
        raise TypeError(
            f"the handler must be an async function, not {handler!r}; "
            "write: async def handler(ws): …"
        )
    try:
        inspect.signature(handler).bind(None)
    except TypeError as exc:
        raise TypeError(
            f"the handler must take one argument, the connection ({exc}); "
            "write: async def handler(ws): …  (the path is ws.request.path)"
        ) from exc


def _bypass_proxy(host: str) -> None:
    """
    Exempt the server's host from the proxy of the environment, for clients in this process.

    ``websockets`` honours the proxy variables for 127.0.0.1 as well, where no proxy can help.
    """
    proxies = urllib.request.getproxies()
    if proxies and not urllib.request.proxy_bypass(host):
        # Some programs read only the one, some only the other, and some prefer the lower case.
        exempt = ",".join(filter(None, [proxies.get("no"), host]))
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = exempt


class _Registry:
    """The running servers by name."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.servers: dict[str, BackgroundServer] = {}
        # Servers of the process that this one was forked from: their loops must never be
        # finalised here, where they would tell the kernel to stop watching shared descriptors.
        self.inherited: list[object] = []

    def stop_all(self) -> None:
        """At the end of the process: say goodbye to the clients, but do not wait for the deaf."""
        threads = [server._thread for server in list(self.servers.values()) if server._thread]
        for server in list(self.servers.values()):
            server._stop_timeout = EXIT_TIMEOUT
        for thread in threads:
            thread.ask_to_stop()
        deadline = time.monotonic() + 3 * EXIT_TIMEOUT
        for thread in threads:
            thread.join(deadline - time.monotonic())

    def after_fork(self) -> None:
        """In a forked child: the threads are not here, so let go of what they were serving."""
        self.lock = threading.RLock()
        for server in self.servers.values():
            server._release_sockets()
            self.inherited += [server._thread, server._server]
            server._thread = server._server = None
            # Its lock may have been held by the thread that is not here.
            server.transcript.forget_lock()
        self.servers.clear()


def on_server_thread() -> bool:
    """Return whether the caller runs inside a handler of a background server."""
    return any(server._is_current_thread() for server in list(_registry.servers.values()))


_registry = _Registry()
atexit.register(_registry.stop_all)
if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(after_in_child=_registry.after_fork)
