"""Exercise 1.2: Receive until the end."""

from __future__ import annotations

from typing import Any

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Finding, run_client, show
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


def _probe_collect(answer: Any) -> None:
    conversations: list[tuple[list[str], int, str]] = [
        (["one", "two", "three"], 1000, "that is all"),
        ([], 1000, ""),
        (["a"] * 50, 4001, "quota used up"),
    ]
    for messages, code, reason in conversations:

        async def handler(
            ws: ServerConnection,
            messages: list[str] = messages,
            code: int = code,
            reason: str = reason,
        ) -> None:
            for message in messages:
                await ws.send(message)
            await ws.close(code, reason)

        result, server = run_client(answer, handler)
        expected = (messages, code, reason)
        if not isinstance(result, tuple | list) or len(result) != 3:
            problem = "it should return three things: the messages, the code, the reason"
        elif list(result[0] if isinstance(result[0], list | tuple) else ()) != messages:
            problem = "the messages are not the ones that the server sent, in their order"
        elif result[1] != code:
            problem = "the close code is not the one that the server sent"
        elif result[2] != reason:
            problem = "the reason is not the one that the server sent"
        else:
            continue
        raise Finding(
            problem,
            sent=f"{len(messages)} messages, then CLOSE {code} {reason!r}",
            expected=show(expected),
            got=show(result),
            records=server.transcript.snapshot()[-12:],
        )


EXERCISE = Exercise(
    id="1.2",
    title="Receive until the end",
    task=(
        "Write `collect(url)`: it receives messages until the server closes the connection, and "
        "returns `(messages, code, reason)`: the list of messages in their order, the close code "
        "and the reason. The server may close with any code."
    ),
    name="collect",
    starter="""
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def collect(url):
    messages = []
    with connect(url) as ws:
        ...
    return messages, ws.close_code, ws.close_reason
""",
    hints=(
        "A loop `for message in ws` ends when the server closes normally. And otherwise?",
        "With a code such as 4001 the loop raises `ConnectionClosed`. Where must the `try` stand?",
        "`try: … for message in ws: messages.append(message) … except ConnectionClosed: pass`",
    ),
    solution="""
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def collect(url):
    messages = []
    with connect(url) as ws:
        try:
            while True:
                messages.append(ws.recv(timeout=5))
        except ConnectionClosed:
            pass
    return messages, ws.close_code, ws.close_reason
""",
    explanation=(
        "`recv()` raises `ConnectionClosed` for every code, a loop over `ws` only for codes other "
        "than 1000 and 1001. Code and reason stay on `ws` after the end."
    ),
    rules=(Rule("", _probe_collect),),
    minutes=10,
    difficulty=2,
    needs="How a connection ends",
)
