"""Exercise 4.5: Slow, or dead?"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Opcode

from wslab._clock import perf_counter
from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Fault, Finding, Play, awkward, call, once_a_check, same, show
from wslab.exercises._rule import rule
from wslab.server import serve

__all__ = ["EXERCISE"]

_TIMEOUTS: Final = (0.06, 0.2, 0.5)
"""Seconds; the longer ones are for a machine that is busy."""

_PATIENT: Final = (0.3, 1.0)

_BACK: Final = 1.3
"""Seconds to be back within: one, and what a busy machine needs."""

_QUESTION: Final = "How are you?"
_LATE: Final = "Fine, and sorry for the wait."


@dataclasses.dataclass(frozen=True)
class _Side:
    """What the other side does once it has heard the question; the timeout is known to it."""

    words: str
    act: Callable[[ServerConnection, float], Awaitable[None]]


def _says(answer: str | bytes, after: float = 0.0) -> _Side:
    """It answers, after a part of the timeout."""

    async def act(ws: ServerConnection, timeout: float) -> None:
        await asyncio.sleep(after * timeout)
        await ws.send(answer)

    when = f"after {after:g} times the timeout" if after else "at once"
    return _Side(f"the server answers {show(answer)} {when}", act)


def _silent_for(part: float, then: str, end: Callable[[ServerConnection], Any]) -> _Side:
    """It hears nothing, no PING either, for so many times the timeout; then it does something."""

    async def act(ws: ServerConnection, timeout: float) -> None:
        ws.transport.pause_reading()
        await asyncio.sleep(part * timeout)
        if then == "answers":
            await ws.send(_LATE)
        end(ws)

    return _Side(f"for {part:g} times the timeout the server hears nothing, then it {then}", act)


async def _listen(ws: ServerConnection, timeout: float) -> None:
    """Go on reading, as its caller does; the library answers PING and CLOSE."""


async def _fall_silent(ws: ServerConnection, timeout: float) -> None:
    ws.transport.pause_reading()


async def _fall_silent_after_pong(ws: ServerConnection, timeout: float) -> None:
    write = ws.transport.write

    def write_pong(data: bytes) -> None:  # one frame at a time
        write(data)
        if data[0] & 0x0F == Opcode.PONG:
            ws.transport.pause_reading()

    ws.transport.write = write_pong  # type: ignore[method-assign, assignment]


async def _answer_and_fall_silent(ws: ServerConnection, timeout: float) -> None:
    await ws.send("Fine.")
    ws.transport.pause_reading()


async def _lose(ws: ServerConnection, timeout: float) -> None:
    ws.transport.abort()


def _closes(code: int) -> _Side:
    async def act(ws: ServerConnection, timeout: float) -> None:
        await ws.close(code)

    return _Side(f"the server sends CLOSE {code} instead of an answer", act)


_SLOW: Final = _Side("the server answers PING, and says nothing else", _listen)
_ENDED: Final = (
    _Side("the TCP connection is cut after the question", _lose),
    _closes(1001),
    _closes(1000),
)
_LOST_LATER: Final = _silent_for(1.5, "cuts the TCP connection", lambda ws: ws.transport.abort())
_DEAD: Final = _silent_for(5, "is gone", lambda ws: ws.transport.abort())
_TOO_LATE: Final = _silent_for(1.5, "answers", lambda ws: ws.transport.resume_reading())
_PONG_LATER: Final = _silent_for(1.7, "sends the PONG", lambda ws: ws.transport.resume_reading())
_MUTE: Final = (
    _Side("the server hears nothing any more, no PING and no CLOSE", _fall_silent),
    _Side("the server sends the PONG, and hears no CLOSE", _fall_silent_after_pong),
    _Side("the server answers, and hears no CLOSE", _answer_and_fall_silent),
)


@dataclasses.dataclass(frozen=True)
class _Talk(Play):
    """What came of it, what our side heard, and how many seconds it took."""

    heard: list[str | bytes]
    seconds: float


def _meet(
    answer: Any, side: _Side, timeout: float, question: str = _QUESTION, back: float = _BACK
) -> _Talk:
    heard: list[str | bytes] = []

    async def handler(ws: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            heard.append(await ws.recv())
            await side.act(ws, timeout)
            async for message in ws:
                heard.append(message)

    result, failure = None, None
    # `stop()` with a short patience: a side that hears nothing does not hear that it should end.
    with serve(handler, name=f"check {id(side)}", ping_interval=None) as server:
        began = perf_counter()
        try:
            result = call(
                answer,
                *(server.url, question, timeout),
                timeout=2 * timeout + back,
                release=lambda: server.stop(0.05),
            )
        except Finding as finding:
            finding.records = server.transcript.snapshot()[-12:]
            failure = finding
        seconds = perf_counter() - began
        server.stop(0.05)
    called = f"ask_patiently(url, {show(question)}, {timeout}); {side.words}"
    return _Talk(called, result, failure, server, heard, seconds)


def _meet_each(answer: Any, timeout: float, *sides: _Side) -> list[_Talk]:
    """Let it talk to several sides, at the same time: most of it is waiting."""
    with concurrent.futures.ThreadPoolExecutor(len(sides)) as pool:
        return list(pool.map(lambda side: _meet(answer, side, timeout), sides))


def _on_a_busy_machine(judge: Callable[[float], None]) -> None:
    """Judge with a short timeout; what is wrong must be so with longer ones, too."""
    for timeout in _TIMEOUTS[:-1]:
        try:
            return judge(timeout)
        except Fault:
            raise
        except Finding as finding:
            if finding.got in ("no end", "TimeoutError"):
                raise
    judge(_TIMEOUTS[-1])


def _expect(talk: _Talk, expected: str | bytes, problem: str) -> None:
    result = talk.returned(show(expected))
    if not same(result, expected):
        raise talk.finding(problem, show(expected), show(result))


@rule("it sends the question")
def _sends(answer: Any) -> None:
    questions = (_QUESTION, awkward.TEXTS["quotes"], awkward.TEXTS["other scripts"], "")
    cases = [(_says("Fine."), question) for question in questions]
    for side, question in (*cases, (_SLOW, _QUESTION)):
        talk = _meet(answer, side, _TIMEOUTS[0], question, back=_BACK / 4)
        if talk.heard != [question]:
            problem = "something else came" if talk.heard else "nothing came"
            if len(talk.heard) > 1:
                problem = "more than one message came"
            got = show(talk.heard) if talk.heard else "nothing"
            raise talk.finding(problem, f"one message, {show(question)}", got)


@rule("returns the answer, if one comes within `timeout` seconds")
def _answer_in_time(answer: Any) -> None:
    def judge(timeout: float) -> None:
        texts: list[str | bytes] = ["Fine.", "", "0", b"\xff\x00"]
        talks = _meet_each(answer, timeout, *map(_says, texts), _says("Fine.", 0.6), _TOO_LATE)
        *at_once, in_time, late = talks
        for talk, text in zip(at_once, texts, strict=True):
            _expect(talk, text, "an answer came at once")
        _expect(in_time, "Fine.", "the answer came in time")
        if same(late.result, _LATE):
            problem = "the answer came after the timeout, and was taken all the same"
            raise late.finding(problem, "'slow': the PONG came in time", show(late.result))

    _on_a_busy_machine(judge)


@rule('returns `"slow"` if the PONG comes within `timeout` seconds')
def _slow(answer: Any) -> None:
    def judge(timeout: float) -> None:
        for talk in _meet_each(answer, timeout, _SLOW, _PONG_LATER):
            _expect(talk, "slow", "no answer came, and the PONG came in time")

    _on_a_busy_machine(judge)


@rule("If not, it sends a PING")
def _no_ping(answer: Any) -> None:
    for timeout in _PATIENT:
        talk = _meet(answer, _says("Fine."), timeout)
        pings = talk.server.transcript.filter(sender="client", kind="ping")
        if not same(talk.result, "Fine.") or not pings:
            return  # other rules tell if that is no answer
    problem = "the answer came at once, and a PING was sent all the same"
    raise talk.finding(problem, "no PING", f"PINGs: {len(pings)}")


@rule("It waits no longer than it must")
def _at_once(answer: Any) -> None:
    for timeout in _PATIENT:  # on a machine that is busy an answer takes its time, too
        fine, slow = _meet_each(answer, timeout, _says("Fine."), _SLOW)
        late = [
            (talk, most)
            for talk, result, most in ((fine, "Fine.", 0.8), (slow, "slow", 1.8))
            if same(talk.result, result) and talk.seconds > most * timeout
        ]
        if not late:
            return
    talk, _ = late[0]
    problem = "what it waited for was there long before"
    expected = f"{show(talk.result)} as soon as it is known"
    raise talk.finding(problem, expected, f"{show(talk.result)} after {talk.seconds:.1f} s")


@once_a_check
def _meet_ends(answer: Any) -> list[_Talk]:
    """Let it talk to all sides that are gone, or do not hear that it goes, at the same time."""
    return _meet_each(answer, _TIMEOUTS[0], _DEAD, _LOST_LATER, *_ENDED, *_MUTE)


@rule('`"dead"` if not')
def _dead(answer: Any) -> None:
    dead, *_ = _meet_ends(answer)
    _expect(dead, "dead", "neither an answer nor a PONG came in time")


@rule('`"dead"` also if the connection ends instead')
def _ended(answer: Any) -> None:
    _, later, *at_once = _meet_ends(answer)
    for talk in at_once[: len(_ENDED)]:
        _expect(talk, "dead", "the connection has ended without an answer")
    later.returned("'dead'")  # another rule tells if it is taken for slow


@rule("back within one second after that, even if the other side does not answer CLOSE")
def _back_in_time(answer: Any) -> None:
    timeout = _TIMEOUTS[0]
    for talk in _meet_ends(answer)[-len(_MUTE) :]:
        if talk.seconds > 2 * timeout + _BACK:
            problem = "it was not back in time"
            expected = f"it returns after {2 * timeout + 1:.1f} s at most"
            raise talk.finding(problem, expected, f"no end after {talk.seconds:.1f} s")


EXERCISE = Exercise(
    id="4.5",
    title="Slow, or dead?",
    task=(
        "Write `ask_patiently(url, question, timeout)`, plain or `async`: it sends the question "
        "and returns the answer, if one comes within `timeout` seconds. If not, it sends a PING "
        'with `ws.ping()` and returns `"slow"` if the PONG comes within `timeout` seconds, '
        '`"dead"` if not; `"dead"` also if the connection ends instead. It waits no longer than it '
        "must, and must be back within one second after that, even if the other side does not "
        "answer CLOSE."
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
    rules=(_sends, _answer_in_time, _slow, _no_ping, _at_once, _dead, _ended, _back_in_time),
    minutes=15,
    difficulty=2,
    needs="Slow, or dead?",
)
