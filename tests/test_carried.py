"""``wslab.carried``: connections made for a page, with an object in the page's place."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from conftest import TIMEOUT
from websockets.asyncio.server import ServerConnection

import wslab
from wslab import faults
from wslab.carried import WINDOW_BYTES, WINDOW_MESSAGES, Carrier

pytestmark = pytest.mark.usefixtures("leaves_nothing")

ORIGIN = "https://hub.example"

Message = tuple[dict[str, Any], list[bytes] | None]


class Page:
    """Asks a carrier for one connection at a time, and keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Message] = []
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        self._carrier = Carrier(self._hear)

    def _hear(self, content: dict[str, Any], buffers: list[bytes] | None = None, /) -> None:
        with self._changed:
            assert content.pop("do") == "carried"
            assert content.pop("id") == self._id
            self.told.append((content, buffers))
            self._changed.notify_all()

    def ask(self, act: str, *buffers: bytes, **content: Any) -> None:
        """Send a message about the connection."""
        views = [memoryview(buffer) for buffer in buffers]
        self._carrier.receive({"kind": "carry", "id": self._id, "act": act, **content}, views)

    def open(self, url: str, *protocols: str, origin: str = ORIGIN) -> Page:
        """Ask for a connection."""
        self.told.clear()
        self._id = str(next(self._numbers))
        self.ask("open", url=url, protocols=list(protocols), origin=origin)
        return self

    def close(self, code: int | None = None, reason: str = "") -> None:
        """Ask for its end."""
        self.ask("close", code=code, reason=reason)

    def wait_for(self, event: str, count: int = 1) -> list[Message]:
        """Return so many messages of a kind, once they have come."""

        def found() -> list[Message]:
            return [message for message in self.told if message[0]["event"] == event]

        with self._changed:
            assert self._changed.wait_for(lambda: len(found()) >= count, TIMEOUT), self.told
            return found()

    def end(self) -> tuple[int, str, bool, bool]:
        """Return code, reason, wasClean, and whether error was fired, once it has ended."""
        ((content, _),) = self.wait_for("close")
        return content["code"], content["reason"], content["was_clean"], content["error"]


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture(autouse=True)
def _let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wslab.server._origins", [None, ORIGIN])


def test_messages_both_ways(page: Page) -> None:
    """Text is text and binary is binary, whole, in order; the server sees the page's Origin."""
    with wslab.serve(wslab.handlers.echo) as server:
        page.open(server.url)
        assert page.wait_for("open")[0][0] == {
            "event": "open",
            "protocol": "",
            "extensions": "",
        }
        page.ask("send", "Grüße".encode(), text=True, last=True)
        page.ask("send", b"\x00\xff", text=False, last=False)
        page.ask("send", b"\x01", text=False, last=True)
        page.ask("send", b"", text=False, last=True)
        assert page.wait_for("message", 3) == [
            ({"event": "message", "text": True}, ["Grüße".encode()]),
            ({"event": "message", "text": False}, [b"\x00\xff\x01"]),
            ({"event": "message", "text": False}, [b""]),
        ]
        assert [sent["bytes"] for sent, _ in page.wait_for("sent", 3)] == [7, 3, 0]
        page.close(4000, "enough")
        assert page.end() == (4000, "enough", True, False)
        (handshake,) = server.transcript.filter(kind="handshake", sender="client")
    assert ("Origin", ORIGIN) in handshake.headers


async def bye(ws: ServerConnection) -> None:
    await ws.close(4001, "bye")


async def crash(ws: ServerConnection) -> None:
    raise ValueError("a bug")


async def vanish(ws: ServerConnection) -> None:
    ws.transport.abort()


