"""Exercises of 08 · Keeping connections alive."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import secrets
from collections.abc import Iterator, Sequence
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from wslab.faults import Cut, Link
from wslab.server import serve
from wslab.transcript import Records

from ._exercise import Exercise, Finding, WrongAnswer
from ._probe import (
    CLIENT_TIMEOUT,
    REPLY_TIMEOUT,
    Client,
    Pause,
    Server,
    answering,
    call,
    run_client,
    same,
    show,
)

__all__ = ["EXERCISES"]


@contextlib.contextmanager
def _about(sent: str, expected: str | None = None) -> Iterator[None]:
    """Add to a finding that knows neither what was sent to the client and what it should do."""
    try:
        yield
    except Finding as finding:
        finding.sent = finding.sent or sent
        finding.expected = finding.expected or expected
        raise


def _object(message: str | bytes) -> dict[str, Any]:
    """Return the JSON object that a message is; an empty one if it is none."""
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(message)
        if isinstance(value, dict):
            return value
    return {}


# ---- 8.1 ----

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
        with _about(told, expected):
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


_ROUND_TRIP = Exercise(
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
    alternatives=(
        """
import asyncio
from websockets.asyncio.client import connect

async def round_trip(url):
    async with connect(url, open_timeout=5, ping_interval=None) as ws:
        async with asyncio.timeout(5):
            await (await ws.ping(b"how far?"))
        return ws.latency
""",
        """
import time
from websockets.sync.client import connect

def round_trip(url):
    with connect(url, open_timeout=5) as ws:
        start = time.perf_counter()
        ws.ping().wait(5)
        return time.perf_counter() - start
""",
        """
from websockets.asyncio.client import connect

async def round_trip(url):
    async with connect(url) as ws:
        return min([await (await ws.ping()) for _ in range(3)])
""",
    ),
    wrong=(
        WrongAnswer(
            """
from websockets.asyncio.client import connect

async def round_trip(url):
    async with connect(url) as ws:
        await ws.ping()
        return ws.latency
""",
            "the PONG was not waited for",
        ),
        WrongAnswer(
            """
from websockets.asyncio.client import connect

async def round_trip(url):
    async with connect(url) as ws:
        return ws.latency
""",
            "the server got no PING",
        ),
        WrongAnswer(
            """
from websockets.asyncio.client import connect

async def round_trip(url):
    async with connect(url) as ws:
        return 1000 * await (await ws.ping())
""",
            "not in milliseconds",
        ),
        WrongAnswer(
            """
import time
from websockets.asyncio.client import connect

async def round_trip(url):
    start = time.perf_counter()
    async with connect(url) as ws:
        await (await ws.ping())
        return time.perf_counter() - start
""",
            "the opening handshake is in it",
        ),
        WrongAnswer(
            """
from websockets.asyncio.client import connect

async def round_trip(url):
    async with connect(url) as ws:
        return await (await ws.ping()) / 2
""",
            "there and back",
        ),
        WrongAnswer(
            """
import time
from websockets.asyncio.client import connect

async def round_trip(url):
    async with connect(url) as ws:
        start = time.perf_counter()
        await ws.send("ping")
        await ws.recv()
        return time.perf_counter() - start
""",
            "waited for something that never came",
        ),
        WrongAnswer(
            """
from websockets.asyncio.client import connect

async def round_trip(url):
    async with connect(url) as ws:
        await ws.send("how far?")
        return await (await ws.ping())
""",
            "no message is needed",
        ),
        WrongAnswer(
            """
from websockets.asyncio.client import connect

async def round_trip(url):
    async with connect(url) as ws:
        return await ws.ping()
""",
            "it should return a number",
        ),
    ),
    probe=_probe_round_trip,
    minutes=5,
    difficulty=1,
    needs="Latency, measured by ping",
)


# ---- 8.2 ----

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


_WATCHDOG = Exercise(
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
    alternatives=(
        """
import asyncio
from websockets.exceptions import ConnectionClosed

async def watchdog(ws):
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(0.5) as limit:
            async for message in ws:
                limit.reschedule(loop.time() + 0.5)
                await ws.send(message)
    except ConnectionClosed:
        pass
    except TimeoutError:
        await ws.close(4000)
""",
        """
import asyncio

async def watchdog(ws):
    loop = asyncio.get_running_loop()
    timer = None
    tasks = set()

    def bite():
        tasks.add(asyncio.create_task(ws.close(4000, "silence")))

    def wind_up():
        nonlocal timer
        if timer is not None:
            timer.cancel()
        timer = loop.call_later(0.5, bite)

    wind_up()
    try:
        while True:
            message = await ws.recv()
            wind_up()
            await ws.send(message)
    except Exception:
        pass
    finally:
        timer.cancel()
""",
        """
import asyncio

async def watchdog(ws):
    while True:
        try:
            message = await asyncio.wait_for(ws.recv(), 0.5)
        except asyncio.TimeoutError:
            return await ws.close(4000)
        await ws.send(message)
""",
    ),
    wrong=(
        WrongAnswer(
            """
async def watchdog(ws):
    async for message in ws:
        await ws.send(message)
""",
            "its pings are answered by the library",
        ),
        WrongAnswer(
            """
import asyncio

