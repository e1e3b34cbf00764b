"""Answers to exercise 8.6, “An outbox that survives”: what is sent, and when it returns."""

import asyncio
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import connect as connect_sync


async def send_order(ws, number, amount):
    await ws.send(json.dumps({"number": number, "amount": amount}))


async def receive_ack(ws):
    return json.loads(await ws.recv())["ack"]


# %% right: blocking, with a counter for an outbox
def deliver(url, amounts, pause):
    done = 0
    while done < len(amounts):
        try:
            with connect_sync(url, open_timeout=5, close_timeout=1) as ws:
                while done < len(amounts):
                    ws.send(json.dumps({"number": done + 1, "amount": amounts[done]}))
                    if json.loads(ws.recv(timeout=5)) == {"ack": done + 1}:
                        done += 1
        except (OSError, WebSocketException):
            pause(0.1)


# %% right: all are sent, then all acks are received
async def deliver(url, amounts, pause):
    outbox = {number: amount for number, amount in enumerate(amounts, start=1)}
    first = True
    while outbox:
        if not first:
            await pause(0.1)
        first = False
        try:
            async with connect(url) as ws:
                try:
                    for number, amount in outbox.items():
                        await send_order(ws, number, amount)
                except ConnectionClosed:
                    pass  # acks may have come all the same
                while outbox:
                    outbox.pop(await receive_ack(ws), None)
        except (OSError, WebSocketException):
            continue


# %% right: a task that sends, and one that receives
async def send_all(ws, outbox):
    for number, amount in list(outbox.items()):
        await send_order(ws, number, amount)


async def receive_all(ws, outbox):
    while outbox:
        del outbox[await receive_ack(ws)]


async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))
    while True:
        try:
            async with connect(url) as ws, asyncio.TaskGroup() as group:
                group.create_task(send_all(ws, outbox))
                group.create_task(receive_all(ws, outbox))
            return
        except* (OSError, WebSocketException):
            pass
        await pause(0.1)


# %% right: a class
class Outbox:
    def __init__(self, amounts):
        self.waiting = [{"number": n + 1, "amount": a} for n, a in enumerate(amounts)]

    async def empty(self, ws):
        while self.waiting:
            await ws.send(json.dumps(self.waiting[0]))
            match json.loads(await ws.recv()):
                case {"ack": number} if number == self.waiting[0]["number"]:
                    self.waiting.pop(0)


async def deliver(url, amounts, pause):
    outbox = Outbox(amounts)
    while outbox.waiting:
        try:
            async with connect(url, ping_interval=None) as ws:
                await outbox.empty(ws)
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong: the amount alone is sent
# breaks first: it sends each amount as an order
# finding: no such order
async def deliver(url, amounts, pause):
    async with connect(url) as ws:
        for amount in amounts:
            await ws.send(str(amount))
            await ws.recv()


# %% wrong: nothing is sent
# breaks first: it sends each amount as an order
# finding: no order came
async def deliver(url, amounts, pause):
    pass


# %% wrong: the outbox is keyed by amount
# breaks: it sends each amount as an order
# finding: 4 amounts, and 2 orders
async def deliver(url, amounts, pause):
    outbox = {amount: number for number, amount in enumerate(amounts, 1)}
    while outbox:
        try:
            async with connect(url) as ws:
                for amount, number in list(outbox.items()):
                    await send_order(ws, number, amount)
                    await receive_ack(ws)
                    del outbox[amount]
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong: an amount of 0 is no order to it
# breaks: it sends each amount as an order
async def deliver(url, amounts, pause):
    outbox = dict(enumerate(filter(None, amounts), 1))
    while outbox:
        try:
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    await send_order(ws, number, amount)
                    del outbox[await receive_ack(ws)]
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong: numbered from 0
# breaks: numbered from 1
async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts))
    while outbox:
        try:
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    await send_order(ws, number, amount)
                    del outbox[await receive_ack(ws)]
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong: the number is where the amount is first found
# breaks: numbered from 1
async def deliver(url, amounts, pause):
    done = 0
    while done < len(amounts):
        try:
            async with connect(url) as ws:
                for amount in amounts[done:]:
                    await send_order(ws, amounts.index(amount) + 1, amount)
                    await receive_ack(ws)
                    done += 1
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong: the last one first
# breaks: and in order
async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))
    while outbox:
        try:
            async with connect(url) as ws:
                for number in sorted(outbox, reverse=True):
                    await send_order(ws, number, outbox[number])
                    del outbox[await receive_ack(ws)]
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong: what had no ack comes last
# breaks: and in order
async def deliver(url, amounts, pause):
    outbox = list(enumerate(amounts, 1))
    while outbox:
        try:
            async with connect(url) as ws:
                while outbox:
                    number, amount = order = outbox.pop(0)
                    outbox.append(order)
                    await send_order(ws, number, amount)
                    await receive_ack(ws)
                    outbox.remove(order)
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong: it does not wait for the last ack
# breaks: Return when everything is acknowledged
# finding: it left before the last ack came
async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))
    while outbox:
        try:
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    await send_order(ws, number, amount)
                    if number == len(amounts):
                        return
                    del outbox[await receive_ack(ws)]
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong: it waits for the server to close
# breaks first: Return when everything is acknowledged
# finding: did not end
async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))
    while True:
        try:
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    await send_order(ws, number, amount)
                async for message in ws:
                    del outbox[json.loads(message)["ack"]]
                return
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong: no list of amounts is empty
# breaks: Return when everything is acknowledged
# finding: IndexError
async def deliver(url, amounts, pause):
    number, amount = 1, amounts[0]
    while number <= len(amounts):
        try:
            async with connect(url) as ws:
                while number <= len(amounts):
                    amount = amounts[number - 1]
                    await send_order(ws, number, amount)
                    number = await receive_ack(ws) + 1
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong: no ack is waited for
# breaks first: Return when everything is acknowledged
# finding: it left before the last ack came
async def deliver(url, amounts, pause):
    async with connect(url) as ws:
        for number, amount in enumerate(amounts, 1):
            await send_order(ws, number, amount)
