"""Exercise 8.4: Mind the gap."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import REPLY_TIMEOUT, Finding, run_client, same, show
from wslab.exercises._rule import Rule
from wslab.transcript import Records

from ._shared import about, as_object

__all__ = ["EXERCISE"]


_ASK: Final = "wait for the client to ask"


def _event(number: int, key: str, value: object) -> dict[str, Any]:
    return {"number": number, "key": key, "value": value}


def _snapshot(number: int, **state: object) -> dict[str, Any]:
    return {"number": number, "snapshot": state}


# For each case: what the server does on each connection, what the client should ask, its state.
_STREAMS: Final[list[tuple[list[list[Any]], list[int], dict[str, object]]]] = [
    (
        [[_event(1, "a", 10), _event(2, "b", 20), _event(3, "a", 30), 1000]],
        [0],
        {"a": 30, "b": 20},
    ),
    (
        [[_snapshot(12, a=1, b=2), _event(13, "c", 3), 1000]],
        [0],
        {"a": 1, "b": 2, "c": 3},
    ),
    (
        [
            [_event(1, "a", 1), _event(2, "a", 2), 1006],
            [_event(1, "a", 1), _event(2, "a", 2), 1001],
            [_event(3, "b", 3), 1000],
        ],
        [0, 2, 2],
        {"a": 2, "b": 3},
    ),
    (
        [
            [
                _event(1, "a", 1),
                _event(2, "b", 2),
                _event(5, "c", 5),
                _ASK,
                _event(3, "b", 3),
                _event(4, "c", 4),
                _event(5, "c", 5),
                1000,
            ]
        ],
        [0, 2],
        {"a": 1, "b": 3, "c": 5},
    ),
    (
        [
            [
                _event(1, "a", 1),
                _event(7, "b", 7),
                _ASK,
                _snapshot(9, c=9),
                _event(8, "b", 8),
                _event(9, "c", 9),
                1006,
            ],
            [_event(10, "d", 10), 1000],
        ],
        [0, 1, 9],
        {"c": 9, "d": 10},
    ),
]


class _Stream:
    """A server that plays a list of steps on each connection, and notes what the client asks."""

    def __init__(self, connections: Sequence[Sequence[Any]]) -> None:
        self._connections = iter(connections)
        self.asked: list[str | bytes] = []
        self.opened = 0
        self.waited_in_vain = False

    async def handler(self, ws: ServerConnection) -> None:
        self.opened += 1
        steps = next(self._connections, [1000])
        self.asked.append(await ws.recv())
        for step in steps:
            if step == _ASK:
                try:
                    async with asyncio.timeout(REPLY_TIMEOUT / 2):
                        self.asked.append(await ws.recv())
                except TimeoutError:
                    self.waited_in_vain = True
                    await ws.close()
                    return
            elif step == 1006:
                await (await ws.ping())  # the client's library has read what was sent
                ws.transport.abort()
            elif isinstance(step, int):
                await ws.close(step)
            else:
                await ws.send(json.dumps(step))


def _told_stream(connections: Sequence[Sequence[Any]]) -> str:
    parts = []
    for number, steps in enumerate(connections, 1):
        words = []
        for step in steps:
            if isinstance(step, dict):
                words.append(("snapshot " if "snapshot" in step else "") + str(step["number"]))
            else:
                words.append(
                    "your question"
                    if step == _ASK
                    else "TCP lost"
                    if step == 1006
                    else f"CLOSE {step}"
                )
        parts.append(f"connection {number}: {', '.join(words)}")
    return "; ".join(parts)


def _probe_mirror(answer: Any) -> None:
    for connections, wanted, state in _STREAMS:
        stream = _Stream(connections)
        told = _told_stream(connections)
        with about(told, show(state)):
            result, server = run_client(answer, stream.handler)
        records = server.transcript.snapshot()[-16:]

        def wrong(
            problem: str,
            expected: object,
            got: object,
            told: str = told,
            records: Records = records,
        ) -> Finding:
            return Finding(
                problem, sent=told, expected=show(expected), got=show(got), records=records
            )

        asked = [as_object(message).get("after") for message in stream.asked]
        if not stream.opened:
            raise wrong("it did not connect", "a connection", "none")
        if any(type(after) is not int for after in asked):
            problem = 'each message of the client should be {"after": N}, with a number'
            raise wrong(problem, wanted, [show(message) for message in stream.asked])
        if stream.waited_in_vain:
            problem = "numbers are missing: the client should ask for what comes after its last one"
            raise wrong(problem, wanted, asked)
        if stream.opened < len(connections):
            problem = "only CLOSE 1000 says that all has been sent: it should connect again"
            raise wrong(problem, f"connections: {len(connections)}", stream.opened)
        if stream.opened > len(connections):
            problem = "1000 says that all has been sent: no reason to connect again"
            raise wrong(problem, f"connections: {len(connections)}", stream.opened)
        if asked != wanted:
            problem = "'after' should be the number of the last message that fits what was there"
            raise wrong(problem, wanted, asked)
        if not same(result, state):
            raise wrong(_wrong_state(connections), state, result)


def _wrong_state(connections: Sequence[Sequence[Any]]) -> str:
    steps = [step for each in connections for step in each if isinstance(step, dict)]
    if any("snapshot" in step for step in steps):
        return "a snapshot replaces the whole state; events with older numbers change nothing"
    return "the state is not that of all events, each applied once and in order"


EXERCISE = Exercise(
    id="8.4",
    title="Mind the gap",
    task=(
        "Write `mirror(url)`, which keeps a copy of the server's state, a dictionary. The first "
        'message on each connection is `{"after": N}`, the last number that it has, 0 at first. '
        'The server sends events, `{"number": 3, "key": "a", "value": 30}`, and snapshots, '
        '`{"number": 9, "snapshot": {…}}`, which replace the state. An event it already has '
        'is ignored. If numbers are missing, do not apply the event, but send `{"after": N}` once '
        "more; the server answers with what is missing, or with a snapshot. After CLOSE `1000`, "
        "return the state; after any other loss, connect again at once."
    ),
    name="mirror",
    starter="""
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def mirror(url):
    state, last = {}, 0
    while True:
        async with connect(url) as ws:
            ...
