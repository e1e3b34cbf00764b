"""Exercise 8.3: Full jitter, with a cap."""

from __future__ import annotations

import dataclasses
import itertools
import random
import secrets
from collections.abc import Sequence
from numbers import Real
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import (
    CLIENT_TIMEOUT,
    Finding,
    Play,
    awkward,
    call,
    play,
    same,
    show,
)
from wslab.exercises._rule import rule

from ._shared import Diary, Opening

__all__ = ["EXERCISE"]


_FIRST: Final = 0.1  # the limit of the first wait, in seconds

_LONGEST: Final = 0.8

_ALMOST_1: Final = 1 - 1e-9  # random() is below 1

_IN_HANDSHAKE: Final = 0  # lost before the answer of the opening handshake

_LOST: Final = 1006  # and below 1000, it is a status that refuses; else the code of a CLOSE

_EIGHT: Final = (502, 1013, _LOST, 1000, _IN_HANDSHAKE, 1011, 503, 1001)


class _Dice(random.Random):
    """A generator of random numbers that always draws the same part of what is possible."""

    def __init__(self, part: float) -> None:
        super().__init__(0)
        self.part = part
        self.rolls = 0

    def random(self) -> float:
        self.rolls += 1
        return self.part

    def uniform(self, a: float, b: float) -> float:
        return min(a, b) + abs(b - a) * self.random()


@dataclasses.dataclass
class _Meeting:
    """What came of it when the client met failures, and then a message."""

    failures: Sequence[int]
    message: str | bytes
    dice: _Dice
    diary: Diary
    played: Play

    @property
    def came_through(self) -> bool:
        """Whether it did what other rules ask for: it went on until it had the message."""
        return self.played.failure is None and same(self.played.result, self.message)

    def finding(self, problem: str, expected: str, got: str) -> Finding:
        return self.played.finding(problem, expected, got)


def _word(failure: int) -> str:
    if failure == _IN_HANDSHAKE:
        return "lost in the handshake"
    if failure == _LOST:
        return "lost without a CLOSE"
    return f"status {failure}" if failure < 1000 else f"CLOSE {failure}"


def _meet(
    answer: Any,
    failures: Sequence[int],
    *,
    message: str | bytes | None = None,
    part: float = 0.5,
    lasts: float = 0.0,
) -> _Meeting:
    """Let the client meet these failures, then the message."""
    due = secrets.token_hex(4) if message is None else message
    dice, diary = _Dice(part), Diary(lasts)
    endings = iter(failures)
    ending: int | None = None

    def refuse(ws: ServerConnection, request: Request) -> Response | None:
        nonlocal ending
        diary.connection()
        ending = next(endings, None)
        if ending == _IN_HANDSHAKE:
            ws.transport.abort()
        return ws.respond(ending or 503, "") if ending is not None and ending < 1000 else None

    async def handler(ws: ServerConnection) -> None:
        if ending == _LOST:
            ws.transport.abort()
        elif ending is None:
            await ws.send(due if diary.attempts == len(failures) + 1 else "another message")
            await ws.wait_closed()
        else:
            await ws.close(ending)

    words = [f"connection {number}: {_word(one)}" for number, one in enumerate(failures[:9], 1)]
    words += ["…"] if len(failures) > 9 else []
    told = "; ".join([*words, f"connection {len(failures) + 1}: the message {show(due)}"])
    played = play(answer, handler, dice, diary, called=told, process_request=refuse)
    return _Meeting(failures, due, dice, diary, played)


def _expect_to_go_on(answer: Any, failures: Sequence[int], problem: str) -> _Meeting:
    """Expect that it has the message in the end."""
    meeting = _meet(answer, failures)
    if not meeting.came_through:
        failure = meeting.played.failure
        got = failure.got if failure else f"it returned {show(meeting.played.result)}"
        if failure and "did not end" in failure.problem:
            got = failure.problem
        expected = f"a pause, another connection, and {show(meeting.message)} returned"
        raise meeting.finding(problem, expected, str(got))
    return meeting


