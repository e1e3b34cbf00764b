"""Exercise 8.5: Book it once."""

from __future__ import annotations

import json
import secrets
from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, Finding, answering, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]


def _name(kind: str = "ada") -> str:
    """A client's name that no rule has had before: the answer may remember all of them."""
    return f"{kind}-{secrets.token_hex(4)}"


class _Account:
    """A client of the ledger, on one connection after another; it knows what is due."""

    def __init__(self, connection: Client, name: str = "") -> None:
        self.connection = connection
        self.name = name or _name()
        self.balance: Any = 0  # of the last answer

    def order(self, number: int, amount: int) -> str:
        """The order as JSON."""
        return json.dumps({"client": self.name, "number": number, "amount": amount})

    def ask(self, number: int, amount: int, problem: str, expected: str = "") -> dict[str, Any]:
        """Send an order; return the answer, an empty one if it is no object."""
        self.connection.send(self.order(number, amount))
        ack = f'JSON text: {{"ack": {number}, "balance": …}}'
        reply = self.connection.receive_json(expected or ack, problem)
        return reply if isinstance(reply, dict) else {}

    def book(self, number: int, amount: int, problem: str) -> int | float | None:
        """Send an order; return by how much the balance has grown, or None if there is none."""
        balance = self.ask(number, amount, problem).get("balance")
        if isinstance(balance, bool) or not isinstance(balance, int | float):
            return None  # another rule tells about that
        grown: int | float = balance - self.balance
        self.balance = balance
        return grown

    def expect(self, number: int, amount: int, grown: int, problem: str) -> None:
        """Send an order; expect that the balance grows by so much, if there is a balance."""
        before = self.balance
        got = self.book(number, amount, problem)
        if got is not None and got != grown:
            expected = f"the balance is {before + grown}, after {before}"
            raise self.finding(problem, expected, f"the balance is {self.balance}")

    def finding(self, problem: str, expected: str, got: str) -> Finding:
        """Make a finding."""
        return self.connection.finding(problem, expected, got)


@rule('Answer each with `{"ack": NUMBER, "balance": …}`')
def _answered(answer: Any) -> None:
    with answering(answer) as server, server.client() as one:
        account = _Account(one)
        for number, amount, problem in (
            (1, 10, "the first order of a client"),
            (2, 20, "the next order"),
            (2, 20, "an order that came before, for its ack may be lost"),
            (3, 0, "an order for 0"),
            (4, -5, "an order for less than 0"),
            (1, 10, "the first order once more"),
        ):
            reply = account.ask(number, amount, problem)
            if reply.keys() != {"ack", "balance"} or reply["ack"] != number:
                expected = f'{{"ack": {number}, "balance": …}}'
                raise account.finding(problem, expected, show(reply))


@rule("Each client numbers its own 1, 2, 3")
def _own_numbers(answer: Any) -> None:
    with answering(answer) as server, server.client() as one:
        bob = _Account(one, _name("bob"))
        for number in range(1, 12):
            bob.book(number, 10, "the next order")
        if "expected" not in _Account(one).ask(10**6, 10, "a client begins with order 1000000"):
            return  # another rule tells about that
        reply = _Account(one).ask(2, 10, "a client begins with order 2", '{"expected": 1}')
        if "ack" in reply:
            problem = "orders of one client count for another one, whose order 1 is missing"
            raise bob.finding(problem, '{"expected": 1}', show(reply))
        namesake = _Account(one, f"{bob.name}1")
        problem = f"the first order of client {namesake.name}, beside {bob.name}"
        balance = namesake.ask(1, 7, problem).get("balance")
        if balance not in (None, 7, bob.balance + 7):
            raise namesake.finding(problem, "it is booked", f"the balance {balance}")


@rule("the balance of that client")
def _balance_of_client(answer: Any) -> None:
    with answering(answer) as server, server.client() as one, server.client() as two:
        account, total = _Account(one), 0
        for number, amount in enumerate((100, -30, 0, -70, 7, -20, 10**20), 1):
            total += amount
            problem = (
                f"after the amount {amount}" if number > 1 else "after the first order of a client"
            )
            balance = account.ask(number, amount, problem).get("balance")
            if balance is not None and balance != total:
                raise account.finding(problem, f"the balance {total}", f"the balance {balance}")
        for connection in (one, two):
            other = _Account(connection, _name("bob"))
            balance = other.ask(1, 7, "the first order of another client").get("balance")
            if balance not in (None, 7, 0):  # with 0 it was not booked: another rule tells that
                problem = "another client has its own balance"
                raise other.finding(problem, "the balance 7", f"the balance {balance}")


