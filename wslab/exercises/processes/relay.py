"""Exercise 9.4: One room, many servers."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any, Final

from websockets.exceptions import ConnectionClosed

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import (
    CLIENT_TIMEOUT,
    REPLY_TIMEOUT,
    Client,
    Finding,
    Server,
    answering,
    awkward,
    call,
    during,
    show,
)
from wslab.exercises._rule import rule

from ._bus import Bus, Hub

__all__ = ["EXERCISE"]

_TURNS: Final = 4
"""Turns of a server's loop in which what came over the bus gets to the clients."""


_SAID: Final = "another client in the room did not get it"
_PATHS: Final = ("/tea", "/coffee", "/Tea", "/tea/", "/a", "/a/b")

_MESSAGES: Final[tuple[str | bytes, ...]] = (
    *("hello", awkward.TEXTS["quotes"], "again", "again", awkward.TEXTS["empty"], b""),
    *(awkward.BYTES["no UTF-8"], awkward.TEXTS["JSON"], "0", awkward.TEXTS["blanks at the ends"]),
)


class _House:
    """Servers with one bus between them, and the clients that came to them."""

    def __init__(self, answer: Any, stack: contextlib.ExitStack, hubs: list[Hub]) -> None:
        self.hub = hubs[0]
        self._stack = stack
        self.servers: list[Server] = []
        for hub in hubs:
            handler = call(answer, Bus(hub), timeout=CLIENT_TIMEOUT)
            self.servers.append(stack.enter_context(answering(handler)))

    def come(self, number: int, path: str = "/tea") -> Client:
        """Let a client come to a server."""
        return self._stack.enter_context(self.servers[number].client(path=path))

    def join(self, number: int, path: str = "/tea") -> Client:
        """Let a client come to a server, and get its first message."""
        client = self.come(number, path)
        client.receive("'joined'", "a client has come")
        return client

    def leave(self, client: Client, number: int, *, stay: int, vanish: bool = False) -> None:
        """Let a client leave a server where so many others stay."""
        if vanish:
            client.vanish()
        else:
            client.close()
        self.servers[number].wait_for_handlers(stay, timeout=REPLY_TIMEOUT / 8)


@contextlib.contextmanager
def _servers(answer: Any, count: int = 2) -> Iterator[_House]:
    with contextlib.ExitStack() as stack:
        yield _House(answer, stack, [Hub()] * count)


def _settle(client: Client) -> None:
    """Wait until what the server had to send is here: by pings, one after the other."""
    for _ in range(_TURNS):
        client.barrier()


def _received(client: Client) -> list[str | bytes]:
    """Return the messages that are here and were not read, up to a few."""
    came: list[str | bytes] = []
    with contextlib.suppress(TimeoutError, ConnectionClosed):
        while len(came) < 20:
            came.append(client.ws.recv(timeout=0.002))
    return came


def _hear(listener: Client, message: str | bytes, problem: str, speaker: Client) -> None:
    """Expect that what somebody says comes, whatever comes before it."""
    others: list[str | bytes] = []
    try:
        while (got := listener.receive(show(message), problem)) != message:
            others.append(got)
    except Finding as finding:
        finding.sent = show(message) + " by another client" * (listener is not speaker)
        finding.got = speaker.why_closed(f"{show(others)} only" if others else f"{finding.got}")
        raise


@rule("Once subscribed, a client gets `joined`")
def _joined(answer: Any) -> None:
    with _servers(answer, 1) as house:
        with house.hub.door_closed():
            clients = [house.come(0), house.come(0)]
            for client in clients:
                _expect_not_joined(client, house.hub)
        for client in clients:
            client.expect_text("joined", "a client has come, and its server is subscribed")
        for client in clients:
            _settle(client)
            if others := _received(client):
                problem = "another message came after it, and nobody has said anything"
                raise client.finding(problem, "'joined', once", show(others))


