"""Answers to exercise 3.3, “Readings of a weather station”."""

import json
import struct

REFUSAL = "Error: a reading is 15 bytes of binary data"
KEYS = ("station", "time", "celsius", "battery")


def is_reading(message):
    return isinstance(message, bytes) and len(message) == 15


def named(values):
    return dict(zip(KEYS, values, strict=True))


# %% wrong: without a byte order there are gaps, and readings are refused
# breaks first: A reading is a binary message of 15 bytes
# finding: taken for something else
async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) == struct.calcsize("HqfB"):
            await ws.send(json.dumps(named(struct.unpack("HqfB", message))))
        else:
            await ws.send(REFUSAL)


# %% wrong: without a byte order there are gaps, and unpack() raises
# breaks first: A reading is a binary message of 15 bytes
# finding: the connection was closed
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(json.dumps(named(struct.unpack("HqfB", message))))
        else:
            await ws.send(REFUSAL)


# %% wrong: a double for the temperature
# breaks first: A reading is a binary message of 15 bytes
async def weather(ws):
    async for message in ws:
        try:
            await ws.send(json.dumps(named(struct.unpack("!HqdB", message))))
        except (struct.error, TypeError):
            await ws.send(REFUSAL)


# %% wrong: bytes that are UTF-8 are taken for text
# breaks: A reading is a binary message of 15 bytes
async def weather(ws):
    async for message in ws:
        try:
            if isinstance(message, bytes):
                message = message.decode()
        except UnicodeDecodeError:
            pass
        if isinstance(message, bytes) and len(message) == 15:
            await ws.send(json.dumps(named(struct.unpack("!HqfB", message))))
        else:
            await ws.send(REFUSAL)


# %% wrong: zeros are no reading
# breaks: A reading is a binary message of 15 bytes
async def weather(ws):
    async for message in ws:
        if is_reading(message) and any(message):
            await ws.send(json.dumps(named(struct.unpack("!HqfB", message))))
        else:
            await ws.send(REFUSAL)


# %% wrong: a sentence
# breaks first: it answers a reading with JSON text
# finding: what came is not JSON
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            station, _, celsius, _ = struct.unpack("!HqfB", message)
            await ws.send(f"station {station}: {celsius} °C")
        else:
            await ws.send(REFUSAL)


# %% wrong: the text of a dict
# breaks: it answers a reading with JSON text
# finding: what came is not JSON
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(str(named(struct.unpack("!HqfB", message))))
        else:
            await ws.send(REFUSAL)


# %% wrong: a dict is sent
# breaks first: it answers a reading with JSON text
# finding: the connection was closed
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(named(struct.unpack("!HqfB", message)))
        else:
            await ws.send(REFUSAL)


# %% wrong: JSON as bytes
# breaks: it answers a reading with JSON text
# finding: binary
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(json.dumps(named(struct.unpack("!HqfB", message))).encode())
        else:
            await ws.send(REFUSAL)


# %% wrong: it acknowledges a reading besides
# breaks first: it answers a reading with JSON text
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(json.dumps(named(struct.unpack("!HqfB", message))))
            await ws.send("OK")
        else:
            await ws.send(REFUSAL)


# %% wrong: the await is missing
# breaks first: it answers a reading with JSON text
# finding: no message came
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            ws.send(json.dumps(named(struct.unpack("!HqfB", message)))).close()
        else:
            await ws.send(REFUSAL)


# %% wrong: only one reading
# breaks first: it answers a reading with JSON text
async def weather(ws):
    message = await ws.recv()
    if is_reading(message):
        await ws.send(json.dumps(named(struct.unpack("!HqfB", message))))
    else:
        await ws.send(REFUSAL)


# %% wrong: an array
# breaks: `{"station": …, "time": …, "celsius": …, "battery": …}`
# finding: no object
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(json.dumps(struct.unpack("!HqfB", message)))
        else:
            await ws.send(REFUSAL)


# %% wrong: another key
# breaks: `{"station": …, "time": …, "celsius": …, "battery": …}`
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            station, time, celsius, battery = struct.unpack("!HqfB", message)
            reply = {"station": station, "time": time, "temperature": celsius, "battery": battery}
            await ws.send(json.dumps(reply))
        else:
            await ws.send(REFUSAL)