def _expect_to_outlast_nobody(answer: Any) -> None:
    """Nobody listens, which raises an OSError, and none of websockets'."""
    message = secrets.token_hex(4)
    told = f"connection 1: nobody listens; connection 2: the message {show(message)}"
    expected = f"a pause, another connection, and {show(message)} returned"
    problem = "where nobody listens it does not come through"

    async def handler(ws: ServerConnection) -> None:
        await ws.send(message)
        await ws.wait_closed()

    with Opening(handler) as diary:
        try:
            result = call(answer, diary.url, _Dice(0.5), diary, timeout=CLIENT_TIMEOUT)
        except Finding as finding:
            got = f"{finding.got}; {diary.told()}"
            raise Finding(problem, sent=told, expected=expected, got=got) from None
    if not same(result, message):
        raise Finding(problem, sent=told, expected=expected, got=show(result))


@rule("returns that message")
def _that_message(answer: Any) -> None:
    for message in (None, "", awkward.TEXTS["quotes"], b"", "0"):
        meeting = _meet(answer, [], message=message)
        expected = f"{show(meeting.message)} returned"
        result = meeting.played.returned(expected)
        if type(result) is not type(meeting.message) or not same(result, meeting.message):
            problem = "it returned nothing" if result is None else "it returned something else"
            raise meeting.finding(problem, expected, show(result))


@rule("Refused")
def _refused(answer: Any) -> None:
    problem = "a status that refuses is a failure, and no end"
    meeting = _expect_to_go_on(answer, (503, 503), problem)
    _expect_to_go_on(answer, (404,), problem)
    if meeting.diary.calls:  # otherwise it would try without a pause, and nobody would open
        _expect_to_outlast_nobody(answer)


@rule("lost")
def _lost(answer: Any) -> None:
    _expect_to_go_on(answer, (_LOST, _LOST), "the end of TCP without a CLOSE is a failure")
    _expect_to_go_on(answer, (_IN_HANDSHAKE,), "the end of TCP in the handshake is a failure")


@rule("closed without a message")
def _closed(answer: Any) -> None:
    for failures in ((1011, 4000), (1000, 1000), (1001,)):
        _expect_to_go_on(answer, failures, f"a CLOSE {failures[0]} before a message is a failure")


@rule("connects until a connection brings a message")
def _until(answer: Any) -> None:
    meeting = _meet(answer, [503] * 20)
    attempts = meeting.diary.attempts
    if 1 < attempts <= 20:
        expected = "attempts until there is a message"
        raise meeting.finding("it gave up", expected, f"{attempts} attempts, and no more")
    meeting = _meet(answer, [])
    if meeting.diary.attempts > 1 and meeting.played.failure is None:
        problem = "it had its message and connected again"
        raise meeting.finding(problem, "one connection", f"{meeting.diary.attempts} connections")


@rule("After each it calls `await pause(seconds)` once")
def _pauses(answer: Any) -> None:
    for failures, lasts in (((), 0.0), ((503,), 0.05), (_EIGHT, 0.0)):
        meeting = _meet(answer, failures, lasts=lasts)
        diary = meeting.diary
        if diary.attempts > len(failures) + 1:
            continue  # one more connection after the message is for another rule
        if meeting.came_through and (problem := diary.disorder()):
            expected = f"connections: {len(failures) + 1}, with one pause between two of them"
            raise meeting.finding(problem, expected, diary.told())
    strange = [wait for wait in diary.calls if isinstance(wait, bool) or not isinstance(wait, Real)]
    if meeting.came_through and strange:
        raise meeting.finding("its seconds are no number", "a number", show(strange[0]))


def _waits(answer: Any, part: float, count: int) -> tuple[_Meeting, list[float]]:
    """
    What it waits after so many failures, if always this part is drawn.

    There are no waits where another rule tells what is wrong.
    """
    meeting = _meet(answer, _EIGHT[:count], part=part)
    waits = meeting.diary.calls
    fine = meeting.came_through and len(waits) == count and meeting.dice.rolls >= count
    numbers = all(isinstance(wait, Real) and not isinstance(wait, bool) for wait in waits)
    return meeting, waits if fine and numbers else []


def _limits(answer: Any, count: int) -> tuple[_Meeting, list[float]]:
    """
    The longest that each wait could be; no list where another rule tells what is wrong.

    Whatever is drawn, it is 0 or almost 1: which one is the end of a wait is for the answer to say.
    """
    _, some = _waits(answer, 0.0, count)
    meeting, others = _waits(answer, _ALMOST_1, count)
    return meeting, [max(pair) for pair in zip(some, others, strict=False)]


def _listed(waits: Sequence[float]) -> str:
    return ", ".join(f"{wait:.3g}" for wait in waits)


