"""Exercise 8.2: Who says nothing has to go."""

from __future__ import annotations

import contextlib
from typing import Any, Final

from websockets.exceptions import ConnectionClosed

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, Server, answering
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


_SILENCE: Final = 0.5  # seconds that a client may be silent


_BEAT: Final = 0.2  # seconds between a client's messages


_SILENT: Final = 4000


def _ask(client: Client, number: int, problem: str) -> None:
    client.send(f"beat {number}")
    client.expect_text(f"beat {number}", problem)


def _pace(client: Client, seconds: float) -> None:
    """Let a while pass, or less if the connection is closed."""
    with contextlib.suppress(TimeoutError, ConnectionClosed):
        client.ws.recv(timeout=seconds)


def _probe_watchdog(answer: Any) -> None:
    early = f"a client that sends something every {_BEAT:g} s should stay connected"
    with answering(answer) as server:
        with server.client() as client:
            _ask(client, 1, "each message should come back")
        with server.client() as lively, server.client() as silent:
            _ask(lively, 0, "each message should come back")
            for number in range(5):
                _pace(lively, _BEAT)
                with contextlib.suppress(ConnectionClosed):
                    silent.ws.ping()
                _ask(lively, number, early)
            silent.expect_close(
                _SILENT,
                f"a client that sends no message for {_SILENCE:g} s should be closed with "
                f"{_SILENT}: its pings are answered by the library, and tell nothing of it",
            )
        _expect_late_close(server)
        server.come_and_go()
        server.expect_handlers_to_end("the handler should return once its client has left")


def _expect_late_close(server: Server) -> None:
    """Expect that the watchdog was wound up by a message, and bites when no more come."""
    with server.client() as client:
        _pace(client, _SILENCE * 0.6)
        _ask(client, 1, "a client may be silent for less than that")
        client.expect_silence(
            "each message should wind the watchdog up again", seconds=_SILENCE * 0.7
        )
        client.expect_close(
            _SILENT, f"a client that falls silent later should be closed with {_SILENT}, too"
        )


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
    rules=(Rule("", _probe_watchdog),),
    minutes=10,
    difficulty=2,
    needs="A heartbeat of your own",
)
