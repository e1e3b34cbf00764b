"""
Tools for probes: talk to a learner's server, or let a learner's client talk to a server of ours.

Everything has a timeout, and everything is stopped afterwards, whatever the learner's code does.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import ctypes
import inspect
import json
import logging
import socket
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from types import CodeType
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from wslab.server import BackgroundServer, serve
from wslab.service import STOP_TIMEOUT
from wslab.wire import HandlerError

from ._exercise import Finding

__all__ = ["Client", "Pause", "Server", "answering", "call", "during", "run_client", "show"]

REPLY_TIMEOUT = 2.0
"""Seconds that a learner's server has for a reply, and a learner's client for a step."""

CLIENT_TIMEOUT = 3.0
"""Seconds that a learner's client has in all."""

CROWD = 40
"""Clients in a crowd: if each holds up the loop for 0.1 s, the last one's reply is late."""

# A client that is closed in the middle of a flood would print an internal error of websockets.
_logger = logging.getLogger("wslab.exercises")
_logger.addHandler(logging.NullHandler())
_logger.propagate = False

HELD_UP = "the handler holds up the event loop: while it blocks, no other client is served"


def show(message: object) -> str:
    """Put a message into a sentence: its type is seen, and it is cut when long."""
    try:
        words = repr(message)
    except Exception:  # it is the learner's
        words = f"<{type(message).__name__}>"
    return words if len(words) <= 120 else f"{words[:120]}… ({len(words):,} characters)"


def same(got: object, expected: object) -> bool:
    """Return whether two things are equal, whatever the learner's one says about it."""
    try:
        return bool(got == expected)
    except Exception:  # an array has no truth value, other things have other ideas
        return False


@contextlib.contextmanager
def during(when: str) -> Iterator[None]:
    """Say in what is found here when it happened: "after a client has vanished: no message …"."""
    try:
        yield
    except Finding as finding:
        finding.problem = f"{when}: {finding.problem}"
        raise


def small_socket() -> socket.socket:
    """
    Return a listening socket, for the option ``sock``, whose connections hold next to nothing.

    So a client that does not read is noticed after little data.
    """
    # The protocol is named: otherwise asyncio leaves Nagle's algorithm on.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * 1024)  # accepted ones inherit it
    sock.bind(("127.0.0.1", 0))
    return sock


def _is_worth_logging(record: logging.LogRecord) -> bool:
    """Return False for what asyncio says of writing to a client that has just vanished."""
    return record.msg != "socket.send() raised exception."


@contextlib.contextmanager
def answering(handler: Any, **options: Any) -> Iterator[Server]:
    """
    Run the learner's handler for a while.

    Raises:
        Finding: It is not a handler, or it holds up the event loop.
    """
    spinning: list[ServerConnection] = []
    connection = type("ServerConnection", (_Connection,), {"spinning": spinning})
    options = {"ping_interval": None, "create_connection": connection, **options}
    try:
        background = serve(handler, name=f"check {id(handler)}", **options)
    except TypeError as exc:
        raise Finding(str(exc)) from None
    running: list[Coroutine[Any, Any, None]] = []

    def start(ws: ServerConnection) -> Coroutine[Any, Any, None]:
        running.append(handler(ws))
        return running[-1]

    background.handler = start
    server = Server(background)
    thread = background._thread._thread if background._thread else None
    timeout = STOP_TIMEOUT
    asyncio_logger = logging.getLogger("asyncio")
    asyncio_logger.addFilter(_is_worth_logging)
    try:
        yield server
    except BaseException:
        timeout = 0.2  # something is wrong already
        raise
    finally:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            background.stop(timeout)
        asyncio_logger.removeFilter(_is_worth_logging)
        for coroutine in running:
            if inspect.getcoroutinestate(coroutine) == inspect.CORO_SUSPENDED:
                # It caught GeneratorExit, too; the garbage collector would print that, some day.
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(coroutine))
        if thread is not None and thread.is_alive():
            _interrupt(thread)
    if any("holds up" in str(warning.message) for warning in caught):
        raise Finding(HELD_UP, expected="await, such as asyncio.sleep() instead of time.sleep()")
    if spinning:
        raise Finding(
            "the handler goes on for ever after its client has left: it catches ConnectionClosed",
            expected="the handler returns once the connection is closed",
            records=background.transcript.snapshot()[-12:],
        )


