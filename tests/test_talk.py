"""``wslab.talk``: one conversation with a server, which always ends."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from freezegun import freeze_time
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.http11 import Request, Response
from websockets.utils import accept_key

import wslab
from wslab import handlers, talk
from wslab.wire import Frame, HandlerError

TIMEOUT = 5.0
SHORT = 0.1  # for a wait that is to be in vain

pytestmark = pytest.mark.usefixtures("leaves_nothing")


async def silent(ws: ServerConnection) -> None:
    """Read everything, answer nothing."""
    async for _ in ws:
        pass


def close_codes(server: wslab.BackgroundServer) -> list[tuple[str, int | None]]:
    """Sender and code of the CLOSE frames, once both are there."""
    server.transcript.wait(kind="close", count=2, timeout=TIMEOUT)
    return [
        (record.sender, record.close_code)
        for record in server.transcript.filter(kind="close")
        if isinstance(record, Frame)
    ]


def in_thread(function: Callable[[], Any]) -> Future[Any]:
    """Run a function in a thread of its own, which does not keep the process."""
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(function())
        except BaseException as exc:
            future.set_exception(exc)

    threading.Thread(target=run, daemon=True).start()
    return future


@contextlib.contextmanager
def deaf(after_handshake: bytes = b"") -> Iterator[str]:
    """Run a server that opens one WebSocket connection, sends some bytes, and then does nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener, contextlib.ExitStack() as kept:
        listener.settimeout(TIMEOUT)

        def serve() -> None:
            sock = kept.enter_context(listener.accept()[0])
            sock.settimeout(TIMEOUT)
            request = b""
            while b"\r\n\r\n" not in request:
                request += sock.recv(4096)
            found = re.search(rb"Sec-WebSocket-Key: (\S+)", request)
            assert found is not None
            sock.sendall(
                b"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept_key(found[1].decode()).encode() + b"\r\n\r\n"
            )
            sock.sendall(after_handshake)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(TIMEOUT)


# --- Messages and replies ----------------------------------------------------------------------


def test_one_reply_for_each_message() -> None:
    """As many replies are collected as messages are sent, text as text, binary as binary."""
    with wslab.serve(handlers.echo) as server:
        assert talk(server.url, "héllo", b"\x2a\x00", "") == ["héllo", b"\x2a\x00", ""]
        assert close_codes(server) == [("client", 1000), ("server", 1000)]


def test_no_messages() -> None:
    """Without messages nothing is sent and nothing waited for."""
    with wslab.serve(handlers.echo) as server:
        assert talk(server.url) == []
        assert close_codes(server) == [("client", 1000), ("server", 1000)]


def test_more_replies() -> None:
    """A server that sends more than it gets needs ``replies``."""
    with wslab.serve(handlers.send_and_receive) as server:
        assert talk(server.url, replies=1) == ["Welcome to the WebSocket server!"]
        assert talk(server.url, "hi", replies=3) == [
            "Welcome to the WebSocket server!",
            "Server received: hi",
            "Error: Invalid JSON message",
        ]


def test_fewer_replies() -> None:
    """With ``replies`` smaller than the number of messages, all of them are sent all the same."""
    with wslab.serve(handlers.echo) as server:
        assert talk(server.url, "a", "b", "c", replies=1) == ["a"]
        assert talk(server.url, "d", replies=0) == []
        server.transcript.wait(kind="text", sender="client", count=4, timeout=TIMEOUT)
        sent = server.transcript.filter(kind="text", sender="client")
        assert [record.payload for record in sent if isinstance(record, Frame)] == [
            *(b"a", b"b", b"c", b"d")
        ]


def test_bytes_of_every_type() -> None:
    """A bytearray and a memoryview go out as BINARY, like bytes."""
    with wslab.serve(handlers.echo) as server:
        messages: list[Any] = [b"a", bytearray(b"b"), memoryview(b"c")]
        assert talk(server.url, *messages) == [b"a", b"b", b"c"]


def test_more_than_the_network_holds() -> None:
    """Many long messages do not block: replies are taken in while messages still go out."""
    messages = ["x" * 100_000] * 200
    with wslab.serve(handlers.echo) as server:
        for _ in range(5):  # the threaded client stood still in one of three
            talking = in_thread(lambda: talk(server.url, *messages, timeout=4 * TIMEOUT))
            assert talking.result(5 * TIMEOUT) == messages


@pytest.mark.parametrize(
    ("message", "name"),
    [({"a": 1}, "dict"), (42, "int"), (None, "NoneType"), (["a", "b"], "list")],
)
def test_types_that_are_no_message(message: Any, name: str) -> None:
    """What is no message is refused before anything is sent, with the way out."""
    with wslab.serve(handlers.echo) as server:
        with pytest.raises(TypeError) as info:
            talk(server.url, "fine", message)
        assert list(server.transcript) == []
    assert str(info.value) == (
        f"a message must be str (sent as TEXT) or bytes (sent as BINARY), not {name}; "
        "for JSON, send json.dumps(…)"
    )