# %% wrong: one key more
# breaks: `{"station": …, "time": …, "celsius": …, "battery": …}`
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(json.dumps({"ok": True, **named(struct.unpack("!HqfB", message))}))
        else:
            await ws.send(REFUSAL)


# %% wrong: the reading in a reading
# breaks: `{"station": …, "time": …, "celsius": …, "battery": …}`
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(json.dumps({"reading": named(struct.unpack("!HqfB", message))}))
        else:
            await ws.send(REFUSAL)


# %% wrong: zeros are left out
# breaks: `{"station": …, "time": …, "celsius": …, "battery": …}`
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            data = named(struct.unpack("!HqfB", message))
            await ws.send(json.dumps({key: value for key, value in data.items() if value}))
        else:
            await ws.send(REFUSAL)


# %% wrong: little-endian
# breaks: in network byte order
# finding: little-endian
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(json.dumps(named(struct.unpack("<HqfB", message))))
        else:
            await ws.send(REFUSAL)


# %% wrong: the machine's own order, without gaps
# breaks: in network byte order
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(json.dumps(named(struct.unpack("=HqfB", message))))
        else:
            await ws.send(REFUSAL)


# %% wrong: one of the numbers is little-endian
# breaks: in network byte order
# finding: `time`
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            data = named(struct.unpack("!HqfB", message))
            data["time"] = int.from_bytes(message[2:10], "little", signed=True)
            await ws.send(json.dumps(data))
        else:
            await ws.send(REFUSAL)


# %% wrong: the signs are mixed up
# breaks first: the number of the station (2 bytes, unsigned)
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(json.dumps(named(struct.unpack("!hQfb", message))))
        else:
            await ws.send(REFUSAL)


# %% wrong: a signed station
# breaks: the number of the station (2 bytes, unsigned)
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(json.dumps(named(struct.unpack("!hqfB", message))))
        else:
            await ws.send(REFUSAL)


# %% wrong: station 0 is null
# breaks: the number of the station (2 bytes, unsigned)
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            data = named(struct.unpack("!HqfB", message))
            data["station"] = data["station"] or None
            await ws.send(json.dumps(data))
        else:
            await ws.send(REFUSAL)


# %% wrong: an unsigned time
# breaks: the time in milliseconds (8 bytes, signed)
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(json.dumps(named(struct.unpack("!HQfB", message))))
        else:
            await ws.send(REFUSAL)


# %% wrong: seconds
# breaks: the time in milliseconds (8 bytes, signed)
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            data = named(struct.unpack("!HqfB", message))
            data["time"] /= 1000
            await ws.send(json.dumps(data))
        else:
            await ws.send(REFUSAL)


# %% wrong: the time as a float loses a digit
# breaks: the time in milliseconds (8 bytes, signed)
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            data = named(struct.unpack("!HqfB", message))
            data["time"] = float(data["time"])
            await ws.send(json.dumps(data))
        else:
            await ws.send(REFUSAL)


# %% wrong: whole degrees
# breaks: the temperature (float32)
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            data = named(struct.unpack("!HqfB", message))
            data["celsius"] = int(data["celsius"])
            await ws.send(json.dumps(data))
        else:
            await ws.send(REFUSAL)


# %% wrong: four bytes, but no float
# breaks: the temperature (float32)
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(json.dumps(named(struct.unpack("!HqiB", message))))
        else:
            await ws.send(REFUSAL)


# %% wrong: the temperature as a text
# breaks: the temperature (float32)
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            data = named(struct.unpack("!HqfB", message))
            data["celsius"] = f"{data['celsius']:.1f}"
            await ws.send(json.dumps(data))
        else:
            await ws.send(REFUSAL)


# %% wrong: a signed battery
# breaks: the battery in percent (1 byte, unsigned)
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(json.dumps(named(struct.unpack("!Hqfb", message))))
        else:
            await ws.send(REFUSAL)


# %% wrong: a part of 1
# breaks: the battery in percent (1 byte, unsigned)
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            data = named(struct.unpack("!HqfB", message))
            data["battery"] /= 100
            await ws.send(json.dumps(data))
        else:
            await ws.send(REFUSAL)


# %% wrong: true and false for the battery
# breaks: the battery in percent (1 byte, unsigned)
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(json.dumps(named(struct.unpack("!Hqf?", message))))
        else:
            await ws.send(REFUSAL)
