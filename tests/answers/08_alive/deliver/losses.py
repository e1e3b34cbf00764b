"""Answers to exercise 8.6, “An outbox that survives”: what is lost, and sent again."""

import contextlib
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException


async def send_order(ws, number, amount):
    await ws.send(json.dumps({"number": number, "amount": amount}))


async def receive_ack(ws):
    return json.loads(await ws.recv())["ack"]


# %% wrong: one connection, come what may
# breaks first: Connections are lost at any place, also between an order and its ack
async def deliver(url, amounts, pause):
    async with connect(url) as ws:
        for number, amount in enumerate(amounts, 1):
            await send_order(ws, number, amount)
            await receive_ack(ws)


# %% wrong: a normal CLOSE is the end
# breaks: Connections are lost at any place, also between an order and its ack
# finding: CLOSE 1000
async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))
    while outbox:
        try:
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    await send_order(ws, number, amount)
                    del outbox[await receive_ack(ws)]
        except ConnectionClosed as closed:
            if closed.rcvd and closed.rcvd.code == 1000:
                return
            await pause(0.1)
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong: a status ends it
# breaks: or are refused
async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))
    while outbox:
        try:
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    await send_order(ws, number, amount)
                    del outbox[await receive_ack(ws)]
        except InvalidStatus:
            return
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong: where nobody listens it ends
# breaks: or are refused
# finding: where nobody listens
async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))
    while outbox:
        try:
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    await send_order(ws, number, amount)
                    del outbox[await receive_ack(ws)]
        except WebSocketException:
            await pause(0.1)


# %% wrong: no pause
# breaks: Before each further connection call `await pause(0.1)`
# finding: without a pause
async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))
    while outbox:
        try:
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    await send_order(ws, number, amount)
                    del outbox[await receive_ack(ws)]
        except (OSError, WebSocketException):
            pass


# %% wrong: the pause is not awaited
# breaks: Before each further connection call `await pause(0.1)`
# finding: not awaited
async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))
    while outbox:
        try:
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    await send_order(ws, number, amount)
                    del outbox[await receive_ack(ws)]
        except (OSError, WebSocketException):
            pause(0.1)


# %% wrong: it pauses longer
# breaks: Before each further connection call `await pause(0.1)`
# finding: another pause
async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))
    while outbox:
        try:
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    await send_order(ws, number, amount)
                    del outbox[await receive_ack(ws)]
        except (OSError, WebSocketException):
            await pause(5)


# %% wrong: it pauses before the first connection
# breaks: Before each further connection call `await pause(0.1)`
# finding: nothing had failed
async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))
    while outbox:
        await pause(0.1)
        try:
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    await send_order(ws, number, amount)
                    del outbox[await receive_ack(ws)]
        except (OSError, WebSocketException):
            pass


# %% wrong: a connection for each order, without a pause
# breaks first: Before each further connection call `await pause(0.1)`
# finding: without a pause
async def deliver(url, amounts, pause):
    for number, amount in enumerate(amounts, 1):
        while True:
            try:
                async with connect(url) as ws:
                    await send_order(ws, number, amount)
                    await receive_ack(ws)
                    break
            except (OSError, WebSocketException):
                await pause(0.1)


# %% wrong: an order leaves the outbox when it is sent
# breaks: then send again what has no ack
# finding: did not come again
async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))
    while outbox:
        try:
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    del outbox[number]
                    await send_order(ws, number, amount)
                    await receive_ack(ws)
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong: each attempt has a new number
# breaks: then send again what has no ack
# finding: with another number
async def deliver(url, amounts, pause):
    waiting, number = list(amounts), 0
    while waiting:
        try:
            async with connect(url) as ws:
                while waiting:
                    number += 1
                    await send_order(ws, number, waiting[0])
                    await receive_ack(ws)
                    waiting.pop(0)
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong: what is left is numbered from 1 again
# breaks: then send again what has no ack
# finding: with another number
async def deliver(url, amounts, pause):
    waiting = list(amounts)
    while waiting:
        try:
            async with connect(url) as ws:
                for number, amount in enumerate(list(waiting), 1):
                    await send_order(ws, number, amount)
                    await receive_ack(ws)
                    waiting.pop(0)
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong: all of them come again
# breaks: and only that
async def deliver(url, amounts, pause):
    acks = set()
    while len(acks) < len(amounts):
        try:
            async with connect(url) as ws:
                for number, amount in enumerate(amounts, 1):
                    await send_order(ws, number, amount)
                for _ in amounts:
                    acks.add(await receive_ack(ws))
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong: it goes one back, to be sure
# breaks: and only that
async def deliver(url, amounts, pause):
    done = 0
    while done < len(amounts):
        try:
            async with connect(url) as ws:
                for number in range(max(done, 1), len(amounts) + 1):
                    await send_order(ws, number, amounts[number - 1])
                    done = await receive_ack(ws)
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong: it gives up after eight attempts
# breaks: or are refused
async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))
    for attempt in range(8):
        if not outbox:
            return
        if attempt:
            await pause(0.1)
        with contextlib.suppress(OSError, WebSocketException):
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    await send_order(ws, number, amount)
                    del outbox[await receive_ack(ws)]