async def watchdog(ws):
    try:
        async with asyncio.timeout(0.5):
            async for message in ws:
                await ws.send(message)
    except TimeoutError:
        await ws.close(4000)
""",
            "should stay connected",
        ),
        WrongAnswer(
            """
import asyncio

async def watchdog(ws):
    try:
        while True:
            async with asyncio.timeout(0.5):
                message = await ws.recv()
            await ws.send(message)
    except TimeoutError:
        await ws.close()
""",
            "should be closed with 4000: its pings",
        ),
        WrongAnswer(
            """
import asyncio

async def watchdog(ws):
    try:
        async with asyncio.timeout(0.5):
            message = await ws.recv()
        await ws.send(message)
        async for message in ws:
            await ws.send(message)
    except TimeoutError:
        await ws.close(4000)
""",
            "falls silent later",
        ),
        WrongAnswer(
            """
import asyncio

async def watchdog(ws):
    try:
        while True:
            async with asyncio.timeout(0.5):
                message = await ws.recv()
    except TimeoutError:
        await ws.close(4000)
""",
            "each message should come back",
        ),
        WrongAnswer(
            """
import asyncio

async def watchdog(ws):
    try:
        while True:
            async with asyncio.timeout(0.05):
                message = await ws.recv()
            await ws.send(message)
    except TimeoutError:
        await ws.close(4000)
""",
            "should stay connected",
        ),
        WrongAnswer(
            """
import asyncio
import time

last = 0.0

async def watchdog(ws):
    global last
    last = time.monotonic()
    while True:
        try:
            async with asyncio.timeout(0.05):
                message = await ws.recv()
            last = time.monotonic()
            await ws.send(message)
        except TimeoutError:
            if time.monotonic() - last > 0.5:
                return await ws.close(4000)
""",
            "its pings are answered by the library",
        ),
        WrongAnswer(
            """
import time

async def watchdog(ws):
    async for message in ws:
        await ws.send(message)
        time.sleep(0.5)
        await ws.close(4000)
""",
            "should stay connected",
        ),
    ),
    probe=_probe_watchdog,
    minutes=10,
    difficulty=2,
    needs="A heartbeat of your own",
)


# ---- 8.3 ----

_FIRST: Final = 0.1  # the limit of the first wait, in seconds
_LONGEST: Final = 0.8


class _Dice(random.Random):
    """A generator of random numbers whose numbers are known."""

    fractions: Final = (0.5, 0.0, 0.999, 0.25, 0.75, 0.125, 0.875, 0.0625)

    def __init__(self) -> None:
        super().__init__(0)
        self.rolls = 0

    def random(self) -> float:
        self.rolls += 1
        return self.fractions[(self.rolls - 1) % len(self.fractions)]


def _limits(count: int) -> list[float]:
    return [min(_FIRST * 2**number, _LONGEST) for number in range(count)]


def _told_failures(failures: Sequence[int]) -> str:
    parts = [
        f"status {code}" if code < 1000 else "TCP lost" if code == 1006 else f"CLOSE {code}"
        for code in failures
    ]
    return "; ".join(
        [f"connection {number}: {part}" for number, part in enumerate(parts, 1)]
        + [f"connection {len(parts) + 1}: a message"]
    )


def _probe_stubborn(answer: Any) -> None:
    for failures in [[], [503], [1011], [1006, 503, 1001], [502, 1013, 1006, 1012, 500, 1011, 503]]:
        _try_stubborn(answer, failures)
    _try_refused(answer)


def _try_stubborn(answer: Any, failures: Sequence[int]) -> None:
    endings = iter(failures)
    ending = 0
    connections = 0
    token = secrets.token_hex(4)

    async def refuse(ws: ServerConnection, request: Request) -> Response | None:
        nonlocal ending, connections
        connections += 1
        ending = next(endings, 1000)
        return ws.respond(ending, "") if ending < 1000 else None

    async def handler(ws: ServerConnection) -> None:
        if ending == 1006:
            ws.transport.abort()
        elif ending == 1000:
            await ws.send(token)
            await ws.wait_closed()
        else:
            await ws.close(ending)

    dice, pause = _Dice(), Pause()
    told = _told_failures(failures)
    with _about(told, show(token)):
        result, server = run_client(answer, handler, dice, pause, process_request=refuse)
    records = server.transcript.snapshot()[-16:]

    def wrong(
        problem: str,
        expected: object,
        got: object,
    ) -> Finding:
        shown = expected if isinstance(expected, str) else show(expected)
        return Finding(problem, sent=told, expected=shown, got=show(got), records=records)

    if not same(result, token):
        problem = "it should return the first message that comes"
        if connections <= len(failures):
            problem = "it gave up: these failures may pass"
        raise wrong(problem, show(token), result)
    if connections > len(failures) + 1:
        problem = "one message is enough: no reason to connect again"
        raise wrong(problem, f"connections: {len(failures) + 1}", connections)
    if len(pause.calls) != len(failures):
        problem = "pause() should be called once before each further attempt, and only then"
        raise wrong(problem, f"calls of pause(): {len(failures)}", pause.calls)
    if failures and not dice.rolls:
        raise wrong(
            "each wait should be drawn with rng: with a fixed one, all clients come together",
            "a random wait",
            pause.calls,
        )
    _check_waits(pause.calls, wrong)


def _try_refused(answer: Any) -> None:
    """Nobody listens until the first pause, which raises an OSError, and none of websockets'."""
    token = secrets.token_hex(4)

    async def handler(ws: ServerConnection) -> None:
        await ws.send(token)
        await ws.wait_closed()

    name = f"check {id(answer)}"
    with serve(handler, name=name) as stopped:
        url, port = stopped.url, stopped.port
    told = "connection 1: nobody listens; connection 2: a message"
    with contextlib.ExitStack() as stack, _about(told, show(token)):

        class Opening(Pause):
            def __call__(self, seconds: float) -> Pause:
                if not self.calls:
                    stack.enter_context(serve(handler, name=name, port=port))
                return super().__call__(seconds)

        result = call(answer, url, _Dice(), Opening(), timeout=CLIENT_TIMEOUT)
        if not same(result, token):
            raise Finding("it should return the first message that comes", got=show(result))


