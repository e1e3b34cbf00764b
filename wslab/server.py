"""A real ``websockets`` server on a background thread of this process."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import inspect
import os
import socket
import threading
import time
import urllib.parse
import urllib.request
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from websockets.asyncio.server import Server, ServerConnection
from websockets.asyncio.server import serve as serve_websockets

from ._loop import LoopThread
from .failures import logger, record_background_failure, run_handler
from .kernel import wake_on_signals
from .proxy import bypass_proxy
from .recorder import Recording, create_task
from .transcript import Transcript

if TYPE_CHECKING:
    from .live import LiveTranscript

__all__ = ["BackgroundServer", "NotRunningError", "allow_origin", "on_server_thread", "serve"]

START_TIMEOUT = 10.0
STOP_TIMEOUT = 1.0
GRACE = 2.0  # for the loop to cancel and close what is left, which takes it one at most
EXIT_TIMEOUT = 0.2

# Any web page may open a WebSocket to any address, the learner's kernel included; the browser
# tells in Origin whose page it is (RFC 6455 §10.2). Let in are clients that are no browsers and
# send no Origin, and the pages that allow_origin() was told of.
_origins: list[str | None] = [None]


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
    bypass_proxy(str(urllib.parse.urlsplit(server.url).hostname))
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
        self._recording = Recording(transcript)
        self._requested = ("", 0)  # host and port
        self._url = ""
        self._stop_timeout = STOP_TIMEOUT
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
            "logger": logger,
            **options,
            "create_connection": self._recording.connection_factory(base),
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
        loop.set_task_factory(create_task)
        loop.set_exception_handler(
            lambda loop, context: record_background_failure(context, self.transcript)
        )
        # self.handler: looked up for each connection, so that an exercise's check can wrap it.
        self._server = server = await serve_websockets(
            lambda connection: run_handler(self.handler, connection), **options
        )
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
        self._recording.closing = True
        for connection in list(self._recording.connections):
            if connection.request is None:  # only TCP so far: no CLOSE frame is due
                connection.transport.abort()
        server.close()
        try:
            async with asyncio.timeout(self._stop_timeout):
                await server.wait_closed()
        except TimeoutError:
            for connection in list(self._recording.connections):
                connection.transport.abort()
            # LoopThread cancels the handlers.

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
        for connection in self._recording.connections:
            connection.recorder.ended = True  # what is written from now on goes nowhere
            sockets.append(connection.transport.get_extra_info("socket"))
        nothing = os.open(os.devnull, os.O_RDONLY)
        for sock in sockets:
            with contextlib.suppress(OSError):
                os.dup2(nothing, sock.fileno(), inheritable=False)
        os.close(nothing)


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
