"""Answers to exercise 5.2, “One function for each type”."""

# %% right
import json

from websockets.exceptions import ConnectionClosed


class Bad(Exception):
    pass


def refuse(constant):
    raise ValueError(constant)


def do_set(values, message):
    if "value" not in message:
        raise Bad("value is missing")
    values[message["key"]] = message["value"]
    return {"type": "done"}


def do_get(values, message):
    return {"value": values.get(message["key"]), "key": message["key"], "type": "value"}


ACTIONS = {"set": do_set, "get": do_get}


async def store(ws):
    values = {}
    try:
        while True:
            text = await ws.recv()
            try:
                message = json.loads(text, parse_constant=refuse)
                if not isinstance(message, dict):
                    raise Bad("not an object")
                kind = message.get("type")
                if not isinstance(kind, str) or kind not in ACTIONS:
                    raise Bad("unknown type")
                if not isinstance(message.get("key"), str):
                    raise Bad("key must be a string")
                reply = ACTIONS[kind](values, message)
            except (ValueError, RecursionError, Bad) as error:
                print("error", error)
                reply = {"type": "error", "message": repr(error)}
            await ws.send(json.dumps(reply, indent=2))
    except ConnectionClosed:
        pass


# %% right
from typing import Any

import msgspec


class Command(msgspec.Struct, tag_field="type", tag=str.lower):
    key: str


class Set(Command):
    value: Any


class Get(Command):
    pass


decoder = msgspec.json.Decoder(Set | Get)


async def store(ws):
    values = {}
    async for text in ws:
        try:
            command = decoder.decode(text)
        except (ValueError, RecursionError) as error:
            reply = dict(type="error", message=str(error))
        else:
            if isinstance(command, Set):
                values[command.key] = command.value
                reply = dict(type="done")
            else:
                value = values.get(command.key)
                reply = dict(type="value", key=command.key, value=value)
        await ws.send(msgspec.json.encode(reply).decode())
