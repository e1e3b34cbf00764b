"""
What wslab assumes about the libraries it builds on: one small test for each assumption.

Where one of these fails and the others do not, a library has changed: the message says what, and
what in wslab relied on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import ctypes
import gc
import inspect
import logging
import signal
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
import trustme
from conftest import TIMEOUT, Kernel, RawClient, Result, request
from nbval.plugin import IPyNbFile
from websockets.asyncio.client import connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK
from websockets.http11 import MAX_LINE_LENGTH, MAX_NUM_HEADERS
from websockets.protocol import State
from websockets.sync.client import connect as connect_sync

from wslab.wire import MAX_HANDSHAKE

pytestmark = pytest.mark.usefixtures("leaves_nothing")

Handler = Callable[[ServerConnection], Awaitable[None]]


def run(main: Awaitable[Any]) -> Any:
    """Run a coroutine to its end, for at most as long as a test may take."""

    async def bounded() -> Any:
        async with asyncio.timeout(TIMEOUT):
            return await main

    return asyncio.run(bounded())


async def echo(ws: ServerConnection) -> None:
    async for message in ws:
        await ws.send(message)


def port_of(server: Server) -> int:
    return int(server.sockets[0].getsockname()[1])


def url_of(server: Server) -> str:
    return f"ws://127.0.0.1:{port_of(server)}"


# websockets: the server


def test_create_connection() -> None:
    """serve() calls create_connection(protocol, server, **options), any callable."""
    calls: list[tuple[int, bool]] = []

    def create(*args: Any, **options: Any) -> ServerConnection:
        calls.append((len(args), "ping_interval" in options))
        return ServerConnection(*args, **options)

    async def main() -> None:
        options: Any = {"create_connection": create}
        async with serve(echo, "127.0.0.1", 0, **options) as server, connect(url_of(server)):
            pass

    run(main())
    assert calls == [(2, True)], "BackgroundServer._connection_factory builds on this"


def test_what_is_used_of_the_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    """websockets writes to its transport with write() only, and ends it in three ways."""
    used: set[str] = set()

    class Spy:
        def __init__(self, transport: Any) -> None:
            self.transport = transport

        def __getattr__(self, name: str) -> Any:
            used.add(name)
            return getattr(self.transport, name)

    class Spied(ServerConnection):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(Spy(transport))  # type: ignore[arg-type]

    async def flood(ws: ServerConnection) -> None:
        await ws.ping()
        await ws.send(["frag", "ments"])
        await ws.send(bytes(2**20))
        await ws.recv()
        if ws.request is not None and ws.request.path == "/fail":
            raise ValueError

    async def main() -> None:
        options: Any = {"create_connection": Spied, "logger": logging.getLogger("quiet")}
        async with serve(flood, "127.0.0.1", 0, **options) as server:
            for path in ("/", "/fail"):
                async with connect(url_of(server) + path) as ws:
                    await ws.recv()
                    await ws.recv()
                    await ws.send("x")
                    await ws.wait_closed()
            raw = await asyncio.to_thread(RawClient, port_of(server))
            raw.send(b"garbage\r\n\r\n")
            raw.sock.close()

    logging.getLogger("quiet").addHandler(logging.NullHandler())
    monkeypatch.setattr(logging.getLogger("quiet"), "propagate", False)
    run(main())
    known = {
        "abort",
        "can_write_eof",
        "close",
        "get_extra_info",
        "is_closing",
        "pause_reading",
        "resume_reading",
        "set_write_buffer_limits",
        "write",
        "write_eof",
    }
    assert used - known == set(), "what writes or ends must be seen by recorder._RecordedTransport"
    assert "write" in used


def test_bytes_come_in_by_data_received() -> None:
    """A connection is an asyncio.Protocol: all that arrives passes data_received(), as bytes."""
    received: list[bytes] = []

    class Spied(ServerConnection):
        def data_received(self, data: bytes) -> None:
            received.append(data)
            super().data_received(data)

    async def main() -> bytes:
        async with (
            serve(echo, "127.0.0.1", 0, create_connection=Spied) as server,
            connect(url_of(server), compression=None) as ws,
        ):
            await ws.send("x")
            await ws.recv()
            return b"".join(received)

    data = run(main())
    assert issubclass(ServerConnection, asyncio.BufferedProtocol) is False
    assert {type(chunk) for chunk in received} == {bytes}
    assert (data.startswith(b"GET / HTTP/1.1\r\n"), len(data.partition(b"\r\n\r\n")[2])) == (
        True,
        7,
    )


@pytest.mark.parametrize("tls", [False, True])
def test_asyncio_prefers_a_buffer(tls: bool) -> None:
    """A connection that is a BufferedProtocol, too, gets all that arrives by buffer_updated()."""
    sizes: list[int] = []
    buffer = memoryview(bytearray(1024))

    class Buffered(ServerConnection, asyncio.BufferedProtocol):
        def get_buffer(self, sizehint: int) -> memoryview:
            return buffer

        def buffer_updated(self, nbytes: int) -> None:
            sizes.append(nbytes)
            super().data_received(bytes(buffer[:nbytes]))

        def data_received(self, data: bytes) -> None:
            raise AssertionError("recorder.RecordedConnection reads into a buffer of its own")

    authority = trustme.CA()
    server_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server_context)
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)

    async def main() -> object:
        async with (
            serve(
                echo,
                "127.0.0.1",
                0,
                create_connection=Buffered,
                ssl=server_context if tls else None,
            ) as server,
            connect(
                url_of(server).replace("ws:", "wss:" if tls else "ws:"),
                ssl=client_context if tls else None,
                compression=None,
            ) as ws,
        ):
            await ws.send("x" * 5000)
            return await ws.recv()

    assert run(main()) == "x" * 5000
    assert (max(sizes), sum(sizes) > 5000) == (1024, True)


def test_handler_tasks() -> None:
    """Server.handler_tasks has a task for each connection, from connection_made() on."""
    seen: list[int] = []

    class Spied(ServerConnection):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            seen.append(len(self.server.handler_tasks))

    async def main() -> None:
        async with (
            serve(echo, "127.0.0.1", 0, create_connection=Spied) as server,
            connect(url_of(server)),
        ):
            assert {type(task) for task in server.handler_tasks} == {asyncio.Task}

    run(main())
    assert seen == [1], "BackgroundServer._close cancels these tasks"


def test_close_sends_1001() -> None:
    """Server.close() closes connections with 1001; wait_closed() waits for their handlers."""
    steps: list[str] = []

    async def slow(ws: ServerConnection) -> None:
        await ws.wait_closed()
        await asyncio.sleep(0.01)
        steps.append("handler returned")

    async def main() -> int | None:
        server = await serve(slow, "127.0.0.1", 0)
        async with connect(url_of(server)) as ws:
            server.close()
            await server.wait_closed()
            steps.append("wait_closed returned")
            await ws.wait_closed()
            return ws.close_code

    assert run(main()) == 1001
    assert steps == ["handler returned", "wait_closed returned"]


def test_request_and_state_before_the_handshake() -> None:
    """Until its request is here a connection has request None and state CONNECTING."""
    seen: list[tuple[bool, State]] = []

    class Spied(ServerConnection):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            seen.append((self.request is None, self.state))

    def look(ws: ServerConnection, request: object) -> None:
        seen.append((ws.request is None, ws.state))

    async def handler(ws: ServerConnection) -> None:
        seen.append((ws.request is None, ws.state))

    async def main() -> None:
        options: Any = {"create_connection": Spied, "process_request": look}
        async with serve(handler, "127.0.0.1", 0, **options) as server, connect(url_of(server)):
            pass

    run(main())
    assert seen == [(True, State.CONNECTING), (False, State.CONNECTING), (False, State.OPEN)]


def test_what_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Failures are logged with the exception, and with the connection as record.websocket."""

    async def fail(ws: ServerConnection) -> None:
        raise ValueError("handler")

    def fail_early(ws: ServerConnection, request: Any) -> None:
        if request.path == "/early":
            raise ValueError("process_request")

    async def main() -> None:
        options: Any = {"process_request": fail_early, "logger": logging.getLogger("contract")}
        async with serve(fail, "127.0.0.1", 0, **options) as server:
            for path in ("/", "/early"):
                with contextlib.suppress(Exception):
                    async with connect(url_of(server) + path) as ws:
                        await ws.recv()

    run(main())
    errors = [record for record in caplog.records if record.name == "contract" and record.exc_info]
    assert [
        (str(record.exc_info[1]), isinstance(getattr(record, "websocket", None), ServerConnection))
        for record in errors
        if record.exc_info
    ] == [("handler", True), ("process_request", True)], "failures._HandshakeErrors builds on this"


