"""Exercise 9.5: Only the newest."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from typing import Any, Final

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import (
    HELD_UP,
    REPLY_TIMEOUT,
    Client,
    Finding,
    Server,
    answering,
    during,
    same,
    show,
    small_socket,
)
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


_UPDATES: Final = 900


_MANY: Final = 300


_SYMBOLS: Final = ("ABC", "DEF", "GHI")


class _Feed:
    """Updates that the probe sends into the learner's handler, from another thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[tuple[str, int] | None] = asyncio.Queue()
        self.taken = threading.Event()

    def put(self, *updates: tuple[str, int] | None) -> None:
        """Send updates; None ends them."""

        def put_all() -> None:
            for update in updates:
                self._queue.put_nowait(update)

        with contextlib.suppress(RuntimeError):  # the learner's handler has closed the loop
            self._loop.call_soon_threadsafe(put_all)

    async def updates(self) -> AsyncIterator[tuple[str, int]]:
        while (update := await self._queue.get()) is not None:
            yield update
            await asyncio.sleep(0)  # the other tasks get their turn
        self.taken.set()


def _probe_quotes(answer: Any) -> None:
    if not callable(answer):
        raise Finding(f"a function is expected, not {show(answer)}")
    feeds: list[_Feed] = []
    started = threading.Semaphore(0)

    async def handler(ws: ServerConnection) -> None:
        feed = _Feed()
        feeds.append(feed)
        started.release()
        await answer(ws, feed.updates())

    def feed_of(client: Client) -> _Feed:
        if not started.acquire(timeout=REPLY_TIMEOUT):
            raise client.finding("the handler did not begin", "a handler for each client")
        return feeds[-1]

    def receive(client: Client, problem: str) -> tuple[Any, Any]:
        got = client.receive_json("JSON text with symbol and price", problem)
        if not isinstance(got, dict) or got.keys() != {"symbol", "price"}:
            keys = "a message should be an object with `symbol` and `price`"
            raise client.finding(keys, '{"symbol": …, "price": …}', show(got))
        return got["symbol"], got["price"]

    with answering(handler) as server, server.client() as quick:
        feed = feed_of(quick)
        problem = "a client that reads at once should get each update at once"
        for number, symbol in enumerate(_SYMBOLS * 3):
            feed.put((symbol, number))
            got = receive(quick, problem)
            if not same(got, (symbol, number)):
                raise quick.finding(problem, show((symbol, number)), show(got))
        feed.put(("ABC", 99), None)
        with during("the last update"):
            if not same(got := receive(quick, problem), ("ABC", 99)):
                raise quick.finding(problem, show(("ABC", 99)), show(got))
        quick.expect_close(1000, "when the updates end, the handler should return")
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(small_socket())
        server = stack.enter_context(answering(handler, sock=sock, write_limit=4096))
        slow = stack.enter_context(server.deaf_client())
        _probe_slow_client(server, slow, feed_of(slow), receive)


def _probe_slow_client(server: Server, slow: Client, feed: _Feed, receive: Any) -> None:
    # Long names fill what lies between the two sides soon.
    names = {symbol: symbol + "." * 4000 for symbol in _SYMBOLS}
    updates = [(names[_SYMBOLS[number % 3]], number) for number in range(_UPDATES)]
    feed.put(*updates, None)
    if not feed.taken.wait(2 * REPLY_TIMEOUT):
        raise Finding(
            HELD_UP
            if server.is_held_up()
            else "while a client does not read, nobody takes the updates: they pile up elsewhere",
            expected="the loop over the updates goes on, whatever the client does",
        )
    got: list[tuple[Any, Any]] = []
    while not got or len(set(dict(got).values()) & {price for _, price in updates[-3:]}) < 3:
        got.append(receive(slow, "a slow client should get the last price of each symbol"))
        if len(got) > _MANY:
            raise slow.finding(
                "a slow client should not get all the old prices that it missed",
                f"less than {_MANY} messages for {_UPDATES} updates",
                f"more than {_MANY}",
            )
    known = set(updates)
    for symbol in names.values():
        prices = [price for name, price in got if name == symbol]
        if prices != sorted(prices) or not known.issuperset(got):
            problem = "prices of one symbol should come in order, as they were in the updates"
            raise slow.finding(problem, "a newer price each time", show(prices))
    slow.expect_close(1000, "when everything is sent, the handler should return")


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
    rules=(Rule("", _probe_quotes),),
    minutes=25,
    difficulty=3,
    needs="Send less",
)
