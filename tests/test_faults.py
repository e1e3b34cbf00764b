"""Tests of wslab.faults: for each fault, what the client saw and what the transcript shows."""

from __future__ import annotations

import asyncio
import contextlib
import fnmatch
import http
import inspect
import random
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import TIMEOUT, open_sockets, until
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import (
    ConnectionClosedError,
    ConnectionClosedOK,
    InvalidHeaderValue,
    InvalidMessage,
    InvalidStatus,
    SecurityError,
)
from websockets.frames import Frame as WebsocketsFrame
from websockets.frames import Opcode as WebsocketsOpcode
from websockets.sync.client import connect

import wslab
from wslab import faults
from wslab.faults import Cut, Link, RawClient, frame
from wslab.relay import reset_when_closed
from wslab.wire import Decoder, Frame, Handshake, Malformed

pytestmark = pytest.mark.usefixtures("leaves_nothing")

MASK = bytes.fromhex("37fa213d")
IMPATIENT: dict[str, Any] = {"ping_interval": 0.03, "ping_timeout": 0.06, "close_timeout": 0.05}

KEEPALIVE = ("ping", "pong")

Client = Callable[..., tuple[Any, Exception]]


async def converse_async(
    url: str, *messages: str | bytes, replies: int = 1000, **options: Any
) -> tuple[list[Any], Exception]:
    received: list[Any] = []
    try:
        async with asyncio.timeout(TIMEOUT), connect_async(url, **options) as ws:
            for message in messages:
                await ws.send(message)
                received.append(await ws.recv())
            while len(received) < replies:
                received.append(await ws.recv())
            await ws.close()
            await ws.recv()
    except Exception as exc:
        return received, exc
    raise AssertionError("the connection is closed, and recv() did not raise")


def converse_in_thread(
    url: str, *messages: str | bytes, replies: int = 1000, **options: Any
) -> tuple[list[Any], Exception]:
    received: list[Any] = []
    try:
        with connect(url, **options) as ws:
            for message in messages:
                ws.send(message)
                received.append(ws.recv(timeout=TIMEOUT))
            while len(received) < replies:
                received.append(ws.recv(timeout=TIMEOUT))
            ws.close()
            ws.recv(timeout=TIMEOUT)
    except Exception as exc:
        return received, exc
    raise AssertionError("the connection is closed, and recv() did not raise")


@pytest.fixture(params=["asyncio", "threads"])
def client(request: pytest.FixtureRequest) -> Client:
    """Send messages, receive a reply to each and then more; return what came, and what failed."""
    if request.param == "threads":
        return converse_in_thread
    return lambda *args, **options: asyncio.run(converse_async(*args, **options))


def kinds(server: wslab.BackgroundServer, *, but: tuple[str, ...] = ()) -> list[str]:
    """Return what the first connection shows after its handshake, as "client text" or "lost"."""
    records = list(server.transcript.filter(connection=1))
    handshake = [(r.sender, r.status) for r in records[:2] if isinstance(r, Handshake)]
    assert handshake == [("client", None), ("server", 101)]
    return [
        f"{r.sender} {r.kind}" if r.sender else r.kind for r in records[2:] if r.kind not in but
    ]


def problems(server: wslab.BackgroundServer) -> list[str]:
    """Return what the transcript finds fault with."""
    found = [getattr(record, "problem", None) for record in server.transcript]
    return [problem for problem in found if problem]


# --- Bad frames -----------------------------------------------------------------------------------

CLOSED = ["client close", "server close"]
BAD_FRAMES = {
    faults.garbage: (
        (1002, "invalid opcode"),
        ["server reserved", "client close"],
        "opcode 0xc is reserved (RFC 6455 §5.2); RSV2 or RSV3 is set and no extension defines it "
        "(RFC 6455 §5.2); a control frame must not be fragmented (RFC 6455 §5.5)",
    ),
    faults.impossible_length: (
        (1009, "frame with 9223372036854775808 bytes exceeds limit of 1048576 bytes"),
        ["server malformed", "client close"],
        "the payload's 64-bit length has its highest bit set (RFC 6455 §5.2)",
    ),
    faults.reserved_opcode: (
        (1002, "invalid opcode"),
        ["server reserved", *CLOSED],
        "opcode 0x3 is reserved (RFC 6455 §5.2)",
    ),
    faults.reserved_bit: (
        (1002, "reserved bits must be 0"),
        ["server text", *CLOSED],
        "RSV2 or RSV3 is set and no extension defines it (RFC 6455 §5.2)",
    ),
    faults.masked_frame: (
        (1002, "incorrect masking"),
        ["server text", *CLOSED],
        "a frame from a server must not be masked (RFC 6455 §5.1)",
    ),
    faults.invalid_utf8: (
        (1007, "invalid start byte at position 2"),
        ["server text", *CLOSED],
        "the payload is not valid UTF-8 (RFC 6455 §8.1)",
    ),
    faults.invalid_close_reason: (
        (1007, "invalid start byte at position 2"),
        ["server close", *CLOSED],
        "the close reason is not valid UTF-8 (RFC 6455 §5.5.1)",
    ),
    faults.invalid_close_code: (
        (1002, "invalid status code"),
        ["server close", *CLOSED],
        "close code 1006 must not be sent (RFC 6455 §7.4)",
    ),
    faults.fragmented_control_frame: (
        (1002, "fragmented control frame"),
        ["server ping", *CLOSED],
        "a control frame must not be fragmented (RFC 6455 §5.5)",
    ),
    faults.lone_continuation: (
        (1002, "unexpected continuation frame"),
        ["server continuation", *CLOSED],
        "there is no message to continue (RFC 6455 §5.4)",
    ),
    faults.interrupted_message: (
        (1002, "expected a continuation frame"),
        ["server text", "server text", *CLOSED],
        "a new message begins before the last one's final frame (RFC 6455 §5.4)",
    ),
    faults.message_too_big: (
        (1009, "frame with 1048577 bytes exceeds limit of 1048576 bytes"),
        ["server binary", *CLOSED],
        None,
    ),
}


@pytest.mark.parametrize("handler", BAD_FRAMES, ids=lambda handler: handler.__name__)
def test_bad_frames(handler: faults.server.Handler, client: Client) -> None:
    """The client fails the connection with its code, and the transcript says what was wrong."""
    (code, reason), shown, problem = BAD_FRAMES[handler]
    with wslab.serve(handler) as server:
        received, exc = client(server.url)
    assert received == []
    assert type(exc) is ConnectionClosedError
    assert (exc.rcvd, exc.sent.code, exc.sent.reason) == (None, code, reason)
    assert kinds(server)[: len(shown)] == shown
    if shown[-1] == "server close":
        assert kinds(server) == shown
        assert problems(server) == ([problem] if problem else [])
    else:  # nothing after such bytes can be told apart, and so no CLOSE from the server
        assert problems(server)[0] == problem
        assert "server close" not in kinds(server)


