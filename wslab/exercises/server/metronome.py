"""Exercise 2.5: Ticks on demand."""

from __future__ import annotations

import itertools
import re
import statistics
import time
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import (
    Client,
    Finding,
    Metronome,
    Server,
    answering,
    awkward,
    held_up,
    show,
)
from wslab.exercises._rule import rule
from wslab.transcript import Records

__all__ = ["EXERCISE"]

_TICK: Final = re.compile(r"tick ([0-9]{1,9})", re.ASCII)
_SECONDS: Final = 0.01
_COUNT: Final = 12
"""Ticks that are enough to tell how fast they come."""

_QUICK: Final = 0.8 * _SECONDS
"""Two answers within this time, and there was no silence between them as long as a tick."""

# What is neither `start` nor `stop`; long texts are not needed to see that.
_OTHERS: Final = ("hello", "start over", " stop ", "STOP", "tick 7", "", awkward.TEXTS["quotes"])


class _Listener:
    """A client that has sent ``start``, and knows which tick must come next."""

    def __init__(self, client: Client, server: Server, *, first: int | None = None) -> None:
        self.client = client
        self.server = server
        self.next = first  # None: whatever number comes first
        client.send("start")

    def ticks(self, count: int, problem: str) -> None:
        """Expect so many ticks in a row, with their numbers."""
        for _ in range(count):
            expected = "a tick" if self.next is None else f"'tick {self.next}'"
            self._tick(self.client.receive_text(expected, problem), expected, problem)

    def until(self, text: str, problem: str, most: int = 50) -> None:
        """Expect this text, after a few ticks at most."""
        expected = f"{text!r}, perhaps after some ticks"
        for _ in range(most):
            got = self.client.receive_text(expected, problem)
            if got == text:
                return
            self._tick(got, expected, problem)
        if self.server.is_held_up():
            raise held_up()
        raise self.client.finding(problem, expected, f"{most} ticks before it")

    def _tick(self, got: str, expected: str, problem: str) -> None:
        match = _TICK.fullmatch(got)
        if match is None:
            raise self.client.finding(problem, expected, show(got))
        if self.next is not None and int(match[1]) != self.next:
            problem = f"{problem}: another number"
            raise self.client.finding(problem, f"'tick {self.next}'", show(got))
        self.next = int(match[1]) + 1

    def talk(self, *texts: str, count: int) -> str:
        """
        Send these texts, await the echo of the last one, and so on, faster than the ticks come.

        Args:
            count: So many ticks are enough. A machine that is too busy proves nothing.

        Returns:
            What is wrong with the ticks meanwhile: too many on any machine, or none at all.
        """
        first, began = self.next or 0, time.monotonic()
        quick, came, before, trip = 0.0, 0, began, _QUICK
        while came < count and before < began + 1.5:
            known = self.next
            for text in texts:
                self.client.send(text)
            self.until(texts[-1], "while it ticks")
            now = time.monotonic()
            last, trip, before = trip, now - before, now
            ticks = (self.next or 0) - first
            if ticks > 3 + 2 * (now - began) / _SECONDS:
                return f"{ticks} ticks within {1000 * (now - began):.0f} ms"
            if last + trip < _QUICK:
                quick += trip
                came += self.next != known
            if not came and quick > 30 * _SECONDS:
                return "none for 300 ms"
        return ""

    def sent(self) -> Records:
        """What the server has sent to this client, read or not."""
        transcript = self.server.background.transcript
        return transcript.filter(connection=self.client.number, sender="server", kind="text")

    def expect_pace(self, metronome: Metronome, problem: str, *, alone: bool = True) -> None:
        """
        Receive some ticks; expect that they come as our own metronome beats.

        Args:
            metronome: It beats every 10 milliseconds, or as late as this machine is.
            problem: What is said if not.
            alone: Whether no other client has ticks.
        """
        for _ in range(3):  # a busy machine may hold up one of the two loops
            self.ticks(_COUNT, "more ticks are due")
            times = [frame.time for frame in self.sent()][-_COUNT:]
            gap = statistics.median(b - a for a, b in itertools.pairwise(times))
            # Nothing makes a sleep shorter. What makes ours longer may make theirs longer.
            due = max(_SECONDS, metronome.gap(times[0], times[-1]))
            if 0.6 * _SECONDS <= gap <= (1.6 if alone else 2.2) * due:
                return
        expected = f"about {1000 * _SECONDS:.0f} ms from tick to tick"
        raise self.client.finding(problem, expected, f"about {1000 * gap:.0f} ms")


def _expect_quiet(client: Client, problem: str) -> None:
    """Expect that no message comes while our own metronome beats some times."""
    with Metronome(_SECONDS) as metronome:
        metronome.wait(6)
    client.expect_silence(problem, 0.0)


