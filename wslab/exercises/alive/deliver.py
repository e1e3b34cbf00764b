"""Exercise 8.6: An outbox that survives."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import Sequence
from numbers import Real
from typing import Any, Final, Literal

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, Play, call, play, show
from wslab.exercises._rule import rule

from ._shared import Diary, Opening, as_object

__all__ = ["EXERCISE"]

_AMOUNTS: Final = (100, 50, 70, 30, 20)

_EQUAL: Final = (5, 5, 7, 5)

_AWKWARD: Final = (_EQUAL, (0, -3, 2.5, 10**20, 0), (8,))

_LATE: Final = 0.05  # seconds until the last ack, where it is late


@dataclasses.dataclass(frozen=True)
class _Loss:
    """
    How our server loses a connection.

    Attributes:
        acks: So many orders are acknowledged first.
        where: What is lost then: the next ack, its second half, or the connection between orders.
        code: Of a CLOSE; without it, TCP ends.
    """

    acks: int = 0
    where: Literal["between", "ack", "half an ack"] = "between"
    code: int = 0

    def __str__(self) -> str:
        if self.where != "between":
            return f"order {self.acks + 1} comes, {self.where} is lost"
        after = f"after {self.acks} acks" if self.acks else "at once"
        return f"CLOSE {self.code} {after}" if self.code else f"lost {after}"


_BETWEEN: Final = _Loss(2, "ack")

_LOSSES: Final = (_BETWEEN, _Loss(), _Loss(1, "half an ack"), _Loss(3, code=1000))


class _Bank:
    """
    A server that acknowledges what comes, and writes it down.

    Attributes:
        came: The messages of each connection that was opened.
        acked: The numbers that were acknowledged on each of them.
        left_early: Whether the client had left when the last ack was due.
        diary: What came before what.
        played: What the client did.
    """

    played: Play

    def __init__(
        self,
        amounts: Sequence[float],
        troubles: Sequence[_Loss | int] = (),
        late: bool = False,
        lasts: float = 0.0,
    ) -> None:
        self.came: list[list[str | bytes]] = []
        self.acked: list[list[Any]] = []
        self.left_early = False
        self.diary = Diary(lasts)
        self._last = len(amounts) if late else 0
        self._troubles = iter(troubles)
        self._trouble: _Loss | int | None = None

    def process_request(self, ws: ServerConnection, request: Request) -> Response | None:
        """Refuse a connection, if that is due."""
        self.diary.connection()
        trouble = self._trouble = next(self._troubles, None)
        return ws.respond(trouble, "") if isinstance(trouble, int) else None

    async def handler(self, ws: ServerConnection) -> None:
        """Acknowledge orders until the connection is to be lost."""
        loss = self._trouble if isinstance(self._trouble, _Loss) else None
        came: list[str | bytes] = []
        acked: list[Any] = []
        self.came.append(came)
        self.acked.append(acked)
        with contextlib.suppress(ConnectionClosed):
            while not loss or len(acked) < loss.acks:
                came.append(await ws.recv())
                if len(came) == self._last:
                    await self._look_whether_it_waits(ws)
                acked.append(as_object(came[-1]).get("number"))
                with contextlib.suppress(ConnectionClosed):  # more may have come before it left
                    await ws.send(json.dumps({"ack": acked[-1]}))
            if loss.where != "between":
                came.append(await ws.recv())
            await self._lose(ws, loss)

    async def _look_whether_it_waits(self, ws: ServerConnection) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LATE):
                await ws.wait_closed()
                self.left_early = True

    async def _lose(self, ws: ServerConnection, loss: _Loss) -> None:
        """Lose the connection, once the client has what was sent, and sends no more."""
        await (await ws.ping())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.005):
                while True:
                    await ws.recv()
        if loss.code:
            await ws.close(loss.code)
        elif loss.where == "half an ack":
            ws.transport.write(b'\x81\x0a{"ack')  # the head of a frame, and half of what it has
            ws.transport.close()
        else:
            ws.transport.abort()

    def orders(self, connection: int | None = None) -> list[tuple[Any, Any]]:
        """Number and amount of each order that came, on all connections or on one of them."""
        came = self.came if connection is None else self.came[connection : connection + 1]
        objects = [as_object(message) for messages in came for message in messages]
        return [(order.get("number"), order.get("amount")) for order in objects]

    def are_orders(self) -> bool:
        """Whether all that came are orders with whole numbers; otherwise other rules tell."""
        return bool(self.orders()) and all(type(number) is int for number, _ in self.orders())

    def finding(self, problem: str, expected: str, got: str = "") -> Finding:
        """Make a finding; without other words, the orders of each connection are what came."""
        orders = [self.orders(number) for number in range(len(self.came))]
        words = [f"connection {n}: {show(each)}" for n, each in enumerate(orders, 1)]
        return self.played.finding(problem, expected, got or "; ".join(words) or "no order")

    def end(self) -> str:
        """How the client ended, in words."""
        failure = self.played.failure
        return failure.problem if failure else "it returned"


def _meet(
    answer: Any,
    amounts: Sequence[float],
    *troubles: _Loss | int,
    late: bool = False,
    lasts: float = 0.0,
) -> _Bank:
    """Let the client deliver its orders, whatever its connections meet."""
    bank = _Bank(amounts, troubles, late, lasts)
    told = [str(one) if isinstance(one, _Loss) else f"status {one}" for one in troubles]
    words = [f"connection {number}: {one}" for number, one in enumerate(told, 1)]
    words.append(f"connection {len(told) + 1}: all is well" if told else "nothing is lost")
    called = "; ".join([f"deliver(url, {show(list(amounts))}, pause)", *words])
    options: dict[str, Any] = {"process_request": bank.process_request, "called": called}
    bank.played = play(answer, bank.handler, list(amounts), bank.diary, **options)
    return bank


def _listed(amounts: Sequence[float]) -> str:
    orders = [json.dumps({"number": n, "amount": each}) for n, each in enumerate(amounts, 1)]
    return "the messages " + ", ".join(orders)


@rule("it sends each amount as an order")
def _each_amount(answer: Any) -> None:
    for amounts in (_AMOUNTS, *_AWKWARD):
        bank = _meet(answer, amounts)
        messages = [message for messages in bank.came for message in messages]
        for message in messages:
            if as_object(message).keys() != {"number", "amount"}:
                raise bank.finding("a message is no such order", _listed(amounts), show(message))
        if not messages:
            raise bank.finding("no order came", _listed(amounts), f"nothing; {bank.end()}")
        got = [amount for _, amount in bank.orders()]
        if any(isinstance(each, bool) or not isinstance(each, Real) for each in got):
            raise bank.finding("an amount is no number", _listed(amounts))
        if sorted(got) != sorted(amounts):
            problem = "these are not the amounts"
            if len(got) != len(amounts):
                problem = f"there are {len(amounts)} amounts, and {len(got)} orders came"
            raise bank.finding(problem, _listed(amounts))
        if bank.played.failure:
            return  # another rule tells about that


@rule("numbered from 1")
def _from_1(answer: Any) -> None:
    for amounts in (_AMOUNTS, _EQUAL):
        bank = _meet(answer, amounts)
        numbers = [number for number, _ in bank.orders()]
        if len(numbers) != len(amounts):
            return  # another rule tells about that
        whole = all(type(number) is int for number in numbers)
        if not whole or sorted(numbers) != list(range(1, len(numbers) + 1)):
            raise bank.finding("these are other numbers", _listed(amounts))


@rule("and in order")
def _in_order(answer: Any) -> None:
    for troubles in ((), (_Loss(1, "ack"),)):
        bank = _meet(answer, _AMOUNTS, *troubles)
        if not bank.are_orders():
            return  # other rules tell about that
        for connection in range(len(bank.came)):
            numbers = [number for number, _ in bank.orders(connection)]
            if sorted(numbers) != numbers:
                raise bank.finding("the numbers do not grow", _listed(_AMOUNTS))
        amounts = tuple(amount for _, amount in bank.orders())
        if not troubles and sorted(amounts) == sorted(_AMOUNTS) and amounts != _AMOUNTS:
            raise bank.finding("the amounts come in another order", _listed(_AMOUNTS))


@rule("Return when everything is acknowledged")
def _returns(answer: Any) -> None:
    for amounts in (_AMOUNTS, ()):
        bank = _meet(answer, amounts, late=True)
        expected = "it returns once it has the last ack"
        bank.played.returned(expected)
        if bank.left_early:
            problem = "it left before the last ack came"
            raise bank.finding(problem, expected, f"CLOSE within {_LATE:g} s after the last order")
    bank = _meet(answer, _AMOUNTS, _BETWEEN)
    if _AMOUNTS[_BETWEEN.acks] not in [amount for _, amount in bank.orders(1)]:
        return  # it never comes back for a lost ack: another rule tells about that
    bank = _meet(answer, _AMOUNTS, _Loss(len(_AMOUNTS) - 1, "ack"))
    if bank.diary.attempts == 1 and bank.played.failure is None:
        problem = "the last ack was lost, and it returned"
        raise bank.finding(problem, f"{_listed(_AMOUNTS[-1:])} once more")


@rule("Connections are lost at any place, also between an order and its ack")
def _lost(answer: Any) -> None:
    for loss in _LOSSES:
        bank = _meet(answer, _AMOUNTS, loss)
        if bank.played.failure or bank.diary.attempts < 2:
            expected = "a pause, a second connection, and the rest of the orders"
            got = f"{bank.end()}, after {bank.diary.attempts} connections"
            raise bank.finding(f"it did not come through ({loss})", expected, got)


@rule("or are refused")
def _refused(answer: Any) -> None:
    expected = "a pause, and one more attempt"
    for troubles in ((503, 404), (503,) * 12, (_BETWEEN, 503)):
        bank = _meet(answer, _AMOUNTS, *troubles)
        attempts = bank.diary.attempts
        lost_only = troubles[0] is _BETWEEN and attempts == 1  # another rule tells about that
        if (bank.played.failure or attempts <= len(troubles)) and not lost_only:
            got = f"{bank.end()}, after {attempts} attempts"
            raise bank.finding("it did not come through", expected, got)
    if not bank.diary.calls:
        return  # it makes no pauses, so nobody would open below
    with Opening(_Bank(_AMOUNTS).handler) as diary:
        try:
            call(answer, diary.url, list(_AMOUNTS), diary, timeout=CLIENT_TIMEOUT)
        except Finding as finding:
            sent = f"deliver(url, {list(_AMOUNTS)}, pause); nobody listens before the first pause"
            problem = "where nobody listens it does not come through"
            raise Finding(problem, sent=sent, expected=expected, got=finding.got) from None


@rule("Before each further connection call `await pause(0.1)`")
def _pauses(answer: Any) -> None:
    several = (503, _BETWEEN, _Loss(), _Loss(1, code=1000))
    for troubles, lasts in (((), 0.0), ((503,), 0.05), (several, 0.0)):
        bank = _meet(answer, _AMOUNTS, *troubles, lasts=lasts)
        diary = bank.diary
        if bank.played.failure or diary.attempts <= len(troubles):
            return  # another rule tells about that
        expected = f"pause(0.1) before each connection but the first: {len(troubles)} times"
        if problem := diary.disorder():
            raise bank.finding(problem, expected, diary.told())
        if any(seconds != 0.1 for seconds in diary.calls):
            raise bank.finding("it is another pause", expected, diary.told())


@rule("then send again what has no ack")
def _again(answer: Any) -> None:
    for amounts in (_AMOUNTS, (5, 7, 5, 7)):
        bank = _meet(answer, amounts, _BETWEEN, _Loss(0, "ack"))
        if bank.played.failure or bank.diary.attempts < 2 or not bank.are_orders():
            return  # other rules tell about that
        for number, amount in bank.orders(0)[_BETWEEN.acks :]:
            later = [order for each in range(1, len(bank.came)) for order in bank.orders(each)]
            if (number, amount) in later:
                continue
            problem = f"order {number}, for {amount}, had no ack and did not come again"
            if amount in [amount for _, amount in later]:
                problem = f"order {number}, for {amount}, came again with another number"
            raise bank.finding(problem, f"{(number, amount)} on connection 2, as before")


@rule("and only that")
def _only_that(answer: Any) -> None:
    bank = _meet(answer, _AMOUNTS, _BETWEEN, _Loss(1, code=1012))
    acked: list[tuple[Any, Any]] = []
    for connection, numbers in enumerate(bank.acked):
        orders = bank.orders(connection)
        for number, amount in orders:
            if (number, amount) in acked:
                problem = f"order {number} had its ack, and came again"
                raise bank.finding(problem, f"connection {connection + 1} begins after it")
        acked += orders[: len(numbers)]


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
        "all of them first and then collecting the acks is faster. "
        "A real outbox is in a file or a database, for the client may restart as well."
    ),
    rules=(
        _each_amount,
        _returns,
        _from_1,
        _in_order,
        _lost,
        _refused,
        _pauses,
        _again,
        _only_that,
    ),
    minutes=25,
    difficulty=3,
    needs="Exactly once is an illusion",
)