class _Connection(ServerConnection):
    """
    The learner's side of a connection, on which no handler can spin.

    A loop around ``recv()`` that catches everything never awaits once the connection is closed: it
    would hold up the event loop, and catch whatever is raised to end it. Here it waits instead.
    """

    spinning: list[ServerConnection]
    _in_vain = 0

    async def recv(self, *arguments: Any, **options: Any) -> Any:
        try:
            return await super().recv(*arguments, **options)
        except ConnectionClosed:
            await self._stop_spinning()
            raise

    async def send(self, *arguments: Any, **options: Any) -> None:
        try:
            await super().send(*arguments, **options)
        except ConnectionClosed:
            await self._stop_spinning()
            raise

    async def _stop_spinning(self) -> None:
        loop = asyncio.get_running_loop()
        if not self._in_vain:  # it is 0 again in the loop's next turn, if that comes
            loop.call_soon(setattr, self, "_in_vain", 0)
        self._in_vain += 1
        if self._in_vain == 50:
            self.spinning.append(self)
        if self._in_vain >= 50:
            await loop.create_future()


class Server:
    """The learner's server, seen from outside."""

    def __init__(self, background: BackgroundServer) -> None:
        self.background = background
        self._clients = 0
        self._patience = REPLY_TIMEOUT

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
        try:
            connection = connect(
                self.background.url + path,
                open_timeout=REPLY_TIMEOUT,
                close_timeout=REPLY_TIMEOUT,
                ping_interval=None,
                logger=_logger,
                **options,
            )
        except (OSError, WebSocketException) as exc:
            raise Finding(
                HELD_UP if self.is_held_up() else "a client could not connect",
                got=f"{type(exc).__name__}: {exc}",
            ) from None
        # A limit for sending only: websockets does not read before there is something to read.
        with contextlib.suppress(OSError):  # it is closed already
            connection.socket.settimeout(REPLY_TIMEOUT)
        with connection as ws:
            try:
                yield Client(ws, self, self._clients)
            except BaseException:
                self._patience = 0.0  # something is wrong already: no long farewells
                raise
            finally:
                ws.close_timeout = self._patience
                began = time.monotonic()
                ws.close()
                if time.monotonic() - began > REPLY_TIMEOUT / 2:
                    self._patience = 0.0  # one that does not say goodbye is enough

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

    def is_held_up(self) -> bool:
        """Return whether the event loop gets no turn: the handler does not await."""
        thread = self.background._thread
        noticed = threading.Event()
        if thread is not None:
            try:
                thread._loop.call_soon_threadsafe(noticed.set)
            except RuntimeError:  # the handler has closed the loop
                return False
        return not noticed.wait(REPLY_TIMEOUT / 2)

    def wait_for_handlers(self, count: int = 0) -> bool:
        """Wait until at most so many handlers are running; return whether that came."""

        async def wait() -> bool:
            async with asyncio.timeout(REPLY_TIMEOUT):
                while server is not None and len(tasks := list(server.handler_tasks)) > count:
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return True

        server = self.background._server
        if server is None:
            return True
        future = asyncio.run_coroutine_threadsafe(wait(), server.get_loop())
        try:
            return future.result(2 * REPLY_TIMEOUT)
        except TimeoutError:
            return False

    def expect_handlers_to_end(self, problem: str) -> None:
        """Expect that the handlers of all clients, who have left, return."""
        if not self.wait_for_handlers():
            raise Finding(
                HELD_UP if self.is_held_up() else problem,
                expected="every handler returns once its client has left",
                got=f"one is still running after {REPLY_TIMEOUT:g} s",
                records=self.background.transcript.snapshot()[-12:],
            )