def _check_waits(calls: Sequence[float], wrong: Any) -> None:
    limits = _limits(len(calls))
    for number, (wait, limit, fraction) in enumerate(
        zip(calls, limits, _Dice.fractions, strict=False), 1
    ):
        if isinstance(wait, int | float) and abs(wait - fraction * limit) < 1e-6:
            continue
        problem = f"wait {number} should be anything from 0 to its limit, {limit:g}"
        if isinstance(wait, int | float) and wait > _LONGEST:
            problem = f"no wait should be longer than {_LONGEST:g}"
        raise wrong(
            problem, f"{fraction * limit:g}, as rng.random() is {fraction:g} this time", calls
        )


_STUBBORN = Exercise(
    id="8.3",
    title="Full jitter, with a cap",
    task=(
        "Write `stubborn(url, rng, pause)`: it connects until a connection brings a message, and "
        "returns that message. Refused, lost, closed without a message: each is a failure. After "
        "each it calls `await pause(seconds)` once, with full jitter: random from 0 to a limit, "
        "drawn with `rng.uniform()` or `rng.random()`. The limit is "
        f"{_FIRST:g}, then twice that, and so on, but never above {_LONGEST:g}."
    ),
    name="stubborn",
    starter="""
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            ...
""",
    hints=(
        "Two things happen after a failure: a wait below the present limit, and a new limit.",
        "`rng.uniform(a, b)` is a random number from a to b. Full jitter begins at 0.",
        "`await pause(rng.uniform(…, …))`, then `limit = min(…, …)`: the double, or the cap.",
    ),
    solution="""
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)
""",
    explanation=(
        "`connect()` and `recv()` stand in one `try`, so a connection that opens and fails at once "
        "counts as a failure, and the limit goes on growing. `rng` and `pause` are arguments: "
        "with a seeded generator and a pause that takes no time, a test knows every wait. A real "
        "client gives `random.Random()` and `asyncio.sleep`."
    ),
    alternatives=(
        """
import itertools
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

def stubborn(url, rng, pause):
    for attempt in itertools.count():
        try:
            with connect(url, open_timeout=5) as ws:
                return ws.recv(timeout=5)
        except (OSError, WebSocketException):
            pause(rng.random() * min(0.1 * 2**attempt, 0.8))
""",
        """
from websockets.asyncio.client import connect

def waits(rng):
    limit = 0.1
    while True:
        yield rng.uniform(0, limit)
        limit = min(limit * 2, 0.8)

async def stubborn(url, rng, pause):
    for wait in waits(rng):
        try:
            async with connect(url, open_timeout=5) as ws:
                async for message in ws:
                    return message
        except Exception:
            pass
        await pause(wait)
""",
    ),
    wrong=(
        WrongAnswer(
            """
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(limit)
            limit = min(2 * limit, 0.8)
""",
            "should be drawn with rng",
        ),
        WrongAnswer(
            """
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(rng.uniform(0, limit))
            limit = 2 * limit
""",
            "no wait should be longer than 0.8",
        ),
        WrongAnswer(
            """
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(limit / 2 + rng.uniform(0, limit / 2))
            limit = min(2 * limit, 0.8)
""",
            "wait 1 should be anything from 0 to its limit, 0.1",
        ),
        WrongAnswer(
            """
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                limit = 0.1
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)
""",
            "wait 3 should be anything from 0 to its limit, 0.4",
        ),
        WrongAnswer(
            """
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

async def stubborn(url, rng, pause):
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            pass
""",
            "pause() should be called once",
        ),
        WrongAnswer(
            """
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except InvalidStatus:
            await pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)
""",
            "raised ConnectionClosedError",
        ),
        WrongAnswer(
            """
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except WebSocketException:
            await pause(rng.uniform(0, limit))
            limit = min(2 * limit, 0.8)
""",
            "it raised ConnectionRefusedError",
        ),
        WrongAnswer(
            """
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

async def stubborn(url, rng, pause):
    for limit in (0.1, 0.2, 0.4, 0.8):
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            await pause(rng.uniform(0, limit))
""",
            "it gave up",
        ),
        WrongAnswer(
            """
import random
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

async def stubborn(url, rng, pause):
    limit = 0.1
    while True:
        await pause(rng.uniform(0, limit))
        limit = min(2 * limit, 0.8)
        try:
            async with connect(url) as ws:
                return await ws.recv()
        except (OSError, WebSocketException):
            pass
""",
            "before each further attempt, and only then",
        ),
    ),
    probe=_probe_stubborn,
    minutes=10,
    difficulty=2,
    needs="Reconnect: a thousand at a time",
)


