"""Exercise 9.7: Joined means subscribed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final

from websockets.exceptions import ConnectionClosed

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import (
    CLIENT_TIMEOUT,
    Client,
    Finding,
    Server,
    answering,
    awkward,
    call,
    show,
)
from wslab.exercises._rule import rule

from ._pubsub import SlowBus, deliver

__all__ = ["EXERCISE"]


class _Process:
    """A process with the learner's handler and a bus that takes its time."""

    def __init__(self, bus: SlowBus, server: Server, stack: contextlib.ExitStack) -> None:
        self.bus, self.server, self._stack = bus, server, stack

    def arrive(self, room: str, count: int = 1) -> list[Client]:
        """Let clients come, one after the other, until their handlers wait for something."""
        clients = []
        for _ in range(count):
            clients.append(self._stack.enter_context(self.server.client(path=room)))
            self.bus.wait(lambda: room in self.bus.subscribed)
            for _ in range(2):
                clients[-1].barrier()
        return clients

    def joined(self, room: str, count: int = 1) -> list[Client]:
        """Let clients come, and in; what they got so far is read."""
        clients = self.arrive(room, count)
        self.bus.confirm(self.server, room)
        for client in clients:
            while (got := _next(client)) not in ("joined", None):
                pass
            if got is None:  # without a greeting: that is another rule's matter
                client.barrier()
        return clients


@contextlib.contextmanager
def _process(answer: Any) -> Iterator[_Process]:
    bus = SlowBus()
    with (
        answering(call(answer, bus, timeout=CLIENT_TIMEOUT)) as server,
        contextlib.ExitStack() as stack,
    ):
        yield _Process(bus, server, stack)
        bus.end(server)


def _next(client: Client, timeout: float | None = None) -> str | bytes | None:
    """The next message; None if none comes."""
    try:
        return client.recv(timeout)
    except (TimeoutError, ConnectionClosed):
        return None


_AWKWARD: Final = tuple(awkward.TEXTS[name] for name in ("empty", "other scripts")) + tuple(
    awkward.BYTES[name] for name in ("no UTF-8", "empty")
)

_COUNT: Final = 30

_WHILE: Final = 0.5  # seconds that a subscription takes, if it takes a while

SENT = "three clients in /tea, while bus.subscribe() waits"


@rule("The process subscribes to a room once, however many clients come meanwhile")
def _once(answer: Any) -> None:
    with _process(answer) as process:
        process.arrive("/tea", 3)
        process.bus.confirm(process.server, "/tea")
        process.arrive("/tea")
        if (got := process.bus.subscribed) != ["/tea"]:
            problem = "one subscription is enough for all clients of a room"
            words = f"subscribed to {got}"
            raise Finding(problem, sent=f"{SENT}; one more", expected="['/tea']", got=words)


@rule("No client gets `joined` before the subscription stands")
def _not_before(answer: Any) -> None:
    with _process(answer) as process:
        for number, client in enumerate(process.arrive("/tea", 3), 1):
            if (got := _next(client, 0.01)) == "joined":
                problem = f"client {number} was told too early: what is said now passes it by"
                expected = "nothing until bus.subscribe() has returned"
                raise client.finding(problem, expected, show(got))


@rule("which may take a while")
def _takes_a_while(answer: Any) -> None:
    with _process(answer) as process:
        [client] = process.arrive("/tea")
        try:
            client.recv(_WHILE)  # what comes too early, another rule tells
        except TimeoutError:
            return
        except ConnectionClosed:
            problem = "it was sent away while the subscription took its time, and nothing was wrong"
            got = client.why_closed(f"CLOSE with code {client.ws.close_code}")
            expected = "it waits until bus.subscribe() returns or raises"
            raise client.finding(problem, expected, got) from None


