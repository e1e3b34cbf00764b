"""Exercise 9.6: One subscription for a room."""

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

from ._pubsub import Bus, deliver

__all__ = ["EXERCISE"]


class _Process:
    """A process with the learner's handler, a bus, and clients."""

    def __init__(self, bus: Bus, server: Server) -> None:
        self.bus, self.server = bus, server

    @contextlib.contextmanager
    def client(self, room: str) -> Iterator[Client]:
        """A client whose handler waits for messages."""
        with self.server.client(path=room) as client:
            for _ in range(2):
                client.barrier()
            yield client

    def deliver(self, room: str, message: str | bytes) -> None:
        deliver(self.bus, self.server, room, message)

    def subscriptions(self) -> str:
        return f"subscribed to {self.bus.subscribed}, unsubscribed from {self.bus.unsubscribed}"


@contextlib.contextmanager
def _process(answer: Any) -> Iterator[_Process]:
    bus = Bus()
    with answering(call(answer, bus, timeout=CLIENT_TIMEOUT)) as server:
        yield _Process(bus, server)


def _next(client: Client) -> str | bytes | None:
    """The next message, or None: whether one comes is another rule's matter."""
    try:
        return client.recv()
    except (TimeoutError, ConnectionClosed):
        return None


@rule("Each message of a client is published in its room")
def _published(answer: Any) -> None:
    texts = ("hello", "hello", awkward.TEXTS["empty"], awkward.TEXTS["other scripts"])
    messages: list[str | bytes] = [*texts, awkward.BYTES["no UTF-8"], awkward.BYTES["empty"]]
    wanted = [("/tea", message) for message in messages] + [("/Coffee", "hi")]
    with _process(answer) as process, process.client("/tea") as ada:
        for message in messages:
            ada.send(message)
        process.bus.wait(lambda: len(process.bus.published) >= len(messages))
        with process.client("/Coffee") as lin:
            lin.send("hi")
            process.bus.wait(lambda: len(process.bus.published) >= len(wanted))
            lin.barrier()
        if process.bus.published != wanted:
            problem = "what the bus was given is something else"
            raise ada.finding(problem, show(wanted), show(process.bus.published))


@rule("and not sent to clients otherwise")
def _only_by_bus(answer: Any) -> None:
    with _process(answer) as process, process.client("/tea") as ada, process.client("/tea") as lin:
        ada.send("hello")
        process.bus.wait(lambda: bool(process.bus.published))
        process.deliver("/tea", "over the bus")
        for client in (ada, lin):
            if _next(client) == "hello":
                problem = "it came without the bus; so it comes twice, and others see another order"
                raise client.finding(problem, "nothing before the bus delivers it", show("hello"))


_AWKWARD: Final = (
    awkward.TEXTS["quotes"],
    awkward.TEXTS["empty"],
    awkward.BYTES["no UTF-8"],
    awkward.BYTES["empty"],
)


@rule("Each message from the bus goes to all clients of its room")
def _to_all(answer: Any) -> None:
    problem = "the bus delivered a message of this client's room"
    with _process(answer) as process, process.client("/tea") as ada, process.client("/coffee") as c:
        with process.client("/tea") as lin:
            for message in ("one", "one", *_AWKWARD):
                process.deliver("/tea", message)
                for client in (ada, lin):
                    client.expect(message, problem)
            ada.send("said here")
            process.bus.wait(lambda: bool(process.bus.published))
            process.deliver("/tea", "said here")
            for client in (lin, ada):
                if (got := _next(client)) != "said here":
                    said = f"{problem}, which one of its clients has sent"
                    raise client.finding(said, show("said here"), show(got))
        process.server.wait_for_handlers(2)
        process.deliver("/tea", "after one has left")
        while (got := _next(ada)) == "said here":
            pass  # another rule's matter
        if got != "after one has left":
            raise ada.finding(problem, show("after one has left"), show(got))
        process.deliver("/coffee", "in another room")
        others = ("one", *_AWKWARD, "said here", "after one has left")
        while (got := _next(c)) in others:
            pass  # another rule's matter
        if got != "in another room":
            raise c.finding(problem, show("in another room"), show(got))


@rule("and to no others")
def _to_no_others(answer: Any) -> None:
    for room in ("/coffee", "/teapot", "/Tea", "/"):
        with _process(answer) as process, process.client("/tea"), process.client(room) as lin:
            process.deliver("/tea", "for tea")
            process.deliver(room, "for its own")
            if _next(lin) == "for tea":
                problem = f"this client is in {room}"
                raise lin.finding(problem, show("for its own"), show("for tea"))


@rule("The process subscribes to a room when its first client comes")
def _subscribes(answer: Any) -> None:
    with _process(answer) as process:
        bus = process.bus
        early = list(bus.subscribed)
        for room in ("/tea", "/coffee"):
            with process.client(room):
                if early or not bus.wait(lambda room=room: room in bus.subscribed):  # type: ignore[misc]
                    problem = "it was not then that it subscribed"
                    got = process.subscriptions()
                    raise Finding(problem, sent=f"a client in {room}", expected=room, got=got)
        with process.client("/tea"), _process(answer) as other, other.client("/tea"):
            if not other.bus.wait(lambda: "/tea" in other.bus.subscribed):
                problem = "another process has clients in that room, and this one is not subscribed"
                sent, got = "a client in /tea, in each of two processes", other.subscriptions()
                raise Finding(problem, sent=sent, expected="/tea, in each of them", got=got)
        process.server.wait_for_handlers()
        if "/tea" in bus.unsubscribed:
            before = bus.subscribed.count("/tea")
            with process.client("/tea"):
                if not bus.wait(lambda: bus.subscribed.count("/tea") > before):
                    problem = "the room was empty, and somebody has come again"
                    got = process.subscriptions()
                    raise Finding(problem, sent="a client", expected="subscribed again", got=got)