# ---- 8.4 ----

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
        with _about(told, show(state)):
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

        asked = [_object(message).get("after") for message in stream.asked]
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


_MIRROR = Exercise(
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
    alternatives=(
        """
import json
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK
from websockets.sync.client import connect

class Copy:
    def __init__(self):
        self.state, self.last = {}, 0

    def question(self):
        return json.dumps({"after": self.last})

    def take(self, message):
        match json.loads(message):
            case {"number": number, "snapshot": dict(snapshot)}:
                self.state, self.last = dict(snapshot), number
            case {"number": number} if number <= self.last:
                pass
            case {"number": number} if number > self.last + 1:
                return False
            case {"number": number, "key": key, "value": value}:
                self.state[key] = value
                self.last = number
        return True

def mirror(url):
    copy = Copy()
    while True:
        try:
            with connect(url, open_timeout=5) as ws:
                ws.send(copy.question())
                while True:
                    if not copy.take(ws.recv(timeout=5)):
                        ws.send(copy.question())
        except ConnectionClosedOK as closed:
            if closed.rcvd.code == 1000:
                return copy.state
        except ConnectionClosedError:
            pass
""",
        """
import json
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

async def mirror(url):
    state, last = {}, 0
    async for ws in connect(url):
        try:
            await ws.send(json.dumps({"after": last}))
            async for text in ws:
                message = json.loads(text)
                if "snapshot" in message:
                    last, state = message["number"], message["snapshot"]
                    continue
                if message["number"] <= last:
                    continue
                if message["number"] != last + 1:
                    await ws.send(json.dumps({"after": last}))
                    continue
                last += 1
                state |= {message["key"]: message["value"]}
        except ConnectionClosed:
            pass
        if ws.close_code == 1000:
            return state
""",
    ),
    wrong=(
        WrongAnswer(
            """
import json
from websockets.asyncio.client import connect

async def mirror(url):
    state, last = {}, 0
    async with connect(url) as ws:
        await ws.send(json.dumps({"after": last}))
        async for text in ws:
            message = json.loads(text)
            if "snapshot" in message:
                state = message["snapshot"]
            else:
                state[message["key"]] = message["value"]
    return state
""",
            "raised ConnectionClosedError",
        ),
        WrongAnswer(
            """
import json
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

async def mirror(url):
    state, last = {}, 0
    while True:
        try:
            async with connect(url) as ws:
                await ws.send(json.dumps({"after": last}))
                async for text in ws:
                    message = json.loads(text)
                    if "snapshot" in message:
                        state, last = message["snapshot"], message["number"]
                    elif message["number"] == last + 1:
                        state[message["key"]], last = message["value"], last + 1
                    elif message["number"] > last:
                        await ws.send(json.dumps({"after": last}))
                return state
        except ConnectionClosedError:
            pass
""",
            "only CLOSE 1000 says",
        ),
        WrongAnswer(
            """
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
                    last = message["number"]
                    if "snapshot" in message:
                        state = message["snapshot"]
                    else:
                        state[message["key"]] = message["value"]
            except ConnectionClosed as closed:
                if closed.rcvd and closed.rcvd.code == 1000:
                    return state
""",
            "numbers are missing",
        ),
        WrongAnswer(
            """
import json
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

async def mirror(url):
    state, last = {}, 0
    while True:
        async with connect(url) as ws:
            try:
                await ws.send(json.dumps({"after": 0}))
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
            "the last message that fits",
        ),
        WrongAnswer(
            """
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
                        state, last = {**state, **message["snapshot"]}, number
                    elif number == last + 1:
                        state[message["key"]], last = message["value"], number
                    elif number > last + 1:
                        await ws.send(json.dumps({"after": last}))
            except ConnectionClosed as closed:
                if closed.rcvd and closed.rcvd.code == 1000:
                    return state
""",
            "a snapshot replaces the whole state",
        ),
        WrongAnswer(
            """
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
                    elif number <= last + 1:
                        state[message["key"]] = message["value"]
                        last = max(last, number)
                    else:
                        await ws.send(json.dumps({"after": last}))
            except ConnectionClosed as closed:
                if closed.rcvd and closed.rcvd.code == 1000:
                    return dict(sorted(state.items()))
""",
            "events with older numbers change nothing",
        ),
        WrongAnswer(
            """
from websockets.asyncio.client import connect

async def mirror(url):
    async with connect(url) as ws:
        await ws.send("0")
        return {"a": 30, "b": 20}
""",
            "each message of the client should be",
        ),
        WrongAnswer(
            """
async def mirror(url):
    return {"a": 30, "b": 20}
""",
            "it did not connect",
        ),
    ),
    probe=_probe_mirror,
    minutes=20,
    difficulty=2,
    needs="Resume with sequence numbers",
)


# ---- 8.5 ----


def _order(client: str, number: int, amount: int) -> str:
    return json.dumps({"client": client, "number": number, "amount": amount})


def _probe_ledger(answer: Any) -> None:
    ada, bob, eve = (f"{name}-{secrets.token_hex(4)}" for name in ("ada", "bob", "eve"))

    def book(one: Client, name: str, number: int, amount: int, reply: Any, problem: str) -> None:
        one.send(_order(name, number, amount))
        one.expect_json(reply, problem)

    with answering(answer) as server:
        with server.client() as one:
            book(one, ada, 1, 100, {"ack": 1, "balance": 100}, "an order should be booked")
            book(one, ada, 2, 50, {"ack": 2, "balance": 150}, "the next order should be booked")
            again = "an order that came before should be acknowledged, and not booked again"
            book(one, ada, 2, 50, {"ack": 2, "balance": 150}, again)
            one.vanish()
        with server.client() as one, server.client() as two:
            later = "after a new connection: what came before should not be booked again"
            book(one, ada, 2, 50, {"ack": 2, "balance": 150}, later)
            book(one, ada, 3, -30, {"ack": 3, "balance": 120}, "the next order should be booked")
            others = "each client has numbers and a balance of its own"
            book(two, bob, 1, 7, {"ack": 1, "balance": 7}, others)
            book(one, bob, 2, 8, {"ack": 2, "balance": 15}, others)
            equal = "an order like another one, with a new number, is a new order"
            book(two, ada, 4, -30, {"ack": 4, "balance": 90}, equal)
            gap = "an order whose predecessor is missing should not be booked"
            book(one, ada, 6, 1000, {"expected": 5}, gap)
            book(two, ada, 5, 10, {"ack": 5, "balance": 100}, "the missing order should be booked")
            book(one, ada, 6, 1000, {"ack": 6, "balance": 1100}, "the next order should be booked")
            book(two, eve, 2, 1, {"expected": 1}, "the first number is 1")
            for number in range(7, 207):
                one.send(_order(ada, number, 1))
            for number in range(7, 207):
                reply = {"ack": number, "balance": 1100 + number - 6}
                one.expect_json(reply, "200 orders in a row should be booked, one after the other")
            old = "an order that came long before should not be booked again"
            book(two, ada, 1, 100, {"ack": 1, "balance": 1300}, old)
        server.come_and_go()


_LEDGER = Exercise(
    id="8.5",
    title="Book it once",
    task=(
        "Write the handler `ledger`. It gets orders, "
        '`{"client": "ada", "number": 1, "amount": 100}`. Each client numbers its own 1, 2, 3, '
        "and so on, and sends an order again, perhaps over a new connection, if it got no ack. "
        'Answer each with `{"ack": NUMBER, "balance": …}`, the balance of that client, and book '
        'it once. If a number is missing before it, book nothing and answer `{"expected": …}`, '
        "the number that is due. Two figures for each client are all the memory that it takes."
    ),
    name="ledger",
    starter="""
import json


async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        ...
""",
    hints=(
        "What has to outlive a connection? It stands outside of the handler.",
        "If a client's last number is 5, then 1 to 5 have been there, 6 is due, and from 7 on "
        "something is missing.",
        "`last, balance = accounts.get(order[…], (0, 0))`. If the number is `last + 1`, store both "
        "new figures. If it is greater than that, answer `expected`; in all other cases, `ack`.",
    ),
    solution="""
import json

accounts = {}  # client: last number, balance


async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        last, balance = accounts.get(client, (0, 0))
        if number == last + 1:
            last, balance = number, balance + order["amount"]
            accounts[client] = last, balance
        if number > last:
            reply = {"expected": last + 1}
        else:
            reply = {"ack": number, "balance": balance}
        await ws.send(json.dumps(reply))
""",
    explanation=(
        "Because the numbers have no gaps, one of them says it all: what is not above it has been "
        "there. Number and balance are stored together and without an `await` in between, so no "
        "other connection sees one without the other; a database does that in a transaction. The "
        "ack is sent again: the client has not got the first one, or it would not ask."
    ),
    alternatives=(
        """
import collections
import json

last = collections.Counter()
balance = collections.Counter()

async def ledger(ws):
    while True:
        try:
            match json.loads(await ws.recv()):
                case {"client": client, "number": number, "amount": amount}:
                    pass
        except Exception:
            return
        if number > last[client] + 1:
            await ws.send(json.dumps({"expected": last[client] + 1}))
            continue
        if number == last[client] + 1:
            last[client] += 1
            balance[client] += amount
        await ws.send(json.dumps({"balance": balance[client], "ack": number}))
""",
        """
import asyncio
import dataclasses
import json

@dataclasses.dataclass
class Account:
    due: int = 1
    balance: int = 0

accounts = {}
lock = asyncio.Lock()

async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        async with lock:
            account = accounts.setdefault(order["client"], Account())
            if order["number"] == account.due:
                account.balance += order["amount"]
                account.due += 1
            answer = {"ack": order["number"], "balance": account.balance}
            if order["number"] >= account.due:
                answer = {"expected": account.due}
        await ws.send(json.dumps(answer))
""",
    ),
    wrong=(
        WrongAnswer(
            """
import json

accounts = {}

async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client = order["client"]
        accounts[client] = accounts.get(client, 0) + order["amount"]
        await ws.send(json.dumps({"ack": order["number"], "balance": accounts[client]}))
""",
            "that came before should be acknowledged, and not booked again",
        ),
        WrongAnswer(
            """
import json

async def ledger(ws):
    last, balance = 0, 0
    async for message in ws:
        order = json.loads(message)
        number = order["number"]
        if number == last + 1:
            last, balance = number, balance + order["amount"]
        if number > last:
            await ws.send(json.dumps({"expected": last + 1}))
        else:
            await ws.send(json.dumps({"ack": number, "balance": balance}))
""",
            "after a new connection",
        ),
        WrongAnswer(
            """
import json

last, balance = 0, 0

async def ledger(ws):
    global last, balance
    async for message in ws:
        order = json.loads(message)
        number = order["number"]
        if number == last + 1:
            last, balance = number, balance + order["amount"]
        if number > last:
            await ws.send(json.dumps({"expected": last + 1}))
        else:
            await ws.send(json.dumps({"ack": number, "balance": balance}))
""",
            "numbers and a balance of its own",
        ),
        WrongAnswer(
            """
import json

accounts = {}

async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        last, balance = accounts.get(order["client"], (0, 0))
        if order["number"] > last:
            last, balance = order["number"], balance + order["amount"]
            accounts[order["client"]] = last, balance
        await ws.send(json.dumps({"ack": order["number"], "balance": balance}))
""",
            "whose predecessor is missing",
        ),
        WrongAnswer(
            """
import collections
import json

balance = collections.Counter()
due = collections.Counter()
seen = collections.deque(maxlen=100)

async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        if number > due[client] + 1:
            await ws.send(json.dumps({"expected": due[client] + 1}))
            continue
        if (client, number) not in seen:
            seen.append((client, number))
            due[client] = number
            balance[client] += order["amount"]
        await ws.send(json.dumps({"ack": number, "balance": balance[client]}))
""",
            "that came long before",
        ),
        WrongAnswer(
            """
import json

accounts = {}
seen = set()

async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number, amount = order["client"], order["number"], order["amount"]
        last, balance = accounts.get(client, (0, 0))
        if number > last + 1:
            await ws.send(json.dumps({"expected": last + 1}))
            continue
        if (client, amount) not in seen:
            seen.add((client, amount))
            balance += amount
        accounts[client] = number, balance
        await ws.send(json.dumps({"ack": number, "balance": balance}))
""",
            "with a new number, is a new order",
        ),
        WrongAnswer(
            """
import json

accounts = {}

async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        last, balance = accounts.get(client, (0, 0))
        if number <= last:
            continue
        if number > last + 1:
            await ws.send(json.dumps({"expected": last + 1}))
            continue
        accounts[client] = number, balance + order["amount"]
        await ws.send(json.dumps({"ack": number, "balance": balance + order["amount"]}))
""",
            "no message came",
        ),
        WrongAnswer(
            """
import json

accounts = {}

async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        last, balance = accounts.get(client, (number - 1, 0))
        if number == last + 1:
            last, balance = number, balance + order["amount"]
            accounts[client] = last, balance
        if number > last:
            await ws.send(json.dumps({"expected": last + 1}))
        else:
            await ws.send(json.dumps({"ack": number, "balance": balance}))
""",
            "the first number is 1",
        ),
    ),
    probe=_probe_ledger,
    minutes=15,
    difficulty=2,
    needs="Exactly once is an illusion",
)


# ---- 8.6 ----

# What happens on each connection: a number is a status that refuses it, or a CLOSE after the
# second ack; a Cut is the network's. On further connections nothing happens.
_ORDEALS: Final[list[list[int | Cut]]] = [
    [],
    [Cut(messages=0, more_bytes=1)],
    [Cut(messages=2, more_bytes=3, sender="client"), Cut(messages=0, sender="client")],
    [Cut(messages=1, more_bytes=1), Cut(messages=1, more_bytes=1), Cut(messages=1, more_bytes=1)],
    [503, 1001, 502, 1012, Cut(messages=1, more_bytes=1)],
]


class _Bank:
    """A server that books orders once and in order, and notes what came."""

    def __init__(self, endings: Sequence[int | Cut]) -> None:
        self.endings = [ending if isinstance(ending, int) else 0 for ending in endings]
        self.opened = 0
        self.booked: list[Any] = []
        self.came: list[list[Any]] = []  # the numbers, for each connection
        self.problem = ""
        self._ending = 0

    async def process_request(self, ws: ServerConnection, request: Request) -> Response | None:
        left = self.endings[self.opened :]
        self._ending = left[0] if left else 0
        self.opened += 1
        return ws.respond(self._ending, "") if 0 < self._ending < 1000 else None

    async def handler(self, ws: ServerConnection) -> None:
        ending = self._ending
        acks = 0
        came: list[Any] = []
        self.came.append(came)
        async for message in ws:
            order = _object(message)
            number, amount = order.get("number"), order.get("amount")
            came.append(number)
            self.problem = self.problem or self._problem_of(message, number, amount)
            if self.problem:
                await ws.close(1008, "see the finding of the check")
                return
            if number == len(self.booked) + 1:
                self.booked.append(amount)
            await ws.send(json.dumps({"ack": number}))
            acks += 1
            if ending and acks == 2:
                await ws.close(ending)
                return

    def _problem_of(self, message: str | bytes, number: Any, amount: Any) -> str:
        if type(number) is not int or type(amount) is not int:
            return f"each message should be an order, not {show(message)}"
        due = len(self.booked) + 1
        if not 1 <= number <= due:
            return (
                "the orders should come in order, the first one without an ack again: "
                f"{due} was due, and {number} came"
            )
        if number < due and self.booked[number - 1] != amount:
            return (
                f"an order that is sent again should keep its number: {number} was for "
                f"{self.booked[number - 1]}, and now it is for {amount}"
            )
        return ""


def _told_ordeal(endings: Sequence[int | Cut]) -> str:
    parts = []
    for number, ending in enumerate(endings, 1):
        if isinstance(ending, Cut):
            what = "order" if ending.sender == "client" else "ack"
            so_far = f"after {ending.messages} {what}s" if ending.messages else "at once"
            inside = f"inside {what} {(ending.messages or 0) + 1}" if ending.more_bytes else so_far
            told = f"the network cuts {inside}"
        elif ending < 1000:
            told = f"status {ending}"
        else:
            told = f"2 acks, then CLOSE {ending}"
        parts.append(f"connection {number}: {told}")
    return "; ".join([*parts, f"connection {len(endings) + 1}: all is well"])


def _probe_deliver(answer: Any) -> None:
    for endings in _ORDEALS:
        amounts = random.Random(secrets.token_bytes(4)).sample(range(1, 1000), 6)
        bank, pause = _Bank(endings), Pause()
        # A connection that is refused is one, too, for the link.
        cuts = [ending if isinstance(ending, Cut) else None for ending in endings]
        told = _told_ordeal(endings)
        options: dict[str, Any] = {"process_request": bank.process_request, "ping_interval": None}
        with (
            serve(bank.handler, name=f"check {id(answer)}", **options) as server,
            Link(server.url, cut=[*cuts, None]) as link,
            _about(told, f"orders 1 to 6, for {amounts}"),
        ):
            try:
                call(
                    answer,
                    link.url,
                    list(amounts),
                    pause,
                    timeout=CLIENT_TIMEOUT,
                    release=server.stop,
                )
            except Finding as finding:
                finding.records = server.transcript.snapshot()[-16:]
                if not bank.problem:
                    raise
            booked = list(bank.booked)  # what comes later is too late
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

        if bank.problem:
            raise wrong(bank.problem, list(range(1, 7)), bank.came)
        if len(booked) > len(amounts):
            problem = "an order was booked twice: what is sent again should keep its number"
            raise wrong(problem, amounts, booked)
        if booked != amounts:
            problem = "it returned before everything was acknowledged"
            raise wrong(problem, amounts, booked)
        if bank.opened > len(endings) + 1:
            problem = "more connections than there were losses"
            raise wrong(problem, len(endings) + 1, bank.opened)
        if len(pause.calls) != bank.opened - 1:
            problem = "pause() should be called once before each further connection, and only then"
            raise wrong(problem, f"calls of pause(): {bank.opened - 1}", pause.calls)
        if pause.calls != [0.1] * len(pause.calls):
            raise wrong("each pause should be one of 0.1", [0.1] * len(pause.calls), pause.calls)
        if len(bank.came) > 3 and [numbers[:1] for numbers in bank.came].count([1]) == len(
            bank.came
        ):
            problem = "an order that was acknowledged should not be sent again"
            raise wrong(
                problem, "each connection begins with the first one that has no ack", bank.came
            )


_DELIVER = Exercise(
    id="8.6",
    title="An outbox that survives",
    task=(
        "Write `deliver(url, amounts, pause)`: it sends each amount as an order, "
        '`{"number": N, "amount": …}`, numbered from 1 and in order. The server answers each with '
        '`{"ack": N}`; it is `ledger`, more or less, and recognises what comes twice. Connections '
        "are lost at any place, also between an order and its ack, or are refused. Before each "
        "further connection call `await pause(0.1)`, then send again what has no ack, and only "
        "that. Return when everything is acknowledged."
    ),
    name="deliver",
    starter="""
import json

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))  # number: amount, until there is an ack
    ...
""",
    hints=(
        "Two loops: one opens connections while something is in the outbox, the other one sends "
        "and receives. What must an order have got before it leaves the outbox?",
        "An order leaves the outbox when its ack has come, and not when it was sent. The number "
        "belongs to the order: it does not change when the order is sent again.",
        "`while outbox:` around `try:` and `async with connect(url)`; inside, for each order of "
        "`list(outbox.items())`: send it, receive the ack, `del outbox[number]`. `except (OSError, "
        "WebSocketException):` pauses.",
    ),
    solution="""
import json

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))  # number: amount, until there is an ack
    while outbox:
        try:
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    await ws.send(json.dumps({"number": number, "amount": amount}))
                    ack = json.loads(await ws.recv())
                    del outbox[ack["ack"]]
        except (OSError, WebSocketException):
            await pause(0.1)
