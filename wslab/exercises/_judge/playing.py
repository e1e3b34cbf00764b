"""A server of ours, for a learner's client to talk to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any

from websockets.asyncio.server import ServerConnection

from wslab.server import BackgroundServer, serve

from .call import call
from .finding import Finding
from .limits import CLIENT_TIMEOUT

__all__ = ["Pause", "run_client"]


class Pause:
    """A ``pause()`` for a learner's client: it takes no time, and writes down how it is called."""

    def __init__(self) -> None:
        self.calls: list[float] = []

    def __call__(self, seconds: float) -> Pause:
        self.calls.append(seconds)
        return self

    def __await__(self) -> Generator[None, None, None]:
        yield  # one turn of the loop: an ``async`` client awaits, a plain one does not


def run_client(
    answer: Any,
    handler: Callable[[ServerConnection], Awaitable[None]],
    *arguments: Any,
    timeout: float = CLIENT_TIMEOUT,
    **options: Any,
) -> tuple[Any, BackgroundServer]:
    """
    Let the learner's client talk to a server of ours; return its result and the server.

    Args:
        answer: ``def client(url, *arguments)``, plain or ``async``.
        handler: Our side of the conversation.
        arguments: Passed to the client after the URL.
        timeout: Seconds it may take in all.
        options: For :func:`wslab.serve`.

    Raises:
        Finding: It raised, did not end in time, or cannot be called like that.
    """
    with serve(handler, name=f"check {id(answer)}", **{"ping_interval": None, **options}) as server:
        try:
            result = call(answer, server.url, *arguments, timeout=timeout, release=server.stop)
        except Finding as finding:
            finding.records = server.transcript.snapshot()[-12:]
            raise
    return result, server