@pytest.mark.parametrize("handler", BAD_FRAMES, ids=lambda handler: handler.__name__)
def test_bad_frames_are_documented(handler: faults.server.Handler) -> None:
    """The table in the module's docstring has the code, the reason and the section of the RFC."""
    (code, reason), _, problem = BAD_FRAMES[handler]
    name = handler.__name__
    assert getattr(faults, name) is handler
    [row] = re.findall(rf"^{name} .*$", inspect.getdoc(faults), re.MULTILINE)
    section, documented = re.search(r"(§\S+) +(.*)", row).groups()
    assert fnmatch.fnmatchcase(f"{code} {reason}", documented.replace("…", "*"))
    assert problem is None or section.startswith(re.search(r"§[0-9.]+[0-9]", problem)[0])


def exchange(url: str, *sent: bytes) -> list[Any]:
    """Send bytes, return what comes until the server ends the TCP connection."""
    with RawClient(url) as raw:
        for data in sent:
            raw.send(data)
        records = list(iter(raw.receive, None))
        assert raw.ending == "FIN"
    return records


@pytest.mark.parametrize(
    "handler", [*BAD_FRAMES, faults.ignore_pings], ids=lambda handler: handler.__name__
)
def test_transcript_is_what_the_client_got(handler: faults.server.Handler) -> None:
    """Each byte from the server is in the transcript, and no byte that it did not send."""
    close = frame(0x88, (1000).to_bytes(2), MASK)
    with wslab.serve(handler) as server:
        received = exchange(server.url, frame(0x89, b"?", MASK), close)
    shown = [r for r in server.transcript.filter(sender="server") if r.kind != "handshake"]
    assert shown == received
    assert len(shown) >= 1


def test_sends_any_bytes(client: Client) -> None:
    """What sends() is given goes out byte by byte, also a message that is fine."""
    handler = faults.sends(frame(0x01, b"he"), frame(0x80, b"y"), b"\x83", b"\x00")
    with wslab.serve(handler) as server:
        received, exc = client(server.url)
    assert received == ["hey"]
    assert exc.sent.code == 1002
    assert server.name == "sends 01 02 68 65 80 01 79 83 00"
    assert kinds(server) == ["server text", "server continuation", "server reserved", *CLOSED]


def test_invalid_utf8_that_nobody_decodes() -> None:
    """With recv(decode=False) a client gets the bytes of a text that is not UTF-8."""
    with wslab.serve(faults.invalid_utf8) as server, connect(server.url) as ws:
        assert ws.recv(timeout=TIMEOUT, decode=False) == "Grüße".encode("iso-8859-1")


@given(
    opcode=st.sampled_from(list(WebsocketsOpcode)),
    size=st.sampled_from([0, 1, 125, 126, 65535, 65536]),
    masking_key=st.binary(min_size=4, max_size=4),
)
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_frame(opcode: WebsocketsOpcode, size: int, masking_key: bytes) -> None:
    """frame() makes what websockets makes, in all three lengths, and what wire can read."""
    payload = random.Random(size).randbytes(size)
    data = frame(0x80 | opcode, payload)
    if size <= 125 or not opcode & 8:  # websockets makes no longer control frames
        assert data == WebsocketsFrame(opcode, payload).serialize(mask=False)
    [record] = Decoder("client", 1, handshake=False).feed(
        frame(0x80 | opcode, payload, masking_key)
    )
    assert (record.payload, record.masking_key) == (payload[: 64 * 1024], masking_key)
    assert (record.size, record.complete) == (len(data) + 4, True)


# --- Other peers ----------------------------------------------------------------------------------


def test_abort(client: Client) -> None:
    """The client sees code 1006, which is no CLOSE frame; the transcript has none either."""
    with wslab.serve(faults.abort) as server:
        received, exc = client(server.url)
    assert received == []
    assert type(exc) is ConnectionClosedError
    assert (exc.rcvd, exc.sent) == (None, None)
    assert isinstance(exc.__cause__, ConnectionResetError)
    assert str(exc) in faults.abort.__doc__
    assert kinds(server) == ["lost"]
    assert problems(server) == ["the server ended the TCP connection without a closing handshake"]


def test_abort_throws_away_what_is_unsent() -> None:
    """The transcript counts the bytes that were written, and had not left when it aborted."""
    size = 2**25

    async def send_and_abort(ws: Any) -> None:
        ws.transport.write(frame(0x82, bytes(size)))
        await faults.abort(ws)

    with wslab.serve(send_and_abort) as server, RawClient(server.url) as raw:
        lost = server.transcript.wait(kind="lost", timeout=TIMEOUT)
        records = list(iter(raw.receive, None))
        assert raw.ending == "RST"
    assert 0 < lost.unsent < size
    assert [(type(r), r.complete) for r in records] == [(Frame, False)]


def test_abort_inside_the_handshake(client: Client) -> None:
    """As process_request, it leaves the client without an answer."""
    with wslab.serve(wslab.handlers.echo, process_request=faults.abort) as server:
        received, exc = client(server.url)
    assert received == []
    assert type(exc) is InvalidMessage
    assert str(exc) in " ".join(faults.abort.__doc__.split())
    assert [(r.kind, r.sender) for r in server.transcript] == [
        ("handshake", "client"),
        ("lost", None),
    ]


def test_stop_reading(client: Client) -> None:
    """The client's keepalive finds out; the transcript shows nothing that was not read."""
    with wslab.serve(faults.stop_reading) as server:
        received, exc = client(server.url, "never read", **IMPATIENT)
        assert type(exc) is ConnectionClosedError
        assert (exc.rcvd, exc.sent.code) == (None, 1011)
        assert f"{exc.sent.code} {exc.sent.reason}" in faults.stop_reading.__doc__
        assert received == []
        before_stop = kinds(server, but=KEEPALIVE)
        server.stop(timeout=0.05)
    assert before_stop in ([], ["client text"])  # it may have come with the handshake
    assert kinds(server, but=KEEPALIVE) == [*before_stop, "server close", "lost"]


def test_stop_reading_makes_send_wait() -> None:
    """Without anybody who reads, buffers fill up, and then send() does not return."""

    async def main(url: str) -> int:
        sent = 0
        async with connect_async(url) as ws:
            with contextlib.suppress(TimeoutError):
                while sent < 100:
                    async with asyncio.timeout(0.2):
                        await ws.send(bytes(2**20))
                        sent += 1
            ws.transport.abort()  # close() would wait as well
        return sent

    with wslab.serve(faults.stop_reading) as server:
        assert asyncio.run(main(server.url)) < 100
        server.stop(timeout=0.05)
    assert set(kinds(server)) <= {"client binary", "server close", "lost"}


