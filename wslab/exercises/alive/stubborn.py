"""Exercise 8.3: Full jitter, with a cap."""

from __future__ import annotations

import contextlib
import random
import secrets
from collections.abc import Sequence
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, Pause, call, run_client, same, show
from wslab.exercises._rule import Rule
from wslab.server import serve

from ._shared import about

__all__ = ["EXERCISE"]


_FIRST: Final = 0.1  # the limit of the first wait, in seconds


_LONGEST: Final = 0.8


class _Dice(random.Random):
    """A generator of random numbers whose numbers are known."""

    fractions: Final = (0.5, 0.0, 0.999, 0.25, 0.75, 0.125, 0.875, 0.0625)

    def __init__(self) -> None:
        super().__init__(0)
        self.rolls = 0

    def random(self) -> float:
        self.rolls += 1
        return self.fractions[(self.rolls - 1) % len(self.fractions)]


def _limits(count: int) -> list[float]:
    return [min(_FIRST * 2**number, _LONGEST) for number in range(count)]


def _told_failures(failures: Sequence[int]) -> str:
    parts = [
        f"status {code}" if code < 1000 else "TCP lost" if code == 1006 else f"CLOSE {code}"
        for code in failures
    ]
    return "; ".join(
        [f"connection {number}: {part}" for number, part in enumerate(parts, 1)]
        + [f"connection {len(parts) + 1}: a message"]
    )


def _probe_stubborn(answer: Any) -> None:
    for failures in [[], [503], [1011], [1006, 503, 1001], [502, 1013, 1006, 1012, 500, 1011, 503]]:
        _try_stubborn(answer, failures)
    _try_refused(answer)


def _try_stubborn(answer: Any, failures: Sequence[int]) -> None:
    endings = iter(failures)
    ending = 0
    connections = 0
    token = secrets.token_hex(4)

    async def refuse(ws: ServerConnection, request: Request) -> Response | None:
        nonlocal ending, connections
        connections += 1
        ending = next(endings, 1000)
        return ws.respond(ending, "") if ending < 1000 else None

    async def handler(ws: ServerConnection) -> None:
        if ending == 1006:
            ws.transport.abort()
        elif ending == 1000:
            await ws.send(token)
            await ws.wait_closed()
        else:
            await ws.close(ending)

    dice, pause = _Dice(), Pause()
    told = _told_failures(failures)
    with about(told, show(token)):
        result, server = run_client(answer, handler, dice, pause, process_request=refuse)
    records = server.transcript.snapshot()[-16:]

    def wrong(
        problem: str,
        expected: object,
        got: object,
    ) -> Finding:
        shown = expected if isinstance(expected, str) else show(expected)
        return Finding(problem, sent=told, expected=shown, got=show(got), records=records)

    if not same(result, token):
        problem = "it should return the first message that comes"
        if connections <= len(failures):
            problem = "it gave up: these failures may pass"
        raise wrong(problem, show(token), result)
    if connections > len(failures) + 1:
        problem = "one message is enough: no reason to connect again"
        raise wrong(problem, f"connections: {len(failures) + 1}", connections)
    if len(pause.calls) != len(failures):
        problem = "pause() should be called once before each further attempt, and only then"
        raise wrong(problem, f"calls of pause(): {len(failures)}", pause.calls)
    if failures and not dice.rolls:
        raise wrong(
            "each wait should be drawn with rng: with a fixed one, all clients come together",
            "a random wait",
            pause.calls,
        )
    _check_waits(pause.calls, wrong)


def _try_refused(answer: Any) -> None:
    """Nobody listens until the first pause, which raises an OSError, and none of websockets'."""
    token = secrets.token_hex(4)

    async def handler(ws: ServerConnection) -> None:
        await ws.send(token)
        await ws.wait_closed()

    name = f"check {id(answer)}"
    with serve(handler, name=name) as stopped:
        url, port = stopped.url, stopped.port
    told = "connection 1: nobody listens; connection 2: a message"
    with contextlib.ExitStack() as stack, about(told, show(token)):

        class Opening(Pause):
            def __call__(self, seconds: float) -> Pause:
                if not self.calls:
                    stack.enter_context(serve(handler, name=name, port=port))
                return super().__call__(seconds)

        result = call(answer, url, _Dice(), Opening(), timeout=CLIENT_TIMEOUT)
        if not same(result, token):
            raise Finding("it should return the first message that comes", got=show(result))


def _check_waits(calls: Sequence[float], wrong: Any) -> None:
    limits = _limits(len(calls))
    for number, (wait, limit, fraction) in enumerate(
        zip(calls, limits, _Dice.fractions, strict=False), 1
    ):
        if isinstance(wait, int | float) and abs(wait - fraction * limit) < 1e-6:
            continue
        problem = f"wait {number} should be anything from 0 to its limit, {limit:g}"
        if isinstance(wait, int | float) and wait > _LONGEST:
            problem = f"no wait should be longer than {_LONGEST:g}"
        raise wrong(
            problem, f"{fraction * limit:g}, as rng.random() is {fraction:g} this time", calls
        )


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
    rules=(Rule("", _probe_stubborn),),
    minutes=10,
    difficulty=2,
    needs="Reconnect: a thousand at a time",
)
