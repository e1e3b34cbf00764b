"""Exercise 1.1: Send JSON."""

from __future__ import annotations

import json
from typing import Any

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Finding, run_client, show
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


def _probe_send_json(answer: Any) -> None:
    for message, timestamp in [("Hello from client", 1700000000000), ("Grüße, 世界", 3)]:
        received: list[str | bytes] = []

        async def handler(ws: ServerConnection, received: list[str | bytes] = received) -> None:
            async for item in ws:
                received.append(item)

        _, server = run_client(answer, handler, message, timestamp)
        expected = {"message": message, "timestamp": timestamp}
        records = server.transcript.snapshot()
        wanted = f"one text message: {json.dumps(expected, ensure_ascii=False)}"
        called = f"your function was called with url, {message!r}, {timestamp}"
        if len(received) != 1:
            raise Finding(
                "exactly one message should be sent",
                sent=called,
                expected=wanted,
                got=f"{len(received)} messages: {show(received)}",
                records=records,
            )
        if isinstance(received[0], bytes):
            raise Finding(
                "it arrived as a binary message; a str goes out as text",
                sent=called,
                expected=wanted,
                got=show(received[0]),
                records=records,
            )
        try:
            value = json.loads(received[0])
        except ValueError:
            raise Finding(
                "what arrived is not JSON",
                sent=called,
                expected=wanted,
                got=show(received[0]),
                records=records,
            ) from None
        if value != expected:
            raise Finding(
                "the JSON has other content",
                sent=called,
                expected=wanted,
                got=show(received[0]),
                records=records,
            )


EXERCISE = Exercise(
    id="1.1",
    title="Send JSON",
    task=(
        "Complete the line: send one message, a JSON object with the keys `message` and "
        "`timestamp`, whose values are the arguments of the function."
    ),
    name="send_json",
    starter="""
from websockets.sync.client import connect


def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(...)
""",
    hints=(
        "`send()` takes a string. A dictionary has to become one first.",
        "`json.dumps()` makes a JSON string from a dictionary.",
        'The dictionary is `{"message": message, "timestamp": timestamp}`.',
    ),
    solution="""
import json

from websockets.sync.client import connect


def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(json.dumps({"message": message, "timestamp": timestamp}))
""",
    explanation=(
        "`json.dumps()` escapes quotes and line breaks in `message`; putting the string together "
        "by hand would break on the first message that contains one. Spaces and the order of the "
        "keys do not matter."
    ),
    rules=(Rule("", _probe_send_json),),
    minutes=5,
    difficulty=1,
    needs="Send a string, send JSON",
)
