"""Exercise 9.2: Fewer, larger messages."""

from __future__ import annotations

import contextlib
import json
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Play, play, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_BATCH: Final = 50
_COUNTS: Final = (120, 50, 1, 101)


class _Collector:
    """What came of it when the learner's client sent so many readings."""

    def __init__(self, answer: Any, count: int) -> None:
        self.readings = [{"sensor": 7, "value": number / 10} for number in range(count)]
        if count > 1:
            self.readings[1] = dict(self.readings[0])  # equal readings are two
        self.messages: list[str | bytes] = []
        words = f"send_readings(url, {count} readings)"
        self.play: Play = play(answer, self._collect, list(self.readings), called=words)

    async def _collect(self, ws: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for message in ws:
                self.messages.append(message)
                if len(self.messages) > 1000:
                    return

    def batches(self) -> list[Any]:
        """The values of the messages, None for what is no JSON."""
        values = []
        for message in self.messages:
            try:
                values.append(json.loads(message))
            except (ValueError, RecursionError):
                values.append(None)
        return values

    def arrays(self) -> list[list[Any]]:
        """The arrays, those too that stand in an object: what else is in it, another rule says."""
        values = [
            next(iter(batch.values())) if isinstance(batch, dict) and len(batch) == 1 else batch
            for batch in self.batches()
        ]
        return [value for value in values if isinstance(value, list)]

    def sizes(self) -> list[int]:
        """How many readings each array has."""
        return [len(array) for array in self.arrays()]


@rule("Each message is a JSON array")
def _arrays(answer: Any) -> None:
    for count in _COUNTS:
        collector = _Collector(answer, count)
        for batch, message in zip(collector.batches(), collector.messages, strict=True):
            if not isinstance(batch, list) or not all(isinstance(one, dict) for one in batch):
                problem = "a message is no array of objects"
                raise collector.play.finding(problem, "[{…}, {…}, …]", show(message))
        collector.play.returned("messages with arrays")


@rule("readings, as text")
def _as_text(answer: Any) -> None:
    collector = _Collector(answer, 3)
    for message in collector.messages:
        if isinstance(message, bytes):
            problem = "bytes go out as a binary message, a str as text"
            raise collector.play.finding(problem, "text", show(message))


@rule("in order")
def _in_order(answer: Any) -> None:
    for count in _COUNTS:
        collector = _Collector(answer, count)
        came = [reading for array in collector.arrays() for reading in array]
        if came != collector.readings:
            problem = "the readings did not arrive unchanged, in order, and once"
            expected = f"{count} readings: {show(collector.readings)}"
            raise collector.play.finding(problem, expected, f"{len(came)}: {show(came)}")


@rule("at most 50")
def _at_most(answer: Any) -> None:
    for count in _COUNTS:
        collector = _Collector(answer, count)
        if max(collector.sizes(), default=0) > _BATCH:
            got = f"messages with {show(collector.sizes())}"
            raise collector.play.finding("a message has more", f"{_BATCH} at most", got)


@rule("in as few messages as possible")
def _as_few(answer: Any) -> None:
    for count in _COUNTS:
        collector = _Collector(answer, count)
        fewest = -(-count // _BATCH)
        if len(collector.messages) > fewest:
            got = f"{len(collector.messages)}, with {show(collector.sizes())} readings"
            problem = f"{count} readings came in more messages than needed"
            raise collector.play.finding(problem, str(fewest), got)


@rule("for an empty list nothing is sent")
def _empty(answer: Any) -> None:
    collector = _Collector(answer, 0)
    if collector.messages:
        problem = "a message came, though there are no readings"
        raise collector.play.finding(problem, "no message", show(collector.messages))
    collector.play.returned("no message")


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
    rules=(_arrays, _as_text, _in_order, _at_most, _as_few, _empty),
    minutes=10,
    difficulty=2,
    needs="What a message costs",
)
