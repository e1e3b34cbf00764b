"""Tests of wslab.server: starting, replacing and stopping a server, and the truth of its record."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import errno
import functools
import gc
import logging
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
import time
import types
import urllib.request
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from conftest import MASK, TIMEOUT, RawClient, frame, open_sockets, request, until
from websockets.asyncio.client import connect as connect_async
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import (
    ConnectionClosed,
    ConnectionClosedOK,
    InvalidMessage,
    InvalidStatus,
)
from websockets.sync.client import connect

import wslab
from wslab import _listen, _loop, _patient, _stubborn, faults
from wslab.handlers import echo
from wslab.server import BackgroundServer, allow_origin, serve
from wslab.service import NotRunningError, on_service_thread, registry
from wslab.wire import Malformed, Sender

pytestmark = pytest.mark.usefixtures("leaves_nothing", "quiet")

Raw = Callable[..., RawClient]

interrupts = pytest.mark.skipif(
    sys.version_info < (3, 12) and sys.gettrace() is not None,
    reason="Python 3.11 with a trace function cannot interrupt a thread: see _stubborn.interrupt",
)


# Key and certificate of nobody: made for these tests, valid for 127.0.0.1 until 2120.
CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFnXnPMgUzEANJir4
nmov1rQzWDi/2mhFYn5JF0AwD2ChRANCAAR9HNWOy74nfPeCqzLZFBva+fduy2ng
f/xDKcT4Rdd/xgkry1lSHAO+HlYxa/R6mB3DOR73xFjXuhJdzPR5/1vI
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBPzCB56ADAgECAgEBMAoGCCqGSM49BAMCMBYxFDASBgNVBAMMC3dzbGFiIHRl
c3RzMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAWMRQwEgYDVQQD
DAt3c2xhYiB0ZXN0czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABH0c1Y7Lvid8
94KrMtkUG9r5927LaeB//EMpxPhF13/GCSvLWVIcA74eVjFr9HqYHcM5HvfEWNe6
El3M9Hn/W8ijJDAiMA8GA1UdEQQIMAaHBH8AAAEwDwYDVR0TAQH/BAUwAwEB/zAK
BggqhkjOPQQDAgNHADBEAiBxtd0GrE6Umt7RvEhXvmQe7o0iapqxJc8Msuk8Wk7H
OgIgQ0xZqylQ3XDrufTQ56/OCpJazG7kgSDVyimEeUMkjhA=
-----END CERTIFICATE-----
"""


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's side of TLS."""
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    path.write_text(CERTIFICATE)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(path)
    return server, client


async def forever(ws: ServerConnection) -> None:
    """Neither read nor write, and never return."""
    await asyncio.Event().wait()


async def number(ws: ServerConnection) -> None:
    """Tell the number that this version of the handler was written with."""
    await ws.send("1")
    await ws.wait_closed()


def close_code(ws: Any) -> int | None:
    """Wait until the server closes the connection; return the code."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            ws.recv(timeout=TIMEOUT)
    return ws.close_code


def listens(port: int) -> bool:
    """Whether anything accepts TCP connections on a port of 127.0.0.1."""
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def has_ipv6() -> bool:
    """Whether this machine has an IPv6 loopback address."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def free_port() -> int:
    """A port that was free on all addresses a moment ago."""
    with socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True) as sock:
        return int(sock.getsockname()[1])


# Starting


def test_returns_once_it_accepts_connections() -> None:
    """serve() returns a server that is ready, on 127.0.0.1 and on a free port."""
    server = serve(echo)
    assert re.fullmatch(r"ws://127\.0\.0\.1:\d+", server.url)
    assert server.url == f"ws://127.0.0.1:{server.port}"
    with connect(server.url) as ws:
        ws.send("at once")
        assert ws.recv(timeout=TIMEOUT) == "at once"
    server.stop()


def test_names() -> None:
    """A server is called after its handler, or as told; its repr shows neither port nor id."""

    class Handler:
        async def __call__(self, ws: ServerConnection) -> None: ...

    with (
        serve(echo) as by_handler,
        serve(functools.partial(echo)) as by_class,
        serve(Handler()) as by_own_class,
        serve(echo, name="told") as told,
    ):
        servers = (by_handler, by_class, by_own_class, told)
        assert [server.name for server in servers] == ["echo", "partial", "Handler", "told"]
        assert (repr(told), told.handler) == ("<BackgroundServer 'told' running>", echo)
    assert repr(told) == "<BackgroundServer 'told' stopped>"


def test_with() -> None:
    """Leaving a with block stops the server, also by an exception, which goes on."""
    server = serve(echo)
    port = server.port
    with contextlib.suppress(ZeroDivisionError), server:
        raise ZeroDivisionError
    assert listens(port) is False


def test_async_with() -> None:
    """Leaving an async with block stops the server and lets a client on the same loop answer."""

    async def main() -> tuple[int | None, int]:
        async with serve(echo) as server:
            ws = await connect_async(server.url)
        with contextlib.suppress(ConnectionClosedOK):
            await ws.recv()
        return ws.close_code, len(server.transcript.filter(sender="client", kind="close"))

    assert asyncio.run(main()) == (1001, 1)


def test_stopped_server_has_no_address() -> None:
    """url and port of a stopped server raise an error that says what to do."""
    server = serve(echo)
    server.stop()
    for name in ("url", "port"):
        with pytest.raises(NotRunningError, match=r"'echo' is not running; call wslab.serve\(\)"):
            getattr(server, name)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"nonsense": 1}, TypeError, "nonsense"),
        ({"compression": "zip"}, ValueError, "unsupported compression: zip"),
        ({"subprotocols": "chat"}, TypeError, "subprotocols"),
        ({"create_connection": object}, TypeError, "subclass of .*ServerConnection"),
        ({"create_connection": lambda *_: None}, TypeError, "subclass of .*ServerConnection"),
        ({"keep": 0}, ValueError, "keep"),
        ({"ssl": True}, TypeError, "ssl"),
        ({"port": 70000}, OverflowError, "port"),
        ({"port": "http!"}, OSError, "."),
        ({"host": "192.0.2.1"}, OSError, "."),  # of a network that exists in examples only
        ({"host": "::nonsense"}, OSError, "."),
    ],
)
def test_bad_options(options: dict[str, Any], error: type[Exception], message: str) -> None:
    """An option that cannot work raises at once; the fixture checks that nothing is left."""
    with pytest.raises(error, match=message):
        serve(echo, **options)


def test_port_taken() -> None:
    """A taken port raises the system's error, and whoever has the port keeps it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use") as caught:
            serve(echo, port=port)
        assert caught.value.errno == errno.EADDRINUSE
        assert listens(port) is True


def test_port_of_another_server() -> None:
    """A server of another name does not take a server's port over."""
    with serve(echo) as server:
        with pytest.raises(OSError, match="in use"):
            serve(echo, name="other", port=server.port)
        assert wslab.talk(server.url, "still here") == ["still here"]


