"""Answers to exercise 4.2, “A server that survives anything”."""

# %% right
import json

from websockets.exceptions import ConnectionClosed

import wslab


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


# %% right
import json


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


# %% wrong
# finding: JSON of another shape should get a reply: the connection was closed
import json

import wslab


async def welcome(ws):
    async for message in ws:
        if isinstance(message, bytes):
            await ws.send("Error: Invalid JSON format")
            continue
        try:
            request = wslab.handlers.parse_json(message)
        except ValueError:
            await ws.send("Error: Invalid JSON format")
            continue
        await ws.send(json.dumps({"greeting": "Welcome, " + request["name"] + "!"}))


# %% wrong
# finding: NaN, which is not JSON, should get
import json


async def welcome(ws):
    async for message in ws:
        try:
            request = json.loads(message)
        except ValueError:
            await ws.send("Error: Invalid JSON format")
            continue
        if isinstance(request, dict) and isinstance(request.get("name"), str):
            await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))
        else:
            await ws.send(json.dumps({"error": "name?"}))


# %% wrong
# finding: a message of 100,000 brackets should get a reply
import json


def refuse(constant):
    raise ValueError


async def welcome(ws):
    async for message in ws:
        try:
            request = json.loads(message, parse_constant=refuse)
        except ValueError:
            await ws.send("Error: Invalid JSON format")
            continue
        if isinstance(request, dict) and isinstance(request.get("name"), str):
            await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))
        else:
            await ws.send(json.dumps({"error": "name?"}))


# %% wrong
# finding: a binary message, whatever is in it, should get
import json

import wslab


async def welcome(ws):
    async for message in ws:
        try:
            request = wslab.handlers.parse_json(message)
        except ValueError:
            await ws.send("Error: Invalid JSON format")
            continue
        if isinstance(request, dict) and isinstance(request.get("name"), str):
            await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))
        else:
            await ws.send(json.dumps({"error": "name?"}))


# %% wrong
# finding: get one reply, and the next message its own
import json

import wslab


async def welcome(ws):
    async for message in ws:
        try:
            request = wslab.handlers.parse_json(message)
            await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))
        except ValueError:
            await ws.send("Error: Invalid JSON format")
            return


# %% wrong
# finding: no message came
import json


async def welcome(ws):
    request = json.loads(await ws.recv())
    await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))
    await ws.wait_closed()


# %% wrong
# finding: a greeting should be JSON
import wslab


async def welcome(ws):
    async for message in ws:
        try:
            request = wslab.handlers.parse_json(message)
            await ws.send('{"greeting": "Welcome, ' + request["name"] + '!"}')
        except ValueError:
            await ws.send("Error: Invalid JSON format")
        except (TypeError, KeyError):
            await ws.send('{"error": "name?"}')


# %% wrong
# finding: a greeting should be JSON
async def welcome(ws):
    async for message in ws:
        if message == '{"name": "Ada"}':
            await ws.send('{"greeting": "Welcome, Ada!"}')
        else:
            await ws.send("Error: Invalid JSON format")


# %% wrong
# finding: no message came
import asyncio
import json

import wslab

turn = asyncio.Semaphore(1)


async def welcome(ws):
    async with turn:
        async for message in ws:
            request = wslab.handlers.parse_json(message)
            await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))


# %% wrong
# finding: a message that is cut off should get a reply
import json
import sys

import wslab


async def welcome(ws):
    async for message in ws:
        try:
            request = wslab.handlers.parse_json(message)
        except ValueError as error:
            sys.exit(f"Error: {error}")
        await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))


# %% wrong
# finding: holds up the event loop
import json
import time

import wslab


async def welcome(ws):
    async for message in ws:
        time.sleep(0.1)  # noqa: ASYNC251
        if isinstance(message, bytes):
            await ws.send("Error: Invalid JSON format")
            continue
        try:
            request = wslab.handlers.parse_json(message)
        except ValueError:
            await ws.send("Error: Invalid JSON format")
            continue
        if isinstance(request, dict) and isinstance(request.get("name"), str):
            await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))
        else:
            await ws.send(json.dumps({"error": "name?"}))


# %% wrong
# finding: goes on for ever after its client has left
import json

import wslab


async def welcome(ws):
    while True:
        try:
            message = await ws.recv()
            if isinstance(message, bytes):
                raise ValueError
            request = wslab.handlers.parse_json(message)
            if isinstance(request, dict) and isinstance(request.get("name"), str):
                await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))
            else:
                await ws.send(json.dumps({"error": "name?"}))
        except ValueError:
            await ws.send("Error: Invalid JSON format")
        except BaseException:
            pass


# %% wrong
# finding: a message that is cut off should get
import json

import wslab


async def welcome(ws):
    async for message in ws:
        try:
            request = wslab.handlers.parse_json(message)
        except ValueError:
            await ws.send(json.dumps({"error": "invalid JSON format"}))
            continue
        await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))


# %% wrong
# finding: JSON of another shape should get an error
import json

import wslab


async def welcome(ws):
    async for message in ws:
        if isinstance(message, bytes):
            await ws.send("Error: Invalid JSON format")
            continue
        try:
            request = wslab.handlers.parse_json(message)
        except ValueError:
            await ws.send("Error: Invalid JSON format")
            continue
        if isinstance(request, dict) and isinstance(request.get("name"), str):
            await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))
        else:
            await ws.send("Error: no name")


# %% wrong
# finding: half of a surrogate pair in a name should get a reply
import json

import wslab


async def welcome(ws):
    async for message in ws:
        if isinstance(message, bytes):
            await ws.send("Error: Invalid JSON format")
            continue
        try:
            request = wslab.handlers.parse_json(message)
        except ValueError:
            await ws.send("Error: Invalid JSON format")
            continue
        if isinstance(request, dict) and isinstance(request.get("name"), str):
            reply = {"greeting": f"Welcome, {request['name']}!"}
        else:
            reply = {"error": "name?"}
        await ws.send(json.dumps(reply, ensure_ascii=False))


# %% wrong
# finding: a message that is cut off should get one reply
import wslab


async def welcome(ws):
    async for message in ws:
        try:
            request = wslab.handlers.parse_json(message)
            await ws.send(wslab.handlers.to_json({"greeting": f"Welcome, {request['name']}!"}))
        except ValueError:
            while True:
                await ws.send("Error: Invalid JSON format")
