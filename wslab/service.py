"""
What runs in the background of this process, under a name: a thread, an address, a transcript.

:func:`wslab.serve` and :func:`wslab.tap` start such services. Starting one again replaces it and
keeps its port; the end of the process stops them, and a forked child lets go of them.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import socket
import threading
import urllib.parse
import warnings
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ._clock import monotonic
from ._listen import address_of
from ._loop import LoopThread
from .kernel import wake_on_signals
from .proxy import bypass_proxy
from .transcript import Transcript

if TYPE_CHECKING:
    from .live import LiveTranscript

__all__ = ["BackgroundService", "NotRunningError", "on_service_thread", "registry"]

START_TIMEOUT = 10.0
STOP_TIMEOUT = 1.0
GRACE = 2.0  # for the loop to cancel and close what is left, which takes it one at most
EXIT_TIMEOUT = 0.2
ENDED = "held up its event loop and was ended"


class NotRunningError(RuntimeError):
    """The server was stopped, so it has no address."""


class BackgroundService:
    """
    A running service: the base of what :func:`wslab.serve` and :func:`wslab.tap` return.

    Attributes:
        name: Its name.
        transcript: What crossed the wire.
    """

    # What its messages call it, how it is started, what may hold up its loop, and what mends that.
    _kind, _start_call, _culprit, _advice = "service", "", "", ""

    def __init__(self, name: str, transcript: Transcript) -> None:
        self.name = name
        self.transcript = transcript
        self._thread: LoopThread | None = None
        self._server: Any = None  # with the listening sockets in .sockets
        self._requested: tuple[str | Sequence[str] | None, int] = ("", 0)  # host and port
        self._url = ""
        self._stop_timeout = STOP_TIMEOUT
        self._stopping = False
        self._live: LiveTranscript | None = None

    @property
    def url(self) -> str:
        """
        Address for clients, such as ``"ws://127.0.0.1:49152"``.

        Raises:
            NotRunningError: The service was stopped.
        """
        if not self._is_running():
            raise NotRunningError(
                f"{self._kind} {self.name!r} is not running; call {self._start_call} again "
                f"(re-run its cell) and use the {self._kind} that it returns"
            )
        return self._url

    @property
    def port(self) -> int:
        """
        TCP port that the service listens on.

        Raises:
            NotRunningError: The service was stopped.
        """
        port = urllib.parse.urlsplit(self.url).port
        assert port is not None
        return port

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
        Stop the service, end its connections and free its port; again does nothing.

        Args:
            timeout: Seconds for connections to end by themselves. In all it takes at most three
                seconds more.

        Raises:
            RuntimeError: The call comes from the service's own thread.
        """
        if problem := self._end(timeout):
            words = f"{self._kind} {self.name!r}: {problem}"
            warnings.warn(words, RuntimeWarning, stacklevel=3)

    def _end(self, timeout: float) -> str | None:
        """Do what :meth:`stop` does; return what was wrong if code had to be ended, or was not."""
        with registry.lock:
            thread = self._thread
            if thread is None:
                return None
            thread.refuse_current()
            self._stopping = True
            self._stop_timeout = timeout
            try:
                ended = thread.stop(timeout=timeout + GRACE)
            except BaseException:  # an interrupt: what has begun is brought to its end
                name = f"{thread.name}, stopping"
                threading.Thread(target=self._end, args=(timeout,), name=name, daemon=True).start()
                raise
            self._thread = None
            if registry.servers.get(self.name) is self:
                del registry.servers[self.name]
        if self._live is not None:
            self._live.stop()
        if not ended:
            self._release_sockets()
            return (
                f"it has left its port, but {self._culprit} holds up its event loop and goes on "
                f"until it returns; {self._advice}"
            )
        if thread.interrupted:
            return f"{self._culprit} {ENDED}; {self._advice}"
        return None

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
        state = "running" if self._is_running() else "stopped"
        return f"<{type(self).__name__} {self.name!r} {state}>"

    def _is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive() and not self._stopping

    def _lifespan(self, options: dict[str, Any]) -> AbstractAsyncContextManager[Any]:
        """Listen with these options and set ``_server`` and ``_url``; on leaving, end it all."""
        raise NotImplementedError

    def _connection_sockets(self) -> Iterable[Any]:
        """Yield the sockets of all connections, which are let go of: record nothing any more."""
        raise NotImplementedError

    def _is_current_thread(self) -> bool:
        return self._thread is not None and self._thread.is_current()

    def _start(
        self,
        replaced: BackgroundService | None,
        host: str | Sequence[str] | None,
        port: int,
        options: dict[str, Any],
    ) -> None:
        self._requested = (host, port)
        with contextlib.ExitStack() as undo:
            if "sock" in options:
                self._requested = address_of(options["sock"])
            else:
                shared = replaced._share_sockets(host, port) if replaced else []
                for sock in shared:
                    undo.callback(sock.close)
                if shared:
                    options = {**options, "sockets": shared}
                else:
                    options = {**options, "host": host, "port": port}
            # Kept before it starts: an interrupt may come when it just has.
            self._thread = thread = LoopThread(
                f"wslab {self._kind} {self.name!r}", lambda: self._lifespan(options)
            )
            undo.callback(self._end, STOP_TIMEOUT)
            thread.start(timeout=START_TIMEOUT)
            undo.pop_all()

    def _share_sockets(self, host: str | Sequence[str] | None, port: int) -> list[socket.socket]:
        """
        Return second handles of the listening sockets, if they are the ones that are asked for.

        The service that takes over listens on the very same sockets, so that no other program can
        take the port in between, and no client finds nobody listening. One whose handshake is
        going on when the old server stops may get HTTP status 503 from it.
        """
        own_host, own_port = self._requested
        if not self._is_running() or host != own_host or port not in (0, own_port, self.port):
            return []
        # dup() keeps the socket's protocol number, without which asyncio leaves Nagle's algorithm
        # on, and answers in two frames take 40 ms.
        return [sock.dup() for sock in self._server.sockets]

    def _release_sockets(self) -> None:
        """
        Let go of every socket without touching the loop, which is blocked or in another process.

        Closing the descriptors would make the sockets' owner close them a second time, when they
        may be another file's; ``dup2`` replaces what is behind them.
        """
        sockets = [*(self._server.sockets if self._server else ()), *self._connection_sockets()]
        nothing = os.open(os.devnull, os.O_RDONLY)
        for sock in sockets:
            with contextlib.suppress(OSError):
                os.dup2(nothing, sock.fileno(), inheritable=False)
        os.close(nothing)


