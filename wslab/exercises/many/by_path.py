"""Exercise 6.3: A room for each path."""

from __future__ import annotations

import contextlib
from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, answering, during
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


def _probe_rooms(answer: Any) -> None:
    delivered = "each message should be sent to all others in the same room"
    with answering(answer) as server, contextlib.ExitStack() as stack:
        paths = ("/tea", "/tea", "/tea", "/coffee", "/coffee")
        people = [stack.enter_context(server.client(path=path)) for path in paths]
        ada, grace, lin, joan, mary = people
        for client in people:
            client.barrier()

        def say(speaker: Client, text: str, *listeners: Client) -> None:
            speaker.send(text)
            for listener in listeners:
                listener.expect_text(text, delivered)

        say(ada, "Tea, please", grace, lin)
        joan.expect_silence("nobody in another room should get it")
        ada.expect_silence("nobody should get a message of their own")
        say(joan, "Coffee", mary)
        say(lin, "Grüße", ada, grace)
        lin.ws.close()
        server.wait_for_handlers(4)
        with during("after a client has left"):
            say(ada, "Lin has left", grace)
            say(grace, "yes", ada)
        with (
            during("in a room that was empty before"),
            server.client(path="/water") as one,
            server.client(path="/water") as two,
        ):
            one.barrier()
            two.barrier()
            say(one, "water", two)
            say(two, "more water", one)
        with during("in the other room, after all that"):
            say(mary, "still here", joan)


EXERCISE = Exercise(
    id="6.3",
    title="A room for each path",
    task=(
        "Write `by_path(ws)`: the path of the URL, `ws.request.path`, is the room. Each message is "
        "sent to all other clients in the same room, and to nobody else. Clients come and go."
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
    rules=(Rule("", _probe_rooms),),
    minutes=15,
    difficulty=2,
    needs="Rooms and broadcast",
)
