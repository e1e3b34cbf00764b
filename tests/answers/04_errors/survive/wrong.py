"""Wrong answers to exercise 4.2, “A server that survives anything”."""

import asyncio
import contextlib
import json
import sys
import time

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


# %% wrong: a field that is not there
# breaks first: no message ends the connection
# finding: '{"first_name":"Grace"}'
async def welcome(ws):
    async for message in ws:
        if isinstance(message, bytes):
            await ws.send(INVALID)
            continue
        try:
            request = wslab.handlers.parse_json(message)
        except ValueError:
            await ws.send(INVALID)
            continue
        await ws.send(json.dumps({"greeting": "Welcome, " + request["name"] + "!"}))


# %% wrong: nesting without an end
# breaks: no message ends the connection
def refuse(constant):
    raise ValueError


def parse(message):
    return json.loads(message, parse_constant=refuse)


async def welcome(ws):
    async for message in ws:
        await ws.send(answer(message, parse))


# %% wrong: half of a surrogate pair cannot be sent
# breaks: no message ends the connection
# finding: ud800
async def welcome(ws):
    async for message in ws:
        reply = answer(message)
        if "greeting" in reply:
            reply = json.dumps(json.loads(reply), ensure_ascii=False)
        await ws.send(reply)


# %% wrong: it says what is wrong, and leaves
# breaks first: no message ends the connection
async def welcome(ws):
    async for message in ws:
        await ws.send(answer(message))
        if isinstance(message, bytes) or answer(message) == INVALID:
            return


# %% wrong: one message only
# breaks first: no message ends the connection
async def welcome(ws):
    await ws.send(answer(await ws.recv()))


# %% wrong: it closes with 1003
# breaks first: no message ends the connection
async def welcome(ws):
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003, INVALID)
        else:
            await ws.send(answer(message))


# %% wrong: the program ends
# breaks first: no message ends the connection
async def welcome(ws):
    async for message in ws:
        try:
            request = wslab.handlers.parse_json(message)
        except ValueError as error:
            sys.exit(f"Error: {error}")
        await ws.send(json.dumps({"greeting": f"Welcome, {request['name']}!"}))


# %% wrong: an object in an object
# breaks: no message ends the connection
async def welcome(ws):
    async for message in ws:
        reply = answer(message)
        if reply != INVALID and isinstance(wslab.handlers.parse_json(message), list):
            raise TypeError("a list")
        await ws.send(reply)


# %% wrong: one reply, and no second one
# breaks first: One reply for each message
async def welcome(ws):
    await ws.send(answer(await ws.recv()))
    await ws.wait_closed()


# %% wrong: NaN is taken for JSON
# breaks: What is not JSON
# finding: NaN
def parse(message):
    try:
        return json.loads(message)
    except RecursionError:
        raise ValueError from None


async def welcome(ws):
    async for message in ws:
        await ws.send(answer(message, parse))


# %% wrong: the error is JSON
# breaks: What is not JSON
async def welcome(ws):
    async for message in ws:
        reply = answer(message)
        if isinstance(message, str) and reply == INVALID:
            reply = json.dumps({"error": reply})
        await ws.send(reply)


# %% wrong: the error is bytes
# breaks: What is not JSON
async def welcome(ws):
    async for message in ws:
        reply = answer(message)
        bad = isinstance(message, str) and reply == INVALID
        await ws.send(reply.encode() if bad else reply)


# %% wrong: an empty message is another shape
# breaks: What is not JSON
async def welcome(ws):
    async for message in ws:
        await ws.send(answer("null" if message == "" else message))


# %% wrong: JSON in a binary message
# breaks: any binary message
async def welcome(ws):
    async for message in ws:
        if isinstance(message, bytes):
            message = message.decode(errors="replace")
        await ws.send(answer(message))


# %% wrong: binary messages get an error of another kind
# breaks: any binary message
async def welcome(ws):
    async for message in ws:
        if isinstance(message, bytes):
            await ws.send(json.dumps({"error": "text messages only"}))
        else:
            await ws.send(answer(message))


# %% wrong: binary messages get no reply
# breaks: One reply for each message
# finding: no message came
async def welcome(ws):
    async for message in ws:
        if isinstance(message, str):
            await ws.send(answer(message))


# %% wrong: bad messages get two replies
# breaks: One reply for each message
# finding: more replies than messages
async def welcome(ws):
    async for message in ws:
        reply = answer(message)
        await ws.send(reply)
        if reply == INVALID:
            await ws.send(json.dumps({"error": "try again"}))


# %% wrong: equal messages are answered once
# breaks: One reply for each message
async def welcome(ws):
    before = None
    async for message in ws:
        if message != before:
            await ws.send(answer(message))
        before = message


# %% wrong: it welcomes who has said nothing
# breaks first: gets the reply `{"greeting": "Welcome, NAME!"}`
async def welcome(ws):
    await ws.send(json.dumps({"greeting": "Welcome!"}))
    async for message in ws:
        await ws.send(answer(message))


