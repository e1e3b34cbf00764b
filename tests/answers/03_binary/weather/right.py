"""Answers to exercise 3.3, “Readings of a weather station”."""

import collections
import ctypes
import io
import json
import struct
from struct import error, unpack

from websockets.exceptions import ConnectionClosed

REFUSAL = "Error: a reading is 15 bytes of binary data"
KEYS = ("station", "time", "celsius", "battery")


def is_reading(message):
    return isinstance(message, bytes) and len(message) == 15


def named(values):
    return dict(zip(KEYS, values, strict=True))


# %% right: unpack() says what is a reading
async def weather(ws):
    try:
        while True:
            message = await ws.recv()
            try:
                *reading, battery = unpack(">HqfB", message)
            except (error, TypeError) as problem:
                print("no reading:", problem)
                await ws.send(REFUSAL)
            else:
                station, time, celsius = reading
                data = dict(battery=battery, celsius=round(celsius, 1), time=time, station=station)
                await ws.send(json.dumps(data, indent=1))
    except ConnectionClosed:
        pass


# %% right: number by number
async def weather(ws):
    async for message in ws:
        if type(message) is not bytes or len(message) != 15:
            await ws.send(REFUSAL)
            continue
        data = {
            "station": int.from_bytes(message[:2], "big"),
            "time": int.from_bytes(message[2:10], "big", signed=True),
            "celsius": struct.unpack_from("!f", message, 10)[0],
            "battery": message[14],
        }
        await ws.send(json.dumps(data, separators=(",", ":")))


# %% right: a namedtuple, and a conditional expression
Reading = collections.namedtuple("Reading", KEYS)


async def weather(ws):
    async for message in ws:
        reply = (
            json.dumps(Reading._make(struct.unpack("!HqfB", message))._asdict())
            if isinstance(message, bytes) and len(message) == struct.calcsize("!HqfB")
            else REFUSAL
        )
        await ws.send(reply)


# %% right: a structure of ctypes
class Form(ctypes.BigEndianStructure):
    _pack_ = 1
    _layout_ = "ms"  # Python 3.14 wants to be told
    _fields_ = [
        ("station", ctypes.c_uint16),
        ("time", ctypes.c_int64),
        ("celsius", ctypes.c_float),
        ("battery", ctypes.c_uint8),
    ]


async def weather(ws):
    async for message in ws:
        if is_reading(message):
            form = Form.from_buffer_copy(message)
            await ws.send(json.dumps({key: getattr(form, key) for key in KEYS}))
        else:
            await ws.send(REFUSAL)


# %% right: an f-string, and read() of a file
def take(form, file):
    (value,) = struct.unpack(form, file.read(struct.calcsize(form)))
    return value


async def weather(ws):
    async for message in ws:
        if not is_reading(message):
            await ws.send(REFUSAL)
        else:
            file = io.BytesIO(message)
            await ws.send(
                f'{{"station": {take("!H", file)}, "time": {take("!q", file)}, '
                f'"celsius": {take("!f", file)}, "battery": {take("!B", file)}}}'
            )
