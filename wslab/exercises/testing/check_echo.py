"""Exercise 10.1: A test that finds something."""

from __future__ import annotations

import asyncio
from typing import Any

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._rule import Rule
from wslab.handlers import echo

from ._shared import judge

__all__ = ["EXERCISE"]


async def _slow_echo(ws: ServerConnection) -> None:
    async for message in ws:
        await asyncio.sleep(0.1)
        await ws.send(message)


async def _shouts(ws: ServerConnection) -> None:
    async for message in ws:
        await ws.send(message.upper())


async def _only_text(ws: ServerConnection) -> None:
    async for message in ws:
        await ws.send(message if isinstance(message, str) else message.decode(errors="replace"))


async def _only_binary(ws: ServerConnection) -> None:
    async for message in ws:
        await ws.send(message.encode() if isinstance(message, str) else message)


async def _once(ws: ServerConnection) -> None:
    await ws.send(await ws.recv())


async def _repeats_the_first(ws: ServerConnection) -> None:
    first = None
    async for message in ws:
        first = first or message
        await ws.send(first if isinstance(first, type(message)) else message)


async def _is_silent(ws: ServerConnection) -> None:
    async for _ in ws:
        pass


def _probe_check_echo(answer: Any) -> None:
    judge(
        answer,
        {"answers at once": echo, "takes its time": _slow_echo},
        {
            "answers in capital letters": _shouts,
            "makes text of binary messages": _only_text,
            "makes binary messages of text": _only_binary,
            "answers the first message only": _once,
            "repeats the first answer": _repeats_the_first,
            "never answers": _is_silent,
        },
    )


EXERCISE = Exercise(
    id="10.1",
    title="A test that finds something",
    task=(
        "Write `check_echo(url)`, a test of an echo server, plain or `async`: it returns if text "
        "comes back as the same text and binary as the same bytes, for more than one message, and "
        "fails (by `assert`, or any exception) if not. It is done within 2 seconds, also when the "
        "server never answers. The check runs it against servers that are right, and against "
        "some that are not."
    ),
    name="check_echo",
    starter="""
import wslab


def check_echo(url):
    assert wslab.talk(url, "hello", timeout=1) == ...
""",
    hints=(
        "What does a server get wrong that passes your test? One message proves little, and "
        "`hello` proves nothing about bytes.",
        "`wslab.talk()` takes several messages, `str` and `bytes` mixed, and returns a list of "
        'what came back. In Python `"a" != b"a"`, so comparing the lists compares the types.',
        "Two different texts and two different `bytes` objects, sent in one `talk()` and compared "
        "with the list of the same four.",
    ),
    solution="""
import wslab


def check_echo(url):
    messages = ["hello", b"\\x00hello", "Grüße", b"bye"]
    assert wslab.talk(url, *messages, timeout=1) == messages
""",
    explanation=(
        "A test is worth what it finds. Changing the code under test on purpose, and looking "
        "whether the test notices, is called mutation testing. And a test that waits for ever "
        "finds nothing: each wait has an end."
    ),
    rules=(Rule("", _probe_check_echo),),
    minutes=10,
    difficulty=1,
    needs="A server for each test",
)