""",
    explanation=(
        "The outbox is the only memory, and it outlives every connection. In doubt an order stays "
        "in it: that is *at least once*. The number stays the same, so the server recognises it: "
        "*once*, in effect. This client waits for each ack, one round trip for each order; sending "
        "all of them first and then collecting the acks is faster, see the second alternative. "
        "A real outbox is in a file or a database, for the client may restart as well."
    ),
    alternatives=(
        """
import json
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

def deliver(url, amounts, pause):
    done = 0
    while done < len(amounts):
        try:
            with connect(url, open_timeout=5, close_timeout=1) as ws:
                while done < len(amounts):
                    ws.send(json.dumps({"number": done + 1, "amount": amounts[done]}))
                    if json.loads(ws.recv(timeout=5)) == {"ack": done + 1}:
                        done += 1
        except (OSError, WebSocketException):
            pause(0.1)
""",
        """
import json
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

async def deliver(url, amounts, pause):
    outbox = {number: amount for number, amount in enumerate(amounts, start=1)}
    first = True
    while outbox:
        if not first:
            await pause(0.1)
        first = False
        try:
            async with connect(url) as ws:
                try:
                    for number, amount in outbox.items():
                        await ws.send(json.dumps({"number": number, "amount": amount}))
                except ConnectionClosed:
                    pass  # acks may have come all the same
                while outbox:
                    outbox.pop(json.loads(await ws.recv())["ack"], None)
        except (OSError, WebSocketException):
            continue
