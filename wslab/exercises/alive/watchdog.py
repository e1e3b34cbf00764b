"""Exercise 8.2: Who says nothing has to go."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from typing import Any, Final

from websockets.exceptions import ConnectionClosed

from wslab._clock import perf_counter
from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, Server, answering, awkward, once_a_check
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]


_SILENCE: Final = 0.5  # seconds that a client may be silent

_BEAT: Final = 0.12  # seconds between messages of a client that is not

_SILENT: Final = 4000

_LATE: Final = 0.75  # seconds


class _Deadline:
    """
    A timer on the event loop of the learner's server: what is late there, too, is the machine.

    Attributes:
        passed: The time at which it was over, with a few turns for what was due before.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.passed = float("inf")
        self._loop = loop
        loop.call_soon_threadsafe(loop.call_later, _LATE, self._pass, 5)

    def _pass(self, turns: int) -> None:
        if turns:
            self._loop.call_soon(self._pass, turns - 1)
        else:
            self.passed = perf_counter()


@dataclasses.dataclass(frozen=True)
class _Seen:
    """
    What the server saw of a client.

    Attributes:
        client: The client.
        spoke: When the connection was opened, and each message until the server closed.
        closed: When the server closed it, if it did.
        code: The code of its CLOSE, if it sent one.
        pinged: Whether it was sent a PING.
        told: How many messages it was sent.
        in_time: Whether it was closed before its deadline.
    """

    client: Client
    spoke: list[float]
    closed: float | None
    code: int | None
    pinged: bool
    told: int
    in_time: bool

    @property
    def silence(self) -> float:
        """Seconds without a message before it was closed."""
        return (self.closed or perf_counter()) - self.spoke[-1]

    @property
    def too_early(self) -> bool:
        """Whether it was closed before it was silent for long, and no message crossed the CLOSE."""
        crossed = self.silence < 0.05 and (self.closed or 0) - self.spoke[-2:][0] >= _SILENCE
        return self.closed is not None and self.silence < 0.98 * _SILENCE and not crossed


def _look(server: Server, client: Client, deadline: _Deadline) -> _Seen:
    records = server.background.transcript.filter(connection=client.number)
    ends = [each for each in records if each.kind in ("close", "lost") and each.sender != "client"]
    closed = ends[0].time if ends else None
    spoke = [each.time for each in records if each.kind == "handshake"]
    spoke += [
        each.time
        for each in records
        if each.sender == "client" and each.kind in ("text", "binary")
        if closed is None or each.time <= closed
    ]
    return _Seen(
        client,
        spoke,
        closed,
        getattr(ends[0], "close_code", None) if ends else None,
        any(each.kind == "ping" and each.sender == "server" for each in records),
        sum(each.kind in ("text", "binary") and each.sender == "server" for each in records),
        closed is not None and closed <= deadline.passed,
    )


@dataclasses.dataclass(frozen=True)
class _Watch:
    """
    Four clients at once: what the server saw of each.

    Attributes:
        silent: Says nothing.
        pinging: Sends PINGs.
        once: Sends one message.
        lively: Goes on sending messages.
        outlived: Whether ``silent`` was closed only once ``lively`` had been silent, too.
    """

    silent: _Seen
    pinging: _Seen
    once: _Seen
    lively: _Seen
    outlived: bool


def _pass_time(client: Client, seconds: float) -> bool:
    """Let a while pass, or less if the connection is closed; return whether it is."""
    deadline = perf_counter() + seconds
    try:
        while (left := deadline - perf_counter()) > 0:
            client.ws.recv(timeout=left)
    except TimeoutError:
        return False
    except ConnectionClosed:
        return True
    return False


@once_a_check
def _watch(answer: Any) -> _Watch:
    """Look at four clients at once, until the server has closed those that it should."""
    with (
        answering(answer) as server,
        server.client() as silent,
        server.client() as pinging,
        server.client() as once,
        server.client() as lively,
    ):
        early = late = _Deadline(server.loop)
        step = 0
        while late.passed > perf_counter() or late is early:
            lively.send(b"still here" if step else "still here")
            if step == 1:
                once.send("I was here")
                once.barrier()
                late = _Deadline(server.loop)
            with contextlib.suppress(ConnectionClosed):
                pinging.ws.ping()
            if _pass_time(once, _BEAT):
                break
            step += 1
        seen = [_look(server, client, early) for client in (silent, pinging)]
        seen += [_look(server, client, late) for client in (once, lively)]
        outlived = not seen[0].in_time and _pass_time(silent, _LATE)
        if outlived:
            seen[0] = _look(server, silent, early)
            last = _look(server, lively, late).spoke[-1]
            outlived = (seen[0].closed or 0.0) - last >= 0.98 * _SILENCE
        return _Watch(seen[0], seen[1], seen[2], seen[3], outlived)


