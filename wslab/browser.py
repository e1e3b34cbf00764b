"""
The learner's own browser as a client: a console in the cell's output.

Needs ``anywidget``: ``pip install anywidget``. Kernel and page talk over the notebook's own channel
with custom messages; synchronised traits would stall while a cell runs. The page's half is
``browser.js``.
"""

from __future__ import annotations

import asyncio
import html
import itertools
import pathlib
import sys
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, cast

import anywidget

from .browser_log import BrowserEvent, BrowserLog, EventType
from .browser_pages import Pages
from .carried import Carrier
from .server import allow_origin
from .service import BackgroundService

__all__ = ["BrowserConsole", "BrowserError", "BrowserEvent", "NoBrowserError"]

ATTACH_TIMEOUT = 2.0
"""Seconds after which a page that has not answered is taken not to exist."""

REPLY_TIMEOUT = 5.0
"""Seconds that a page has to do what it is asked."""

PRESENCE_TIMEOUT = 3.0
"""Seconds that a page has to say that it is still there, where another one could act instead."""


class NoBrowserError(RuntimeError):
    """No browser shows this notebook, so nobody can do what was asked."""


class BrowserError(RuntimeError):
    """The browser could not do what was asked; the message is the browser's own."""


class _Widget(anywidget.AnyWidget):
    """The part that Jupyter knows: it loads the page's half, and carries messages."""

    _esm = "".join(
        (pathlib.Path(__file__).parent / name).read_text(encoding="utf-8")
        for name in ("carried.js", "browser.js")
    )


