"""Tests of wslab.exercises._source: what counts as begun, and where an `await` is missing."""

from __future__ import annotations

from typing import Any

import pytest
from answer_cells import define

from wslab.exercises._source import is_attempted, missing_await


@pytest.mark.parametrize(
    "code",
    [
        "def answer(url):\n    ...",
        "def answer(url):\n    message = ...\n    return message",
        "async def answer(ws):\n    await ws.send(...)",
        "answer = ...",
        "answer = lambda ws: ...",
    ],
)
def test_not_attempted(code: str) -> None:
    """Something is still to be filled in."""
    assert not is_attempted(define(code, "answer"))


@pytest.mark.parametrize(
    "code",
    [
        "def answer(url):\n    '''Do it ...'''\n    return 'and so on ...'",
        "def answer(url) -> tuple[int, ...]:\n    return (1,)",
        "def answer(array):\n    return array[..., 0]",
        "def answer(url):  # ...\n    return 1",
        "answer = print",
        "answer = None",
        "import functools\nanswer = functools.partial(print, 1)",
    ],
)
def test_attempted(code: str) -> None:
    """Three dots elsewhere, or no source to look into."""
    assert is_attempted(define(code, "answer"))


def test_attempted_without_source() -> None:
    """An answer from elsewhere, such as a library, is no starter."""
    namespace: dict[str, Any] = {}
    exec("async def answer(ws): ...", namespace)
    assert is_attempted(namespace["answer"])


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("async def answer(ws):\n    ws.send('hello')", "ws.send(…)"),
        ("async def answer(ws):\n    async for m in ws:\n        ws.send(m)", "ws.send(…)"),
        ("async def answer(ws):\n    await ws.send('hello')", ""),
        ("async def answer(ws):\n    task = create_task(ws.send('hello'))", ""),
        ("def answer(url):\n    with connect(url) as ws:\n        ws.send('hello')", ""),
        ("async def answer(ws):\n    time.sleep(1)", ""),
        ("answer = 5", ""),
    ],
)
def test_missing_await(code: str, call: str) -> None:
    """A call of a coroutine that stands alone in an ``async`` function."""
    assert missing_await(define(code, "answer")) == call


def test_missing_await_as_the_solution_has_it() -> None:
    """What the solution calls without ``await`` needs none there; all else does."""
    solution = "async def answer(ws, bus):\n    bus.publish(await ws.recv())"
    answer = define("async def answer(ws, bus):\n    bus.publish(1)\n    ws.send(2)", "answer")
    assert missing_await(answer, solution) == "ws.send(…)"
    assert missing_await(answer) == "bus.publish(…)"
