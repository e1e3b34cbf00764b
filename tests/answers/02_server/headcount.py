"""Answers to exercise 2.3, “Who is here?”."""

# %% right
import itertools
import json

from websockets.exceptions import ConnectionClosed

numbers = itertools.count(1)
counts = {}


async def headcount(ws):
    number = next(numbers)
    counts[number] = 0
    print("client", number, "is here")
    try:
        await ws.send(json.dumps({"client": number}))
        while True:
            await ws.recv()
            counts[number] += 1
            reply = {"clients": len(counts), "messages": counts[number]}
            await ws.send(json.dumps(reply, separators=(",", ":")))
    except ConnectionClosed as closed:
        print("client", number, "has left:", closed)
    finally:
        del counts[number]


# %% right
import contextlib
import json


class Counter:
    here = total = 0


@contextlib.contextmanager
def counted():
    Counter.here += 1
    Counter.total += 1
    try:
        yield Counter.total
    finally:
        Counter.here -= 1


async def headcount(ws):
    with counted() as number:
        await ws.send('{"client": %d}' % number)  # noqa: UP031
        messages = 0
        async for _ in ws:
            messages += 1
            await ws.send('{"messages": %d, "clients": %d}' % (messages, Counter.here))  # noqa: UP031


# %% wrong
# finding: after a client has closed with code 4001: a client that has left should not count
import json

guests = set()
last_number = 0


async def headcount(ws):
    global last_number
    last_number += 1
    guests.add(ws)
    messages = 0
    await ws.send(json.dumps({"client": last_number}))
    async for message in ws:
        messages += 1
        await ws.send(json.dumps({"messages": messages, "clients": len(guests)}))
    guests.discard(ws)


# %% wrong
# finding: after a client has said goodbye: a client that has left should not count
import json

last_number = 0


async def headcount(ws):
    global last_number
    last_number += 1
    messages = 0
    await ws.send(json.dumps({"client": last_number}))
    async for message in ws:
        messages += 1
        await ws.send(json.dumps({"messages": messages, "clients": last_number}))


# %% wrong
# finding: after others have left: each client should get the number after
import json

guests = set()


async def headcount(ws):
    guests.add(ws)
    messages = 0
    try:
        await ws.send(json.dumps({"client": len(guests)}))
        async for message in ws:
            messages += 1
            await ws.send(json.dumps({"messages": messages, "clients": len(guests)}))
    finally:
        guests.discard(ws)


# %% wrong
# finding: how many messages this client has sent
import json

guests = set()
last_number = messages = 0


async def headcount(ws):
    global last_number, messages
    last_number += 1
    guests.add(ws)
    try:
        await ws.send(json.dumps({"client": last_number}))
        async for message in ws:
            messages += 1
            await ws.send(json.dumps({"messages": messages, "clients": len(guests)}))
    finally:
        guests.discard(ws)


# %% wrong
# finding: with a second client: a client should be told its number when it connects: no message
import asyncio
import json

lock = asyncio.Lock()
number = 0


async def headcount(ws):
    global number
    async with lock:
        number += 1
        await ws.send(json.dumps({"client": number}))
        messages = 0
        async for message in ws:
            messages += 1
            await ws.send(json.dumps({"messages": messages, "clients": 1}))


# %% wrong
# finding: after a client has closed with code 4001
import json

from websockets.exceptions import ConnectionClosedError

here = last_number = 0


async def headcount(ws):
    global here, last_number
    here += 1
    last_number += 1
    messages = 0
    await ws.send(json.dumps({"client": last_number}))
    try:
        async for message in ws:
            messages += 1
            await ws.send(json.dumps({"messages": messages, "clients": here}))
    except ConnectionClosedError:
        here -= 1
    finally:
        here -= 1


# %% wrong
# finding: told its number when it connects: no message came
import json

last_number = 0
guests = set()


async def headcount(ws):
    global last_number
    last_number += 1
    guests.add(ws)
    messages = 0
    try:
        async for message in ws:
            if messages == 0:
                await ws.send(json.dumps({"client": last_number}))
            messages += 1
            await ws.send(json.dumps({"messages": messages, "clients": len(guests)}))
    finally:
        guests.discard(ws)


# %% wrong
# finding: how many clients are connected
import json

last_number = 0


async def headcount(ws):
    global last_number
    last_number += 1
    messages = 0
    await ws.send(json.dumps({"client": last_number}))
    async for message in ws:
        messages += 1
        await ws.send(json.dumps({"messages": messages, "clients": 1}))


# %% wrong
# finding: a whole number under the key `client`
import json

last_number = 0


async def headcount(ws):
    global last_number
    last_number += 1
    await ws.send(json.dumps(f"client {last_number}"))
    async for message in ws:
        await ws.send(json.dumps({"messages": 1, "clients": 1}))


# %% wrong
# finding: should have the keys `messages` and `clients`
import json

last_number = 0


async def headcount(ws):
    global last_number
    last_number += 1
    await ws.send(json.dumps({"client": last_number}))
    async for message in ws:
        await ws.send(json.dumps({"client": last_number, "clients": 1}))