class BrowserConsole:
    """
    A console for the browser's own ``WebSocket``, connected to a server in this kernel.

    It connects as soon as the page has it, shows every event that the browser fires, and lets you
    send text, JSON, bytes and files, close with a code, reconnect, and edit and run JavaScript.
    The same can be done from Python with the coroutines below.

    A page on another machine (JupyterHub, Binder, Colab) does not reach the kernel's 127.0.0.1.
    There the kernel makes the connection, with the page's Origin, and the notebook's own channel
    carries what it sends and receives; the console says so. Events, codes and reasons are those
    that the browser's own ``WebSocket`` would give.

    The server accepts the page that shows the console, whose Origin the page tells over the
    notebook's channel, and no other page.

    Where several tabs show the notebook, one of them acts, so that each request is carried out
    once. The others show what happens there and say so; each has a button to act instead, and when
    the one that acts is closed, another takes over.

    Args:
        server: The server to connect to, or a tap in front of one.
        script: JavaScript to run in the page instead of connecting. It finds ``url``, the server's
            address; ``socket``, an open connection if the script makes none itself; ``WebSocket``
            and ``console``, whose events and words appear in the log.

    Attributes:
        log: The last events, each a :class:`wslab.browser.BrowserEvent`: 10,000 at most, with
            16 MiB of data at most. ``log.dropped`` counts earlier ones.
    """

    # Once one console waited in vain, the others need not.
    _nobody: ClassVar[bool] = False

    def __init__(self, server: BackgroundService, *, script: str | None = None) -> None:
        self._script = script
        self.log = BrowserLog()
        self._waiters: list[Callable[[], None]] = []
        self._returned = 0  # how far event() has come, in all events that ever were
        self._numbers = itertools.count(1)
        self._unanswered: set[int] = set()  # numbers of requests
        self._replies: dict[int, str | None] = {}  # request number -> error
        self._widget = _Widget()
        self._widget.on_msg(self._on_message)
        self._carrier = Carrier(self._tell)
        # A server that replaces this one keeps its port.
        settings = {"port": server.port, "script": script}
        self._pages = Pages(self._tell, settings, _session())

    async def attached(self, timeout: float = ATTACH_TIMEOUT) -> bool:
        """
        Return whether a page shows this notebook; wait for it a little.

        Args:
            timeout: Seconds to wait at most.
        """
        if self._pages.actor is None and not BrowserConsole._nobody:
            await self._wait(lambda: self._pages.actor is not None, timeout)
            BrowserConsole._nobody = self._pages.actor is None
        return self._pages.actor is not None

    async def event(self, type: EventType | None = None, *, timeout: float = 5.0) -> BrowserEvent:
        """
        Return the next event that the browser has fired, in the order of :attr:`log`.

        Each event is returned once; those of another type on the way are passed over.

        Args:
            type: Only an event of this type.
            timeout: Seconds to wait at most.

        Raises:
            NoBrowserError: No browser shows this notebook.
            BrowserError: Events that nobody asked for in time are not in the log any more. The next
                call goes on with those that are.
            TimeoutError: There was none in that time.
        """
        await self._require_browser()
        if (missed := self.log.dropped - self._returned) > 0:
            self._returned = self.log.dropped
            raise BrowserError(f"the log had to drop {missed:,} events that nobody had asked for")

        def find() -> tuple[int, BrowserEvent] | None:
            for number, event in self.log.since(self._returned):
                if type is None or event.type == type:
                    return number, event
            return None

        if not await self._wait(lambda: find() is not None, timeout):
            raise TimeoutError(f"the browser fired no {type or 'event'!r} in {timeout:g} s")
        number, event = cast(tuple[int, BrowserEvent], find())
        self._returned = number + 1
        return event

    async def events(
        self, type: EventType, count: int = 1, *, timeout: float = 5.0
    ) -> list[BrowserEvent]:
        """
        Return the first events of a type, and wait until there are so many.

        They are the same each time, and :meth:`event` returns them, too; so a cell that asks for
        them can be run again.

        Args:
            type: Only events of this type.
            count: How many.
            timeout: Seconds to wait at most.

        Raises:
            NoBrowserError: No browser shows this notebook.
            BrowserError: The first ones are not in the log any more.
            TimeoutError: There were fewer in that time.
        """
        await self._require_browser()
        if dropped := self.log.dropped_of(type):
            raise BrowserError(f"the log had to drop the first {dropped:,} {type!r} events")

        def found() -> list[BrowserEvent]:
            return [event for event in self.log if event.type == type][:count]

        if not await self._wait(lambda: len(found()) == count, timeout):
            raise TimeoutError(
                f"the browser fired {len(found())} of {count} {type!r} in {timeout:g} s"
            )
        return found()

    async def connect(self) -> None:
        """
        Open a new connection, as the console's button does; return when the attempt has begun.

        Raises:
            NoBrowserError: No browser shows this notebook.
        """
        await self._request({"do": "connect"})

    async def send(self, data: str | bytes) -> None:
        """
        Let the browser call ``socket.send(data)``: a string, or an ``ArrayBuffer``.

        Raises:
            NoBrowserError: No browser shows this notebook.
            BrowserError: The connection is not open.
        """
        if isinstance(data, str):
            await self._request({"do": "send", "text": data})
        else:
            await self._request({"do": "send"}, [data])

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """
        Let the browser call ``socket.close(code, reason)``.

        Args:
            code: 1000, or 3000 to 4999; the browser allows no other.
            reason: At most 123 bytes of UTF-8.

        Raises:
            NoBrowserError: No browser shows this notebook.
            BrowserError: The browser refuses that code or reason.
        """
        await self._request({"do": "close", "code": code, "reason": reason})

    async def run(self, script: str) -> None:
        """
        Run JavaScript in the page, with the names that the class's ``script`` has.

        Raises:
            NoBrowserError: No browser shows this notebook.
            BrowserError: The script raised an error.
        """
        await self._request({"do": "run", "script": script})

    def __repr__(self) -> str:
        return "A console for your browser's WebSocket; no browser shows it here."

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = self._widget._repr_mimebundle_(**kwargs)
        data, metadata = cast(tuple[dict[str, Any], dict[str, Any]], bundle)
        data["text/plain"] = repr(self)
        data["text/html"] = _static(self._script)
        return data, metadata

    def _on_message(
        self, widget: object, content: Mapping[str, Any], buffers: list[memoryview]
    ) -> None:
        # JupyterLab sends these on a subshell, so this runs on a thread of its own.
        match content:
            case {"kind": "ready", "origin": str(origin)}:
                allow_origin(origin)
                BrowserConsole._nobody = False
            case {"kind": "entry", "page": page, "entry": Mapping() as fields} if (
                page == self._pages.actor and "to" not in content and fields.get("type") != "sent"
            ):
                data = bytes(buffers[0]) if buffers else fields.get("data")
                self.log.append(BrowserEvent(**{**fields, "data": data}))
            case {"kind": "carry"}:
                self._carrier.receive(content, buffers)
            case {"kind": "reply", "number": int(number), "error": error} if (
                number in self._unanswered
            ):
                self._replies[number] = error
        if isinstance(content, Mapping):
            self._pages.receive(content, buffers, _session())
        for wake in list(self._waiters):
            wake()

    def _tell(self, content: dict[str, Any], buffers: list[bytes] | None = None, /) -> None:
        self._widget.send(content, buffers)

    async def _request(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        actor = await self._find_actor()
        number = next(self._numbers)
        self._unanswered.add(number)
        try:
            self._tell({**content, "number": number, "to": actor}, buffers)
            answered = await self._wait(lambda: number in self._replies, REPLY_TIMEOUT)
        finally:
            self._unanswered.discard(number)
            error = self._replies.pop(number, None)
        if not answered:
            raise BrowserError(f"the page did not answer in {REPLY_TIMEOUT:g} s; reload it")
        if error:
            raise BrowserError(error)

    async def _find_actor(self) -> str:
        """Return the page that acts; where another could, make sure first that it is there."""
        await self._require_browser()
        actor, answered = cast(str, self._pages.actor), self._pages.answered
        if not self._pages.watched:
            return actor
        self._tell({"do": "ping", "to": actor})
        if await self._wait(lambda: self._pages.answered > answered, PRESENCE_TIMEOUT):
            return actor
        self._pages.leave(actor)
        await self._wait(lambda: self._pages.actor is not None, PRESENCE_TIMEOUT)
        await self._require_browser()
        return cast(str, self._pages.actor)

    async def _require_browser(self) -> None:
        if not await self.attached():
            raise NoBrowserError(
                "no browser shows this notebook; open it in JupyterLab (make lab), run the cell "
                "that shows the console, and then this one"
            )

    async def _wait(self, condition: Callable[[], bool], timeout: float) -> bool:
        loop = asyncio.get_running_loop()
        changed = asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(changed.set)

        self._waiters.append(wake)
        try:
            async with asyncio.timeout(timeout):
                while not condition():
                    await changed.wait()
                    changed.clear()
        except TimeoutError:
            return False
        finally:
            self._waiters.remove(wake)
        return True


def _session() -> str | None:
    """The Jupyter session of the message that the kernel handles: that of one tab."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    parent: dict[str, Any] = getattr(getattr(shell, "kernel", None), "get_parent", dict)()
    return cast("str | None", parent.get("header", {}).get("session"))


def _static(script: str | None) -> str:
    """What a page without JavaScript shows."""
    parts = [
        "<p>Open this notebook in JupyterLab and run the cell: your browser connects to the "
        "server, and a console appears here that shows what its WebSocket does.</p>"
    ]
    if script:
        parts.append(f"<pre>{html.escape(script.strip())}</pre>")
    return "".join(parts)