async def nonsense(ws: ServerConnection) -> None:
    ws.transport.write(b"\x83\x00")
    await ws.wait_closed()


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (bye, (4001, "bye", True, False)),
        (crash, (1011, "", True, False)),
        (vanish, (1006, "", False, False)),
        (nonsense, (1006, "", False, True)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_how_the_server_ends_it(
    handler: Callable[[ServerConnection], Awaitable[None]],
    expected: tuple[int, str, bool, bool],
    page: Page,
) -> None:
    """Code, reason, wasClean and the error event are those of a browser (docs/atlas.md)."""
    with wslab.serve(handler) as server:
        assert page.open(server.url).end() == expected
        assert page.wait_for("open")


@pytest.mark.parametrize(
    ("code", "reason", "expected"),
    [(1000, "", (1000, "")), (4000, "é" * 61, (4000, "é" * 61)), (None, "", (1005, ""))],
)
def test_how_the_page_ends_it(
    code: int | None, reason: str, expected: tuple[int, str], page: Page
) -> None:
    """A CLOSE with a code, or an empty one, as socket.close() sends; what waits goes out first."""
    with wslab.serve(wslab.handlers.echo) as server:
        page.open(server.url).wait_for("open")
        page.ask("send", b"last words", text=True, last=True)
        page.close(code, reason)
        page.close(4999, "twice")
        assert page.end() == (*expected, True, False)
        close = server.transcript.filter(kind="close", sender="client")[0]
        assert (close.close_code or 1005, close.close_reason or "") == expected
        assert server.transcript.filter(kind="text", sender="client")


def test_what_is_never_open(page: Page) -> None:
    """Nobody there, another origin, no WebSocket, an odd address: error and 1006, as everywhere."""
    failed = (1006, "", False, True)
    with wslab.serve(wslab.handlers.echo, name="gone") as server:
        assert page.open(server.url, origin="https://elsewhere.example").end() == failed
        gone = server.url
    assert page.open(gone).end() == failed
    assert page.open("ws://[").end() == failed
    with wslab.serve(bye, process_request=faults.refuse(503)) as server:
        assert page.open(server.url).end() == failed
    assert [content["event"] for content, _ in page.told] == ["close"]


@pytest.mark.parametrize(
    ("chooses", "opens"), [(["chat"], True), (None, False)], ids=["chosen", "none chosen"]
)
def test_subprotocols(chooses: Any, opens: bool, page: Page) -> None:
    """A page that offers some gets the one that the server chose, or no connection at all."""
    with wslab.serve(wslab.handlers.echo, subprotocols=chooses) as server:
        page.open(server.url, "graph", "chat")
        if opens:
            assert page.wait_for("open")[0][0]["protocol"] == "chat"
            page.close(1000)
            assert page.end() == (1000, "", True, False)
        else:
            assert page.end() == (1006, "", False, True)


def test_compression(page: Page) -> None:
    """The page learns which extensions were agreed on."""
    with wslab.serve(wslab.handlers.echo, compression="deflate") as server:
        content, _ = page.open(server.url).wait_for("open")[0]
        assert content["extensions"].startswith("permessage-deflate; ")
        page.close(1000)
        page.end()


def test_closing_while_it_connects(page: Page) -> None:
    """It gives up at once, and the server gets no connection that nobody wants."""
    asked = threading.Event()

    async def wait(connection: ServerConnection, request: object) -> None:
        asked.set()
        await connection.wait_closed()

    with wslab.serve(wslab.handlers.echo, process_request=wait) as server:
        page.open(server.url)
        assert asked.wait(TIMEOUT)
        page.ask("fail")
        assert page.end() == (1006, "", False, True)


def test_failing_when_it_is_open_already(page: Page) -> None:
    """A page may have closed it without knowing that it was open: the server gets no CLOSE."""
    with wslab.serve(wslab.handlers.echo) as server:
        page.open(server.url).wait_for("open")
        page.ask("fail")
        assert page.end() == (1006, "", False, True)
        server.transcript.wait(kind="lost")


async def flood(ws: ServerConnection) -> None:
    for number in range(1000):
        await ws.send(f"{number:4}")
    await ws.send(bytes(2 * WINDOW_BYTES))
    await ws.send("the end")
    await ws.wait_closed()


def test_a_page_that_does_not_keep_up(page: Page) -> None:
    """No more than a window is on its way to the page, and nothing is lost or out of order."""
    with wslab.serve(flood) as server:
        page.open(server.url)
        expected = [*(f"{number:4}".encode() for number in range(1000)), bytes(2 * WINDOW_BYTES)]
        seen = 0
        while seen < len(expected):
            arrived = [buffers[0] for _, buffers in page.wait_for("message", seen + 1) if buffers]
            new = arrived[seen:]
            assert len(new) <= WINDOW_MESSAGES
            page.ask("seen", messages=len(new), bytes=sum(map(len, new)))
            seen = len(arrived)
        assert page.wait_for("message", 1002)[-1][1] == [b"the end"]
        assert [buffers[0] for _, buffers in page.wait_for("message") if buffers][:-1] == expected
        page.close(4000, "enough")
        assert page.end() == (4000, "enough", True, False)


def test_closing_while_messages_come(page: Page) -> None:
    """What the server still sends is passed over, and does not hold up the closing handshake."""
    with wslab.serve(flood) as server:
        page.open(server.url).wait_for("message", WINDOW_MESSAGES)
        page.close(4000, "enough")
        assert page.end() == (4000, "enough", True, False)
        assert len(page.wait_for("message")) == WINDOW_MESSAGES


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"act": "open", "id": "x"},
        {"act": "send", "id": "0"},
        {"act": "close", "id": "0", "code": "1000", "reason": ""},
        {"act": "send", "id": "never opened", "text": True, "last": True},
        {"act": "close", "id": "0", "code": 1005, "reason": "no page says that"},
    ],
)
def test_other_messages_are_ignored(content: dict[str, Any], page: Page, quiet: None) -> None:
    """What no page of this version says changes nothing, and prints nothing."""
    with wslab.serve(wslab.handlers.echo) as server:
        page.open(server.url).wait_for("open")
        page._carrier.receive(content, [memoryview(b"x")])
        page.ask("send", b"still here", text=True, last=True)
        if content.get("code") != 1005:
            assert page.wait_for("message")[0][1] == [b"still here"]
            page.close(1000)
    page.end()


def test_too_late(page: Page) -> None:
    """What is asked of a connection that has ended is ignored."""
    with wslab.serve(bye) as server:
        page.open(server.url).end()
        page.ask("send", b"late", text=True, last=True)
        page.close(1000)
        assert len(page.wait_for("close")) == 1
