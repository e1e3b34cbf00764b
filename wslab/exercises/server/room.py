"""Exercise 2.6: A room."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, awkward, people, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_LONG: Final = "long " * 13_000
_ROUNDS: Final = 8


def _hear(listener: Client, message: str, problem: str) -> None:
    """Expect that a message comes, whatever else does; other rules tell about that."""
    wanted = f"{show(message)}, which another client has sent"
    for _ in range(100):
        got = listener.receive(wanted, problem)
        if _words(got) == message:
            return
    raise listener.finding(problem, wanted, f"others, such as {show(got)}")


def _words(message: str | bytes) -> str:
    return message if isinstance(message, str) else message.decode(errors="replace")


def _say(clients: Sequence[Client], message: str, problem: str) -> None:
    """Let each say something, and all others hear it."""
    for number, speaker in enumerate(clients):
        words = f"{message} {number}"
        speaker.send(words)
        for listener in clients:
            if listener is not speaker:
                _hear(listener, words, problem)


@rule("to all other clients that are connected")
def _to_all_others(answer: Any) -> None:
    with people(answer, count=3, small=True) as (server, clients):
        for person in clients:
            person.expect_silence("a message came before anybody said anything", 0.0)
        _say(clients, "hello", "three clients are here")
        for message in ("one", "two"):
            clients[0].send(message)
        came = [_words(clients[1].receive("'one', 'two'", "three clients are here")) for _ in "12"]
        if came == ["one", "one"]:
            raise clients[1].finding("it came twice", "'one', 'two'", "'one', 'one'")
        with server.client() as late:
            late.barrier()
            clients[0].send("welcome")
            got = _words(late.receive("'welcome'", "a fourth one has come"))
            if got != "welcome":
                problem = "a client that came later heard what was said before"
                raise late.finding(problem, "'welcome'", show(got))
            _say([*clients, late], "welcome", "a fourth one has come")


@rule("each text message, unchanged")
def _unchanged(answer: Any) -> None:
    with people(answer, count=2, small=True) as (_, (ada, grace)):
        for text in ("hello", "hello", *awkward.TEXTS.values()):
            ada.send(text)
            got = grace.receive(show(text), "another client has sent it")
            if got != text:
                problem = "another message came"
                if isinstance(got, bytes):
                    problem = "it came as a binary message"
                raise grace.finding(problem, show(text), show(got))


@rule("and in order")
def _in_order(answer: Any) -> None:
    sent = [f"message {number}" for number in range(20)]
    with people(answer, count=2, small=True) as (_, (ada, grace)):
        for message in sent:
            ada.send(message)
        came = [_words(grace.receive("twenty messages", "after twenty at once")) for _ in sent]
        if came != sent and sorted(came) == sorted(sent):
            first = next(
                i for i, pair in enumerate(zip(came, sent, strict=True)) if len({*pair}) > 1
            )
            problem = "they came in another order"
            raise grace.finding(problem, show(sent[first:]), show(came[first:]))


@rule("and not back to its sender")
def _not_back(answer: Any) -> None:
    with people(answer, count=2, small=True) as (_, (ada, grace)):
        for message in ("hello", "again"):
            ada.send(message)
            grace.receive(show(message), "another client has sent it")
        # What grace says comes after all that would come back to ada.
        grace.send("and you?")
        got = _words(ada.receive("'and you?'", "another client has sent it"))
        if got in ("hello", "again"):
            raise ada.finding("it heard itself", "nothing but 'and you?'", show(got))


_LEAVE: dict[str, Callable[[Client], object]] = {
    "with code 1000": Client.close,
    "with code 4001": lambda client: client.ws.close(4001, "bored"),
    "without a CLOSE frame": Client.vanish,
}


@rule("A client that leaves, in whatever way, disturbs nobody.")
def _leaving(answer: Any) -> None:
    for how, leave in _LEAVE.items():
        with people(answer, count=2, small=True) as (server, clients):
            problem = f"another client has left {how}"
            with server.client() as guest:
                guest.barrier()
                clients[0].send("who is there?")
                leave(guest)
                clients[1].send("somebody was")  # while the room does not know it yet
                server.wait_for_handlers(2)
            _hear(clients[1], "who is there?", problem)
            _hear(clients[0], "somebody was", problem)
            for speaker, listener in (clients, clients[::-1]):
                speaker.send("and we?")
                got = _words(listener.receive("'and we?'", problem))
                if got not in ("and we?", "somebody was", "who is there?"):
                    raise listener.finding(f"{problem}, and a message came", "'and we?'", show(got))


@rule("does not read what it is sent holds up nobody else, not even for a moment")
def _not_reading(answer: Any) -> None:
    with people(answer, count=2, small=True) as (server, clients):
        without = _seconds(clients)
        with server.deaf_client() as deaf:
            deaf.barrier()
            for _ in range(3):  # on a busy machine anybody is held up now and then
                took = _seconds(clients)
                if took <= 5 * without + 0.02:
                    return
                if took > 0.5:
                    break
        raise clients[0].finding(
            "while one client does not read, the others wait for each message",
            f"a long message in about {1000 * without:.0f} ms, as without that client",
            f"it takes {1000 * took:.0f} ms",
        )


def _seconds(clients: Sequence[Client]) -> float:
    """Let one say something long, and another hear it, some times; return how long that takes."""
    times = []
    for number in range(_ROUNDS):
        message = f"{number} {_LONG}."
        began = time.monotonic()
        clients[0].send(message)
        _hear(clients[1], message, "another client does not read what it is sent")
        times.append(time.monotonic() - began)
        if times[-1] > 0.5:
            return times[-1]
    return statistics.median(times)


EXERCISE = Exercise(
    id="2.6",
    title="A room",
    task=(
        "Write `room(ws)`: it sends each text message, unchanged and in order, to all other "
        "clients that are connected, and not back to its sender. A client that leaves, in whatever "
        "way, disturbs nobody. One that stays but does not read what it is sent holds up nobody "
        "else, not even for a moment."
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
    rules=(_to_all_others, _leaving, _unchanged, _in_order, _not_back, _not_reading),
    minutes=20,
    difficulty=3,
    needs="Several clients",
)
