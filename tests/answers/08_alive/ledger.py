"""Answers to exercise 8.5, “Book it once”."""

import asyncio
import collections
import dataclasses
import json
import sqlite3

accounts = {}  # client: last number, balance


# %% right: two counters, match, and recv()
last = collections.Counter()
balance = collections.Counter()


async def ledger(ws):
    while True:
        try:
            match json.loads(await ws.recv()):
                case {"client": client, "number": number, "amount": amount}:
                    pass
        except Exception:
            return
        if number > last[client] + 1:
            await ws.send(json.dumps({"expected": last[client] + 1}))
            continue
        if number == last[client] + 1:
            last[client] += 1
            balance[client] += amount
        await ws.send(json.dumps({"balance": balance[client], "ack": number}))


# %% right: a class of accounts, and a lock
@dataclasses.dataclass
class Account:
    due: int = 1
    balance: int = 0


lock = asyncio.Lock()


async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        async with lock:
            account = accounts.setdefault(order["client"], Account())
            if order["number"] == account.due:
                account.balance += order["amount"]
                account.due += 1
            answer = {"ack": order["number"], "balance": account.balance}
            if order["number"] >= account.due:
                answer = {"expected": account.due}
        await ws.send(json.dumps(answer))


# %% right: a database
database = sqlite3.connect(":memory:", check_same_thread=False)
database.execute("create table accounts (client text primary key, last integer, balance text)")


def book(client, number, amount):
    with database:
        row = database.execute("select last, balance from accounts where client = ?", [client])
        last, balance = row.fetchone() or (0, "0")
        if number > last + 1:
            return {"expected": last + 1}
        if number == last + 1:
            balance = str(int(balance) + amount)
            database.execute(
                "insert or replace into accounts values (?, ?, ?)", [client, number, balance]
            )
        return {"ack": number, "balance": int(balance)}


async def ledger(ws):
    async for message in ws:
        await ws.send(json.dumps(book(**json.loads(message))))


# %% wrong: what came before gets no answer
# breaks first: Answer each with `{"ack": NUMBER, "balance": …}`
# finding: its ack may be lost: no message came
async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        last, balance = accounts.get(client, (0, 0))
        if number <= last:
            continue
        if number > last + 1:
            await ws.send(json.dumps({"expected": last + 1}))
            continue
        accounts[client] = number, balance + order["amount"]
        await ws.send(json.dumps({"ack": number, "balance": balance + order["amount"]}))


# %% wrong: what came before is acknowledged by the last number
# breaks: Answer each with `{"ack": NUMBER, "balance": …}`
async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        last, balance = accounts.get(client, (0, 0))
        if number == last + 1:
            last, balance = accounts[client] = number, balance + order["amount"]
        if number > last:
            await ws.send(json.dumps({"expected": last + 1}))
        else:
            await ws.send(json.dumps({"ack": last, "balance": balance}))


# %% wrong: an object is sent, and no JSON
# breaks first: Answer each with `{"ack": NUMBER, "balance": …}`
async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        await ws.send({"ack": order["number"], "balance": order["amount"]})


# %% wrong: one ledger for all clients
# breaks first: Each client numbers its own 1, 2, 3
last, balance = 0, 0


async def ledger(ws):
    global last, balance
    async for message in ws:
        order = json.loads(message)
        number = order["number"]
        if number == last + 1:
            last, balance = number, balance + order["amount"]
        if number > last:
            await ws.send(json.dumps({"expected": last + 1}))
        else:
            await ws.send(json.dumps({"ack": number, "balance": balance}))


# %% wrong: client and number are one word
# breaks: Each client numbers its own 1, 2, 3
# finding: the first order of client
seen = set()


async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        last, balance = accounts.get(client, (0, 0))
        if number > last + 1:
            await ws.send(json.dumps({"expected": last + 1}))
            continue
        if f"{client}{number}" not in seen:
            seen.add(f"{client}{number}")
            balance += order["amount"]
        accounts[client] = max(number, last), balance
        await ws.send(json.dumps({"ack": number, "balance": balance}))


# %% wrong: one balance for all clients
# breaks: the balance of that client
numbers = collections.Counter()
total = 0


async def ledger(ws):
    global total
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        if number > numbers[client] + 1:
            await ws.send(json.dumps({"expected": numbers[client] + 1}))
            continue
        if number == numbers[client] + 1:
            numbers[client] = number
            total += order["amount"]
        await ws.send(json.dumps({"ack": number, "balance": total}))


# %% wrong: nobody may have less than nothing
# breaks first: the balance of that client
async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        last, balance = accounts.get(client, (0, 0))
        if number == last + 1:
            last, balance = accounts[client] = number, max(0, balance + order["amount"])
        if number > last:
            await ws.send(json.dumps({"expected": last + 1}))
        else:
            await ws.send(json.dumps({"ack": number, "balance": balance}))


