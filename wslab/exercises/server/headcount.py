"""Exercise 2.3: Who is here?"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import (
    REPLY_TIMEOUT,
    Client,
    Finding,
    Server,
    answering,
    arrive_together,
    show,
)
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_LEAVE: dict[str, Callable[[Client], object]] = {
    "with code 1000": lambda client: client.ws.close(),
    "with code 4001": lambda client: client.ws.close(4001, "bored"),
    "without a CLOSE frame": lambda client: client.vanish(),
}


def _object(message: str | bytes) -> dict[str, Any]:
    """A message's JSON object; another rule tells about what is none."""
    try:
        value = json.loads(message)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {}


def _number(client: Client) -> Any:
    """What a client is told when it connects."""
    return _object(client.receive('JSON text: {"client": …}', "a client has connected")).get(
        "client"
    )


def _ask(client: Client, message: str = "hello") -> dict[str, Any]:
    """Send a message; return the counts that come back."""
    client.send(message)
    got = client.receive('JSON text: {"messages": …, "clients": …}', "a message was sent")
    return _object(got)


def _expect(client: Client, key: str, count: int, problem: str, message: str = "hello") -> None:
    """Send a message, and expect one of the counts, if it is there at all."""
    got = _ask(client, message)
    if key in got and got[key] != count:
        raise client.finding(problem, f"`{key}` is {count}", json.dumps(got))