def test_interrupted_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt while the server starts ends the start and leaves nothing."""

    async def hang(*args: object, **options: object) -> None:
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        await asyncio.Event().wait()

    monkeypatch.setattr("wslab._listen.serve", hang)
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        serve(echo)
    assert time.monotonic() - begun < TIMEOUT


def test_several_servers_and_clients() -> None:
    """Several servers, each with several clients of both kinds, do not disturb each other."""

    async def prefix(ws: ServerConnection) -> None:
        async for message in ws:
            await ws.send(f"second: {message}")

    async def main(url: str) -> list[Any]:
        async with connect_async(url) as one, connect_async(url) as two:
            await one.send("1")
            await two.send("2")
            return [await two.recv(), await one.recv()]

    with serve(echo) as first, serve(prefix) as second:
        with connect(first.url) as a, connect(second.url) as b, connect(second.url) as c:
            for ws, message in ((a, "a"), (b, "b"), (c, "c")):
                ws.send(message)
            got = [ws.recv(timeout=TIMEOUT) for ws in (c, b, a)]
        assert got == ["second: c", "second: b", "a"]
        assert asyncio.run(main(first.url)) == ["2", "1"]
        assert asyncio.run(main(second.url)) == ["second: 2", "second: 1"]
        assert {record.connection for record in first.transcript} == {1, 2, 3}
        assert {record.connection for record in second.transcript} == {1, 2, 3, 4}


def test_server_started_by_a_handler() -> None:
    """A handler may start a server of its own, and stop it."""

    async def start(ws: ServerConnection) -> None:
        with serve(echo) as inner:
            await ws.send(await asyncio.to_thread(lambda: wslab.talk(inner.url, "inner")[0]))

    with serve(start) as server:
        assert wslab.talk(server.url, replies=1) == ["inner"]


# Replacing


def test_replacing() -> None:
    """Serving again under a name keeps the port, closes old clients with 1001, runs new code."""
    old = serve(number)
    url = old.url
    with connect(url) as ws:
        assert ws.recv(timeout=TIMEOUT) == "1"

        async def edited(ws: ServerConnection) -> None:
            await ws.send("2")

        new = serve(edited, name="number")
        assert close_code(ws) == 1001
    assert (new.url, wslab.talk(url, replies=1)) == (url, ["2"])
    assert (repr(old), repr(new)) == (
        "<BackgroundServer 'number' stopped>",
        "<BackgroundServer 'number' running>",
    )
    assert [record.close_code for record in old.transcript.filter(kind="close")] == [1001, 1001]
    assert [record.text for record in new.transcript.filter(kind="text")] == ["2"]
    old.stop()  # of no effect on the new one
    assert new.url == url
    new.stop()
    assert listens(int(url.rpartition(":")[2])) is False


@pytest.mark.parametrize("options", [{"nonsense": 1}, {"host": "192.0.2.1"}, {"keep": 0}])
def test_failed_replacement(options: dict[str, Any]) -> None:
    """If the new server cannot start, the old one and its clients go on as if nothing was."""
    with serve(echo) as old, connect(old.url) as ws:
        with pytest.raises((TypeError, ValueError, OSError)):
            serve(echo, **options)
        ws.send("still here")
        assert ws.recv(timeout=TIMEOUT) == "still here"
        assert wslab.talk(old.url, "new client") == ["new client"]
        with serve(echo) as new:
            assert wslab.talk(new.url, "replaced after all") == ["replaced after all"]


def test_replacing_on_a_fixed_port() -> None:
    """A fixed port is kept by asking for it again, and left by asking for another."""
    with serve(echo) as placeholder:
        free = placeholder.port
    first = serve(echo, port=free)
    second = serve(echo, port=free)
    assert (second.port, wslab.talk(second.url, "x")) == (free, ["x"])
    with serve(echo, name="other") as placeholder:
        another = placeholder.port
    third = serve(echo, port=another)
    assert (third.port, listens(free)) == (another, False)
    fourth = serve(echo)
    assert (fourth.port, repr(first)) == (another, "<BackgroundServer 'echo' stopped>")
    fourth.stop()


def test_replacing_with_a_socket_of_ones_own() -> None:
    """A socket passed as sock= is the one that is used, also by a server that replaces another."""
    with serve(echo):
        sock = socket.create_server(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        with serve(echo, sock=sock) as new:
            assert (new.port, wslab.talk(new.url, "x")) == (port, ["x"])
            with serve(echo) as newest:  # and again without: it keeps that port
                assert newest.port == port


def test_replacing_with_another_address() -> None:
    """A server without a socket of its own listens where the default promises, not on that one."""
    with socket.create_server(("0.0.0.0", 0)) as sock:
        port = sock.getsockname()[1]
        with serve(echo, sock=sock) as old:
            assert (old.port, old.url) == (port, f"ws://127.0.0.1:{port}")
            with serve(echo) as new:
                assert [s.getsockname()[0] for s in new._server.sockets] == ["127.0.0.1"]
                assert wslab.talk(new.url, "x") == ["x"]


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="there is no IPv6 on this machine")


@needs_ipv6
@pytest.mark.parametrize("host", ["", None, ["127.0.0.1", "::1"], ["::1", "127.0.0.1"]], ids=str)
@pytest.mark.parametrize("fixed", [False, True], ids=["any port", "fixed port"])
def test_several_addresses(host: Any, fixed: bool) -> None:
    """Each has the same port, and a re-run keeps them all."""
    options = {"port": free_port()} if fixed else {}
    server = serve(echo, host=host, **options)
    url, port = server.url, server.port
    for _ in range(3):
        assert (server.url, url) == (url, f"ws://127.0.0.1:{port}")
        for address in ("127.0.0.1", "[::1]"):
            assert wslab.talk(f"ws://{address}:{port}", "x") == ["x"]
        assert len(server.transcript.filter(kind="text")) == 4
        server = serve(echo, host=host, **options)
    server.stop()
    assert listens(port) is False
    with socket.socket(socket.AF_INET6) as sock:
        assert sock.connect_ex(("::1", port)) != 0


@needs_ipv6
def test_a_port_that_is_taken_on_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """With port 0 another one is found; where there is none, nothing is left."""
    taken: list[socket.socket] = []
    get_ports = _listen.Listening.sockets.fget

    def take(listening: _listen.Listening) -> list[Any]:
        """Take on one address what asyncio has found on the other."""
        sockets = get_ports(listening)  # type: ignore[misc]
        ports = [sock.getsockname()[1] for sock in sockets]
        if len(set(ports)) > 1 and len(taken) < limit:
            with contextlib.suppress(OSError):  # some other program has taken it
                taken.append(socket.create_server(("::1", ports[0]), family=socket.AF_INET6))
        return sockets

    monkeypatch.setattr(_listen.Listening, "sockets", property(take))
    try:
        limit = 2
        with serve(echo, host=["127.0.0.1", "::1"]) as server:
            assert wslab.talk(f"ws://[::1]:{server.port}", "x") == ["x"]
        limit = 100
        with pytest.raises(OSError, match="no port was found that is free on all addresses of"):
            serve(echo, host=["127.0.0.1", "::1"])
    finally:
        for sock in taken:
            sock.close()


def test_unix_sockets(tmp_path: Path) -> None:
    """They have no address that a client could be given: refused in a sentence."""
    with pytest.raises(ValueError, match=r"listens on TCP only.*unix_serve\(\)"):
        serve(echo, unix=True, path=str(tmp_path / "socket"))
    with serve(echo) as old, socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "socket"))
        with pytest.raises(ValueError, match=r"listens on TCP only.*unix_serve\(\)"):
            serve(echo, sock=sock)
        assert wslab.talk(old.url, "x") == ["x"]


def test_somebody_always_listens_while_a_server_is_replaced() -> None:
    """Clients that connect while servers are replaced are answered, by the old or the new one."""
    server = serve(number)
    url, done = server.url, threading.Event()

    def connect_again_and_again() -> int:
        served = 0
        while not done.is_set():
            # The old server may refuse, or cut, who is in the middle of the opening handshake.
            with (
                contextlib.suppress(InvalidStatus, InvalidMessage, ConnectionClosed),
                connect(url, open_timeout=TIMEOUT) as ws,
            ):
                ws.recv(timeout=TIMEOUT)
                served += 1
        return served

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        clients = [pool.submit(connect_again_and_again) for _ in range(3)]
        try:
            for _ in range(20):
                server = serve(number)
        finally:
            done.set()
        assert [client.result(TIMEOUT) > 0 for client in clients] == [True] * 3
    server.stop()


def test_rerunning_leaks_nothing() -> None:
    """Fifty re-runs, each with a client, leave one thread and one server's sockets."""
    server = serve(echo)
    url, threads, sockets = server.url, threading.active_count(), len(open_sockets())
    servers: list[weakref.ref[BackgroundServer]] = []
    connections: weakref.WeakSet[ServerConnection] = weakref.WeakSet()

    async def remember(ws: ServerConnection) -> None:
        connections.add(ws)
        await echo(ws)

    for _ in range(50):
        server = serve(remember, name="echo")
        servers.append(weakref.ref(server))
        with connect(url) as ws:
            ws.send("x")
            ws.recv(timeout=TIMEOUT)
    until(lambda: (threading.active_count(), len(open_sockets())) == (threads, sockets))
    gc.collect()
    assert [reference() for reference in servers if reference() is not None] == [server]
    server.stop()
    server = ws = None  # type: ignore[assignment]
    gc.collect()
    assert [reference() for reference in servers if reference() is not None] == []
    assert list(connections) == []