def _expect_not_joined(client: Client, hub: Hub) -> None:
    """Expect no message while a subscription takes its time."""
    deadline = time.monotonic() + REPLY_TIMEOUT / 4
    got: str | bytes | None = None
    while got is None and time.monotonic() < deadline and not hub.asked.is_set():
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            got = client.ws.recv(timeout=0.01)
    _settle(client)
    with contextlib.suppress(TimeoutError, ConnectionClosed):
        got = got or client.ws.recv(timeout=0.02)
    if got is not None:
        problem = "it came before the server was subscribed"
        raise client.finding(problem, "no message before that", show(got))


@rule("It is called once for each server")
def _each_server(answer: Any) -> None:
    hubs = [Hub(), Hub()]
    with contextlib.ExitStack() as stack:
        house = _House(answer, stack, hubs)
        for number, hub in enumerate(hubs):
            client = house.join(number)
            _settle(client)
            if not hub.rooms():
                problem = f"server {number + 1} does not subscribe to the bus that it was given"
                raise client.finding(problem, "a subscription to /tea", "none")


@rule("The room is the path")
def _path(answer: Any) -> None:
    with _servers(answer, 1) as house:
        clients = {path: house.join(0, path) for path in _PATHS}
        if not (rooms := house.hub.rooms()) <= set(_PATHS):
            problem = "a room has another name"
            raise clients["/tea"].finding(problem, f"of {show(_PATHS)}", show(rooms))
        for count, (path, client) in enumerate(clients.items(), 1):
            client.send(f"we are at {path}")
            if not house.hub.wait_until_published(count):
                return  # another rule tells about that
        for room, message in house.hub.published:
            if room not in _PATHS or message in {f"we are at {path}" for path in _PATHS} - {
                f"we are at {room}"
            }:
                problem = f"{show(message)} is published in another room"
                raise clients["/tea"].finding(problem, "the path of its sender", show(room))
        for path, client in clients.items():
            _settle(client)
            others = {message for message in _received(client) if message != f"we are at {path}"}
            if others:
                problem = f"a client at {path} got what others said"
                raise client.finding(problem, f"'we are at {path}' only", show(others))


