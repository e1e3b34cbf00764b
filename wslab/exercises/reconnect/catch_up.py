"""Exercise 4.6: Reconnect, and miss nothing."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, Pause, call, run_client, same, show
from wslab.exercises._rule import Rule
from wslab.exercises.errors._shared import about, no_listener
from wslab.transcript import Records

__all__ = ["EXERCISE"]


_MESSAGES: Final = [3, 7, 8, 9, 20, 21, 30]  # numbers: they grow, but not by one


class _Feed:
    """
    A server of numbered messages, each of whose connections ends in its own way.

    Args:
        endings: For each connection, how many messages it sends and how it ends: with a close
            code, lost (1006), or refused in the handshake (below 1000). One more connection than
            there are gets all the rest and 1000.
    """

    def __init__(self, endings: Sequence[tuple[int, int]]) -> None:
        self.endings = endings
        self.texts = {number: f"{number}: {secrets.token_hex(3)}" for number in _MESSAGES}
        self.connections = 0
        self.first: list[str | bytes] = []  # messages of the client
        self._ending = (0, 0)

    async def process_request(self, ws: ServerConnection, request: Request) -> Response | None:
        left = self.endings[self.connections :]
        self._ending = left[0] if left else (len(_MESSAGES), 1000)
        self.connections += 1
        return ws.respond(self._ending[1], "") if self._ending[1] < 1000 else None

    async def handler(self, ws: ServerConnection) -> None:
        count, code = self._ending
        message = await ws.recv()
        self.first.append(message)
        after = _after(message)
        if after is None:
            await ws.close(1008, 'the first message must be {"after": N}')
            return
        for number in [number for number in _MESSAGES if number > after][:count]:
            await ws.send(json.dumps({"number": number, "text": self.texts[number]}))
        if code == 1006:
            await (await ws.ping())  # the client's library has read what was sent
            ws.transport.abort()
        else:
            await ws.close(code)


def _after(message: str | bytes) -> int | None:
    try:
        after = json.loads(message)["after"]
    except (ValueError, TypeError, KeyError):
        return None
    return after if type(after) is int else None


def _told_feed(endings: Sequence[tuple[int, int]]) -> str:
    parts = []
    for number, (count, code) in enumerate(endings, 1):
        what = f"status {code}" if code < 1000 else "TCP lost" if code == 1006 else f"CLOSE {code}"
        messages = f"{count} message{'s' * (count != 1)}, then " if count else ""
        parts.append(f"connection {number}: {messages}{what}")
    return "; ".join(parts)


def _pauses(endings: Sequence[tuple[int, int]], delays: Sequence[float]) -> list[float]:
    """Return the pauses that a correct client makes."""
    pauses: list[float] = []
    failures = 0
    for count, code in endings:
        failures = 0 if count else failures
        if code in (1000, 1008, 4003, 403) or failures == len(delays):
            break
        pauses.append(delays[failures])
        failures += 1
    return pauses


def _afters(endings: Sequence[tuple[int, int]]) -> list[int]:
    """Return what a correct client sends in its first messages."""
    afters, received = [], 0
    for count, code in endings:
        if code >= 1000:
            afters.append(_MESSAGES[received - 1] if received else 0)
        received += count
    return afters


def _probe_catch_up(answer: Any) -> None:
    delays = [0.01, 0.02, 0.04, 0.05]
    everything = [(7, 1000)]
    losses = [(3, 1001), (1, 1006), (0, 503), (0, 1011), (2, 1012), (1, 1000)]
    restarts = [(0, 1013), (1, 1006), (0, 502), (0, 504), (0, 1006), (6, 1000)]
    # The endings, and what is wrong with more connections than these.
    cases: list[tuple[list[tuple[int, int]], str]] = [
        (everything, "1000 says that all has been sent: no reason to connect again"),
        (losses, "1000 says that all has been sent: no reason to connect again"),
        (restarts, "1000 says that all has been sent: no reason to connect again"),
        ([(2, 1008)], "1008 will not pass: no reason to connect again"),
        ([(1, 1001), (2, 4003)], "4003 will not pass: no reason to connect again"),
        ([(0, 403)], "status 403 will not pass: no reason to connect again"),
        ([(0, 503)] * 5, "the delays are used up after four failures in a row"),
        ([(0, 1011)] * 5, "a connection that opens and brings no message is a failure like others"),
        ([(4, 1006), *[(0, 500)] * 4], "the delays are used up after four failures in a row"),
    ]
    for endings, too_many in cases:
        feed, pause = _Feed(endings), Pause()
        pauses = _pauses(endings, delays)
        texts = [feed.texts[number] for number in _MESSAGES[: sum(count for count, _ in endings)]]
        complete = endings[-1][1] == 1000
        told = f"{_told_feed(endings)}; delays {delays}"
        with about(told, show((texts, complete))):
            result, server = run_client(
                answer,
                feed.handler,
                list(delays),
                pause,
                process_request=feed.process_request,
            )
        records = server.transcript.snapshot()[-16:]

        def wrong(
            problem: str,
            expected: object,
            got: object,
            told: str = told,
            records: Records = records,
        ) -> Finding:
            shown = show(expected) if not isinstance(expected, str) else expected
            return Finding(problem, sent=told, expected=shown, got=show(got), records=records)

        bad = [message for message in feed.first if _after(message) is None]
        if bad:
            raise wrong(
                "the first message of each connection should be an object with a number 'after'",
                'JSON: {"after": N}',
                bad[0],
            )
        after = [_after(message) for message in feed.first]
        wanted = _afters(endings)
        common = min(len(after), len(wanted))
        if after[:common] != wanted[:common]:
            raise wrong(
                "'after' should be the number of the last message that has come",
                wanted,
                after,
            )
        if not feed.connections:
            raise wrong("it did not connect", f"connections: {len(endings)}", 0)
        if feed.connections < len(endings):
            code = endings[feed.connections - 1][1]
            what = f"status {code}" if code < 1000 else f"the end with {code}"
            problem = f"{what} may pass, and a delay is left: one more attempt is due"
            raise wrong(problem, f"connections: {len(endings)}", feed.connections)
        if feed.connections > len(endings):
            raise wrong(too_many, f"connections: {len(endings)}", feed.connections)
        if not isinstance(result, tuple | list) or len(result) != 2:
            raise wrong("it should return two things: texts, complete", (texts, complete), result)
        if not same(result[0], texts):
            problem = "the texts should be all that came, each once, in their order"
            raise wrong(problem, texts, result[0])
        if not same(result[1], complete):
            problem = "complete should be True after 1000, and False if it gave up"
            raise wrong(problem, complete, result[1])
        if pause.calls != pauses:
            problem = "pause() should get delays[n], n failures after the last message"
            raise wrong(problem, f"pause() called with {pauses}", pause.calls)
    pause = Pause()
    told = f"the address of a port where nobody listens; delays {delays}"
    with about(told, show(([], False))), no_listener() as nobody:
        result = call(answer, nobody, list(delays), pause, timeout=CLIENT_TIMEOUT)
    nothing: list[object] = [([], False), [[], False]]
    if not any(same(result, each) for each in nothing) or pause.calls != delays:
        problem = "a refused TCP connection may pass: it counts as a failure like the others"
        expected = f"{([], False)}, and pause() called with {delays}"
        got = f"{show(result)}, and pause() called with {pause.calls}"
        raise Finding(problem, sent=told, expected=expected, got=got)


EXERCISE = Exercise(
    id="4.6",
    title="Reconnect, and miss nothing",
    task=(
        "Write `catch_up(url, delays, pause)`, plain or `async`. It begins each connection with "
        '`{"after": N}`, where N is the `number` of the last message it has, 0 at first. The '
        'server then sends `{"number": …, "text": …}`, with growing numbers, from there on, and '
        "closes with 1000 after the last one.\n\n"
        "After a failure that may pass, call `pause(delays[n])` instead of sleeping, where n is "
        "the number of failures before this one since the last message came (with `await`, if "
        "your function is `async`), and connect again; if there is no `delays[n]`, or the failure "
        "will not pass (as in exercise 4.4), give up. "
        "Return `(texts, complete)`: the texts in their order, none "
        "twice, and `True` for 1000 or `False` for giving up."
    ),
    name="catch_up",
    starter="""