def test_interrupted_replacement(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt while the old server is being closed leaves the new one in charge."""
    join = _loop.LoopThread.join
    main = threading.main_thread()

    def interrupt(thread: _loop.LoopThread, timeout: float) -> bool:
        if threading.current_thread() is main:
            raise KeyboardInterrupt
        return join(thread, timeout)

    with serve(echo) as old:
        url = old.url
        with monkeypatch.context() as patch:
            patch.setattr(_loop.LoopThread, "join", interrupt)
            with pytest.raises(KeyboardInterrupt):
                serve(echo)
        assert repr(old) == "<BackgroundServer 'echo' stopped>"
        with pytest.raises(NotRunningError):
            old.url  # noqa: B018
        with registry.servers["echo"] as new:
            assert (new is old, new.url, wslab.talk(url, "x")) == (False, url, ["x"])
    assert registry.servers == {}


def test_replacement_interrupted_when_it_has_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt right after the start of the new server leaves the old one in charge."""
    with serve(echo) as old:
        start = _loop.LoopThread.start

        def start_interrupted(thread: _loop.LoopThread, *, timeout: float) -> None:
            start(thread, timeout=timeout)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(_loop.LoopThread, "start", start_interrupted)
            with pytest.raises(KeyboardInterrupt):
                serve(echo)
        assert registry.servers == {"echo": old}
        assert wslab.talk(old.url, "x") == ["x"]


def test_interrupt_before_the_old_one_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The new server is in charge, and the old one is not forgotten."""
    with serve(echo) as old:

        def interrupt(server: BackgroundServer) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(BackgroundServer, "stop", interrupt)
            with pytest.raises(KeyboardInterrupt):
                serve(echo)
        with registry.servers["echo"] as new:
            assert (new is old, new.port) == (False, old.port)
    assert registry.servers == {}


def test_a_handler_replaces_its_own_server() -> None:
    """A handler cannot replace its own server: it is told so, and the server goes on."""

    async def replace(ws: ServerConnection) -> None:
        try:
            serve(echo, name="mine")
        except RuntimeError as exc:
            await ws.send(str(exc))

    with serve(replace, name="mine") as server:
        [answer] = wslab.talk(server.url, replies=1)
        assert "a handler cannot" in answer
        assert (registry.servers["mine"], server.port > 0) == (server, True)


# Stopping


def test_stop_is_idempotent() -> None:
    """A stopped server can be stopped again, by any means."""
    with serve(echo) as server:
        server.stop()
        server.stop()
    assert repr(server) == "<BackgroundServer 'echo' stopped>"


def test_stop_frees_the_port() -> None:
    """The port is free as soon as stop() returns."""
    with serve(echo) as server:
        port = server.port
    with socket.create_server(("127.0.0.1", port)) as again:
        assert again.getsockname()[1] == port


def test_stop_from_two_threads() -> None:
    """Concurrent stops all return, once the server is stopped."""
    server = serve(echo)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        stops = [pool.submit(server.stop) for _ in range(3)]
        assert [stop.result(TIMEOUT) for stop in stops] == [None] * 3
    assert repr(server) == "<BackgroundServer 'echo' stopped>"


def stop_quickly(server: BackgroundServer, timeout: float = 0.05) -> bool:
    """Stop a server whose clients or handlers do not cooperate; return whether it was in time."""
    begun = time.monotonic()
    server.stop(timeout=timeout)
    # The loop takes a moment for what is left.
    return time.monotonic() - begun < timeout + 2 * _stubborn.CLEAN_UP_TIMEOUT + 1


def test_stop_with_clients_that_do_not_answer_close(raw: Raw) -> None:
    """Clients that never answer CLOSE get it all the same, and are disconnected in time."""
    server = serve(echo)
    clients = [raw(server.port).open() for _ in range(5)]
    server.transcript.wait(sender="server", kind="handshake", count=5)
    assert stop_quickly(server) is True
    assert [client.read_all() for client in clients] == [b"\x88\x02\x03\xe9"] * 5
    assert [record.problem for record in server.transcript.filter(kind="lost")] == [
        "the server ended the TCP connection before its CLOSE frame was answered"
    ] * 5


def test_stop_with_clients_that_never_read(raw: Raw) -> None:
    """Clients whose buffers are full are cut off in time; what never left is counted."""
    blocked = threading.Event()

    async def flood(ws: ServerConnection) -> None:
        while True:
            if ws.transport.get_write_buffer_size() > 2**20:
                blocked.set()
            await ws.send(bytes(2**20))

    server = serve(flood)
    client = raw(server.port)
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.send(request())
    until(lambda: any(c.paused for c in list(server._recording.connections)), "a full buffer")
    assert stop_quickly(server) is True
    [lost] = server.transcript.filter(kind="lost")
    assert lost.unsent > 0


def test_stop_with_clients_before_their_handshake(raw: Raw) -> None:
    """Clients that have not sent their handshake, or half of it, are cut off at once."""
    server = serve(echo)
    clients = [raw(server.port) for _ in range(3)]
    clients[1].send(request()[:-2])
    until(lambda: len(server._recording.connections) == 3)
    begun = time.monotonic()
    server.stop(timeout=TIMEOUT)
    assert time.monotonic() - begun < 1
    assert [client.read_all() for client in clients] == [b""] * 3


def test_a_client_that_comes_too_late(raw: Raw, tls: tuple[Any, Any]) -> None:
    """A client whose TLS handshake ends while the server closes gets no answer but the end."""
    server = serve(echo, ssl=tls[0])
    late = raw(server.port)
    with connect(server.url, ssl=tls[1], close_timeout=0.1) as ws:
        ws.protocol.receive_data = lambda data: None  # type: ignore[method-assign]  # deaf
        stopping = threading.Thread(target=server.stop, args=(0.5,))
        stopping.start()
        server.transcript.wait(sender="server", kind="close")
        # Which error it is differs between versions of OpenSSL.
        with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
            late.sock = tls[1].wrap_socket(late.sock, server_hostname="127.0.0.1")
            late.send(request())
        with contextlib.suppress(ssl.SSLEOFError):
            late.read_all()
        stopping.join(TIMEOUT)
    assert late.received == b""
    assert server.transcript.wait(connection=2, kind="lost").problem == (
        "the server ended the TCP connection before the opening handshake was complete"
    )


def test_stop_with_a_client_in_the_tls_handshake(raw: Raw, tls: tuple[Any, Any]) -> None:
    """A client that connects to a TLS server and says nothing is cut off in time."""
    server = serve(echo, ssl=tls[0])
    client = raw(server.port)
    with connect(server.url, ssl=tls[1]):  # so that the first client has been accepted
        assert stop_quickly(server) is True
    assert client.read_all() == b""


def test_stop_with_hundreds_of_clients() -> None:
    """Three hundred clients all get 1001, within the time of one."""

    async def main() -> tuple[set[int | None], float]:
        server = serve(echo, keep=10_000)
        clients = await asyncio.gather(*(connect_async(server.url) for _ in range(300)))
        begun = time.monotonic()
        await asyncio.to_thread(server.stop, TIMEOUT)
        seconds = time.monotonic() - begun
        await asyncio.gather(*(client.wait_closed() for client in clients))
        return {client.close_code for client in clients}, seconds

    codes, seconds = asyncio.run(main())
    assert codes == {1001}
    assert seconds < TIMEOUT


async def sleep_on(ws: ServerConnection) -> None:
    """Do not notice that the connection is closed."""
    await asyncio.Event().wait()


async def refuse_to_be_cancelled(ws: ServerConnection) -> None:
    """Swallow CancelledError."""
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


@pytest.mark.parametrize("handler", [sleep_on, refuse_to_be_cancelled])
def test_stop_with_handlers_that_do_not_return(
    handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Handlers that go on after the end of their connection are cancelled, and it is no error."""
    monkeypatch.setattr(_stubborn, "CLEAN_UP_TIMEOUT", 0.05)
    server = serve(handler)
    with connect(server.url) as ws:
        assert stop_quickly(server) is True
        assert close_code(ws) == 1001
    assert len(server.transcript.filter(kind="error")) == 0


async def goes_round(ws: ServerConnection) -> None:
    """Catch that the connection is closed, and receive again."""
    while True:
        with contextlib.suppress(Exception):
            await ws.send(await ws.recv())


async def goes_round_whatever_comes(ws: ServerConnection) -> None:
    while True:
        with contextlib.suppress(BaseException):
            await ws.send(await ws.recv())


async def iterates_again(ws: ServerConnection) -> None:
    while True:
        async for message in ws:  # which says nothing of 1001, but ends
            await ws.send(message)


@pytest.mark.parametrize("handler", [goes_round, goes_round_whatever_comes, iterates_again])
@pytest.mark.parametrize("how", ["stop", "replace"])
def test_stop_with_a_handler_that_begins_to_spin(
    handler: Any, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handler that goes round once its connection is closed: it is ended, and that is told."""
    monkeypatch.setattr(_stubborn, "CLEAN_UP_TIMEOUT", 0.05)
    server = serve(handler)
    with connect(server.url) as ws:
        ws.send("x")
        assert ws.recv(timeout=TIMEOUT) == "x"
        begun = time.monotonic()
        said = f"server '{handler.__name__}': the handler goes on for ever after its connection is"
        with pytest.warns(RuntimeWarning, match=said):
            server.stop(timeout=0.05) if how == "stop" else serve(handler)
        assert time.monotonic() - begun < 3
        assert close_code(ws) == 1001
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("wslab server")]
    assert len(threads) == (how == "replace")
    [error] = server.transcript.filter(kind="error")
    assert (error.type, error.message) == ("HeldUpError", _patient.GOES_ROUND)
    if how == "replace":
        registry.servers[server.name].stop()


def test_other_clients_of_a_handler_that_goes_round() -> None:
    """With bare websockets the first client that leaves would leave the others alone."""
    with serve(goes_round) as server:
        with connect(server.url):
            pass
        error = server.transcript.wait(kind="error")
        assert wslab.talk(server.url, "x", "y") == ["x", "y"]
        server.transcript.wait(kind="error", count=2)
    assert (error.connection, error.message) == (1, _patient.GOES_ROUND)


def test_stop_with_a_task_that_swallows_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """It never runs again, and nothing of it is printed, whatever collects garbage later."""
    monkeypatch.setattr(_stubborn, "CLEAN_UP_TIMEOUT", 0.05)
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            with contextlib.suppress(BaseException):
                turns += 1
                await asyncio.sleep(0.001)

    async def start(ws: ServerConnection) -> None:
        ws.task = asyncio.create_task(tick())  # type: ignore[attr-defined]
        await ws.wait_closed()

    server = serve(start)
    with connect(server.url):
        pass
    assert stop_quickly(server) is True
    before = turns
    gc.collect()
    assert (turns, before > 0) == (before, True)


@interrupts
def test_stop_with_a_handler_that_never_awaits(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endless loop is ended, at the line where it is, and the record says by what."""
    monkeypatch.setattr(_loop, "NOTICE_TIMEOUT", 0.05)

    async def spin(ws: ServerConnection) -> None:
        while True:
            spinning.set()

    spinning = threading.Event()
    server = serve(spin)
    with connect(server.url) as ws:
        assert spinning.wait(TIMEOUT) is True
        with pytest.warns(RuntimeWarning, match="'spin': a handler held up its event loop and was"):
            assert stop_quickly(server) is True
        assert close_code(ws) == 1011
    [error] = server.transcript.filter(kind="error")
    assert (error.type, error.message) == (
        "HeldUpError",
        "stop() ended code that held up the event loop: it did not await",
    )
    assert re.search(r'test_server.py", line \d+, in spin\n', error.traceback)


def test_stop_with_a_handler_that_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler in a blocking call goes on after stop(), which warns; port and clients are free."""
    monkeypatch.setattr(_loop, "NOTICE_TIMEOUT", 0.05)
    monkeypatch.setattr("wslab.service.GRACE", 0.05)
    blocked, release = threading.Event(), threading.Event()

    async def block(ws: ServerConnection) -> None:
        blocked.set()
        release.wait(TIMEOUT)

    server = serve(block)
    port = server.port
    with connect(server.url) as ws:
        assert blocked.wait(TIMEOUT) is True
        with pytest.warns(RuntimeWarning, match="'block': it has left its port, but a handler"):
            server.stop(timeout=0.05)
        assert (close_code(ws), listens(port)) == (1006, False)
    thread = next(t for t in threading.enumerate() if t.name == "wslab server 'block'")
    release.set()
    thread.join(TIMEOUT)
    assert (thread.is_alive(), server.transcript[-1].problem) == (
        False,
        "the server ended the TCP connection without a closing handshake",
    )
    assert len(server.transcript.filter(kind="close")) == 0


def test_stop_inside_a_handler() -> None:
    """A handler that stops its own server is told how to do it instead, and that works."""
    refused: list[str] = []

    async def stop(ws: ServerConnection) -> None:
        try:
            server.stop()
        except RuntimeError as exc:
            refused.append(str(exc))
        await asyncio.to_thread(server.stop, 0.05)

    server = serve(stop)
    with connect(server.url) as ws:
        assert close_code(ws) == 1001
    until(lambda: registry.servers == {}, "the end of the server")
    assert repr(server) == "<BackgroundServer 'stop' stopped>"
    assert refused == [
        "a handler cannot stop its own server and wait for it; call stop() in a cell, or "
        "await asyncio.to_thread(server.stop)"
    ]


def test_interrupted_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt while stop() waits goes through, and the server stops all the same."""
    server = serve(echo)

    join = _loop.LoopThread.join

    def interrupt(thread: _loop.LoopThread, timeout: float) -> bool:
        if threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        return join(thread, timeout)

    with monkeypatch.context() as patch, connect(server.url):
        patch.setattr(_loop.LoopThread, "join", interrupt)
        with pytest.raises(KeyboardInterrupt):
            server.stop()
        assert repr(server) == "<BackgroundServer 'echo' stopped>"
        with pytest.raises(NotRunningError):
            server.url  # noqa: B018
        until(lambda: registry.servers == {}, "the end of the server")
    server.stop()


def test_stop_at_exit() -> None:
    """At the end of the process all servers are stopped at the same time."""
    servers = [serve(sleep_on, name=str(number)) for number in range(3)]
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(server.url)) for server in servers]
        begun = time.monotonic()
        registry.stop_all()
        assert time.monotonic() - begun < 1
        assert [close_code(client) for client in clients] == [1001] * 3
    for server in servers:
        server.stop()
    assert registry.servers == {}


