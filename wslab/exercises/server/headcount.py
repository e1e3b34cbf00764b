"""Exercise 2.3: Who is here?"""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import REPLY_TIMEOUT, Client, answering, during
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


class _Guest:
    """A client of the headcount."""

    def __init__(self, client: Client, before: int | None) -> None:
        self.client = client
        self.messages = 0
        wanted = 'JSON text: {"client": …}, one more than the client before'
        got = client.receive_json(wanted, "a client should be told its number when it connects")
        if not isinstance(got, dict) or type(got.get("client")) is not int:
            problem = "a client should be told its number, a whole number under the key `client`"
            raise client.finding(problem, wanted, json.dumps(got))
        self.number: int = got["client"]
        if before is not None and self.number != before + 1:
            problem = "each client should get the number after that of the client before"
            raise client.finding(problem, f'JSON text: {{"client": {before + 1}}}', json.dumps(got))

    def ask(self) -> tuple[int, str]:
        """Send a message; return how many clients there are, as the server says."""
        self.client.send(f"message {self.messages}")
        self.messages += 1
        wanted = f'JSON text: {{"messages": {self.messages}, "clients": …}}'
        got = self.client.receive_json(wanted, "each message should be answered")
        if not isinstance(got, dict) or not got.keys() >= {"messages", "clients"}:
            problem = "the answer should have the keys `messages` and `clients`"
            raise self.client.finding(problem, wanted, json.dumps(got))
        if got["messages"] != self.messages:
            problem = "`messages` should be how many messages this client has sent"
            raise self.client.finding(problem, wanted, json.dumps(got))
        return got["clients"], json.dumps(got)

    def expect_clients(self, clients: int, problem: str) -> None:
        """Expect this number of clients now."""
        self._expect(clients, problem, *self.ask())

    def expect_clients_soon(self, clients: int, problem: str) -> None:
        """Expect it after a while: that somebody has left takes its time to be known."""
        deadline = time.monotonic() + REPLY_TIMEOUT
        while (answer := self.ask())[0] != clients and time.monotonic() < deadline:
            threading.Event().wait(0.01)
        self._expect(clients, problem, *answer)

    def _expect(self, clients: int, problem: str, got: int, words: str) -> None:
        if got != clients:
            wanted = f'JSON text: {{"messages": {self.messages}, "clients": {clients}}}'
            raise self.client.finding(problem, wanted, words)


def _probe_headcount(answer: Any) -> None:
    here = "`clients` should be how many clients are connected"
    gone = "a client that has left should not count any more"
    with answering(answer) as server:
        with server.client() as first:
            ada = _Guest(first, None)
            ada.expect_clients(1, here)
            ada.expect_clients(1, here)
            with server.client() as second:
                with during("with a second client"):
                    grace = _Guest(second, ada.number)
                    for guest in (grace, ada, ada, grace, ada):
                        guest.expect_clients(2, here)
                with during("with a third client"), server.client() as third:
                    lin = _Guest(third, grace.number)
                    for guest in (lin, ada, grace):
                        guest.expect_clients(3, here)
                with during("after a client has said goodbye"):
                    ada.expect_clients_soon(2, gone)
            ada.expect_clients_soon(1, gone)
            last = lin.number
            for how, leave in [
                ("after a client has closed with code 4001", lambda ws: ws.close(4001, "bored")),
                ("after a client has vanished", None),
            ]:
                with server.client() as other:
                    with during("after others have left"):
                        guest = _Guest(other, last)
                        last = guest.number
                        guest.expect_clients(2, here)
                    if leave is None:
                        other.vanish()
                    else:
                        leave(other.ws)
                with during(how):
                    ada.expect_clients_soon(1, gone)
        with during("after all have left"), server.client() as late:
            _Guest(late, last).expect_clients_soon(1, gone)


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
    rules=(Rule("", _probe_headcount),),
    minutes=15,
    difficulty=2,
    needs="Several clients",
)
