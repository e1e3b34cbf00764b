"""Exercise 4.3: Close for a reason."""

from __future__ import annotations

import time
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import (
    BEATS_OF_A_REPLY,
    CROWD,
    Client,
    Finding,
    Metronome,
    Server,
    answering,
    awkward,
    during,
    show,
)
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_PASSWORD: Final = "open sesame"

_OTHERS: Final = (
    "let me in",
    "",
    "x",
    _PASSWORD.encode(),
    f"{_PASSWORD}, please",
    "please, " + _PASSWORD,
    f" {_PASSWORD}\n",
    "Open Sesame",
    '"open sesame"',
    "open",
    "welcome",
    "ü" * 101,
    bytes(200),
)
"""First messages that are not the password."""

_TOO_LONG: Final = ("x" * 101, "ü" * 101, " " * 101, "x" * 100 + "\n", "🎉" * 101, "é" * 5_000)
_LONGEST: Final = ("x" * 100, "ü" * 100, "🎉" * 100, " " * 100)
_FAULTS: Final = ("let me in", "x" * 101, b"Hello")
"""The first one is a first message, the others come after the password."""

_BINARY: Final = (b"Hello", _PASSWORD.encode(), b"", bytes(200))


def _log_in(client: Client) -> None:
    """Send the password and hear a reply; another rule tells whether it is the right one."""
    client.send(_PASSWORD)
    client.receive("'welcome'", f"the first message is {_PASSWORD!r}")


def _expect_code(client: Client, message: str | bytes, code: int, problem: str) -> None:
    client.send(message)
    _, end = client.hear_to_the_end()
    if client.ws.close_code != code:
        raise client.finding(problem, f"CLOSE {code}", end)


@rule("gets the reply `welcome`")
def _welcome(answer: Any) -> None:
    with answering(answer) as server:
        for _ in range(2):
            with server.client() as client:
                client.send(_PASSWORD)
                client.expect_text("welcome", f"the first message was {_PASSWORD!r}")


@rule("any other first message closes the connection with 1008")
def _stranger(answer: Any) -> None:
    with answering(answer) as server, server.client() as member:
        _log_in(member)
        for first in _OTHERS:
            with server.client() as stranger:
                _expect_code(stranger, first, 1008, f"the first message was {show(first)}")