@rule("it sends each message back")
def _sends_back(answer: Any) -> None:
    messages: list[str | bytes] = ["hello", "hello"]
    messages += [*awkward.TEXTS.values(), *awkward.BYTES.values()]
    with answering(answer) as server, server.client() as client:
        for message in messages:
            client.send(message)
            client.expect(message, "a message came")
    silent = _watch(answer).silent
    if silent.told:
        problem = "a client that sent no message got one"
        raise silent.client.finding(problem, "nothing but CLOSE", f"messages: {silent.told}")


@rule(f"closes with code `{_SILENT}`")
def _closes(answer: Any) -> None:
    watch = _watch(answer)
    for seen in (watch.silent, watch.once):
        if seen.closed is not None and seen.code != _SILENT:
            problem = f"a client was closed after {seen.silence:.1f} s without a message"
            got = f"CLOSE {seen.code}" if seen.code else "the end without a code"
            raise seen.client.finding(problem, f"CLOSE {_SILENT}", got)
    silent = watch.silent
    if silent.closed is None and not silent.pinged:
        problem = "a client that never sent a message stays connected"
        got = f"an open connection after {silent.silence:.1f} s"
        raise silent.client.finding(problem, f"CLOSE {_SILENT} after {_SILENCE:g} s", got)


@rule("the connection of a client")
def _one_client(answer: Any) -> None:
    watch = _watch(answer)
    if watch.outlived:
        problem = "a client that never sent a message stayed as long as another one sent some"
        expected = f"CLOSE after {_SILENCE:g} s, whatever others do"
        got = f"CLOSE after {watch.silent.silence:.1f} s"
        raise watch.silent.client.finding(problem, expected, got)


@rule(f"that has sent no message for {_SILENCE:g} seconds")
def _silence(answer: Any) -> None:
    watch = _watch(answer)
    if watch.silent.closed is None or watch.outlived:
        return  # other rules tell about that
    expected = f"CLOSE once it has been silent for {_SILENCE:g} s"
    for seen in (watch.silent, watch.once, watch.lively):
        if seen.too_early:
            after = "its last message" if len(seen.spoke) > 2 else "the connection was opened"
            problem = f"it was closed too early, {seen.silence:.2f} s after {after}"
            raise seen.client.finding(problem, expected, f"CLOSE after {seen.silence:.2f} s")
    for seen, problem in (
        (watch.silent, "a client that never sent a message was closed too late"),
        (watch.once, "a client that sent one message, and no more, was closed too late, or never"),
    ):
        if not seen.in_time:
            got = f"no CLOSE for {seen.silence:.1f} s"
            raise seen.client.finding(problem, expected, got)


@rule("PINGs are no messages")
def _pings(answer: Any) -> None:
    watch = _watch(answer)
    if watch.silent.closed is None and watch.silent.pinged:
        problem = "a client that sent no message answered your PING: its library does that"
        expected = f"CLOSE after {_SILENCE:g} s without a message"
        raise watch.silent.client.finding(problem, expected, "an open connection")
    if watch.silent.in_time and not watch.pinging.in_time:
        problem = "a client that sent PINGs and no message stays connected"
        expected = f"CLOSE after {_SILENCE:g} s without a message"
        raise watch.pinging.client.finding(problem, expected, "an open connection")


EXERCISE = Exercise(
    id="8.2",
    title="Who says nothing has to go",
    task=(
        f"Write the handler `watchdog`: it sends each message back, and closes with code "
        f"`{_SILENT}` the connection of a client that has sent no message for {_SILENCE:g} "
        "seconds. PINGs are no messages."
    ),
    name="watchdog",
    starter="""
import asyncio


async def watchdog(ws):
    limit = 0.5  # seconds without a message
    ...
""",
    hints=(
        "The wait for *one* message is limited, not the whole conversation.",
        "`async with asyncio.timeout(…)` inside the loop, around `recv()`. When the limit is over, "
        "it raises `TimeoutError`.",
        "`while True:`, in it `try:` with `recv()` under the limit, and `except TimeoutError:` "
        "with `ws.close(…)` and `return`. `recv()` raises `ConnectionClosed` when the client "
        "leaves: that may end the handler.",
    ),
    solution="""
import asyncio


async def watchdog(ws):
    try:
        while True:
            async with asyncio.timeout(0.5):
                message = await ws.recv()
            await ws.send(message)
    except TimeoutError:
        await ws.close(4000, "no message for 0.5 seconds")
""",
    explanation=(
        "Each round of the loop has its own limit, so each message winds the watchdog up. "
        "`send()` is outside: it may have to wait for a slow reader, which is another matter. "
        "`ConnectionClosed` needs no `except`: it ends the handler, which is right. PINGs never "
        "reach a handler, so they do not count."
    ),
    rules=(_sends_back, _closes, _one_client, _pings, _silence),
    minutes=10,
    difficulty=2,
    needs="A heartbeat of your own",
)