def test_stop_reading_says_nothing() -> None:
    """Nor does the server send PING, or CLOSE for want of a PONG."""
    with (
        wslab.serve(faults.stop_reading, ping_interval=0.02, ping_timeout=0.02) as server,
        RawClient(server.url, timeout=0.15) as raw,
    ):
        with pytest.raises(TimeoutError):
            raw.receive()
        server.stop(timeout=0.05)
        assert raw.receive().close_code == 1001


def test_ignore_pings(client: Client) -> None:
    """The client's keepalive finds out; there is no PONG, and CLOSE is answered."""
    with wslab.serve(faults.ignore_pings) as server:
        received, exc = client(server.url, "read", **IMPATIENT)
    assert received == []
    assert type(exc) is ConnectionClosedError
    assert (exc.rcvd, exc.sent.code) == (None, 1011)
    assert f"{exc.sent.code} {exc.sent.reason}" in faults.ignore_pings.__doc__
    assert kinds(server, but=("ping",)) == ["client text", *CLOSED]
    assert "client ping" in kinds(server)


def test_restart_in_mid_conversation(client: Client) -> None:
    """Clients get 1001, then are refused, then reach the new server at the old address."""
    server = wslab.serve(wslab.handlers.echo)
    url, port = server.url, server.port
    stopper = threading.Thread(
        target=lambda: (server.transcript.wait(kind="text", count=2), server.stop())
    )
    stopper.start()
    received, exc = client(url, "before")
    stopper.join(TIMEOUT)
    assert received == ["before"]
    assert type(exc) is ConnectionClosedOK
    assert exc.rcvd.code == 1001
    assert kinds(server) == ["client text", "server text", "server close", "client close"]
    _, exc = client(url, "while it is down")
    assert isinstance(exc, ConnectionRefusedError)
    with wslab.serve(wslab.handlers.echo, port=port) as server:
        assert server.url == url
        received, exc = client(url, "after", replies=1)
    assert received == ["after"]


# --- Compositions ---------------------------------------------------------------------------------


def test_after(client: Client) -> None:
    """The handler gets its messages and answers them; then, without one more, comes the fault."""
    handler = faults.after(2, wslab.handlers.echo, faults.reserved_opcode)
    with wslab.serve(handler) as server:
        received, exc = client(server.url, "a", "b")
    assert received == ["a", "b"]
    assert (exc.sent.code, exc.sent.reason) == (1002, "invalid opcode")
    echoed = ["client text", "server text"]
    assert kinds(server) == [*echoed, *echoed, "server reserved", *CLOSED]
    assert server.name == "echo, after 2 reserved_opcode"


def test_after_comes_at_once() -> None:
    """With 0 messages, the fault comes when the handler asks for its first one."""
    with wslab.serve(faults.after(0, wslab.handlers.echo, faults.abort)) as server:
        _, exc = converse_in_thread(server.url)
    assert (exc.rcvd, exc.sent) == (None, None)
    assert kinds(server) == ["lost"]


def test_after_in_after() -> None:
    """A fault may be another after(): the messages are counted from there."""

    async def shout(ws: Any) -> None:
        async for message in ws:
            await ws.send(message.upper())

    handler = faults.after(1, wslab.handlers.echo, faults.after(2, shout, faults.abort))
    with wslab.serve(handler) as server:
        received, exc = converse_in_thread(server.url, "a", "b", "c", "d")
    assert received == ["a", "B", "C"]
    assert (exc.rcvd, exc.sent) == (None, None)


def test_after_a_handler_that_returns() -> None:
    """The fault comes after a handler that returns early, as it would otherwise be missed."""

    async def greet(ws: Any) -> None:
        await ws.send("hello")

    with wslab.serve(faults.after(5, greet, faults.lone_continuation)) as server:
        received, exc = converse_in_thread(server.url)
    assert received == ["hello"]
    assert exc.sent.reason == "unexpected continuation frame"


def test_after_a_handler_that_fails() -> None:
    """What the handler raises is recorded and closes with 1011; there is no fault."""

    async def fail(ws: Any) -> None:
        await ws.recv()
        raise ZeroDivisionError("1 / 0")

    with wslab.serve(faults.after(5, fail, faults.abort)) as server:
        _, exc = converse_in_thread(server.url, "a")
    assert exc.rcvd.code == 1011
    assert kinds(server) == ["client text", "error", "server close", "client close"]
    assert server.transcript.filter(kind="error")[0].type == "ZeroDivisionError"


def test_after_a_client_that_closes() -> None:
    """A client that closes before gets a normal end."""
    with wslab.serve(faults.after(5, wslab.handlers.echo, faults.abort)) as server:
        received, exc = converse_in_thread(server.url, "a", replies=1)
    assert received == ["a"]
    assert exc.rcvd.code == 1000
    assert kinds(server) == ["client text", "server text", "client close", "server close"]


def test_after_cancels_a_task_group() -> None:
    """A handler that receives in a task group ends too, with all of its tasks."""
    cancelled = threading.Event()

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async def grouped(ws: Any) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(forever())
            group.create_task(wslab.handlers.echo(ws))

    with wslab.serve(faults.after(1, grouped, faults.abort)) as server:
        received, exc = converse_in_thread(server.url, "a")
    assert received == ["a"]
    assert (exc.rcvd, exc.sent) == (None, None)
    assert cancelled.is_set()


def test_in_turn() -> None:
    """Each connection gets the next handler, and then the last one again and again."""
    send_x = faults.sends(frame(0x81, b"x"))
    handler = faults.in_turn(faults.abort, None, send_x, wslab.handlers.echo)
    with wslab.serve(handler) as server:
        outcomes = [converse_in_thread(server.url, "hi", replies=1) for _ in range(5)]
    assert [received for received, _ in outcomes] == [[], [], ["x"], ["hi"], ["hi"]]
    assert [exc.rcvd and exc.rcvd.code for _, exc in outcomes] == [None, 1000, 1000, 1000, 1000]
    assert server.name == "in turn abort, None, sends 81 01 78, echo"


def test_in_turn_in_the_handshake() -> None:
    """process_request functions take turns as well, plain and asynchronous ones."""
    process_request = faults.in_turn(faults.refuse(503), faults.abort, None)
    with wslab.serve(wslab.handlers.echo, process_request=process_request) as server:
        outcomes = [converse_in_thread(server.url, "hi", replies=1) for _ in range(3)]
    assert [type(exc) for _, exc in outcomes] == [InvalidStatus, InvalidMessage, ConnectionClosedOK]


def test_nothing_in_turn() -> None:
    """No steps, and no cuts, do nothing."""
    with (
        wslab.serve(faults.in_turn()) as server,
        Link(server.url, cut=[]) as link,
    ):
        assert converse_in_thread(link.url)[1].rcvd.code == 1000


