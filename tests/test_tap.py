"""Tests of wslab.tap: what passes through it, what it records, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trustme
from conftest import MASK, TIMEOUT, RawClient, frame, request, until
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import (
    ConnectionClosed,
    ConnectionClosedError,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
)
from websockets.sync.client import connect

import wslab
import wslab.faults
from wslab.handlers import echo
from wslab.service import NotRunningError, registry
from wslab.wire import Exchange, Frame, Handshake, Lost, Malformed

pytestmark = pytest.mark.usefixtures("leaves_nothing", "quiet")

Raw = Callable[..., RawClient]


class Peer:
    """A TCP server of which each test says every byte that it sends."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(TIMEOUT)
        self.port = self.listener.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}"
        self.accepted: list[RawClient] = []

    def accept(self) -> RawClient:
        """Return the next connection; its bytes are read and written like a client's."""
        sock, _ = self.listener.accept()
        sock.settimeout(TIMEOUT)
        connection = RawClient.__new__(RawClient)
        connection.sent, connection.received, connection._unread = b"", b"", b""
        connection.sock = sock
        self.accepted.append(connection)
        return connection


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    with peer.listener:
        yield peer
    for connection in peer.accepted:
        connection.sock.close()


ACCEPTED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n"
)


def opened(tap: wslab.Tap, peer: Peer, raw: Raw) -> tuple[RawClient, RawClient]:
    """Open a WebSocket through a tap, byte by byte; return both of its ends."""
    client = raw(tap.port)
    client.send(request())
    server = peer.accept()
    server.read_until(b"\r\n\r\n")
    server.send(ACCEPTED)
    client.read_until(b"\r\n\r\n")
    return client, server


def begin_large(server: RawClient) -> None:
    """Send the header of a message that has no end, for what follows to be its payload."""
    server.send(b"\x82\x7f" + (2**40).to_bytes(8))


def by_direction(service: Any) -> list[list[Any]]:
    """What each side sent, without the request; how the two interleave differs."""
    records = service.transcript.snapshot()[1:]
    return [list(records.filter(sender=sender)) for sender in ("client", "server")]


def kinds(records: Any) -> list[str]:
    return [record.kind for record in records]


@pytest.fixture(params=["asyncio", "uvloop"])
def each_loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Event loops are asyncio's own, or those of uvloop."""
    if request.param == "uvloop":
        uvloop = pytest.importorskip("uvloop")
        monkeypatch.setattr("wslab._loop._new_loop", uvloop.new_event_loop)


# --- What passes


@pytest.mark.usefixtures("each_loop")
def test_what_comes_before_there_is_a_way_to_the_server(peer: Peer, raw: Raw) -> None:
    """uvloop reads it though it was told not to; it waits for the server, and so does FIN."""
    with wslab.tap(peer.url) as tap:
        client = raw(tap.port)
        client.send(request())
        client.sock.shutdown(socket.SHUT_WR)
        server = peer.accept()
        assert server.read_until(b"\r\n\r\n").startswith(b"GET / HTTP/1.1\r\n")
        assert server.sock.recv(1) == b""
        server.send(ACCEPTED + b"\x88\x00")
        assert client.read_until(b"\x88\x00") == ACCEPTED + b"\x88\x00"


@pytest.mark.usefixtures("each_loop")
def test_every_client_gets_through() -> None:
    """On each kind of event loop, with messages of all sizes."""
    with wslab.serve(echo) as server, wslab.tap(server.url) as tap:
        for size in (0, 10, 2**16, 2**20):
            assert wslab.talk(tap.url, "x" * size) == ["x" * size]
        assert len(tap.transcript.filter(kind="text")) == 8


def test_a_conversation() -> None:
    """A client sees the server through the tap; the record is the one that the server has."""
    with wslab.serve(echo) as server, wslab.tap(f"{server.url}/chat?a=1") as tap:
        assert wslab.talk(tap.url, "hello", b"\x00\x01") == ["hello", b"\x00\x01"]
        assert tap.url == f"ws://127.0.0.1:{tap.port}/chat?a=1"
        assert by_direction(tap) == by_direction(server)
        assert str(tap.transcript).splitlines()[:4] == [
            "As the tap saw it:",
            "connection 1",
            "  client → server  HANDSHAKE  GET /chat?a=1  (the tap changed Host)",
            "  client ← server  HANDSHAKE  101 Switching Protocols",
        ]


