"""Answers to exercise 5.2, “One function for each type”."""

import json
from typing import Any

import msgspec
from websockets.exceptions import ConnectionClosed

from wslab.handlers import parse_json, to_json


class Store:
    """A right answer, whose parts are replaced below."""

    def store_of(self, ws):
        return {}

    def parse(self, text):
        return parse_json(text)

    def set(self, values, message):
        match message:
            case {"key": str(key), "value": value}:
                values[key] = value
                return {"type": "done"}
        return self.error()

    def get(self, values, message):
        match message:
            case {"key": str(key)}:
                return {"type": "value", "key": key, "value": values.get(key)}
        return self.error()

    def error(self):
        return {"type": "error", "message": "expected a set or a get, with a key"}

    def reply(self, values, text):
        try:
            message = self.parse(text)
        except ValueError:
            return self.error()
        match message:
            case {"type": "set"}:
                return self.set(values, message)
            case {"type": "get"}:
                return self.get(values, message)
        return self.error()

    async def answer(self, ws, values, text):
        await ws.send(to_json(self.reply(values, text)))

    async def __call__(self, ws):
        values = self.store_of(ws)
        async for text in ws:
            await self.answer(ws, values, text)


# %% right: a class
store = Store()


# %% right: a table of functions, and recv()
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


# %% right: a schema
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


# %% right: a beginner's if
async def store(ws):
    values = {}
    async for text in ws:
        try:
            message = parse_json(text)
            if message["type"] == "set" and type(message["key"]) is str:
                values[message["key"]] = message["value"]
                await ws.send('{"type": "done"}')
            elif message["type"] == "get" and type(message["key"]) is str:
                key = message["key"]
                value = values[key] if key in values else None  # noqa: SIM401
                await ws.send(json.dumps({"type": "value", "key": key, "value": value}))
            else:
                await ws.send('{"type": "error", "message": "what?"}')
        except ConnectionClosed:
            raise
        except Exception as e:
            await ws.send(json.dumps({"type": "error", "message": str(e)}))
