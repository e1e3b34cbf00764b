"""What the exercises of this folder share: to test a test."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from websockets.asyncio.server import ServerConnection

from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, Metronome, Play, play

__all__ = ["Handler", "is_silent", "passes_with", "refuses", "refuses_silence"]

Handler = Callable[[ServerConnection], Awaitable[None]]

_FAILS = "it fails, by an AssertionError or any other exception"


async def is_silent(ws: ServerConnection) -> None:
    """Never answer."""
    async for _ in ws:
        pass


def passes_with(answer: Any, what: str, handler: Handler) -> None:
    """
    Expect that a test returns.

    Args:
        answer: ``def test(url)``, plain or ``async``.
        what: What the server does, which is right: "answers at once".
        handler: The server.
    """
    # No clause says how fast a test is, and a property takes its time.
    seconds = 2 * CLIENT_TIMEOUT
    what = f"a right server, which {what}"
    for _ in range(3):  # a machine that stands still for a moment makes any server slow
        played = _test(answer, what, handler, timeout=seconds)
        if played.failure is None or not _raised(played.failure):
            break
    played.returned("it returns")


def refuses(answer: Any, what: str, handler: Handler) -> None:
    """Expect that a test fails, for ``what`` is wrong with the server."""
    played = _test(answer, f"a server that {what}", handler)
    if played.failure is None:
        raise played.finding("the test passes", _FAILS, "the function returned")
    if not _raised(played.failure):
        played.returned(_FAILS)


def refuses_silence(answer: Any) -> None:
    """Expect that a test of a server that never answers fails, within a second."""
    with Metronome(0.01) as metronome:
        began = time.perf_counter()
        # Longer than it may take: what ends it otherwise would look like its own TimeoutError.
        played = _test(answer, "a server that never answers", is_silent, timeout=1.8)
        beats = metronome.beats_since(began)
    if played.failure is None:
        raise played.finding("the test passes", _FAILS, "the function returned")
    if beats > 140 or not _raised(played.failure):  # our own loop is late, too, where all is slow
        problem = "it waits too long"
        expected = f"{_FAILS}, within a second"
        raise played.finding(problem, expected, f"no end after {beats / 100:.1f} s")


def _test(answer: Any, what: str, handler: Handler, timeout: float | None = None) -> Play:
    called = f"{getattr(answer, '__name__', 'test')}(url) of {what}"
    return play(answer, handler, called=called, timeout=timeout)


def _raised(failure: Finding) -> bool:
    return failure.problem.startswith("it raised ")
