"""Exercise 10.2: Wait, however long it takes."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.sync.client import connect

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, Metronome, call, show
from wslab.exercises._rule import rule
from wslab.faults import RawClient, frame
from wslab.handlers import echo
from wslab.server import BackgroundServer, serve

__all__ = ["EXERCISE"]

_LATER: Final = 0.6
"""Seconds; the task says within a second."""

_SOON: Final = 10
"""Beats of 0.01 s of a loop of our own; the task says a tenth of a second."""

_TRIES: Final = 3


def _leave(server: BackgroundServer, codes: tuple[int, ...]) -> None:
    """As many clients as codes, at the same time, who have talked; the last one leaves first."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(server.url)) for _ in codes]
        for client in (*clients, clients[0]):
            client.send("hello")
            client.recv(timeout=CLIENT_TIMEOUT)
        for client, code in reversed(list(zip(clients, codes, strict=True))):
            client.close(code)


def _ask(answer: Any, codes: tuple[int, ...], number: int, delay: float) -> None:
    """Judge what it returns."""
    expected = codes[number - 1]
    when = f"{delay:g} s later" if delay else "before"
    left = "client 1 left with {}" if len(codes) == 1 else "client 2 left with {1}, then 1 with {0}"
    sent = f"close_code(server, {number}); {when} {left.format(*codes)}"
    with serve(echo, name=f"check {id(answer)}") as server:
        thread = threading.Timer(delay, _leave, (server, codes))
        thread.start()
        try:
            if not delay:
                thread.join(CLIENT_TIMEOUT)
            got = call(answer, server, number, timeout=delay + CLIENT_TIMEOUT)
        except Finding as finding:
            finding.sent, finding.expected = sent, str(expected)
            raise
        finally:
            thread.join(CLIENT_TIMEOUT)
    if got != expected:
        records = server.transcript.snapshot()[-12:]
        problem = "it returned something else"
        raise Finding(problem, sent=sent, expected=str(expected), got=show(got), records=records)


async def _closes_first(ws: ServerConnection) -> None:
    await ws.close(4500)


def _answer_close(server: BackgroundServer) -> None:
    """A client that answers the server's CLOSE, some time later, with a code of its own."""
    with RawClient(server.url) as client:
        client.receive()
        server.transcript.wait(sender="server", kind="close", timeout=CLIENT_TIMEOUT)
        time.sleep(0.05)
        client.send(frame(0x88, (4001).to_bytes(2), b"mask"))
        server.transcript.wait(sender="client", kind="close", timeout=CLIENT_TIMEOUT)


@rule("Return the close code that it sent, an `int`")
def _its_code(answer: Any) -> None:
    with serve(_closes_first, name=f"check {id(answer)}") as server:
        thread = threading.Timer(0.05, _answer_close, (server,))
        thread.start()
        try:
            got = call(answer, server, 1, timeout=CLIENT_TIMEOUT)
        except Finding as finding:
            finding.sent, finding.expected = _ANSWERED, "4001"
            raise
        finally:
            thread.join(CLIENT_TIMEOUT)
    if type(got) is not int or got != 4001:
        raise Finding(
            "it is the server's" if got == 4500 else "it returned something else",
            sent=_ANSWERED,
            expected="4001",
            got=show(got),
            records=server.transcript.snapshot()[-12:],
        )


_ANSWERED: Final = "close_code(server, 1); the server closed with 4500, the client answered 4001"


@rule("it may have left already")
def _left_already(answer: Any) -> None:
    _ask(answer, (4001,), 1, 0)


@rule("or may not even be connected yet")
def _not_yet(answer: Any) -> None:
    _ask(answer, (4001,), 1, _LATER)


@rule("the client of connection `number`")
def _which_client(answer: Any) -> None:
    _ask(answer, (4001, 3001), 1, 0)
    _ask(answer, (4002, 3002), 2, 0)


def _beats_late(answer: Any) -> int:
    """Return how many beats after the client's CLOSE it returned."""
    with (
        Metronome(0.01) as metronome,
        serve(echo, name=f"check {id(answer)}") as server,
        connect(server.url) as client,
    ):
        leaving = threading.Timer(0.02, client.close, (4001,))
        leaving.start()
        try:
            call(answer, server, 1, timeout=1 + CLIENT_TIMEOUT)
            ended = time.perf_counter()
        finally:
            leaving.join(CLIENT_TIMEOUT)
        close = server.transcript.wait(sender="client", kind="close", timeout=CLIENT_TIMEOUT)
        return metronome.beats_since(close.time, ended)


@rule("as soon as it is there, a tenth of a second later at most")
def _soon(answer: Any) -> None:
    late: list[int] = []
    while len(late) < _TRIES:  # an answer that looks now and then is late each time
        try:
            late.append(_beats_late(answer))
        except Finding:
            return  # another rule tells about that
        if late[-1] <= _SOON:
            return
        if late[-1] > 5 * _SOON:
            break  # no machine is as late
    raise Finding(
        "it returned too late",
        sent="close_code(server, 1); 0.02 s later client 1 left with 4001",
        expected="the code at once",
        got=f"the code, {min(late) / 100:.1f} s after it was there",
    )


EXERCISE = Exercise(
    id="10.2",
    title="Wait, however long it takes",
    task=(
        "Write `close_code(server, number)`: the server is one of `wslab.serve()`, and the client "
        "of connection `number` leaves at some time, within a second, with a CLOSE frame. Return "
        "the close code that it sent, an `int` (the server's own may be another), as soon as it is "
        "there, a tenth of a second later at most: it may have left already, or may not even be "
        "connected yet."
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
    rules=(_its_code, _left_already, _not_yet, _which_client, _soon),
    minutes=10,
    difficulty=2,
    needs="Wait, do not sleep",
)
