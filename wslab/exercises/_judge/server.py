"""A learner's server, seen from outside."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from wslab.server import BackgroundServer

from .client import Client
from .finding import HELD_UP, Finding, held_up, show
from .limits import BEATS_OF_A_REPLY, CROWD, REPLY_TIMEOUT, note_in_vain, patience
from .pace import Metronome

__all__ = ["Server"]

# A client that is closed in the middle of a flood would print an internal error of websockets.
_logger = logging.getLogger("wslab.exercises")
_logger.addHandler(logging.NullHandler())
_logger.propagate = False


class Server:
    """The learner's server, seen from outside."""

    def __init__(self, background: BackgroundServer) -> None:
        self.background = background
        self._clients = 0
        self._farewell = REPLY_TIMEOUT

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop on which the learner's handlers run."""
        server: asyncio.Server | None = self.background._server
        if server is None:
            raise Finding("the server has ended", got="a handler ended it")
        return server.get_loop()

    def turns(self, count: int = 8) -> None:
        """Let the event loop go round, so that tasks do what they can without waiting."""

        async def go_round() -> None:
            for _ in range(count):
                await asyncio.sleep(0)

        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(go_round(), self.loop).result(REPLY_TIMEOUT)

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """Hold up the event loop for the block: what clients do there comes all at once."""
        go = threading.Event()
        self.loop.call_soon_threadsafe(go.wait, REPLY_TIMEOUT)
        try:
            yield
        finally:
            go.set()

    @contextlib.contextmanager
    def client(self, *, path: str = "", **options: Any) -> Iterator[Client]:
        """
        Connect to it.

        Args:
            path: What the URL has after host and port.
            options: For :func:`websockets.sync.client.connect`.

        Raises:
            Finding: It does not let the client in.
        """
        self._clients += 1
        seconds = patience()
        try:
            connection = connect(
                self.background.url + path,
                open_timeout=seconds,
                close_timeout=REPLY_TIMEOUT,
                ping_interval=None,
                logger=_logger,
                **options,
            )
        except (OSError, WebSocketException) as exc:
            if isinstance(exc, TimeoutError):
                note_in_vain(seconds)
            if self.is_held_up():
                raise held_up() from None
            raise Finding(
                "a client could not connect",
                sent="the opening handshake",
                expected="an open connection",
                got=f"{type(exc).__name__}: {exc}",
            ) from None
        # A limit for sending only: websockets does not read before there is something to read.
        with contextlib.suppress(OSError):  # it is closed already
            connection.socket.settimeout(REPLY_TIMEOUT)
        with connection as ws:
            try:
                yield Client(ws, self, self._clients)
            except BaseException:
                self._farewell = 0.0  # something is wrong already: no long farewells
                raise
            finally:
                ws.close_timeout = min(self._farewell, patience())
                began = time.monotonic()
                ws.close()
                if (took := time.monotonic() - began) > REPLY_TIMEOUT / 2:
                    self._farewell = 0.0  # one that does not say goodbye is enough
                    note_in_vain(took)

    def count_others(self, count: int) -> None:
        """Note that so many connections are made by others: connections are known by number."""
        self._clients += count

    @contextlib.contextmanager
    def clients(self, count: int) -> Iterator[list[Client]]:
        """Connect several clients, all at the same time."""
        with contextlib.ExitStack() as stack:
            yield [stack.enter_context(self.client()) for _ in range(count)]

    @contextlib.contextmanager
    def deaf_client(self) -> Iterator[Client]:
        """Connect a client whose network holds next to nothing, so that it must go on reading."""
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.settimeout(REPLY_TIMEOUT)
            sock.connect(("127.0.0.1", self.background.port))
            with self.client(sock=sock, max_queue=1) as client:
                try:
                    yield client
                finally:
                    client.vanish()

    def come_and_go(self) -> None:
        """Let a client come and leave, and another one after it: the first may leave a mess."""
        for _ in range(2):
            with self.client():
                pass

    def serve_crowd(self, message: str, expect: Callable[[Client, str], None]) -> None:
        """
        Let many clients ask at once: what blocks the loop for a moment adds up.

        Args:
            message: What each of them sends.
            expect: Called with a client and a problem, to judge the reply.
        """
        with self.client() as client:
            client.send(message)
            expect(client, "a client that comes later should get its reply, too")
        with self.clients(CROWD) as clients:
            for client in clients:
                client.send(message)
            for client in reversed(clients):  # the last one waits longest
                try:
                    expect(client, "many clients at once: each should get its own reply")
                except Finding as finding:
                    if "no message came" in finding.problem:
                        finding.problem = f"{CROWD} clients at once: {HELD_UP}"
                    raise

    def expect_no_blocking(self, message: str, before: int = 0, replies: int = 1) -> None:
        """
        Expect that the handler awaits where it waits: while one client is served, others are.

        Args:
            message: What each client of a crowd sends.
            before: How many messages each gets before that.
            replies: How many messages each gets then.
        """
        for _ in range(3):  # on a busy machine anybody is held up now and then
            beats = self._beats_for_each(message, before, replies)
            if beats <= BEATS_OF_A_REPLY:
                return
            if beats > 20:
                break
        raise Finding(
            "it blocks: while it serves one client, all others wait",
            sent=f"{show(message)} by {CROWD // 3} clients at once",
            expected="await where it waits, such as asyncio.sleep() instead of time.sleep()",
            got=f"{beats:.0f} ms for each reply, one after another",
        )

    def _beats_for_each(self, message: str, before: int, replies: int) -> float:
        """Return how many milliseconds a crowd waits for each of its replies, by a metronome."""
        with Metronome(0.001) as metronome, self.clients(CROWD // 3) as clients:
            for client in clients:
                for _ in range(before):
                    client.receive("a message before any is sent")
            began = time.perf_counter()
            for client in clients:
                client.send(message)
            for client in clients:
                for _ in range(replies):
                    client.receive("a reply", "many clients at once")
            # A reply costs less than a millisecond; on a busy machine the metronome is late, too.
            return metronome.beats_since(began) / len(clients)

    def is_held_up(self) -> bool:
        """Return whether the event loop gets no turn: the handler does not await."""
        thread = self.background._thread
        noticed = threading.Event()
        if thread is not None:
            try:
                thread._loop.call_soon_threadsafe(noticed.set)
            except RuntimeError:  # the handler has closed the loop
                return False
        return not noticed.wait(patience() / 2)

    def wait_for_handlers(self, count: int = 0, *, timeout: float | None = None) -> bool:
        """
        Wait until at most so many handlers are running; return whether that came.

        Args:
            count: How many may run.
            timeout: Seconds to wait, as long as patience has it without it.
        """
        seconds = patience() if timeout is None else timeout

        async def wait() -> bool:
            async with asyncio.timeout(seconds):
                while server is not None and len(tasks := list(server.handler_tasks)) > count:
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return True

        server = self.background._server
        if server is None:
            return True
        future = asyncio.run_coroutine_threadsafe(wait(), server.get_loop())
        try:
            return future.result(2 * seconds)
        except TimeoutError:
            if timeout is None:
                note_in_vain(seconds)
            return False

    def wait_for_tasks(self) -> list[str]:
        """Wait until no task of a handler is left; return the names of those that do not end."""

        def left() -> set[asyncio.Task[Any]]:
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            return {task for task in tasks if getattr(task, "wslab_connection", 0)}

        async def wait() -> list[str]:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience()):
                    while tasks := left():
                        await asyncio.wait(tasks)
            return [getattr(task.get_coro(), "__name__", "task") for task in left()]

        return asyncio.run_coroutine_threadsafe(wait(), self.loop).result(2 * REPLY_TIMEOUT)

    def connections(self) -> set[ServerConnection]:
        """Return the connections that are there now."""
        return set(self.background._recording.connections)

    def expect_handlers_to_end(self, problem: str) -> None:
        """Expect that the handlers of all clients, who have left, return."""
        seconds = patience()
        if not self.wait_for_handlers():
            if self.is_held_up():
                raise held_up()
            raise Finding(
                problem,
                sent="CLOSE, or the end of the TCP connection",
                expected="every handler returns once its client has left",
                got=f"one is still running after {seconds:g} s",
                records=self.background.transcript.snapshot()[-12:],
            )