class Client:
    """A client of the probe: what it expects and does not get becomes a :class:`Finding`."""

    def __init__(self, ws: ClientConnection, server: Server, number: int) -> None:
        self.ws = ws
        self._server = server
        self._transcript = server.background.transcript
        self._number = number
        self._sent: list[str] = []

    def send(self, message: str | bytes) -> None:
        """Send a message."""
        self._sent.append(show(message))
        try:
            self.ws.send(message)
        except ConnectionClosed as exc:  # what is received next tells why
            if isinstance(exc.__cause__, TimeoutError):
                problem = f"the server read nothing for {REPLY_TIMEOUT:g} s"
                raise self.finding(problem, "it goes on reading") from None

    def barrier(self) -> None:
        """Wait until the server has read what was sent, by a ping: the handler has begun then."""
        with contextlib.suppress(ConnectionClosed):
            self.ws.ping().wait(REPLY_TIMEOUT)

    def vanish(self) -> None:
        """End the TCP connection without a closing handshake."""
        with contextlib.suppress(OSError):
            self.ws.socket.shutdown(socket.SHUT_RDWR)

    def receive(self, expected: str, problem: str = "") -> str | bytes:
        """
        Return the next message.

        Args:
            expected: What it should be; a finding says so.
            problem: What is said first if none comes.
        """
        said = f"{problem}: " if problem else ""
        try:
            return self.ws.recv(timeout=REPLY_TIMEOUT)
        except TimeoutError:
            held_up = self._server.is_held_up()
            silence = f"{said}no message came within {REPLY_TIMEOUT:g} s"
            raise self.finding(HELD_UP if held_up else silence, expected) from None
        except ConnectionClosed as exc:
            raise self.finding(
                f"{said}the connection was closed", expected, self.why(exc)
            ) from None

    def expect(self, message: str | bytes, problem: str) -> None:
        """Expect exactly this message next; ``problem`` is said if it is another."""
        got = self.receive(show(message), problem)
        if got != message:
            raise self.finding(problem, show(message), show(got))

    def expect_json(self, value: Any, problem: str) -> None:
        """Expect a text message with this value as JSON, however it is spaced and ordered."""
        expected = f"JSON text: {json.dumps(value)}"
        got = self.receive(expected, problem)
        try:
            right = isinstance(got, str) and json.loads(got) == value
        except (ValueError, RecursionError):
            right = False
        if not right:
            raise self.finding(problem, expected, show(got))

    def receive_text(self, expected: str, problem: str = "") -> str:
        """Return the next message, which must be text."""
        got = self.receive(expected, problem)
        if isinstance(got, bytes):
            problem = "a binary message came where text is due; a str goes out as text"
            raise self.finding(problem, expected, show(got))
        return got

    def expect_text(self, text: str, problem: str) -> None:
        """Expect exactly this text next; ``problem`` is said if it is another."""
        got = self.receive_text(show(text), problem)
        if got != text:
            raise self.finding(problem, show(text), show(got))

    def receive_json(self, expected: str, problem: str = "") -> Any:
        """Return the value of the next message, which must be JSON text."""
        got = self.receive_text(expected, problem)
        try:
            return json.loads(got)
        except (ValueError, RecursionError):
            raise self.finding("what came is not JSON", expected, show(got)) from None

    def expect_silence(self, problem: str, seconds: float = 0.2) -> None:
        """Expect that no message comes for a while."""
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            got = self.ws.recv(timeout=seconds)
            raise self.finding(problem, "no message", show(got))

    def expect_close(self, code: int, problem: str) -> None:
        """Expect that the connection is closed with this code, with no message before."""
        expected = f"the connection closed with code {code}"
        try:
            got = show(self.ws.recv(timeout=REPLY_TIMEOUT))
        except TimeoutError:
            got = "an open connection"
        except ConnectionClosed as exc:
            if self.ws.close_code == code:
                return
            got = self.why(exc)
        raise self.finding(problem, expected, got)

    def finding(self, problem: str, expected: str, got: str | None = None) -> Finding:
        """Make a finding with what was sent and what crossed the wire."""
        return Finding(
            problem,
            sent=", ".join(self._sent[-5:]) or "nothing",
            expected=expected,
            got=got,
            records=self._transcript.filter(connection=self._number)[-12:],
        )

    def why(self, exc: ConnectionClosed) -> str:
        """Say how the connection ended, and what the handler raised, if it did."""
        for record in self._transcript.filter(connection=self._number):
            if isinstance(record, HandlerError):
                return f"{exc}; the handler raised {record.type}: {record.message}"
        return str(exc)


class Pause:
    """A ``pause()`` for a learner's client: it takes no time, and writes down how it is called."""

    def __init__(self) -> None:
        self.calls: list[float] = []

    def __call__(self, seconds: float) -> Pause:
        self.calls.append(seconds)
        return self

    def __await__(self) -> Generator[None, None, None]:
        yield  # one turn of the loop: an ``async`` client awaits, a plain one does not


def run_client(
    answer: Any,
    handler: Callable[[ServerConnection], Awaitable[None]],
    *arguments: Any,
    timeout: float = CLIENT_TIMEOUT,
    **options: Any,
) -> tuple[Any, BackgroundServer]:
    """
    Let the learner's client talk to a server of ours; return its result and the server.

    Args:
        answer: ``def client(url, *arguments)``, plain or ``async``.
        handler: Our side of the conversation.
        arguments: Passed to the client after the URL.
        timeout: Seconds it may take in all.
        options: For :func:`wslab.serve`.

    Raises:
        Finding: It raised, did not end in time, or cannot be called like that.
    """
    with serve(handler, name=f"check {id(answer)}", **{"ping_interval": None, **options}) as server:
        try:
            result = call(answer, server.url, *arguments, timeout=timeout, release=server.stop)
        except Finding as finding:
            finding.records = server.transcript.snapshot()[-12:]
            raise
    return result, server