def test_names_differ() -> None:
    """Servers of different faults do not replace one another, for they differ by name."""
    handlers = [
        *BAD_FRAMES,
        faults.abort,
        faults.sends(b"\x83\x00"),
        faults.sends(b"\x84\x00"),
        faults.after(1, wslab.handlers.echo, faults.abort),
        faults.after(2, wslab.handlers.echo, faults.abort),
        faults.in_turn(faults.abort, wslab.handlers.echo),
        faults.in_turn(wslab.handlers.echo, faults.abort),
    ]
    assert len({handler.__name__ for handler in handlers}) == len(handlers)


# --- Handshakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (401, {"WWW-Authenticate": 'Basic realm="wslab", charset="UTF-8"'}),
        (403, {}),
        (404, {}),
        (405, {"Allow": "GET"}),
        (426, {"Upgrade": "websocket", "Sec-WebSocket-Version": "13"}),
        (429, {"Retry-After": "1"}),
        (503, {"Retry-After": "1"}),
    ],
)
def test_refuse(status: int, headers: dict[str, str], client: Client) -> None:
    """The client gets the status, the text, and the headers that HTTP asks for."""
    refuse = faults.refuse(status, "because", {"X-Reason": "test"})
    with wslab.serve(wslab.handlers.echo, process_request=refuse) as server:
        _, exc = client(server.url)
    assert type(exc) is InvalidStatus
    assert str(exc) == f"server rejected WebSocket connection: HTTP {status}"
    assert str(exc)[:-3] in faults.refuse.__doc__
    assert (exc.response.status_code, exc.response.body) == (status, b"because")
    assert {**headers, "X-Reason": "test"}.items() <= dict(exc.response.headers.raw_items()).items()
    request, response = server.transcript
    assert (request.sender, response.sender) == ("client", "server")
    assert (response.status, response.body) == (status, b"because")
    assert response.start_line == f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}"


def test_refuse_replaces_headers() -> None:
    """A header of the same name is replaced, not added."""
    refuse = faults.refuse(426, headers={"upgrade": "websocket, h2c", "Retry-After": "7"})
    with wslab.serve(wslab.handlers.echo, process_request=refuse) as server:
        _, exc = converse_in_thread(server.url)
    headers = exc.response.headers
    assert headers.get_all("Upgrade") == ["websocket, h2c"]
    assert headers.get_all("Connection") == ["close, Upgrade"]
    assert headers.get_all("Retry-After") == ["7"]


def test_refuse_needs_a_final_status() -> None:
    """101 would open the connection, and 600 is no status."""
    with pytest.raises(ValueError, match="101 does not end a handshake"):
        faults.refuse(101)
    with pytest.raises(ValueError, match="600 is not a valid HTTPStatus"):
        faults.refuse(600)


def test_redirect(client: Client) -> None:
    """The client follows to the other server; the first one's transcript has the redirect."""
    with wslab.serve(wslab.handlers.echo) as target:
        redirect = faults.redirect(target.url, 302)
        with wslab.serve(wslab.handlers.echo, name="old", process_request=redirect) as old:
            received, _ = client(old.url, "hi", replies=1)
        url = target.url
    assert received == ["hi"]
    assert [(r.kind, r.status) for r in old.transcript] == [("handshake", None), ("handshake", 302)]
    assert old.transcript[1].header("Location") == url
    assert kinds(target) == ["client text", "server text", "client close", "server close"]


def test_redirect_in_circles(client: Client) -> None:
    """The client gives up after ten."""
    redirect = faults.redirect("/")
    with wslab.serve(wslab.handlers.echo, process_request=redirect) as server:
        _, exc = client(server.url)
    assert type(exc) is SecurityError
    assert str(exc) in faults.redirect.__doc__
    assert [r.status for r in server.transcript.filter(sender="server")] == [307] * 10


def test_no_answer(client: Client) -> None:
    """The client waits as long as open_timeout says; the transcript has no answer."""
    with wslab.serve(wslab.handlers.echo, process_request=faults.no_answer) as server:
        _, exc = client(server.url, open_timeout=0.2)
        server.transcript.wait(kind="lost")
    assert type(exc) is TimeoutError
    assert str(exc) in " ".join(faults.no_answer.__doc__.split())
    assert [(r.kind, r.sender) for r in server.transcript] == [
        ("handshake", "client"),
        ("lost", None),
    ]
    assert problems(server) == [
        "the client ended the TCP connection before the opening handshake was complete"
    ]


def test_wrong_accept(client: Client) -> None:
    """The client refuses; to the server, the connection was open and is lost."""
    with wslab.serve(wslab.handlers.echo, process_response=faults.wrong_accept) as server:
        _, exc = client(server.url)
        server.transcript.wait(kind="lost")
    assert type(exc) is InvalidHeaderValue
    assert str(exc) in " ".join(faults.wrong_accept.__doc__.split())
    assert kinds(server) == ["lost"]
    assert server.transcript[1].header("Sec-WebSocket-Accept") == faults.handshake.ACCEPT
    assert problems(server) == ["the client ended the TCP connection without a closing handshake"]


# --- A raw client ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(0x81, b"hi"), 1002),
        (frame(0x83, b"", MASK), 1002),
        (frame(0x81, b"\xff", MASK), 1007),
        (frame(0x82, bytes(2**20 + 1), MASK), 1009),
        (frame(0x88, (4000).to_bytes(2), MASK), 4000),
    ],
    ids=["unmasked", "reserved opcode", "not UTF-8", "too big", "close"],
)
def test_raw_client(sent: bytes, code: int) -> None:
    """It sends any bytes and shows what the server does: CLOSE with a code, then FIN."""
    with wslab.serve(wslab.handlers.echo) as server, RawClient(server.url) as raw:
        with contextlib.suppress(ConnectionError):  # the server may go before all is sent
            raw.send(sent)
        close = raw.receive()
    assert (close.kind, close.close_code) == ("close", code)
    assert server.transcript.filter(sender="server")[-1] == close


def test_raw_client_sends_half_a_frame() -> None:
    """The server waits for the other half; when it never comes, the transcript says so."""
    whole = frame(0x81, b"hello", MASK)
    with wslab.serve(wslab.handlers.echo) as server:
        with RawClient(server.url) as raw:
            raw.send(whole[:5])
            raw.send(whole[5:] + whole[:3])
            assert raw.receive().payload == b"hello"
        server.transcript.wait(kind="lost")
    assert kinds(server) == ["client text", "server text", "client malformed", "lost"]
    assert problems(server)[0] == "the connection ended inside a frame's header"


def test_raw_client_answers_nothing() -> None:
    """A server that gets no answer to CLOSE gives up in time; then comes the end of TCP."""
    with wslab.serve(wslab.handlers.echo) as server, RawClient(server.url) as raw:
        server.stop(timeout=0.05)
        assert raw.receive().close_code == 1001
        assert raw.ending is None
        assert raw.receive() is None
        assert raw.ending == "FIN"
        assert raw.receive() is None
    assert kinds(server) == ["server close", "lost"]


