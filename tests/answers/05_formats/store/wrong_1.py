"""Answers to exercise 5.2, “One function for each type”."""

# %% wrong
# finding: an unknown type should get an error
from wslab.handlers import parse_json, to_json


async def store(ws):
    values = {}
    async for text in ws:
        message = parse_json(text)
        if message["type"] == "set":
            values[message["key"]] = message["value"]
            await ws.send(to_json({"type": "done"}))
        else:
            key = message["key"]
            await ws.send(to_json({"type": "value", "key": key, "value": values.get(key)}))


# %% wrong
# finding: each client has a store of its own
import wslab
from wslab.handlers import parse_json


def reply_to_command(values, text):
    try:
        message = parse_json(text)
    except ValueError:
        return {"type": "error", "message": "this is not JSON"}
    match message:
        case {"type": "set", "key": str(key), "value": value}:
            values[key] = value
            return {"type": "done"}
        case {"type": "get", "key": str(key)}:
            return {"type": "value", "key": key, "value": values.get(key)}
        case _:
            return {"type": "error", "message": "expected a set or a get, with a key"}


shared = {}


async def store(ws):
    values = shared
    async for text in ws:
        await ws.send(wslab.handlers.to_json(reply_to_command(values, text)))


# %% wrong
# finding: a get should be answered with the value that was set last
import wslab
from wslab.handlers import parse_json


def reply_to_command(values, text):
    try:
        message = parse_json(text)
    except ValueError:
        return {"type": "error", "message": "this is not JSON"}
    match message:
        case {"type": "set", "key": str(key)}:
            value = ""
            values[key] = value
            return {"type": "done"}
        case {"type": "get", "key": str(key)}:
            return {"type": "value", "key": key, "value": values.get(key)}
        case _:
            return {"type": "error", "message": "expected a set or a get, with a key"}


async def store(ws):
    values = {}
    async for text in ws:
        await ws.send(wslab.handlers.to_json(reply_to_command(values, text)))


# %% wrong
# finding: a set without a value should get an error
import wslab
from wslab.handlers import parse_json


def reply_to_command(values, text):
    try:
        message = parse_json(text)
    except ValueError:
        return {"type": "error", "message": "this is not JSON"}
    match message:
        case {"type": "set", "key": str(key)}:
            values[key] = message.get("value")
            return {"type": "done"}
        case {"type": "get", "key": str(key)}:
            return {"type": "value", "key": key, "value": values.get(key)}
        case _:
            return {"type": "error", "message": "expected a set or a get, with a key"}


async def store(ws):
    values = {}
    async for text in ws:
        await ws.send(wslab.handlers.to_json(reply_to_command(values, text)))


# %% wrong
# finding: a key that was never set should have the value null
import wslab
from wslab.handlers import parse_json


def reply_to_command(values, text):
    try:
        message = parse_json(text)
    except ValueError:
        return {"type": "error", "message": "this is not JSON"}
    match message:
        case {"type": "set", "key": str(key), "value": value}:
            values[key] = value
            return {"type": "done"}
        case {"type": "get", "key": str(key)}:
            return {"type": "value", "key": key, "value": values.get(key) or "unknown"}
        case _:
            return {"type": "error", "message": "expected a set or a get, with a key"}


async def store(ws):
    values = {}
    async for text in ws:
        await ws.send(wslab.handlers.to_json(reply_to_command(values, text)))


# %% wrong
# finding: a key that is a list should get an error
import wslab
from wslab.handlers import parse_json


def reply_to_command(values, text):
    try:
        message = parse_json(text)
    except ValueError:
        return {"type": "error", "message": "this is not JSON"}
    match message:
        case {"type": "set", "key": str(key), "value": value}:
            values[key] = value
            return {"type": "done"}
        case {"type": "get", "key": key}:
            return {"type": "value", "key": key, "value": values.get(key)}
        case _:
            return {"type": "error", "message": "expected a set or a get, with a key"}


async def store(ws):
    values = {}
    async for text in ws:
        await ws.send(wslab.handlers.to_json(reply_to_command(values, text)))