@rule("all it sends is JSON text")
def _json_text(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        client.receive_json('JSON text: {"client": 1}', "a client has connected")
        client.send("hello")
        client.receive_json('JSON text: {"messages": 1, "clients": 1}', "a message was sent")


@rule("A client that connects is told its number")
def _is_told(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        got = client.receive('JSON text: {"client": 1}', "before it has said anything")
        told = _object(got)
        if type(told.get("client")) is not int or len(told) > 1:
            problem = "it is not a whole number under the key `client`, and nothing else"
            raise client.finding(problem, 'JSON text: {"client": 1}', show(got))


@rule("one more than that of the client before")
def _one_more(answer: Any) -> None:
    with answering(answer) as server, server.client() as first:
        before = _number(first)
        for _ in range(2):
            with server.clients(2) as clients:
                for client in clients:
                    got = _number(client)
                    if type(before) is int and type(got) is int and got <= before:
                        return  # another rule tells about that
                    if type(before) is int and got != before + 1:
                        problem = f"the client before has the number {before}"
                        raise client.finding(problem, f'{{"client": {before + 1}}}', show(got))
                    before = got


@rule("so no number is given twice")
def _never_twice(answer: Any) -> None:
    with answering(answer) as server:
        numbers = []
        for _ in range(3):
            with server.client() as client:
                numbers.append(_number(client))
            server.wait_for_handlers()
        _expect_different(server, numbers, "three clients, one after the other")
    with answering(answer) as server:
        messages = arrive_together(server, 8)
        numbers = [_object(message or "").get("client") for message in messages]
        _expect_different(server, numbers, "eight clients at the very same time")


def _expect_different(server: Server, numbers: list[Any], who: str) -> None:
    given = [number for number in numbers if number is not None]
    if len(set(map(repr, given))) < len(given):
        raise Finding(
            "two clients have the same number",
            sent=f"the opening handshakes of {who}",
            expected="each has a number of its own",
            got=f"the numbers {', '.join(map(show, numbers))}",
            records=server.background.transcript.snapshot()[-12:],
        )


@rule('Each message is answered with `{"messages": 2, "clients": 5}`')
def _answered(answer: Any) -> None:
    wanted = 'JSON text: {"messages": 1, "clients": 1}'
    with answering(answer) as server, server.clients(2) as (client, other):
        for newcomer in (client, other):
            newcomer.receive('JSON text: {"client": …}', "a client has connected")
        for message in ("hello", "", "again"):
            client.send(message)
            got = client.receive(wanted, "a message was sent")
            if _object(got).keys() != {"messages", "clients"}:
                raise client.finding("the answer has another shape", wanted, show(got))
        other.expect_silence("a client that has sent nothing got an answer", 0.0)


@rule("how many messages this client has sent")
def _messages(answer: Any) -> None:
    with answering(answer) as server, server.clients(2) as (ada, grace):
        for client in (ada, grace):
            client.receive('JSON text: {"client": …}', "a client has connected")
        for number, message in enumerate(("one", "two", "two", "", "two"), 1):
            _expect(ada, "messages", number, f"this is message {number}", message)
        _expect(grace, "messages", 1, "another client has sent five messages, this one one")
    with answering(answer) as server, server.client() as late:
        late.receive('JSON text: {"client": …}', "a client has connected")
        _expect(late, "messages", 1, "others sent messages before; this one has sent one")


@rule("Whoever has left, in whatever way, is not counted.")
def _not_counted(answer: Any) -> None:
    for how, leave in _LEAVE.items():
        with answering(answer) as server, server.client() as ada:
            ada.receive('JSON text: {"client": …}', "a client has connected")
            before = _ask(ada).get("clients")
            with server.clients(2) as others:
                for other in others:
                    other.receive('JSON text: {"client": …}', "a client has connected")
                    leave(other)
            if not server.wait_for_handlers(1):
                raise ada.finding(
                    f"two clients have left {how}, and their handlers do not return",
                    "a handler returns when its client has left",
                    f"they run on after {REPLY_TIMEOUT:g} s",
                )
            if type(before) is int:
                _expect(ada, "clients", before, f"two others have come, and left {how}")


@rule("how many clients are connected now")
def _clients(answer: Any) -> None:
    with answering(answer) as server, server.clients(3) as clients:
        for client in clients:
            client.receive('JSON text: {"client": …}', "a client has connected")
        for client in clients:
            _expect(client, "clients", 3, "three clients are connected")
    with answering(answer) as server, server.client() as alone:
        alone.receive('JSON text: {"client": …}', "a client has connected")
        _expect(alone, "clients", 1, "one client is connected")


EXERCISE = Exercise(
    id="2.3",
    title="Who is here?",
    task=(
        "Write `headcount(ws)`; all it sends is JSON text. A client that connects is told its "
        'number, such as `{"client": 3}`: one more than that of the client before, so no number '
        "is given twice. Each message is answered with "
        '`{"messages": 2, "clients": 5}`: how many messages this client has sent, and how many '
        "clients are connected now. Whoever has left, in whatever way, is not counted."
    ),
    name="headcount",
    starter="""
import json

guests = set()
last_number = 0


async def headcount(ws):
    global last_number
    ...
    async for message in ws:
        ...
""",
    hints=(
        "Two of the three counters are shared by all clients, one belongs to one client. Which of "
        "them is a local variable?",
        "The number of a client comes from a counter that never goes down; `len(guests)` does.",
        "`guests.add(ws)` before the loop, then `try:` with the whole loop in it, and "
        "`finally: guests.discard(ws)`. After the loop without `finally`, it is not reached when "
        "the loop raises.",
    ),
    solution="""
import json

guests = set()
last_number = 0


async def headcount(ws):
    global last_number
    last_number += 1
    guests.add(ws)
    messages = 0
    try:
        await ws.send(json.dumps({"client": last_number}))
        async for message in ws:
            messages += 1
            await ws.send(json.dumps({"messages": messages, "clients": len(guests)}))
    finally:
        guests.discard(ws)
""",
    explanation=(
        "`messages` is local, so each call of the handler, that is each connection, has its own. "
        "`guests` and `last_number` are global. Nothing can come between `last_number += 1` and "
        "the `send()` that reads it, because handlers take turns only at an `await` that waits. "
        "`finally` runs in all three cases: normal close, another code, lost connection."
    ),
    rules=(
        _json_text,
        _is_told,
        _one_more,
        _never_twice,
        _answered,
        _messages,
        _not_counted,
        _clients,
    ),
    minutes=15,
    difficulty=2,
    needs="Several clients",
)