# --- Time --------------------------------------------------------------------------------------


def test_timeout() -> None:
    """Replies that do not come end in an error that says what came; the connection is closed."""
    with wslab.serve(handlers.echo) as server:
        with pytest.raises(TimeoutError) as info:
            talk(server.url, "a", b"b", replies=3, timeout=SHORT)
        assert close_codes(server) == [("client", 1000), ("server", 1000)]
    assert str(info.value) == (
        "2 of 3 replies came in 0.1 s: ['a', b'b']; "
        "pass replies= if the server sends another number"
    )


def test_timeout_without_replies() -> None:
    """Where nothing came, the error says so."""
    with wslab.serve(silent) as server, pytest.raises(TimeoutError, match=r"^0 of 1 .*: \[\]; "):
        talk(server.url, "a", timeout=SHORT)


def test_timeout_with_long_replies() -> None:
    """The error shows the beginnings of the last five replies."""
    messages = [f"{index:03}" + "x" * 100 for index in range(7)]
    with wslab.serve(handlers.echo) as server, pytest.raises(TimeoutError) as info:
        talk(server.url, *messages, replies=8, timeout=2 * SHORT)
    shown = ", ".join(f"'{message[:40]}'…" for message in messages[2:])
    assert str(info.value) == (
        f"7 of 8 replies came in 0.2 s: […, {shown}]; "
        "pass replies= if the server sends another number"
    )


def test_timeout_while_sending() -> None:
    """A server that does not read cannot hold up a client that sends."""
    release = threading.Event()

    async def stops_reading(ws: ServerConnection) -> None:
        ws.transport.pause_reading()
        await asyncio.to_thread(release.wait, TIMEOUT)
        ws.transport.abort()

    with wslab.serve(stops_reading) as server:
        talking = in_thread(lambda: talk(server.url, bytes(64 * 2**20), timeout=3 * SHORT))
        with pytest.raises(TimeoutError, match=r"^0 of 1 replies came in 0\.3 s: \[\]; "):
            talking.result(TIMEOUT)
        release.set()


def test_timeout_of_the_handshake() -> None:
    """A server that does not answer the handshake cannot hold up a client."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(TimeoutError):
            in_thread(lambda: talk(url, "a", timeout=SHORT)).result(TIMEOUT)


def test_timeout_of_the_closing_handshake() -> None:
    """A server that does not answer CLOSE cannot hold up a client, and spoils no reply."""
    with deaf(b"\x81\x05reply") as url:
        assert in_thread(lambda: talk(url, replies=1, timeout=1)).result(TIMEOUT) == ["reply"]


def test_a_server_that_closes_but_stays() -> None:
    """A server that sends CLOSE and keeps the TCP connection cannot hold up a client."""
    with deaf(b"\x88\x02\x03\xe8") as url, pytest.raises(TimeoutError, match=r"^0 of 1 replies"):
        in_thread(lambda: talk(url, replies=1, timeout=SHORT)).result(TIMEOUT)


# --- Servers that close ------------------------------------------------------------------------


async def says_bye(ws: ServerConnection) -> None:
    """Close normally after one message of the server's own."""
    await ws.send("bye")


def test_server_closes_normally() -> None:
    """Where the server closes normally there are fewer replies, and no error."""
    with wslab.serve(says_bye) as server:
        assert talk(server.url, replies=3) == ["bye"]
        assert close_codes(server) == [("server", 1000), ("client", 1000)]


def test_server_closes_while_messages_go_out() -> None:
    """What the server sent before it closed is returned, however many messages were not sent."""
    # No more than 16: with more messages unread, websockets reads no further, not even CLOSE.
    with wslab.serve(says_bye) as server:
        for _ in range(30):
            assert talk(server.url, *["x"] * 12) == ["bye"]


def test_server_closes_going_away() -> None:
    """1001, as from a server that stops, is a normal close too."""

    async def leaves(ws: ServerConnection) -> None:
        await ws.send(await ws.recv())
        await ws.close(1001)

    with wslab.serve(leaves) as server:
        assert talk(server.url, "a", "b", "c") == ["a"]


@pytest.mark.parametrize("code", [1011, 1008, 4000])
def test_server_closes_with_an_error(code: int) -> None:
    """A close code of an error is raised."""

    async def closes(ws: ServerConnection) -> None:
        await ws.send("sorry")
        await ws.close(code, "because")

    with wslab.serve(closes) as server:
        with pytest.raises(ConnectionClosedError) as info:
            talk(server.url, replies=2)
        assert info.value.rcvd is not None
        assert (info.value.rcvd.code, info.value.rcvd.reason) == (code, "because")
        # What was asked for came, so what follows does not matter.
        assert talk(server.url, replies=1) == ["sorry"]


def test_handler_raises() -> None:
    """An error in the handler reaches the client as 1011."""

    async def raises(ws: ServerConnection) -> None:
        await ws.recv()
        raise ValueError("a bug")

    with wslab.serve(raises) as server:
        with pytest.raises(ConnectionClosedError) as info:
            talk(server.url, "a")
        [error] = server.transcript.filter(kind="error")
    assert info.value.rcvd is not None
    assert info.value.rcvd.code == 1011
    assert error == HandlerError(1, "ValueError", "a bug")


