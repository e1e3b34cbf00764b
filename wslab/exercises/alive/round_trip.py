"""Exercise 8.1: How far away is it?"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, call, show
from wslab.exercises._rule import Rule
from wslab.faults import Link
from wslab.server import serve

from ._shared import about

__all__ = ["EXERCISE"]


_LATENCY: Final = 0.05  # seconds in each direction


_SLOW_HANDSHAKE: Final = 0.4  # seconds; a right answer does not measure it


def _probe_round_trip(answer: Any) -> None:
    messages: list[str | bytes] = []

    async def slowly(ws: ServerConnection, request: Request) -> None:
        await asyncio.sleep(_SLOW_HANDSHAKE)

    async def handler(ws: ServerConnection) -> None:
        async for message in ws:
            messages.append(message)  # and no reply: only its library answers

    options: dict[str, Any] = {"process_request": slowly, "ping_interval": None}
    with (
        serve(handler, name=f"check {id(answer)}", **options) as server,
        Link(server.url, latency=_LATENCY) as link,
    ):
        told = f"a network with {_LATENCY:g} s in each direction; the server never sends a message"
        expected = f"the seconds of one round trip: {2 * _LATENCY:g} and a little more"
        with about(told, expected):
            try:
                result = call(
                    answer,
                    link.url,
                    timeout=_SLOW_HANDSHAKE + CLIENT_TIMEOUT,
                    release=server.stop,
                )
            except Finding as finding:
                finding.records = server.transcript.snapshot()[-12:]
                raise
        records = server.transcript.snapshot()[-12:]
        pings = server.transcript.filter(kind="ping", sender="client")

    def wrong(problem: str) -> Finding:
        return Finding(problem, sent=told, expected=expected, got=show(result), records=records)

    if messages:
        raise wrong("no message is needed: a ping is a control frame")
    if not pings:
        raise wrong("the server got no PING")
    if isinstance(result, bool) or not isinstance(result, int | float):
        raise wrong("it should return a number of seconds")
    if result >= 2000 * _LATENCY * 0.9:
        raise wrong("the time should be in seconds, not in milliseconds")
    if result >= _SLOW_HANDSHAKE:
        raise wrong("the time is that of more than one ping: the opening handshake is in it")
    if result < _LATENCY * 0.9:
        raise wrong("the time is shorter than any way there: the PONG was not waited for")
    if result < 2 * _LATENCY * 0.95:
        raise wrong("the time is that of one way; the round trip is there and back")


EXERCISE = Exercise(
    id="8.1",
    title="How far away is it?",
    task=(
        "Complete `round_trip(url)`: connect, measure one round trip by a ping, and return it in "
        "seconds. The server sends no message, and its opening handshake is slow: that does not "
        "count."
    ),
    name="round_trip",
    starter="""
from websockets.asyncio.client import connect


async def round_trip(url):
    async with connect(url) as ws:
        pong = await ws.ping()
        return ...
""",
    hints=(
        "When `ping()` returns, the PING is on its way and no more. What it returned is still to "
        "be awaited.",
        "A clock is not needed: “Latency, measured by ping” says what the result of waiting for "
        "the PONG is.",
        "`return await …`: what has to be awaited has the name `pong`.",
    ),
    solution="""
from websockets.asyncio.client import connect


async def round_trip(url):
    async with connect(url) as ws:
        pong = await ws.ping()
        return await pong
""",
    explanation=(
        "`websockets` notes when it sends a PING, and finds it again by the payload of the PONG. "
        "`ws.latency` has the same figure afterwards. No handler took part, so it is the time of "
        "the network and of two libraries."
    ),
    rules=(Rule("", _probe_round_trip),),
    minutes=5,
    difficulty=1,
    needs="Latency, measured by ping",
)
