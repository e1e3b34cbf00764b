"""Exercise 7.4: A token bucket."""

from __future__ import annotations

import time
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, Finding, Metronome, Server, answering, once_a_check, tell
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_BURST: Final = 5
_FLOOD: Final = 15  # more would fill max_queue, and the CLOSE would wait behind them


def _flood(
    server: Server, client: Client, count: int = _FLOOD, message: str | bytes = "flood {}"
) -> tuple[int, float]:
    """Send messages that arrive at once; return how many came back, and within which seconds."""
    began = time.perf_counter()
    with server.standing_still():
        for number in range(count):
            client.send(message.format(number) if isinstance(message, str) else message)
    back, _ = client.hear_to_the_end(most=count, timeout=0.5)
    return len(back), time.perf_counter() - began


def _at_most(tokens: float, seconds: float) -> int:
    """How many messages a right bucket can let through, if the machine took so many seconds."""
    return int(tokens + 10 * seconds)


def _spend(client: Client, count: int, problem: str) -> None:
    for number in range(count):
        client.send(f"message {number}")
    for number in range(count):
        client.expect_text(f"message {number}", problem)


@rule("it sends each message back, as long as the client keeps to its rate")
def _sends_back(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        for message in ("hello", "", b"\xff", "hello"):
            client.send(message)
            client.expect(message, "a message came, and there was a token for it")


@rule("begins with 5 tokens")
def _begins_with_five(answer: Any) -> None:
    with answering(answer) as server:
        for _ in range(3):  # a task that fills the bucket may do so in between
            with server.client() as client:
                back, seconds = _flood(server, client)
                if _BURST <= back <= _at_most(_BURST, seconds):
                    return
        problem = f"{_FLOOD} messages came at once"
        raise client.finding(problem, "five of them come back", f"{back} came back")


class _Pauses:
    """
    What is wrong with the buckets of four clients that pause, at the same time.

    Attributes:
        maximum: Of one that says nothing at first, longer than it takes to fill any bucket.
        refills: Of those that have used four of five tokens, and pause then.
        in_time: Whether messages came fast enough to tell twice the rate from the right one.
    """

    def __init__(self, server: Server) -> None:
        self.maximum: Finding | None = None
        self.refills: Finding | None = None
        self.in_time = True
        self._server = server
        with (
            Metronome(0.1) as metronome,
            server.clients(5) as (resting, short, long, hasty, steady),
        ):
            self._metronome = metronome
            self._began = time.perf_counter()
            try:
                for client in (short, long, hasty):
                    _spend(client, _BURST - 1, "four messages came at once")
                self._spent = time.perf_counter()
                self._hurry(hasty)
                self._go_on(steady, 4)
                self._refilled(short)
                self._go_on(steady, 3)
                self._refilled(long)
            except Finding as finding:
                self.refills = finding
            self._rest(resting)

    def _hurry(self, client: Client) -> None:
        """Send messages twice as fast as tokens come."""
        back, began = 0, time.perf_counter()
        while back < 10:
            client.send(f"hasty {back}")
            if not client.hear_to_the_end(most=1)[0]:
                break
            back += 1
            if back > _at_most(2, time.perf_counter() - self._began):
                problem = "four of five tokens were used, and then a message came every 0.045 s"
                got = f"{back} came back in {time.perf_counter() - began:.2f} s"
                raise client.finding(problem, "one comes back every 0.1 s", got)
            time.sleep(0.045)
        self.in_time = time.perf_counter() - began < 0.06 * (back + 1)

    def _go_on(self, client: Client, count: int) -> None:
        """Send messages half as fast again as tokens come; there are five to begin with."""
        for _ in range(count):
            time.sleep(0.06)
            problem = "seven messages came, 0.06 s from one to the next"
            client.send("step")
            client.expect_text("step", problem)

    def _refilled(self, client: Client) -> None:
        """Send six messages at once, some time after four."""
        pause = time.perf_counter() - self._spent
        # What a task adds every 0.1 s is late on a busy machine, and so are these beats.
        least = min(_BURST, self._metronome.beats_since(self._spent))
        back, _ = _flood(self._server, client, 6)
        if not least <= back <= _at_most(2, time.perf_counter() - self._began):
            problem = f"{pause:.2f} s after four of five tokens were used, six messages came"
            expected = f"{min(_BURST, least + 1)} of them come back"
            raise client.finding(problem, expected, f"{back} came back")

    def _rest(self, client: Client) -> None:
        """Say nothing for a while, then send many messages at once."""
        left = self._began + 0.45 - time.perf_counter()
        if left > 0:
            time.sleep(left)
        back, seconds = _flood(self._server, client)
        if back > _at_most(_BURST + 1, seconds):
            problem = f"after 0.45 s of silence {_FLOOD} messages came at once"
            self.maximum = client.finding(problem, "five of them come back", f"{back} came back")


@once_a_check
def _pause(answer: Any) -> _Pauses:
    for _ in range(4):
        with answering(answer) as server:
            pauses = _Pauses(server)
        if pauses.in_time or pauses.refills:
            break
    return pauses


@rule("its maximum")
def _maximum(answer: Any) -> None:
    tell(_pause(answer).maximum)


@rule("gets 10 new ones in a second, little by little")
def _refills(answer: Any) -> None:
    tell(_pause(answer).refills)


@rule("Each connection has a bucket")
def _each_its_own(answer: Any) -> None:
    with answering(answer) as server, server.clients(7) as clients:
        for client in clients:
            _spend(client, 4, "each of seven clients sent four messages")


@rule("Each message takes a token")
def _each_message(answer: Any) -> None:
    with answering(answer) as server:
        with server.client() as client:
            plain, _ = _flood(server, client)
        for message in (b"flood", ""):
            with server.client() as client:
                back, seconds = _flood(server, client, message=message)
                if back > _at_most(plain + 1, seconds):
                    problem = f"{_FLOOD} times {message!r} came at once"
                    expected = f"{plain} come back, as of other messages"
                    raise client.finding(problem, expected, f"{back} came back")


@rule("gets no answer, and closes the connection with code 1008")
def _closes(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        back, _ = _flood(server, client)
        if client.ws.close_code != 1008:
            problem = f"{_FLOOD} messages came at once, and {back} came back"
            code = client.ws.close_code
            got = f"code {code}" if code else "the connection stays open"
            raise client.finding(problem, "then CLOSE 1008", got)


EXERCISE = Exercise(
    id="7.4",
    title="A token bucket",
    task=(
        "Write `limited(ws)`: it sends each message back, as long as the client keeps to its rate. "
        "Each connection has a bucket that begins with 5 tokens, its maximum, and gets 10 new ones "
        "in a second, little by little. Each message takes a token; a message for which there is "
        "none gets no answer, and closes the connection with code 1008."
    ),
    name="limited",
    starter="""
import time


async def limited(ws):
    tokens, before = 5.0, time.monotonic()
    async for message in ws:
        ...
        await ws.send(message)
""",
    hints=(
        "No task has to fill the bucket. When a message comes, how many tokens have come since "
        "the last one?",
        "`now - before` are the seconds since the last message, ten tokens for each. And a bucket "
        "that is full takes no more: `min(5, …)`.",
        "First add what has come and set `before = now`. Then, if there is less than one token, "
        "close and return; else take one off.",
    ),
    solution="""
import time


async def limited(ws):
    tokens, before = 5.0, time.monotonic()
    async for message in ws:
        now = time.monotonic()
        tokens, before = min(5.0, tokens + 10 * (now - before)), now
        if tokens < 1:
            await ws.close(1008, "too many messages")
            return
        tokens -= 1
        await ws.send(message)
""",
    explanation=(
        "The bucket is two numbers, computed when a message comes: no timer, no task. The maximum "
        "is what a client may send at once, the rate what it may send for ever."
    ),
    rules=(
        _sends_back,
        _begins_with_five,
        _closes,
        _maximum,
        _refills,
        _each_its_own,
        _each_message,
    ),
    minutes=20,
    difficulty=3,
    needs="Rate limiting",
)
