"""Exercise 4.1: One bad message costs one message."""

from __future__ import annotations

import contextlib
from typing import Any, Final

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Finding, run_client, same, show
from wslab.exercises._rule import Rule

from ._shared import NESTED, about

__all__ = ["EXERCISE"]


_BAD: Final = object()


def _probe_read_all(answer: Any) -> None:
    batches: list[tuple[str, list[tuple[str | bytes, Any]]]] = [
        (
            "a bad message should cost one message: the good ones after it count",
            [
                ('{"temperature":21.5}', {"temperature": 21.5}),
                ('{"temperature":21.6', _BAD),
                ('{"temperature":21.7}', {"temperature": 21.7}),
            ],
        ),
        (
            'null, 0, false, [] and "" are JSON: each of them is a value',
            [("null", None), ("0", 0), ("false", False), ("[]", []), ('""', "")],
        ),
        ("NaN is not JSON", [("1", 1), ("NaN", _BAD), ("[2, Infinity]", _BAD), ("3", 3)]),
        ("a message of 100,000 brackets is not JSON", [("1", 1), (NESTED, _BAD), ("2", 2)]),
        ("bytes that are not JSON are a bad message", [(b"\x00\x01", _BAD), ("[true]", [True])]),
        (
            "only the last of these messages is JSON",
            [("", _BAD), ("Hello", _BAD), ("{'a': 1}", _BAD), ('{"a":1,}', _BAD), ("7", 7)],
        ),
        ("there is nothing to read", []),
    ]
    for problem, messages in batches:

        async def handler(
            ws: ServerConnection, messages: list[tuple[str | bytes, Any]] = messages
        ) -> None:
            for message, _ in messages:
                await ws.send(message)

        values = [value for _, value in messages if value is not _BAD]
        expected = (values, len(messages) - len(values))
        sent = ", ".join(show(message) for message, _ in messages) or "no message"
        with about(sent, show(expected)):
            result, server = run_client(answer, handler)
        if not isinstance(result, tuple | list) or len(result) != 2:
            problem = "it should return two things: the list of values and the number of bad ones"
        elif _spelled(result[0]) == repr(values):  # 0 == False, and nan != nan
            if same(result[1], expected[1]):
                continue
            problem = "the number of bad messages is not right"
        raise Finding(
            problem,
            sent=sent,
            expected=show(expected),
            got=show(result),
            records=server.transcript.snapshot()[-12:],
        )


def _spelled(value: object) -> str:
    with contextlib.suppress(Exception):
        return repr(value)
    return ""


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
    rules=(Rule("", _probe_read_all),),
    minutes=5,
    difficulty=1,
    needs="A message that is not JSON",
)