# %% wrong
# finding: NaN, which is not JSON, should get an error
from json import loads

import wslab


def reply_to_command(values, text):
    try:
        message = loads(text)
    except ValueError:
        return {"type": "error", "message": "this is not JSON"}
    match message:
        case {"type": "set", "key": str(key), "value": value}:
            values[key] = value if value == value else None
            return {"type": "done"}
        case {"type": "get", "key": str(key)}:
            return {"type": "value", "key": key, "value": values.get(key)}
        case _:
            return {"type": "error", "message": "expected a set or a get, with a key"}


async def store(ws):
    values = {}
    async for text in ws:
        await ws.send(wslab.handlers.to_json(reply_to_command(values, text)))


# %% wrong
# finding: plain text should get an error
import wslab
from wslab.handlers import parse_json


def reply_to_command(values, text):
    try:
        message = parse_json(text)
    except UnicodeError:
        return {"type": "error", "message": "this is not JSON"}
    match message:
        case {"type": "set", "key": str(key), "value": value}:
            values[key] = value
            return {"type": "done"}
        case {"type": "get", "key": str(key)}:
            return {"type": "value", "key": key, "value": values.get(key)}
        case _:
            return {"type": "error", "message": "expected a set or a get, with a key"}


async def store(ws):
    values = {}
    async for text in ws:
        await ws.send(wslab.handlers.to_json(reply_to_command(values, text)))


# %% wrong
# finding: after an unknown type, a get should be answered as before
import wslab
from wslab.handlers import parse_json


def reply_to_command(values, text):
    try:
        message = parse_json(text)
    except ValueError:
        return {"type": "error", "message": "this is not JSON"}
    match message:
        case {"type": "set", "key": str(key), "value": value}:
            values[key] = value
            return {"type": "done"}
        case {"type": "get", "key": str(key)}:
            return {"type": "value", "key": key, "value": values.get(key)}
        case _:
            return {"type": "error", "message": "expected a set or a get, with a key"}


async def store(ws):
    values = {}
    async for text in ws:
        reply = reply_to_command(values, text)
        await ws.send(wslab.handlers.to_json(reply))
        if reply["type"] == "error":
            break


# %% wrong
# finding: a binary message came where text is due
import wslab
from wslab.handlers import parse_json


def reply_to_command(values, text):
    try:
        message = parse_json(text)
    except ValueError:
        return {"type": "error", "message": "this is not JSON"}
    match message:
        case {"type": "set", "key": str(key), "value": value}:
            values[key] = value
            return {"type": "done"}
        case {"type": "get", "key": str(key)}:
            return {"type": "value", "key": key, "value": values.get(key)}
        case _:
            return {"type": "error", "message": "expected a set or a get, with a key"}


async def store(ws):
    values = {}
    async for text in ws:
        await ws.send(wslab.handlers.to_json(reply_to_command(values, text)).encode())


# %% wrong
# finding: holds up the event loop
import time

import wslab
from wslab.handlers import parse_json


def reply_to_command(values, text):
    try:
        message = parse_json(text)
    except ValueError:
        return {"type": "error", "message": "this is not JSON"}
    match message:
        case {"type": "set", "key": str(key), "value": value}:
            values[key] = value
            return {"type": "done"}
        case {"type": "get", "key": str(key)}:
            return {"type": "value", "key": key, "value": values.get(key)}
        case _:
            return {"type": "error", "message": "expected a set or a get, with a key"}


async def store(ws):
    values = {}
    async for text in ws:
        time.sleep(0.1)  # noqa: ASYNC251
        await ws.send(wslab.handlers.to_json(reply_to_command(values, text)))


# %% wrong
# finding: a get should be answered with the value that was set last
import json


async def store(ws):
    async for text in ws:
        message = json.loads(text)
        if message["type"] == "set":
            await ws.send('{"type": "done"}')
        elif message["key"] == "a":
            await ws.send('{"type": "value", "key": "a", "value": 1}')
        else:
            await ws.send('{"type": "value", "key": "b", "value": null}')
