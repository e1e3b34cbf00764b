"""Answers to exercise 5.4, “A translator”."""

# %% wrong
# finding: the bytes are not right
import json
import struct

from wslab.handlers import parse_json, to_json

ROW_LAYOUT = struct.Struct("Hqd")
NAMES = ("sensor", "time", "value")


def to_binary(text):
    rows = parse_json(text)
    if not isinstance(rows, list):
        raise ValueError("expected a list")
    return b"".join([ROW_LAYOUT.pack(*[row[name] for name in NAMES]) for row in rows])


def to_text(data):
    rows = ROW_LAYOUT.iter_unpack(data)
    return to_json([dict(zip(NAMES, row)) for row in rows])  # noqa: B905


async def translate(ws):
    async for message in ws:
        try:
            reply = to_binary(message) if isinstance(message, str) else to_text(message)
        except (ValueError, KeyError, TypeError, struct.error) as error:
            reply = json.dumps({"error": repr(error)})
        await ws.send(reply)


# %% wrong
# finding: the bytes are not right
import json
import struct

from wslab.handlers import parse_json, to_json

ROW_LAYOUT = struct.Struct(">Hqd")
NAMES = ("sensor", "time", "value")


def to_binary(text):
    rows = parse_json(text)
    if not isinstance(rows, list):
        raise ValueError("expected a list")
    return b"".join([ROW_LAYOUT.pack(*[row[name] for name in NAMES]) for row in rows])


def to_text(data):
    rows = ROW_LAYOUT.iter_unpack(data)
    return to_json([dict(zip(NAMES, row)) for row in rows])  # noqa: B905


async def translate(ws):
    async for message in ws:
        try:
            reply = to_binary(message) if isinstance(message, str) else to_text(message)
        except (ValueError, KeyError, TypeError, struct.error) as error:
            reply = json.dumps({"error": repr(error)})
        await ws.send(reply)


# %% wrong
# finding: a value that is a string should get an error: the connection was closed
import json
import struct

from wslab.handlers import parse_json, to_json

ROW_LAYOUT = struct.Struct("<Hqd")
NAMES = ("sensor", "time", "value")


def to_binary(text):
    rows = parse_json(text)
    if not isinstance(rows, list):
        raise ValueError("expected a list")
    return b"".join([ROW_LAYOUT.pack(*[row[name] for name in NAMES]) for row in rows])


def to_text(data):
    rows = ROW_LAYOUT.iter_unpack(data)
    return to_json([dict(zip(NAMES, row)) for row in rows])  # noqa: B905


async def translate(ws):
    async for message in ws:
        try:
            reply = to_binary(message) if isinstance(message, str) else to_text(message)
        except (ValueError, KeyError, TypeError) as error:
            reply = json.dumps({"error": repr(error)})
        await ws.send(reply)


# %% wrong
# finding: NaN, which JSON cannot write, should get an error
import json
import struct

from wslab.handlers import parse_json, to_json

ROW_LAYOUT = struct.Struct("<Hqd")
NAMES = ("sensor", "time", "value")


def to_binary(text):
    rows = json.loads(text)
    if not isinstance(rows, list):
        raise ValueError("expected a list")
    return b"".join([ROW_LAYOUT.pack(*[row[name] for name in NAMES]) for row in rows])


def to_text(data):
    rows = ROW_LAYOUT.iter_unpack(data)
    return json.dumps([dict(zip(NAMES, row)) for row in rows])  # noqa: B905


async def translate(ws):
    async for message in ws:
        try:
            reply = to_binary(message) if isinstance(message, str) else to_text(message)
        except (ValueError, RecursionError, KeyError, TypeError, struct.error) as error:
            reply = json.dumps({"error": repr(error)})
        await ws.send(reply)


# %% wrong
# finding: a list of numbers should get an error: the connection was closed
import json
import struct

from wslab.handlers import parse_json, to_json

ROW_LAYOUT = struct.Struct("<Hqd")
NAMES = ("sensor", "time", "value")


def to_binary(text):
    rows = parse_json(text)
    if not isinstance(rows, list):
        raise ValueError("expected a list")
    return b"".join([ROW_LAYOUT.pack(*[row[name] for name in NAMES]) for row in rows])


def to_text(data):
    rows = ROW_LAYOUT.iter_unpack(data)
    return to_json([dict(zip(NAMES, row)) for row in rows])  # noqa: B905


async def translate(ws):
    async for message in ws:
        try:
            reply = to_binary(message) if isinstance(message, str) else to_text(message)
        except (ValueError, struct.error) as error:
            reply = json.dumps({"error": repr(error)})
        await ws.send(reply)


# %% wrong
# finding: order and spaces mean nothing
import json
import struct

from wslab.handlers import parse_json, to_json

ROW_LAYOUT = struct.Struct("<Hqd")
NAMES = ("sensor", "time", "value")


def to_binary(text):
    rows = parse_json(text)
    if not isinstance(rows, list):
        raise ValueError("expected a list")
    return b"".join([ROW_LAYOUT.pack(*row.values()) for row in rows])