@rule("Each message of a client")
def _each_message(answer: Any) -> None:
    with _servers(answer) as house:
        ada, lin, grace = house.join(0), house.join(0), house.join(1)
        for number, message in enumerate(_MESSAGES):
            speaker, *listeners = ((ada, lin, grace), (grace, ada, lin))[number // 2 % 2]
            speaker.send(message)
            for listener in listeners:
                _hear(listener, message, _SAID, speaker)
        if not house.hub.wait_until_published(len(_MESSAGES)):
            problem = "it does not go over the bus, and servers are programs of their own"
            calls = f"{len(house.hub.published)} calls of bus.publish()"
            raise ada.finding(problem, f"{len(_MESSAGES)} calls", calls)


@rule("goes to all clients of its room on all servers")
def _all_clients(answer: Any) -> None:
    for vanish in (True, False):
        with _servers(answer) as house, during("after the first client has left"):
            ada, lin, grace = house.join(0), house.join(0), house.join(1)
            house.leave(ada, 0, stay=1, vanish=vanish)
            grace.send("who was that?")
            _hear(lin, "who was that?", _SAID, grace)
            house.leave(lin, 0, stay=0, vanish=vanish)
            with during("and the last one of a server, and somebody has come"):
                joan = house.join(0)
                grace.send("who is it?")
                _hear(joan, "who is it?", _SAID, grace)


@rule("itself included")
def _itself(answer: Any) -> None:
    with _servers(answer) as house:
        clients = [house.join(0), house.join(1)]
        for client in clients:
            for message in ("hello", "", b"hello"):
                client.send(message)
                _hear(client, message, "a client did not get its own message", client)


@rule("to each of them once")
def _once(answer: Any) -> None:
    with _servers(answer) as house:
        clients = [house.join(0), house.join(0), house.join(1)]
        for count, speaker in enumerate(clients, 1):
            message = f"message {count}"
            speaker.send(message)
            house.hub.wait_until_published(count)
            for client in clients:
                _settle(client)
                came = _received(client)
                if came.count(message) > 1:
                    who = "its own sender" if client is speaker else "another client"
                    finding = client.finding(f"{who} got it again", show(message), show(came))
                    finding.sent = show(message)
                    raise finding


@rule("and in order")
def _in_order(answer: Any) -> None:
    with _servers(answer) as house:
        ada, lin, grace = house.join(0), house.join(0), house.join(1)
        messages = [f"message {number}" for number in range(10)]
        with house.servers[0].standing_still():
            for message in messages:
                ada.send(message)
        for listener in (lin, grace):
            came: dict[str | bytes, None] = {}
            while not came.keys() >= set(messages):
                came[listener.receive(show(messages), "ten messages were sent at once")] = None
            order = [message for message in came if message in messages]
            if order != messages:
                problem = "ten messages that were sent at once came in another order"
                raise listener.finding(problem, show(messages), show(order))


@rule("When all clients of a room have left, no server is subscribed to it")
def _left(answer: Any) -> None:
    for vanish in (True, False):
        with _servers(answer) as house:
            ada, lin, grace = house.join(0), house.join(0), house.join(1)
            ada.send("goodbye")
            house.leave(grace, 1, stay=0, vanish=vanish)
            house.leave(ada, 0, stay=1, vanish=vanish)
            house.leave(lin, 0, stay=0, vanish=vanish)
            _expect_left(house.hub, lin)
    with _servers(answer, 1) as house:
        with house.hub.door_closed():
            ada = house.come(0)
            _settle(ada)
            ada.close()
        house.servers[0].wait_for_handlers()
        house.servers[0].turns()
        with during("of one that left before its server was subscribed"):
            _expect_left(house.hub, ada)


def _expect_left(hub: Hub, last: Client) -> None:
    if not hub.wait_until_left():
        raise last.finding(
            "all clients have left", "no subscription", f"one to {show(hub.rooms())}"
        )


EXERCISE = Exercise(
    id="9.4",
    title="One room, many servers",
    task=(
        "Write `relay(bus)`. It is called once for each server, and returns the handler of that "
        "server. The bus has two methods: `await bus.publish(room, message)`, for text and bytes, "
        "and `async with bus.subscribe(room) as messages:`. The room is the path, such as `/tea`. "
        "Once subscribed, a client gets `joined`. Each message of a client goes to all clients of "
        "its room on all servers, itself included, to each of them once, and in order. When all "
        "clients of a room have left, no server is subscribed to it."
    ),
    name="relay",
    starter="""
import asyncio


def relay(bus):
    async def handler(ws):
        room = ws.request.path
        ...

    return handler
""",
    hints=(
        "The simplest way: each connection has a subscription of its own. Then the handler does "
        "two things at once: it sends what comes over the bus, and publishes what comes from the "
        "client.",
        "Inside `async with bus.subscribe(room) as messages:`, send `joined`, then start a task "
        "that loops over `messages`. The handler itself loops over `ws`.",
        "`async with asyncio.TaskGroup() as tasks:` holds the task; after the loop over `ws`, "
        "`task.cancel()`. Do not send to `ws` what it has said: that comes over the bus.",
    ),
    solution="""
import asyncio


def relay(bus):
    async def handler(ws):
        room = ws.request.path

        async def forward(messages):
            async for message in messages:
                await ws.send(message)

        async with bus.subscribe(room) as messages, asyncio.TaskGroup() as tasks:
            await ws.send("joined")
            forwarding = tasks.create_task(forward(messages))
            async for message in ws:
                await bus.publish(room, message)
            forwarding.cancel()

    return handler
""",
    explanation=(
        "Everything that is said takes the way over the bus, also to the clients of the same "
        "server. So all see the same order, nothing comes twice, and a client cannot tell on which "
        "server the others are. A subscription for each connection is simple, but Redis then sends "
        "each message once for each *client*, and redis-py's pool ends at 100 connections. The bus "
        "of the lesson subscribes once for each server and broadcasts: with many clients in a room "
        "that is the difference between one delivery and a thousand."
    ),
    rules=(
        _joined,
        _each_server,
        _path,
        _each_message,
        _left,
        _all_clients,
        _itself,
        _once,
        _in_order,
    ),
    minutes=20,
    difficulty=3,
    needs="The same over Redis",
)
