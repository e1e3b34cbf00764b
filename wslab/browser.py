"""
The learner's own browser as a client: a console in the cell's output.

Needs ``anywidget``: ``pip install anywidget``. Kernel and page talk over the notebook's own channel
with custom messages; synchronised traits would stall while a cell runs. The page's half is
``browser.js``.
"""

from __future__ import annotations

import asyncio
import dataclasses
import html
import itertools
import pathlib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, TypeAlias, cast

import anywidget

from ._stdout import printable
from .carried import Carrier
from .server import BackgroundServer, allow_origin

__all__ = ["BrowserConsole", "BrowserError", "BrowserEvent", "NoBrowserError"]

ATTACH_TIMEOUT = 2.0
"""Seconds after which a page that has not answered is taken not to exist."""

REPLY_TIMEOUT = 5.0
"""Seconds that a page has to do what it is asked."""

EventType: TypeAlias = Literal["open", "message", "error", "close", "log"]


class NoBrowserError(RuntimeError):
    """No browser shows this notebook, so nobody can do what was asked."""


class BrowserError(RuntimeError):
    """The browser could not do what was asked; the message is the browser's own."""


@dataclasses.dataclass(frozen=True)
class BrowserEvent:
    """
    What a ``WebSocket`` in the browser fired, or a script there wrote to its console.

    Attributes:
        type: ``"open"``, ``"message"``, ``"error"``, ``"close"``, or ``"log"`` for the console.
        data: Of a message: ``str`` for text, ``bytes`` for binary. Of a log: its words.
        data_type: Of a message: the JavaScript class of ``event.data``, ``"string"``, ``"Blob"`` or
            ``"ArrayBuffer"``. Of a log: ``"log"`` or ``"error"``.
        code: Of a close: ``event.code``.
        reason: Of a close: ``event.reason``.
        was_clean: Of a close: ``event.wasClean``.
    """

    type: EventType
    data: str | bytes | None = None
    data_type: str | None = None
    code: int | None = None
    reason: str | None = None
    was_clean: bool | None = None

    def __repr__(self) -> str:
        fields = (
            f"{field.name}={value!r}"
            for field in dataclasses.fields(self)
            if field.name != "type" and (value := getattr(self, field.name)) is not None
        )
        return printable(f"<{' '.join([self.type, *fields])}>")


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

    Args:
        server: The server to connect to.
        script: JavaScript to run in the page instead of connecting. It finds ``url``, the server's
            address; ``socket``, an open connection if the script makes none itself; ``WebSocket``
            and ``console``, whose events and words appear in the log.

    Attributes:
        log: Every :class:`wslab.browser.BrowserEvent` so far.
    """

    # Once one console waited in vain, the others need not.
    _nobody: ClassVar[bool] = False

    def __init__(self, server: BackgroundServer, *, script: str | None = None) -> None:
        self._port = server.port  # a server that replaces this one keeps it
        self._script = script
        self.log: list[BrowserEvent] = []
        self._waiters: list[Callable[[], None]] = []
        self._attached = False
        self._returned = 0  # how far in the log event() has come
        self._numbers = itertools.count(1)
        self._unanswered: set[int] = set()  # numbers of requests
        self._replies: dict[int, str | None] = {}  # request number -> error
        self._widget = _Widget()
        self._widget.on_msg(self._on_message)
        self._carrier = Carrier(lambda *message: self._widget.send(*message))

    async def attached(self, timeout: float = ATTACH_TIMEOUT) -> bool:
        """
        Return whether a page shows this notebook; wait for it a little.

        Args:
            timeout: Seconds to wait at most.
        """
        if not self._attached and not BrowserConsole._nobody:
            await self._wait(lambda: self._attached, timeout)
            BrowserConsole._nobody = not self._attached
        return self._attached

    async def event(self, type: EventType | None = None, *, timeout: float = 5.0) -> BrowserEvent:
        """
        Return the next event that the browser has fired, in the order of :attr:`log`.

        Each event is returned once; those of another type on the way are passed over.

        Args:
            type: Only an event of this type.
            timeout: Seconds to wait at most.

        Raises:
            NoBrowserError: No browser shows this notebook.
            TimeoutError: There was none in that time.
        """
        await self._require_browser()

        def find() -> int | None:
            for index in range(self._returned, len(self.log)):
                if type is None or self.log[index].type == type:
                    return index
            return None

        if not await self._wait(lambda: find() is not None, timeout):
            raise TimeoutError(f"the browser fired no {type or 'event'!r} in {timeout:g} s")
        index = cast(int, find())
        self._returned = index + 1
        return self.log[index]

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
            TimeoutError: There were fewer in that time.
        """
        await self._require_browser()

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
                again, self._attached = self._attached, True
                BrowserConsole._nobody = False
                settings = {"port": self._port, "script": self._script, "again": again}
                self._widget.send({"do": "configure", **settings})
            case {"kind": "event", "event": Mapping() as fields}:
                data = bytes(buffers[0]) if buffers else fields.get("data")
                self.log.append(BrowserEvent(**{**fields, "data": data}))
            case {"kind": "carry"}:
                self._carrier.receive(content, buffers)
            case {"kind": "reply", "number": int(number), "error": error} if (
                number in self._unanswered
            ):
                self._replies[number] = error
        for wake in list(self._waiters):
            wake()

    async def _request(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        await self._require_browser()
        number = next(self._numbers)
        self._unanswered.add(number)
        try:
            self._widget.send({**content, "number": number}, buffers)
            answered = await self._wait(lambda: number in self._replies, REPLY_TIMEOUT)
        finally:
            self._unanswered.discard(number)
            error = self._replies.pop(number, None)
        if not answered:
            raise BrowserError(f"the page did not answer in {REPLY_TIMEOUT:g} s; reload it")
        if error:
            raise BrowserError(error)

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


def _static(script: str | None) -> str:
    """What a page without JavaScript shows."""
    parts = [
        "<p>Open this notebook in JupyterLab and run the cell: your browser connects to the "
        "server, and a console appears here that shows what its WebSocket does.</p>"
    ]
    if script:
        parts.append(f"<pre>{html.escape(script.strip())}</pre>")
    return "".join(parts)