@rule("once for all of them")
def _once(answer: Any) -> None:
    with _process(answer) as process, process.client("/tea"):
        with process.client("/tea"), process.client("/coffee"), process.client("/tea"):
            pass
        if (count := process.bus.subscribed.count("/tea")) > 1:
            problem = "each subscription is work for the bus, and each delivers every message"
            expected, got = "one subscription to /tea", f"{count}"
            raise Finding(problem, sent="three clients in /tea", expected=expected, got=got)


@rule("and unsubscribes when the last one has left")
def _unsubscribes(answer: Any) -> None:
    for first, word in ((1, "second"), (0, "first")):
        sent = f"two clients in /tea, which leave, the {word} one first"
        with _process(answer) as process:
            unsubscribed = process.bus.unsubscribed
            with process.client("/tea") as one, process.client("/tea") as two:
                clients = [one, two]
                clients.pop(first).close()
                process.server.wait_for_handlers(1)
                if unsubscribed:
                    problem, expected = "one client is still there", "subscribed to /tea"
                    got = process.subscriptions()
                    raise Finding(problem, sent=sent, expected=expected, got=got)
            process.bus.wait(lambda: bool(unsubscribed))  # noqa: B023 - it is called at once
            process.server.wait_for_handlers()
            if unsubscribed != ["/tea"]:
                problem = "nobody is there any more: whatever comes is for nobody"
                expected, got = "unsubscribed from /tea, once", process.subscriptions()
                raise Finding(problem, sent=sent, expected=expected, got=got)


@rule("also if it vanished")
def _vanished(answer: Any) -> None:
    with _process(answer) as process:
        with process.client("/tea") as ada:
            ada.vanish()
        if not process.bus.wait(lambda: "/tea" in process.bus.unsubscribed):
            problem, sent = "the process is subscribed to an empty room", "a client, then no TCP"
            expected, got = "unsubscribed from /tea", process.subscriptions()
            raise Finding(problem, sent=sent, expected=expected, got=got)


EXERCISE = Exercise(
    id="9.6",
    title="One subscription for a room",
    task=(
        "Write `share(bus)`. A process calls it once, and gets the handler for all its clients. "
        "The room is the path, such as `/tea`. The bus has `bus.subscribe(room)`, "
        "`bus.unsubscribe(room)` and `bus.publish(room, message)`, which never wait. What is "
        "published in a room comes to each process that is subscribed to it, also to the one that "
        "published it: the bus calls `bus.on_message(room, message)`, a function that you set. "
        "Each message of a client is published in its room, and not sent to clients otherwise. "
        "Each message from the bus goes to all clients of its room, and to no others. "
        "The process subscribes to a room when its first client comes, once for all of them, "
        "and unsubscribes when the last one has left, also if it vanished."
    ),
    name="share",
    starter="""
from websockets.asyncio.server import broadcast


def share(bus):
    async def handler(ws):
        room = ws.request.path
        ...

    return handler
""",
    hints=(
        "What belongs to the process stands in `share`, outside the handler: a dict with the "
        "clients of each room. When is a room not in it?",
        "`bus.on_message = ...` takes a function with two parameters; `broadcast(clients, "
        "message)` is all that it has to do. `clients.get(room, ())` is empty for an empty room.",
        "The handler: enter; `try:` publish in a loop; `finally:` leave, and if nobody is left, "
        "forget the room and unsubscribe. A client that vanishes ends the loop by an exception.",
    ),
    solution="""
from websockets.asyncio.server import broadcast
from websockets.exceptions import ConnectionClosed


def share(bus):
    clients = {}

    def on_message(room, message):
        broadcast(clients.get(room, ()), message)

    bus.on_message = on_message

    async def handler(ws):
        room = ws.request.path
        if room not in clients:
            clients[room] = set()
            bus.subscribe(room)
        clients[room].add(ws)
        try:
            async for message in ws:
                bus.publish(room, message)
        except ConnectionClosed:
            pass
        finally:
            clients[room].discard(ws)
            if not clients[room]:
                del clients[room]
                bus.unsubscribe(room)

    return handler
""",
    explanation=(
        "The bus delivers each message once for each process, and `broadcast` does the rest: that "
        "is why two processes with a thousand clients in a room cost Redis two deliveries and not "
        "two thousand. Between looking whether a room is there and making it is no `await`, so two "
        "clients that come together cannot both be the first. The lesson's bus does the same, and "
        "waits for Redis to confirm: exercise 9.7."
    ),
    rules=(
        _published,
        _only_by_bus,
        _to_all,
        _to_no_others,
        _subscribes,
        _once,
        _unsubscribes,
        _vanished,
    ),
    minutes=20,
    difficulty=2,
    needs="Rooms come and go",
)