# Watching


def test_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """watch() shows the transcript; watching again, or stopping the server, ends the view."""
    steps: list[str] = []

    class View:
        def __init__(self, transcript: object) -> None:
            self.name = f"view {len(steps)}"
            steps.append(f"{self.name} of {transcript!r}")

        def stop(self) -> None:
            steps.append(f"{self.name} ends")

    monkeypatch.setitem(sys.modules, "wslab.live", types.SimpleNamespace(LiveTranscript=View))  # type: ignore[arg-type]
    with serve(echo) as server:
        assert isinstance(server.watch(), View)
        server.watch()
    shown = repr(server.transcript)
    assert steps == [f"view 0 of {shown}", "view 0 ends", f"view 2 of {shown}", "view 2 ends"]


def test_watch_without_anywidget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without anywidget, watch() says what to install."""
    monkeypatch.delitem(sys.modules, "wslab.live", raising=False)
    monkeypatch.setitem(sys.modules, "anywidget", None)  # type: ignore[arg-type]
    with (
        serve(echo) as server,
        pytest.raises(ModuleNotFoundError, match="needs anywidget; run: pip install anywidget"),
    ):
        server.watch()


# Handlers that fail


@pytest.mark.parametrize(
    ("error", "type_name", "message"),
    [
        (ValueError("a bug"), "ValueError", "a bug"),
        (SystemExit(3), "SystemExit", "3"),
        (KeyboardInterrupt(), "KeyboardInterrupt", ""),
        (asyncio.CancelledError("by itself"), "CancelledError", "by itself"),
        (ExceptionGroup("several", [ValueError("a bug")]), "ExceptionGroup", "several"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_handler_error(error: BaseException, type_name: str, message: str) -> None:
    """What a handler raises is recorded before the CLOSE 1011; nothing is printed."""

    async def fail(ws: ServerConnection) -> None:
        await ws.recv()
        raise error

    with serve(fail) as server:
        for _ in range(2):  # the server goes on
            with connect(server.url) as ws:
                ws.send("x")
                assert close_code(ws) == 1011
            server.transcript.wait(connection=-1, sender="client", kind="close")
        records = server.transcript.filter(connection=2)
        assert [record.kind for record in records[2:]] == ["text", "error", "close", "close"]
        found = records[3]
        assert (found.type, found.message.partition(" (")[0]) == (type_name, message)
        # The traceback begins in the handler: the learner's own code.
        assert re.search(
            r'Traceback.*\n[ |]*File ".*test_server.py", .* in fail\n', found.traceback
        )


def test_handler_error_that_quotes_the_client() -> None:
    """An exception with a whole message in it takes little room in the record."""

    async def quote(ws: ServerConnection) -> None:
        raise ValueError(await ws.recv())

    with serve(quote) as server, connect(server.url) as ws:
        ws.send("x" * 2**20)
        close_code(ws)
    [error] = server.transcript.filter(kind="error")
    assert (error.message[:1], error.message[-2:]) == ("x", "x…")
    assert error.traceback.startswith("Traceback") is True
    assert len(error.message) + len(error.traceback) < 25_000


def test_exception_that_cannot_be_shown() -> None:
    """An exception whose str() fails is recorded all the same."""

    class Shy(Exception):
        def __str__(self) -> str:
            raise RuntimeError("not now")

    async def fail(ws: ServerConnection) -> None:
        raise Shy

    with serve(fail) as server, connect(server.url) as ws:
        assert close_code(ws) == 1011
    [error] = server.transcript.filter(kind="error")
    assert (error.type, error.message) == ("Shy", "<exception str() failed>")


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4001, 1011])
def test_a_client_that_leaves_is_no_error(code: int) -> None:
    """A handler that is told "closed" about its own connection has ended as it may."""

    async def listen(ws: ServerConnection) -> None:
        while True:
            await ws.recv()

    async def listen_in_a_task_group(ws: ServerConnection) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(listen(ws))
            group.create_task(listen_once_more(ws))

    async def listen_once_more(ws: ServerConnection) -> None:
        await ws.wait_closed()
        await ws.send("anybody there?")

    for handler in (listen, echo, listen_in_a_task_group):
        with serve(handler) as server:
            with connect(server.url) as ws:
                ws.close(code)
            until(lambda server=server: not server._recording.connections)
        assert [record.kind for record in server.transcript[2:]] == ["close", "close"]


def test_another_connection_that_is_closed_is_an_error() -> None:
    """A handler that fails on another client's connection is recorded as failed."""
    guests: list[ServerConnection] = []

    async def gossip(ws: ServerConnection) -> None:
        guests.append(ws)
        await ws.recv()
        await guests[0].send("have you heard?")

    with serve(gossip) as server:
        with connect(server.url):
            server.transcript.wait(sender="server", kind="handshake")
        until(lambda: not server._recording.connections)
        with connect(server.url) as ws:
            ws.send("x")
            assert close_code(ws) == 1011
    [error] = server.transcript.filter(kind="error")
    assert (error.connection, error.type) == (2, "ConnectionClosedOK")


def test_tasks_of_a_handler() -> None:
    """What a handler's background task raises is recorded; that its client left is no error."""

    async def fail(ws: ServerConnection) -> None:
        raise ValueError("in the background")

    async def tick(ws: ServerConnection) -> None:
        await ws.wait_closed()
        await ws.send("tick")

    tasks = []

    async def start(ws: ServerConnection) -> None:
        tasks.extend(asyncio.create_task(work(ws)) for work in (tick, fail))
        await ws.wait_closed()

    with serve(start) as server:
        for _ in range(2):
            with connect(server.url):
                pass
            until(lambda: tasks and all(task.done() for task in tasks))
            tasks.clear()
            gc.collect()  # which is when asyncio notices that nobody awaits them
        server.transcript.wait(kind="error", count=2)
    assert [(e.connection, e.type, e.message) for e in server.transcript.filter(kind="error")] == [
        (1, "ValueError", "in the background"),
        (2, "ValueError", "in the background"),
    ]


def test_callbacks_that_fail() -> None:
    """What a callback of the loop raises is recorded, though nobody knows whose it is."""

    async def later(ws: ServerConnection) -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: 1 / 0)
        loop.call_exception_handler({"message": "not an exception"})

    with serve(later) as server:
        wslab.talk(server.url)
        error = server.transcript.wait(kind="error")
    assert (error.connection, error.type) == (0, "ZeroDivisionError")
    assert len(server.transcript.filter(kind="error")) == 1


@pytest.mark.parametrize("option", ["process_request", "process_response", "select_subprotocol"])
def test_callbacks_of_the_handshake_that_fail(option: str) -> None:
    """A failed callback of the handshake is recorded before the client gets HTTP 500."""

    def fail(*args: object) -> None:
        raise LookupError("a bug")

    options: dict[str, Any] = {option: fail}
    with (
        serve(echo, subprotocols=["chat"], **options) as server,
        pytest.raises(InvalidStatus, match="HTTP 500"),
        connect(server.url, subprotocols=["chat"]),
    ):
        pass
    records = server.transcript.snapshot()
    assert [record.kind for record in records] == ["handshake", "error", "handshake"]
    assert (records[1].connection, records[1].type, records[1].message) == (
        1,
        "LookupError",
        "a bug",
    )
    assert 'test_server.py", line' in records[1].traceback


@pytest.mark.parametrize("option", ["process_request", "process_response"])
@pytest.mark.parametrize("result", [(403, [], b"no"), "no", 403], ids=["tuple", "str", "int"])
@pytest.mark.parametrize("plain", [True, False], ids=["plain", "async"])
def test_callbacks_of_the_handshake_that_return_something_else(
    option: str, result: object, plain: bool
) -> None:
    """Nothing but a Response or None: the record says what, of which callback, and what to do."""

    async def wait(*arguments: object) -> object:
        return result

    callback = (lambda *arguments: result) if plain else wait
    with serve(echo, **{option: callback}) as server:
        with pytest.raises(InvalidStatus, match="500"), connect(server.url):
            pass
        error = server.transcript.wait(kind="error")
    assert (error.type, error.raised_by, error.message) == (
        "TypeError",
        option,
        f"{option} must return None or a Response, such as connection.respond(403, "
        f'"no entry"), not {type(result).__name__}',
    )
    assert f"✗         ERROR      {option}: TypeError" in str(server.transcript)


