"""Answers to exercise 9.2, “Fewer, larger messages”."""

import itertools
import json

from websockets.asyncio.client import connect as connect_async
from websockets.sync.client import connect


# %% right: async
async def send_readings(url, readings):
    waiting = list(readings)
    async with connect_async(url) as ws:
        while waiting:
            batch, waiting = waiting[:50], waiting[50:]
            await ws.send(json.dumps(batch, separators=(",", ":")))


# %% right: a list that is filled
def send_readings(url, readings):
    batch = []
    with connect(url) as ws:
        for reading in readings:
            batch.append(reading)
            if len(batch) == 50:
                ws.send(json.dumps(batch))
                batch.clear()
        if batch:
            ws.send(json.dumps(batch))


# %% right: islice
def send_readings(url, readings):
    rest = iter(readings)
    with connect(url) as ws:
        while batch := list(itertools.islice(rest, 50)):
            ws.send(json.dumps(batch))


# %% right: as even as possible, in no more messages
def send_readings(url, readings):
    count = -(-len(readings) // 50)
    with connect(url) as ws:
        for number in range(count):
            start = len(readings) * number // count
            ws.send(json.dumps(readings[start : len(readings) * (number + 1) // count]))


# %% wrong: one by one
# breaks: in as few messages as possible
def send_readings(url, readings):
    with connect(url) as ws:
        for reading in readings:
            ws.send(json.dumps([reading]))


# %% wrong: forty at a time
# breaks: in as few messages as possible
def send_readings(url, readings):
    with connect(url) as ws:
        for start in range(0, len(readings), 40):
            ws.send(json.dumps(readings[start : start + 40]))


# %% wrong: all of them
# breaks: at most 50
def send_readings(url, readings):
    with connect(url) as ws:
        if readings:
            ws.send(json.dumps(readings))


# %% wrong: fifty-one at a time
# breaks: at most 50
def send_readings(url, readings):
    with connect(url) as ws:
        for start in range(0, len(readings), 51):
            ws.send(json.dumps(readings[start : start + 51]))


# %% wrong: the rest is forgotten
# breaks: in order
def send_readings(url, readings):
    with connect(url) as ws:
        for start in range(0, len(readings) // 50 * 50, 50):
            ws.send(json.dumps(readings[start : start + 50]))


# %% wrong: the newest first
# breaks: in order
def send_readings(url, readings):
    with connect(url) as ws:
        for start in reversed(range(0, len(readings), 50)):
            ws.send(json.dumps(readings[start : start + 50]))


# %% wrong: equal readings are one
# breaks: in order
def send_readings(url, readings):
    unique = [reading for n, reading in enumerate(readings) if reading not in readings[:n]]
    with connect(url) as ws:
        for start in range(0, len(unique), 50):
            ws.send(json.dumps(unique[start : start + 50]))


# %% wrong: an empty list for nothing
# breaks: for an empty list nothing is sent
def send_readings(url, readings):
    with connect(url) as ws:
        for start in range(0, max(1, len(readings)), 50):
            ws.send(json.dumps(readings[start : start + 50]))


# %% wrong: an empty one after fifty
# breaks first: in as few messages as possible
def send_readings(url, readings):
    with connect(url) as ws:
        for start in range(0, len(readings) + 1, 50):
            ws.send(json.dumps(readings[start : start + 50]))


# %% wrong: bytes
# breaks: readings, as text
def send_readings(url, readings):
    with connect(url) as ws:
        for start in range(0, len(readings), 50):
            ws.send(json.dumps(readings[start : start + 50]).encode())


# %% wrong: a list of texts is one message of many frames
# breaks first: Each message is a JSON array
def send_readings(url, readings):
    with connect(url) as ws:
        for start in range(0, len(readings), 50):
            ws.send([json.dumps(reading) for reading in readings[start : start + 50]])


# %% wrong: arrays of texts
# breaks first: Each message is a JSON array
def send_readings(url, readings):
    with connect(url) as ws:
        for start in range(0, len(readings), 50):
            ws.send(json.dumps([json.dumps(reading) for reading in readings[start : start + 50]]))


# %% wrong: objects with an array
# breaks: Each message is a JSON array
def send_readings(url, readings):
    with connect(url) as ws:
        for start in range(0, len(readings), 50):
            ws.send(json.dumps({"readings": readings[start : start + 50]}))


# %% wrong: nothing is sent
# breaks: in order
def send_readings(url, readings):
    with connect(url):
        pass
