"""Exercise 11.4: Through a restart."""

from __future__ import annotations

import http
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Play, play, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]


class _Feed:
    """A feed of numbers from 1 on whose server is restarted after some of them."""

    def __init__(self, *sent: int, code: int = 1001, again: int = 0, refusals: int = 0) -> None:
        self.sent, self.code, self.again, self.refusals = list(sent), code, again, refusals
        self.paths: list[str] = []
        self.count = 0  # where it ends: a client that closes need not read a thousand more

    def process_request(self, ws: ServerConnection, request: Request) -> Response | None:
        if self.paths and self.refusals:
            self.refusals -= 1
            return ws.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "later\n")
        self.paths.append(request.path)
        return None

    async def handle(self, ws: ServerConnection) -> None:
        number = int(self.paths[-1].partition("?after=")[2] or 0)
        number = max(0, number - self.again)
        last = number + self.sent.pop(0) if self.sent else self.count
        for each in range(number + 1, last + 1):
            await ws.send(str(each))
        if last < self.count:
            await ws.close(self.code)
        await ws.wait_closed()

    def play(self, answer: Any, count: int, words: str) -> Play:
        """Let the learner's client follow it."""
        self.count = count
        options: dict[str, Any] = {"process_request": self.process_request}
        return play(answer, self.handle, count, **options).where(words)


def _numbers(feed: _Feed, answer: Any, count: int, words: str, problem: str) -> None:
    played = feed.play(answer, count, words)
    wanted = list(range(1, count + 1))
    got = played.returned(show(wanted))
    if got != wanted or not all(isinstance(number, int) for number in got):
        raise played.finding(problem, show(wanted), show(got))


@rule("returns the first `count` numbers, as a list of `int`")
def _plain(answer: Any) -> None:
    _numbers(_Feed(), answer, 5, "nothing is restarted", "these are not the first numbers")


@rule("When the server closes the connection, it connects again")
def _again(answer: Any) -> None:
    feed = _Feed(3, 3)
    played = feed.play(answer, 8, "the server closes twice, with 1001, after 3 numbers each")
    if len(feed.paths) < 3:
        got = f"{len(feed.paths)}; {played.failure.got if played.failure else show(played.result)}"
        raise played.finding("it did not come back", "3 connections", got)


@rule("with `?after=` and the last number that it has")
def _after(answer: Any) -> None:
    feed = _Feed(3, 3)
    played = feed.play(answer, 8, "the server closes twice, with 1001, after 3 numbers each")
    wanted = ["/?after=3", "/?after=6"]
    came = feed.paths[1:3]
    if came != wanted[: len(came)]:
        raise played.finding("the server is asked for something else", show(wanted), show(came))


@rule("also after a close code such as 1011")
def _abnormal(answer: Any) -> None:
    feed = _Feed(3, code=1011)
    played = feed.play(answer, 5, "the server closes with 1011 after 3 numbers")
    if len(feed.paths) == 1 and _comes_back(answer):
        got = played.failure.got if played.failure else show(played.result)
        raise played.finding("after 1011 it did not come back", "2 connections", str(got))


def _comes_back(answer: Any) -> bool:
    feed = _Feed(3)
    feed.play(answer, 5, "")
    return len(feed.paths) > 1


@rule("and while it is refused with 503")
def _refused(answer: Any) -> None:
    feed = _Feed(3, refusals=2)
    played = feed.play(answer, 5, "the server closes after 3 numbers, and refuses twice with 503")
    if len(feed.paths) == 1 and _comes_back(answer):
        got = played.failure.got if played.failure else show(played.result)
        raise played.finding("after 503 it gave up", "it tries until it is let in", str(got))


@rule("A number that comes twice counts once")
def _twice(answer: Any) -> None:
    feed = _Feed(3, again=2)
    played = feed.play(answer, 6, "the new server begins two numbers before what was asked for")
    if isinstance(played.result, list) and len(set(map(str, played.result))) < len(played.result):
        raise played.finding("a number is in the list twice", "[1, 2, 3, …]", show(played.result))


EXERCISE = Exercise(
    id="11.4",
    title="Through a restart",
    task=(
        "Write a client `follow(url, count)`. The server sends the numbers 1, 2, 3, …, each as "
        "text. `follow` returns the first `count` numbers, as a list of `int`. When the server "
        "closes the connection, it connects again, with `?after=` and the last number that it has "
        '(`url + "/?after=3"`), also after a close code such as 1011, and while it is refused '
        "with 503. A number that comes twice counts once. It may be `async` if you like."
    ),
    name="follow",
    starter="""
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect as connect_sync


def follow(url, count):
    numbers = []
    ...
    return numbers
""",
    hints=(
        "A loop around `connect_sync()`, which ends when `count` numbers are there.",
        "After 1001 the loop `for message in ws` ends; after 1011 it raises `ConnectionClosed`. A "
        "refusal is `InvalidStatus`.",
        "Append a number only if it is greater than the last one.",
    ),
    solution="""
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect as connect_sync


def follow(url, count):
    numbers = []
    while len(numbers) < count:
        path = f"/?after={numbers[-1]}" if numbers else ""
        try:
            with connect_sync(url + path) as ws:
                for message in ws:
                    if not numbers or int(message) > numbers[-1]:
                        numbers.append(int(message))
                    if len(numbers) == count:
                        return numbers
        except (ConnectionClosed, InvalidStatus):
            continue
    return numbers
""",
    explanation=(
        "Not the drain makes a restart lossless, but this. In production there is a pause before "
        "each attempt, with backoff and jitter (08), and an end to the attempts."
    ),
    rules=(_plain, _again, _after, _abnormal, _refused, _twice),
    minutes=20,
    difficulty=2,
    needs="A rolling restart",
)