@pytest.mark.filterwarnings("ignore:.*unclosed <socket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # asyncio leaves it so
def test_connection_class_that_fails() -> None:
    """What asyncio tells of in its debug mode only is recorded in either."""

    class Broken(ServerConnection):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            raise LookupError("a bug")

    with serve(echo, create_connection=Broken) as server:
        with pytest.raises((ConnectionClosed, InvalidMessage, OSError)), connect(server.url):
            pass
        error = server.transcript.wait(kind="error")
    assert (error.connection, error.type, error.message) == (0, "LookupError", "a bug")


@pytest.mark.parametrize("debug", ["", "1"], ids=["", "debug"])
def test_debug_mode_of_asyncio(
    debug: str,
    tls: tuple[Any, Any],
    raw: Raw,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A failed TLS handshake and slow code: the same record as ever, and nothing is printed."""
    monkeypatch.setenv("PYTHONASYNCIODEBUG", debug)

    async def slow(ws: ServerConnection) -> None:
        assert asyncio.get_running_loop().get_debug() is bool(debug) or sys.flags.dev_mode
        until_later = time.perf_counter() + 0.11
        while time.perf_counter() < until_later:
            pass

    with serve(slow, ssl=tls[0]) as server:
        raw(server.port).send(request())  # without TLS
        context = ssl.create_default_context()  # which does not trust the certificate
        for _ in range(2):
            with pytest.raises(ssl.SSLCertVerificationError), connect(server.url, ssl=context):
                pass
        with connect(server.url, ssl=tls[1]) as ws:
            assert close_code(ws) == 1000
        server.transcript.wait(sender="client", kind="close")
    assert [record.kind for record in server.transcript] == [
        "handshake", "handshake", "close", "close",
    ]  # fmt: skip
    assert [record for record in caplog.records if record.name == "asyncio"] == []


def test_logs_hold_nothing_that_a_terminal_obeys(caplog: pytest.LogCaptureFixture) -> None:
    """Who shows the server's log gets no control characters of a client, and no whole message."""

    async def quote(ws: ServerConnection) -> None:
        raise ValueError(await ws.recv())

    with serve(quote, max_size=None) as server, contextlib.suppress(ConnectionClosed):
        wslab.talk(server.url, "\x1b[31m\x07\r\0\u202e" + "x" * 10**6)
    assert "connection handler failed" in caplog.text
    assert r"ValueError: \x1b[31m\x07\r\x00\u202exxx" in caplog.text
    assert caplog.text.replace("\n", "").isprintable() is True
    assert len(caplog.text) < 20_000


def test_a_refused_handshake_with_bad_frames_behind_it(raw: Raw) -> None:
    """Where websockets itself stumbles in a handshake, no code of the learner's is to blame."""
    with serve(echo) as server:
        client = raw(server.port)
        client.send(request(Sec_WebSocket_Version="8") + frame(0x83))
        client.read_all()
        client.sock.close()
        until(lambda: not server._recording.connections)
    assert len(server.transcript.filter(kind="error")) == 0


def test_logger_of_ones_own(caplog: pytest.LogCaptureFixture) -> None:
    """A logger passed as logger= gets what websockets logs; by default nothing is handled."""

    async def fail(ws: ServerConnection) -> None:
        raise ValueError("a bug")

    with serve(fail, logger=logging.getLogger("wslab.mine")) as server, connect(server.url) as ws:
        close_code(ws)
    failed = [record for record in caplog.records if record.exc_info]
    assert [(record.name, record.getMessage()) for record in failed] == [
        ("wslab.mine", "connection handler failed")
    ]


def test_clients_that_vanish_in_numbers(raw: Raw) -> None:
    """A hundred clients that are reset are a hundred records, and nothing is printed."""

    async def push(ws: ServerConnection) -> None:
        while True:
            await ws.send("x")
            await asyncio.sleep(0)

    with serve(push, keep=100_000) as server:
        for _ in range(100):
            client = raw(server.port).open()
            client.read_frame()
            client.reset()
        server.transcript.wait(kind="lost", count=100)
        assert len(server.transcript.filter(kind="error")) == 0
        assert {record.problem for record in server.transcript.filter(kind="lost")} == {
            "the client ended the TCP connection without a closing handshake"
        }


def test_print_in_a_handler(capfd: pytest.CaptureFixture[str]) -> None:
    """A print() of a handler's own goes where prints go; the server adds nothing to it."""

    async def chatty(ws: ServerConnection) -> None:
        print("a client is here")

    with serve(chatty) as server:
        wslab.talk(server.url)
    assert capfd.readouterr() == ("a client is here\n", "")


# The record of the wire


def wire_bytes(server: BackgroundServer, sender: Sender, connection: int = 1) -> bytes:
    """All bytes of one direction of a connection, put together again from the records."""
    return b"".join(
        bytes(record.data) if isinstance(record, Malformed) else record.head + record.body
        for record in server.transcript.filter(sender=sender, connection=connection)
    )


def test_the_record_is_what_crossed_the_wire(raw: Raw) -> None:
    """Byte for byte, the records are what a client of bytes sent and received."""
    with serve(echo) as server:
        client = raw(server.port).open("/path?query", Accept_Language="fr")
        client.send_frame(0x81, "héllo".encode())
        assert client.read_frame() == (0x81, "héllo".encode())
        client.send_frame(0x82, bytes(range(8)))
        assert client.read_frame() == (0x82, bytes(range(8)))
        client.send_frame(0x01, b"in two ")
        client.send_frame(0x80, b"fragments")
        assert client.read_frame() == (0x81, b"in two fragments")
        client.send_frame(0x89, b"a ping")
        assert client.read_frame() == (0x8A, b"a ping")
        client.send_frame(0x88, (4001).to_bytes(2, "big") + b"bye")
        client.read_all()
        client.sock.close()
        until(lambda: not server._recording.connections)
        assert wire_bytes(server, "client") == client.sent
        assert wire_bytes(server, "server") == client.received
    seen = server.transcript
    assert [(r.kind, r.masking_key) for r in seen.filter(sender="client")[1:]] == [
        ("text", MASK),
        ("binary", MASK),
        ("text", MASK),
        ("continuation", MASK),
        ("ping", MASK),
        ("close", MASK),
    ]
    assert [(r.kind, r.masking_key) for r in seen.filter(sender="server")[1:]] == [
        ("text", None),
        ("binary", None),
        ("text", None),
        ("pong", None),
        ("close", None),
    ]
    request_record, response = seen.filter(kind="handshake")
    assert (request_record.path, response.status) == ("/path?query", 101)
    assert request_record.header("accept-language") == "fr"
    sent_close, received_close = seen.filter(kind="close")
    assert (sent_close.close_code, sent_close.close_reason) == (4001, "bye")
    assert (received_close.close_code, received_close.close_reason) == (4001, "bye")


def test_the_record_is_there_before_the_answer() -> None:
    """Whoever got an answer finds it in the transcript, without waiting."""
    with serve(echo) as server, connect(server.url) as ws:
        for count in range(1, 101):
            ws.send("x")
            ws.recv(timeout=TIMEOUT)
            assert len(server.transcript.filter(kind="text", sender="server")) == count


def test_many_frames_in_one_packet(raw: Raw) -> None:
    """Frames that arrive together, with the handshake even, are told apart."""
    with serve(echo) as server:
        client = raw(server.port)
        client.send(request() + frame(0x81, b"1") + frame(0x81, b"2") + frame(0x88))
        client.read_all()
        client.sock.close()
        until(lambda: not server._recording.connections)
        assert wire_bytes(server, "client") == client.sent
    kinds = [record.kind for record in server.transcript.filter(sender="client")]
    assert kinds == ["handshake", "text", "text", "close"]


def test_aborted_by_the_server(raw: Raw) -> None:
    """After transport.abort() there is no CLOSE in the record, for none was sent."""

    async def abort(ws: ServerConnection) -> None:
        await ws.recv()
        ws.transport.abort()
        with contextlib.suppress(ConnectionClosed):
            await ws.send("into the void")

    with serve(abort) as server:
        client = raw(server.port).open()
        client.send_frame(0x81, b"x")
        client.read_all()
        lost = server.transcript.wait(kind="lost")
        assert wire_bytes(server, "server") == client.received
    assert (lost.problem, lost.unsent) == (
        "the server ended the TCP connection without a closing handshake",
        0,
    )
    assert len(server.transcript.filter(kind="close")) == 0


def test_what_never_left_is_counted(raw: Raw) -> None:
    """abort() throws away what the client's full buffers kept waiting; the record says how much."""
    waiting: list[int] = []

    async def flood(ws: ServerConnection) -> None:
        ws.transport.write(frame_to_client := b"\x82\x7f" + (2**24).to_bytes(8, "big"))
        ws.transport.write(bytes(2**24))
        waiting.append(ws.transport.get_write_buffer_size())
        assert frame_to_client
        ws.transport.abort()

    with serve(flood) as server:
        client = raw(server.port)
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.open()
        lost = server.transcript.wait(kind="lost")
    assert [lost.unsent] == waiting
    assert lost.unsent > 0


@pytest.mark.parametrize("end", ["close", "abort", "close twice", "close, then abort"])
def test_ended_by_the_server(end: str, raw: Raw) -> None:
    """Whoever ended the TCP connection is named: here a handler did, past the closing handshake."""

    async def hang_up(ws: ServerConnection) -> None:
        if "close" in end:
            ws.transport.close()
        if "twice" in end:
            ws.transport.close()
        if "abort" in end:
            ws.transport.abort()

    with serve(hang_up) as server:
        raw(server.port).open().read_all()
        lost = server.transcript.wait(kind="lost")
    assert lost.problem == "the server ended the TCP connection without a closing handshake"


@pytest.mark.parametrize(
    ("data", "how"),
    [
        (b"", "before the opening handshake was complete"),
        (request()[:-2], "before the opening handshake was complete"),
        (request(), "without a closing handshake"),
        (request() + frame(0x81, b"x"), "without a closing handshake"),
    ],
)
@pytest.mark.parametrize("end", ["FIN", "RST", "half-closed"])
def test_ended_by_the_client(data: bytes, how: str, end: str, raw: Raw) -> None:
    """A client that ends TCP by FIN, by RST, or only its own direction, is recorded as lost."""
    with serve(echo) as server:
        client = raw(server.port)
        client.send(data)
        if how == "without a closing handshake":
            client.read_until(b"\r\n\r\n")
        if end == "FIN":
            client.sock.close()
        elif end == "RST":
            until(lambda: server._recording.connections)
            client.reset()
        else:
            client.sock.shutdown(socket.SHUT_WR)
        lost = server.transcript.wait(kind="lost")
    assert lost.problem == f"the client ended the TCP connection {how}"


def test_half_a_frame(raw: Raw) -> None:
    """A client that is cut off inside a frame leaves what came of it, marked as incomplete."""
    with serve(echo) as server:
        header = raw(server.port).open()
        header.send(b"\x81")
        header.sock.close()
        server.transcript.wait(kind="lost", connection=1)
        payload = raw(server.port).open()
        payload.send(frame(0x81, b"hello")[:-2])
        payload.sock.close()
        server.transcript.wait(kind="lost", connection=2)
    assert [record.kind for record in server.transcript.filter(connection=1)[2:]] == [
        "malformed",
        "lost",
    ]
    cut, lost = server.transcript.filter(connection=2)[2:]
    assert (cut.payload, cut.length, cut.complete, lost.kind) == (b"hel", 5, False, "lost")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # the beginning of TLS
        b"SSH-2.0-OpenSSH_9.7\r\n\r\n",
        b"\r\n\r\n",
        b"GET / HTTP/9.9.9 nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        bytes(100_000),
        b"G" * 100_000,
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200_000,
    ],
)
def test_garbage_instead_of_a_handshake(garbage: bytes, raw: Raw) -> None:
    """What is no handshake ends the connection; it is in the record and nothing is printed."""
    with serve(echo, open_timeout=0.2) as server:
        client = raw(server.port)
        with contextlib.suppress(ConnectionError):
            client.send(garbage)
        answer = client.read_all()
        client.sock.close()
        server.transcript.wait(where=lambda record: record.kind in ("lost", "malformed"))
        assert answer.startswith(b"HTTP/1.1 101") is False
        assert wslab.talk(server.url, "still here") == ["still here"]
        assert len(server.transcript.filter(kind="error")) == 0


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",  # curl -X GET -d hello
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /second HTTP/1.1\r\nHost: x\r\n\r\n",
        request()[:-2] + b"Content-Length: 7\r\n\r\nh\x82\x00\x00\x00\x00\x00",
        request(Origin="https://evil.example") + frame(0x81, b"hello"),
    ],
    ids=["body", "chunked", "pipelined", "frames", "refused"],
)
def test_what_comes_with_a_handshake_that_is_refused(sent: bytes, raw: Raw) -> None:
    """It is a body or malformed, never a frame: nobody sent one."""
    with serve(echo, ping_interval=None) as server:
        client = raw(server.port)
        client.send(sent)
        assert client.read_all().startswith((b"HTTP/1.1 4", b"HTTP/1.1 5", b""))
        client.sock.close()
        until(lambda: not server._recording.connections, "the end of the connection")
        assert wire_bytes(server, "client") == sent
    records = server.transcript.filter(sender="client")
    assert {record.kind for record in records} <= {"handshake", "malformed"}
    assert len(server.transcript.filter(kind="close")) == 0


