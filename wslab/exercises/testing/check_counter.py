"""Exercise 10.4: Find all six."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._rule import rule

from ._shared import Handler, passes_with, refuses, refuses_silence

__all__ = ["EXERCISE"]


def _counter(
    *,
    start: int = 0,
    shared: bool = False,
    skips: Callable[[str | bytes], bool] = lambda message: False,
    last: int = 1_000,
    delay: float = 0.0,
) -> Handler:
    """
    Make a server that counts the messages of its clients, with a fault if one is given.

    Its first answer to each client comes after ``delay`` seconds.
    """
    everything = {"count": start}

    async def count(ws: ServerConnection) -> None:
        own, due = everything if shared else {"count": start}, delay
        async for message in ws:
            if not skips(message):
                own["count"] = min(last, own["count"] + 1)
            await asyncio.sleep(due)
            due = 0.0
            await ws.send(json.dumps({"count": own["count"]}))

    return count


async def _plain_numbers(ws: ServerConnection) -> None:
    number = 0
    async for _ in ws:
        number += 1
        await ws.send(str(number))


@rule("It returns if the server is right")
def _returns(answer: Any) -> None:
    passes_with(answer, "answers at once", _counter())
    passes_with(answer, "takes 50 ms for its first answer", _counter(delay=0.05))


@rule('text `{"count": N}`')
def _json_text(answer: Any) -> None:
    refuses(answer, "answers with a number instead of an object", _plain_numbers)


@rule("how many messages")
def _how_many(answer: Any) -> None:
    refuses(answer, "counts from 0", _counter(start=-1))


@rule("each message of a client")
def _each_message(answer: Any) -> None:
    refuses(answer, "counts to 3 and no further", _counter(last=3))


@rule("text or binary")
def _binary(answer: Any) -> None:
    fault = _counter(skips=lambda one: isinstance(one, bytes) and bool(one))
    refuses(answer, "does not count binary messages", fault)


@rule("empty or not")
def _empty(answer: Any) -> None:
    refuses(answer, "does not count empty messages", _counter(skips=lambda one: not one))


@rule("*this* client")
def _this_client(answer: Any) -> None:
    refuses(answer, "counts the messages of all clients together", _counter(shared=True))


@rule("within a second")
def _in_time(answer: Any) -> None:
    refuses_silence(answer)


EXERCISE = Exercise(
    id="10.4",
    title="Find all six",
    task=(
        "A server answers each message of a client, text or binary, empty or not, with the JSON "
        'text `{"count": N}`: how many messages *this* client has sent on this connection. Write '
        "its test `check_counter(url)`, plain or `async`. It returns if the server is right, "
        "within a second, and fails if not. The check has six servers for it that are each wrong "
        "in another way, a silent one, and a right one that takes 10 ms for each message; it says "
        "which your test has missed."
    ),
    name="check_counter",
    starter="""
import json

import wslab


def check_counter(url):
    # your code
    ...
""",
    hints=(
        "Read the first sentence of the task again, word by word: each word is something that a "
        "server can get wrong.",
        "*This* client: with one client alone nobody can tell. Connect two at the same time, or "
        "one after the other.",
        'Send `"a"`, `""`, `b"b"`, `b""`, `"c"` in one `wslab.talk()`, and expect 1 to 5. Then do '
        "it again, and expect 1 to 5 again.",
    ),
    solution="""
import json

import wslab


def check_counter(url):
    messages = ["a", "", b"b", b"", "c"]
    for _ in range(2):
        replies = wslab.talk(url, *messages, timeout=0.5)
        assert [json.loads(reply) for reply in replies] == [{"count": n} for n in range(1, 6)]
""",
    explanation=(
        "Each word of a specification is a test case, and the edges (empty, binary, a second "
        "client) find more than a long list of ordinary messages. Property-based tests look for "
        "such edges by themselves."
    ),
    rules=(_returns, _json_text, _how_many, _each_message, _binary, _empty, _this_client, _in_time),
    minutes=20,
    difficulty=3,
    needs="Properties",
)
