"""Exercise 2.5: Ticks on demand."""

from __future__ import annotations

import re
import time
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import (
    HELD_UP,
    REPLY_TIMEOUT,
    Client,
    Finding,
    Server,
    answering,
    during,
    show,
)
from wslab.exercises._rule import Rule
from wslab.wire import Frame, Record

__all__ = ["EXERCISE"]


_TICK: Final = re.compile(r"tick ([0-9]{1,9})", re.ASCII)


_MANY: Final = 1000


_PACE: Final = "a tick is due every 10 milliseconds"


class _Listener:
    """A client of the metronome, which knows what its next tick must be."""

    def __init__(self, client: Client, server: Server) -> None:
        self.client = client
        self.server = server
        self.next = 1

    def ticks(self, count: int, problem: str) -> None:
        """Expect so many ticks in a row, and not too slowly."""
        deadline = time.monotonic() + REPLY_TIMEOUT
        for number in range(count):
            expected = f"'tick {self.next}'"
            self._tick(self.client.receive_text(expected, problem), expected, problem)
            if time.monotonic() > deadline:
                got = f"{number + 1} in {REPLY_TIMEOUT:g} s"
                raise self.client.finding(_PACE, f"{count} ticks in less time", got)

    def until(self, text: str, problem: str) -> None:
        """Expect this text, after any number of ticks."""
        expected = f"{text!r}, perhaps after some ticks"
        deadline = time.monotonic() + REPLY_TIMEOUT
        for _ in range(_MANY):
            got = self.client.receive_text(expected, problem)
            if got == text:
                return
            self._tick(got, expected, problem)
            if time.monotonic() > deadline:
                break
        problem = HELD_UP if self.server.is_held_up() else problem
        raise self.client.finding(problem, expected, "nothing but ticks")

    def _tick(self, got: str, expected: str, problem: str) -> None:
        match = _TICK.fullmatch(got)
        if match is None:
            raise self.client.finding(problem, expected, show(got))
        if int(match[1]) != self.next:
            problem = "each tick should have the number after that of the tick before"
            raise self.client.finding(problem, f"'tick {self.next}'", show(got))
        self.next += 1


def _expect_pace(server: Server) -> None:
    """Expect that the ticks of the first client did not come much faster than they should."""
    frames = server.background.transcript.filter(connection=1, kind="text")
    starts = frames.filter(sender="client", where=lambda record: _text(record) == "start")
    ticks = frames.filter(sender="server", where=lambda record: _text(record).startswith("tick "))
    # From the start on: one that is late may catch up.
    if not starts or ticks[-1].time - starts[0].time < 0.005 * (len(ticks) - 1):
        raise Finding(
            _PACE,
            sent="'start'",
            expected=f"{len(ticks)} ticks in {10 * (len(ticks) - 1)} ms",
            got="them much faster",
            records=ticks[-12:],
        )


def _text(record: Record) -> str:
    return (record.text or "") if isinstance(record, Frame) else ""


def _probe_metronome(answer: Any) -> None:
    echoed = "any other message should be sent back at once"
    ticking = "after `start`, ticks should come one after the other"
    stopped = "`stop` should be answered with `stopped`"
    quiet = "after `stopped` no tick may come before the next `start`"
    with answering(answer) as server:
        with server.client() as first:
            ada = _Listener(first, server)
            first.send("hello")
            first.expect_text("hello", "before `start` there are no ticks, and " + echoed)
            first.expect_silence("before `start` there are no ticks", 0.1)
            first.send("start")
            ada.ticks(5, ticking)
            with during("while it ticks"):
                for message in ("are you there?", "Grüße", "start over"):
                    first.send(message)
                    ada.until(message, echoed)
                ada.ticks(10, ticking)
                _expect_pace(server)
            with server.client() as second:
                grace = _Listener(second, server)
                with during("with a second client"):
                    second.send("hello")
                    second.expect_text("hello", "each client has ticks of its own, and " + echoed)
                    second.send("start")
                    grace.ticks(3, "each client has ticks of its own")
                    ada.ticks(3, ticking)
                with during("after a second `start`"):
                    first.send("start")
                    first.send("still there?")
                    ada.until("still there?", echoed)
                    ada.ticks(10, ticking)
                first.send("stop")
                ada.until("stopped", stopped)
                first.expect_silence(quiet)
                with during("after another client has stopped"):
                    grace.ticks(3, ticking)
                second.vanish()
            with during("when it goes on"):
                first.send("start")
                ada.ticks(5, ticking)
                first.send("stop")
                ada.until("stopped", stopped)
                first.send("stop")
                first.expect_text("stopped", stopped)
                first.send("hello")
                first.expect_text("hello", echoed)
        with during("after others have left"), server.client() as third:
            lin = _Listener(third, server)
            third.send("start")
            lin.ticks(3, "each client has ticks of its own")
        server.expect_handlers_to_end("the handler should return when its client has left")


EXERCISE = Exercise(
    id="2.5",
    title="Ticks on demand",
    task=(
        "Write `metronome(ws)`. After `start` it sends `tick 1`, `tick 2` and so on, one every 10 "
        "milliseconds, until `stop`, which it always answers with `stopped`; the next `start` goes "
        "on with the next number, and a `start` while it ticks changes nothing. Any other text is "
        "sent back at once, ticking or not. Each client has its own ticks, and when a client has "
        "left, its handler returns."
    ),
    name="metronome",
    starter="""
import asyncio


async def metronome(ws):
    async for message in ws:
        if message == "start":
            ...
        elif message == "stop":
            ...
        else:
            await ws.send(message)
""",
    hints=(
        "The loop has to go on receiving while ticks are sent. So they are sent by a task of its "
        "own, as in `ticker`; `start` makes it, `stop` cancels it.",
        "The number of the next tick has to survive the task: a variable of the handler, which the "
        "inner function changes with `nonlocal`. And a variable says whether there is a task now: "
        "`sender = None`.",
        "`if sender is None: sender = asyncio.create_task(send_ticks())`; for `stop`, "
        '`sender.cancel()`, `sender = None`, `await ws.send("stopped")`. The loop stands in '
        "`try:`; in `finally:` the task is cancelled if there is one.",
    ),
    solution="""
import asyncio


async def metronome(ws):
    tick = 0
    sender = None

    async def send_ticks():
        nonlocal tick
        while True:
            tick += 1
            await ws.send(f"tick {tick}")
            await asyncio.sleep(0.01)

    try:
        async for message in ws:
            if message == "start":
                if sender is None:
                    sender = asyncio.create_task(send_ticks())
            elif message == "stop":
                if sender is not None:
                    sender.cancel()
                    sender = None
                await ws.send("stopped")
            else:
                await ws.send(message)
    finally:
        if sender is not None:
            sender.cancel()
""",
    explanation=(
        "Two things at once are two tasks: the handler receives, `sender` sends. A cancelled task "
        "does not run on from where it waits, so no tick follows `stopped`. Nobody but the handler "
        "knows the task; so the handler ends it, in `finally`, however the connection ends."
    ),
    rules=(Rule("", _probe_metronome),),
    minutes=20,
    difficulty=3,
    needs="Sending without being asked",
)