def test_how_long_a_handshake_may_be() -> None:
    """No longer than the decoder follows it: the request line, headers and the blank line."""
    assert MAX_LINE_LENGTH * (1 + MAX_NUM_HEADERS) + 2 == MAX_HANDSHAKE


def test_defaults() -> None:
    """The defaults that lessons tell and tests wait for are these."""
    parameters = inspect.signature(serve).parameters
    names = ("open_timeout", "close_timeout", "ping_interval", "ping_timeout", "max_size")
    assert {name: parameters[name].default for name in (*names, "max_queue", "compression")} == {
        "open_timeout": 10,
        "close_timeout": 10,
        "ping_interval": 20,
        "ping_timeout": 20,
        "max_size": 2**20,
        "max_queue": 16,
        "compression": "deflate",
    }


@pytest.mark.parametrize(("compression", "rsv1"), [("deflate", True), (None, False)])
def test_compression(compression: str | None, rsv1: bool) -> None:
    """Clients and servers agree on permessage-deflate by default; None on one side prevents it."""

    async def main() -> tuple[bool, int]:
        async with serve(echo, "127.0.0.1", 0, compression=compression) as server:
            client = await asyncio.to_thread(RawClient, port_of(server))
            await asyncio.to_thread(
                client.send, request(Sec_WebSocket_Extensions="permessage-deflate")
            )
            head = await asyncio.to_thread(client.read_until, b"\r\n\r\n")
            client.sock.close()
            async with connect(url_of(server)) as ws:
                assert ws.protocol.extensions != [] or not rsv1
            return b"permessage-deflate" in head, len(head)

    assert run(main())[0] is rsv1