def test_raw_client_resets() -> None:
    """RST instead of an answer: the server's transcript shows no CLOSE."""
    with wslab.serve(wslab.handlers.echo) as server, RawClient(server.url) as raw:
        raw.reset()
        server.transcript.wait(kind="lost")
    assert kinds(server) == ["lost"]
    assert problems(server) == ["the client ended the TCP connection without a closing handshake"]


def test_raw_client_shows_what_is_cut_off() -> None:
    """A frame that ends with the connection comes incomplete, half a header as malformed."""
    for half, shown in ((b"\x81\x05he", Frame), (b"\x81", Malformed)):

        async def send_half(ws: Any, half: bytes = half) -> None:
            ws.transport.write(half)
            await faults.abort(ws)

        with wslab.serve(send_half) as server, RawClient(server.url) as raw:
            [record] = iter(raw.receive, None)
            assert raw.ending == "RST"
        assert isinstance(record, shown)
        assert getattr(record, "complete", False) is False


def test_raw_client_waits_for_the_whole_frame() -> None:
    """A long frame comes in many reads, and is returned after the last of them."""
    with wslab.serve(faults.message_too_big) as server, RawClient(server.url) as raw:
        record = raw.receive()
        assert (record.length, record.missing) == (2**20 + 1, 0)


def test_raw_client_that_is_refused() -> None:
    """It says what came instead of 101, and leaves no socket behind."""
    with (
        wslab.serve(wslab.handlers.echo, process_request=faults.refuse(403)) as server,
        pytest.raises(ConnectionError, match=r"did not open a WebSocket: .*403 Forbidden"),
        RawClient(server.url),
    ):
        raise AssertionError("it was refused")


def test_raw_client_has_patience_for_so_long() -> None:
    """What does not come raises TimeoutError."""
    with (
        wslab.serve(wslab.handlers.echo) as server,
        RawClient(server.url, timeout=0.05) as raw,
        pytest.raises(TimeoutError),
    ):
        raw.receive()


def test_raw_client_asks_for_the_path() -> None:
    """Path and query of the address are those of the request."""
    with wslab.serve(wslab.handlers.echo) as server:
        for path in ("", "/chat?a=b&c=d"):
            with RawClient(server.url + path):
                pass
    requests = server.transcript.filter(kind="handshake", sender="client")
    assert [request.path for request in requests] == ["/", "/chat?a=b&c=d"]


@pytest.mark.parametrize("url", ["http://127.0.0.1", "wss://127.0.0.1", "127.0.0.1:80", "ws://"])
def test_addresses(url: str) -> None:
    """An address that is no ws://… raises at once, and says what is expected."""
    for make in (RawClient, Link):
        with pytest.raises(ValueError, match="expected an address such as ws://"):
            make(url)


# --- The network ----------------------------------------------------------------------------------

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
RESPONSE = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"