@rule("Then each gets `joined`")
def _joined(answer: Any) -> None:
    with _process(answer) as process:
        clients = process.arrive("/tea", 3)
        process.bus.confirm(process.server, "/tea")
        clients += process.arrive("/tea")
        for number, client in enumerate(clients, 1):
            if (got := _next(client)) is None:
                problem = f"client {number} waits for ever"
                raise client.finding(problem, show("joined"), "nothing")
            if got != "joined":
                raise client.finding("a client is told once it is in", show("joined"), show(got))
        deliver(process.bus, process.server, "/tea", "news")
        if _next(clients[0]) == "joined":
            problem = "it is told again when somebody else comes"
            raise clients[0].finding(problem, "joined, once", "joined, again")


@rule("and no message of the room before that")
def _first(answer: Any) -> None:
    with _process(answer) as process:
        clients = process.arrive("/tea", 2)
        process.bus.confirm(process.server, "/tea", "at once")
        for client in clients:
            if (got := _next(client)) == "at once":
                problem = "a message came at the moment in which the subscription stood"
                raise client.finding(problem, f"{show('joined')} first", show(got))


@rule("From then on it gets all messages of its room")
def _all(answer: Any) -> None:
    problem = "the bus delivered a message of this client's room"
    with _process(answer) as process:
        clients = process.joined("/tea", 2) + process.joined("/tea")
        for message in ("one", *_AWKWARD, "two"):
            deliver(process.bus, process.server, "/tea", message)
            for client in clients:
                while (got := _next(client)) == "joined":
                    pass  # another rule's matter
                if got != message:
                    raise client.finding(problem, show(message), show(got))
        [client] = process.arrive("/milk")
        times = process.bus.confirm_and_go_on(process.server, "/milk", _COUNT)
        heard = []
        while (got := _next(client)) is not None and got != str(_COUNT - 1):
            heard.append(got)
        sent = process.server.background.transcript.filter(connection=client.number, kind="text")
        if heard[:1] == ["joined"]:
            after = [str(n) for n, at in enumerate(times[:-1]) if at > sent[0].time]
            if lost := [number for number in after if number not in heard]:
                problem = "what comes in the moment after `joined` is lost"
                raise client.finding(problem, f"all of {', '.join(after[:5])}, …", f"not {lost[0]}")


@rule("and of no other")
def _of_no_other(answer: Any) -> None:
    with _process(answer) as process:
        [ada], [lin] = process.joined("/tea"), process.joined("/coffee")
        deliver(process.bus, process.server, "/tea", "for tea")
        deliver(process.bus, process.server, "/coffee", "for coffee")
        for client, room, other in ((lin, "coffee", "tea"), (ada, "tea", "coffee")):
            if (got := _next(client)) == f"for {other}":
                problem = f"this client is in /{room}"
                raise client.finding(problem, show(f"for {room}"), show(got))


@rule("and nothing is unsubscribed")
def _stays(answer: Any) -> None:
    with _process(answer) as process:
        for client in process.joined("/tea"):
            client.close()
        process.server.wait_for_handlers()
        process.arrive("/tea")
        if unsubscribed := process.bus.unsubscribed:
            problem = "the room was empty for a while"
            got = f"unsubscribed from {unsubscribed}"
            sent, expected = "a client in /tea, which leaves; one more", "subscribed to ['/tea']"
            raise Finding(problem, sent=sent, expected=expected, got=got)


@rule("A room that takes long holds up no other")
def _others(answer: Any) -> None:
    with _process(answer) as process:
        process.arrive("/slow")
        [client] = process.arrive("/tea")
        if "/tea" not in process.bus.subscribed:
            problem = "it waits for /slow, and does not even ask for /tea"
            expected, got = "bus.subscribe('/tea')", f"subscribed to {process.bus.subscribed}"
            raise client.finding(problem, expected, got)


