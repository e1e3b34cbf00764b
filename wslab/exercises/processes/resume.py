"""Exercise 9.9: Each event once."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final

from websockets.exceptions import ConnectionClosed

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import (
    CLIENT_TIMEOUT,
    REPLY_TIMEOUT,
    Client,
    Server,
    answering,
    awkward,
    call,
    show,
    wait_for,
)
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

TIME = "1764518400000"


class _Feed:
    """
    A stream as the lesson's, and who is subscribed to it; used on the server's loop.

    Args:
        count: How many events there were: their numbers are 1 to count, the ids likewise.
        lost: How many of the oldest are not kept.
        texts: Those of the first events.
    """

    def __init__(self, count: int = 0, lost: int = 0, texts: Sequence[str] = ()) -> None:
        self._texts = texts
        self._events = [self._event(number) for number in range(1, count + 1)]
        self._lost = lost
        self._queues: list[asyncio.Queue[tuple[str, str]]] = []
        self._changed = threading.Condition()
        self.while_asked = (0, 0)  # published before and behind the moment in which since() looks

    def _event(self, number: int) -> tuple[str, str]:
        has_text = number <= len(self._texts)
        return f"{TIME}-{number}", self._texts[number - 1] if has_text else f"event {number}"

    @contextlib.asynccontextmanager
    async def subscribe(self) -> AsyncIterator[AsyncIterator[tuple[str, str]]]:
        queue: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        with self._changed:
            self._queues.append(queue)
            self._changed.notify_all()
        try:
            yield self._come(queue)
        finally:
            with self._changed:
                self._queues.remove(queue)
                self._changed.notify_all()

    async def _come(self, queue: asyncio.Queue[tuple[str, str]]) -> AsyncIterator[tuple[str, str]]:
        while True:
            yield await queue.get()

    def kept(self) -> list[tuple[str, str]]:
        return self._events[self._lost :]

    async def since(self, id: Any) -> list[tuple[str, str]]:
        before, behind = self.while_asked
        await asyncio.sleep(0)
        self._publish(before)
        kept = self.kept()
        self._publish(behind)
        await asyncio.sleep(0.001)
        places = [place for place, (known, _) in enumerate(kept, 1) if known == id]
        if not places:
            raise KeyError(id)
        return kept[places[0] :]

    def _publish(self, count: int) -> None:
        for _ in range(count):
            event = self._event(len(self._events) + 1)
            self._events.append(event)
            for queue in self._queues:
                queue.put_nowait(event)

    def wait_until_left(self) -> bool:
        """Wait until nobody is subscribed; return whether that came."""
        return wait_for(self._changed, lambda: not self._queues)

    def publish(self, server: Server, count: int = 1, clients: int = 1) -> None:
        """Publish events, as soon as so many clients are subscribed."""
        wait_for(self._changed, lambda: len(self._queues) >= clients)

        async def publish() -> None:
            self._publish(count)

        asyncio.run_coroutine_threadsafe(publish(), server.loop).result(REPLY_TIMEOUT)


@contextlib.contextmanager
def _client(answer: Any, feed: _Feed, after: int = 0) -> Iterator[tuple[Server, Client]]:
    """A client that had the event with this number last, if any."""
    path = f"/?after={TIME}-{after}" if after else "/"
    with (
        answering(call(answer, feed, timeout=CLIENT_TIMEOUT)) as server,
        server.client(path=path) as client,
    ):
        yield server, client


def _text(number: int) -> str:
    return f"{TIME}-{number} event {number}"


def _read(client: Client, last: int) -> list[str]:
    """All messages until that of an event, or until none comes."""
    got: list[str] = []
    with contextlib.suppress(TimeoutError, ConnectionClosed):
        while _text(last) not in got:
            got.append(str(client.recv()))
    return got


def _short(messages: list[str]) -> str:
    return ", ".join(one.partition(" ")[2] or one for one in messages) or "nothing"


_NAMES: Final = ("quotes", "empty", "blanks at the ends", "other scripts", "two lines")


@rule("Without an id, a client gets what is published from then on")
def _new(answer: Any) -> None:
    feed = _Feed(3)
    with _client(answer, feed) as (server, client), server.client(path="/") as other:
        feed.publish(server, 2, clients=2)
        for number in (4, 5):
            problem = "two clients that are new, and two events are published"
            for one in (client, other):
                got = one.receive(show(_text(number)), problem)
                if f"event {number}" not in str(got):  # its form is another rule's matter
                    raise one.finding(problem, show(_text(number)), show(got))


@rule("is sent as id, a blank, and text")
def _form(answer: Any) -> None:
    for name in _NAMES:
        text = awkward.TEXTS[name]
        feed = _Feed(1, texts=["before", text])
        with _client(answer, feed, after=1) as (server, client):
            feed.publish(server)
            wanted, problem = f"{TIME}-2 {text}", f"the text is {show(text)}"
            while (got := client.receive(show(wanted), problem)) in ("gap", f"{TIME}-1 before"):
                pass  # another rule's matter
            if got != wanted:
                raise client.finding(problem, show(wanted), show(got))


@rule("With one, it gets first what it missed")
def _missed(answer: Any) -> None:
    with _client(answer, _Feed(6), after=3) as (_, client):
        for number in (4, 5, 6):
            problem = f"a client that had event 3 of 6 last, at /?after={TIME}-3"
            client.expect_text(_text(number), problem)


@rule("and then what is published")
def _then(answer: Any) -> None:
    feed = _Feed(4)
    with _client(answer, feed, after=3) as (server, client):
        first = _read(client, 4)
        feed.publish(server, 3)
        got = _read(client, 7)
        if got != [_text(number) for number in (5, 6, 7)]:
            problem = f"it had {_short(first)} of before, and three more are published"
            raise client.finding(problem, "event 5, event 6, event 7", _short(got))
    feed = _Feed(4, texts=["again"] * 6)
    with _client(answer, feed, after=3) as (server, client):
        feed.publish(server, 3)
        got = _read(client, 7)
        wanted = [*(f"{TIME}-{number} again" for number in (4, 5, 6)), _text(7)]
        if got != wanted:
            problem = "it had event 3 of 4, whose texts are the same, and three more are published"
            raise client.finding(problem, ", ".join(wanted), ", ".join(got) or "nothing")
    feed = _Feed(4)
    with _client(answer, feed, after=4) as (server, client):
        feed.publish(server)
        if (got := _read(client, 5)) != [_text(5)]:
            problem = "it had the last event, and one more is published"
            raise client.finding(problem, _text(5), ", ".join(got) or "nothing")


@rule("Nothing is lost in between")
def _between(answer: Any) -> None:
    feed = _Feed(4)
    feed.while_asked = (0, 2)
    with _client(answer, feed, after=3) as (server, client):
        _read(client, 4)
        feed.publish(server)
        got = [one for one in _read(client, 7) if one in (_text(5), _text(6))]
        if len(got) < 2:
            problem = "events 5 and 6 were published while since() was on its way"
            raise client.finding(problem, "event 5, event 6", _short(got))


@rule("and nothing comes twice")
def _twice(answer: Any) -> None:
    feed = _Feed(4)
    feed.while_asked = (2, 0)
    with _client(answer, feed, after=3) as (server, client):
        got = _read(client, 6)  # since() was asked, and one more event ends the reading
        feed.publish(server)
        got += _read(client, 7)
        if len(set(got)) < len(got):
            problem = "events 5 and 6 are in the answer of since(), and came while it was made"
            raise client.finding(problem, "each event once", _short(got))


@rule("the next one may be `1764518400000-10`")
def _ten(answer: Any) -> None:
    feed = _Feed(9)
    with _client(answer, feed, after=8) as (server, client):
        _read(client, 9)
        feed.publish(server, 2)
        got = [one for one in _read(client, 11) if one not in (_text(8), _text(9))]
        wanted = [_text(number) for number in (10, 11)]
        if (got and got != wanted) or (not got and _comes_on(answer)):
            problem = "as text, 10 is less than 9"
            raise client.finding(problem, _short(wanted), _short(got))


def _comes_on(answer: Any) -> bool:
    """Whether something that is published comes at all: that is another rule's matter."""
    feed = _Feed(4)
    with _client(answer, feed, after=3) as (server, client):
        _read(client, 4)
        feed.publish(server)
        return bool(_read(client, 5))