class RecordingLink(Link):
    """A link that notes which share of the jitter each frame gets, and the sizes of the pieces."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.shares: dict[str, list[float]] = {"client": [], "server": []}
        self.sizes: list[int] = []

    def _schedule(self, size: int, sender: str, share: float) -> float:
        shares = self.shares[sender]
        if size and (not shares or shares[-1] != share):
            shares.append(share)
        self.sizes.append(size)
        return super()._schedule(size, sender, share)


class Ends:
    """The two ends of a link, as plain sockets."""

    def __init__(self, **options: Any) -> None:
        self._stack = contextlib.ExitStack()
        self.listener = self._stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.listener.settimeout(TIMEOUT)
        url = f"ws://127.0.0.1:{self.listener.getsockname()[1]}"
        self.link = self._stack.enter_context(RecordingLink(url, **options))

    def __enter__(self) -> Ends:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    @contextlib.contextmanager
    def connection(self) -> Iterator[tuple[socket.socket, socket.socket]]:
        """Connect through the link; return the client's and the server's socket."""
        port = int(self.link.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as client:
            server, _ = self.listener.accept()
            with server:
                server.settimeout(TIMEOUT)
                yield client, server


def read(sock: socket.socket, size: int) -> bytes:
    """Read so many bytes."""
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        assert piece, f"FIN after {len(data)} of {size} bytes"
        data += piece
    return data


def read_all(sock: socket.socket) -> tuple[bytes, str]:
    """Read to the end; return the bytes, and whether it was FIN or RST."""
    data = b""
    try:
        while piece := sock.recv(2**16):
            data += piece
    except ConnectionResetError:
        return data, "RST"
    return data, "FIN"


def reset(sock: socket.socket) -> None:
    """Close by RST."""
    reset_when_closed(sock)
    sock.close()


@pytest.fixture(scope="module")
def ends() -> Iterator[Ends]:
    """Share a link that does nothing, for properties."""
    with Ends() as ends:
        yield ends


chunks = st.lists(
    st.one_of(
        st.binary(max_size=50),
        st.just(REQUEST),
        st.just(RESPONSE),
        st.builds(frame, st.integers(0, 255), st.binary(max_size=200)),
        st.integers(1000, 20000).map(lambda size: random.Random(size).randbytes(size)),
    ),
    max_size=6,
)
examples = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(up=chunks, down=chunks)
@examples
def test_link_forwards_each_byte(ends: Ends, up: list[bytes], down: list[bytes]) -> None:
    """Whatever is sent, in whatever pieces, arrives unchanged in both directions."""
    with ends.connection() as (client, server):
        for data in up:
            client.sendall(data)
        for data in down:
            server.sendall(data)
        client.shutdown(socket.SHUT_WR)
        server.shutdown(socket.SHUT_WR)
        assert read_all(server) == (b"".join(up), "FIN")
        assert read_all(client) == (b"".join(down), "FIN")
    until(lambda: not ends.link._relay.connections, "the end of the connection")


@given(
    frames=st.lists(
        st.tuples(
            st.sampled_from([0x01, 0x81, 0x02, 0x82, 0x00, 0x80, 0x89, 0x8A, 0x88]),
            st.binary(max_size=40) | st.integers(120, 300).map(bytes),
        ),
        max_size=8,
    ),
    messages=st.none() | st.integers(0, 4),
    more_bytes=st.integers(0, 80),
    sender=st.sampled_from(["client", "server"]),
    how=st.sampled_from(["FIN", "RST"]),
    data=st.data(),
)
@examples
def test_link_cuts_at_the_byte(
    frames: list[tuple[int, bytes]],
    messages: int | None,
    more_bytes: int,
    sender: Any,
    how: Any,
    data: st.DataObject,
) -> None:
    """However the bytes come, the receiver gets those before the cut, no more and no fewer."""
    opening = REQUEST if sender == "client" else RESPONSE
    key = MASK if sender == "client" else None
    stream, ends_of_messages = opening, [len(opening)]
    for first, payload in frames:
        stream += frame(first, payload, key)
        if first & 0x80 and not first & 0x08:
            ends_of_messages.append(len(stream))
    if messages is None:
        cut_at = more_bytes
    elif messages < len(ends_of_messages):
        cut_at = ends_of_messages[messages] + more_bytes
    else:
        cut_at = len(stream) + 1  # never
    assume(cut_at > 0)
    splits = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    cut = Cut(messages, more_bytes, sender, how)
    with Ends(cut=cut) as ends, ends.connection() as (client, server):
        source, target = (client, server) if sender == "client" else (server, client)
        endings = [how]
        try:
            for begin, end in zip([0, *splits], [*splits, len(stream)], strict=True):
                source.sendall(stream[begin:end])
            source.shutdown(socket.SHUT_WR)
        except OSError:  # cut before all was sent: this was RST, and is not told a second time
            endings = ["FIN", "RST"]
        got, ending = read_all(target)
        assert got == stream[:cut_at]
        if cut_at <= len(stream):
            assert ending == how
            assert read_all(source)[1] in endings
        else:
            assert ending == "FIN"


@pytest.mark.parametrize("how", ["FIN", "RST"])
@pytest.mark.parametrize("sender", ["client", "server"])
def test_link_cuts_before_the_first_byte(sender: Any, how: Any) -> None:
    """A Cut() at its defaults leaves nothing of a connection but its end."""
    got = (b"", how)
    with Ends(cut=Cut(sender=sender, how=how)) as ends:
        try:
            with ends.connection() as (client, server):
                assert read_all(server) == (b"", how)
                got = read_all(client)
        except ConnectionResetError:  # by RST, it may end inside connect()
            assert how == "RST"
    assert got == (b"", how)


def test_link_cuts_each_connection_in_turn() -> None:
    """A list of cuts has one for each connection; the last one is for all that follow."""
    cuts = [Cut(1), None, Cut(0, 3, how="RST"), Cut(0)]
    with wslab.serve(wslab.handlers.echo) as server, Link(server.url, cut=cuts) as link:
        outcomes = [converse_in_thread(link.url, "a", replies=1) for _ in range(5)]
    assert [received for received, _ in outcomes] == [["a"], ["a"], ["a"], [], []]
    assert [type(exc) for _, exc in outcomes] == [
        ConnectionClosedError,
        ConnectionClosedOK,
        ConnectionClosedError,
        ConnectionClosedError,
        ConnectionClosedError,
    ]


@pytest.mark.parametrize("how", ["FIN", "RST"])
def test_link_cut_as_the_client_sees_it(how: Any, client: Client) -> None:
    """No CLOSE frame was received or sent; to the server, its client is lost."""
    cut = Cut(1, how=how)
    with wslab.serve(wslab.handlers.echo) as server, Link(server.url, cut=cut) as link:
        received, exc = client(link.url, "a")
        server.transcript.wait(kind="lost")
    assert received == ["a"]
    assert type(exc) is ConnectionClosedError
    assert (exc.rcvd, exc.sent) == (None, None)
    assert isinstance(exc.__cause__, EOFError if how == "FIN" else ConnectionResetError)
    assert str(exc) in Link.__doc__
    assert kinds(server) == ["client text", "server text", "lost"]
    assert problems(server) == ["the client ended the TCP connection without a closing handshake"]


@pytest.mark.parametrize("how", ["FIN", "RST"])
def test_link_cut_now(how: Any, client: Client) -> None:
    """link.cut() cuts the connections there are; the next one is as good as new."""
    with wslab.serve(wslab.handlers.echo) as server, Link(server.url) as link:
        cutter = threading.Thread(
            target=lambda: (server.transcript.wait(kind="text", count=2), link.cut(how))
        )
        cutter.start()
        _, exc = client(link.url, "a")
        cutter.join(TIMEOUT)
        assert type(exc) is ConnectionClosedError
        assert (exc.rcvd, exc.sent) == (None, None)
        received, exc = client(link.url, "b", replies=1)
        assert received == ["b"]
        assert type(exc) is ConnectionClosedOK
        server.transcript.wait(connection=1, kind="lost")
    assert kinds(server) == ["client text", "server text", "lost"]


def test_link_partition_as_the_client_sees_it(client: Client) -> None:
    """Nothing ends, nothing comes: the client's keepalive finds out, and the server nothing."""
    cut = Cut(1, how="partition")
    with wslab.serve(wslab.handlers.echo) as server, Link(server.url, cut=cut) as link:
        received, exc = client(link.url, "a", **IMPATIENT)
        assert received == ["a"]
        assert type(exc) is ConnectionClosedError
        assert (exc.rcvd, exc.sent.code) == (None, 1011)
        assert f"{exc.sent.code} {exc.sent.reason}" in " ".join(Link.__doc__.split())
        assert kinds(server, but=KEEPALIVE) == ["client text", "server text"]


def test_link_partition_at_the_byte() -> None:
    """What follows a partition is held back, not lost: heal() brings it, once."""
    stream = RESPONSE + frame(0x81, b"one") + frame(0x89) + frame(0x81, b"two")
    cut = Cut(1, 1, how="partition")
    with Ends(cut=cut) as ends, ends.connection() as (client, server):
        server.sendall(stream)
        here = len(RESPONSE) + 5 + 1
        assert read(client, here) == stream[:here]
        client.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.recv(1)
        ends.link.heal()
        client.settimeout(TIMEOUT)
        server.shutdown(socket.SHUT_WR)
        assert read_all(client) == (stream[here:], "FIN")


def test_link_partition_now() -> None:
    """In a partition nothing is forwarded, no bytes, no FIN, no RST; heal() ends it."""
    with Ends() as ends, ends.connection() as (client, server):
        client.sendall(b"before")
        assert read(server, 6) == b"before"
        ends.link.partition()
        client.sendall(b"meanwhile")
        server.sendall(b"back")
        server.shutdown(socket.SHUT_WR)
        for sock in (client, server):
            sock.settimeout(0.05)
            with pytest.raises(TimeoutError):
                sock.recv(1)
            sock.settimeout(TIMEOUT)
        ends.link.heal()
        assert read(server, 9) == b"meanwhile"
        assert read_all(client) == (b"back", "FIN")