@rule("After `start` it sends `tick 1`, `tick 2` and so on")
def _ticks(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        client.barrier()
        _expect_quiet(client, "before `start` a message came")
        _Listener(client, server, first=1).ticks(5, "after `start`")


@rule("one every 10 milliseconds")
def _pace(answer: Any) -> None:
    with Metronome(_SECONDS) as metronome, answering(answer) as server, server.client() as client:
        listener = _Listener(client, server)
        listener.expect_pace(metronome, "the ticks come at another pace")


@rule("whatever is sent meanwhile")
def _meanwhile(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        listener = _Listener(client, server)
        try:
            listener.ticks(2, "after `start`")
            got = listener.talk("hello", count=1)
        except Finding:
            return  # other rules tell about that
        if got:
            problem = "texts come with less than 10 ms from one to the next, and there are no ticks"
            raise client.finding(problem, "a tick every 10 ms all the same", got)


@rule("until `stop`, which it always answers with `stopped`")
def _stops(answer: Any) -> None:
    with answering(answer) as server:
        with server.client() as client:
            client.send("stop")
            client.expect_text("stopped", "`stop` before any `start`")
        with server.client() as client:
            listener = _Listener(client, server)
            listener.ticks(3, "after `start`")
            client.send("stop")
            listener.until("stopped", "after `stop`")
            _expect_quiet(client, "after `stopped` a message came")
            client.send("stop")
            client.expect_text("stopped", "a second `stop`")


@rule("the next `start` goes on with the next number")
def _goes_on(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        listener = _Listener(client, server)
        for _ in range(2):
            listener.ticks(3, "after `start`")
            client.send("stop")
            listener.until("stopped", "after `stop`")
            client.send("start")
        listener.ticks(3, "after the next `start`")


@rule("a `start` while it ticks changes nothing")
def _one_task(answer: Any) -> None:
    with Metronome(_SECONDS) as metronome, answering(answer) as server, server.client() as client:
        listener = _Listener(client, server)
        listener.ticks(2, "after `start`")
        for _ in range(3):
            client.send("start")
        listener.ticks(3, "after four times `start`")
        listener.expect_pace(metronome, "after four times `start` the ticks come at another pace")
        _expect_no_more(listener)
        client.send("stop")
        try:
            listener.until("stopped", "after four times `start` and a `stop`")
        except Finding:
            return  # another rule tells about `stop`
        _expect_quiet(client, "after four times `start` and a `stop` it ticks on")


def _expect_no_more(listener: _Listener) -> None:
    """Expect that `start`, again and again, brings no tick before its time, and puts none off."""
    # Another text follows each `start`, whose echo shows that it was read.
    try:
        got = listener.talk("start", "hello", count=10)
        if got and listener.talk("hello", count=1):
            return  # another rule tells that any text puts the ticks off
    except Finding:
        return  # another rule tells about texts that do not come back
    if got:
        problem = "with each `start` the ticks begin anew"
        raise listener.client.finding(problem, "a tick every 10 ms", got)


@rule("Any other text is sent back at once, ticking or not")
def _others(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        for text in _OTHERS:
            client.send(text)
            client.expect_text(text, "without ticks")
        listener = _Listener(client, server)
        listener.ticks(2, "after `start`")
        for text in _OTHERS[:3]:
            client.send(text)
            listener.until(text, "while it ticks", most=10)


@rule("Each client has its own ticks")
def _own_ticks(answer: Any) -> None:
    with (
        Metronome(_SECONDS) as metronome,
        answering(answer) as server,
        server.clients(3) as (first, second, third),
    ):
        ada = _Listener(first, server, first=1)
        ada.ticks(2, "the first client")
        grace = _Listener(second, server, first=1)
        grace.ticks(2, "a second client, while another one has ticks")
        lin = _Listener(third, server, first=1)
        pace = "with three clients the ticks come at another pace"
        lin.expect_pace(metronome, pace, alone=False)
        first.send("stop")
        ada.until("stopped", "one of three clients has sent `stop`")
        sent = len(grace.sent())
        grace.ticks(sent, "another client has sent `stop`")


@rule("when a client has left, its handler returns")
def _returns(answer: Any) -> None:
    for leave in (Client.close, Client.vanish):
        with answering(answer) as server:
            with server.client() as client:
                _Listener(client, server).ticks(2, "after `start`")
                leave(client)
            server.expect_handlers_to_end("a client has left while it had ticks")


@rule("leaves no task behind")
def _no_task(answer: Any) -> None:
    with answering(answer) as server:
        with server.client() as client:
            listener = _Listener(client, server)
            listener.ticks(2, "after `start`")
            client.send("start")
            client.send("stop")
            try:
                listener.until("stopped", "after `stop`")
                client.send("start")
                listener.ticks(2, "after the next `start`")
            except Finding:
                return  # another rule tells about that
        if server.wait_for_handlers() and (left := server.wait_for_tasks()):
            raise Finding(
                "a client has left, and something of its handler runs on",
                sent="'start', 'start', 'stop', 'start', then CLOSE",
                expected="no task is left: `finally` is a place to cancel it",
                got=f"a task that runs {', '.join(left)}()",
                records=server.background.transcript.snapshot()[-12:],
            )


EXERCISE = Exercise(
    id="2.5",
    title="Ticks on demand",
    task=(
        "Write `metronome(ws)`. After `start` it sends `tick 1`, `tick 2` and so on, one every 10 "
        "milliseconds, whatever is sent meanwhile, until `stop`, which it always answers with "
        "`stopped`; the next `start` goes on with the next number, and a `start` while it ticks "
        "changes nothing. Any other text is sent back at once, ticking or not. Each client has its "
        "own ticks, and when a client has left, its handler returns and leaves no task behind."
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
    rules=(
        _ticks,
        _pace,
        _stops,
        _returns,
        _no_task,
        _goes_on,
        _one_task,
        _others,
        _own_ticks,
        _meanwhile,
    ),
    minutes=20,
    difficulty=3,
    needs="Sending without being asked",
)
