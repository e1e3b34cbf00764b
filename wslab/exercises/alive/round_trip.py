"""Exercise 8.1: How far away is it?"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from numbers import Real
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Finding, Play, once_a_check, play, show
from wslab.exercises._rule import rule
from wslab.faults import Link

__all__ = ["EXERCISE"]

_ATTEMPTS: Final = 3  # a machine that is busy makes a measurement longer; not always, though


@dataclasses.dataclass(frozen=True)
class _Trip:
    """
    What a client did, and how long it really took.

    Attributes:
        played: What the client did.
        messages: What the server got.
        pings: Seconds from each PING to its PONG, at the client's end of the network.
        whole: Seconds from the opening handshake's request to the last PONG.
    """

    played: Play
    messages: list[str | bytes]
    pings: list[float]
    whole: float

    @property
    def seconds(self) -> float | None:
        """What it returned, if that is a number and there was a ping; or another rule tells."""
        result = self.played.result
        is_number = isinstance(result, Real) and not isinstance(result, bool)
        return float(result) if is_number and self.pings else None

    def finding(self, problem: str, got: str = "") -> Finding:
        """Make a finding."""
        expected = "PING, PONG, and the seconds from one to the other"
        if self.pings:
            took = " and ".join(f"{seconds:.3f}" for seconds in self.pings)
            expected = f"{took}, or a little more: the seconds from PING to PONG"
        return self.played.finding(problem, expected, got or show(self.played.result))


def _measure(answer: Any, latency: float = 0.0, slow: float = 0.0) -> _Trip:
    """
    Let it measure a network.

    Args:
        answer: The learner's function.
        latency: Seconds in each direction.
        slow: Seconds that the server takes for the opening handshake.
    """
    messages: list[str | bytes] = []
    links: list[Link] = []

    async def slowly(ws: ServerConnection, request: Request) -> None:
        await asyncio.sleep(slow)

    async def handler(ws: ServerConnection) -> None:
        async for message in ws:
            messages.append(message)  # and no reply: only its library answers

    def network(url: str) -> Link:
        links.append(Link(url, latency=latency))
        return links[0]

    called = f"a network of {latency:g} s in each direction; an opening handshake of {slow:g} s"
    options: dict[str, Any] = {"process_request": slowly, "network": network}
    played = play(answer, handler, called=called, **options)
    records = links[0].at_client.snapshot()
    pings = [each.time for each in records if each.kind == "ping" and each.sender == "client"]
    pongs = [each.time for each in records if each.kind == "pong" and each.sender == "server"]
    whole = pongs[-1] - records[0].time if pongs else 0.0
    return _Trip(played, messages, [b - a for a, b in zip(pings, pongs, strict=False)], whole)


@once_a_check
def _plain(answer: Any) -> _Trip:
    return _measure(answer, latency=0.005)


def _expect(measure: Callable[[], _Trip], problem_of: Callable[[float, _Trip], str]) -> None:
    """Expect a measurement without a problem; what is no fault of the answer does not last."""
    wrong: Finding | None = None
    for _ in range(_ATTEMPTS):
        trip = measure()
        if trip.seconds is None:
            continue  # another rule tells about that, or it was the machine
        problem = problem_of(trip.seconds, trip)
        if not problem:
            return
        wrong = trip.finding(problem)
        if trip.seconds < min(trip.pings):  # no machine makes it shorter
            break
    if wrong is not None:
        raise wrong


def _is_no_second(seconds: float, trip: _Trip) -> bool:
    return seconds > 100 * max(trip.pings)


@rule("by a ping")
def _by_a_ping(answer: Any) -> None:
    trip = _plain(answer)
    if trip.messages:
        problem = "it sent a message, which nobody answers; a ping is a control frame"
        raise trip.finding(problem, f"the message {show(trip.messages[0])}")
    if not trip.pings:
        failure = trip.played.failure
        got = failure.got if failure else f"it returned {show(trip.played.result)}"
        raise trip.finding("the server got no PING", f"no PING; {got}")


@rule("and return it")
def _returned(answer: Any) -> None:
    trip = _plain(answer)
    if not trip.pings:
        return  # another rule tells about that
    result = trip.played.returned("a number of seconds")
    if trip.seconds is not None:
        return
    if result is None:
        raise trip.finding("it returned nothing")
    if hasattr(result, "__await__"):
        raise trip.finding("what it returned is still to be awaited")
    raise trip.finding("what it returned is no number")


@rule("in seconds")
def _in_seconds(answer: Any) -> None:
    trip = _plain(answer)
    if trip.seconds is not None and _is_no_second(trip.seconds, trip):
        raise trip.finding("these are milliseconds, or smaller units still")


@rule("measure one round trip")
def _one_round_trip(answer: Any) -> None:
    def problem_of(seconds: float, trip: _Trip) -> str:
        if _is_no_second(seconds, trip) or seconds > 0.99 * trip.whole:
            return ""  # other rules tell about that
        if seconds < 0.25 * min(trip.pings):
            return "that is shorter than any way there: the PONG was not waited for"
        if seconds < 0.75 * min(trip.pings):
            return "that is one way; the round trip is there and back"
        if seconds > max(trip.pings) + latency:  # what comes besides takes twice the latency
            return "that is more than one round trip"
        return ""

    latency = 0.03
    _expect(lambda: _measure(answer, latency, slow=0.1), problem_of)


@rule("its opening handshake is slow: that does not count")
def _no_handshake(answer: Any) -> None:
    def problem_of(seconds: float, trip: _Trip) -> str:
        is_second = not _is_no_second(seconds, trip)
        return "the opening handshake is in it" if is_second and seconds > 0.95 * slow else ""

    slow = 0.15
    _expect(lambda: _measure(answer, latency=0.005, slow=slow), problem_of)


EXERCISE = Exercise(
    id="8.1",
    title="How far away is it?",
    task=(
        "Complete `round_trip(url)`: connect, measure one round trip by a ping, and return it in "
        "seconds. The server sends no message, and its opening handshake is slow: that does not "
        "count."
    ),
    name="round_trip",
    starter="""
from websockets.asyncio.client import connect


async def round_trip(url):
    async with connect(url) as ws:
        pong = await ws.ping()
        return ...
""",
    hints=(
        "When `ping()` returns, the PING is on its way and no more. What it returned is still to "
        "be awaited.",
        "A clock is not needed: “Latency, measured by ping” says what the result of waiting for "
        "the PONG is.",
        "`return await …`: what has to be awaited has the name `pong`.",
    ),
    solution="""
from websockets.asyncio.client import connect


async def round_trip(url):
    async with connect(url) as ws:
        pong = await ws.ping()
        return await pong
""",
    explanation=(
        "`websockets` notes when it sends a PING, and finds it again by the payload of the PONG. "
        "`ws.latency` has the same figure afterwards. No handler took part, so it is the time of "
        "the network and of two libraries."
    ),
    rules=(_by_a_ping, _returned, _in_seconds, _one_round_trip, _no_handshake),
    minutes=5,
    difficulty=1,
    needs="Latency, measured by ping",
)