def test_link_partition_refuses_nobody() -> None:
    """A client that comes in a partition gets no answer, until it is over."""
    with Ends() as ends:
        ends.link.partition()
        port = int(ends.link.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as client:
            client.sendall(REQUEST)
            assert not select.select([ends.listener], [], [], 0.05)[0]
            ends.link.heal()
            server, _ = ends.listener.accept()
            with server:
                server.settimeout(TIMEOUT)
                assert read(server, len(REQUEST)) == REQUEST


def test_link_passes_on_fin_and_rst() -> None:
    """One side's FIN leaves the other direction open; RST ends both."""
    with Ends() as ends:
        with ends.connection() as (client, server):
            client.shutdown(socket.SHUT_WR)
            assert read_all(server) == (b"", "FIN")
            server.sendall(b"still here")
            assert read(client, 10) == b"still here"
            server.close()
            assert read_all(client) == (b"", "FIN")
        for end, other in ((0, 1), (1, 0)):
            with ends.connection() as pair:
                pair[end].sendall(b"last words")
                assert read(pair[other], 10) == b"last words"
                reset(pair[end])
                assert read_all(pair[other]) == (b"", "RST")


def test_link_tells_a_sender_that_nobody_is_there() -> None:
    """Who goes on sending to a side that has closed gets RST, after that side's last words."""
    with Ends() as ends, ends.connection() as (client, server):
        server.sendall(b"bye")
        server.close()
        assert read(client, 3) == b"bye"
        with pytest.raises(ConnectionError):
            client.sendall(bytes(2**26))


def test_link_passes_on_backpressure() -> None:
    """A sender is stopped when nobody reads, and all that it sent arrives when somebody does."""
    limit = 2**26
    with Ends() as ends, ends.connection() as (client, server):
        client.setblocking(False)
        sent = 0
        while sent < limit and select.select([], [client], [], 0.2)[1]:
            sent += client.send(bytes(2**16))
        assert sent < limit
        [connection] = ends.link._relay.connections
        assert len(read(server, sent)) == sent
        assert connection.number == 1


def test_link_without_a_server() -> None:
    """If the server is down, the client is accepted and then reset."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}"
    with Link(url) as link, contextlib.suppress(ConnectionResetError):  # already in connect()
        port = int(link.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as client:
            assert read_all(client) == (b"", "RST")


def test_link_latency(client: Client) -> None:
    """A reply takes at least twice the latency, handshake included."""
    latency = 0.03
    with wslab.serve(wslab.handlers.echo) as server, Link(server.url, latency=latency) as link:
        begin = time.monotonic()
        received, _ = client(link.url, "a", replies=1)
        assert time.monotonic() - begin >= 4 * latency
    assert received == ["a"]
    assert kinds(server) == ["client text", "server text", "client close", "server close"]


def test_link_latency_is_no_queue() -> None:
    """Messages that are sent together arrive together, not one latency after the other."""
    latency, messages = 0.05, [str(number) for number in range(50)]
    with (
        wslab.serve(wslab.handlers.echo) as server,
        Link(server.url, latency=latency) as link,
    ):
        begin = time.monotonic()
        received = wslab.talk(link.url, *messages)
        assert time.monotonic() - begin < 50 * latency
    assert received == messages


def test_link_latency_may_change() -> None:
    """A latency that is set while the link runs holds for what comes from then on."""
    with (
        wslab.serve(wslab.handlers.echo) as server,
        Link(server.url) as link,
        connect(link.url) as ws,
    ):
        ws.send("fast")
        assert ws.recv(timeout=TIMEOUT) == "fast"
        link.latency = 0.05
        begin = time.monotonic()
        ws.send("slow")
        assert ws.recv(timeout=TIMEOUT) == "slow"
        assert time.monotonic() - begin >= 0.1
        link.latency = 0.0


def shares_of_jitter(seed: int, *pieces: bytes) -> dict[str, list[float]]:
    with (
        wslab.serve(wslab.handlers.echo) as server,
        RecordingLink(server.url, jitter=0.001, seed=seed) as link,
        RawClient(link.url) as raw,
    ):
        for piece in pieces:
            raw.send(piece)
        for number in range(5):
            assert raw.receive().payload == b"%d" % number
    return link.shares


def test_link_jitter_is_the_same_each_time() -> None:
    """The delay of a frame depends on the seed, and not on how the bytes come."""
    frames = [frame(0x81, b"%d" % number, MASK) for number in range(5)]
    stream = b"".join(frames)
    shares = shares_of_jitter(1, *frames)
    assert [len(shares["client"]), len(shares["server"])] == [6, 6]  # with the handshake
    assert shares == shares_of_jitter(1, stream) == shares_of_jitter(1, stream[:10], stream[10:])
    assert shares != shares_of_jitter(2, stream)
    assert shares["client"] != shares["server"]
    assert all(0 <= share < 1 for share in shares["client"])


def test_link_jitter_keeps_the_order() -> None:
    """Frames arrive late by up to the jitter, each at its own time, and in order."""
    jitter, messages = 0.05, [str(number) for number in range(20)]
    received = []
    with (
        wslab.serve(wslab.handlers.echo) as server,
        RecordingLink(server.url, jitter=jitter) as link,
        connect(link.url) as ws,
    ):
        begin = time.monotonic()
        for message in messages:
            ws.send(message)
        for count in range(1, 21):
            received.append(ws.recv(timeout=TIMEOUT))
            # No reply overtakes the latest of the requests up to its own.
            least = jitter * max(link.shares["client"][1 : count + 1])
            assert time.monotonic() - begin >= least
    assert received == messages


def test_link_bandwidth() -> None:
    """So many bytes take at least so many seconds, in each direction, bit by bit and unchanged."""
    data = random.Random(1).randbytes(20_000)
    with Ends(bandwidth=100_000) as ends, ends.connection() as (client, server):
        for source, target in ((client, server), (server, client)):
            begin = time.monotonic()
            source.sendall(data)
            assert read(target, len(data)) == data
            assert time.monotonic() - begin >= len(data) / 100_000
        assert max(ends.link.sizes) <= faults._line.PACKET
        assert sum(ends.link.sizes) == 2 * len(data)


def test_link_bandwidth_is_shared() -> None:
    """Two connections together have the bandwidth of the link."""
    data = bytes(5000)
    with Ends(bandwidth=50_000) as ends, ends.connection() as one, ends.connection() as two:
        begin = time.monotonic()
        one[0].sendall(data)
        two[0].sendall(data)
        assert read(one[1], 5000) + read(two[1], 5000) == data + data
        assert time.monotonic() - begin >= 10_000 / 50_000


def sent_by(transcript: wslab.Transcript, sender: Any) -> list[str]:
    """What one side sent, as one end of a link saw it."""
    records = transcript.filter(sender=sender)
    return [str(getattr(record, "text", None) or record.kind) for record in records]


def test_link_has_transcripts_of_both_ends() -> None:
    """What was sent and what arrived: the same, where nothing is cut."""
    with wslab.serve(wslab.handlers.echo) as server, Link(server.url) as link:
        assert wslab.talk(link.url, "a", "b") == ["a", "b"]
        for transcript in (link.at_client, link.at_server):
            transcript.wait(kind="close", count=2)
            for sender in ("client", "server"):
                assert sent_by(transcript, sender) == ["handshake", "a", "b", "close"]
    assert str(link.at_client).startswith("As the client's end of the link saw it:\n")
    assert str(link.at_server).startswith("As the server's end of the link saw it:\n")
    for sender in ("client", "server"):
        assert link.at_server.filter(sender=sender) == server.transcript.filter(sender=sender)


@pytest.mark.parametrize("how", ["FIN", "RST"])
def test_link_transcripts_of_a_cut(how: Any) -> None:
    """What the cut took has been sent and has not arrived; both ends say what ended them."""
    cut = Cut(1, sender="server", more_bytes=3, how=how)
    with wslab.serve(wslab.handlers.echo) as server, Link(server.url, cut=cut) as link:
        with pytest.raises(ConnectionClosedError):
            wslab.talk(link.url, "a", "b", "c")
        lost = [each.wait(kind="lost") for each in (link.at_client, link.at_server)]
    assert [record.problem for record in lost] == [f"the link cut the connection by {how}"] * 2
    assert sent_by(link.at_server, "server")[:3] == ["handshake", "a", "b"]
    arrived = link.at_client.filter(sender="server")
    assert sent_by(link.at_client, "server") == ["handshake", "a", "b"]
    assert not arrived[-1].missing  # 3 bytes are the header and the letter


def test_link_transcripts_of_a_lost_side() -> None:
    """Who ended the TCP connection is in both."""
    with wslab.serve(faults.abort) as server, Link(server.url) as link:
        with pytest.raises(ConnectionClosedError):
            wslab.talk(link.url, replies=1)
        lost = [each.wait(kind="lost") for each in (link.at_client, link.at_server)]
    problem = "the server ended the TCP connection without a closing handshake"
    assert [record.problem for record in lost] == [problem] * 2


def test_link_transcripts_of_a_partition() -> None:
    """What is held up has been sent, and has not arrived."""
    with (
        wslab.serve(wslab.handlers.echo) as server,
        Link(server.url) as link,
        connect(link.url, close_timeout=0.05) as ws,
    ):
        ws.send("before")
        assert ws.recv(timeout=TIMEOUT) == "before"
        link.partition()
        ws.send("within")
        link.heal()
        link.at_server.wait(kind="text", sender="client", count=2)
        assert sent_by(link.at_client, "client")[1:] == ["before", "within"]


def test_link_transcript_of_no_server() -> None:
    """A link to nobody says so."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    with Link(f"ws://127.0.0.1:{port}") as link:
        with pytest.raises((InvalidMessage, ConnectionResetError)):
            wslab.talk(link.url)
        lost = link.at_client.wait(kind="lost")
    assert lost.problem == "nobody listens at the address of the server"


def test_links_in_a_row() -> None:
    """A link in front of a link adds its faults; the path of the address stays."""
    with (
        wslab.serve(wslab.handlers.echo) as server,
        Link(server.url + "/chat?a=b", latency=0.02, cut=Cut(2)) as near,
        Link(near.url, latency=0.03) as far,
    ):
        begin = time.monotonic()
        received, exc = converse_in_thread(far.url, "a", "b", "c")
        assert time.monotonic() - begin >= 2 * 2 * (0.02 + 0.03)
        server.transcript.wait(kind="lost")
    assert received == ["a", "b"]
    assert (exc.rcvd, exc.sent) == (None, None)
    assert server.transcript[0].path == "/chat?a=b"


def test_link_as_asynchronous_context_manager() -> None:
    """A link works with async with, for a client on the same loop."""

    async def main(url: str) -> Any:
        async with Link(url) as link, connect_async(link.url) as ws:
            await ws.send("a")
            return await asyncio.wait_for(ws.recv(), TIMEOUT)

    with wslab.serve(wslab.handlers.echo) as server:
        assert asyncio.run(main(server.url)) == "a"


def test_link_over_ipv6() -> None:
    """The server may have an IPv6 address; the link itself listens on 127.0.0.1 only."""
    try:
        server = wslab.serve(wslab.handlers.echo, host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server, Link(server.url) as link:
        assert link.url.startswith("ws://127.0.0.1:")
        assert wslab.talk(link.url, "a") == ["a"]


def test_link_that_is_not_running() -> None:
    """Before and after its block a link has no address, and says what to do."""
    with wslab.serve(wslab.handlers.echo) as server:
        link = Link(server.url)
        for use in (lambda: link.url, link.partition, link.heal, link.cut):
            with pytest.raises(wslab.NotRunningError, match="with Link"):
                use()
        with link, RawClient(link.url):
            pass
        with pytest.raises(wslab.NotRunningError, match="with Link"):
            link.cut()
        with link:  # and once more
            assert wslab.talk(link.url, "a") == ["a"]


def test_link_leaves_nothing() -> None:
    """However connections stand, leaving the block ends them, the thread and the sockets."""
    threads, sockets = threading.active_count(), open_sockets()
    with contextlib.ExitStack() as stack:
        with Ends(latency=60.0) as ends:
            for state in ("idle", "on its way", "half-closed", "partitioned"):
                client, server = stack.enter_context(ends.connection())
                if state != "idle":
                    client.sendall(b"never arrives")
                if state == "half-closed":
                    server.shutdown(socket.SHUT_WR)
                if state == "partitioned":
                    ends.link.partition()
            port = int(ends.link.url.rpartition(":")[2])
            waiting = stack.enter_context(socket.create_connection(("127.0.0.1", port), TIMEOUT))
        assert threading.active_count() == threads
        assert read_all(waiting)[0] == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), TIMEOUT)
    until(lambda: open_sockets() == sockets, "the end of the sockets")


