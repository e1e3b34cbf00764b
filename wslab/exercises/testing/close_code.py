"""Exercise 10.2: Wait, however long it takes."""

from __future__ import annotations

import threading
from typing import Any, Final

from websockets.sync.client import connect

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, call, during, show
from wslab.exercises._rule import Rule
from wslab.handlers import echo
from wslab.server import BackgroundServer, serve

__all__ = ["EXERCISE"]


_DELAY: Final = 0.3


def _leave(server: BackgroundServer, codes: list[int]) -> None:
    """Two clients at the same time; the second one leaves first."""
    with connect(server.url) as one, connect(server.url) as two:
        two.close(codes[1])
        one.close(codes[0])


def _probe_close_code(answer: Any) -> None:
    for when, delay in (("a client that has left already", 0.0), ("one that leaves later", _DELAY)):
        for number in (1, 2):
            codes = [4000 + number, 3000 + number]
            with serve(echo, name=f"check {id(answer)}") as server, during(f"for {when}"):
                thread = threading.Timer(delay, _leave, (server, codes))
                thread.start()
                try:
                    if not delay:
                        thread.join(CLIENT_TIMEOUT)
                    got = call(answer, server, number, timeout=CLIENT_TIMEOUT)
                finally:
                    thread.join(CLIENT_TIMEOUT)
                expected = codes[number - 1]
                if not (isinstance(got, int) and got == expected):
                    raise Finding(
                        f"what client {number} sent as its close code should be returned",
                        expected=str(expected),
                        got=show(got),
                        records=server.transcript.snapshot()[-12:],
                    )


EXERCISE = Exercise(
    id="10.2",
    title="Wait, however long it takes",
    task=(
        "Write `close_code(server, number)`: the server is one of `wslab.serve()`, and the client "
        "of connection `number` leaves at some time, with a CLOSE frame. Return the close code "
        "that it sent, an `int`, as soon as it is there: it may have left already, or may not even "
        "be connected yet."
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
    rules=(Rule("", _probe_close_code),),
    minutes=10,
    difficulty=2,
    needs="Wait, do not sleep",
)
