"""Exercise 2.6: A room."""

from __future__ import annotations

import contextlib
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, Finding, answering, during, show, small_socket
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


_LONG: Final = 64 * 1024


def _probe_room(answer: Any) -> None:
    delivered = "each message should be sent to all other clients"
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(small_socket())
        server = stack.enter_context(answering(answer, sock=listening))
        ada, grace, lin = people = stack.enter_context(server.clients(3))

        def say(speaker: Client, *messages: str) -> None:
            for message in messages:
                speaker.send(message)
            for listener in people:
                for message in messages if listener is not speaker else ():
                    try:
                        hear(listener, message)
                    except Finding as finding:
                        finding.sent = ", ".join(show(message) for message in messages)
                        finding.sent += " by another client"
                        finding.records = server.background.transcript.snapshot()[-12:]
                        raise
            said.setdefault(speaker, set()).update(messages)

        def hear(listener: Client, message: str) -> None:
            got = listener.receive_text(show(message), delivered)
            if got != message:
                own = got in said.get(listener, ())
                problem = "nobody should get a message of their own" if own else delivered
                raise listener.finding(problem, show(message), show(got))

        said: dict[Client, set[str]] = {}
        for client in people:
            client.barrier()
        say(ada, "Hello, is anybody here?")
        say(grace, "Grüße von Grace")
        say(lin, '{"message":"Hello from Lin"}')
        with during("three messages at once"):
            say(ada, "one", "two", "three")
        lin.ws.close()
        server.wait_for_handlers(2)
        people = [ada, grace]
        with during("after a client has said goodbye"):
            say(ada, "Lin has left")
            say(grace, "yes")
        with server.client() as guest:
            guest.barrier()
            guest.vanish()
        server.wait_for_handlers(2)
        with during("after a client has vanished"):
            say(ada, "who was that?")
            say(grace, "I do not know")
        with during("while one client does not read what it is sent"), server.deaf_client() as deaf:
            deaf.barrier()
            for n in range(12):
                say(ada, f"{n} {'long ' * (_LONG // 5)}")
                say(grace, f"and so on {n}")
        with during("with a client that came later"), server.client() as joan:
            joan.barrier()
            people = [ada, grace, joan]
            say(ada, "welcome")
            say(joan, "thank you")
            say(grace, "bye")
        with during("when only one is left"):
            grace.ws.close()
            server.wait_for_handlers(1)
            ada.send("alone now")
            with server.client() as last:
                last.barrier()
                people = [ada, last]
                say(ada, "somebody new")
                say(last, "hello")


EXERCISE = Exercise(
    id="2.6",
    title="A room",
    task=(
        "Write `room(ws)`: it sends each text message, unchanged and in order, to all other "
        "clients that are connected, and not back to its sender. A client that leaves, in whatever "
        "way, disturbs nobody. One that stays but does not read what it is sent holds up nobody "
        "else."
    ),
    name="room",
    starter="""
people = set()


async def room(ws):
    # your code
    ...
""",
    hints=(
        "A set of all who are here, as in `count`; `finally` takes out whoever has left.",
        "`await other.send(message)` waits as long as the way to `other` is full, and the loop "
        "over the others waits with it. A task of its own may wait: `asyncio.create_task()`. Or "
        "do not wait at all.",
        "`from websockets.asyncio.server import broadcast`; `broadcast(people - {ws}, message)`, "
        "without `await`, sends to all of them, waits for nobody, and passes over those who are "
        "about to leave.",
    ),
    solution="""
from websockets.asyncio.server import broadcast

people = set()


async def room(ws):
    people.add(ws)
    try:
        async for message in ws:
            broadcast(people - {ws}, message)
    finally:
        people.discard(ws)
""",
    explanation=(
        "A loop with `await other.send(message)` works until one of the others is slow: `send()` "
        "waits until there is room again, and so does everybody. It also raises `ConnectionClosed` "
        "for one who has just left, in the handler of somebody else. `broadcast()` waits for "
        "nobody. What a slow client has not read is kept in memory; the keepalive of `websockets` "
        "closes the connection of one that does not answer a PING within 20 seconds."
    ),
    rules=(Rule("", _probe_room),),
    minutes=20,
    difficulty=3,
    needs="Several clients",
)
