"""Answers to exercise 3.3, “Readings of a weather station”."""

import json
import struct

REFUSAL = "Error: a reading is 15 bytes of binary data"
KEYS = ("station", "time", "celsius", "battery")


def is_reading(message):
    return isinstance(message, bytes) and len(message) == 15


def named(values):
    return dict(zip(KEYS, values, strict=True))


# %% wrong: a text of 15 characters is unpacked
# breaks: any other message, text or binary
# finding: a text message came: the connection was closed
async def weather(ws):
    async for message in ws:
        if len(message) == 15:
            await ws.send(json.dumps(named(struct.unpack("!HqfB", message))))
        else:
            await ws.send(REFUSAL)


# %% wrong: a text of 15 characters is encoded
# breaks: any other message, text or binary
# finding: a text message came and was taken
async def weather(ws):
    async for message in ws:
        if isinstance(message, str):
            message = message.encode()
        if len(message) == 15:
            await ws.send(json.dumps(named(struct.unpack("!HqfB", message))))
        else:
            await ws.send(REFUSAL)


# %% wrong: bytes of any size are unpacked
# breaks first: any other message, text or binary
# finding: of 0 bytes came: the connection was closed
async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes):
            await ws.send(json.dumps(named(struct.unpack("!HqfB", message))))
        else:
            await ws.send(REFUSAL)


# %% wrong: what is longer is a reading, too
# breaks: any other message, text or binary
# finding: 16 bytes came and was taken
async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) >= 15:
            await ws.send(json.dumps(named(struct.unpack_from("!HqfB", message))))
        else:
            await ws.send(REFUSAL)


# %% wrong: two readings in one message
# breaks: any other message, text or binary
async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and message and len(message) % 15 == 0:
            for reading in struct.iter_unpack("!HqfB", message):
                await ws.send(json.dumps(named(reading)))
        else:
            await ws.send(REFUSAL)


# %% wrong: an empty message gets nothing
# breaks: any other message, text or binary
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(json.dumps(named(struct.unpack("!HqfB", message))))
        elif message:
            await ws.send(REFUSAL)


# %% wrong: it ends after the first one
# breaks first: any other message, text or binary
async def weather(ws):
    async for message in ws:
        if not is_reading(message):
            await ws.send(REFUSAL)
            break
        await ws.send(json.dumps(named(struct.unpack("!HqfB", message))))


# %% wrong: it closes the connection
# breaks first: any other message, text or binary
# finding: the connection was closed
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(json.dumps(named(struct.unpack("!HqfB", message))))
        else:
            await ws.close(1003, REFUSAL)


# %% wrong: the text as bytes
# breaks: with the text `Error: a reading is 15 bytes of binary data`
# finding: binary
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(json.dumps(named(struct.unpack("!HqfB", message))))
        else:
            await ws.send(REFUSAL.encode())


# %% wrong: a full stop
# breaks: with the text `Error: a reading is 15 bytes of binary data`
async def weather(ws):
    async for message in ws:
        if is_reading(message):
            await ws.send(json.dumps(named(struct.unpack("!HqfB", message))))
        else:
            await ws.send(f"{REFUSAL}.")


# %% wrong: what Python says
# breaks: with the text `Error: a reading is 15 bytes of binary data`
async def weather(ws):
    async for message in ws:
        try:
            await ws.send(json.dumps(named(struct.unpack("!HqfB", message))))
        except (struct.error, TypeError) as exc:
            await ws.send(f"Error: {exc}")
