"""Exercise 11.5: A PONG is due."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import (
    CLIENT_TIMEOUT,
    REPLY_TIMEOUT,
    Finding,
    Server,
    answering,
    call,
    small_socket,
)
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

PATIENCE = 0.2


async def _echo(ws: ServerConnection) -> None:
    async for message in ws:
        await ws.send(message)


async def _quiet(ws: ServerConnection) -> None:
    await ws.wait_closed()


def _wrap(answer: Any, handler: Any) -> Any:
    return call(answer, handler, PATIENCE, timeout=CLIENT_TIMEOUT)


def _tasks(server: Server) -> int:
    """How many tasks the server's loop has, without the one that counts."""

    async def count() -> int:
        return len(asyncio.all_tasks()) - 1

    return asyncio.run_coroutine_threadsafe(count(), server.loop).result(REPLY_TIMEOUT)


@rule("does what `handler` does")
def _same(answer: Any) -> None:
    with answering(_wrap(answer, _echo)) as server, server.client() as client:
        client.send("hello")
        client.expect_text("hello", "the handler that was wrapped is an echo")


@rule("A client that answers stays connected")
def _stays(answer: Any) -> None:
    with answering(_wrap(answer, _quiet)) as server, server.client() as client:
        problem = "this client answers each PING at once, and is sent away"
        client.expect_silence(problem, PATIENCE * 5)
        try:
            client.ws.ping().wait(REPLY_TIMEOUT)
        except ConnectionClosed:
            sent = f"watched(handler, {PATIENCE}); a PONG for each PING"
            got = "the connection was lost"
            raise Finding(problem, sent=sent, expected="it stays open", got=got) from None


@rule("one that has not answered a PING within `patience` seconds is aborted")
def _mute(answer: Any) -> None:
    with answering(_wrap(answer, _quiet)) as server, server.deaf_client() as client:
        client.ws.protocol.data_to_send = lambda: []  # type: ignore[method-assign]
        if not server.wait_for_handlers():
            problem = "a client that answers no PING is still connected"
            raise Finding(
                problem,
                sent=f"watched(handler, {PATIENCE}); no PONG",
                expected=f"aborted after {PATIENCE} s",
                got=f"open after {REPLY_TIMEOUT:g} s",
            )


@rule("also if the PING could not even be sent, because the write buffer is full")
def _full(answer: Any) -> None:
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
        client.expect_silence("nothing is sent yet", PATIENCE * 1.5)  # some PINGs are answered
        client.send("go")
        if flooding.wait(REPLY_TIMEOUT) and not server.wait_for_handlers():
            problem = "a client that reads nothing is still connected: the PING waits for ever"
            raise Finding(
                problem,
                sent=f"watched(handler, {PATIENCE}); a full write buffer",
                expected="aborted",
                got=f"open after {REPLY_TIMEOUT:g} s",
            )


@rule("When `handler` has ended, no task is left")
def _clean(answer: Any) -> None:
    with answering(_wrap(answer, _echo)) as server:
        before = _tasks(server)
        for _ in range(3):
            with server.client() as client:
                client.send("hello")
                client.barrier()
        server.wait_for_handlers()
        after = _tasks(server)
        if after > before + 1:  # the last connection may be closing still
            problem = "each client that has left leaves a task behind"
            raise Finding(
                problem,
                sent="three clients that came and left",
                expected="as many tasks as before",
                got=f"{after - before} more",
            )


EXERCISE = Exercise(
    id="11.5",
    title="A PONG is due",
    task=(
        "Write `watched(handler, patience)`. It returns a handler that does what `handler` does, "
        "and watches the connection meanwhile. A client that answers stays connected; one that has "
        "not answered a PING within `patience` seconds is aborted (`ws.transport.abort()`), also "
        "if the PING could not even be sent, because the write buffer is full. When `handler` has "
        "ended, no task is left. The server's own keepalive is off."
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
    rules=(_same, _stays, _mute, _full, _clean),
    minutes=25,
    difficulty=3,
    needs="What keepalive does not see",
)
