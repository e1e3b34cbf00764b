"""A real ``websockets`` server on a background thread of this process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any, cast

from websockets.asyncio.server import ServerConnection

from ._handler import check_handler
from ._listen import ANY, TCP_ONLY, Listening, address_of, listen
from ._patient import GOES_ROUND
from .failures import checked, logger, record_background_failure, run_handler
from .recorder import RecordedConnection, Recording, create_task
from .service import STOP_TIMEOUT, BackgroundService, registry
from .transcript import Transcript

__all__ = ["BackgroundServer", "allow_origin", "serve"]

# Any web page may open a WebSocket to any address, the learner's kernel included; the browser
# tells in Origin whose page it is (RFC 6455 §10.2). Let in are clients that are no browsers and
# send no Origin, and the pages that allow_origin() was told of.
_origins: list[str | None] = [None]


def serve(
    handler: Callable[[ServerConnection], Awaitable[None]],
    *,
    name: str | None = None,
    host: str | Sequence[str] | None = "127.0.0.1",
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
        host: Address to listen on, or several; ``""`` and ``None`` are all. The default is
            reachable from this machine only.
        port: TCP port; 0, the default, takes a free one, the same on each address.
        keep: How many records the transcript keeps.
        options: Any option of :func:`websockets.asyncio.server.serve`. Three have other
            defaults: ``compression=None``, so that payloads can be read on the wire;
            ``origins``, so that web pages are refused (see :func:`allow_origin`); ``logger``,
            so that nothing is printed (it is ``logging.getLogger("wslab.server")``).

    Raises:
        TypeError: ``handler`` is not an async function of one argument, nor another callable that
            may return an awaitable; or an option is unknown.
        ValueError: A Unix socket is asked for.
        OSError: The port is taken, or the host is not an address of this machine.

    >>> import wslab
    >>> async def shout(ws):
    ...     async for message in ws:
    ...         await ws.send(message.upper())
    >>> with wslab.serve(shout) as server:
    ...     wslab.talk(server.url, "hello")
    ['HELLO']
    """
    check_handler(handler)
    name = name or str(getattr(handler, "__name__", type(handler).__name__))
    server = BackgroundServer(handler, name, Transcript(keep=keep))
    registry.run(server, host, port, options)
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


class BackgroundServer(BackgroundService):
    """
    A running server, made by :func:`serve`.

    Attributes:
        name: Name of the server.
        handler: The handler it runs for each connection.
        transcript: What crossed the wire, as the server saw it.
    """

    _kind, _start_call = "server", "wslab.serve()"
    _culprit = "a handler"
    _advice = "in a handler, await instead of blocking (asyncio.sleep instead of time.sleep)"

    def __init__(
        self,
        handler: Callable[[ServerConnection], Awaitable[None]],
        name: str,
        transcript: Transcript,
    ) -> None:
        super().__init__(name, transcript)
        self.handler = handler
        self._recording = Recording(transcript)

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

        Warns:
            RuntimeWarning: A handler held up the event loop, or went on for ever after its
                connection was closed: it was ended, or goes on until it returns.
        """
        super().stop(timeout)

    def _start(
        self,
        replaced: BackgroundService | None,
        host: str | Sequence[str] | None,
        port: int,
        options: dict[str, Any],
    ) -> None:
        if options.get("unix") or options.get("path"):
            raise ValueError(TCP_ONLY)
        base = options.pop("create_connection", None) or ServerConnection
        options = {
            "compression": None,
            "origins": _origins,
            "logger": logger,
            **options,
            "create_connection": self._recording.connection_factory(base),
        }
        for name in ("process_request", "process_response"):
            if options.get(name) is not None:
                options[name] = checked(name, options[name])
        super()._start(replaced, host, port, options)

    @contextlib.asynccontextmanager
    async def _lifespan(self, options: dict[str, Any]) -> AsyncIterator[None]:
        self.transcript.refuse_waiting_here()
        loop = asyncio.get_running_loop()
        loop.set_task_factory(create_task)
        loop.set_exception_handler(
            lambda loop, context: record_background_failure(context, self.transcript)
        )
        # self.handler: looked up for each connection, so that an exercise's check can wrap it.
        sockets = options.pop("sockets", ())
        self._server = listening = await listen(
            lambda ws: run_handler(self.handler, cast(RecordedConnection, ws)), sockets, options
        )
        host, port = address_of(listening.sockets[0])
        host = ANY.get(host, host)
        scheme = "wss" if options.get("ssl") else "ws"
        self._url = f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
        try:
            yield
        finally:
            await self._close(listening)

    async def _close(self, listening: Listening) -> None:
        # Accept nobody any more: a connection gets its transport a turn of the loop after it was
        # accepted. If close() comes in between, asyncio forgets it, and the client waits for ever.
        loop = asyncio.get_running_loop()
        for sock in listening.sockets:
            with contextlib.suppress(NotImplementedError):  # on Windows
                loop.remove_reader(sock.fileno())
        self._recording.closing = True
        for connection in list(self._recording.connections):
            if connection.request is None:  # only TCP so far: no CLOSE frame is due
                connection.transport.abort()
        listening.close()
        # Not asyncio.timeout(), which fails if nest_asyncio.apply() has been called meanwhile.
        closed = asyncio.ensure_future(listening.wait_closed())
        await asyncio.wait([closed], timeout=self._stop_timeout)
        if closed.done():
            return closed.result()
        for connection in list(self._recording.connections):
            connection.transport.abort()
        # LoopThread cancels the handlers.

    def _end(self, timeout: float) -> str | None:
        self._recording.goes_round = False
        problem = super()._end(timeout)
        return GOES_ROUND if self._recording.goes_round else problem

    def _connection_sockets(self) -> Iterable[Any]:
        for connection in self._recording.connections:
            connection.recorder.ended = True  # what is written from now on goes nowhere
            yield connection.transport.get_extra_info("socket")
