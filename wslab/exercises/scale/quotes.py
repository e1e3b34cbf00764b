"""Exercise 9.5: Only the newest."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import (
    REPLY_TIMEOUT,
    Client,
    Finding,
    Server,
    answering,
    awkward,
    held_up,
    same,
    show,
)
from wslab.exercises._rule import rule

from ._feed import Desk, Feed, Update
from ._slow_client import SlowClient, slow_client

__all__ = ["EXERCISE"]

_WRITE_LIMIT: Final = 4096  # bytes that wait in the server before send() does
_LONG: Final = "." * 4000
"""Makes the name of a symbol long, so that a few messages fill what lies between the two sides."""

_RARE, _OFTEN, _OTHER = _SYMBOLS = ("rare", "often", "other")
_AWKWARD: Final[tuple[Update, ...]] = (
    ("ABC", 1),
    ("ABC", 1),  # the same again is an update, too
    ("DEF", 0),
    ("", -0.5),
    (awkward.TEXTS["quotes"], 10**12),
    (awkward.TEXTS["other scripts"], 99.95),
)


@contextlib.contextmanager
def _quick(answer: Any) -> Iterator[tuple[Client, Feed]]:
    """Let a client come that reads at once."""
    desk = Desk(answer)
    with answering(desk) as server, server.client() as client:
        feed = desk.feed()
        yield client, feed
        feed.put(None)


def _value(message: str | bytes) -> dict[Any, Any]:
    """The object in a message; of anything else another rule tells, then it is empty."""
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


@contextlib.contextmanager
def _about(update: Update) -> Iterator[None]:
    """Say in what is found here which update was the last one."""
    try:
        yield
    except Finding as finding:
        finding.sent = f"the update {show(update)}"
        raise


@rule("Send each")
def _each(answer: Any) -> None:
    desk = Desk(answer)
    with answering(desk) as server, contextlib.ExitStack() as stack:
        feeds: list[tuple[Client, Feed]] = []
        for _ in range(2):
            feeds.append((stack.enter_context(server.client()), desk.feed()))
        for update in _AWKWARD:
            with server.standing_still():
                for _, feed in feeds:
                    feed.put(update)
            for client, _ in feeds:
                problem = "a client that reads did not get an update"
                with _about(update):
                    client.receive("a message for it", problem)
        for client, feed in feeds:
            client.barrier()
            with _about(_AWKWARD[-1]):
                client.expect_silence("more messages came than updates", seconds=0.01)
            feed.put(None)
    with _quick(answer) as (client, feed):
        updates = [("ABC", price) for price in range(10)]
        feed.put_one_by_one(*updates)
        for update in updates:
            problem = "a client that reads did not get each of ten prices that came one by one"
            with _about(update):
                client.receive("ten messages", problem)


@rule("as JSON text")
def _json_text(answer: Any) -> None:
    with _quick(answer) as (client, feed):
        for update in _AWKWARD[1:]:
            feed.put(update)
            with _about(update):
                client.receive_json("JSON text", "an update came")


@rule('`{"symbol": …, "price": …}`')
def _keys(answer: Any) -> None:
    with _quick(answer) as (client, feed):
        for symbol, price in _AWKWARD[1:]:
            feed.put((symbol, price))
            expected = json.dumps({"symbol": symbol, "price": price})
            with _about((symbol, price)):
                message = client.receive(expected, "an update came")
            try:
                got = json.loads(message)
            except (ValueError, RecursionError):
                continue  # another rule tells about that
            problem = ""
            if not isinstance(got, dict) or got.keys() != {"symbol", "price"}:
                problem = "a message is an object with `symbol` and `price`"
            elif got["symbol"] != symbol:
                problem = "`symbol` is another one"
            elif type(got["price"]) not in (int, float) or not same(got["price"], price):
                problem = "`price` is another one"
            if problem:
                with _about((symbol, price)):
                    raise client.finding(problem, expected, show(message))


class _Jam:
    """
    A client that reads nothing, until send() waits; then come newer updates, and it reads.

    Attributes:
        newest: For each symbol the newest price.
        came: Symbol and price of each message, once it has read.
        taken: Whether all updates were taken.
    """

    def __init__(self, server: Server, feed: Feed, client: SlowClient) -> None:
        self.newest: dict[str, float] = {}
        self.came: list[tuple[str, Any]] = []
        self._server = server
        self._feed = feed
        self._client = client
        self._order: dict[float, int] = {}
        self._ended = False
        self.taken = self._fill()
        self._first_new = new = len(self._order)
        self._update(_RARE, price=0.5)
        for _ in range(50):
            self._update(_OFTEN, _OTHER)
        # The newest price is neither the highest nor the lowest.
        self._update(_OFTEN, price=new + 30.5)
        self._update(_OTHER, price=new + 40.5)
        self.taken = self.taken and feed.wait_taken()

    def _update(self, *symbols: str, price: float | None = None) -> None:
        for symbol in symbols:
            number = len(self._order)
            self.newest[symbol] = number + 1 if price is None else price
            self._order[self.newest[symbol]] = number
            self._feed.put((symbol + _LONG, self.newest[symbol]))

    def _fill(self) -> bool:
        """Send updates until the server cannot get rid of them; return whether all were taken."""
        deadline = time.monotonic() + REPLY_TIMEOUT / 2
        while time.monotonic() < deadline:
            self._update(*_SYMBOLS)
            if not self._feed.wait_taken():
                return False
            waiting = [one.transport.get_write_buffer_size() for one in self._server.connections()]
            if max(waiting, default=0) > _WRITE_LIMIT:
                return True
        return True

    def end(self) -> None:
        """End the updates once, and wait until the handler has done what it does then."""
        if self._ended:
            return
        self._ended = True
        self._feed.put(None)
        if self.taken and self._feed.wait_taken():
            self._server.turns()

    def read(self, until_newest: bool = False) -> None:
        """Read until the connection is closed, or only until the newest price of each came."""
        missing = set(self.newest.items())
        for message in self._client.messages():
            value = _value(message)
            if type(price := value.get("price")) not in (int, float):
                continue  # another rule tells about that
            update = (str(value.get("symbol")).removesuffix(_LONG), price)
            self.came.append(update)
            missing.discard(update)
            if until_newest and not missing:
                return

    def old(self) -> list[tuple[str, Any]]:
        """Return what came of the newer updates that was replaced by still newer ones."""
        newest = set(self.newest.items())
        return [
            (symbol, price)
            for symbol, price in self.came
            if self.number(price) >= self._first_new and (symbol, price) not in newest
        ]

    def number(self, price: float) -> int:
        """Return the number of the update with this price, -1 if there was none."""
        return self._order.get(price, -1)

    def finding(self, problem: str, expected: str, got: str) -> Finding:
        sent = f"updates of {', '.join(_SYMBOLS)} to a client that does not read"
        return Finding(problem, sent=sent, expected=expected, got=got)


@contextlib.contextmanager
def _jam(answer: Any) -> Iterator[_Jam]:
    desk = Desk(answer)
    with (
        answering(desk, small=True, write_limit=_WRITE_LIMIT) as server,
        slow_client(server) as client,
    ):
        jam = _Jam(server, desk.feed(), client)
        if not jam.taken and server.is_held_up():
            raise held_up()
        yield jam
        jam.end()


@rule("Always go on taking updates, also while the client does not read")
def _go_on(answer: Any) -> None:
    with _jam(answer) as jam:
        if not jam.taken:
            raise jam.finding(
                "while a client does not read, nobody takes the updates: they pile up elsewhere",
                "the loop over the updates goes on, whatever the client does",
                f"the next one was not asked for within {REPLY_TIMEOUT:g} s",
            )


@rule("of each symbol, it gets the newest price only")
def _newest_only(answer: Any) -> None:
    with _jam(answer) as jam:
        if not jam.taken:
            return  # another rule tells about that
        jam.read(until_newest=True)
        missing = jam.newest.items() - set(jam.came)
        if old := jam.old():
            problem = "it gets old prices that it missed, which newer ones have replaced"
            raise jam.finding(problem, f"of the newer updates only {show(jam.newest)}", show(old))
        if missing:
            symbol, price = min(missing)
            problem = "it reads again, and the newest price of a symbol does not come"
            last = [each for each in jam.came if each[0] == symbol][-1:]
            raise jam.finding(problem, show((symbol, price)), f"{show(last)} as the last ones")


@rule("is replaced by newer ones")
def _replaced(answer: Any) -> None:
    with _jam(answer) as jam:
        jam.end()
        if not jam.taken:
            return  # another rule tells about that
        jam.read()
        for symbol in _SYMBOLS:
            prices = [price for name, price in jam.came if name == symbol]
            if prices != sorted(set(prices), key=jam.number):
                problem = "prices of one symbol come in another order than the updates, or twice"
                raise jam.finding(problem, "a newer price each time", f"{symbol}: {show(prices)}")


@rule("When the updates end, send what is left")
def _what_is_left(answer: Any) -> None:
    with _quick(answer) as (client, feed):
        feed.put(("ABC", 1), ("DEF", 2), None)
        for _ in range(2):
            try:
                client.receive("a message for each", "the updates end, and one was not sent")
            except Finding as finding:
                finding.sent = "the updates ('ABC', 1), ('DEF', 2), and their end"
                raise
    with _jam(answer) as jam:
        jam.end()
        if not jam.taken:
            return  # another rule tells about that
        jam.read()
        if missing := jam.newest.items() - set(jam.came):
            raise jam.finding(
                "the updates end while the client does not read: then it reads",
                f"the newest price of each symbol: {show(jam.newest)}",
                f"all but {show(sorted(missing))}",
            )


@rule("then return")
def _return(answer: Any) -> None:
    for updates in ((), (("ABC", 1),), (("ABC", 1), ("DEF", 2))):
        with _quick(answer) as (client, feed):
            feed.put(*updates, None)
            client.wait_closed()
            if client.ws.close_code != 1000:
                problem = "the updates have ended, and the handler did not return"
                code = client.ws.close_code
                got = "an open connection" if code is None else f"CLOSE with code {code}"
                finding = client.finding(problem, "CLOSE with code 1000", client.why_closed(got))
                finding.sent = f"{len(updates)} update(s), then the end"
                raise finding


EXERCISE = Exercise(
    id="9.5",
    title="Only the newest",
    task=(
        "Write `quotes(ws, updates)`. `updates` is an asynchronous iterator of pairs "
        "`(symbol, price)`. Send each as JSON text: "
        '`{"symbol": …, "price": …}`. Always go on taking updates, also while the client does not '
        "read. What it could not get meanwhile is replaced by newer ones: of each symbol, it gets "
        "the newest price only. When the updates end, send what is left, then return."
    ),
    name="quotes",
    starter="""