class _Registry:
    """The running services by name."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.servers: dict[str, BackgroundService] = {}
        # Services of the process that this one was forked from: their loops must never be
        # finalised here, where they would tell the kernel to stop watching shared descriptors.
        self.inherited: list[object] = []

    def run(
        self,
        service: BackgroundService,
        host: str | Sequence[str] | None,
        port: int,
        options: dict[str, Any],
    ) -> None:
        """
        Start a service, in place of the one that has its name.

        Args:
            service: It has not been started.
            host: Address to listen on, or several.
            port: TCP port; 0 takes that of the one that is replaced, or a free one.
            options: What its ``_lifespan()`` takes besides.

        Raises:
            RuntimeError: The call comes from the thread of the one that is to be replaced.
            Exception: Whatever starting raised; the one that was there goes on.
        """
        with self.lock:
            replaced = self.servers.get(service.name)
            if replaced is not None and replaced._is_current_thread():
                raise RuntimeError(
                    f"a handler cannot replace its own server, {service.name!r}; do it in a cell"
                )
            try:
                service._start(replaced, host, port, options)
                self.servers[service.name] = service
            except BaseException:
                service._end(STOP_TIMEOUT)
                raise
            wake_on_signals()
            bypass_proxy(service._url)
            # Last: an interrupt in here, which may last seconds, leaves the new one in charge.
            if replaced is not None:
                replaced.stop()

    def stop_all(self) -> None:
        """At the end of the process: say goodbye to the clients, but do not wait for the deaf."""
        servers = list(self.servers.values())
        threads = [server._thread for server in servers if server._thread]
        for server in servers:
            server._stop_timeout = EXIT_TIMEOUT
        for thread in threads:
            thread.ask_to_stop()
        deadline = monotonic() + 3 * EXIT_TIMEOUT
        for thread in threads:
            thread.join(deadline - monotonic())
        # What goes on and prints while Python ends would make it abort.
        for thread in threads:
            if not thread.join(0):
                thread.interrupt(2 * EXIT_TIMEOUT)

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


def on_service_thread() -> bool:
    """Return whether the caller runs on the thread of a service, so inside a handler."""
    return any(server._is_current_thread() for server in list(registry.servers.values()))


registry = _Registry()
atexit.register(registry.stop_all)
if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(after_in_child=registry.after_fork)