def test_a_long_handshake() -> None:
    """What websockets accepts is followed: here 900 KiB of headers, and frames after them."""
    headers = {f"X-{number}": "x" * 8000 for number in range(115)}
    with (
        serve(echo) as server,
        connect(server.url, additional_headers=headers, compression=None) as ws,
    ):
        ws.send("x")
        assert ws.recv(timeout=TIMEOUT) == "x"
    kinds = [record.kind for record in server.transcript]
    assert kinds == ["handshake", "handshake", "text", "text", "close", "close"]
    assert len(str(server.transcript)) < 2000


@pytest.mark.parametrize("fault", [faults.garbage, faults.impossible_length])
def test_the_end_after_malformed_bytes(fault: Any) -> None:
    """Whether the server answers CLOSE is not known where its bytes are not decoded any more."""
    with serve(fault) as server:
        with pytest.raises(ConnectionClosed):
            wslab.talk(server.url, replies=1)
        lost = server.transcript.wait(kind="lost")
    assert lost.problem == (
        "the server ended the TCP connection; whether the server had sent CLOSE is not known"
    )


def test_the_end_of_a_broken_network(raw: Raw) -> None:
    """Where neither side ended the connection, neither is named."""
    with serve(echo) as server:
        client = raw(server.port).open()
        server.transcript.wait(sender="server", kind="handshake")
        [connection] = server._recording.connections
        loop = server._thread._loop  # type: ignore[union-attr]
        broken = TimeoutError(errno.ETIMEDOUT, "Connection timed out")
        loop.call_soon_threadsafe(connection.transport._fatal_error, broken)
        lost = server.transcript.wait(kind="lost")
        client.sock.close()
    assert lost.problem == f"the TCP connection broke: {broken}"


def test_the_end_after_the_server_has_stopped_reading(raw: Raw) -> None:
    """What it did not read it does not tell of."""
    stopped = threading.Event()

    async def stop_reading(ws: ServerConnection) -> None:
        ws.transport.pause_reading()
        stopped.set()
        await ws.wait_closed()

    with serve(stop_reading) as server:
        client = raw(server.port)
        client.send(request() + frame(0x81, b"hello")[:3])
        assert stopped.wait(TIMEOUT) is True
        client.send(frame(0x81, b"hello")[3:] + frame(0x88))
        server.stop(timeout=0.05)
    cut, lost = server.transcript[-2:]
    assert cut.problem == "the receiver stopped reading inside a frame's header"
    assert lost.problem == (
        "the server ended the TCP connection; whether the client had sent CLOSE is not known"
    )


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upgrade": "h2c"}, 426),
        ({"Sec_WebSocket_Version": "8"}, 400),
        ({"Sec_WebSocket_Key": "short"}, 400),
        ({"Origin": "https://example.com"}, 403),
    ],
)
def test_refused_handshake(headers: dict[str, str], status: int, raw: Raw) -> None:
    """A handshake that is refused is recorded with the status; it is no loss."""
    with serve(echo) as server:
        client = raw(server.port).open(**headers)
        client.read_all()
        client.sock.close()
        until(lambda: not server._recording.connections)
    records = server.transcript.snapshot()
    assert [record.kind for record in records] == ["handshake", "handshake"]
    assert records[1].status == status
    assert records[1].head + records[1].body == client.received


def test_frames_after_a_refusal(raw: Raw) -> None:
    """What a client sends after the refusal of its handshake is no frame any more."""

    def refuse(ws: ServerConnection, request: Any) -> Any:
        return ws.respond(403, "x" * 2**24)  # takes a while to be sent to who does not read

    with serve(echo, process_request=refuse) as server:
        client = raw(server.port)
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.send(request())
        until(lambda: len(server.transcript) == 2)
        client.send_frame(0x81, b"hello")
        found = server.transcript.wait(kind="malformed")
        client.sock.close()
    assert (found.problem, found.data) == (
        "bytes after the server refused the handshake",
        frame(0x81, b"hello"),
    )


@pytest.mark.parametrize(
    ("sent", "code", "problem"),
    [
        (frame(0x81, b"\xff"), 1007, "not valid UTF-8"),
        (frame(0x83), 1002, "opcode 0x3 is reserved"),
        (frame(0xC1, b"x"), 1002, "RSV1 is set"),
        (frame(0x09), 1002, "a control frame must not be fragmented"),
        (frame(0x80, b"x"), 1002, "no message to continue"),
        (b"\x81\x01x", 1002, "must be masked"),
        (b"\x82\xff" + b"\x80" + bytes(11), 1009, "highest bit"),
    ],
)
def test_violations_of_the_protocol(sent: bytes, code: int, problem: str, raw: Raw) -> None:
    """A frame that breaks the protocol is recorded with what it breaks, and the CLOSE it gets."""
    with serve(echo) as server:
        client = raw(server.port).open()
        client.send(sent)
        assert client.read_frame()[1][:2] == code.to_bytes(2, "big")
        client.sock.close()
        [bad] = server.transcript.filter(sender="client")[1:]
        assert problem in str(bad.problem)
        assert server.transcript.filter(kind="close")[0].close_code == code


def test_message_too_big() -> None:
    """A message over max_size is recorded; the server answers with 1009."""
    with serve(echo, max_size=10) as server, connect(server.url) as ws:
        ws.send("x" * 11)
        assert close_code(ws) == 1009
    assert [record.length for record in server.transcript.filter(kind="text")] == [11]


def test_compression() -> None:
    """With compression a frame carries RSV1 and fewer bytes, and nothing is wrong with that."""
    with serve(echo, compression="deflate") as server:
        assert wslab.talk(server.url, "x" * 1000) == ["x" * 1000]
    frames = server.transcript.filter(kind="text")
    assert [(record.rsv1, record.problem, record.length < 100) for record in frames] == [
        (True, None, True)
    ] * 2
    with serve(echo) as server:
        assert wslab.talk(server.url, "x") == ["x"]
    assert {(r.rsv1, r.payload) for r in server.transcript.filter(kind="text")} == {(False, b"x")}


def test_keepalive(raw: Raw) -> None:
    """The server's pings and the answers are recorded; a client that does not answer is closed."""
    with serve(echo, ping_interval=0.02, ping_timeout=0.1, close_timeout=0.1) as server:
        with connect(server.url):
            server.transcript.wait(kind="pong", count=2)
        client = raw(server.port).open()
        answer = client.read_all()
        assert answer.startswith(b"\x89\x04")  # PING, four random bytes
        assert b"\x88\x18\x03\xf3keepalive ping timeout" in answer  # CLOSE 1011
        server.transcript.wait(connection=2, kind="lost")
    ping, pong = (server.transcript.filter(connection=1, kind=kind)[0] for kind in ("ping", "pong"))
    assert (ping.sender, pong.sender, ping.payload) == ("server", "client", pong.payload)


def test_keep() -> None:
    """keep= bounds the record; what was dropped is counted."""
    with serve(echo, keep=5) as server:
        wslab.talk(server.url, *("x" * 10))
        server.transcript.wait(sender="server", kind="close")
    assert (len(server.transcript), server.transcript.dropped) == (5, 2 + 20 + 2 - 5)


# Options


def test_options_pass_through(raw: Raw) -> None:
    """Any option of websockets has its effect."""

    def greet(ws: ServerConnection, request: Any) -> Any:
        return ws.respond(418, "short and stout") if request.path == "/teapot" else None

    def sign(ws: ServerConnection, request: Any, response: Any) -> None:
        response.headers["X-Signed-By"] = "test"

    async def tell(ws: ServerConnection) -> None:
        await ws.send(f"{ws.subprotocol} {ws.ping_interval} {ws.close_timeout}")

    with serve(
        tell,
        process_request=greet,
        process_response=sign,
        subprotocols=["chat.v2", "chat.v1"],
        server_header=None,
        ping_interval=7,
        close_timeout=3,
    ) as server:
        with connect(server.url, subprotocols=["chat.v1", "chat.v2"]) as ws:
            assert ws.recv(timeout=TIMEOUT) == "chat.v2 7 3"
            assert ws.response.headers["X-Signed-By"] == "test"
            assert "Server" not in ws.response.headers
        with pytest.raises(InvalidStatus, match="HTTP 418"), connect(f"{server.url}/teapot"):
            pass
        refusal = server.transcript.filter(connection=2, sender="server")[0]
        assert (refusal.status, refusal.body) == (418, b"short and stout")


