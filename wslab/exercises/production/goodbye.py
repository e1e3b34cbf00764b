"""Exercise 11.2: Goodbye in batches."""

from __future__ import annotations

import asyncio
from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, call, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]


class _Crowd:
    """Connections whose ``close()`` takes a while, and what was done with them."""

    def __init__(self, count: int, failing: Exception | None = None) -> None:
        self.calls: list[tuple[int, Any]] = []
        self.closed: set[int] = set()
        self.cancelled: set[int] = set()
        self.closing = self.most = 0
        self.over = False  # the function has returned: what runs on is cancelled then
        self.connections = [
            _Connection(self, number, failing if number == 1 else None) for number in range(count)
        ]


class _Connection:
    def __init__(self, crowd: _Crowd, number: int, fails: Exception | None) -> None:
        self._crowd, self._number, self._fails = crowd, number, fails

    async def close(self, code: Any = 1000, reason: Any = "") -> None:
        crowd = self._crowd
        crowd.calls.append((self._number, code))
        crowd.closing += 1
        crowd.most = max(crowd.most, crowd.closing)
        try:
            if self._fails:  # before the others are closed
                await asyncio.sleep(0)
                raise self._fails
            await asyncio.sleep(0.01)
            crowd.closed.add(self._number)
        except asyncio.CancelledError:
            if not crowd.over:
                crowd.cancelled.add(self._number)
            raise
        finally:
            crowd.closing -= 1


def _run(
    answer: Any, count: int, size: int, failing: Exception | None = None
) -> tuple[_Crowd, str]:
    """Call the function; return what it did when it returned, and how it was called."""
    crowd = _Crowd(count, failing)
    words = f"goodbye(<{count} connections>, {size})"

    async def called(connections: Any, size: int) -> None:
        await answer(connections, size)
        crowd.over = True

    try:
        call(called, crowd.connections, size, timeout=CLIENT_TIMEOUT)
    except Finding as finding:
        if failing is None:
            finding.sent, finding.expected = words, "it returns"
            raise
        crowd.calls.append((-1, finding.got))
    return crowd, words


@rule("closes all `connections`")
def _all(answer: Any) -> None:
    for count, size in ((4, 2), (5, 2), (2, 10), (0, 3)):
        crowd, words = _run(answer, count, size)
        numbers = {number for number, _ in crowd.calls}
        if len(numbers) < count:
            problem = "some connections stay open"
            raise Finding(problem, sent=words, expected=f"{count} closed", got=f"{len(numbers)}")


@rule("with code 1001")
def _code(answer: Any) -> None:
    crowd, words = _run(answer, 4, 2)
    for _, code in crowd.calls:
        if code != 1001:
            problem = "1000 says that all is done; 1001 (going away) says: come back elsewhere"
            raise Finding(problem, sent=words, expected="close(1001)", got=f"close({show(code)})")


@rule("at most `size` of them at the same time")
def _most(answer: Any) -> None:
    crowd, words = _run(answer, 12, 4)
    if crowd.most > 4:
        problem = "too many connections are being closed at once: all of them come back at once"
        raise Finding(problem, sent=words, expected="at most 4 at once", got=f"{crowd.most}")


@rule("and more than one")
def _several(answer: Any) -> None:
    for size in (4, 2):
        crowd, words = _run(answer, 3 * size, size)
        if len(crowd.calls) > 1 and crowd.most == 1:
            problem = "each waits for the one before, and one that does not answer takes 10 seconds"
            expected = f"up to {size} at once"
            raise Finding(problem, sent=words, expected=expected, got="one at a time")


@rule("returns when all of them are closed")
def _waits(answer: Any) -> None:
    crowd, words = _run(answer, 8, 4)
    begun = {number for number, _ in crowd.calls}
    if crowd.closed < begun:
        problem = "when it returned, some were still being closed"
        got = f"{len(crowd.closed)} of {len(begun)} closed"
        raise Finding(problem, sent=words, expected="all closed", got=got)


@rule("A `close()` that raises an exception keeps no other connection open")
def _failing(answer: Any) -> None:
    for failure in (OSError("the network is gone"), RuntimeError("closed already")):
        crowd, words = _run(answer, 8, 4, failing=failure)
        others = {number for number, _ in crowd.calls} - {1, -1}  # it may raise at the end
        if others == {*range(8)} - {1} and not crowd.cancelled:
            continue  # whether it waits for them is another rule's matter
        problem = f"one close() raised {type(failure).__name__}, and others were not closed"
        got = f"{len(crowd.closed)} closed"
        raise Finding(problem, sent=words, expected="the 7 others closed", got=got)


EXERCISE = Exercise(
    id="11.2",
    title="Goodbye in batches",
    task=(
        "Write `goodbye(connections, size)`, an `async` function. It closes all `connections` "
        "with code 1001, at most `size` of them at the same time, and more than one if `size` "
        "allows, and returns when all of them are closed. A `close()` that raises an exception "
        "keeps no other connection open. The check gives it connections of its own, with "
        "`await ws.close(code)`."
    ),
    name="goodbye",
    starter="""
import asyncio


async def goodbye(connections, size):
    # your code
    ...
""",
    hints=(
        "`asyncio.gather()` closes several at the same time. How many do you give it?",
        "Slices make batches: `connections[start : start + size]`, as in exercise 9.2.",
        "`return_exceptions=True` makes `gather()` wait for all, whatever one of them raises.",
    ),
    solution="""
import asyncio


async def goodbye(connections, size):
    for start in range(0, len(connections), size):
        batch = connections[start : start + size]
        await asyncio.gather(*(ws.close(1001) for ws in batch), return_exceptions=True)
""",
    explanation=(
        "Each client that is told goodbye comes back within a second or so, to the servers that "
        "are left, and costs them a handshake. Batches, with a pause in between, make that a "
        "stream instead of a stampede. In production the whole has a bound besides: a client "
        "that never answers the CLOSE takes `close_timeout`."
    ),
    rules=(_all, _code, _most, _several, _waits, _failing),
    minutes=15,
    difficulty=2,
    needs="Leaving in good order",
)