@rule("If the feed does not know the id any more, the client is told `gap`")
def _gap(answer: Any) -> None:
    with _client(answer, _Feed(6, lost=3), after=2) as (_, client):
        got = _read(client, 6)
        if got[:1] != ["gap"]:
            problem = "it had event 2 last, and 4 to 6 are left: it does not learn of event 3"
            raise client.finding(problem, "gap first", _short(got))


@rule("and gets all that is kept")
def _kept(answer: Any) -> None:
    with _client(answer, _Feed(6, lost=3), after=2) as (_, client):
        got = [one for one in _read(client, 6) if one != "gap"]
        if got != [_text(number) for number in (4, 5, 6)]:
            problem = "it had event 2 last, and 4 to 6 are left"
            raise client.finding(problem, "event 4, event 5, event 6", _short(got))


@rule("When the client has left, the subscription ends")
def _left(answer: Any) -> None:
    feed = _Feed(3)
    with _client(answer, feed) as (server, client):
        feed.publish(server)
        _read(client, 4)
        client.close()
        if not feed.wait_until_left():
            problem = "it waits for events that it can send to nobody"
            raise client.finding(problem, "nobody is subscribed", "a subscription")


EXERCISE = Exercise(
    id="9.9",
    title="Each event once",
    task=(
        "Write `resume(feed)`. It returns the handler of a server. An event is a pair `(id, "
        "text)`, and is sent as id, a blank, and text. An id is text, such as `1764518400000-9`: "
        "milliseconds, and a number; the next one may be `1764518400000-10`. `async with "
        "feed.subscribe() as events:` subscribes, and `async for id, text in events:` then gives "
        "what is published. `await feed.since(id)` returns a list of the events after an id, or "
        "raises `KeyError` if that is not kept any more; `feed.kept()` is a list of those that "
        "are. The path is `/`, or `/?after=` and the id that the client had last. Without an id, "
        "a client gets what is published from then on. With one, it gets first what it missed, "
        "and then what is published. Nothing is lost in between, and nothing comes twice, whatever "
        "is published while `since` is on its way. If the feed does not know the id any more, "
        "the client is told `gap`, and gets all that is kept. When the client has left, the "
        "subscription ends."
    ),
    name="resume",
    starter="""
import asyncio


def resume(feed):
    async def handler(ws):
        after = ws.request.path.partition("?after=")[2]
        ...

    return handler
""",
    hints=(
        "What comes first: to subscribe, or to ask what was missed? In between, something may be "
        "published. And the handler does two things at once: a task sends, and the handler itself "
        "waits with `await ws.wait_closed()`, to end the task.",
        "Who subscribes first has some events twice: in the answer of `since()`, and waiting in "
        "`events`. The last id that was sent tells which of the latter are old.",
        'As text, `"10" < "9"`. `tuple(map(int, id.split("-")))` makes an id that can be compared; '
        "or keep the ids that were sent in a set.",
    ),
    solution="""
import asyncio


def order(id):
    return tuple(map(int, id.split("-")))


async def send_all(ws, feed, events):
    _, _, after = ws.request.path.partition("?after=")
    last = (0, 0)
    if after:
        try:
            missed = await feed.since(after)
        except KeyError:
            await ws.send("gap")
            missed = feed.kept()
        for id, text in missed:
            await ws.send(f"{id} {text}")
            last = order(id)
    async for id, text in events:
        if order(id) > last:
            await ws.send(f"{id} {text}")


def resume(feed):
    async def handler(ws):
        async with feed.subscribe() as events:
            sending = asyncio.create_task(send_all(ws, feed, events))
            await ws.wait_closed()
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    return handler
""",
    explanation=(
        "First subscribe, then ask, then pass over what the answer had already. The other way "
        "round, what is published between the two is lost. The lesson's bus needs no comparison, "
        "for it asks over the connection that is subscribed, and Redis keeps the order of one "
        "connection; with two connections, or another store, this is how."
    ),
    rules=(_new, _form, _missed, _then, _between, _twice, _ten, _gap, _kept, _left),
    minutes=25,
    difficulty=3,
    needs="A bus with a memory",
)
