"""Exercise 7.4: A token bucket."""

from __future__ import annotations

from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, Finding, answering, during
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


_BURST: Final = 5


_FLOOD: Final = 15  # more would fill max_queue, and the CLOSE would wait behind them


def _probe_limited(answer: Any) -> None:
    def burst(client: Client, problem: str) -> None:
        for number in range(_BURST):
            client.send(f"message {number}")
        for number in range(_BURST):
            client.expect_text(f"message {number}", problem)

    def flood(client: Client, problem: str) -> None:
        # How many come back depends on the time that passes meanwhile: a few more than five.
        for number in range(_FLOOD):
            client.send(f"flood {number}")
        for number in range(_BURST):
            client.expect_text(f"flood {number}", "five messages at once should come back")
        number = _BURST
        while number < _FLOOD and client.ws.close_code is None:
            try:
                client.expect_text(f"flood {number}", problem)
            except Finding:
                break  # what came instead is judged below
            number += 1
        client.expect_close(1008, problem)

    with answering(answer) as server:
        with server.clients(2) as (ada, grace):
            burst(ada, "five messages at once should come back")
            with during("a second client"):
                burst(grace, "each client should have five messages of its own")
            ada.expect_silence("nobody has sent anything", 0.8)
            with during("0.8 seconds later"):
                burst(ada, "what was used should be refilled, ten in a second")
        with server.client() as client:
            flood(client, f"{_FLOOD} messages at once should close with 1008")
        with server.client() as client:
            client.expect_silence("nobody has sent anything", 1.5)
            with during("after 1.5 seconds of silence"):
                flood(client, "more than five at once should close with 1008: nobody can save up")
        with during("after others were closed"), server.client() as late:
            burst(late, "five messages at once should come back")


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
    rules=(Rule("", _probe_limited),),
    minutes=20,
    difficulty=3,
    needs="Rate limiting",
)