@rule("If `subscribe` raises `ConnectionError`, all who wait are sent away with close code 1013")
def _sent_away(answer: Any) -> None:
    with _process(answer) as process:
        clients = process.arrive("/tea", 3)
        process.bus.fail(process.server, "/tea")
        for client in clients:
            client.wait_closed()
            if client.ws.close_code != 1013:
                problem = "the bus is down, and the client should try again later"
                got = f"close code {client.ws.close_code}"
                raise client.finding(problem, "close code 1013", got)


@rule("and for the next client it tries again")
def _again(answer: Any) -> None:
    with _process(answer) as process:
        clients = process.arrive("/tea", 2)
        before = len(process.bus.subscribed)
        process.bus.fail(process.server, "/tea")
        for client in clients:
            client.wait_closed()
        process.arrive("/tea")
        if not process.bus.wait(lambda: len(process.bus.subscribed) > before):
            problem = "the bus may be back, and nobody asks it"
            sent = "bus.subscribe() raises ConnectionError; one more client"
            raise Finding(problem, sent=sent, expected="bus.subscribe('/tea')", got="no call")


EXERCISE = Exercise(
    id="9.7",
    title="Joined means subscribed",
    task=(
        "Write `enter(bus)`. A process calls it once, and gets the handler for all its clients. "
        "The room is the path, such as `/tea`. `await bus.subscribe(room)` returns when the "
        "subscription stands, which may take a while. Messages come by `bus.on_message(room, "
        "message)`, a function that you set, as in exercise 9.6; clients say nothing here, and "
        "nothing is unsubscribed. The process subscribes to a room once, however many clients "
        "come meanwhile. No client gets `joined` before the subscription stands. Then each gets "
        "`joined`, and no message of the room before that. From then on it gets all messages of "
        "its room, and of no other. A room that takes long holds up no other. If `subscribe` "
        "raises `ConnectionError`, all who wait are sent away with close code 1013, and for the "
        "next client it tries again."
    ),
    name="enter",
    starter="""
import asyncio

from websockets.asyncio.server import broadcast


def enter(bus):
    async def handler(ws):
        room = ws.request.path
        ...

    return handler
""",
    hints=(
        "The first client of a room begins to subscribe, the others wait for the same thing. What "
        "can several handlers wait for? A task, for example, kept in a dict by room.",
        "`subscribing[room] = asyncio.create_task(bus.subscribe(room))`, and each handler does "
        "`await asyncio.shield(task)`: a client that is cancelled takes nobody else along. What "
        "the task raised, each of them gets.",
        "Put a client among those to whom `on_message` broadcasts only together with its "
        "`joined`, with no `await` in between. When a task has failed, take it out of the dict.",
    ),
    solution="""
import asyncio

from websockets.asyncio.server import broadcast


def enter(bus):
    clients, subscribing = {}, {}

    def on_message(room, message):
        broadcast(clients.get(room, ()), message)

    bus.on_message = on_message

    async def handler(ws):
        room = ws.request.path
        if room not in subscribing:
            subscribing[room] = asyncio.create_task(bus.subscribe(room))
        task = subscribing[room]
        try:
            await asyncio.shield(task)
        except ConnectionError:
            if subscribing.get(room) is task:
                del subscribing[room]
            await ws.close(1013, "try again later")
            return
        broadcast({ws}, "joined")
        clients.setdefault(room, set()).add(ws)
        await ws.wait_closed()
        clients[room].discard(ws)

    return handler
""",
    explanation=(
        "`joined` is a promise: from here on you miss nothing. It can be kept only when the "
        "subscription stands, and the second client must wait for the same confirmation as the "
        "first. `broadcast` does not wait, so greeting and entering are one step: nothing can come "
        "before the greeting, and nothing is lost after it. That is `Join.enter()` of the lesson."
    ),
    rules=(
        _once,
        _not_before,
        _joined,
        _takes_a_while,
        _first,
        _all,
        _of_no_other,
        _stays,
        _others,
        _sent_away,
        _again,
    ),
    minutes=25,
    difficulty=3,
    needs="The door",
)