@rule("drawn with `rng.uniform()` or `rng.random()`")
def _drawn(answer: Any) -> None:
    meeting = _meet(answer, _EIGHT[:3])
    rolls, waits = meeting.dice.rolls, meeting.diary.calls
    if meeting.came_through and rolls < len(waits) == 3:
        problem = "several waits share one number" if rolls else "no number was drawn from rng"
        expected = "one number of rng for each wait"
        got = f"numbers drawn: {rolls}; pause() called with {show(waits)}"
        raise meeting.finding(problem, expected, got)


@rule("random from 0 to a limit")
def _full_jitter(answer: Any) -> None:
    _, at_0 = _waits(answer, 0.0, 3)
    _, at_1 = _waits(answer, _ALMOST_1, 3)
    meeting, between = _waits(answer, 0.25, 3)
    for number, (a, b, c) in enumerate(zip(at_0, at_1, between, strict=False), 1):
        if abs(min(a, b)) > 1e-6:
            problem = f"wait {number} is never below {min(a, b):.3g}, whatever is drawn"
            raise meeting.finding(problem, "from 0 on", f"from {_listed([a])} to {_listed([b])}")
        if abs(a + (b - a) / 4 - c) > 1e-6:
            problem = f"wait {number}: not each wait up to the limit is as likely as another"
            expected = f"{_listed([a + (b - a) / 4])} where rng.random() is 0.25"
            raise meeting.finding(problem, expected, _listed([c]))


@rule(f"The limit is {_FIRST:g}")
def _first_limit(answer: Any) -> None:
    meeting, limits = _limits(answer, 1)
    if limits and abs(limits[0] - _FIRST) > 1e-6:
        expected = f"a wait from 0 to {_FIRST:g}"
        got = f"a wait that may be {_listed(limits)} long"
        raise meeting.finding("the first limit is another one", expected, got)


@rule("then twice that, and so on")
def _twice(answer: Any) -> None:
    meeting, limits = _limits(answer, 7)
    for number, (before, limit) in enumerate(itertools.pairwise(limits), 2):
        due = min(2 * before, _LONGEST)
        if abs(limit - due) > 1e-6 and not limit > due == _LONGEST:
            problem = f"limit {number} is {limit:.3g}, after {before:.3g}"
            expected = f"it doubles with each failure, up to {_LONGEST:g}"
            raise meeting.finding(problem, expected, f"the limits {_listed(limits)}")


@rule(f"never above {_LONGEST:g}")
def _capped(answer: Any) -> None:
    meeting, limits = _limits(answer, 6)
    if any(limit > _LONGEST + 1e-6 for limit in limits[1:]):
        expected = f"no wait is longer than {_LONGEST:g}"
        raise meeting.finding("the limit goes on growing", expected, f"{_listed(limits)}")


EXERCISE = Exercise(
    id="8.3",
    title="Full jitter, with a cap",
    task=(
        "Write `stubborn(url, rng, pause)`: it connects until a connection brings a message, and "
        "returns that message. Refused, lost, closed without a message: each is a failure. After "
        "each it calls `await pause(seconds)` once, with full jitter: random from 0 to a limit, "
        "drawn with `rng.uniform()` or `rng.random()`. The limit is "
        f"{_FIRST:g}, then twice that, and so on, but never above {_LONGEST:g}."
    ),
    name="stubborn",
    starter="""
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            ...
""",
    hints=(
        "Two things happen after a failure: a wait below the present limit, and a new limit.",
        "`rng.uniform(a, b)` is a random number from a to b. Full jitter begins at 0.",
        "`await pause(rng.uniform(…, …))`, then `limit = min(…, …)`: the double, or the cap.",
    ),
    solution="""
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)
""",
    explanation=(
        "`connect()` and `recv()` stand in one `try`, so a connection that opens and fails at once "
        "counts as a failure, and the limit goes on growing. `rng` and `pause` are arguments: "
        "with a seeded generator and a pause that takes no time, a test knows every wait. A real "
        "client gives `random.Random()` and `asyncio.sleep`."
    ),
    rules=(
        _that_message,
        _refused,
        _lost,
        _closed,
        _pauses,
        _until,
        _drawn,
        _full_jitter,
        _first_limit,
        _twice,
        _capped,
    ),
    minutes=10,
    difficulty=2,
    needs="Reconnect: a thousand at a time",
)