# websockets: closing


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (1000, ConnectionClosedOK),
        (1001, ConnectionClosedOK),
        (1011, ConnectionClosedError),
        (3000, ConnectionClosedError),
        (4001, ConnectionClosedError),
    ],
)
def test_exceptions_of_close_codes(code: int, expected: type[ConnectionClosed]) -> None:
    """Only 1000 and 1001 are "OK"; both exceptions are ConnectionClosed."""

    async def close(ws: ServerConnection) -> None:
        await ws.close(code)

    async def main() -> type[ConnectionClosed]:
        async with serve(close, "127.0.0.1", 0) as server, connect(url_of(server)) as ws:
            try:
                await ws.recv()
            except ConnectionClosed as exc:
                return type(exc)
            raise AssertionError("recv() returned")

    assert run(main()) is expected


def test_state_when_connection_closed_is_raised() -> None:
    """When recv() or send() raise ConnectionClosed, that connection's state is not OPEN."""
    states: list[State] = []

    async def handler(ws: ServerConnection) -> None:
        try:
            await ws.recv()
        except ConnectionClosed:
            states.append(ws.state)
        try:
            await ws.send("x")
        except ConnectionClosed:
            states.append(ws.state)

    async def main() -> None:
        async with serve(handler, "127.0.0.1", 0) as server, connect(url_of(server)):
            pass

    run(main())
    assert State.OPEN not in states, "failures._is_regular_end builds on this"
    assert len(states) == 2