def to_text(data):
    rows = ROW_LAYOUT.iter_unpack(data)
    return to_json([dict(zip(NAMES, row)) for row in rows])  # noqa: B905


async def translate(ws):
    async for message in ws:
        try:
            reply = to_binary(message) if isinstance(message, str) else to_text(message)
        except (ValueError, KeyError, TypeError, struct.error, AttributeError) as error:
            reply = json.dumps({"error": repr(error)})
        await ws.send(reply)


# %% wrong
# finding: 3 readings: a binary message should come back
import json
import struct

from wslab.handlers import parse_json, to_json

ROW_LAYOUT = struct.Struct("<Hqd")
NAMES = ("sensor", "time", "value")


def to_binary(text):
    rows = parse_json(text)
    if not isinstance(rows, list):
        raise ValueError("expected a list")
    return b"".join([ROW_LAYOUT.pack(*[row[name] for name in NAMES]) for row in rows])


def to_text(data):
    rows = [ROW_LAYOUT.unpack(data)]
    return to_json([dict(zip(NAMES, row)) for row in rows])  # noqa: B905


async def translate(ws):
    async for message in ws:
        try:
            reply = to_binary(message) if isinstance(message, str) else to_text(message)
        except (ValueError, KeyError, TypeError, struct.error) as error:
            reply = json.dumps({"error": repr(error)})
        await ws.send(reply)


# %% wrong
# finding: a binary message came where text is due
import json
import struct

from wslab.handlers import parse_json, to_json

ROW_LAYOUT = struct.Struct("<Hqd")
NAMES = ("sensor", "time", "value")


def to_binary(text):
    rows = parse_json(text)
    if not isinstance(rows, list):
        raise ValueError("expected a list")
    return b"".join([ROW_LAYOUT.pack(*[row[name] for name in NAMES]) for row in rows])


def to_text(data):
    rows = ROW_LAYOUT.iter_unpack(data)
    return to_json([dict(zip(NAMES, row)) for row in rows])  # noqa: B905


async def translate(ws):
    async for message in ws:
        try:
            reply = to_binary(message) if isinstance(message, str) else to_text(message).encode()
        except (ValueError, KeyError, TypeError, struct.error) as error:
            reply = json.dumps({"error": repr(error)})
        await ws.send(reply)


# %% wrong
# finding: 19 bytes, which are not a number of rows, should get an error
import json
import struct

from wslab.handlers import parse_json, to_json

ROW_LAYOUT = struct.Struct("<Hqd")
NAMES = ("sensor", "time", "value")


def to_binary(text):
    rows = parse_json(text)
    if not isinstance(rows, list):
        raise ValueError("expected a list")
    return b"".join([ROW_LAYOUT.pack(*[row[name] for name in NAMES]) for row in rows])


def to_text(data):
    rows = ROW_LAYOUT.iter_unpack(data[: len(data) // 18 * 18])
    return to_json([dict(zip(NAMES, row)) for row in rows])  # noqa: B905


async def translate(ws):
    async for message in ws:
        try:
            reply = to_binary(message) if isinstance(message, str) else to_text(message)
        except (ValueError, KeyError, TypeError, struct.error) as error:
            reply = json.dumps({"error": repr(error)})
        await ws.send(reply)


# %% wrong
# finding: no message came
import json
import struct

from wslab.handlers import parse_json, to_json

ROW_LAYOUT = struct.Struct("<Hqd")
NAMES = ("sensor", "time", "value")


def to_binary(text):
    rows = parse_json(text)
    if not isinstance(rows, list):
        raise ValueError("expected a list")
    return b"".join([ROW_LAYOUT.pack(*[row[name] for name in NAMES]) for row in rows])


def to_text(data):
    rows = ROW_LAYOUT.iter_unpack(data)
    return to_json([dict(zip(NAMES, row)) for row in rows])  # noqa: B905


async def translate(ws):
    async for message in ws:
        try:
            reply = to_binary(message) if isinstance(message, str) else to_text(message)
        except (ValueError, KeyError, TypeError, struct.error) as error:
            reply = json.dumps({"error": repr(error)})
    await ws.send(reply)


# %% wrong
# finding: an object instead of a list should get an error
import json
import struct

from wslab.handlers import parse_json, to_json

ROW_LAYOUT = struct.Struct("<Hqd")
NAMES = ("sensor", "time", "value")


def to_binary(text):
    rows = parse_json(text)
    if isinstance(rows, dict):
        rows = [rows]
    return b"".join([ROW_LAYOUT.pack(*[row[name] for name in NAMES]) for row in rows])


def to_text(data):
    rows = ROW_LAYOUT.iter_unpack(data)
    return to_json([dict(zip(NAMES, row)) for row in rows])  # noqa: B905


async def translate(ws):
    async for message in ws:
        try:
            reply = to_binary(message) if isinstance(message, str) else to_text(message)
        except (ValueError, KeyError, TypeError, struct.error) as error:
            reply = json.dumps({"error": repr(error)})
        await ws.send(reply)
