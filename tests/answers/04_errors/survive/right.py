"""Right answers to exercise 4.2, “A server that survives anything”."""

import asyncio
import json

import msgspec
from websockets.exceptions import ConnectionClosed

import wslab

INVALID = "Error: Invalid JSON format"


def greeting(request):
    if isinstance(request, dict) and isinstance(request.get("name"), str):
        return json.dumps({"greeting": f"Welcome, {request['name']}!"})
    return json.dumps({"error": "name?"})


def answer(message, parse=wslab.handlers.parse_json):
    if isinstance(message, bytes):
        return INVALID
    try:
        return greeting(parse(message))
    except ValueError:
        return INVALID


# %% right: recv() and match
async def welcome(ws):
    try:
        while True:
            message = await ws.recv()
            try:
                if not isinstance(message, str):
                    raise ValueError("binary")
                request = wslab.handlers.parse_json(message)
            except ValueError as error:
                print("Invalid JSON format:", error)
                await ws.send("Error: Invalid JSON format")
                continue
            match request:
                case {"name": str(name)}:
                    reply = {"greeting": f"Welcome, {name}!"}
                case _:
                    reply = {"error": "no name"}
            await ws.send(wslab.handlers.to_json(reply))
    except ConnectionClosed:
        pass


# %% right: exceptions of its own
class NotJSON(ValueError):
    pass


def refuse(constant):
    raise NotJSON(constant)


async def welcome(ws):
    async for message in ws:
        try:
            if isinstance(message, bytes):
                raise NotJSON("binary")
            try:
                request = json.loads(message, parse_constant=refuse)
            except (ValueError, RecursionError) as error:
                raise NotJSON(str(error)) from None
            name = request["name"]
            if type(name) is not str:
                raise TypeError("name")
            reply = json.dumps({"greeting": "Welcome, " + name + "!"}, indent=2)
        except NotJSON:
            reply = "Error: Invalid JSON format"
        except Exception as error:
            reply = json.dumps({"error": repr(error)})
        await ws.send(reply)


# %% right: a schema, after a look whether it is JSON
class Guest(msgspec.Struct):
    name: str


class Doorman:
    async def __call__(self, ws):
        async for message in ws:
            await ws.send(self.reply(message))

    def reply(self, message):
        if type(message) is not str:
            return INVALID
        try:
            value = wslab.handlers.parse_json(message)
            guest = msgspec.convert(value, type=Guest)
        except msgspec.ValidationError as error:
            return json.dumps({"error": str(error)})
        except ValueError:
            return INVALID
        return json.dumps({"greeting": f"Welcome, {guest.name}!"})


welcome = Doorman()


# %% right: a task that answers, beside one that reads
async def answer_all(ws, queue):
    while True:
        await ws.send(answer(await queue.get()))


async def welcome(ws):
    queue = asyncio.Queue(16)
    task = asyncio.create_task(answer_all(ws, queue))
    try:
        async for message in ws:
            await queue.put(message)
    finally:
        task.cancel()