""",
    hints=(
        "Two variables are all that outlives a connection: the state, and the last number. Four "
        "things may happen to a message: a snapshot, an old event, the next one, one too far.",
        "`async for` ends after 1001 as it does after 1000. Call `recv()` in a loop and look at "
        "the code: `closed.rcvd` is `None` if there was no CLOSE.",
        'In the loop: `if "snapshot" in message:` replace both; `elif number == last + 1:` apply; '
        "`elif number > last + 1:` ask again with `last`. An older number needs no branch.",
    ),
    solution="""
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def mirror(url):
    state, last = {}, 0
    while True:
        async with connect(url) as ws:
            try:
                await ws.send(json.dumps({"after": last}))
                while True:
                    message = json.loads(await ws.recv())
                    number = message["number"]
                    if "snapshot" in message:
                        state, last = message["snapshot"], number
                    elif number == last + 1:
                        state[message["key"]], last = message["value"], number
                    elif number > last + 1:
                        await ws.send(json.dumps({"after": last}))
            except ConnectionClosed as closed:
                if closed.rcvd and closed.rcvd.code == 1000:
                    return state
""",
    explanation=(
        "`last` changes only together with the state, so it always says what the state contains. "
        "An event that is too far is thrown away: the answer brings it again, in its place. "
        "Applied at once, it would show a state that never was, until the answer comes; and "
        "`last` raised with it would lose the missing ones for good."
    ),
    rules=(Rule("", _probe_mirror),),
    minutes=20,
    difficulty=2,
    needs="Resume with sequence numbers",
)
