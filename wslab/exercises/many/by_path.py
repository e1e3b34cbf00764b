"""Exercise 6.3: A room for each path."""

from __future__ import annotations

import contextlib
import gc
import weakref
from typing import Any

from websockets.exceptions import ConnectionClosed

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, Finding, Server, awkward, during, people, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]


def _say(speaker: Client, message: str | bytes, *listeners: Client) -> None:
    """Let one of them speak; expect that the others get just this, whatever else they get."""
    speaker.send(message)
    for listener in listeners:
        others: list[str | bytes] = []
        problem = "another one in the room got nothing"
        try:
            while (got := listener.receive(show(message), problem)) != message:
                others.append(got)
                problem = "another one in the room did not get it"
        except Finding as finding:
            finding.sent = f"{show(message)} by another client"
            finding.got = show(others) if others else finding.got
            raise


def _expect_once(speaker: Client, *listeners: Client) -> None:
    """Let one of them speak; expect that the others get just this once, whatever else they get."""
    _say(speaker, "only once", *listeners)
    for listener in listeners:
        listener.barrier()
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            while listener.ws.recv(timeout=0.02) != "only once":
                pass
            problem = "another one in the room got it twice"
            raise listener.finding(problem, "one message", "the same message once more")


def _expect_nothing(listener: Client, who: str) -> None:
    """Expect that no message is there for somebody; a PING afterwards shows that none is late."""
    listener.barrier()
    listener.expect_silence(f"{who} got the message", seconds=0.02)


@rule("sent to all other clients in the same room")
def _all_others(answer: Any) -> None:
    awkward_ones = [awkward.TEXTS[name] for name in ("quotes", "empty", "JSON")]
    with people(answer, "/tea", "/tea", "/tea") as (_, (ada, grace, lin)):
        _say(ada, "Tea, please", grace, lin)
        _say(lin, "With milk", ada, grace)
        for text in awkward_ones:
            _say(grace, text, ada, lin)
        _say(grace, awkward.BYTES["no UTF-8"], ada, lin)
        _expect_once(ada, grace, lin)
    with people(answer, "/a/b", "/water", "/water", "/a/b") as (_, (one, two, three, four)):
        _say(two, "water", three)
        _say(one, "a", four)
        _say(four, "b", one)


@rule("the path of the URL, `ws.request.path`, is the room")
def _the_path(answer: Any) -> None:
    for one, other in (
        ("/tea", "/Tea"),
        ("/tea", "/tea/"),
        ("/a/b", "/a"),
        ("/a/b", "/b"),
        ("/?a", "/?b"),
    ):
        with people(answer, one, other) as (_, (speaker, stranger)):
            speaker.send("who is here?")
            _expect_nothing(stranger, f"a client at {other} is not at {one}, and")


@rule("and to nobody else")
def _nobody_else(answer: Any) -> None:
    with people(answer, "/tea", "/tea", "/coffee") as (_, (ada, grace, joan)):
        ada.send("Tea, please")
        grace.barrier()
        _expect_nothing(ada, "its own sender")
        _expect_nothing(joan, "somebody in another room")


def _vanish_beside(server: Server, number: int, speaker: Client, listener: Client) -> None:
    """Let clients vanish at the very moment when somebody speaks, and who speaks go on."""
    with contextlib.ExitStack() as stack:
        guests = [stack.enter_context(server.client(path="/tea")) for _ in range(3)]
        for guest in guests:
            guest.barrier()
        with server.standing_still():
            for guest in guests[number:]:
                guest.vanish()
            speaker.send("who is here?")
            for guest in guests[:number]:
                guest.vanish()
        listener.receive("'who is here?'", "another one in the room got nothing")
        _say(speaker, "and now?", listener)


@rule("Clients come and go, and nothing is kept of those who have left")
def _come_and_go(answer: Any) -> None:
    with people(answer, "/tea", "/tea") as (server, (ada, grace)):
        here = server.connections()
        gone: weakref.WeakSet[Any] = weakref.WeakSet()
        for leaves in ("vanishes without CLOSE", "closes"):
            with server.client(path="/tea") as guest:
                guest.barrier()
                gone |= server.connections() - here
                with during("a client that is about to leave speaks"):
                    _say(guest, "I have to go", ada, grace)
                if leaves == "closes":
                    guest.ws.close()
                else:
                    guest.vanish()
            if not server.wait_for_handlers(2):
                problem = f"after a client that {leaves} a handler goes on"
                raise guest.finding(problem, "it returns", "it still runs")
            with during(f"after a client that {leaves}"):
                _say(ada, "somebody has left", grace)
                _say(grace, "yes", ada)
            gc.collect()
            if gone:
                problem = f"after a client that {leaves} its connection is kept: the room grows"
                raise guest.finding(problem, "nothing is left of it", "it is still in memory")
        for number in range(3):
            with during("a client vanishes while another one speaks"):
                _vanish_beside(server, number, ada, grace)


EXERCISE = Exercise(
    id="6.3",
    title="A room for each path",
    task=(
        "Write `by_path(ws)`: the path of the URL, `ws.request.path`, is the room. Each message is "
        "sent to all other clients in the same room, and to nobody else. Clients come and go, and "
        "nothing is kept of those who have left, in whatever way; an empty room may stay."
    ),
    name="by_path",
    starter="""
members = {}


async def by_path(ws):
    # your code
    ...
""",
    hints=(
        "A dictionary from path to the set of its connections is enough.",
        "`members.setdefault(path, set())` returns the set of a room, a new one if it is the "
        "first client. What must happen when a client leaves, however it leaves?",
        "Add `ws` to the room's set, and take it out in `finally`. In between, for each message, "
        "`broadcast(room - {ws}, message)` of `websockets.asyncio.server`.",
    ),
    solution="""
from websockets.asyncio.server import broadcast

members = {}


async def by_path(ws):
    room = members.setdefault(ws.request.path, set())
    room.add(ws)
    try:
        async for message in ws:
            broadcast(room - {ws}, message)
    finally:
        room.discard(ws)
""",
    explanation=(
        "The path is known before the first message, so it is a good place for what holds for the "
        "whole connection. `finally` takes the client out of its room however it leaves, and "
        "`room - {ws}` is a new set: nobody changes it while it is gone through. The paths that "
        "were ever asked for stay in `members`; a server for strangers would delete empty rooms."
    ),
    rules=(_all_others, _the_path, _nobody_else, _come_and_go),
    minutes=15,
    difficulty=2,
    needs="Rooms and broadcast",
)
