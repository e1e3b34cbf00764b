"""Answers to exercise 3.3, “Readings of a weather station”."""

# %% right
import json
from struct import error, unpack

from websockets.exceptions import ConnectionClosed


async def weather(ws):
    try:
        while True:
            message = await ws.recv()
            try:
                battery, station, time, celsius = (
                    unpack(">HqfB", message)[-1:] + unpack(">HqfB", message)[:-1]
                )
            except (error, TypeError) as problem:
                print("no reading:", problem)
                await ws.send("Error: a reading is 15 bytes of binary data")
            else:
                data = dict(battery=battery, celsius=round(celsius, 1), time=time, station=station)
                await ws.send(json.dumps(data, indent=1))
    except ConnectionClosed:
        pass


# %% right
import json
import struct


async def weather(ws):
    async for message in ws:
        if type(message) is not bytes or len(message) != 15:
            await ws.send("Error: a reading is 15 bytes of binary data")
            continue
        await ws.send(
            json.dumps(
                {
                    "station": int.from_bytes(message[:2], "big"),
                    "time": int.from_bytes(message[2:10], "big", signed=True),
                    "celsius": struct.unpack_from("!f", message, 10)[0],
                    "battery": message[14],
                },
                separators=(",", ":"),
            )
        )


# %% wrong
# finding: `station` has another value than was sent
import json
import struct


async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) == 15:
            keys = ["station", "time", "celsius", "battery"]
            await ws.send(json.dumps(dict(zip(keys, struct.unpack("<HqfB", message)))))  # noqa: B905
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")


# %% wrong
# finding: what came is not JSON
import json
import struct


async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) == struct.calcsize("HqfB"):
            keys = ["station", "time", "celsius", "battery"]
            await ws.send(json.dumps(dict(zip(keys, struct.unpack("HqfB", message)))))  # noqa: B905
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")


# %% wrong
# finding: after a text message: what is not a reading should be answered with this: the
#     connection was closed
import json
import struct


async def weather(ws):
    async for message in ws:
        if len(message) == 15:
            keys = ["station", "time", "celsius", "battery"]
            await ws.send(json.dumps(dict(zip(keys, struct.unpack("!HqfB", message)))))  # noqa: B905
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")


# %% wrong
# finding: after a binary message of another size: what is not a reading should be answered with
#     this: the connection was closed
import json
import struct


async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes):
            keys = ["station", "time", "celsius", "battery"]
            await ws.send(json.dumps(dict(zip(keys, struct.unpack("!HqfB", message)))))  # noqa: B905
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")


# %% wrong
# finding: after a binary message of another size: what is not a reading should be answered
import json
import struct


async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) >= 15:
            keys = ["station", "time", "celsius", "battery"]
            await ws.send(json.dumps(dict(zip(keys, struct.unpack_from("!HqfB", message)))))  # noqa: B905
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")


# %% wrong
# finding: `station` has another value than was sent
import json
import struct


async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) == 15:
            keys = ["station", "time", "celsius", "battery"]
            await ws.send(json.dumps(dict(zip(keys, struct.unpack("!hQfb", message)))))  # noqa: B905
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")


# %% wrong
# finding: `time` has another value than was sent
import json
import struct


async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) == 15:
            keys = ["station", "time", "celsius", "battery"]
            await ws.send(json.dumps(dict(zip(keys, struct.unpack("!HQfB", message)))))  # noqa: B905
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")


# %% wrong
# finding: the keys should be
import json
import struct


async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) == 15:
            await ws.send(json.dumps(struct.unpack("!HqfB", message)))
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")


# %% wrong
# finding: what came is not JSON
import struct


async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) == 15:
            station, time, celsius, battery = struct.unpack("!HqfB", message)  # noqa: RUF059
            await ws.send(f"station {station}: {celsius} °C")
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")


# %% wrong
# finding: the connection was closed
import json
import struct


async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) == 15:
            keys = ["station", "time", "celsius", "battery"]
            await ws.send(json.dumps(dict(zip(keys, struct.unpack("!HqfB", message)))))  # noqa: B905
        else:
            await ws.close(1003, "Error: a reading is 15 bytes of binary data")