def test_only_the_host_is_changed(raw: Raw, peer: Peer) -> None:
    """The server gets the client's bytes, with its own address in Host; the record says so."""
    with wslab.tap(peer.url) as tap:
        asked = request(Host=f"127.0.0.1:{tap.port}", X_Other="1  ").replace(b"Host: ", b"hOST:   ")
        client = raw(tap.port)
        client.send(asked)
        server = peer.accept()
        got = server.read_until(b"\r\n\r\n")
        old, new = f"127.0.0.1:{tap.port}", f"127.0.0.1:{peer.port}"
        assert got == asked.replace(f"hOST:   {old}".encode(), f"hOST: {new}".encode())
        record = tap.transcript.wait(kind="handshake")
        assert isinstance(record, Handshake)
        assert (record.head, record.changed) == (asked, (("hOST", old, new),))
        server.sock.close()


@pytest.mark.parametrize(
    ("host", "origin", "passed_on"),
    [
        (
            "localhost:{tap}",
            "http://localhost:{tap}",
            ("127.0.0.1:{peer}", "http://127.0.0.1:{peer}"),
        ),
        ("127.0.0.1:{tap}", "https://evil.example", ("127.0.0.1:{peer}", "https://evil.example")),
        ("127.0.0.1:{tap}", "http://127.0.0.1:1", ("127.0.0.1:{peer}", "http://127.0.0.1:1")),
        ("127.0.0.1:{tap}", "null", ("127.0.0.1:{peer}", "null")),
        # A page that has its own name point to this machine is no page of the server's.
        (
            "evil.example:{tap}",
            "http://evil.example:{tap}",
            ("evil.example:{tap}", "http://evil.example:{tap}"),
        ),
    ],
)
def test_host_and_origin(
    raw: Raw, peer: Peer, host: str, origin: str, passed_on: tuple[str, str]
) -> None:
    """Only what names the tap becomes the server's, so that servers refuse whom they refused."""
    with wslab.tap(peer.url) as tap:

        def fill(text: str) -> str:
            return text.format(tap=tap.port, peer=peer.port)

        client = raw(tap.port)
        client.send(request(Host=fill(host), Origin=fill(origin)))
        server = peer.accept()
        [got] = wslab.wire.Decoder("client", 1).feed(server.read_until(b"\r\n\r\n"))
        assert isinstance(got, Handshake)
        assert (got.header("Host"), got.header("Origin")) == tuple(map(fill, passed_on))
        server.sock.close()


def test_every_byte(raw: Raw, peer: Peer) -> None:
    """Whatever the frames are, and however they are cut, both sides get the other's bytes."""
    good = frame(0x81, b"hi") + frame(0x01, b"a") + frame(0x89) + frame(0x80, b"b")
    bad = bytes(range(256)) * 3
    with wslab.tap(peer.url) as tap:
        client, server = opened(tap, peer, raw)
        for index in range(0, len(good), 3):
            client.send(good[index : index + 3])
        client.send(bad)
        server.send(b"\x81\x02hi" + bad)
        assert server.read(len(good + bad)) == good + bad
        assert client.read(4 + len(bad)) == b"\x81\x02hi" + bad
        client.sock.close()
        assert server.read_all() == b""
        server.sock.close()
        tap.transcript.wait(kind="lost")
    sent = tap.transcript.filter(sender="client")
    assert kinds(sent)[:5] == ["handshake", "text", "text", "ping", "continuation"]


def test_frames_with_the_handshakes(raw: Raw, peer: Peer) -> None:
    """Frames in the same segment as the request, or as the response, are recorded."""
    with wslab.tap(peer.url) as tap:
        client = raw(tap.port)
        client.send(request() + frame(0x81, b"early"))
        server = peer.accept()
        server.read_until(b"\r\n\r\n")
        assert server.read(len(frame(0x81, b"early"))) == frame(0x81, b"early")
        server.send(ACCEPTED + b"\x81\x02yo")
        assert client.read_until(b"yo") == ACCEPTED + b"\x81\x02yo"
        assert [r.payload for r in tap.transcript if isinstance(r, Frame)] == [b"early", b"yo"]
        server.sock.close()