import json

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect


def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        ...
""",
    hints=(
        "`follow()` in “Reconnect: and miss nothing” has the same structure. Here the numbers are "
        "not 1, 2, 3: remember the last one instead of counting.",
        "A round of the loop: connect, send, receive until an exception comes; then decide. "
        "`failures` becomes 0 where a message is received, and grows by one with each pause.",
        "At the end of a round: `if not may_retry(error) or failures == len(delays): return "
        "texts, False`; then `pause(delays[failures])` and `failures += 1`. Before that, a "
        "ConnectionClosed with code 1000: `return texts, True`.",
    ),
    solution="""
import json

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect


def how_it_ended(error):
    if isinstance(error, ConnectionClosed):
        close = error.rcvd or error.sent
        return close.code if close else 1006
    if isinstance(error, InvalidStatus):
        return error.response.status_code
    passing = isinstance(error, OSError) or isinstance(error.__cause__, EOFError)
    return 1006 if passing else None


MAY_PASS = {1001, 1006, 1011, 1012, 1013, 1014, 500, 502, 503, 504}


def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        try:
            with connect(url, open_timeout=5) as ws:
                ws.send(json.dumps({"after": after}))
                while True:
                    message = json.loads(ws.recv(timeout=5))
                    texts.append(message["text"])
                    after = message["number"]
                    failures = 0
        except (OSError, WebSocketException) as error:
            end = how_it_ended(error)
        if end == 1000:
            return texts, True
        if end not in MAY_PASS or failures == len(delays):
            return texts, False
        pause(delays[failures])
        failures += 1
""",
    explanation=(
        "`after` is taken from the messages, so nothing has to be assumed about how the server "
        "counts. The delays begin anew when a message has come, not when a connection has opened: "
        "otherwise a server that accepts and fails would be called for ever, always after the "
        "shortest pause. `pause()` stands outside of `except`, so what it raises is not taken for "
        "a failure of the network."
    ),
    rules=(Rule("", _probe_catch_up),),
    minutes=30,
    difficulty=3,
    needs="Reconnect: and miss nothing",
)
