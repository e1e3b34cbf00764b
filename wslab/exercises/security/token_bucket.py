"""Exercise 7.4: A token bucket."""

from __future__ import annotations

import time
from typing import Any, Final

from websockets.exceptions import ConnectionClosed

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, Server, answering
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_BURST: Final = 5
_FLOOD: Final = 15  # more would fill max_queue, and the CLOSE would wait behind them


def _flood(server: Server, client: Client, count: int = _FLOOD) -> tuple[int, float]:
    """Send messages that arrive at once; return how many came back, and within which seconds."""
    began = ended = time.perf_counter()
    with server.standing_still():
        for number in range(count):
            client.send(f"flood {number}")
    back = 0
    try:
        while back < count:
            client.ws.recv(timeout=0.5)
            back, ended = back + 1, time.perf_counter()
    except ConnectionClosed:
        ended = time.perf_counter()
    except TimeoutError:
        pass
    return back, ended - began


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
    with answering(answer) as server, server.client() as client:
        back, seconds = _flood(server, client)
        if not _BURST <= back <= _at_most(_BURST, seconds):
            problem = f"{_FLOOD} messages came at once"
            raise client.finding(problem, "five of them come back", f"{back} came back")


@rule("its maximum")
def _maximum(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        client.expect_silence("nothing was sent", 0.45)
        back, seconds = _flood(server, client)
        if back > _at_most(_BURST, seconds):
            problem = f"after 0.45 s of silence {_FLOOD} messages came at once"
            raise client.finding(problem, "five of them come back", f"{back} came back")


@rule("gets 10 new ones in a second, little by little")
def _refills(answer: Any) -> None:
    for pause, least in ((0.25, 2), (0.38, 3)):
        with answering(answer) as server, server.client() as client:
            began = time.perf_counter()
            _spend(client, _BURST - 1, "four messages came at once")
            client.expect_silence("nothing was sent", pause)
            back, _ = _flood(server, client, 6)
            most = _at_most(2, time.perf_counter() - began)
            if not least <= back <= most:
                problem = f"{pause:g} s after four of five tokens were used, six messages came"
                expected = f"{least + 1} of them come back"
                raise client.finding(problem, expected, f"{back} came back")
    with answering(answer) as server, server.client() as client:
        for number in range(7):
            time.sleep(0.045 if number else 0.0)
            client.send(f"step {number}")
            client.expect_text(
                f"step {number}", "seven messages came, 0.045 s from one to the next"
            )
            time.sleep(0.045)


@rule("Each connection has a bucket")
def _each_its_own(answer: Any) -> None:
    with answering(answer) as server, server.clients(3) as clients:
        for client in clients:
            _spend(client, 4, "each of three clients sent four messages")


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
    rules=(_sends_back, _begins_with_five, _maximum, _refills, _each_its_own, _closes),
    minutes=20,
    difficulty=3,
    needs="Rate limiting",
)
