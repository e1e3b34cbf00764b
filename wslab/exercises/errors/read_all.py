"""Exercise 4.1: One bad message costs one message."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Play, awkward, play, show
from wslab.exercises._rule import rule
from wslab.handlers import parse_json

__all__ = ["EXERCISE"]

_VALUES: Final = [
    value for name, value in awkward.VALUES.items() if name not in ("NaN", "Infinity")
]

_PLAIN: Final = ('{"temperature":21.5}', '{"temperature":21.7}', '{"temperature":21.5}', "22")
_AWKWARD: Final = (*map(json.dumps, [*_VALUES, *awkward.TEXTS.values()]), ' {"a" :\n[ 1 ]}\t')

_NOT_JSON: Final = ("hello", '{"a": ', "", "{'a': 1}")
_MIXED: Final = ("1", "hello", '{"a": ', "2", "", "hello", "{'a': 1}", "3")

_ODD: Final = (
    ("NaN", False),
    ("[2, -Infinity]", False),
    ('{"a": NaN}', False),
    (awkward.NESTED, False),
    (b"\x00\x01", False),
    (b"\xff\xfe", False),
    (b'{"a": 1}', True),
)
"""What :func:`json.loads` and others see in another way, and whether it is JSON."""


def _meet(answer: Any, messages: Sequence[str | bytes], pause: float = 0.0) -> Play:
    """Let the answer receive these messages, with a pause before the last one."""

    async def handler(ws: ServerConnection) -> None:
        for message in messages[:-1]:
            await ws.send(message)
        await asyncio.sleep(pause)
        for message in messages[-1:]:
            await ws.send(message)

    quiet = f", the last one after {pause:g} s," if pause else ""
    sent = f"{', '.join(map(show, messages)) or 'no message'}{quiet} and CLOSE 1000"
    return play(answer, handler, called=f"read_all(url) is called, and the server sends {sent}")


def _is_pair(result: Any) -> bool:
    return (
        isinstance(result, tuple | list)
        and len(result) == 2
        and isinstance(result[0], tuple | list)
        and type(result[1]) is int
    )


def _spelled(value: object) -> str:
    """Spell a value: ``0 == False`` and ``1 == 1.0``, but they are not the same JSON."""
    try:
        return repr(value)
    except Exception:  # it is the learner's
        return ""


@rule("returns `(values, bad)`")
def _pair(answer: Any) -> None:
    for messages in (("1", "2"), ()):
        expected = show(([1, 2] if messages else [], 0))
        played = _meet(answer, messages)
        result = played.returned(expected)
        if not _is_pair(result):
            problem = "these are no two things, a list and a number"
            if result is None:
                problem = "it returned nothing"
            raise played.finding(problem, expected, show(result))


@rule("receives messages until the server closes")
def _until_the_end(answer: Any) -> None:
    for messages, pause in ((("1", "hello", "", "2", "3"), 0.0), (("1", "2", "3"), 0.15)):
        played = _meet(answer, messages, pause)
        if not pause and (played.failure or not _is_pair(played.result)):
            return  # another rule tells about that
        result = played.returned("the last value is 3")
        if not any(_spelled(value).strip("'") == "3" for value in result[0]):
            problem = "it stopped before the last message"
            raise played.finding(problem, "the last value is 3", show(result))


@rule("the list of values of those that are JSON")
def _values(answer: Any) -> None:
    for messages in (_PLAIN, _AWKWARD, _MIXED):
        good = [message for message in messages if message not in _NOT_JSON]
        expected = [parse_json(message) for message in good]
        played = _meet(answer, messages)
        if messages is _MIXED and played.failure:
            return  # another rule tells about that
        result = played.returned(show((expected, 0)))
        if not _is_pair(result):
            return  # another rule tells about that
        values, wanted = [_spelled(value) for value in result[0]], [*map(_spelled, expected)]
        if values == wanted:
            continue
        pairs = enumerate(zip(values, wanted, strict=False))
        at = next((n for n, (a, b) in pairs if a != b), min(len(values), len(wanted)))
        if values == [*map(_spelled, good)]:
            problem = "these are the texts of the messages, not the values"
        elif len(values) != len(expected):
            problem = f"there were {len(expected)} such messages, and {len(values)} came back"
        else:
            problem = f"value {at + 1} is another one"
        expected, got = expected[at:], list(result[0])[at:]
        if 0 < at < len(good):
            played = played.where(f"value {at + 1} is due to {show(good[at])}")
        raise played.finding(problem, f"{show(expected)} from there on", show(got))


@rule("how many are not")
def _how_many(answer: Any) -> None:
    for messages, bad in ((_MIXED, 5), (("null", "0", "false", '""', "[]"), 0)):
        played = _meet(answer, messages)
        expected = f"bad is {bad}"
        result = played.returned(expected)
        if _is_pair(result) and result[1] != bad:
            problem = f"{bad or 'none'} of {len(messages)} messages are not JSON"
            raise played.finding(problem, expected, f"bad is {show(result[1])}")


@rule("`wslab.handlers.parse_json()` knows what is JSON")
def _what_is_json(answer: Any) -> None:
    plain = _meet(answer, ("1", "hello", "2"))
    if plain.failure or _spelled(plain.result) not in ("([1, 2], 1)", "[[1, 2], 1]"):
        return  # another rule tells about that
    for odd, is_json in _ODD:
        expected = ([1, parse_json(odd), 2], 0) if is_json else ([1, 2], 1)
        played = _meet(answer, ("1", odd, "2"))
        result = played.returned(show(expected))
        if _spelled(list(result)) != _spelled(list(expected)):
            problem = f"{show(odd)} is {'JSON' if is_json else 'not JSON'}"
            raise played.finding(problem, show(expected), show(result))


EXERCISE = Exercise(
    id="4.1",
    title="One bad message costs one message",
    task=(
        "Complete the two places: `read_all(url)` receives messages until the server closes, and "
        "returns `(values, bad)`, the list of values of those that are JSON, and how many are not. "
        "`wslab.handlers.parse_json()` knows what is JSON."
    ),
    name="read_all",
    starter="""
from websockets.sync.client import connect

import wslab


def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(...)
            except ...:
                bad += 1
    return values, bad
""",
    hints=(
        "`parse_json()` returns the value. What does it do when there is none?",
        "It raises one kind of exception for all that is not JSON; “What `json.loads()` raises” "
        "says which.",
        "`values.append(wslab.handlers.parse_json(message))`, and `except ValueError:`.",
    ),
    solution="""
from websockets.sync.client import connect

import wslab


def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(wslab.handlers.parse_json(message))
            except ValueError:
                bad += 1
    return values, bad
""",
    explanation=(
        "`try` stands inside the loop, so that it goes on after a bad message. If parsing raises, "
        "`append` is not reached. `except ValueError` is as narrow as it can be: a mistake in the "
        "program, such as a `TypeError`, is not counted as a bad message of the server."
    ),
    rules=(_pair, _until_the_end, _values, _how_many, _what_is_json),
    minutes=5,
    difficulty=1,
    needs="A message that is not JSON",
)