# --- All of it ------------------------------------------------------------------------------------


def test_a_client_survives_all_of_them() -> None:
    """A client that tries again and again has its answer in the end."""
    refusals = [faults.refuse(503), faults.abort, faults.no_answer]
    misbehaviour = [*BAD_FRAMES, faults.abort, faults.stop_reading, faults.ignore_pings]
    cuts = [Cut(how="FIN"), Cut(0), Cut(0, 2), Cut(0, how="RST"), None]
    failures = []
    with (
        wslab.serve(
            faults.in_turn(*misbehaviour, wslab.handlers.echo),
            process_request=faults.in_turn(*[None] * 4, *refusals, None),
        ) as server,
        Link(server.url, cut=cuts) as link,
    ):
        received: list[Any] = []
        while not received and len(failures) < 100:
            received, exc = asyncio.run(
                converse_async(link.url, "hi", replies=1, open_timeout=0.3, **IMPATIENT)
            )
            failures.append(exc)
        server.stop(timeout=0.05)
    assert received == ["hi"]
    assert type(failures.pop()) is ConnectionClosedOK
    assert ConnectionClosedOK not in [type(exc) for exc in failures]
    # A connection that a cut ends may have come as far as a handler; refused ones have not.
    assert len(failures) >= len(misbehaviour) + len(refusals)


def test_every_fault_is_documented() -> None:
    """Each public name has a docstring with a section of RFC 6455, or a row in the table."""
    table = inspect.getdoc(faults)
    for name in faults.__all__:
        documented = inspect.getdoc(getattr(faults, name)) or ""
        composes = name in ("after", "in_turn", "sends", "Cut")
        assert "RFC 6455 §" in documented or re.search(rf"^{name} .*§", table, re.M) or composes