def test_ten_mebibytes_both_ways() -> None:
    """Large messages pass, and are recorded with their length."""
    data = os.urandom(10 * 2**20)
    with (
        wslab.serve(echo, max_size=None) as server,
        wslab.tap(server.url) as tap,
        connect(tap.url, max_size=None, compression=None) as ws,
    ):
        ws.send(data)
        assert ws.recv(timeout=TIMEOUT) == data
        sizes = [record.length for record in tap.transcript.filter(kind="binary")]
    assert sizes == [len(data)] * 2


def test_a_reader_that_stops_holds_up_the_sender(raw: Raw, peer: Peer) -> None:
    """Backpressure reaches the sender: what the tap holds is bounded."""
    with wslab.tap(peer.url) as tap:
        client, server = opened(tap, peer, raw)
        begin_large(server)
        server.sock.setblocking(False)
        sent, pause = 0, threading.Event()
        block = bytes(2**16)
        while True:
            try:
                sent += server.sock.send(block)
            except BlockingIOError:
                if pause.wait(0.2):  # never set: this is for what is on its way
                    break
                with contextlib.suppress(BlockingIOError):
                    sent += server.sock.send(block)
                    continue
                break
            assert sent < 64 * 2**20
        [connection] = tap._server.connections
        assert connection.client.unsent < 2**20
        server.sock.settimeout(TIMEOUT)
        assert len(client.read(sent)) == sent
        server.sock.close()


def test_a_client_that_vanishes_while_nobody_reads(raw: Raw, peer: Peer) -> None:
    """Both directions are full, the client is gone: nobody waits for the other for ever."""
    with wslab.tap(peer.url) as tap:
        client, server = opened(tap, peer, raw)
        client.send(b"\x82\xff" + (2**40).to_bytes(8) + MASK)
        begin_large(server)
        [connection] = tap._server.connections

        def is_full() -> bool:
            for end in (client, server):
                end.sock.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    end.sock.send(bytes(2**16))
            return bool(connection.client.unsent and connection.server.unsent)

        until(is_full)
        client.reset()
        tap.transcript.wait(kind="lost")
        until(lambda: not tap._server.connections, "the end of the connection")


def test_many_idle_connections(raw: Raw) -> None:
    """Hundreds of connections are there at once, and each still answers."""
    with (
        wslab.serve(echo, ping_interval=None) as server,
        wslab.tap(server.url, keep=5000) as tap,
    ):
        clients = [raw(tap.port).open() for _ in range(200)]
        for number, client in enumerate(clients):
            client.send_frame(0x81, b"%d" % number)
        for number, client in enumerate(clients):
            assert client.read_frame() == (0x81, b"%d" % number)
        assert len({record.connection for record in tap.transcript}) == 200


# --- HTTP


def serve_page(peer: Peer, *responses: bytes) -> threading.Thread:
    """Answer requests on one connection, one response after the other."""

    def run() -> None:
        connection = peer.accept()
        with connection.sock, contextlib.suppress(EOFError):
            for response in responses:
                connection.read_until(b"\r\n\r\n")
                connection.send(response)
            connection.read_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
REFUSED = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno"


