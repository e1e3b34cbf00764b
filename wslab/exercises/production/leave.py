"""Exercise 11.3: In this order."""

from __future__ import annotations

import asyncio
from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, call, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]


class _State:
    """The flags of a gate, and the order in which things happen."""

    def __init__(self) -> None:
        self.ready, self.closing = True, False
        self.pauses: list[tuple[bool, bool, int]] = []  # ready, closing, connections closed
        self.closes: list[tuple[Any, bool, bool]] = []  # code, closing, after a pause
        self.closed = 0  # how many close() have returned
        self.connections = [_Connection(self) for _ in range(3)]

    async def pause(self) -> None:
        self.pauses.append((self.ready, self.closing, len(self.closes)))
        if len(self.connections) == 3:
            self.connections.append(_Connection(self))  # a client that comes meanwhile
        await asyncio.sleep(0)


class _Connection:
    def __init__(self, state: _State) -> None:
        self._state = state

    async def close(self, code: Any = 1000, reason: Any = "") -> None:
        state = self._state
        state.closes.append((code, state.closing, bool(state.pauses)))
        await asyncio.sleep(0.001)
        state.closed += 1


SENT = "leave(state, pause, <3 connections>)"


def _run(answer: Any) -> _State:
    state = _State()
    try:
        call(answer, state, state.pause, state.connections, timeout=CLIENT_TIMEOUT)
    except Finding as finding:
        finding.sent, finding.expected = SENT, "it returns"
        raise
    return state


def _finding(problem: str, expected: str, got: str) -> Finding:
    return Finding(problem, sent=SENT, expected=expected, got=got)


@rule("First `state.ready` becomes `False`")
def _ready(answer: Any) -> None:
    state = _run(answer)
    if state.ready is not False or any(ready for ready, _, _ in state.pauses):
        problem = "the load balancer goes on sending clients"
        when = "at the end" if state.ready else "during the pause"
        raise _finding(problem, "state.ready is False before the pause", f"True {when}")


@rule("Then it awaits `pause()`, once")
def _pause(answer: Any) -> None:
    state = _run(answer)
    if len(state.pauses) != 1:
        problem = "the load balancer needs a moment to notice"
        raise _finding(problem, "one await of pause()", f"{len(state.pauses)}")


@rule("during which new clients are still welcome")
def _welcome(answer: Any) -> None:
    for _, closing, _ in _run(answer).pauses:
        if closing:
            problem = "clients whom the load balancer still sends are refused"
            raise _finding(problem, "state.closing is False during the pause", "True")


@rule("and no connection is closed")
def _early(answer: Any) -> None:
    for _, _, closed in _run(answer).pauses:
        if closed:
            problem = "who is sent away now is sent back here by the load balancer"
            raise _finding(problem, "nobody closed before the pause is over", f"{closed} closed")


@rule("Then `state.closing` becomes `True`")
def _closing(answer: Any) -> None:
    state = _run(answer)
    early = [closing for _, closing, late in state.closes if late and closing is not True]
    if early or state.closing is not True:
        problem = "new clients come in while the others are sent away"
        got = f"{show(early[0])} when a connection is closed" if early else show(state.closing)
        if early[:1] not in ([], [False]) or state.closing not in (True, False):
            problem = "it is another value, which a gate may take for something else"
        raise _finding(problem, "state.closing is True before the first close()", got)


@rule("last, all connections are closed with 1001")
def _codes(answer: Any) -> None:
    state = _run(answer)
    codes, count = [code for code, _, _ in state.closes], len(state.connections)
    expected = f"close(1001), {count} times"
    if codes != [1001] * count:
        problem = "each connection should be closed, with 1001 (going away)"
        if codes == [1001] * 3:
            problem = "who came during the pause should be closed with 1001, too"
        raise _finding(problem, expected, show(codes))
    if state.closed < count:
        problem = "when it returned, some were still being closed"
        raise _finding(problem, f"{expected}, each awaited", f"{state.closed} closed")


EXERCISE = Exercise(
    id="11.3",
    title="In this order",
    task=(
        "Write `leave(state, pause, connections)`, an `async` function. First `state.ready` "
        "becomes `False`. Then it awaits `pause()`, once, during which new clients are still "
        "welcome, and come into `connections`, and no connection is closed. Then `state.closing` "
        "becomes `True`; last, all connections are closed with 1001. The check gives it a "
        "`state`, a `pause()` and connections of its own, which note the order."
    ),
    name="leave",
    starter="""
async def leave(state, pause, connections):
    # your code
    ...
""",
    hints=(
        "Five lines, in the order of the task.",
        "`await pause()`, and `await ws.close(1001)` for each connection.",
        "Whether you close them in a loop or with `asyncio.gather()` is up to you.",
    ),
    solution="""
async def leave(state, pause, connections):
    state.ready = False
    await pause()
    state.closing = True
    for ws in list(connections):
        await ws.close(1001)
""",
    explanation=(
        "Between `ready = False` and the moment in which the load balancer has noticed, it still "
        "sends clients. If they were refused, they would see errors for nothing; if others were "
        "sent away already, some of them would land here again."
    ),
    rules=(_ready, _pause, _welcome, _early, _closing, _codes),
    minutes=10,
    difficulty=2,
    needs="Leaving in good order",
)
