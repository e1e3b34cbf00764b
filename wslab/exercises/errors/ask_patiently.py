"""Exercise 4.5: Slow, or dead?"""

from __future__ import annotations

import secrets
from typing import Any

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Finding, call, same, show
from wslab.exercises._rule import Rule
from wslab.server import serve

__all__ = ["EXERCISE"]


def _probe_ask_patiently(answer: Any) -> None:
    slow, dead, lost, closed = (secrets.token_hex(4) for _ in range(4))
    arrived: list[str | bytes] = []

    async def handler(ws: ServerConnection) -> None:
        question = await ws.recv()
        arrived.append(question)
        if question == slow:
            await ws.wait_closed()  # it hears, and its library answers each PING
        elif question == dead:
            ws.transport.pause_reading()  # nothing is heard any more, CLOSE neither
            await ws.wait_closed()
        elif question == lost:
            ws.transport.abort()
        elif question == closed:
            await ws.close(1001)
        else:
            await ws.send(f"{question!s}? Yes.")
            await ws.wait_closed()

    first, second = secrets.token_hex(4), f"Größe {secrets.token_hex(2)}"
    cases = [
        (first, 2.0, f"{first}? Yes.", "an answer that comes should be returned"),
        (second, 2.0, f"{second}? Yes.", "an answer that comes should be returned"),
        (dead, 0.3, "dead", "no answer and no PONG: the other side is dead"),
        (slow, 0.5, "slow", "no answer, but a PONG: the other side is slow"),
        (lost, 0.5, "dead", "the connection is lost while the client waits: that is dead, too"),
        (closed, 0.5, "dead", "the connection ends without an answer: that is dead, too"),
    ]
    for question, timeout, expected, problem in cases:
        arrived.clear()
        with serve(handler, name=f"check {id(answer)}", ping_interval=None) as server:
            try:
                arguments = (server.url, question, timeout)
                result = call(
                    answer, *arguments, timeout=2 * timeout + 1, release=lambda: server.stop(0.1)
                )
            except Finding as finding:
                finding.sent = f"your function was called with url, {question!r}, {timeout}"
                finding.expected = f"{expected!r}, within {2 * timeout + 1:g} s. {problem}"
                finding.records = server.transcript.snapshot()[-12:]
                raise
            finally:
                server.stop(0.1)  # whoever is dead is not waited for
        if arrived != [question]:
            problem, expected = "the question should be sent once, as it is", question
            result = arrived
        elif same(result, expected):
            continue
        raise Finding(
            problem,
            sent=f"your function was called with url, {question!r}, {timeout}",
            expected=repr(expected),
            got=show(result),
            records=server.transcript.snapshot()[-12:],
        )


EXERCISE = Exercise(
    id="4.5",
    title="Slow, or dead?",
    task=(
        "Write `ask_patiently(url, question, timeout)`, plain or `async`: it sends the question "
        "and returns the answer, if one comes within `timeout` seconds. If not, it sends a PING "
        'with `ws.ping()` and returns `"slow"` if the PONG comes within `timeout` seconds, '
        '`"dead"` if not; `"dead"` also if the connection ends instead. It must be back within '
        "one second after that, even if the other side does not answer CLOSE."
    ),
    name="ask_patiently",
    starter="""
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def ask_patiently(url, question, timeout):
    with connect(url, open_timeout=5, ping_interval=None) as ws:
        ws.send(question)
        ...
""",
    hints=(
        "`recv(timeout=…)` raises `TimeoutError`, and the connection goes on. The table at “Slow, "
        "or dead?” has a limit for closing, too.",
        "`ws.ping()` does not wait. Here it returns an event: `.wait(timeout)` tells whether the "
        "PONG has come. (In `async` code, `await ws.ping()` returns a future to wait for.)",
        "Give `connect()` a `close_timeout=0.5`. `try: return ws.recv(timeout=timeout)`, `except "
        'TimeoutError: return "slow" if ws.ping().wait(timeout) else "dead"`, and around both, '
        "`except ConnectionClosed`.",
    ),
    solution="""
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def ask_patiently(url, question, timeout):
    limits = {"open_timeout": 5, "ping_interval": None, "close_timeout": 0.5}
    with connect(url, **limits) as ws:
        try:
            ws.send(question)
            try:
                return ws.recv(timeout=timeout)
            except TimeoutError:
                pong_received = ws.ping()
                return "slow" if pong_received.wait(timeout) else "dead"
        except ConnectionClosed:
            return "dead"
""",
    explanation=(
        "The PONG comes from the other side's library, however busy its handler is: it tells that "
        "program and network are alive, not that an answer will come. Without `close_timeout`, "
        "leaving the `with` block waits 10 seconds for the answer to CLOSE, from a side that "
        "answers nothing."
    ),
    rules=(Rule("", _probe_ask_patiently),),
    minutes=15,
    difficulty=2,
    needs="Slow, or dead?",
)