def test_connection_lost() -> None:
    """A connection that ends without CLOSE is an error."""

    async def aborts(ws: ServerConnection) -> None:
        await ws.recv()
        ws.transport.abort()

    with wslab.serve(aborts) as server, pytest.raises(ConnectionClosedError) as info:
        talk(server.url, "a")
    assert (info.value.rcvd, info.value.sent) == (None, None)


# --- Servers that cannot be reached ------------------------------------------------------------


def test_nobody_listens() -> None:
    """An address where nobody listens is an OSError at once."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))  # kept from others, but it does not listen
        url = f"ws://127.0.0.1:{sock.getsockname()[1]}"
        with pytest.raises(ConnectionRefusedError):
            talk(url, "a", timeout=TIMEOUT)


def test_handshake_refused() -> None:
    """A server that refuses the handshake is an error with its status."""

    def refuse(ws: ServerConnection, request: Request) -> Response:
        return ws.respond(403, "no")

    with (
        wslab.serve(handlers.echo, process_request=refuse) as server,
        pytest.raises(InvalidStatus) as info,
    ):
        talk(server.url, "a")
    assert info.value.response.status_code == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_no_proxy_on_this_machine(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """A proxy that the environment asks for is not asked for a server on this machine."""
    with wslab.serve(handlers.echo) as server, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy)
            monkeypatch.setenv(name.upper(), proxy)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        assert talk(f"ws://{host}:{server.port}", "a", timeout=TIMEOUT) == ["a"]


# --- From a handler ----------------------------------------------------------------------------


def test_in_a_handler() -> None:
    """In a handler it would block the server's loop, so it is refused, with the way out."""
    with wslab.serve(handlers.echo, name="other") as other:

        async def talks(ws: ServerConnection) -> None:
            talk(other.url, "a")

        with wslab.serve(talks) as server:
            with pytest.raises(ConnectionClosedError):
                talk(server.url, replies=1)
            [error] = server.transcript.filter(kind="error")
        assert list(other.transcript) == []
    assert isinstance(error, HandlerError)
    assert (error.type, error.message) == (
        "RuntimeError",
        "talk() blocks, and a handler must not; in a handler use "
        "websockets.asyncio.client.connect, or await asyncio.to_thread(wslab.talk, …)",
    )


def test_says_what_the_handler_raised() -> None:
    """Below the client's exception, in one line, and without the frames of websockets."""

    async def broken(ws: ServerConnection) -> None:
        raise ValueError(await ws.recv())

    with wslab.serve(broken) as server, pytest.raises(ConnectionClosedError) as caught:
        talk(server.url, "one\n\x1b[31mtwo" + "x" * 10_000)
    [note] = caught.value.__notes__
    assert note.startswith(r"the server's handler raised ValueError: one\n\x1b[31mtwoxxx")
    assert len(note) < 300
    assert len(caught.traceback) == 1  # only this test


def test_says_what_a_callback_of_the_handshake_raised() -> None:
    """A handshake that fails is explained, too."""

    def process_request(ws: ServerConnection, request: Request) -> None:
        raise LookupError("no such room")

    with (
        wslab.serve(handlers.echo, process_request=process_request) as server,
        pytest.raises(InvalidStatus) as caught,
    ):
        talk(server.url, "x")
    assert caught.value.__notes__ == [
        "the server's process_request raised LookupError: no such room"
    ]


def test_says_nothing_of_another_client() -> None:
    """An error of somebody else's connection is no explanation."""

    async def aborts(ws: ServerConnection) -> None:
        if ws.request and ws.request.path == "/other":
            raise ValueError
        with contextlib.suppress(ConnectionClosedError):
            await asyncio.to_thread(talk, f"{server.url}/other")
        ws.transport.abort()

    with wslab.serve(aborts) as server, pytest.raises(ConnectionClosedError) as caught:
        talk(server.url, "x")
    assert not hasattr(caught.value, "__notes__")


def test_in_a_frozen_time() -> None:
    """A timeout holds in a test that has stopped the clock."""
    with freeze_time("2030-01-01"), wslab.serve(silent) as server:
        with pytest.raises(TimeoutError, match=r"0 of 1 replies came in 0\.1 s"):
            talk(server.url, "x", timeout=SHORT)
        server.transcript.wait(kind="close", count=2)


def test_in_a_thread_of_a_handler() -> None:
    """The way out works: a thread beside the handler, which may even talk to the same server."""

    async def relays(ws: ServerConnection) -> None:
        assert ws.request is not None
        if ws.request.path == "/inner":
            return await handlers.echo(ws)
        url = f"ws://127.0.0.1:{server.port}/inner"
        for reply in await asyncio.to_thread(talk, url, "a", "b"):
            await ws.send(reply)

    with wslab.serve(relays) as server:
        assert talk(server.url, replies=2) == ["a", "b"]