# %% wrong: a flood of errors
# breaks first: One reply for each message
async def welcome(ws):
    async for message in ws:
        try:
            request = wslab.handlers.parse_json(message)
            await ws.send(greeting(request))
        except ValueError:
            while True:
                await ws.send("Error: Invalid JSON format")


# %% wrong: JSON in an f-string
# breaks: gets the reply `{"greeting": "Welcome, NAME!"}`
# finding: what came is not JSON
async def welcome(ws):
    async for message in ws:
        reply = answer(message)
        if "greeting" in reply:
            name = wslab.handlers.parse_json(message)["name"]
            reply = f'{{"greeting": "Welcome, {name}!"}}'
            reply = reply.encode(errors="replace").decode()
        await ws.send(reply)


# %% wrong: one guest only
# breaks first: gets the reply `{"greeting": "Welcome, NAME!"}`
async def welcome(ws):
    async for message in ws:
        if message == '{"name": "Ada"}':
            await ws.send('{"greeting": "Welcome, Ada!"}')
        else:
            await ws.send("Error: Invalid JSON format")


# %% wrong: an empty name is none
# breaks: gets the reply `{"greeting": "Welcome, NAME!"}`
# finding: the reply is another one
async def welcome(ws):
    async for message in ws:
        reply = answer(message)
        if reply == json.dumps({"greeting": "Welcome, !"}):
            reply = json.dumps({"error": "the name is empty"})
        await ws.send(reply)


# %% wrong: blanks are taken off
# breaks: gets the reply `{"greeting": "Welcome, NAME!"}`
async def welcome(ws):
    async for message in ws:
        reply = answer(message)
        if "greeting" in reply:
            name = wslab.handlers.parse_json(message)["name"].strip()
            reply = json.dumps({"greeting": f"Welcome, {name}!"})
        await ws.send(reply)


# %% wrong: no other field may be there
# breaks: gets the reply `{"greeting": "Welcome, NAME!"}`
async def welcome(ws):
    async for message in ws:
        reply = answer(message)
        if "greeting" in reply and len(wslab.handlers.parse_json(message)) != 1:
            reply = json.dumps({"error": "one field, please"})
        await ws.send(reply)


# %% wrong: a text, and no JSON
# breaks first: gets the reply `{"greeting": "Welcome, NAME!"}`
# finding: what came is not JSON
async def welcome(ws):
    async for message in ws:
        request = json.loads(message)
        await ws.send(f"Welcome, {request['name']}!")


# %% wrong: a dict
# breaks first: gets the reply `{"greeting": "Welcome, NAME!"}`
# finding: the connection was closed
async def welcome(ws):
    async for message in ws:
        request = wslab.handlers.parse_json(message)
        await ws.send({"greeting": f"Welcome, {request['name']}!"})


# %% wrong: the greeting is bytes
# breaks: gets the reply `{"greeting": "Welcome, NAME!"}`
# finding: binary
async def welcome(ws):
    async for message in ws:
        reply = answer(message)
        await ws.send(reply.encode() if "greeting" in reply else reply)


# %% wrong: send() is not awaited
# breaks first: gets the reply `{"greeting": "Welcome, NAME!"}`
# finding: is an `await` missing before `ws.send(…)`?
async def welcome(ws):
    async for message in ws:
        ws.send(answer(message))


# %% wrong: one client after the other
# breaks: no client waits for another
# finding: no message came
turn = asyncio.Semaphore(1)


async def welcome(ws):
    async with turn:
        async for message in ws:
            await ws.send(answer(message))


# %% wrong: it blocks
# breaks: no client waits for another
# finding: it blocks
async def welcome(ws):
    async for message in ws:
        time.sleep(0.02)  # noqa: ASYNC251
        await ws.send(answer(message))


# %% wrong: it goes on for ever
# finding: goes on for ever after its client has left
async def welcome(ws):
    while True:
        with contextlib.suppress(BaseException):
            await ws.send(answer(await ws.recv()))


# %% wrong: another shape gets a text
# breaks: JSON of another shape gets `{"error": …}`
async def welcome(ws):
    async for message in ws:
        reply = answer(message)
        await ws.send("Error: no name" if "error" in reply else reply)


# %% wrong: another shape is not JSON to it
# breaks: JSON of another shape gets `{"error": …}`
async def welcome(ws):
    async for message in ws:
        reply = answer(message)
        await ws.send(INVALID if "error" in reply else reply)


# %% wrong: any name is welcome
# breaks: JSON of another shape gets `{"error": …}`
async def welcome(ws):
    async for message in ws:
        reply = answer(message)
        if "error" in reply:
            request = wslab.handlers.parse_json(message)
            if isinstance(request, dict) and "name" in request:
                reply = json.dumps({"greeting": f"Welcome, {request['name']}!"})
        await ws.send(reply)


# %% wrong: the error is an object
# breaks: a string in your words
async def welcome(ws):
    async for message in ws:
        reply = answer(message)
        if "error" in reply:
            reply = json.dumps({"error": {"code": 400, "message": "name?"}})
        await ws.send(reply)


# %% wrong: the error is null
# breaks: a string in your words
async def welcome(ws):
    async for message in ws:
        reply = answer(message)
        await ws.send(json.dumps({"error": None}) if "error" in reply else reply)
