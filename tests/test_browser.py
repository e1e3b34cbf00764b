"""``wslab.browser``: Python's half of the console, with an object in the place of the page."""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

import wslab
from wslab.browser import (
    ATTACH_TIMEOUT,
    PRESENCE_TIMEOUT,
    REPLY_TIMEOUT,
    BrowserConsole,
    BrowserError,
    BrowserEvent,
    NoBrowserError,
)

ORIGIN = "http://127.0.0.1:8888"


class Page:
    """Stands for the notebook's page: gets what the console sends, and answers as it is told."""

    def __init__(self, console: BrowserConsole) -> None:
        self.console = console
        self.received: list[tuple[dict[str, Any], list[bytes] | None]] = []
        self.answers = True
        self.error: str | None = None  # in the answer
        self.on_request: Callable[[], None] = lambda: None
        self.on_message: Callable[[dict[str, Any]], object] = lambda content: None
        console._widget.send = self._receive

    def _receive(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        self.received.append((content, buffers))
        self.on_message(content)
        if "number" in content:
            self.on_request()
            if self.answers:
                self.say({"kind": "reply", "number": content["number"], "error": self.error})

    def say(self, content: object, *buffers: bytes) -> None:
        """Send a custom message, as the page's half does."""
        data = {"method": "custom", "content": content}
        views = [memoryview(buffer) for buffer in buffers]
        self.console._widget._handle_msg({"content": {"data": data}, "buffers": views})

    def attach(self, name: str = "first") -> None:
        """Say that there is a page."""
        self.say({"kind": "ready", "page": name, "origin": ORIGIN})

    def fire(self, type: str, *buffers: bytes, **fields: Any) -> None:
        """Say that the browser fired an event."""
        entry = {"type": type, **fields}
        self.say({"kind": "entry", "page": "first", "entry": entry}, *buffers)


class Leap(selectors.DefaultSelector):
    """Lets the time pass that it should wait, instead of waiting."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "nothing will ever happen"
            self.passed += max(timeout, 0)
        return ready


def run_leaping(main: Coroutine[Any, Any, None]) -> float:
    """Run without waiting; return the seconds that it would have taken."""
    selector = Leap()

    def make_loop() -> asyncio.AbstractEventLoop:
        loop = asyncio.SelectorEventLoop(selector)
        loop.time = lambda: selector.passed  # type: ignore[method-assign]
        return loop

    with asyncio.Runner(loop_factory=make_loop) as runner:
        runner.run(main)
    return round(selector.passed, 3)


@pytest.fixture(autouse=True)
def _as_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """No console has waited in vain yet, no origin is let in yet."""
    monkeypatch.setattr(BrowserConsole, "_nobody", False)
    monkeypatch.setattr("wslab.server._origins", [None])


@pytest.fixture(scope="module")
def server() -> Iterator[wslab.BackgroundServer]:
    with wslab.serve(wslab.handlers.echo) as server:
        yield server


@pytest.fixture
def page(server: wslab.BackgroundServer) -> Page:
    """A page that shows a console."""
    page = Page(BrowserConsole(server))
    page.attach()
    page.received.clear()
    return page


# --- Coming together ----------------------------------------------------------------------------


@pytest.mark.parametrize("script", [None, "console.log(url)"])
def test_a_page_is_told_where_to_connect(
    script: str | None, server: wslab.BackgroundServer
) -> None:
    """A page that is ready gets port and script; its origin, and no other, is let in."""
    console = BrowserConsole(server, script=script)
    page = Page(console)
    page.attach()
    settings = {"port": server.port, "script": script, "again": False}
    who = {"actor": "first", "newcomer": "first"}
    assert page.received == [({"do": "configure", **settings, **who}, None)]
    assert wslab.server._origins == [None, ORIGIN]
    assert asyncio.run(console.attached())


def test_a_page_that_comes_after_the_first_has_gone(
    page: Page, server: wslab.BackgroundServer
) -> None:
    """A notebook that is reopened makes its page anew, and is told that it is not the first."""
    page.say({"kind": "gone", "page": "first"})
    page.attach("second")
    settings = {"port": server.port, "script": None, "again": True}
    who = {"actor": "second", "newcomer": "second"}
    assert page.received == [
        ({"do": "vacant"}, None),
        ({"do": "configure", **settings, **who}, None),
    ]


def test_a_stopped_server_has_no_console() -> None:
    """The one who shows a console for a server that is gone is told what to do."""
    with wslab.serve(wslab.handlers.echo, name="gone") as server:
        pass
    with pytest.raises(wslab.NotRunningError, match=r"call wslab\.serve\(\) again"):
        BrowserConsole(server)


def test_the_console_keeps_its_port_when_the_server_stops() -> None:
    """A page that comes after the server has stopped is told the port all the same."""
    with wslab.serve(wslab.handlers.echo, name="gone") as server:
        page, port = Page(BrowserConsole(server)), server.port
    page.attach()
    assert page.received[0][0]["port"] == port


@pytest.mark.parametrize(
    "message",
    ["ready", {}, {"kind": "ready"}, {"kind": "event"}, {"kind": "reply", "number": "1"}, None],
)
def test_other_messages_are_ignored(message: object, page: Page) -> None:
    """What no page of this version says changes nothing."""
    page.say(message)
    assert (page.console.log, page.console._replies, page.received) == ([], {}, [])


# --- Without a page -----------------------------------------------------------------------------


def test_nobody_there_is_waited_for_once(server: wslab.BackgroundServer) -> None:
    """The first call waits a little; then every console of the process knows at once."""
    first, second = BrowserConsole(server), BrowserConsole(server)

    async def wait() -> None:
        assert not await first.attached()

    async def ask_again() -> None:
        for action in (
            second.event(),
            second.connect(),
            second.send("x"),
            second.close(),
            second.run(""),
            first.event("open", timeout=100),
        ):
            with pytest.raises(NoBrowserError, match="no browser shows this notebook; open it in"):
                await action

    assert run_leaping(wait()) == ATTACH_TIMEOUT
    assert run_leaping(ask_again()) == 0


def test_a_page_that_comes_late_is_found(server: wslab.BackgroundServer) -> None:
    """When a page does come, nobody believes any longer that there is none."""
    console, other = BrowserConsole(server), BrowserConsole(server)
    page = Page(console)

    async def main() -> None:
        assert not await console.attached(timeout=1)
        page.attach()
        assert await console.attached()
        await console.send("hello")
        assert not await other.attached(timeout=0.5)

    assert run_leaping(main()) == 1.5


def test_a_page_that_comes_while_waited_for(server: wslab.BackgroundServer) -> None:
    """Waiting ends when the page comes, not when the time is up."""
    console = BrowserConsole(server)
    page = Page(console)

    async def main() -> None:
        asyncio.get_running_loop().call_later(0.3, page.attach)
        assert await console.attached()

    assert run_leaping(main()) == 0.3


# --- Events -------------------------------------------------------------------------------------


def test_events_are_data(page: Page) -> None:
    """What the browser fires becomes records, in order, with bytes where it was binary."""
    page.fire("open")
    page.fire("message", data_type="string", data="hello")
    page.fire("message", b"\x01\x02", data_type="Blob")
    page.fire("message", b"", data_type="ArrayBuffer")
    page.fire("error")
    page.fire("close", code=1006, reason="", was_clean=False)
    page.fire("log", data_type="error", data="SyntaxError: no")
    assert page.console.log == [
        BrowserEvent("open"),
        BrowserEvent("message", "hello", "string"),
        BrowserEvent("message", b"\x01\x02", "Blob"),
        BrowserEvent("message", b"", "ArrayBuffer"),
        BrowserEvent("error"),
        BrowserEvent("close", code=1006, reason="", was_clean=False),
        BrowserEvent("log", "SyntaxError: no", "error"),
    ]


def test_events_are_short_in_a_cell() -> None:
    """A record shows what it has, and nothing else."""
    assert [
        repr(BrowserEvent("open")),
        repr(BrowserEvent("message", b"\x00", "Blob")),
        repr(BrowserEvent("close", code=1000, reason="", was_clean=True)),
    ] == [
        "<open>",
        "<message data=b'\\x00' data_type='Blob'>",
        "<close code=1000 reason='' was_clean=True>",
    ]


def test_each_event_is_returned_once(page: Page) -> None:
    """event() goes through the log, and past events of another type."""
    for text in ("1", "2", "3"):
        page.fire("message", data_type="string", data=text)
    page.fire("close", code=1000, reason="", was_clean=True)
    page.fire("message", data_type="string", data="4")

    async def main() -> list[Any]:
        event = page.console.event
        return [
            (await event()).data,
            (await event("message")).data,
            (await event("close")).code,  # passes the third message over
            (await event("message")).data,
        ]

    assert asyncio.run(main()) == ["1", "2", 1000, "4"]
    assert len(page.console.log) == 5


def test_what_the_log_had_to_drop(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events that are not there any more are no silence: the one who asks is told, once."""
    monkeypatch.setattr(page.console.log, "_keep", 2)
    for text in ("1", "2", "3", "4"):
        page.fire("message", data_type="string", data=text)
    page.fire("open")

    async def main() -> None:
        with pytest.raises(BrowserError, match=r"^the log had to drop 3 events that nobody had as"):
            await page.console.event()
        assert (await page.console.event()).data == "4"
        page.fire("open")
        page.fire("message", data_type="string", data="5")
        with pytest.raises(BrowserError, match=r"^the log had to drop 1 events"):
            await page.console.event()
        assert (await page.console.event("message")).data == "5"
        with pytest.raises(BrowserError, match=r"^the log had to drop the first 4 'message' even"):
            await page.console.events("message")
        assert len(await page.console.events("close", 0)) == 0

    asyncio.run(main())
    assert page.console.log.dropped == 5


@pytest.mark.parametrize(
    ("type", "message"),
    [
        ("close", "the browser fired no 'close' in 3 s"),
        (None, "the browser fired no 'event' in 3 s"),
    ],
)
def test_an_event_that_does_not_come(type: Any, message: str, page: Page) -> None:
    """Waiting ends in time, and what was passed over is still there."""
    if type:
        page.fire("open")

    async def main() -> None:
        with pytest.raises(TimeoutError, match=f"^{message}$"):
            await page.console.event(type, timeout=3)
        if type:
            assert (await page.console.event()).type == "open"

    assert run_leaping(main()) == 3


def test_first_events_are_the_same_each_time(page: Page) -> None:
    """events() waits for as many as it is asked for, and leaves all to event()."""
    for text in ("1", "2", "3"):
        page.fire("message", data_type="string", data=text)
    page.fire("open")

    async def main() -> None:
        for _ in range(2):
            assert [event.data for event in await page.console.events("message", 2)] == ["1", "2"]
            assert [event.type for event in await page.console.events("open")] == ["open"]
        assert (await page.console.event("message")).data == "1"
        waiting = asyncio.create_task(page.console.events("message", 4))
        await asyncio.sleep(0)
        assert not waiting.done()
        page.fire("message", data_type="string", data="4")
        assert [event.data for event in await waiting] == ["1", "2", "3", "4"]

    asyncio.run(main())


def test_too_few_events(page: Page) -> None:
    """Waiting for more than come ends in time, and says how many there are."""
    page.fire("close", code=1000, reason="", was_clean=True)

    async def main() -> None:
        with pytest.raises(TimeoutError, match=r"^the browser fired 1 of 2 'close' in 3 s$"):
            await page.console.events("close", 2, timeout=3)

    assert run_leaping(main()) == 3


def test_an_event_from_another_thread(page: Page) -> None:
    """JupyterLab's messages arrive on a subshell's thread while the cell waits."""
    waiting = threading.Event()

    def fire() -> None:
        assert waiting.wait(5)
        page.fire("log", data_type="log", data="another")
        page.fire("message", data_type="string", data="hello")

    async def main() -> BrowserEvent:
        asyncio.get_running_loop().call_soon(waiting.set)
        return await page.console.event("message", timeout=5)

    thread = threading.Thread(target=fire)
    thread.start()
    assert asyncio.run(main()).data == "hello"
    thread.join(5)
    assert page.console._waiters == []


def test_two_cells_wait(page: Page) -> None:
    """Two that wait at once get one event each."""

    async def main() -> list[Any]:
        tasks = [asyncio.create_task(page.console.event("message")) for _ in range(2)]
        await asyncio.sleep(0)
        page.fire("message", data_type="string", data="1")
        page.fire("message", data_type="string", data="2")
        return sorted([str((await task).data) for task in tasks])

    assert asyncio.run(main()) == ["1", "2"]


def test_an_interrupted_wait_leaves_nothing(page: Page) -> None:
    """A cell that is interrupted is not woken up later."""

    async def main() -> None:
        task = asyncio.create_task(page.console.event())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert page.console._waiters == []
    page.fire("open")


# --- Requests -----------------------------------------------------------------------------------


def test_requests(page: Page) -> None:
    """Each verb is one message with a number of its own, bytes beside it."""

    async def main() -> None:
        await page.console.connect()
        await page.console.send("hello")
        await page.console.send(b"\x2a")
        await page.console.close()
        await page.console.close(4000, "enough")
        await page.console.run("console.log(1)")

    asyncio.run(main())
    assert page.received == [
        ({"do": "connect", "number": 1, "to": "first"}, None),
        ({"do": "send", "text": "hello", "number": 2, "to": "first"}, None),
        ({"do": "send", "number": 3, "to": "first"}, [b"\x2a"]),
        ({"do": "close", "code": 1000, "reason": "", "number": 4, "to": "first"}, None),
        ({"do": "close", "code": 4000, "reason": "enough", "number": 5, "to": "first"}, None),
        ({"do": "run", "script": "console.log(1)", "number": 6, "to": "first"}, None),
    ]
    assert page.console._replies == {}


def test_of_two_pages_one_is_asked(page: Page) -> None:
    """It says first that it is there; a request has its name, so that no other carries it out."""
    page.on_message = lambda content: (
        content.get("do") == "ping"
        and page.say({"kind": "here", "page": content["to"], "state": "OPEN"})
    )
    page.attach("second")
    page.received.clear()
    asyncio.run(page.console.send("once"))
    assert [content for content, _ in page.received] == [
        {"do": "ping", "to": "first"},
        {"do": "alive", "state": "OPEN", "first": False, "actor": "first"},
        {"do": "send", "text": "once", "number": 1, "to": "first"},
    ]


def test_if_the_first_page_is_gone_the_second_is_asked(page: Page) -> None:
    """A page that does not say in time that it is there is asked nothing; another takes over."""

    def take(content: dict[str, Any]) -> None:
        if content == {"do": "vacant"}:
            page.say({"kind": "take", "page": "second", "instead_of": None})

    page.attach("second")
    page.on_message = take
    page.received.clear()
    assert run_leaping(page.console.send("once")) == PRESENCE_TIMEOUT
    requests = [content for content, _ in page.received if "number" in content]
    assert requests == [{"do": "send", "text": "once", "number": 1, "to": "second"}]


def test_if_all_pages_are_gone_nobody_is_asked(page: Page) -> None:
    """Then there is no browser, as if there never had been one."""

    async def main() -> None:
        with pytest.raises(NoBrowserError):
            await page.console.send("once")

    page.attach("second")
    assert run_leaping(main()) == 2 * PRESENCE_TIMEOUT + ATTACH_TIMEOUT
    assert not [content for content, _ in page.received if "number" in content]


def test_what_the_browser_refuses(page: Page) -> None:
    """The browser's own words come as an error."""
    page.error = "InvalidAccessError: The close code must be 1000 or 3000 to 4999"
    with pytest.raises(BrowserError, match=f"^{page.error}$"):
        asyncio.run(page.console.close(1001))


def test_a_reply_from_another_thread(page: Page) -> None:
    """The answer to a request wakes the cell up, whichever thread brings it."""
    page.answers = False
    asked = threading.Event()
    page.on_request = asked.set

    def answer() -> None:
        assert asked.wait(5)
        page.say({"kind": "reply", "number": 1, "error": None})

    thread = threading.Thread(target=answer)
    thread.start()
    asyncio.run(page.console.send("hello"))
    thread.join(5)


def test_a_page_that_does_not_answer(page: Page) -> None:
    """A page that hangs or is gone is an error after a while; its late answer is forgotten."""
    page.answers = False

    async def main() -> None:
        with pytest.raises(BrowserError, match=r"^the page did not answer in 5 s; reload it$"):
            await page.console.send("hello")

    assert run_leaping(main()) == REPLY_TIMEOUT
    page.say({"kind": "reply", "number": 1, "error": None})
    assert page.console._replies == {}


# --- What a cell shows --------------------------------------------------------------------------


def test_what_is_stored_is_the_same_each_time(server: wslab.BackgroundServer) -> None:
    """Without a front end text and HTML say what to do; no address, port or id is in them."""
    (first, _), (second, _) = (BrowserConsole(server)._repr_mimebundle_() for _ in range(2))
    view = "application/vnd.jupyter.widget-view+json"
    assert first.keys() == {"text/plain", "text/html", view}
    assert first.pop(view) != second.pop(view)
    assert first == second
    assert first["text/plain"] == repr(BrowserConsole(server))
    assert "0x" not in first["text/plain"]
    assert "<pre>" not in first["text/html"]
    assert str(server.port) not in first["text/html"]


def test_a_script_is_shown_as_text(server: wslab.BackgroundServer) -> None:
    """The stored HTML shows the script and cannot run it."""
    console = BrowserConsole(server, script='\nif (1 < 2) "</pre><script>alert(1)</script>";\n')
    html = console._repr_mimebundle_()[0]["text/html"]
    assert html.endswith(
        "<pre>if (1 &lt; 2) &quot;&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;;</pre>"
    )


def test_the_page_half_is_in_the_package(server: wslab.BackgroundServer) -> None:
    """The widget carries the JavaScript beside it."""
    assert "class Client" in str(BrowserConsole(server)._widget._esm)


def test_wslab_has_the_console() -> None:
    """``wslab.BrowserConsole`` is this class, imported when it is used."""
    assert wslab.BrowserConsole is BrowserConsole