def test_select_subprotocol() -> None:
    """select_subprotocol chooses; a client that offers none is let in if it says so."""

    def choose(ws: ServerConnection, offered: Any) -> Any:
        return offered[-1] if offered else None

    async def tell(ws: ServerConnection) -> None:
        await ws.send(str(ws.subprotocol))

    with serve(tell, subprotocols=["a", "b"], select_subprotocol=choose) as server:
        with connect(server.url, subprotocols=["a", "b"]) as ws:
            assert ws.recv(timeout=TIMEOUT) == "b"
        assert wslab.talk(server.url, replies=1) == ["None"]


def test_connection_class_of_ones_own() -> None:
    """A subclass given as create_connection= is the one that handlers get, and is recorded."""

    class Shouting(ServerConnection):
        async def send(self, message: Any, **options: Any) -> None:
            await super().send(message.upper(), **options)

        def data_received(self, data: bytes) -> None:
            seen.append(len(server.transcript))
            super().data_received(data)

    seen: list[int] = []
    classes: list[type] = []

    async def shout(ws: ServerConnection) -> None:
        classes.append(type(ws))
        await echo(ws)

    with serve(shout, create_connection=Shouting) as server:
        assert wslab.talk(server.url, "hello") == ["HELLO"]
    assert [(cls.__name__, issubclass(cls, Shouting)) for cls in classes] == [("Shouting", True)]
    assert [record.text for record in server.transcript.filter(kind="text")] == ["hello", "HELLO"]
    assert seen[0] == 1  # recorded before anything else


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 101),
        ("http://localhost:8888", 101),  # the page that was told of
        ("http://localhost:8889", 403),
        ("https://localhost:8888", 403),
        ("http://127.0.0.1:8888", 403),
        ("https://example.com", 403),
        ("http://localhost:8888.example.com", 403),
        ("null", 403),  # a sandboxed frame, or a page from a file
        ("", 403),
    ],
)
def test_origins(
    origin: str | None, status: int, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs that are no browsers and the pages told of are let in, other pages are not."""
    monkeypatch.setattr("wslab.server._origins", [None])
    with serve(echo) as server:
        for told in ("http://localhost:8888", "http://localhost:8888", "null"):
            allow_origin(told)  # a running server takes notice too
        client = raw(server.port).open(**({} if origin is None else {"Origin": origin}))
        assert int(client.received.split()[1]) == status
        client.sock.close()
        until(lambda: not server._recording.connections)
        assert server.transcript.filter(kind="handshake")[0].header("Origin") == origin


def test_origins_of_ones_own() -> None:
    """origins= replaces the list; None lets everybody in."""
    for origins in (["https://example.com"], None):
        with (
            serve(echo, origins=origins) as server,
            connect(server.url, origin="https://example.com") as ws,
        ):
            ws.send("x")
            assert ws.recv(timeout=TIMEOUT) == "x"


@pytest.mark.parametrize("compression", [None, "deflate"])
def test_safe_by_default(compression: str | None) -> None:
    """Only this machine is served, and one message costs 1 MiB at most, deflated or not."""
    with serve(echo, compression=compression) as server:
        assert server._server is not None
        assert [sock.getsockname()[0] for sock in server._server.sockets] == ["127.0.0.1"]
        with connect(server.url, max_size=None) as ws:
            ws.send(bytes(2**20))
            assert ws.recv(timeout=TIMEOUT) == bytes(2**20)
            with contextlib.suppress(ConnectionClosed):  # refused before its last byte is sent
                ws.send(bytes(2**20 + 1))
            assert close_code(ws) == 1009
        sent = server.transcript.filter(sender="client", kind="binary")
        assert [record.size < 2**12 for record in sent] == [compression is not None] * 2


def test_tls(tls: tuple[Any, Any]) -> None:
    """With ssl= the address is wss://, and what is recorded is what was inside TLS."""
    with serve(echo, ssl=tls[0]) as server:
        assert server.url == f"wss://127.0.0.1:{server.port}"
        with connect(server.url, ssl=tls[1]) as ws:
            ws.send("secret")
            assert ws.recv(timeout=TIMEOUT) == "secret"
        until(lambda: not server._recording.connections)
    assert [record.kind for record in server.transcript] == [
        "handshake",
        "handshake",
        "text",
        "text",
        "close",
        "close",
    ]
    assert [record.text for record in server.transcript.filter(kind="text")] == ["secret"] * 2


def test_tls_with_a_client_that_has_none(tls: tuple[Any, Any], raw: Raw) -> None:
    """A client that speaks plain WebSocket to a TLS server is let go, and nothing is printed."""
    with serve(echo, ssl=tls[0]) as server:
        client = raw(server.port)
        client.send(request())
        assert client.read_all().startswith(b"HTTP") is False
        with connect(server.url, ssl=tls[1]) as ws:
            ws.send("still here")
            assert ws.recv(timeout=TIMEOUT) == "still here"


def has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
@pytest.mark.parametrize("host", ["::1", "::"])
def test_ipv6(host: str) -> None:
    """An IPv6 address stands in brackets in the URL; "any" becomes the loopback address."""
    with serve(echo, host=host) as server:
        assert server.url == f"ws://[::1]:{server.port}"
        assert wslab.talk(server.url, "x") == ["x"]
        url = server.url
        with serve(echo, host=host) as again:
            assert again.url == url


@pytest.mark.parametrize("host", ["0.0.0.0", "localhost"])
def test_other_hosts(host: str) -> None:
    """The URL of a server that listens on any address, or on a name, leads to it."""
    with serve(echo, host=host) as server:
        assert re.fullmatch(r"ws://(127\.0\.0\.1|\[::1\]):\d+", server.url)
        url = server.url
        assert wslab.talk(url, "x") == ["x"]
        with serve(echo, host=host) as again:
            assert (again.url, wslab.talk(url, "x")) == (url, ["x"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, None),
        ({"http_proxy": "http://192.0.2.1:9"}, "127.0.0.1"),
        ({"ALL_PROXY": "socks5://192.0.2.1:9"}, "127.0.0.1"),
        ({"https_proxy": "http://192.0.2.1:9", "no_proxy": "localhost"}, "localhost,127.0.0.1"),
        ({"https_proxy": "http://192.0.2.1:9", "NO_PROXY": "intern"}, "intern,127.0.0.1"),
        ({"https_proxy": "http://192.0.2.1:9", "no_proxy": "127.0.0.1"}, "127.0.0.1"),
        ({"https_proxy": "http://192.0.2.1:9", "no_proxy": "*"}, "*"),
    ],
)
def test_proxy_variables(
    before: dict[str, str], after: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy in the environment does not capture the clients of this process."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    # Set first, so that they are restored, whatever the server sets.
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    for name in {"no_proxy", "NO_PROXY"} - set(before):
        del os.environ[name]
    for name, value in before.items():
        monkeypatch.setenv(name, value)
    with serve(echo, host="0.0.0.0") as server:
        assert wslab.talk(server.url, "x") == ["x"]
        assert urllib.request.getproxies().get("no") == after


# A client that means harm


def test_slow_loris(raw: Raw) -> None:
    """A client that sends its handshake a byte at a time is cut off after open_timeout."""
    with serve(echo, open_timeout=0.1) as server:
        client = raw(server.port)
        client.send(request()[:10])
        assert client.read_all() == b""
        lost = server.transcript.wait(kind="lost")
    assert lost.problem == (
        "the server ended the TCP connection before the opening handshake was complete"
    )


def test_flood_of_tiny_frames(raw: Raw) -> None:
    """A flood of empty frames is bounded in the record, and others are served meanwhile."""
    with serve(forever) as server:
        client = raw(server.port).open()
        flood = frame(0x8A) * 10_000  # unsolicited PONGs, which nobody reads

        def send() -> None:
            with contextlib.suppress(OSError):
                for _ in range(5):
                    client.send(flood)

        thread = threading.Thread(target=send)
        thread.start()
        with serve(echo) as other:
            assert wslab.talk(other.url, "x") == ["x"]
        thread.join(TIMEOUT)
        until(lambda: server.transcript.dropped == 2 + 5 * 10_000 - 1000)
        client.sock.close()


def test_flood_of_pings(raw: Raw) -> None:
    """Each of many pings is answered, and recorded with its answer."""
    with serve(echo, keep=10_000) as server:
        client = raw(server.port).open()
        client.send(frame(0x89, b"!") * 1000)
        assert client.read(3 * 1000) == b"\x8a\x01!" * 1000
        assert len(server.transcript.filter(kind="ping")) == 1000
        assert len(server.transcript.filter(kind="pong")) == 1000
        client.sock.close()


def test_length_that_is_never_sent(raw: Raw) -> None:
    """A frame that announces more than it sends takes no memory, and is marked as incomplete."""
    with serve(echo, max_size=None) as server:
        client = raw(server.port).open()
        client.send(b"\x82\xff" + (2**62).to_bytes(8, "big") + MASK + b"x")
        until(lambda: len(server.transcript) == 3)
        found = server.transcript[2]
        assert (found.length, len(found.body), found.complete) == (2**62, 1, False)
        client.sock.close()


def random_bytes(random: Random) -> bytes:
    """A frame, or what looks like one, or neither."""
    payload = random.randbytes(random.randrange(60))
    lengths = (5, 125, 2**16, 2**20 + 1, 2**40, 2**63)
    return random.choice(
        [
            frame(random.choice([0x01, 0x80, 0x81, 0x82, 0x89, 0x8A, 0xC1]), payload),
            frame(0x88, random.choice([b"", b"x", random.randrange(900, 5100).to_bytes(2, "big")])),
            bytes([random.randrange(256), 0xFE]) + random.randbytes(2) + MASK + payload,
            b"\x82\xff" + random.choice(lengths).to_bytes(8, "big") + MASK + payload,
            payload,
        ]
    )


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes(seed: int, raw: Raw) -> None:
    """Whatever clients send, the record is no more and no less than what crossed the wire."""
    random = Random(seed)
    with serve(echo, keep=10_000, compression=random.choice([None, "deflate"])) as server:
        for number in range(1, 31):
            client = raw(server.port)
            if random.random() < 0.1:
                client.send(random.randbytes(99))
            else:
                client.open() if random.random() < 0.8 else client.send(request())
            with contextlib.suppress(OSError):
                for _ in range(random.randrange(8)):
                    data = random_bytes(random)
                    cut = random.randrange(len(data) + 1)
                    client.send(data[:cut])
                    client.send(data[cut:])
                client.sock.shutdown(socket.SHUT_WR)
            client.read_all()
            client.sock.close()
            until(lambda: not server._recording.connections)
            # What follows a violation, or a CLOSE, the server may not have read.
            assert client.sent.startswith(wire_bytes(server, "client", number)) is True
            assert wire_bytes(server, "server", number).startswith(client.received) is True
        assert wslab.talk(server.url, "still here") == ["still here"]
        assert len(server.transcript.filter(kind="error")) == 0


def test_storm_of_connections(raw: Raw) -> None:
    """Clients that come and go at once, each in its own way, leave nothing behind."""
    ends: list[Callable[[RawClient], object]] = [
        lambda client: client.sock.close(),
        lambda client: client.reset(),
        lambda client: (client.send(request()), client.reset()),
        lambda client: (client.send(request()), client.sock.close()),
        lambda client: (client.open(), client.send(b"\xff\xff\xff"), client.sock.close()),
        lambda client: (client.open(), client.send_frame(0x88), client.reset()),
    ]
    with serve(echo, keep=10_000) as server:
        for number in range(120):
            ends[number % len(ends)](raw(server.port))
        assert wslab.talk(server.url, "still here") == ["still here"]
        until(lambda: not server._recording.connections)
        assert len(server.transcript.filter(kind="error")) == 0
        assert server._server is not None
        until(lambda: not server._server.handler_tasks)


def test_no_file_descriptors_left(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where accept() fails, nothing is printed, and the server goes on when it can."""
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(asyncio.constants, "ACCEPT_RETRY_DELAY", 0.05)
    with serve(echo) as server:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        # Unix sockets take descriptors, until only the client's own is left.
        lowest = os.open(os.devnull, os.O_RDONLY)
        os.close(lowest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 1, hard))
        try:
            client = raw(server.port)
            error = server.transcript.wait(kind="error")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert (error.connection, error.type) == (0, "OSError")
        client.open()  # asyncio has tried again
        client.send_frame(0x81, b"x")
        assert client.read_frame() == (0x81, b"x")
        client.sock.close()


def test_talking_inside_a_handler() -> None:
    """on_service_thread() tells handlers from cells, so that blocking calls can refuse."""
    answers: list[bool] = []

    async def ask(ws: ServerConnection) -> None:
        answers.append(on_service_thread())
        answers.append(await asyncio.to_thread(on_service_thread))

    with serve(ask) as server:
        wslab.talk(server.url)
    assert (answers, on_service_thread()) == ([True, False], False)


# The end of the process, and its children


@contextlib.contextmanager
def script(code: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program whose standard streams are pipes; make sure that it ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


LIVE_SERVER = """
    import time, wslab

    async def busy(ws):
        await ws.send("connected")
        if ws.request.path == "/blocks":
            time.sleep(60)
        while ws.request.path == "/spins":
            pass
        async for message in ws:
            pass

    server = wslab.serve(busy)
    print(server.url, flush=True)
    input()
"""


@pytest.mark.kernel
@pytest.mark.parametrize("path", ["/", "/blocks", "/spins"])
def test_end_of_the_process(path: str, raw: Raw) -> None:
    """A process with a live server ends at once, without a word, and tells its clients."""
    with script(LIVE_SERVER) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        deaf = raw(int(url.rpartition(":")[2])).open()
        with connect(url + path, close_timeout=0.1) as ws:
            assert ws.recv(timeout=TIMEOUT) == "connected"
            begun = time.monotonic()
            assert process.communicate("\n", timeout=TIMEOUT) == ("", "")
            assert time.monotonic() - begun < TIMEOUT
            assert close_code(ws) == {"/": 1001, "/blocks": 1006, "/spins": 1011}[path]
        deaf.read_all()
    assert process.returncode == 0


@pytest.mark.kernel
def test_nothing_is_printed() -> None:
    """Outside of pytest, which handles all logs: whatever fails, the server prints nothing."""
    code = """
        import asyncio, contextlib, gc, socket, wslab

        async def fails(ws):
            asyncio.create_task(fails_too(ws))
            asyncio.get_running_loop().call_soon(lambda: 1 / 0)
            await ws.send("x")
            raise SystemExit if ws.request.path == "/exit" else ValueError

        async def fails_too(ws):
            raise KeyError

        def hook(ws, request):
            if request.path == "/hook":
                raise LookupError

        server = wslab.serve(fails, process_request=hook)
        for path in ("/", "/exit", "/hook"):
            with contextlib.suppress(Exception):
                wslab.talk(server.url + path, replies=2)
        with socket.create_connection(("127.0.0.1", server.port)) as garbage:
            garbage.sendall(bytes(100_000))
        server.transcript.wait(kind="malformed")
        gc.collect()
        print(*sorted({error.type for error in server.transcript.filter(kind="error")}))
    """
    with script(code) as process:
        out, err = process.communicate(timeout=2 * TIMEOUT)
    assert (out, err) == ("KeyError LookupError SystemExit ValueError ZeroDivisionError\n", "")


@pytest.mark.kernel
def test_terminated() -> None:
    """SIGTERM ends the process at once, and with it the connections; the port is free."""
    with script(LIVE_SERVER) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with connect(url) as ws:
            assert ws.recv(timeout=TIMEOUT) == "connected"
            process.terminate()
            assert close_code(ws) == 1006
        assert process.communicate(timeout=TIMEOUT) == ("", "")
        assert listens(int(url.rpartition(":")[2])) is False
    assert process.returncode == -signal.SIGTERM


def test_what_a_forked_child_does(raw: Raw) -> None:
    """It lets go of all sockets of its parent's servers, and of the servers (here, in no child)."""
    server = serve(echo)
    thread, port = server._thread, server.port
    client = raw(port).open()
    registry.after_fork()
    assert (repr(server), registry.servers) == ("<BackgroundServer 'echo' stopped>", {})
    assert client.read_all() == b""
    assert listens(port) is False
    assert len(server.transcript.snapshot()) == 2
    # What the child does not have, and the parent keeps:
    assert thread is not None
    assert thread.stop(timeout=TIMEOUT) is True
    registry.inherited.clear()


@pytest.mark.kernel
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.parametrize("leave", ["os._exit(0)", "sys.exit()"])
def test_fork(leave: str) -> None:
    """A forked child can serve anew and does not disturb its parent's server, nor hold its port."""
    code = """
        import os, socket, sys, threading, warnings, wslab
        from websockets.sync.client import connect

        warnings.simplefilter("ignore", DeprecationWarning)  # of fork() beside threads
        server = wslab.serve(wslab.handlers.echo)
        url, port = server.url, server.port
        client = connect(url).__enter__()
        client.send("before"), client.recv(timeout=5)
        to_child, from_child = os.pipe(), os.pipe()

        lock = server.transcript._changed
        lock.acquire()  # as if a record were being written right now
        child = os.fork()
        if child:
            lock.release()
        else:
            assert len(server.transcript.snapshot()) == 4
            try:
                server.url
            except wslab.NotRunningError:
                pass
            server.stop()
            with wslab.serve(wslab.handlers.echo) as own:
                assert wslab.talk(own.url, "child") == ["child"]
            assert wslab.talk(url, "parent's") == ["parent's"]
            os.write(from_child[1], b"!")
            os.read(to_child[0], 1)
            LEAVE

        os.read(from_child[0], 1)
        client.send("while the child lives")
        print(client.recv(timeout=5), wslab.talk(url, "x"))
        server.stop()
        client.close()
        with socket.create_server(("127.0.0.1", port)):
            print("the port is free while the child lives")
        again = wslab.serve(wslab.handlers.echo, port=port)
        os.write(to_child[1], b"!")
        print(os.waitpid(child, 0)[1])
        print(wslab.talk(again.url, "after the child"))
        print([thread.name for thread in threading.enumerate() if "wslab" in thread.name])
    """.replace("LEAVE", leave)
    with script(code) as process:
        out, err = process.communicate(timeout=2 * TIMEOUT)
    assert (out.splitlines(), err, process.returncode) == (
        [
            "while the child lives ['x']",
            "the port is free while the child lives",
            "0",
            "['after the child']",
            "[\"wslab server 'echo'\"]",
        ],
        "",
        0,
    )


@pytest.mark.kernel
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_multiprocessing() -> None:
    """Workers that multiprocessing forks can serve, be clients of their parent's, and end."""
    code = """
        import multiprocessing, warnings, wslab

        warnings.simplefilter("ignore", DeprecationWarning)  # of fork() beside threads

        def work(url):
            with wslab.serve(wslab.handlers.echo) as own:
                return wslab.talk(own.url, "own") + wslab.talk(url, "of the parent")

        server = wslab.serve(wslab.handlers.echo)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            print(pool.map(work, [server.url] * 4))
        print(wslab.talk(server.url, "x"))
        server.stop()
    """
    with script(code) as process:
        out, err = process.communicate(timeout=2 * TIMEOUT)
    assert (out, err, process.returncode) == (
        f"{[['own', 'of the parent']] * 4}\n['x']\n",
        "",
        0,
    )


def test_writelines_and_a_servers_own_eof_are_recorded(raw: Raw) -> None:
    """What a handler writes in pieces is recorded, and that it ended TCP first."""

    async def rude(ws: ServerConnection) -> None:
        ws.transport.writelines([b"\x81\x01a", b"\x81\x01b"])
        ws.transport.write_eof()
        await ws.wait_closed()

    with serve(rude) as server:
        client = raw(server.port).open()
        assert client.read_all() == b"\x81\x01a\x81\x01b"
        client.sock.close()
        lost = server.transcript.wait(kind="lost")
        assert [r.text for r in server.transcript.filter(kind="text")] == ["a", "b"]
    assert lost.problem == "the server ended the TCP connection without a closing handshake"
