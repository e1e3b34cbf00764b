"""Answers to exercise 9.2, “Fewer, larger messages”."""

# %% right
import json

from websockets.asyncio.client import connect


async def send_readings(url, readings):
    waiting = list(readings)
    async with connect(url) as ws:
        while waiting:
            batch, waiting = waiting[:50], waiting[50:]
            await ws.send(json.dumps(batch, separators=(",", ":")))


# %% right
import json

from websockets.sync.client import connect


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


# %% wrong
# finding: that are more messages than needed
import json

from websockets.sync.client import connect


def send_readings(url, readings):
    with connect(url) as ws:
        for reading in readings:
            ws.send(json.dumps([reading]))


# %% wrong
# finding: a message has too many readings
import json

from websockets.sync.client import connect


def send_readings(url, readings):
    with connect(url) as ws:
        ws.send(json.dumps(readings))


# %% wrong
# finding: with 120 readings: all readings should arrive
import json

from websockets.sync.client import connect


def send_readings(url, readings):
    with connect(url) as ws:
        for start in range(0, len(readings) // 50 * 50, 50):
            ws.send(json.dumps(readings[start : start + 50]))


# %% wrong
# finding: with 50 readings: a message without readings
import json

from websockets.sync.client import connect


def send_readings(url, readings):
    with connect(url) as ws:
        for start in range(0, len(readings) + 1, 50):
            ws.send(json.dumps(readings[start : start + 50]))


# %% wrong
# finding: each message should be a JSON array, as text
import json

from websockets.sync.client import connect


def send_readings(url, readings):
    with connect(url) as ws:
        for start in range(0, len(readings), 50):
            ws.send(json.dumps(readings[start : start + 50]).encode())


# %% wrong
# finding: with 120 readings: each message should be a JSON array
import json

from websockets.sync.client import connect


def send_readings(url, readings):
    with connect(url) as ws:
        for start in range(0, len(readings), 50):
            ws.send([json.dumps(r) for r in readings[start : start + 50]])


# %% wrong
# finding: all readings should arrive
def send_readings(url, readings):
    pass
