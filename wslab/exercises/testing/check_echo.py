"""Exercise 10.1: A test that finds something."""

from __future__ import annotations

import asyncio
from typing import Any

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._rule import rule
from wslab.handlers import echo

from ._shared import passes_with, refuses, refuses_silence

__all__ = ["EXERCISE"]


async def _slow_echo(ws: ServerConnection) -> None:
    due = 0.05  # before the first answer
    async for message in ws:
        await asyncio.sleep(due)
        due = 0.0
        await ws.send(message)


async def _shouts(ws: ServerConnection) -> None:
    async for message in ws:
        await ws.send(message.upper() if isinstance(message, str) else message)


async def _says_hello(ws: ServerConnection) -> None:
    async for message in ws:
        await ws.send("hello" if isinstance(message, str) else message)


async def _only_text(ws: ServerConnection) -> None:
    async for message in ws:
        await ws.send(message if isinstance(message, str) else message.decode(errors="replace"))


async def _only_binary(ws: ServerConnection) -> None:
    async for message in ws:
        await ws.send(message.encode() if isinstance(message, str) else message)


async def _empties_binary(ws: ServerConnection) -> None:
    async for message in ws:
        await ws.send(message if isinstance(message, str) else b"")


async def _once(ws: ServerConnection) -> None:
    await ws.send(await ws.recv())
    ws.transport.abort()  # close() would wait for the answer to CLOSE behind unread messages


async def _repeats_the_first(ws: ServerConnection) -> None:
    first: dict[type, str | bytes] = {}
    async for message in ws:
        await ws.send(first.setdefault(type(message), message))


@rule("it returns if")
def _returns(answer: Any) -> None:
    passes_with(answer, "answers at once", echo)
    passes_with(answer, "takes 50 ms for its first answer", _slow_echo)


@rule("text comes back as the same text")
def _same_text(answer: Any) -> None:
    refuses(answer, "answers text in capital letters", _shouts)
    refuses(answer, "makes binary messages of text", _only_binary)
    refuses(answer, "answers each text with 'hello'", _says_hello)


@rule("binary as the same bytes")
def _same_bytes(answer: Any) -> None:
    refuses(answer, "makes text of binary messages", _only_text)
    refuses(answer, "answers binary messages with an empty one", _empties_binary)


@rule("for more than one message")
def _several(answer: Any) -> None:
    refuses(answer, "answers the first message, and is gone", _once)
    refuses(answer, "repeats its first answer, for text and for bytes", _repeats_the_first)


@rule("It is done within a second, also when the server never answers")
def _in_time(answer: Any) -> None:
    refuses_silence(answer)


EXERCISE = Exercise(
    id="10.1",
    title="A test that finds something",
    task=(
        "Write `check_echo(url)`, a test of an echo server, plain or `async`: it returns if text "
        "comes back as the same text and binary as the same bytes, for more than one message, and "
        "fails (by `assert`, or any exception) if not. It is done within a second, also when the "
        "server never answers. The check runs it against servers that are right, which answer "
        "within 50 ms, and against some that are not."
    ),
    name="check_echo",
    starter="""
import wslab


def check_echo(url):
    assert wslab.talk(url, "hello", timeout=0.5) == ...
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
    assert wslab.talk(url, *messages, timeout=0.5) == messages
""",
    explanation=(
        "A test is worth what it finds. Changing the code under test on purpose, and looking "
        "whether the test notices, is called mutation testing. And a test that waits for ever "
        "finds nothing: each wait has an end."
    ),
    rules=(_returns, _same_text, _same_bytes, _several, _in_time),
    minutes=10,
    difficulty=1,
    needs="A server for each test",
)
