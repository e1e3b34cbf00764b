"""Exercise 8.6: An outbox that survives."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Sequence
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, Pause, call, show
from wslab.exercises._rule import Rule
from wslab.faults import Cut, Link
from wslab.server import serve
from wslab.transcript import Records

from ._shared import about, as_object

__all__ = ["EXERCISE"]


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
            order = as_object(message)
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
            about(told, f"orders 1 to 6, for {amounts}"),
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


EXERCISE = Exercise(
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
    rules=(Rule("", _probe_deliver),),
    minutes=25,
    difficulty=3,
    needs="Exactly once is an illusion",
)