import asyncio
import json


async def quotes(ws, updates):
    latest = {}  # symbol -> price that is still to be sent
    async for symbol, price in updates:
        ...
""",
    hints=(
        "`await ws.send()` waits while the client does not read. So the loop over the updates must "
        "not send: a task of its own does. The two share `latest`.",
        "The task takes one entry out of `latest`, sends it, takes the next. When `latest` is "
        "empty it waits for an `asyncio.Event`, which the loop sets after each update.",
        "Take an entry out *before* you send it: `symbol, price = latest.popitem()`. A newer price "
        "that comes during `send()` is then a new entry. After the loop a flag says that no more "
        "will come; set the event once more, so that the task sees it.",
    ),
    solution="""
import asyncio
import json


async def quotes(ws, updates):
    latest = {}  # symbol -> price that is still to be sent
    changed = asyncio.Event()
    ended = False

    async def send():
        while latest or not ended:
            await changed.wait()
            changed.clear()
            while latest:
                symbol = next(iter(latest))  # the one that has waited longest
                price = latest.pop(symbol)
                await ws.send(json.dumps({"symbol": symbol, "price": price}))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(send())
        async for symbol, price in updates:
            latest[symbol] = price
            changed.set()
        ended = True
        changed.set()
""",
    explanation=(
        "This is *conflation*. The memory for a slow client is bounded by the number of symbols, "
        "not by how slow it is, and what it gets is never older than one `send()`. It fits "
        "whatever a newer message replaces: prices, positions, progress. It does not fit a chat, "
        "where each message counts."
    ),
    rules=(
        _each,
        _json_text,
        _keys,
        _go_on,
        _newest_only,
        _replaced,
        _what_is_left,
        _return,
    ),
    minutes=25,
    difficulty=3,
    needs="Send less",
)
