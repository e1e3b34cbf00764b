"""Exercise 2.1: Welcome, and answer."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import (
    Client,
    Finding,
    Metronome,
    Server,
    answering,
    arrive_together,
    awkward,
    show,
)
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_WELCOME: Final = "Welcome to the WebSocket server!"
_CROWD: Final = 13


def _words(message: str | bytes) -> str:
    """What a message says, whether it is text or, which another rule tells about, bytes."""
    return message if isinstance(message, str) else message.decode(errors="replace")


def _expect(client: Client, words: str, problem: str) -> None:
    got = client.receive(show(words), problem)
    if _words(got) != words:
        raise client.finding(problem, show(words), show(got))


@contextlib.contextmanager
def _guest(server: Server) -> Iterator[Client]:
    """Connect a client, and hear what it is welcomed with, whatever that is."""
    with server.client() as client:
        client.receive(show(_WELCOME), "before the client has said anything")
        yield client


@rule("sends `Welcome to the WebSocket server!`")
def _welcomes(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        _expect(client, _WELCOME, "before the client has said anything")


@rule("answers each of its messages")
def _answers_each(answer: Any) -> None:
    with answering(answer) as server, _guest(server) as other, _guest(server) as client:
        for number in (1, 2, 3):
            client.send(f"message {number}")
            client.receive("a reply", f"to message {number}")
        for number in (4, 5, 6):
            client.send(f"message {number}")
        for number in (4, 5, 6):
            client.receive("a reply to each", f"three messages at once; to message {number}")
        other.expect_silence("a client that has sent nothing got a reply", 0.0)


@rule("with `Server received: ` and the message")
def _repeats(answer: Any) -> None:
    with answering(answer) as server:
        for text in ("Hello, server!", *awkward.TEXTS.values()):
            with _guest(server) as client:
                client.send(text)
                _expect(client, f"Server received: {text}", "the reply is another one")


@rule("all of it as text")
def _as_text(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        client.receive_text("text", "the welcome")
        client.send("hello")
        client.receive_text("text", "the reply")


@rule("to each client that connects")
def _each_client(answer: Any) -> None:
    with answering(answer) as server:
        with _guest(server), server.client() as second:
            _expect(second, _WELCOME, "another client is there")
        with server.client() as late:
            _expect(late, _WELCOME, "all others have left")
        with server.client() as rude:
            rude.vanish()
        with server.client() as late:
            _expect(late, _WELCOME, "another one has vanished")


@rule("none of whom waits for another")
def _nobody_waits(answer: Any) -> None:
    with answering(answer) as server:
        server.expect_no_blocking("hello", before=1)
        # A machine that stands still for a moment does so once, a handler does it each time.
        if (beats := min(_beats_for_a_crowd(server) for _ in range(2))) > 3 * _CROWD:
            raise Finding(
                "it blocks: while it welcomes one client, all others wait",
                sent=f"nothing, by {_CROWD} clients that come at once",
                expected="await where it waits, such as asyncio.sleep() instead of time.sleep()",
                got=f"{beats / _CROWD:.0f} ms for each of them, one after another",
            )


def _beats_for_a_crowd(server: Server) -> int:
    """Return in how many beats of a millisecond a crowd gets its first messages, 0 if none do."""
    with Metronome(0.001) as metronome:
        began = time.perf_counter()
        came = any(message is not None for message in arrive_together(server, _CROWD))
        return metronome.beats_since(began) if came else 0


EXERCISE = Exercise(
    id="2.1",
    title="Welcome, and answer",
    task=(
        "Complete the two lines. The server sends `Welcome to the WebSocket server!` to each "
        "client that connects, none of whom waits for another, and answers each of its messages "
        "with `Server received: ` and the message, all of it as text."
    ),
    name="welcome",
    starter="""
async def welcome(ws):
    # your code
    ...
    async for message in ws:
        ...
""",
    hints=(
        "What stands above the loop runs once for each client, what stands in it runs for each "
        "message.",
        "`ws.send()` is a coroutine. Without `await` nothing is sent.",
        'Above the loop `await ws.send("Welcome to the WebSocket server!")`, in it the same with '
        'an f-string: `f"Server received: {message}"`.',
    ),
    solution="""
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        await ws.send(f"Server received: {message}")
""",
    explanation=(
        "The handler is called once for each connection, so its first line is the first thing that "
        "each client gets. The loop is the rest of the connection's life."
    ),
    rules=(_welcomes, _each_client, _answers_each, _repeats, _as_text, _nobody_waits),
    minutes=5,
    difficulty=1,
    needs="The whole server",
)
