"""Answers to exercise 8.6, “An outbox that survives”."""

# %% right
import json

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect


def deliver(url, amounts, pause):
    done = 0
    while done < len(amounts):
        try:
            with connect(url, open_timeout=5, close_timeout=1) as ws:
                while done < len(amounts):
                    ws.send(json.dumps({"number": done + 1, "amount": amounts[done]}))
                    if json.loads(ws.recv(timeout=5)) == {"ack": done + 1}:
                        done += 1
        except (OSError, WebSocketException):
            pause(0.1)


# %% right
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException


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
                        await ws.send(json.dumps({"number": number, "amount": amount}))
                except ConnectionClosed:
                    pass  # acks may have come all the same
                while outbox:
                    outbox.pop(json.loads(await ws.recv())["ack"], None)
        except (OSError, WebSocketException):
            continue


# %% wrong
# finding: raised ConnectionClosedError
import json

from websockets.asyncio.client import connect


async def deliver(url, amounts, pause):
    async with connect(url) as ws:
        for number, amount in enumerate(amounts, 1):
            await ws.send(json.dumps({"number": number, "amount": amount}))
            await ws.recv()


# %% wrong
# finding: the first one without an ack again: 3 was due
import json

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))
    while outbox:
        try:
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    del outbox[number]
                    await ws.send(json.dumps({"number": number, "amount": amount}))
                    await ws.recv()
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong
# finding: an order was booked twice
import json

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def deliver(url, amounts, pause):
    waiting = list(amounts)
    number = 0
    while waiting:
        try:
            async with connect(url) as ws:
                while waiting:
                    number += 1
                    await ws.send(json.dumps({"number": number, "amount": waiting[0]}))
                    await ws.recv()
                    waiting.pop(0)
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong
# finding: should keep its number
import json

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def deliver(url, amounts, pause):
    waiting = list(amounts)
    while waiting:
        try:
            async with connect(url) as ws:
                for number, amount in enumerate(list(waiting), 1):
                    await ws.send(json.dumps({"number": number, "amount": amount}))
                    await ws.recv()
                    waiting.remove(amount)
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong
# finding: that was acknowledged should not be sent again
import json

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def deliver(url, amounts, pause):
    acks = set()
    while len(acks) < len(amounts):
        try:
            async with connect(url) as ws:
                for number, amount in enumerate(amounts, 1):
                    await ws.send(json.dumps({"number": number, "amount": amount}))
                for _ in amounts:
                    acks.add(json.loads(await ws.recv())["ack"])
        except (OSError, WebSocketException):
            await pause(0.1)


# %% wrong
# finding: pause() should be called once
import json

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))
    while outbox:
        try:
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    await ws.send(json.dumps({"number": number, "amount": amount}))
                    del outbox[json.loads(await ws.recv())["ack"]]
        except (OSError, WebSocketException):
            pass


# %% wrong
# finding: more connections than there were losses
import json

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def deliver(url, amounts, pause):
    for number, amount in enumerate(amounts, 1):
        for _ in range(2):
            try:
                async with connect(url) as ws:
                    await ws.send(json.dumps({"number": number, "amount": amount}))
                    await ws.recv()
                    break
            except (OSError, WebSocketException):
                await pause(0.1)


# %% wrong
# finding: each pause should be one of 0.1
import json

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException


async def deliver(url, amounts, pause):
    outbox = dict(enumerate(amounts, 1))
    while outbox:
        try:
            async with connect(url) as ws:
                for number, amount in list(outbox.items()):
                    await ws.send(json.dumps({"number": number, "amount": amount}))
                    del outbox[json.loads(await ws.recv())["ack"]]
        except (OSError, WebSocketException):
            await pause(5)


# %% wrong
# finding: before everything was acknowledged
async def deliver(url, amounts, pause):
    pass


# %% wrong
# finding: each message should be an order
from websockets.asyncio.client import connect


async def deliver(url, amounts, pause):
    async with connect(url) as ws:
        for amount in amounts:
            await ws.send(str(amount))
            await ws.recv()