def test_a_page_and_then_its_websocket_on_one_connection(raw: Raw, peer: Peer) -> None:
    """HTTP passes without a record; the handshake after it is connection 1."""
    thread = serve_page(peer, PAGE, CHUNKS, REFUSED, ACCEPTED + b"\x81\x02yo")
    with wslab.tap(peer.url.replace("ws", "http")) as tap:
        assert tap.url == f"http://127.0.0.1:{tap.port}"
        client = raw(tap.port)
        for response in (PAGE, CHUNKS):
            client.send(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert client.read(len(response)) == response
        assert len(tap.transcript) == 0
        client.send(request("/first"))
        assert client.read(len(REFUSED)) == REFUSED
        client.send(request("/second"))
        assert client.read_until(b"yo") == ACCEPTED + b"\x81\x02yo"
        client.sock.close()
        tap.transcript.wait(kind="lost")
    thread.join()
    assert [(r.connection, r.kind) for r in tap.transcript] == [
        (1, "handshake"),
        (1, "handshake"),
        (2, "handshake"),
        (2, "handshake"),
        (2, "text"),
        (2, "lost"),
    ]
    assert tap.transcript[1].body == b"no"


def test_http_requests_are_recorded_when_asked_for(raw: Raw, peer: Peer) -> None:
    """With http=True each request and its response are one short record."""
    thread = serve_page(peer, PAGE, CHUNKS)
    with wslab.tap(peer.url, http=True) as tap:
        client = raw(tap.port)
        client.send(b"POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na=1")
        client.read(len(PAGE))
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        client.read(len(CHUNKS))
        client.sock.close()
        assert list(tap.transcript) == [
            Exchange(1, "POST /form HTTP/1.1", "HTTP/1.1 200 OK", 3, 5),
            Exchange(1, "GET / HTTP/1.1", "HTTP/1.1 200 OK", 0, 15),
        ]
        assert "HTTP  POST /form  200 OK  5 bytes" in str(tap.transcript)
    thread.join()


def test_a_refusal_passes() -> None:
    """What the server answers instead of 101 reaches the client, and the record."""
    refuse = wslab.faults.refuse(403, "not you")
    with (
        wslab.serve(echo, process_request=refuse) as server,
        wslab.tap(server.url) as tap,
        pytest.raises(InvalidStatus, match="403") as caught,
    ):
        wslab.talk(tap.url)
    assert caught.value.response.body == b"not you"
    assert [r.status for r in tap.transcript.filter(sender="server")] == [403]
    assert kinds(tap.transcript) == ["handshake", "handshake"]


def test_plain_http_gets_the_servers_answer() -> None:
    """A browser that opens the tap of a WebSocket server sees what it would see there."""
    with wslab.serve(echo) as server, wslab.tap(server.url, http=True) as tap:
        address = f"http://127.0.0.1:{tap.port}/"
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(address, timeout=TIMEOUT)
        with caught.value as answer:
            assert b"You cannot access a WebSocket server directly" in answer.read()
        [record] = tap.transcript
    assert (record.request, record.response) == ("GET / HTTP/1.1", "HTTP/1.1 426 Upgrade Required")


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x02\x00\x01", b"hello\n", b"SSH-2.0-x\r\n"])
def test_what_is_no_http_passes_at_once(raw: Raw, peer: Peer, data: bytes) -> None:
    """Other protocols pass untouched, without waiting for more, and are recorded as malformed."""
    with wslab.tap(peer.url) as tap:
        client = raw(tap.port)
        client.send(data)
        server = peer.accept()
        assert server.read(len(data)) == data
        server.send(b"what?")
        assert client.read(5) == b"what?"
        client.sock.close()
        assert server.read_all() == b""
        server.sock.close()
        tap.transcript.wait(kind="lost")
    assert {r.sender for r in tap.transcript if isinstance(r, Malformed)} == {"client", "server"}


def test_a_server_that_speaks_first(raw: Raw, peer: Peer) -> None:
    """A server that is no HTTP server is told so in the record; the client gets its bytes."""
    with wslab.tap(peer.url) as tap:
        client = raw(tap.port)
        server = peer.accept()
        server.send(b"220 mail ready\r\n")
        assert client.read(16) == b"220 mail ready\r\n"
        server.sock.close()
        assert client.read_all() == b""
        client.sock.close()
        tap.transcript.wait(kind="lost")
    [record] = tap.transcript.filter(kind="malformed")
    assert (record.sender, record.data) == ("server", b"220 mail ready\r\n")


# --- Ends


def test_fin_and_rst_pass_on(raw: Raw, peer: Peer) -> None:
    """Each kind of end arrives at the other side as the same kind, and is recorded."""
    with wslab.tap(peer.url) as tap:
        for sender in ("client", "server"):
            for how in ("FIN", "RST"):
                client, server = opened(tap, peer, raw)
                ending, other = (client, server) if sender == "client" else (server, client)
                if how == "RST":
                    ending.reset()
                    with pytest.raises(ConnectionResetError):
                        other.read(1)
                else:
                    ending.sock.shutdown(socket.SHUT_WR)
                    with pytest.raises(EOFError):
                        other.read(1)
                    other.send(b"\x00")  # the other direction goes on
                    assert ending.read(1) == b"\x00"
                other.sock.close()
                ending.sock.close()
        tap.transcript.wait(kind="lost", count=4)
    problems = [record.problem for record in tap.transcript if isinstance(record, Lost)]
    without = "ended the TCP connection without a closing handshake"
    assert problems == [f"the {who} {without}" for who in ("client", "client", "server", "server")]


def test_a_closing_handshake_is_no_loss(raw: Raw, peer: Peer) -> None:
    """After CLOSE in both directions the end of the TCP connection is not recorded."""
    with wslab.tap(peer.url) as tap:
        client, server = opened(tap, peer, raw)
        client.send_frame(0x88, b"\x03\xe8")
        server.read(len(frame(0x88, b"\x03\xe8")))
        server.send(b"\x88\x02\x03\xe8")
        server.sock.close()
        client.read_all()
        client.sock.close()
        until(lambda: not tap._server.connections, "the end of the connection")
    assert kinds(tap.transcript) == ["handshake", "handshake", "close", "close"]


def test_half_a_head_and_then_the_end(raw: Raw, peer: Peer) -> None:
    """A request or response that breaks off is passed on, and recorded as malformed."""
    with wslab.tap(peer.url) as tap:
        client = raw(tap.port)
        client.send(b"GET / HTTP/1.1\r\nHost")
        client.sock.shutdown(socket.SHUT_WR)
        server = peer.accept()
        assert server.read_all() == b"GET / HTTP/1.1\r\nHost"
        server.sock.close()
        tap.transcript.wait(kind="lost")
        client = raw(tap.port)
        client.send(request())
        server = peer.accept()
        server.read_until(b"\r\n\r\n")
        server.send(b"HTTP/1.1 101 Swit")
        server.sock.close()
        assert client.read_all() == b"HTTP/1.1 101 Swit"
        client.sock.close()
        tap.transcript.wait(kind="lost", count=2)
    assert [record.sender for record in tap.transcript.filter(kind="malformed")] == [
        "client",
        "server",
    ]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def test_nobody_listens(raw: Raw) -> None:
    """The client gets RST, and the record says why."""
    with wslab.tap(f"ws://127.0.0.1:{free_port()}") as tap:
        with pytest.raises((InvalidMessage, ConnectionResetError)):
            wslab.talk(tap.url)
        with pytest.raises(ConnectionResetError):
            raw(tap.port).read(1)
        tap.transcript.wait(kind="lost", count=2)
    why = "nobody listens at the address of the server: it refused the connection"
    assert [(r.connection, r.problem) for r in tap.transcript] == [(1, why), (2, why)]


BYTES = (
    wslab.faults.garbage,
    wslab.faults.impossible_length,
    wslab.faults.reserved_opcode,
    wslab.faults.reserved_bit,
    wslab.faults.masked_frame,
    wslab.faults.invalid_utf8,
    wslab.faults.invalid_close_reason,
    wslab.faults.invalid_close_code,
    wslab.faults.fragmented_control_frame,
    wslab.faults.lone_continuation,
    wslab.faults.interrupted_message,
    wslab.faults.message_too_big,
)


def outcome(url: str) -> str:
    """What a client is told that waits for a message."""
    try:
        with connect(url, proxy=None, open_timeout=TIMEOUT, close_timeout=TIMEOUT) as ws:
            while True:
                ws.recv(timeout=TIMEOUT)
    except (ConnectionClosed, InvalidHandshake, EOFError, OSError) as exc:
        return f"{type(exc).__name__}: {exc}"


@pytest.mark.parametrize("fault", [wslab.faults.abort, *BYTES], ids=lambda fault: fault.__name__)
def test_faults_pass(fault: Any) -> None:
    """What a server does wrong arrives as it is, and is recorded as it was sent."""
    with wslab.serve(fault) as server:
        with wslab.tap(server.url) as tap:
            told = outcome(tap.url)
            until(lambda: not tap._server.connections, "the end of the connection")
        server.transcript.wait(kind="lost" if fault is wslab.faults.abort else "close")
        assert by_direction(tap)[1] == by_direction(server)[1]
        assert told == outcome(server.url)


@pytest.mark.parametrize(
    "options",
    [
        {"process_request": wslab.faults.refuse(503, "busy", {"Retry-After": "1"})},
        {"process_request": wslab.faults.redirect("ws://127.0.0.1:1/")},
        {"process_request": wslab.faults.abort},
        {"process_response": wslab.faults.wrong_accept},
    ],
    ids=["refuse", "redirect", "abort", "wrong_accept"],
)
def test_faults_of_the_handshake_pass(options: Any) -> None:
    """So does what is wrong with an answer, or that there is none."""
    with wslab.serve(echo, **options) as server, wslab.tap(server.url) as tap:
        assert outcome(tap.url) == outcome(server.url)


def test_a_server_that_does_not_answer(raw: Raw) -> None:
    """The client waits as it would; when it gives up, the server is told."""
    with (
        wslab.serve(echo, process_request=wslab.faults.no_answer) as server,
        wslab.tap(server.url) as tap,
    ):
        client = raw(tap.port)
        client.send(request())
        server.transcript.wait(kind="handshake")
        client.sock.close()
        server.transcript.wait(kind="lost")
        assert kinds(tap.transcript)[0] == "handshake"


# --- TLS


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


def contexts(authority: trustme.CA, name: str = "localhost") -> tuple[ssl.SSLContext, ...]:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


def test_tls_to_the_server(authority: trustme.CA) -> None:
    """The client speaks plain TCP with the tap, the tap TLS with the server."""
    inside, outside = contexts(authority)
    with wslab.serve(echo, ssl=inside) as server:
        url = f"wss://localhost:{server.port}/chat"
        with wslab.tap(url, ssl=outside) as tap:
            assert tap.url == f"ws://127.0.0.1:{tap.port}/chat"
            assert wslab.talk(tap.url, "hello", b"x" * 2**20) == ["hello", b"x" * 2**20]
        assert tap.transcript[0].changed[0][2] == f"localhost:{server.port}"
        assert by_direction(tap) == by_direction(server)


@pytest.mark.parametrize(
    ("name", "trust", "problem"),
    [
        ("localhost", False, "is not trusted: unable to get local issuer certificate; give tap()"),
        ("example.com", True, "is not trusted: Hostname mismatch, certificate is not valid for"),
    ],
)
def test_tls_that_is_not_to_be_trusted(
    authority: trustme.CA, name: str, trust: bool, problem: str
) -> None:
    """A server that cannot be verified is not spoken with; the record says what failed."""
    inside, outside = contexts(authority, name)
    with (
        wslab.serve(echo, ssl=inside) as server,
        wslab.tap(f"wss://localhost:{server.port}", ssl=outside if trust else None) as tap,
    ):
        with pytest.raises((InvalidMessage, ConnectionResetError)):
            wslab.talk(tap.url)
        lost = tap.transcript.wait(kind="lost")
    assert problem in lost.problem
    assert [record.kind for record in tap.transcript] == ["lost"]


def test_tls_to_a_server_without_it(raw: Raw, peer: Peer) -> None:
    """A server that speaks no TLS is told from one that is not trusted."""
    with wslab.tap(peer.url.replace("ws", "wss")) as tap:
        client = raw(tap.port)
        server = peer.accept()
        server.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            client.read(1)
        lost = tap.transcript.wait(kind="lost")
        server.sock.close()
    assert lost.problem.startswith("the TLS handshake with the server failed: ")


@pytest.mark.parametrize("fault", [wslab.faults.abort, wslab.faults.garbage])
def test_faults_pass_through_tls(authority: trustme.CA, fault: Any) -> None:
    """A server that vanishes or sends nonsense does so for the client, TLS or not."""
    inside, outside = contexts(authority)
    with (
        wslab.serve(fault, ssl=inside) as server,
        wslab.tap(f"wss://localhost:{server.port}", ssl=outside) as tap,
    ):
        with pytest.raises(ConnectionClosedError):
            wslab.talk(tap.url, replies=1)
        kind = "lost" if fault is wslab.faults.abort else "close"
        tap.transcript.wait(kind=kind)
        server.transcript.wait(kind=kind)
    assert kinds(tap.transcript.filter(sender="server")) == kinds(
        server.transcript.filter(sender="server")
    )


def test_a_client_that_vanishes_over_tls(authority: trustme.CA, raw: Raw) -> None:
    """The server is told, and nothing of the connection stays."""
    inside, outside = contexts(authority)
    with (
        wslab.serve(echo, ssl=inside) as server,
        wslab.tap(f"wss://localhost:{server.port}", ssl=outside) as tap,
    ):
        for end in ("reset", "close"):
            client = raw(tap.port).open()
            client.reset() if end == "reset" else client.sock.close()
        tap.transcript.wait(kind="lost", count=2)
        server.transcript.wait(kind="lost", count=2)
        until(lambda: not tap._server.connections, "the end of the connections")


# --- Life


def test_the_process_ends_with_a_tap_running(peer: Peer) -> None:
    """Nobody has to stop it, also with a connection open."""
    code = """
        import sys, socket, wslab
        tap = wslab.tap(sys.argv[1])
        sock = socket.create_connection(("127.0.0.1", tap.port))
        sock.sendall(b"GET / HTTP/1.1\\r\\nUpgrade: websocket\\r\\n\\r\\n")
        tap.transcript.wait(kind="handshake")
        sock.detach()  # it stays open; Python's development mode would tell of it
        print("ready")
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), peer.url],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "ready\n", "")


def test_calling_it_again_replaces_it_and_keeps_the_port() -> None:
    """As re-running a cell does."""
    with wslab.serve(echo) as server:
        first = wslab.tap(server.url)
        port = first.port
        with wslab.tap(server.url) as second:
            assert second.port == port
            assert wslab.talk(second.url, "hi") == ["hi"]
            assert (len(first.transcript), repr(first)[-9:]) == (0, " stopped>")
            with pytest.raises(NotRunningError, match=r"call wslab.tap\(\) again"):
                _ = first.url


def test_stopping_ends_connections_and_says_so(raw: Raw, peer: Peer) -> None:
    """Both sides see the end of TCP; the tap sends no CLOSE of its own."""
    tap = wslab.tap(peer.url)
    client, server = opened(tap, peer, raw)
    port = tap.port
    tap.stop()
    tap.stop()
    assert (client.read_all(), server.read_all()) == (b"", b"")
    server.sock.close()
    assert tap.transcript[-1] == Lost(1, "the tap was stopped")
    with pytest.raises(ConnectionRefusedError):
        raw(port)


def test_stopping_while_nobody_reads(raw: Raw, peer: Peer) -> None:
    """A peer that reads nothing does not keep the tap from stopping."""
    tap = wslab.tap(peer.url)
    _, server = opened(tap, peer, raw)
    begin_large(server)
    server.sock.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            server.sock.send(bytes(2**20))
    tap.stop(timeout=0.05)
    server.sock.close()
    assert registry.servers == {}


def test_async_with() -> None:
    """Leaving the block does not hold up the loop on which the client runs."""

    async def main() -> Any:
        async with (
            asyncio.timeout(TIMEOUT),
            wslab.serve(echo) as server,
            wslab.tap(server.url) as tap,
            connect_async(tap.url) as ws,
        ):
            await ws.send("hi")
            return await ws.recv()

    assert asyncio.run(main()) == "hi"


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:80", "ftp://example.com", "ws://", "ws:///x", "file:///etc"]
)
def test_no_address(url: str) -> None:
    """What is no address of a server is an error at once."""
    with pytest.raises(ValueError, match="expected the address of a server"):
        wslab.tap(url)


def test_tls_options_without_tls() -> None:
    """They are a mistake, not ignored."""
    with pytest.raises(ValueError, match="ssl= is for wss"):
        wslab.tap("ws://127.0.0.1:1", ssl=ssl.create_default_context())


def test_a_tap_of_itself() -> None:
    """It would connect to itself for ever."""
    port = free_port()
    with pytest.raises(ValueError, match="take another one for the tap"):
        wslab.tap(f"ws://127.0.0.1:{port}", port=port)


def test_a_port_that_is_taken() -> None:
    """That is an error, as with serve()."""
    with wslab.serve(echo) as server, pytest.raises(OSError, match=r"(?i)address already in use"):
        wslab.tap("ws://127.0.0.1:1", port=server.port)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_lets_go(raw: Raw, peer: Peer) -> None:
    """The connections of a tap end when the parent ends them, whatever a child still holds."""
    read, write = os.pipe()
    tap = wslab.tap(peer.url)
    client, server = opened(tap, peer, raw)
    child = os.fork()
    if child == 0:
        os.read(read, 1)
        os._exit(len(registry.servers))
    try:
        tap.stop()
        assert (client.read_all(), server.read_all()) == (b"", b"")
    finally:
        os.write(write, b"x")
        _, status = os.waitpid(child, 0)
        server.sock.close()
        os.close(read)
        os.close(write)
    assert os.waitstatus_to_exitcode(status) == 0


def test_waiting_on_its_own_thread_is_refused() -> None:
    """The thread that writes the transcript never waits for it."""
    with wslab.tap("ws://127.0.0.1:1") as tap:
        assert tap._thread is not None

        async def wait() -> None:
            tap.transcript.wait(kind="text")

        with pytest.raises(RuntimeError, match="on the thread of the server"):
            tap._thread.run(wait())