# %% wrong: whatever comes is booked
# breaks first: book it once
# finding: an order came again
async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client = order["client"]
        accounts[client] = accounts.get(client, 0) + order["amount"]
        await ws.send(json.dumps({"ack": order["number"], "balance": accounts[client]}))


# %% wrong: what came before is booked again
# breaks: book it once
# finding: an order came again
async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        last, balance = accounts.get(client, (0, 0))
        if number > last + 1:
            await ws.send(json.dumps({"expected": last + 1}))
            continue
        accounts[client] = max(last, number), balance + order["amount"]
        await ws.send(json.dumps({"ack": number, "balance": balance + order["amount"]}))


# %% wrong: it remembers a hundred numbers
# breaks: book it once
# finding: came long ago
seen = collections.deque(maxlen=100)


async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        last, balance = accounts.get(client, (0, 0))
        if number > last + 1:
            await ws.send(json.dumps({"expected": last + 1}))
            continue
        if (client, number) not in seen:
            seen.append((client, number))
            last, balance = max(last, number), balance + order["amount"]
            accounts[client] = last, balance
        await ws.send(json.dumps({"ack": number, "balance": balance}))


# %% wrong: an equal amount is the same order
# breaks first: book it once
# finding: with a new number is a new order
seen = set()


async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number, amount = order["client"], order["number"], order["amount"]
        last, balance = accounts.get(client, (0, 0))
        if number > last + 1:
            await ws.send(json.dumps({"expected": last + 1}))
            continue
        if (client, amount) not in seen:
            seen.add((client, amount))
            balance += amount
        accounts[client] = max(last, number), balance
        await ws.send(json.dumps({"ack": number, "balance": balance}))


# %% wrong: it forgets with the connection
# breaks: perhaps over a new connection
async def ledger(ws):
    accounts = {}
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        last, balance = accounts.get(client, (0, 0))
        if number == last + 1:
            last, balance = accounts[client] = number, balance + order["amount"]
        if number > last:
            await ws.send(json.dumps({"expected": last + 1}))
        else:
            await ws.send(json.dumps({"ack": number, "balance": balance}))


# %% wrong: it waits between reading and writing
# breaks: perhaps over a new connection
# finding: on two connections at once
async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        last, balance = accounts.get(client, (0, 0))
        if number == last + 1:
            await asyncio.sleep(0)
            last, balance = number, accounts.get(client, (0, 0))[1] + order["amount"]
            accounts[client] = last, balance
        if number > last:
            await ws.send(json.dumps({"expected": last + 1}))
        else:
            await ws.send(json.dumps({"ack": number, "balance": balance}))


# %% wrong: a gap is answered, and booked
# breaks: If a number is missing before it, book nothing
async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        last, balance = accounts.get(client, (0, 0))
        if number > last + 1:
            accounts[client] = last, balance + order["amount"]
            await ws.send(json.dumps({"expected": last + 1}))
            continue
        if number == last + 1:
            last, balance = accounts[client] = number, balance + order["amount"]
        await ws.send(json.dumps({"ack": number, "balance": balance}))


# %% wrong: any greater number is the next one
# breaks first: If a number is missing before it, book nothing
async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        last, balance = accounts.get(order["client"], (0, 0))
        if order["number"] > last:
            last, balance = order["number"], balance + order["amount"]
            accounts[order["client"]] = last, balance
        await ws.send(json.dumps({"ack": order["number"], "balance": balance}))


# %% wrong: it says what came, and not what is due
# breaks: answer `{"expected": …}`, the number that is due
async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        last, balance = accounts.get(client, (0, 0))
        if number == last + 1:
            last, balance = accounts[client] = number, balance + order["amount"]
        if number > last:
            await ws.send(json.dumps({"expected": number - 1}))
        else:
            await ws.send(json.dumps({"ack": number, "balance": balance}))


# %% wrong: a client may begin with any number
# breaks first: If a number is missing before it, book nothing
async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        last, balance = accounts.get(client, (number - 1, 0))
        if number == last + 1:
            last, balance = accounts[client] = number, balance + order["amount"]
        if number > last:
            await ws.send(json.dumps({"expected": last + 1}))
        else:
            await ws.send(json.dumps({"ack": number, "balance": balance}))


# %% wrong: an order for 0 is none
# breaks first: Answer each with `{"ack": NUMBER, "balance": …}`
# finding: an order for 0
async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        last, balance = accounts.get(client, (0, 0))
        if number == last + 1 and order["amount"]:
            last, balance = accounts[client] = number, balance + order["amount"]
        if number > last:
            await ws.send(json.dumps({"expected": last + 1}))
        else:
            await ws.send(json.dumps({"ack": number, "balance": balance}))


# %% wrong: a gap is acknowledged, though not booked
# breaks first: answer `{"expected": …}`, the number that is due
async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        last, balance = accounts.get(client, (0, 0))
        if number == last + 1:
            last, balance = accounts[client] = number, balance + order["amount"]
        await ws.send(json.dumps({"ack": number, "balance": balance}))
