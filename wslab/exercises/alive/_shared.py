"""What the exercises of this folder share."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Self

from websockets.asyncio.server import ServerConnection

from wslab.exercises._judge import Pause
from wslab.server import serve

__all__ = ["Diary", "Opening", "as_object"]


class Diary(Pause):
    """
    A pause for a learner's client that also says what came before what.

    Args:
        lasts: Seconds that a pause takes which is awaited.

    Attributes:
        events: ``"connection"`` for each attempt that our server saw, ``"pause"`` for each pause
            that ran, in their order.
    """

    def __init__(self, lasts: float = 0.0) -> None:
        super().__init__()
        self.lasts = lasts
        self.events: list[str] = []

    def __call__(self, seconds: float) -> Pause:
        super().__call__(seconds)
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # a plain client, which has nothing to await
            self.events.append("pause")
        return self

    def __await__(self) -> Generator[None, None, None]:
        yield from super().__await__()
        if self.lasts:
            yield from asyncio.sleep(self.lasts).__await__()
        self.events.append("pause")

    def connection(self) -> None:
        """Note that the client tries to connect; called by our server."""
        self.events.append("connection")

    @property
    def attempts(self) -> int:
        """How often our server saw the client."""
        return self.events.count("connection")

    def disorder(self) -> str:
        """Say what is wrong, if not each attempt but the first follows on one pause."""
        if self.events.count("pause") < len(self.calls):
            return "pause(…) was called and not awaited, so no pause ever ran"
        if self.events[:1] == ["pause"]:
            return "it paused before the first connection, and nothing had failed"
        if self.events[-1:] == ["pause"]:
            return "it paused after the last connection, and nothing had failed"
        attempt = 0
        for event, after in zip(self.events, self.events[1:], strict=False):
            attempt += event == "connection"
            if event == after == "pause":
                return f"after connection {attempt} it paused more than once"
            if event == after:
                return f"after connection {attempt} it connected again without a pause"
        return ""

    def told(self) -> str:
        """What came, in words."""
        calls = "called with " + ", ".join(map(str, self.calls)) if self.calls else "never called"
        return f"{', '.join(self.events) or 'nothing'}; pause() {calls}"


class Opening(Diary):
    """A pause that opens the server, where nobody listens before the first one."""

    def __init__(self, handler: Callable[[ServerConnection], Awaitable[None]]) -> None:
        super().__init__()
        self._handler = handler
        self._stack = contextlib.ExitStack()
        self._sock = self._stack.enter_context(socket.socket())
        self._sock.bind(("127.0.0.1", 0))  # the port is taken, and refuses connections
        self.url = f"ws://127.0.0.1:{self._sock.getsockname()[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()

    def __call__(self, seconds: float) -> Pause:
        if not self.calls:
            server = serve(self._handler, name=f"check {id(self)}", sock=self._sock)
            self._stack.enter_context(server)
        return super().__call__(seconds)


def as_object(message: str | bytes) -> dict[str, Any]:
    """Return the JSON object that a message is; an empty one if it is none."""
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(message)
        if isinstance(value, dict):
            return value
    return {}