def test_exception_inside_a_connection_closes_with_1011() -> None:
    """`async with connection` closes with 1011 where its block raises, as a failed handler does."""

    async def fail(ws: ServerConnection) -> None:
        raise ValueError

    async def main() -> int | None:
        logger = logging.getLogger("contract")
        async with (
            serve(fail, "127.0.0.1", 0, logger=logger) as server,
            connect(url_of(server)) as ws,
        ):
            await ws.wait_closed()
            return ws.close_code

    assert run(main()) == 1011
    assert "__aexit__" in vars(Connection)


def test_a_synchronous_connection_must_be_a_context_manager() -> None:
    """`connect(url)` of the threaded client warns without `with`, which the notebooks use."""

    async def main() -> None:
        async with serve(echo, "127.0.0.1", 0) as server:

            def use() -> None:
                ws = connect_sync(url_of(server))
                with pytest.warns(DeprecationWarning, match="context manager"):
                    ws.send("x")
                ws.close()

            await asyncio.to_thread(use)

    run(main())


@pytest.fixture
def fake_proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A listening socket that the environment says is a proxy."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(TIMEOUT)
        for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        yield proxy


def test_a_proxy_captures_the_loopback_address(fake_proxy: socket.socket) -> None:
    """websockets asks the proxy of the environment for ws://127.0.0.1 as well."""

    def connect_in_vain() -> None:
        with contextlib.suppress(Exception), connect_sync("ws://127.0.0.1:1", open_timeout=TIMEOUT):
            pass

    thread = threading.Thread(target=connect_in_vain)
    thread.start()
    asked, _ = fake_proxy.accept()
    asked.settimeout(TIMEOUT)
    with asked:
        assert asked.recv(100).startswith(b"CONNECT 127.0.0.1:1 "), (
            "if not, proxy.bypass_proxy is not needed any more"
        )
    thread.join(TIMEOUT)


