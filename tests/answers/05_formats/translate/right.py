"""Answers to exercise 5.4, “A translator”."""

# %% right
import math
import struct
from typing import Annotated

import msgspec
from msgspec import Meta
from websockets.exceptions import ConnectionClosed


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
