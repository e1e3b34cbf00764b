"""A server of ours, for a learner's client to talk to."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from websockets.asyncio.server import ServerConnection

from wslab._clock import perf_counter
from wslab.faults import Link
from wslab.server import BackgroundServer, serve

from .call import call
from .finding import Finding, show
from .limits import CLIENT_TIMEOUT, waited_in_vain

__all__ = ["Pause", "Play", "play"]


class Pause:
    """
    A ``pause()`` for a learner's client: it takes no time, and writes down how it is called.

    Attributes:
        calls: The seconds of each call.
        awaited: How many calls were awaited, as those of an ``async`` client must be.
    """

    def __init__(self) -> None:
        self.calls: list[float] = []
        self.awaited = 0

    def __call__(self, seconds: float) -> Pause:
        self.calls.append(seconds)
        return self

    def __await__(self) -> Generator[None, None, None]:
        yield  # one turn of the loop: an ``async`` client awaits, a plain one does not
        self.awaited += 1

    def never_ran(self, client: Any) -> bool:
        """Return whether an ``async`` client forgot an ``await``: without it nothing pauses."""
        functions = (client, getattr(client, "__call__", None))  # noqa: B004
        is_async = any(inspect.iscoroutinefunction(each) for each in functions)
        return is_async and self.awaited < len(self.calls)


@dataclasses.dataclass(frozen=True)
class Play:
    """
    What came of it when a learner's client met a server of ours.

    Attributes:
        called: How it was called, in words.
        result: What it returned.
        failure: Why it returned nothing: it raised, or did not end in time.
        server: Our server, stopped by now, with its transcript.
    """

    called: str
    result: Any
    failure: Finding | None
    server: BackgroundServer

    def where(self, words: str) -> Play:
        """Return the same, with words about our side for the findings."""
        return dataclasses.replace(self, called=f"{self.called}; {words}")

    def finding(self, problem: str, expected: str, got: str) -> Finding:
        """Make a finding with what crossed the wire."""
        return Finding(
            problem,
            sent=self.called,
            expected=expected,
            got=got,
            records=self.server.transcript.snapshot()[-12:],
        )

    def returned(self, expected: str) -> Any:
        """
        Return what it returned.

        Args:
            expected: What a right client does; a finding says so.

        Raises:
            Finding: It raised, or did not end in time.
        """
        if self.failure is None:
            return self.result
        self.failure.sent = self.failure.sent or self.called
        self.failure.expected = self.failure.expected or expected
        raise self.failure


def play(
    answer: Any,
    handler: Callable[[ServerConnection], Awaitable[None]],
    *arguments: Any,
    called: str = "",
    timeout: float | None = None,
    network: Callable[[str], Link] | None = None,
    **options: Any,
) -> Play:
    """
    Let the learner's client talk to a server of ours.

    Args:
        answer: ``def client(url, *arguments)``, plain or ``async``.
        handler: Our side of the conversation.
        arguments: Passed to the client after the URL.
        called: What a finding says was sent; without it, how the client was called.
        timeout: Seconds it may take in all, :data:`~.limits.CLIENT_TIMEOUT` without it.
        network: Makes what is between the client and the server of this URL, if anything is.
        options: For :func:`wslab.serve`.
    """
    name = getattr(answer, "__name__", "client")
    words = f"{name}({', '.join(['url', *map(show, arguments)])})"
    result, failure = None, None
    seconds = CLIENT_TIMEOUT if timeout is None else timeout
    if waited := waited_in_vain.get():
        seconds = min(seconds, CLIENT_TIMEOUT / 4)
    with (
        serve(handler, name=f"check {id(answer)}", **{"ping_interval": None, **options}) as server,
        network(server.url) if network else contextlib.nullcontext(server) as way,
    ):
        began = perf_counter()
        try:
            result = call(answer, way.url, *arguments, timeout=seconds, release=server.stop)
        except Finding as finding:
            finding.records = server.transcript.snapshot()[-12:]
            failure = finding
            if waited is not None and perf_counter() - began > seconds:
                waited.append(seconds)
    return Play(called or words, result, failure, server)
