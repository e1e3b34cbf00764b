"""Exercise 10.2: Wait, however long it takes."""

from __future__ import annotations

import threading
import time
from typing import Any, Final

from websockets.sync.client import connect

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, Metronome, call, show
from wslab.exercises._rule import rule
from wslab.handlers import echo
from wslab.server import BackgroundServer, serve

__all__ = ["EXERCISE"]

_LATER: Final = 0.3
_SOON: Final = 30
"""Beats of 0.01 s of a loop of our own; the task says a tenth of a second."""


def _leave(server: BackgroundServer, codes: list[int], said: list[float]) -> None:
    """Two clients at the same time, who have talked; the second one leaves first."""
    with connect(server.url) as one, connect(server.url) as two:
        for client in (one, two, one):
            client.send("hello")
            client.recv(timeout=CLIENT_TIMEOUT)
        two.close(codes[1])
        one.close(codes[0])
    said.append(time.perf_counter())


def _ask(answer: Any, number: int, delay: float) -> int:
    """Judge what it returns; return after how many beats it did, once the code was there."""
    codes = [4000 + number, 3000 + number]
    expected = codes[number - 1]
    when = f"{delay:g} s later" if delay else "before"
    sent = f"close_code(server, {number}); {when} two clients left with {codes[0]} and {codes[1]}"
    said: list[float] = []
    with Metronome(0.01) as metronome, serve(echo, name=f"check {id(answer)}") as server:
        thread = threading.Timer(delay, _leave, (server, codes, said))
        thread.start()
        began = time.perf_counter()
        try:
            if not delay:
                thread.join(CLIENT_TIMEOUT)
                began = time.perf_counter()
            got = call(answer, server, number, timeout=CLIENT_TIMEOUT)
            ended = time.perf_counter()
        except Finding as finding:
            finding.sent, finding.expected = sent, str(expected)
            raise
        finally:
            thread.join(CLIENT_TIMEOUT)
        beats = metronome.beats_since(max(began, *said), ended)
    records = server.transcript.snapshot()[-12:]
    if not (isinstance(got, int) and got == expected):
        problem = "it returned something else"
        raise Finding(problem, sent=sent, expected=str(expected), got=show(got), records=records)
    return beats


@rule("it may have left already")
def _left_already(answer: Any) -> None:
    _ask(answer, 1, 0)


@rule("or may not even be connected yet")
def _not_yet(answer: Any) -> None:
    _ask(answer, 1, _LATER)


@rule("the client of connection `number`")
def _which_client(answer: Any) -> None:
    _ask(answer, 2, 0)


@rule("as soon as it is there, a tenth of a second later at most")
def _soon(answer: Any) -> None:
    try:
        beats = _ask(answer, 1, 0.05)
    except Finding:
        return  # another rule tells about that
    if beats > _SOON:
        raise Finding(
            "it returned too late",
            sent="close_code(server, 1); 0.05 s later client 1 left",
            expected="the code at once",
            got=f"the code, {beats / 100:.1f} s after it was there",
        )


EXERCISE = Exercise(
    id="10.2",
    title="Wait, however long it takes",
    task=(
        "Write `close_code(server, number)`: the server is one of `wslab.serve()`, and the client "
        "of connection `number` leaves at some time, with a CLOSE frame. Return the close code "
        "that it sent, an `int`, as soon as it is there, a tenth of a second later at most: it may "
        "have left already, or may not even be connected yet."
    ),
    name="close_code",
    starter="""
def close_code(server, number):
    record = ...
    return record.close_code
""",
    hints=(
        "`server.transcript` has a record for each frame. What can it do besides showing itself?",
        "`server.transcript.wait()` returns the record at once if it is there, and waits for it "
        "if not. What must match?",
        'It takes `connection=`, `sender=` and `kind=`, here `"client"` and `"close"`.',
    ),
    solution="""
def close_code(server, number):
    record = server.transcript.wait(connection=number, sender="client", kind="close", timeout=2)
    return record.close_code
""",
    explanation=(
        "A sleep is too short on a busy machine and too long on every other one. `wait()` takes "
        "as long as it takes, and has an end: it raises `TimeoutError` and says what it waited for."
    ),
    rules=(_left_already, _not_yet, _which_client, _soon),
    minutes=10,
    difficulty=2,
    needs="Wait, do not sleep",
)
