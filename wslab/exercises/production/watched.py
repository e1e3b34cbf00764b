"""Exercise 11.5: A PONG is due."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import threading
import time
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import (
    CLIENT_TIMEOUT,
    Client,
    Finding,
    Metronome,
    Server,
    answering,
    call,
    held_up,
    once_a_check,
    small_socket,
    tell,
)
from wslab.exercises._rule import rule
from wslab.faults import RawClient, frame
from wslab.wire import Frame

__all__ = ["EXERCISE"]

PATIENCE: Final = 0.2
_MUTE: Final = f"watched(handler, {PATIENCE}); no PONG"
_ANSWERS: Final = 3
_LONG: Final = 10 * PATIENCE
_END: Final = 2.0
"""Seconds for the end of a connection that is lost."""


async def _echo(ws: ServerConnection) -> None:
    async for message in ws:
        if message == "crash":
            raise ValueError("the wrapped handler raises this")
        await ws.send(message)


async def _quiet(ws: ServerConnection) -> None:
    await ws.wait_closed()


def _wrap(answer: Any, handler: Any, patience: float = PATIENCE) -> Any:
    return call(answer, handler, patience, timeout=CLIENT_TIMEOUT)


@dataclasses.dataclass
class _Watch:
    """
    What happened to two clients at the same time.

    Attributes:
        lost: Whether the second one lost the connection while it still answered.
        left: Whether it lost it after it had stopped.
        patience: After how many patiences from its first PING the first one, which answers none,
            lost it; None if it did not.
    """

    lost: bool
    left: bool
    patience: float | None


def _answer_pings(client: RawClient, seconds: float) -> bool:
    """Answer some PINGs, each after so many seconds; return whether the connection is lost."""
    for _ in range(_ANSWERS):
        try:
            record = client.receive()
        except TimeoutError:
            return False  # there are no PINGs
        if not (isinstance(record, Frame) and record.kind == "ping"):
            return True
        time.sleep(seconds)
        with contextlib.suppress(OSError):  # what is received next tells
            client.send(frame(0x8A, record.payload, b"mask"))
    return False


def _watch_two(answer: Any, patience: float) -> _Watch:
    quick = 8 * patience
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(answering(_wrap(answer, _quiet, patience)))
        metronome = stack.enter_context(Metronome(patience / 20))
        try:
            stack.enter_context(RawClient(server.background.url))
            second = stack.enter_context(RawClient(server.background.url, timeout=quick))
        except OSError:
            raise held_up() from None
        lost = _answer_pings(second, patience * 0.4)
        left = lost or server.wait_for_handlers(timeout=quick)
        transcript = server.background.transcript
        pings, ends = (transcript.filter(connection=1, kind=kind) for kind in ("ping", "lost"))
        beats = metronome.beats_since(pings[0].time, ends[0].time) if pings and ends else None
    return _Watch(lost, left, None if beats is None else beats / 20)


def _fill(answer: Any) -> Finding | None:
    """Return what is wrong with one that reads nothing, after the write buffer is full."""
    flooding = threading.Event()

    async def flood(ws: ServerConnection) -> None:
        try:
            await ws.recv()
            flooding.set()
            while True:
                await ws.send(bytes(10_000))
        except ConnectionClosed:
            pass

    sock = small_socket()
    with (
        answering(_wrap(answer, flood), sock=sock, write_limit=4096) as server,
        server.deaf_client() as client,
    ):
        # Right after a PONG, so that no PING is under way when the buffer is full.
        with contextlib.suppress(TimeoutError):
            server.background.transcript.wait(kind="pong", count=2, timeout=4 * PATIENCE)
        client.send("go")
        if flooding.wait(_END) and not server.wait_for_handlers(timeout=_END):
            problem = "a client that reads nothing is still connected: the PING waits for ever"
            return Finding(
                problem,
                sent=f"watched(handler, {PATIENCE}); a full write buffer",
                expected="aborted",
                got=f"open after {_END:g} s",
            )
    return None


@once_a_check
def _watched(answer: Any) -> tuple[_Watch, Finding | None]:
    """
    What happened to them, and what is wrong with a full write buffer, at the same time.

    On a machine that is busy the answers are late: then all takes longer.
    """
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        filling = pool.submit(_fill, answer)
        watch = _watch_two(answer, PATIENCE)
        return _watch_two(answer, 3 * PATIENCE) if watch.lost else watch, filling.result()


def _settle(server: Server, client: Client) -> None:
    """
    Let the first PING have its answer, if there is one.

    A task that asyncio.wait_for() cancels just then may go on in Python 3.11, which is not asked.
    """
    with contextlib.suppress(TimeoutError):
        transcript = server.background.transcript
        transcript.wait(connection=client.number, sender="client", kind="pong", timeout=PATIENCE)
    client.barrier()


@rule("does what `handler` does")
def _same(answer: Any) -> None:
    with answering(_wrap(answer, _echo, _LONG)) as server, server.client() as client:
        client.send("hello")
        client.expect_text("hello", "the handler that was wrapped is an echo")
        _settle(server, client)
        client.send("crash")
        client.expect_close(1011, "the handler that was wrapped raises ValueError")


@rule("A client that answers stays connected")
def _stays(answer: Any) -> None:
    if _watched(answer)[0].lost:
        raise Finding(
            "this client answers each PING in less than half of the time, and is sent away",
            sent=f"watched(handler, {PATIENCE}); a PONG for each PING",
            expected="it stays open",
            got="the connection was lost",
        )


@rule("one that has not answered a PING within `patience` seconds is aborted")
def _mute(answer: Any) -> None:
    watch, _ = _watched(answer)
    if not watch.lost and (watch.patience is None or watch.patience > 2):
        raise Finding(
            "a client that answers no PING is still connected, while another one answers",
            sent=_MUTE,
            expected=f"aborted after {PATIENCE} s",
            got=f"aborted after {watch.patience * PATIENCE:.1f} s" if watch.patience else "no end",
        )


@rule("watches the connection meanwhile")
def _meanwhile(answer: Any) -> None:
    watch, _ = _watched(answer)
    if watch.patience is not None and not watch.left:  # else another rule tells
        raise Finding(
            f"a client that answers {_ANSWERS} PINGs and then no more is still connected",
            sent=_MUTE,
            expected="a new PING, and the end of the connection",
            got="no end",
        )


@rule("also if the PING could not even be sent, because the write buffer is full")
def _full(answer: Any) -> None:
    tell(_watched(answer)[1])


@rule("When `handler` has ended, also by an exception, no task is left")
def _clean(answer: Any) -> None:
    with answering(_wrap(answer, _echo, _LONG)) as server:
        for message in ("hello", "crash"):
            with server.client() as client:
                _settle(server, client)
                client.send(message)
                client.barrier()
            server.wait_for_handlers()
            if left := server.wait_for_tasks():
                happened = "raised an exception" if message == "crash" else "returned"
                raise client.finding(
                    f"the handler that was wrapped has {happened}, and a task goes on",
                    "no task",
                    f"{', '.join(left)}()",
                )


EXERCISE = Exercise(
    id="11.5",
    title="A PONG is due",
    task=(
        "Write `watched(handler, patience)`. It returns a handler that does what `handler` does, "
        "and watches the connection meanwhile: it sends PINGs, a new one `patience` seconds after "
        "a PONG at the latest. A client that answers stays connected; one that has not answered a "
        "PING within `patience` seconds is aborted (`ws.transport.abort()`), also if the PING "
        "could not even be sent, because the write buffer is full. When `handler` has ended, also "
        "by an exception, no task is left. The server's own keepalive is off."
    ),
    name="watched",
    starter="""
import asyncio


def watched(handler, patience):
    async def watched_handler(ws):
        await handler(ws)

    ...
    return watched_handler
""",
    hints=(
        "Two things at the same time: the handler, and a task that pings in a loop.",
        "`pong = await ws.ping()` sends, `await pong` waits for the answer. Which of the two may "
        "take for ever? One `asyncio.timeout()` around both.",
        "`task.cancel()` in a `finally` behind the handler.",
    ),
    solution="""
import asyncio


def watched(handler, patience):
    async def watch(ws):
        while True:
            try:
                async with asyncio.timeout(patience):
                    await (await ws.ping())
            except TimeoutError:
                ws.transport.abort()
                return
            await asyncio.sleep(patience)

    async def watched_handler(ws):
        watching = asyncio.create_task(watch(ws))
        try:
            await handler(ws)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    return watched_handler
""",
    explanation=(
        "The keepalive of `websockets` bounds the wait for the PONG, not the wait for its PING to "
        "be written. One bound around both ends what no PING can find out. `abort()` and not "
        "`close()`: the CLOSE would wait in the same buffer."
    ),
    rules=(_same, _stays, _mute, _meanwhile, _full, _clean),
    minutes=25,
    difficulty=3,
    needs="What keepalive does not see",
)
