"""Exercise 1.2: Receive until the end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Play, awkward, play, same, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_PLAIN = ("one", "two", "three", "four")

_LATE = _PLAIN[-1]

_AWKWARD: tuple[Sequence[str | bytes], ...] = (
    (),
    ("a", "a", "b", "a"),
    ("before", "", "after"),
    (awkward.TEXTS["blanks at the ends"], awkward.TEXTS["two lines"], "0"),
    ("text", b"\x00 and bytes", ""),
    tuple(f"message {number}" for number in range(14)),
)

# 1001 ends a loop over the connection, as 1000 does; the others make it raise.
_QUIET_CODES = (1000, 1001)
_CODES = (4001, 1011, 1008, 3000)

_WHOLE = "(['one', 'two', 'three', 'four'], 1000, 'bye')"


def _collect(
    answer: Any, messages: Sequence[str | bytes], code: int, reason: str, pause: float = 0
) -> Play:
    """Let the client collect what our server sends before it closes."""

    async def handler(ws: ServerConnection) -> None:
        for message in messages:
            await ws.send(message)
        await asyncio.sleep(pause)
        if pause:
            await ws.send(_LATE)
        await ws.close(code, reason)

    few = ", ".join(map(show, messages[:5])) + (", …" if len(messages) > 5 else "")
    said = f"{few}, then CLOSE {code} {reason!r}" if messages else f"CLOSE {code} {reason!r}"
    return play(answer, handler, called=said)


def _parts(played: Play) -> Sequence[Any] | None:
    """The three things returned, if it is three things."""
    result = played.result
    return result if isinstance(result, tuple | list) and len(result) == 3 else None


def _messages(played: Play) -> list[Any] | None:
    parts = _parts(played)
    return list(parts[0]) if parts and isinstance(parts[0], list | tuple) else None


@rule("receives messages until the server closes the connection")
def _until_the_end(answer: Any) -> None:
    for messages, pause in ((_PLAIN, 0.0), (_PLAIN[:3], 0.3)):
        played = _collect(answer, messages, 1000, "bye", pause)
        if pause:
            played = played.where(f"before the last message it was quiet for {pause} s")
        played.returned(_WHOLE)
        got = _messages(played)
        if got is not None and len(got) < len(_PLAIN):
            problem = "it stopped before the server closed"
            raise played.finding(problem, _WHOLE, show(played.result))


@rule("returns `(messages, code, reason)`")
def _three_things(answer: Any) -> None:
    played = _collect(answer, _PLAIN, 1000, "bye")
    if played.failure is None and _parts(played) is None:
        problem = "it returned nothing" if played.result is None else "it is another shape"
        raise played.finding(problem, _WHOLE, show(played.result))


@rule("the list of messages in their order")
def _in_order(answer: Any) -> None:
    for messages in (_PLAIN, *_AWKWARD):
        played = _collect(answer, messages, 1000, "bye")
        if messages is _PLAIN and (played.failure or _parts(played) is None):
            return  # other rules tell about that
        expected = show(list(messages))
        played.returned(expected)
        got = _messages(played)
        if messages is _PLAIN and got is not None and len(got) < len(messages):
            return
        if got != list(messages):
            problem = "these are not the messages that the server sent"
            if got is None:
                problem = "the messages are no list"
            elif sorted(map(repr, got)) == sorted(map(repr, messages)):
                problem = "they are in another order"
            elif len(got) != len(messages):
                problem = f"these are {len(got)} messages, and the server sent {len(messages)}"
            raise played.finding(problem, expected, show(_parts(played)))


@rule("the close code")
def _close_code(answer: Any) -> None:
    for code in _QUIET_CODES:
        played = _collect(answer, _PLAIN, code, "bye")
        parts = _parts(played)
        if parts and not same(parts[1], code):
            raise played.finding("it is another code", str(code), show(parts))


@rule("and the reason")
def _reason(answer: Any) -> None:
    for reason in ("bye", "", awkward.TEXTS["quotes"], awkward.TEXTS["other scripts"]):
        played = _collect(answer, ["one"], 1000, reason)
        parts = _parts(played)
        if parts and not same(parts[2], reason):
            raise played.finding("it is another reason", show(reason), show(parts))


@rule("The server may close with any code.")
def _any_code(answer: Any) -> None:
    for code in _CODES:
        played = _collect(answer, ["one", "two"], code, "quota used up")
        expected = f"(['one', 'two'], {code}, 'quota used up')"
        played.returned(expected)
        parts = _parts(played)
        if parts and same(parts[2], "quota used up") and not same(parts[1], code):
            problem = "1000 is right for a normal end only"
            raise played.finding(problem, expected, show(parts))
        if parts and same(parts[1], code) and not same(parts[2], "quota used up"):
            raise played.finding("the reason is another one", expected, show(parts))
        if parts and not parts[0]:
            problem = "what came before the CLOSE is lost"
            raise played.finding(problem, expected, show(parts))


EXERCISE = Exercise(
    id="1.2",
    title="Receive until the end",
    task=(
        "Write `collect(url)`, blocking or `async`: it receives messages until the server closes "
        "the connection, and returns `(messages, code, reason)`: the list of messages in their "
        "order, the close code and the reason. The server may close with any code."
    ),
    name="collect",
    starter="""
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def collect(url):
    messages = []
    with connect(url) as ws:
        ...
    return messages, ws.close_code, ws.close_reason
""",
    hints=(
        "A loop `for message in ws` ends when the server closes normally. And otherwise?",
        "With a code such as 4001 the loop raises `ConnectionClosed`. Where must the `try` stand?",
        "`try: … for message in ws: messages.append(message) … except ConnectionClosed: pass`",
    ),
    solution="""
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def collect(url):
    messages = []
    with connect(url) as ws:
        try:
            while True:
                messages.append(ws.recv(timeout=5))
        except ConnectionClosed:
            pass
    return messages, ws.close_code, ws.close_reason
""",
    explanation=(
        "`recv()` raises `ConnectionClosed` for every code, a loop over `ws` only for codes other "
        "than 1000 and 1001. Code and reason stay on `ws` after the end."
    ),
    rules=(
        _until_the_end,
        _three_things,
        _in_order,
        _close_code,
        _reason,
        _any_code,
    ),
    minutes=10,
    difficulty=2,
    needs="How a connection ends",
)