""",
    ),
    wrong=(
        WrongAnswer(
            """
import json
from websockets.asyncio.client import connect

async def deliver(url, amounts, pause):
    async with connect(url) as ws:
        for number, amount in enumerate(amounts, 1):
            await ws.send(json.dumps({"number": number, "amount": amount}))
            await ws.recv()
""",
            "raised ConnectionClosedError",
        ),
        WrongAnswer(
            """
import json
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))
    while outbox:
        try:
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    del outbox[number]
                    await ws.send(json.dumps({"number": number, "amount": amount}))
                    await ws.recv()
        except (OSError, WebSocketException):
            await pause(0.1)
""",
            "the first one without an ack again: 3 was due",
        ),
        WrongAnswer(
            """
import json
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

async def deliver(url, amounts, pause):
    waiting = list(amounts)
    number = 0
    while waiting:
        try:
            async with connect(url) as ws:
                while waiting:
                    number += 1
                    await ws.send(json.dumps({"number": number, "amount": waiting[0]}))
                    await ws.recv()
                    waiting.pop(0)
        except (OSError, WebSocketException):
            await pause(0.1)
""",
            "an order was booked twice",
        ),
        WrongAnswer(
            """
import json
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

async def deliver(url, amounts, pause):
    waiting = list(amounts)
    while waiting:
        try:
            async with connect(url) as ws:
                for number, amount in enumerate(list(waiting), 1):
                    await ws.send(json.dumps({"number": number, "amount": amount}))
                    await ws.recv()
                    waiting.remove(amount)
        except (OSError, WebSocketException):
            await pause(0.1)