@rule("book it once")
def _once(answer: Any) -> None:
    with answering(answer) as server, server.client() as one:
        account = _Account(one)
        account.book(1, 100, "the first order")
        account.expect(2, 50, 50, "the next order")
        for _ in range(2):
            account.expect(2, 50, 0, "an order came again, and was booked again")
        account.expect(3, 50, 50, "an equal order with a new number is a new order")
        account.expect(4, 0, 0, "an order for 0")
        account.expect(4, 0, 0, "an order for 0 came again")
        for number in range(5, 160):
            account.connection.send(account.order(number, 1))
        for number in range(5, 160):
            expected = f'{{"ack": {number}, "balance": …}}'
            reply = account.connection.receive_json(expected, "155 orders in a row")
            account.balance = reply.get("balance", 0) if isinstance(reply, dict) else 0
        for number, amount in ((1, 100), (100, 1), (159, 1)):
            problem = f"order {number} came long ago; it came again, and was booked again"
            account.expect(number, amount, 0, problem)


@rule("perhaps over a new connection")
def _new_connection(answer: Any) -> None:
    with answering(answer) as server:
        with server.client() as one:
            account = _Account(one)
            account.book(1, 100, "the first order")
            account.book(2, 50, "the next order")
            again_here = account.book(2, 50, "an order came again")
            one.vanish()
        if again_here != 0:
            return  # another rule tells about that
        with server.client() as one, server.client() as two:
            account.connection = one
            again = account.ask(2, 50, "an order came again on a new connection")
            if again.get("balance") != account.balance:
                problem = "an order came again on a new connection"
                expected = f'{{"ack": 2, "balance": {account.balance}}}'
                raise account.finding(problem, expected, show(again))
            account.expect(3, -30, -30, "on a new connection it goes on with the next number")
            with server.standing_still():
                for connection in (one, two):
                    connection.send(account.order(4, 1000))
            problem = "the same order on two connections at once was booked twice"
            for connection in (one, two):
                connection.receive_json('{"ack": 4, "balance": …}', problem)
            account.balance += 1000
            account.expect(5, 1, 1, problem)


@rule("If a number is missing before it, book nothing")
def _nothing_booked(answer: Any) -> None:
    with answering(answer) as server, server.client() as one:
        account, late = _Account(one), _Account(one)
        account.book(1, 100, "the first order")
        account.ask(4, 1000, "orders 2 and 3 are missing")
        account.ask(3, 1000, "order 2 is missing")
        account.expect(2, 20, 20, "orders 4 and 3 came first and should book nothing; then came 2")
        account.expect(3, -5, -5, "after order 2, order 3 came once more")
        account.expect(4, 1, 1, "after order 3, order 4 came once more")
        late.ask(2, 500, "the first order of a client has number 2")
        late.book(1, 7, "the first order")
        if late.balance not in (7, account.balance + 7):  # of all clients: another rule tells that
            problem = "order 2 came first and should book nothing; then came 1"
            raise late.finding(problem, "the balance is 7", f"the balance is {late.balance}")


@rule('answer `{"expected": …}`, the number that is due')
def _expected(answer: Any) -> None:
    with answering(answer) as server, server.client() as one:
        account = _Account(one)
        for number, due in ((2, 1), (9, 1), (1, 0), (3, 2), (2, 0), (5, 3), (4, 3)):
            before = account.balance
            expected = f'{{"expected": {due}}}' if due else ""
            problem = f"order {due} is missing, and order {number} came" if due else "an order"
            reply = account.ask(number, 10, problem, expected)
            account.balance = reply.get("balance", before)
            if due and "ack" in reply and account.balance != before:
                return  # it was booked: another rule tells about that
            if due and (reply.keys() != {"expected"} or reply["expected"] != due):
                raise account.finding(problem, expected, show(reply))


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
    rules=(
        _answered,
        _expected,
        _own_numbers,
        _balance_of_client,
        _once,
        _new_connection,
        _nothing_booked,
    ),
    not_judged=("Two figures for each client are all the memory that it takes",),
    minutes=15,
    difficulty=2,
    needs="Exactly once is an illusion",
)
