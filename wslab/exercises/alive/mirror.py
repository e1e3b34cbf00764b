"""Exercise 8.4: Mind the gap."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Sequence
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import REPLY_TIMEOUT, Finding, Metronome, Play, awkward, play, show
from wslab.exercises._rule import rule

from ._shared import as_object

__all__ = ["EXERCISE"]

_ASK: Final = "wait for the client to ask"

_LOST: Final = 1006  # TCP ends without a CLOSE; other numbers are the code of a CLOSE

_BEAT: Final = 0.01

_BEATS_AT_ONCE: Final = 20  # so many, in time that our own loop has had, are not "at once"


def _event(number: int, key: str, value: object) -> dict[str, Any]:
    return {"number": number, "key": key, "value": value}


def _snapshot(number: int, **state: object) -> dict[str, Any]:
    return {"number": number, "snapshot": state}


class _Stream:
    """
    A server that takes some steps on each connection: a message, a question of the client, the end.

    Attributes:
        asked: What the client sent on each connection that was opened.
        unasked: Whether the client did not ask where it should, or had left.
        opened: The time of each connection.
        lost: The time of the end of each.
        played: What the client did.
    """

    played: Play

    def __init__(self, connections: Sequence[Sequence[Any]]) -> None:
        self.connections = connections
        self.asked: list[list[str | bytes]] = []
        self.unasked = False
        self.opened: list[float] = []
        self.lost: list[float] = []

    async def handler(self, ws: ServerConnection) -> None:
        """Take the steps."""
        self.opened.append(time.perf_counter())
        asked: list[str | bytes] = []
        self.asked.append(asked)
        left = self.connections[len(self.asked) - 1 : len(self.asked)]
        with contextlib.suppress(ConnectionClosed):
            await self._hear(ws, asked)
            for step in left[0] if left else [1000]:
                if step == _ASK and not await self._hear(ws, asked):
                    self.unasked = True
                    await ws.close()
                elif isinstance(step, dict):
                    await ws.send(json.dumps(step))
                elif isinstance(step, int):
                    await self._end(ws, step, asked)

    async def _hear(self, ws: ServerConnection, asked: list[str | bytes]) -> bool:
        """Wait for a message of the client; return whether it came."""
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            async with asyncio.timeout(REPLY_TIMEOUT / 2):
                asked.append(await ws.recv())
                return True
        return False

    async def _end(self, ws: ServerConnection, code: int, asked: list[str | bytes]) -> None:
        await (await ws.ping())  # the client's library has read what was sent
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.001):
                while True:
                    asked.append(await ws.recv())
        self.lost.append(time.perf_counter())
        if code == _LOST:
            ws.transport.abort()
        else:
            await ws.close(code)

    def afters(self) -> list[list[Any]]:
        """The numbers that it sent on each connection; None for what is no such message."""
        numbers = []
        for messages in self.asked:
            objects = [as_object(message) for message in messages]
            numbers.append(
                [each["after"] if each.keys() == {"after"} else None for each in objects]
            )
        return [[each if type(each) is int else None for each in some] for some in numbers]

    def asks(self) -> bool:
        """Whether it begins each connection as it should; otherwise another rule tells."""
        firsts = [some[:1] for some in self.afters()]
        return bool(firsts) and [] not in firsts and [None] not in firsts

    def finding(self, problem: str, expected: str, got: str = "") -> Finding:
        """Make a finding; without other words, what the client asked is what came."""
        words = [
            f"connection {number}: {', '.join(map(show, messages)) or 'nothing'}"
            for number, messages in enumerate(self.asked, 1)
        ]
        return self.played.finding(problem, expected, got or "; ".join(words) or "no connection")

    def expect_state(self, state: dict[str, Any], problem: str) -> None:
        """Expect that it returns this state; what is no state at all is for another rule."""
        if not self.asks() or self.unasked:
            return
        result = self.played.returned(f"{show(state)} returned")
        if isinstance(result, dict) and not _is(result, state):
            raise self.finding(problem, show(state), show(result))


def _is(result: Any, state: dict[str, Any]) -> bool:
    """Whether it is this state; True is not 1."""
    with contextlib.suppress(Exception):  # it is the learner's
        return json.dumps(result, sort_keys=True) == json.dumps(state, sort_keys=True)
    return False


def _word(step: Any) -> str:
    if isinstance(step, dict):
        if "snapshot" in step:
            return f"snapshot {step['number']} {show(step['snapshot'])}"
        return f"event {step['number']} {show({step['key']: step['value']})}"
    if step == _ASK:
        return "your question"
    return "lost" if step == _LOST else f"CLOSE {step}"


def _play(answer: Any, *connections: Sequence[Any]) -> _Stream:
    """Let the client mirror what comes on these connections, and on none after them."""
    stream = _Stream(connections)
    told = [", ".join(map(_word, steps)) for steps in connections]
    called = "; ".join(f"connection {number}: {words}" for number, words in enumerate(told, 1))
    stream.played = play(answer, stream.handler, called=called)
    return stream


@rule('The first message on each connection is `{"after": N}`')
def _first_message(answer: Any) -> None:
    stream = _play(answer, [_event(1, "a", 1), 1001], [1000])
    if not stream.asked:
        failure = stream.played.failure
        got = failure.got if failure else f"it returned {show(stream.played.result)}"
        raise stream.finding("it did not connect", "a connection", f"none; {got}")
    for number, afters in enumerate(stream.afters(), 1):
        if afters[:1] in ([], [None]):
            problem = f"the first message on connection {number} is another one"
            if not afters:
                problem = f"on connection {number} nothing came"
                if failure := stream.played.failure:
                    problem += f": {failure.problem}"
            raise stream.finding(problem, 'JSON text: {"after": N}, where N is a whole number')


@rule("After CLOSE `1000`, return the state")
def _returns(answer: Any) -> None:
    for events, state in (([_event(1, "a", 1)], {"a": 1}), ([], {})):
        stream = _play(answer, [*events, 1000])
        result = stream.played.returned(f"{state} returned")
        if len(stream.opened) > 1:
            got = f"{len(stream.opened)} connections"
            raise stream.finding("it connected again", "one connection", got)
        if not isinstance(result, dict):
            problem = "it returned nothing" if result is None else "what it returned is no state"
            raise stream.finding(problem, str(state), show(result))


@rule("0 at first")
def _from_0(answer: Any) -> None:
    stream = _play(answer, [1000])
    if stream.asks() and stream.afters()[0][0] != 0:
        raise stream.finding("it has nothing yet", '{"after": 0}')


@rule("The server sends events")
def _events(answer: Any) -> None:
    pairs: list[tuple[str, Any]] = [("a", 10), ("b", 20), ("a", 30)]
    strange: list[tuple[str, Any]] = [("", None), ("snapshot", 0), ("number", ""), ("after", [])]
    strange += [(awkward.TEXTS["quotes"], {"key": 1}), ("value", False), ("key", {}), ("a", None)]
    for each in (pairs, strange):
        events = [_event(number, *pair) for number, pair in enumerate(each, 1)]
        stream = _play(answer, [*events, 1000])
        stream.expect_state(dict(each), "it is not the state after all events")


@rule("which replace the state")
def _snapshots(answer: Any) -> None:
    problem = "it is not the state after the snapshot"
    one = _event(1, "a", 1)
    stream = _play(answer, [one, _snapshot(5, b=2), _event(6, "c", 3), 1000])
    stream.expect_state({"b": 2, "c": 3}, problem)
    _play(answer, [one, _snapshot(5), 1000]).expect_state({}, f"{problem}, which is empty")
    stream = _play(answer, [_snapshot(3, key=0, value=None), _event(4, "key", 1), 1000])
    stream.expect_state({"key": 1, "value": None}, problem)


@rule('but send `{"after": N}` once more')
def _asks(answer: Any) -> None:
    two = [_event(1, "a", 1), _event(2, "b", 2)]
    missing = [_event(3, "b", 3), _event(4, "c", 4), _event(5, "c", 5)]
    for steps, due in (
        ([*two, missing[-1], _ASK, *missing, 1000], [0, 2]),
        ([_event(7, "b", 7), _ASK, _snapshot(9, c=9), 1000], [0, 0]),
    ):
        stream = _play(answer, steps)
        expected = f'{{"after": {due[1]}}} as the second message on this connection'
        if not stream.asks() or stream.afters()[0][0] != 0:
            return  # another rule tells about that
        if stream.unasked:
            raise stream.finding("numbers are missing, and it did not ask", expected)
        if stream.afters()[0][1] != due[1]:
            problem = "numbers are missing, and it asked for something else"
            raise stream.finding(problem, expected)
        if len(stream.afters()[0]) > 2:
            raise stream.finding("one event was too far, and it asked more than once", expected)


@rule("If numbers are missing, do not apply the event")
def _too_far(answer: Any) -> None:
    two = [_event(1, "a", 1), _event(2, "b", 2)]
    stream = _play(answer, [*two, _event(5, "c", 5), _ASK, _event(3, "b", 3), 1000])
    problem = "event 5 was too far, 3 came, and 4 never"
    stream.expect_state({"a": 1, "b": 3}, problem)
    stream = _play(answer, [*two, _event(4, "a", 4), _ASK, _LOST], [1000])
    if len(stream.opened) == 2:  # otherwise another rule tells
        stream.expect_state({"a": 1, "b": 2}, "event 4 was too far, and did not come again")


@rule("An event it already has is ignored")
def _ignored(answer: Any) -> None:
    old = [_event(1, "a", 1), _event(2, "a", 2), _event(1, "a", 1), _event(2, "a", 0)]
    problem = "an event that came again changed the state"
    _play(answer, [*old, _event(3, "b", 3), 1000]).expect_state({"a": 2, "b": 3}, problem)
    older = [_snapshot(9, c=9), _event(8, "b", 8), _event(9, "c", 0), _event(10, "d", 10), 1000]
    problem = "an event that is in the snapshot changed the state"
    _play(answer, older).expect_state({"c": 9, "d": 10}, problem)
    stream = _play(answer, [*old, _event(9, "b", 9), _ASK, 1000])
    if stream.asks() and not stream.unasked and len(stream.afters()[0]) > 2:
        problem = "it asked again, though nothing was missing, or more than once for event 9"
        raise stream.finding(problem, "one question at the beginning, one for event 9")


@rule("at once")
def _at_once(answer: Any) -> None:
    with Metronome(_BEAT) as metronome:
        stream = _play(answer, [_event(1, "a", 1), 1001], [1000])
        if len(stream.opened) < 2:
            return  # another rule tells about that
        beats = metronome.beats_since(stream.lost[0], stream.opened[1])
    if beats > _BEATS_AT_ONCE:
        expected = "the next connection without a pause"
        got = f"{stream.opened[1] - stream.lost[0]:.1f} s later"
        raise stream.finding("it waited after the loss", expected, got)


@rule("after any other loss, connect again")
def _again(answer: Any) -> None:
    for code, times in ((1011, 1), (_LOST, 1), (1001, 1), (4000, 1), (1012, 12)):
        losses = [[code]] * (times - 1)
        stream = _play(answer, [_event(1, "a", 1), code], *losses, [_event(2, "b", 2), 1000])
        failure = stream.played.failure
        if times > 1 and failure:
            return  # its time was over: another rule tells what it was waiting for
        if len(stream.opened) <= times or failure:
            got = failure.got if failure else f"it returned {show(stream.played.result)}"
            how = "the connection was lost" if code == _LOST else f"after CLOSE {code}"
            problem = f"{how}, and it did not come through"
            wanted = "a second connection" if times == 1 else f"{times + 1} connections"
            raise stream.finding(problem, f"{wanted}, until CLOSE 1000", str(got))


@rule("the last number that it has")
def _last_number(answer: Any) -> None:
    one, two = _event(1, "a", 1), _event(2, "a", 2)
    for connections, due in (
        (([one, two, _LOST], [_event(3, "b", 3), 1001], [1000]), [2, 3]),
        (([one, _snapshot(12, a=1), 1001], [1000]), [12]),
        (([one, two, one, _LOST], [1000]), [2]),
        (([one, _event(3, "a", 3), _ASK, 1001], [1000]), [1]),
    ):
        stream = _play(answer, *connections)
        if not stream.asks() or stream.unasked:
            continue  # another rule tells about that
        afters = [some[0] for some in stream.afters()[1:]]
        if afters != due[: len(afters)]:
            expected = ", ".join(f'{{"after": {number}}}' for number in due)
            raise stream.finding("a later connection begins with another number", expected)


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
        "return the state; after any other loss, connect again at once. No connection is refused."
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
    rules=(
        _first_message,
        _returns,
        _from_0,
        _events,
        _snapshots,
        _asks,
        _too_far,
        _ignored,
        _at_once,
        _again,
        _last_number,
    ),
    minutes=20,
    difficulty=2,
    needs="Resume with sequence numbers",
)