@rule("From then on each text is sent back")
def _sent_back(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        _log_in(client)
        short = [text for text in awkward.TEXTS.values() if len(text) < 100]
        for text in ("Hello", "Hello", _PASSWORD, "welcome", *short):
            client.send(text)
            client.expect_text(text, "after the password, a text came")


@rule("a text of more than 100 characters closes with 1009")
def _too_long(answer: Any) -> None:
    with answering(answer) as server:
        for text in _LONGEST:
            with server.client() as client:
                _log_in(client)
                client.send(text)
                client.receive(show(text), "a text of exactly 100 characters is allowed")
        for text in _TOO_LONG:
            with server.client() as client:
                _log_in(client)
                _expect_code(client, text, 1009, f"a text of {len(text):,} characters came")


@rule("a binary message with 1003")
def _binary(answer: Any) -> None:
    with answering(answer) as server:
        for message in _BINARY:
            with server.client() as client:
                _log_in(client)
                _expect_code(client, message, 1003, f"a binary message came: {show(message)}")


def _expect_no_word(client: Client, message: str | bytes) -> None:
    client.send(message)
    messages, _ = client.hear_to_the_end()
    if messages and client.ws.close_code is not None:
        problem = f"a message came before the CLOSE, after {show(message)}"
        raise client.finding(problem, "CLOSE only", show(messages))


@rule("Nothing is sent before closing")
def _without_a_word(answer: Any) -> None:
    with answering(answer) as server:
        for first in ("let me in", b"Hello", ""):
            with server.client() as client:
                _expect_no_word(client, first)
        for message in ("x" * 101, b"Hello", bytes(200)):
            with server.client() as client:
                _log_in(client)
                _expect_no_word(client, message)


def _stall(server: Server, member: Client, fault: str | bytes) -> int:
    """Return how many milliseconds a member waits for its echo while many are being closed."""
    with Metronome(0.001) as metronome, server.clients(CROWD // 3) as clients:
        for client in clients:
            if fault != _FAULTS[0]:
                _log_in(client)
        began = time.perf_counter()
        for client in clients:
            client.send(fault)
        member.send("still here?")
        member.receive("'still here?'", "many others are being closed")
        return metronome.beats_since(began)


def _expect_no_stall(server: Server, member: Client, fault: str | bytes) -> None:
    """Expect that a member is served while many others are being closed."""
    count = CROWD // 3
    # A turn of a handler takes less than a millisecond. A busy machine is late by chance, what
    # blocks is late each time.
    stall = 0
    for _ in range(3):
        stall = _stall(server, member, fault)
        if stall <= BEATS_OF_A_REPLY * count:
            return
        if stall > 100 * count:
            break
    raise Finding(
        "it blocks: while it closes one connection, all others wait",
        sent=f"{show(fault)} by {count} clients at once, then a text by another one",
        expected="the text is sent back at once",
        got=f"it came after {stall / 1000:.2f} s",
    )


@rule("nobody else notices")
def _others(answer: Any) -> None:
    with answering(answer) as server, server.client() as silent, server.client() as member:
        with during("another client has connected and says nothing"):
            _log_in(member)
        for fault in _FAULTS:
            with server.client() as other:
                if fault != _FAULTS[0]:
                    _log_in(other)
                other.send(fault)
                other.hear_to_the_end()
            member.send("Hello")
            with during(f"another client was closed after {show(fault)}"):
                member.expect("Hello", "one that has done nothing wrong")
        with during("others have come and gone"):
            _log_in(silent)
        server.expect_no_blocking(_PASSWORD)
        for fault in _FAULTS:
            _expect_no_stall(server, member, fault)


EXERCISE = Exercise(
    id="4.3",
    title="Close for a reason",
    task=(
        "Write the handler `guard`. The first message of a client must be the text `open sesame` "
        "and gets the reply `welcome`; any other first message closes the connection with 1008. "
        "From then on each text is sent back; a text of more than 100 characters closes with 1009, "
        "a binary message with 1003. Nothing is sent before closing, and nobody else notices."
    ),
    name="guard",
    starter="""
async def guard(ws):
    if await ws.recv() != "open sesame":
        ...
        return
    await ws.send("welcome")
    async for message in ws:
        ...
""",
    hints=(
        "`ws.close()` takes a code and a reason, and it is a coroutine.",
        "After `await ws.close(1008, …)`, `return`. What decides between 1003 and 1009 is the type "
        "of the message first, its length second.",
        '`if isinstance(message, bytes): await ws.close(1003, "text messages only")`, then '
        '`elif len(message) > 100: await ws.close(1009, "at most 100 characters")`, else send.',
    ),
    solution="""
async def guard(ws):
    if await ws.recv() != "open sesame":
        await ws.close(1008, "the password is wrong")
        return
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003, "text messages only")
        elif len(message) > 100:
            await ws.close(1009, "at most 100 characters")
        else:
            await ws.send(message)
""",
    explanation=(
        "Bytes are never equal to a string, so the first comparison refuses binary messages as "
        "well. `len()` of a string counts characters; the option `max_size` of a server counts "
        "bytes, and closes with 1009 by itself. After `close()` the loop ends: the next `recv()` "
        "in it finds a connection that is closed."
    ),
    rules=(
        _welcome,
        _sent_back,
        _stranger,
        _others,
        _binary,
        _too_long,
        _without_a_word,
    ),
    minutes=10,
    difficulty=2,
    needs="The close codes",
)
