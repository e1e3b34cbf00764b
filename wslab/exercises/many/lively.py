"""Exercise 6.4: The slow one goes."""

from __future__ import annotations

import contextlib
import time
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import (
    REPLY_TIMEOUT,
    Client,
    Finding,
    Metronome,
    awkward,
    people,
    show,
)
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_LONG: Final = "long " * 13_000
_MANY: Final = 40
"""So many long messages are more than the way to a client that does not read holds."""

_STALL: Final = 25
"""Beats of 0.01 s of a loop of our own, within which a message should get from one to another."""


def _hear(listener: Client, message: str | bytes, sent: str) -> None:
    got = listener.receive(show(message), "another client got nothing")
    if got != message:
        finding = listener.finding("another client got something else", show(message), show(got))
        finding.sent = sent
        raise finding


@rule("each message is sent to all other clients")
def _all_others(answer: Any) -> None:
    with people(answer, count=3, small=True) as (_, (ada, grace, lin)):
        for speaker, listener, third in ((ada, grace, lin), (grace, lin, ada), (lin, ada, grace)):
            for message in ("Hello", awkward.TEXTS["empty"], awkward.BYTES["no UTF-8"]):
                speaker.send(message)
                for each in (listener, third):
                    _hear(each, message, f"{show(message)} by another client")
        for client in (ada, grace, lin):
            client.barrier()
            client.expect_silence("a message came twice, or back to its sender", seconds=0.02)


@rule("One for which ten messages have come at once is not slow")
def _burst(answer: Any) -> None:
    with people(answer, count=2, small=True) as (server, (ada, grace)):
        messages = [f"message {number}" for number in range(10)]
        with server.standing_still():
            for message in messages:
                ada.send(message)
        for message in messages:
            _hear(grace, message, "ten short messages at once, by another client")
        ada.send("and one more")
        _hear(grace, "and one more", "another message after ten at once")
        with server.deaf_client() as late:
            late.barrier()
            messages = [f"{number} {_LONG[:8_000]}" for number in range(10)]
            with server.standing_still():
                for message in messages:
                    ada.send(message)
            for message in messages:
                _hear(late, message, "ten messages of 8 kB at once, by another client")


@rule("holds nobody up")
def _nobody_waits(answer: Any) -> None:
    # A machine that stands still for a moment does so once, a handler that waits does it each time.
    worst = min(_worst_delay(answer) for _ in range(2))
    if worst > _STALL:
        problem = f"a message to one that does read took {worst / 100:.1f} s"
        raise Finding(
            problem,
            sent=f"{_MANY} long messages, of which another client reads none",
            expected="each is sent at once, whatever another client does",
            got=f"a delay of {worst / 100:.1f} s",
        )


def _worst_delay(answer: Any) -> int:
    """Return how many beats a message took at most, while one client does not read."""
    worst = 0
    with (
        Metronome(0.01) as metronome,
        people(answer, count=2, small=True) as (server, (ada, grace)),
        server.deaf_client() as deaf,
    ):
        deaf.barrier()
        for number in range(_MANY):
            message = f"{number} {_LONG}"
            began = time.perf_counter()
            ada.send(message)
            _hear(grace, message, "long messages, of which a third client reads none")
            worst = max(worst, metronome.beats_since(began))
            if worst > _STALL:
                break
    return worst


@rule("within two seconds its connection ends, and its handler returns")
def _slow_one_goes(answer: Any) -> None:
    with (
        people(answer, count=2, small=True) as (server, (ada, grace)),
        server.deaf_client() as deaf,
    ):
        deaf.barrier()
        for number in range(_MANY):
            ada.send(f"{number} {_LONG}")
            with contextlib.suppress(TimeoutError):
                grace.ws.recv(timeout=0.1)
        if not server.wait_for_handlers(2, timeout=1.5 * REPLY_TIMEOUT):
            raise deaf.finding(
                f"{_MANY} long messages later, the client that reads nothing is still connected",
                "its connection is ended",
                "it is open, or its handler goes on",
            )


_PATIENT_IMPORTS: Final = """
import asyncio

from websockets.exceptions import ConnectionClosed

"""


EXERCISE = Exercise(
    id="6.4",
    title="The slow one goes",
    task=(
        "Write `lively(ws)`: each message is sent to all other clients. One for which ten messages "
        "have come at once is not slow. One that does not read holds nobody up, and the server "
        "does not keep messages for it for ever: within two seconds its connection ends, and its "
        "handler returns."
    ),
    name="lively",
    starter=_PATIENT_IMPORTS
    + """
async def lively(ws):
    # your code
    ...
""",
    hints=(
        "`await other.send(message)` waits as long as `other` does not read. Who must not wait "
        "for it?",
        "Give each client a queue of limited length and a task that sends what is in it. The "
        "readers only use `put_nowait()`. What does `asyncio.QueueFull` tell you?",
        "`close()` waits for a closing handshake that a client who does not read never answers. "
        "`ws.transport.abort()` ends the connection at once.",
    ),
    solution=_PATIENT_IMPORTS
    + """
queues = {}


async def write(ws, queue):
    try:
        while True:
            await ws.send(await queue.get())
    except ConnectionClosed:
        pass


async def lively(ws):
    queue = queues[ws] = asyncio.Queue(16)
    writer = asyncio.create_task(write(ws, queue))
    try:
        async for message in ws:
            for other, waiting in queues.items():
                if other is ws:
                    continue
                try:
                    waiting.put_nowait(message)
                except asyncio.QueueFull:
                    other.transport.abort()
    finally:
        del queues[ws]
        writer.cancel()
""",
    explanation=(
        "Each client has one writer, and only that one waits for it. The queue bounds the memory "
        "that a slow client costs: when it is full, the connection is ended without a closing "
        "handshake, as nobody would answer it. The handler's loop ends with it, and `finally` "
        "cleans up."
    ),
    rules=(_all_others, _burst, _nobody_waits, _slow_one_goes),
    minutes=30,
    difficulty=3,
    needs="A client that does not keep up",
)
