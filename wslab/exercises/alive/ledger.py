"""Exercise 8.5: Book it once."""

from __future__ import annotations

import json
import secrets
from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, answering
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


def _order(client: str, number: int, amount: int) -> str:
    return json.dumps({"client": client, "number": number, "amount": amount})


def _probe_ledger(answer: Any) -> None:
    ada, bob, eve = (f"{name}-{secrets.token_hex(4)}" for name in ("ada", "bob", "eve"))

    def book(one: Client, name: str, number: int, amount: int, reply: Any, problem: str) -> None:
        one.send(_order(name, number, amount))
        one.expect_json(reply, problem)

    with answering(answer) as server:
        with server.client() as one:
            book(one, ada, 1, 100, {"ack": 1, "balance": 100}, "an order should be booked")
            book(one, ada, 2, 50, {"ack": 2, "balance": 150}, "the next order should be booked")
            again = "an order that came before should be acknowledged, and not booked again"
            book(one, ada, 2, 50, {"ack": 2, "balance": 150}, again)
            one.vanish()
        with server.client() as one, server.client() as two:
            later = "after a new connection: what came before should not be booked again"
            book(one, ada, 2, 50, {"ack": 2, "balance": 150}, later)
            book(one, ada, 3, -30, {"ack": 3, "balance": 120}, "the next order should be booked")
            others = "each client has numbers and a balance of its own"
            book(two, bob, 1, 7, {"ack": 1, "balance": 7}, others)
            book(one, bob, 2, 8, {"ack": 2, "balance": 15}, others)
            equal = "an order like another one, with a new number, is a new order"
            book(two, ada, 4, -30, {"ack": 4, "balance": 90}, equal)
            gap = "an order whose predecessor is missing should not be booked"
            book(one, ada, 6, 1000, {"expected": 5}, gap)
            book(two, ada, 5, 10, {"ack": 5, "balance": 100}, "the missing order should be booked")
            book(one, ada, 6, 1000, {"ack": 6, "balance": 1100}, "the next order should be booked")
            book(two, eve, 2, 1, {"expected": 1}, "the first number is 1")
            for number in range(7, 207):
                one.send(_order(ada, number, 1))
            for number in range(7, 207):
                reply = {"ack": number, "balance": 1100 + number - 6}
                one.expect_json(reply, "200 orders in a row should be booked, one after the other")
            old = "an order that came long before should not be booked again"
            book(two, ada, 1, 100, {"ack": 1, "balance": 1300}, old)
        server.come_and_go()


EXERCISE = Exercise(
    id="8.5",
    title="Book it once",
    task=(
        "Write the handler `ledger`. It gets orders, "
        '`{"client": "ada", "number": 1, "amount": 100}`. Each client numbers its own 1, 2, 3, '
        "and so on, and sends an order again, perhaps over a new connection, if it got no ack. "
        'Answer each with `{"ack": NUMBER, "balance": …}`, the balance of that client, and book '
        'it once. If a number is missing before it, book nothing and answer `{"expected": …}`, '
        "the number that is due. Two figures for each client are all the memory that it takes."
    ),
    name="ledger",
    starter="""
import json


async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        ...
""",
    hints=(
        "What has to outlive a connection? It stands outside of the handler.",
        "If a client's last number is 5, then 1 to 5 have been there, 6 is due, and from 7 on "
        "something is missing.",
        "`last, balance = accounts.get(order[…], (0, 0))`. If the number is `last + 1`, store both "
        "new figures. If it is greater than that, answer `expected`; in all other cases, `ack`.",
    ),
    solution="""
import json

accounts = {}  # client: last number, balance


async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        last, balance = accounts.get(client, (0, 0))
        if number == last + 1:
            last, balance = number, balance + order["amount"]
            accounts[client] = last, balance
        if number > last:
            reply = {"expected": last + 1}
        else:
            reply = {"ack": number, "balance": balance}
        await ws.send(json.dumps(reply))
""",
    explanation=(
        "Because the numbers have no gaps, one of them says it all: what is not above it has been "
        "there. Number and balance are stored together and without an `await` in between, so no "
        "other connection sees one without the other; a database does that in a transaction. The "
        "ack is sent again: the client has not got the first one, or it would not ask."
    ),
    rules=(Rule("", _probe_ledger),),
    minutes=15,
    difficulty=2,
    needs="Exactly once is an illusion",
)
