"""Answers to exercise 5.4, “A translator”."""

import json
import math
import struct
from typing import Annotated

import msgspec
from msgspec import Meta
from websockets.exceptions import ConnectionClosed

from wslab.handlers import parse_json, to_json

NAMES = ("sensor", "time", "value")


class Translator:
    """A right answer, whose parts are replaced below."""

    layout = struct.Struct("<Hqd")
    names = NAMES
    caught = (ValueError, KeyError, TypeError, struct.error)

    def parse(self, text):
        return parse_json(text)

    def check(self, rows):
        if not isinstance(rows, list):
            raise ValueError("expected a list")
        return rows

    def pack(self, rows):
        return b"".join([self.layout.pack(*[row[name] for name in self.names]) for row in rows])

    def unpack(self, data):
        return [dict(zip(self.names, row, strict=True)) for row in self.layout.iter_unpack(data)]

    def to_binary(self, text):
        return self.pack(self.check(self.parse(text)))

    def to_text(self, data):
        return to_json(self.unpack(data))

    def error(self, exc):
        return json.dumps({"error": repr(exc)})

    def reply(self, message):
        try:
            return self.to_binary(message) if isinstance(message, str) else self.to_text(message)
        except self.caught as exc:
            return self.error(exc)

    async def __call__(self, ws):
        async for message in ws:
            await ws.send(self.reply(message))


# %% right: a class
translate = Translator()


# %% right: a schema, and recv()
class Reading(msgspec.Struct):
    sensor: Annotated[int, Meta(ge=0, le=65535)]
    time: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
    value: float


decoder = msgspec.json.Decoder(list[Reading])


async def translate(ws):
    while True:
        try:
            message = await ws.recv()
        except ConnectionClosed:
            break
        try:
            if type(message) is str:
                rows = [(r.sensor, r.time, r.value) for r in decoder.decode(message)]
                await ws.send(b"".join(struct.pack("<Hqd", *row) for row in rows))
                continue
            if len(message) % 18:
                raise ValueError("not a number of rows")
            rows = [Reading(*row) for row in struct.iter_unpack("<Hqd", message)]
            if not all(math.isfinite(row.value) for row in rows):
                raise ValueError("not finite")
            await ws.send(msgspec.json.encode(rows).decode())
        except (ValueError, RecursionError) as error:
            print("cannot translate:", error)
            await ws.send(msgspec.json.encode({"error": str(error)}), text=True)


# %% right: a beginner's loops
async def translate(ws):
    async for message in ws:
        try:
            if isinstance(message, str):
                readings = parse_json(message)
                if not isinstance(readings, list):
                    raise Exception("no list")
                reply = b""
                for r in readings:
                    reply = reply + struct.pack("<Hqd", r["sensor"], r["time"], r["value"])
            else:
                if len(message) % 18 != 0:
                    raise Exception("not a multiple of 18")
                readings = []
                for start in range(0, len(message), 18):
                    sensor, time, value = struct.unpack_from("<Hqd", message, start)
                    readings.append({"sensor": sensor, "time": time, "value": value})
                reply = json.dumps(readings, allow_nan=False)
        except Exception as e:
            reply = json.dumps({"error": str(e)})
        await ws.send(reply)


# %% right: NumPy for the way back
import numpy as np

ROW = np.dtype([("sensor", "<u2"), ("time", "<i8"), ("value", "<f8")])


class Arrays(Translator):
    def unpack(self, data):
        rows = np.frombuffer(data, ROW) if data else []
        return [dict(zip(NAMES, row.tolist(), strict=True)) for row in rows]


translate = Arrays()