@pytest.mark.parametrize("variable", ["no_proxy", "NO_PROXY"])
@pytest.mark.usefixtures("fake_proxy")
def test_no_proxy(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address in NO_PROXY, in either case, is exempt, with any port."""
    monkeypatch.setenv(variable, "localhost,127.0.0.1")

    async def main() -> str | bytes:
        async with serve(echo, "127.0.0.1", 0) as server, connect(url_of(server)) as ws:
            await ws.send("direct")
            return await ws.recv()

    assert run(main()) == "direct", "proxy.bypass_proxy sets both variables"


# asyncio


def test_a_copy_of_a_listening_socket() -> None:
    """TransportSocket.dup() keeps the protocol number, without which Nagle's algorithm stays on."""
    nodelay: list[int] = []

    async def look(ws: ServerConnection) -> None:
        sock = ws.transport.get_extra_info("socket")
        nodelay.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    async def main() -> int:
        async with serve(look, "127.0.0.1", 0) as first:
            copy = first.sockets[0].dup()
            async with serve(look, sock=copy) as second, connect(url_of(second)):
                pass
            assert copy.fileno() == -1  # the server that got it has closed it
            return copy.proto

    assert run(main()) == socket.IPPROTO_TCP
    assert [bool(value) for value in nodelay] == [True]


def test_a_closing_transport_throws_away_what_is_written() -> None:
    """Nothing that is written after abort() or close() goes out: it must not be recorded."""

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        transport = writer.transport
        transport.write(b"before")
        transport.close() if await reader.read(1) == b"c" else transport.abort()
        assert transport.is_closing() is True
        transport.write(b"after")

    async def main() -> list[bytes]:
        server = await asyncio.start_server(late, "127.0.0.1", 0)
        got = []
        async with server:
            for how in (b"c", b"a"):
                reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
                before = await reader.read(6)
                writer.write(how)
                got.append(before + await reader.read())
                writer.close()
                await writer.wait_closed()
        return got

    assert run(main()) == [b"before", b"before"]


def test_a_loop_goes_on_after_system_exit() -> None:
    """SystemExit of a task leaves run_until_complete(), which can be called again."""

    async def leave() -> None:
        raise SystemExit

    async def main() -> str:
        task = asyncio.ensure_future(leave())
        await asyncio.wait([task])
        return type(task.exception()).__name__

    loop = asyncio.new_event_loop()
    with contextlib.closing(loop):
        task = loop.create_task(main())
        with pytest.raises(SystemExit):
            loop.run_until_complete(task)
        assert loop.run_until_complete(task) == "SystemExit"


def test_tasks_that_nobody_awaits() -> None:
    """The loop's exception handler gets such a task as context["future"]; tasks take attributes."""
    contexts: list[dict[str, Any]] = []

    async def fail() -> None:
        raise ValueError

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(factory)
        loop.set_exception_handler(lambda loop, context: contexts.append(context))
        task = asyncio.create_task(fail())
        await asyncio.wait([task])
        del task
        gc.collect()

    def factory(loop: Any, coroutine: Any, **options: Any) -> Any:
        task: Any = asyncio.Task(coroutine, loop=loop, **options)
        task.wslab_connection = 7
        return task

    run(main())
    assert [
        (type(context["exception"]), context["future"].wslab_connection) for context in contexts
    ] == [(ValueError, 7)], "BackgroundServer._record_background_error builds on this"


def test_an_empty_context() -> None:
    """A thread that runs in a fresh Context sees none of the starter's context variables."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
    variable.set("set")
    seen: list[str] = []
    thread = threading.Thread(
        target=contextvars.Context().run, args=(lambda: seen.append(variable.get()),)
    )
    thread.start()
    thread.join(TIMEOUT)
    assert seen == ["unset"]


def test_raising_in_another_thread() -> None:
    """PyThreadState_SetAsyncExc() knows a thread by its ident, and tells how many it found."""

    if sys.version_info < (3, 12) and sys.gettrace() is not None:
        pytest.skip("coverage traces this Python, and the exception would hit the tracer")

    def raise_in(ident: int) -> int:
        return int(
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(ident), ctypes.py_object(SystemExit)
            )
        )

    waiting, release = threading.Event(), threading.Event()

    def wait() -> None:
        waiting.set()
        with contextlib.suppress(SystemExit):
            while not release.wait(0.001):
                pass
            raise AssertionError("SystemExit did not come")

    thread = threading.Thread(target=wait)
    thread.start()
    assert waiting.wait(TIMEOUT) is True
    assert (raise_in(0), raise_in(thread.ident or 0)) == (0, 1)
    thread.join(TIMEOUT)
    assert thread.is_alive() is False


def test_a_signal_does_not_wake_an_idle_loop() -> None:
    """A signal handler that cancels a task is not noticed by a loop in select() (PEP 475)."""

    async def main() -> float:
        task = asyncio.current_task()
        assert task is not None
        signal.signal(signal.SIGUSR1, lambda *_: task.cancel())
        main_thread = threading.main_thread().ident or 0
        timer = threading.Timer(0.05, signal.pthread_kill, (main_thread, signal.SIGUSR1))
        asyncio.get_running_loop().call_soon(timer.start)
        begun = time.monotonic()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.3)
        timer.join(TIMEOUT)
        return time.monotonic() - begun

    before = signal.getsignal(signal.SIGUSR1)
    assert signal.set_wakeup_fd(-1) == -1
    loop = asyncio.new_event_loop()  # not asyncio.run(): it may set a wake-up descriptor one day
    try:
        seconds = loop.run_until_complete(main())
    finally:
        loop.close()
        signal.signal(signal.SIGUSR1, before)
    assert seconds > 0.25, "if it wakes up by itself, kernel.wake_on_signals is not needed any more"


# nbval


@pytest.mark.parametrize(
    ("mime", "compared"),
    [
        ("text/plain", True),
        ("text/html", True),
        ("image/svg+xml", True),
        ("text/markdown", True),
        ("text/latex", True),
        ("image/png", False),
        ("image/jpeg", False),
    ],
)
def test_what_nbval_compares(
    mime: str,
    compared: bool,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """nbval compares text, HTML and SVG, so these must be deterministic, but no pixels."""
    for option in ("nbval_lax", "nbval_sanitize_with", "nbdime"):  # where pytest runs without nbval
        if not hasattr(request.config.option, option):
            monkeypatch.setattr(request.config.option, option, None, raising=False)

    def show(value: str) -> list[Any]:
        data = {"text/plain": "the same", mime: value}
        metadata = {"differs": value}
        return [nbformat.v4.new_output("display_data", data, metadata=metadata)]

    cell = nbformat.v4.new_code_cell("x", outputs=show("before"), execution_count=1)
    path = tmp_path / "notebook.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    [item] = IPyNbFile.from_parent(request.session, path=path).collect()
    # nbval takes its colours from the option that it adds, where pytest runs without them.
    assert item.compare_outputs(show("before"), show("before")) is True
    assert item.compare_outputs(show("after"), show("before")) is not compared


# ipykernel and nest_asyncio


@pytest.mark.kernel
def test_nest_asyncio_marks() -> None:
    """nest_asyncio marks what it has patched; nest_asyncio2 does too, and in its own way."""
    code = """
        import asyncio, sys, {first}

        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        {first}.apply()
        print(hasattr(asyncio, "_nest_patched"), hasattr(asyncio, "_nest_asyncio2"))
        patched = asyncio.run, type(loop)._run_once
        import nest_asyncio
        nest_asyncio.apply()
        print((asyncio.run, type(loop)._run_once) == patched)
        loop.close()
    """
    for first, own in (("nest_asyncio", False), ("nest_asyncio2", True)):
        program = textwrap.dedent(code.format(first=first))
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            timeout=4 * TIMEOUT,
            check=False,
        )
        assert (done.stdout, done.stderr) == (f"True {own}\nTrue\n", ""), (
            "kernel.allow_asyncio_run builds on these attributes and on this order"
        )


@pytest.mark.kernel
def test_assumptions_about_the_kernel(tmp_path: Path) -> None:
    """What wslab assumes about ipykernel, in one kernel: one line of output each."""
    cell = """
        import asyncio, contextvars, signal, threading
        print("loop runs in a cell:", asyncio.get_running_loop().is_running())
        print("on the main thread:", threading.current_thread() is threading.main_thread())
        print("wake-up descriptor:", signal.set_wakeup_fd(-1))
        print("the shell has a kernel:", get_ipython().kernel is not None)

        go = {name: threading.Event() for name in ("inherited", "empty")}
        def tell(name):
            go[name].wait(20)
            print(name)
        contexts = {"inherited": contextvars.copy_context(), "empty": contextvars.Context()}
        threads = {
            name: threading.Thread(target=context.run, args=(tell, name))
            for name, context in contexts.items()
        }
        for thread in threads.values():
            thread.start()
    """
    kernel = Kernel(tmp_path)
    try:
        [first] = kernel.collect(started := kernel.send(cell))
        assert first.stdout.splitlines() == [
            "loop runs in a cell: True",
            "on the main thread: True",
            "wake-up descriptor: -1",
            "the shell has a kernel: True",
        ]
        release = "for name in go: go[name].set(); threads[name].join(20)"
        later = kernel.run(release)
        # Where the handlers of a server would print, were it started in the cell's context.
        assert (kernel.results[started].stdout.splitlines()[4:], later.stdout) == (
            ["inherited"],
            "empty\n",
        ), "LoopThread runs in an empty context because of this"
        subshell = kernel.control("create_subshell_request")["subshell_id"]
        where = "print(threading.current_thread() is threading.main_thread())"
        assert kernel.run(where, subshell) == Result("False\n")
        # Last, for it ruins the kernel: nest_asyncio alone loses the cells behind asyncio.run().
        cells = [
            kernel.send("import nest_asyncio; nest_asyncio.apply()"),
            kernel.send("asyncio.run(asyncio.sleep(0.3))"),
            *(kernel.send(f"print({number})") for number in range(3)),
        ]
        with contextlib.suppress(TimeoutError):
            kernel.collect(*cells, timeout=2)
        shown = [kernel.results[cell].stdout for cell in cells[2:]]
        assert shown != ["0\n", "1\n", "2\n"], (
            "nest_asyncio works with this ipykernel: kernel.allow_asyncio_run may be simplified"
        )
    finally:
        kernel.close()