""",
            "should keep its number",
        ),
        WrongAnswer(
            """
import json
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

async def deliver(url, amounts, pause):
    acks = set()
    while len(acks) < len(amounts):
        try:
            async with connect(url) as ws:
                for number, amount in enumerate(amounts, 1):
                    await ws.send(json.dumps({"number": number, "amount": amount}))
                for _ in amounts:
                    acks.add(json.loads(await ws.recv())["ack"])
        except (OSError, WebSocketException):
            await pause(0.1)
""",
            "that was acknowledged should not be sent again",
        ),
        WrongAnswer(
            """
import json
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))
    while outbox:
        try:
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    await ws.send(json.dumps({"number": number, "amount": amount}))
                    del outbox[json.loads(await ws.recv())["ack"]]
        except (OSError, WebSocketException):
            pass
""",
            "pause() should be called once",
        ),
        WrongAnswer(
            """
import json
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

async def deliver(url, amounts, pause):
    for number, amount in enumerate(amounts, 1):
        for _ in range(2):
            try:
                async with connect(url) as ws:
                    await ws.send(json.dumps({"number": number, "amount": amount}))
                    await ws.recv()
                    break
            except (OSError, WebSocketException):
                await pause(0.1)
""",
            "more connections than there were losses",
        ),
        WrongAnswer(
            """
import json
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))
    while outbox:
        try:
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    await ws.send(json.dumps({"number": number, "amount": amount}))
                    del outbox[json.loads(await ws.recv())["ack"]]
        except (OSError, WebSocketException):
            await pause(5)
""",
            "each pause should be one of 0.1",
        ),
        WrongAnswer(
            """
async def deliver(url, amounts, pause):
    pass
""",
            "before everything was acknowledged",
        ),
        WrongAnswer(
            """
from websockets.asyncio.client import connect

async def deliver(url, amounts, pause):
    async with connect(url) as ws:
        for amount in amounts:
            await ws.send(str(amount))
            await ws.recv()
""",
            "each message should be an order",
        ),
    ),
    probe=_probe_deliver,
    minutes=25,
    difficulty=3,
    needs="Exactly once is an illusion",
)

EXERCISES: tuple[Exercise, ...] = (
    _ROUND_TRIP,
    _WATCHDOG,
    _STUBBORN,
    _MIRROR,
    _LEDGER,
    _DELIVER,
)