def call(
    function: Any, *arguments: Any, timeout: float, release: Callable[[], None] = lambda: None
) -> Any:
    """
    Call the learner's function on a thread of its own, so that it cannot hold up the cell.

    Args:
        function: A function, plain or ``async``.
        arguments: What it is called with.
        timeout: Seconds it may take.
        release: Called when it took longer; ends what it may be waiting for.

    Raises:
        Finding: It raised, did not end in time, or cannot be called like that.
    """
    if not callable(function):
        raise Finding(f"a function is expected, not {show(function)}")
    try:
        inspect.signature(function).bind(*arguments)
    except (TypeError, ValueError) as exc:
        raise Finding(f"it must take {len(arguments)} argument(s): {exc}") from None
    outcome: concurrent.futures.Future[Any] = concurrent.futures.Future()

    def target() -> None:
        try:
            result = function(*arguments)
            if inspect.isawaitable(result):
                result = _run(result, timeout)
            outcome.set_result(result)
        except BaseException as exc:
            outcome.set_exception(exc)

    thread = threading.Thread(target=target, name="wslab check", daemon=True)
    thread.start()
    deadline = time.monotonic() + timeout + 1
    try:
        return outcome.result(max(0.0, deadline - time.monotonic()))
    except concurrent.futures.TimeoutError:
        if outcome.done():
            raise Finding("it waited for something that never came", got="TimeoutError") from None
        release()
        _interrupt(thread)
        raise Finding(f"it did not end within {timeout:g} s") from None
    except KeyboardInterrupt:
        if not outcome.done():  # the learner interrupted the cell
            release()
            _interrupt(thread)
            raise
        raise Finding("it raised KeyboardInterrupt") from None
    except BaseException as exc:
        problem = f"it raised {type(exc).__name__}"
        try:
            words = str(exc)
        except BaseException:  # it is the learner's
            words = ""
        raise Finding(problem, got=show(words)) from None


def _run(awaitable: Awaitable[Any], timeout: float) -> Any:
    """
    Run an awaitable to its end, for a while.

    ``asyncio.run()`` may have been patched by nest_asyncio for the kernel's thread, and it waits
    for ever for tasks that swallow their cancellation.
    """
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(_bounded(awaitable, timeout))
    finally:
        # Nobody is left to handle what is raised from here on.
        loop.set_exception_handler(lambda loop, context: None)
        try:
            loop.run_until_complete(_clean_up())
        finally:
            loop.close()


async def _bounded(awaitable: Awaitable[Any], timeout: float) -> Any:
    task = asyncio.ensure_future(awaitable)
    if not (await asyncio.wait([task], timeout=timeout))[0]:
        raise TimeoutError
    return task.result()


async def _clean_up() -> None:
    """Cancel what is left, then close asynchronous generators; wait for neither for ever."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        _, refusing = await asyncio.wait(tasks, timeout=0.5)
        for task in refusing:
            # Kept for ever: the garbage collector would run it on, without a loop, on any thread,
            # where a task that swallows every exception goes round without a pause.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(task))
    generators = asyncio.create_task(asyncio.get_running_loop().shutdown_asyncgens())
    await asyncio.wait([generators], timeout=0.5)


def _interrupt(thread: threading.Thread) -> None:
    """End a thread that computes for ever; see LoopThread.stop for what this can and cannot."""
    if sys.version_info < (3, 12) and sys.gettrace() is not None:
        return  # see LoopThread._interrupt: it would hang here
    _raise_in(thread)
    thread.join(1.2)  # time to clean up
    deadline = time.monotonic() + 2.5
    # ``except:`` in a loop has caught it, and catches whatever comes while the loop is in ``try``.
    with _no_more_lines(thread):
        while thread.is_alive() and time.monotonic() < deadline:
            _raise_in(thread)
            thread.join(0.001)


def _raise_in(thread: threading.Thread) -> None:
    ident = ctypes.c_ulong(thread.ident or 0)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(SystemExit))


@contextlib.contextmanager
def _no_more_lines(thread: threading.Thread) -> Iterator[None]:
    """
    Let every line that a thread begins raise, in the functions that it is in: ``except:`` as well.

    Python 3.12 raises what is asked for from another thread where a loop goes round, and there the
    line before is still in its ``try``. Elsewhere, as in Python 3.11, that comes by itself.
    """
    if sys.version_info < (3, 12):
        yield
        return
    monitoring = sys.monitoring

    def end(code: CodeType, line: int) -> object:
        if threading.get_ident() == thread.ident:
            raise SystemExit
        return None

    tool = next(tool for tool in range(6) if monitoring.get_tool(tool) is None)
    monitoring.use_tool_id(tool, "wslab.exercises")
    monitoring.register_callback(tool, monitoring.events.LINE, end)
    frame = sys._current_frames().get(thread.ident or 0)
    codes = {frame.f_code for frame, _ in traceback.walk_stack(frame)} if frame else set()
    for code in codes:
        monitoring.set_local_events(tool, code, monitoring.events.LINE)
    try:
        yield
    finally:
        for code in codes:
            monitoring.set_local_events(tool, code, monitoring.events.NO_EVENTS)
        monitoring.register_callback(tool, monitoring.events.LINE, None)
        monitoring.free_tool_id(tool)
