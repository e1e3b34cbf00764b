"""Exercise 9.2: Fewer, larger messages."""

from __future__ import annotations

import contextlib
import json
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Finding, during, run_client, show
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


_BATCH: Final = 50


def _probe_batches(answer: Any) -> None:
    for count in (120, 50, 1, 0, 101):
        readings = [{"sensor": 7, "value": number / 10} for number in range(count)]
        with during(f"with {count} readings"):
            _probe_batch(answer, readings)


def _probe_batch(answer: Any, readings: list[dict[str, float]]) -> None:
    messages: list[str | bytes] = []

    async def collect(ws: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for message in ws:
                messages.append(message)
                if len(messages) > 1000:
                    return

    _, server = run_client(answer, collect, list(readings))

    def finding(problem: str, expected: str, got: str) -> Finding:
        records = server.transcript.snapshot()[-12:]
        return Finding(problem, expected=expected, got=got, records=records)

    batches = []
    for message in messages:
        try:
            batch = json.loads(message) if isinstance(message, str) else None
        except (ValueError, RecursionError):
            batch = None
        if not isinstance(batch, list):
            raise finding(
                "each message should be a JSON array, as text", "[{…}, {…}, …]", show(message)
            )
        batches.append(batch)
    sizes = [len(batch) for batch in batches]
    got = f"messages with {', '.join(map(str, sizes[:12])) or 'nothing'}"
    if max(sizes, default=0) > _BATCH:
        raise finding("a message has too many readings", f"{_BATCH} at most", got)
    if 0 in sizes:
        raise finding("a message without readings says nothing", "no such message", got)
    if [reading for batch in batches for reading in batch] != readings:
        problem = "all readings should arrive, unchanged, in order, and once"
        raise finding(problem, f"{len(readings)} readings", got)
    fewest = -(-len(readings) // _BATCH)
    if len(batches) > fewest:
        raise finding("that are more messages than needed", f"{fewest}", f"{len(batches)}")


EXERCISE = Exercise(
    id="9.2",
    title="Fewer, larger messages",
    task=(
        "Write a client `send_readings(url, readings)`. It sends a list of readings (each a "
        "`dict`) in as few messages as possible, in order. Each message is a JSON array of at most "
        "50 readings, as text; for an empty list nothing is sent. It may be `async` if you like."
    ),
    name="send_readings",
    starter="""
import json

from websockets.sync.client import connect as connect_sync


def send_readings(url, readings):
    with connect_sync(url) as ws:
        ...
""",
    hints=(
        "Fifty at a time: which part of the list goes into the first message, which into the "
        "second?",
        "`readings[0:50]`, `readings[50:100]` and so on. A slice may reach beyond the end.",
        "`range(0, len(readings), 50)` gives the beginning of each slice.",
    ),
    solution="""
import json

from websockets.sync.client import connect as connect_sync


def send_readings(url, readings):
    with connect_sync(url) as ws:
        for start in range(0, len(readings), 50):
            ws.send(json.dumps(readings[start : start + 50]))
""",
    explanation=(
        "One header, one system call, one turn of the event loop and one call of the JSON encoder "
        "for 50 readings. The limit keeps messages below the receiver's `max_size`, and a reading "
        "does not wait for long. If readings come over time, send when 50 are there or when the "
        "oldest has waited long enough, whichever is first."
    ),
    rules=(Rule("", _probe_batches),),
    minutes=10,
    difficulty=2,
    needs="What a message costs",
)
