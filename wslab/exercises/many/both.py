"""Exercise 6.1: Two at once."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import REPLY_TIMEOUT, awkward, play, same, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_PAIRS = (
    ("ada", "grace"),
    (awkward.TEXTS["quotes"], awkward.TEXTS["other scripts"]),
    (awkward.TEXTS["blanks at the ends"], ""),
)


class _Host:
    """
    A server that answers each message with itself and "!".

    Attributes:
        heard: What each connection said, in the order in which they came.
    """

    def __init__(self) -> None:
        self.heard: list[list[str | bytes]] = []

    async def __call__(self, ws: ServerConnection) -> None:
        said: list[str | bytes] = []
        self.heard.append(said)
        async with asyncio.TaskGroup() as answers:
            async for message in ws:
                said.append(message)
                answers.create_task(self.answer(ws, message))

    async def answer(self, ws: ServerConnection, message: str | bytes) -> None:
        await ws.send(f"{message!s}!")

    def messages(self) -> list[str | bytes]:
        return [message for said in self.heard for message in said]


class _Patient(_Host):
    """It answers nobody before both have spoken; not for ever, though."""

    def __init__(self) -> None:
        super().__init__()
        self.both = asyncio.Event()
        self.alone = False

    async def answer(self, ws: ServerConnection, message: str | bytes) -> None:
        if len(self.messages()) >= 2:
            self.both.set()
        try:
            async with asyncio.timeout(REPLY_TIMEOUT / 2):
                await self.both.wait()
        except TimeoutError:
            self.alone = True
        await super().answer(ws, message)


class _Ordered(_Host):
    """It answers one message first, if both are there, or after a moment if they never are."""

    def __init__(self, first: str, replies: dict[str, str]) -> None:
        super().__init__()
        self.first = first
        self.replies = replies
        self.answered = asyncio.Event()

    async def answer(self, ws: ServerConnection, message: str | bytes) -> None:
        if message != self.first:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await self.answered.wait()
        await ws.send(self.replies.get(str(message), "?"))
        if message == self.first:
            self.answered.set()


@rule("say `first` and `second`")
def _say_both(answer: Any) -> None:
    for first, second in _PAIRS:
        host = _Host()
        played = play(answer, host, first, second)
        expected = f"the messages {show(first)} and {show(second)}"
        heard = host.messages()
        if any(isinstance(message, bytes) for message in heard):
            raise played.finding("bytes go out as a binary message", expected, show(heard))
        if sorted(map(str, heard)) != sorted((first, second)):
            problem = "no message came" if not heard else "other messages came"
            raise played.finding(problem, expected, show(heard) if heard else "nothing")
        played.returned(expected)


@rule("each with a connection of its own")
def _own_connection(answer: Any) -> None:
    host = _Host()
    played = play(answer, host, "ada", "grace")
    if any(len(said) > 1 for said in host.heard):
        problem = "both messages came over one connection"
        raise played.finding(problem, "two connections, a message on each", show(host.heard))


@rule("at the same time")
def _same_time(answer: Any) -> None:
    host = _Patient()
    played = play(answer, host, "ada", "grace")
    if host.alone:
        raise played.finding(
            "after one message it waits for the reply, and the server waits for the other one",
            "both messages before the first reply",
            f"{show(host.heard[0])}, and no other for {REPLY_TIMEOUT / 2:g} s",
        )


@rule("returns the list of both replies, in this order")
def _in_order(answer: Any) -> None:
    for replies in (["two", "one"], ["", "0"], ["same", "same"]):
        for early in ("ada", "grace"):
            host = _Ordered(early, dict(zip(("ada", "grace"), replies, strict=True)))
            played = play(answer, host, "ada", "grace").where(f"{early!r} is answered first")
            if any(len(said) > 1 for said in host.heard):
                return  # another rule tells about that
            result = played.returned(show(replies))
            if isinstance(result, list | tuple) and same(list(result), replies):
                continue
            if result is None:
                problem = "it returned nothing"
            elif isinstance(result, list | tuple) and same(list(result)[::-1], replies):
                problem = "they came back in the order in which they arrived"
            else:
                problem = "it returned something else"
            raise played.finding(problem, show(replies), show(result))
    played = play(answer, _Host(), "hello", "hello").where("both say the same")
    if not same(list(played.returned("['hello!', 'hello!']")), ["hello!", "hello!"]):
        problem = "equal messages have a reply each"
        raise played.finding(problem, "['hello!', 'hello!']", show(played.result))


_SAY: Final = """
import asyncio

from websockets.asyncio.client import connect


async def say(url, message):
    async with connect(url) as ws:
        await ws.send(message)
        return await ws.recv()

"""


EXERCISE = Exercise(
    id="6.1",
    title="Two at once",
    task=(
        "Complete `both(url, first, second)`: two clients, each with a connection of its own, say "
        "`first` and `second` at the same time. It returns the list of both replies, in this "
        "order. The server answers nobody before both have spoken."
    ),
    name="both",
    starter=_SAY
    + """
async def both(url, first, second):
    # your code
    ...
""",
    hints=(
        "`await say(url, first)` comes back with the reply. What does the second client do until "
        "then?",
        "asyncio has a function that runs several coroutines at the same time and waits for all "
        "of them.",
        "Give `asyncio.gather()` one `say(…)` for each message. Its results are in the order of "
        "its arguments.",
    ),
    solution=_SAY
    + """
async def both(url, first, second):
    return list(await asyncio.gather(say(url, first), say(url, second)))
""",
    explanation=(
        "With one `await` after the other, the second client would begin when the first one is "
        "done. `asyncio.gather()` makes a task of each coroutine; the results are in the order of "
        "the arguments, whichever is done first."
    ),
    rules=(_say_both, _own_connection, _same_time, _in_order),
    minutes=5,
    difficulty=1,
    needs="One reader, one writer",
)
