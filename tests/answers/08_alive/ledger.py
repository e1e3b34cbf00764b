"""Answers to exercise 8.5, “Book it once”."""

# %% right
import collections
import json

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


# %% right
import asyncio
import dataclasses
import json


@dataclasses.dataclass
class Account:
    due: int = 1
    balance: int = 0


accounts = {}
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


# %% wrong
# finding: that came before should be acknowledged, and not booked again
import json

accounts = {}


async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client = order["client"]
        accounts[client] = accounts.get(client, 0) + order["amount"]
        await ws.send(json.dumps({"ack": order["number"], "balance": accounts[client]}))


# %% wrong
# finding: after a new connection
import json


async def ledger(ws):
    last, balance = 0, 0
    async for message in ws:
        order = json.loads(message)
        number = order["number"]
        if number == last + 1:
            last, balance = number, balance + order["amount"]
        if number > last:
            await ws.send(json.dumps({"expected": last + 1}))
        else:
            await ws.send(json.dumps({"ack": number, "balance": balance}))


# %% wrong
# finding: numbers and a balance of its own
import json

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


# %% wrong
# finding: whose predecessor is missing
import json

accounts = {}


async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        last, balance = accounts.get(order["client"], (0, 0))
        if order["number"] > last:
            last, balance = order["number"], balance + order["amount"]
            accounts[order["client"]] = last, balance
        await ws.send(json.dumps({"ack": order["number"], "balance": balance}))


# %% wrong
# finding: that came long before
import collections
import json

balance = collections.Counter()
due = collections.Counter()
seen = collections.deque(maxlen=100)


async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        if number > due[client] + 1:
            await ws.send(json.dumps({"expected": due[client] + 1}))
            continue
        if (client, number) not in seen:
            seen.append((client, number))
            due[client] = number
            balance[client] += order["amount"]
        await ws.send(json.dumps({"ack": number, "balance": balance[client]}))


# %% wrong
# finding: with a new number, is a new order
import json

accounts = {}
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
        accounts[client] = number, balance
        await ws.send(json.dumps({"ack": number, "balance": balance}))


# %% wrong
# finding: no message came
import json

accounts = {}


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


# %% wrong
# finding: the first number is 1
import json

accounts = {}


async def ledger(ws):
    async for message in ws:
        order = json.loads(message)
        client, number = order["client"], order["number"]
        last, balance = accounts.get(client, (number - 1, 0))
        if number == last + 1:
            last, balance = number, balance + order["amount"]
            accounts[client] = last, balance
        if number > last:
            await ws.send(json.dumps({"expected": last + 1}))
        else:
            await ws.send(json.dumps({"ack": number, "balance": balance}))
