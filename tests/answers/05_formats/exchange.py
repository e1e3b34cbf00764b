"""Answers to exercise 5.1, “Encode and decode”."""

import contextlib
import json

import msgspec
from websockets.asyncio.client import connect as connect_async
from websockets.sync.client import connect

import wslab


# %% right: async, and msgspec
async def exchange(url, reading):
    async with connect_async(url) as ws:
        await ws.send(msgspec.json.encode(reading), text=True)
        async for reply in ws:
            return msgspec.json.decode(reply)


# %% right: bytes in any case, and another order of the fields
def exchange(url, reading):
    with connect(url) as ws:
        text = wslab.handlers.to_json(dict(reversed(reading.items())))
        print("sending", text)
        ws.send(text)
        data = ws.recv(timeout=5, decode=False)
    return wslab.handlers.parse_json(data.decode())


# %% right: step by step
def exchange(url, reading):
    ws = connect(url)
    with contextlib.closing(ws.__enter__()):
        message = json.dumps(reading, indent=2, ensure_ascii=False)
        ws.send(message)
        reply = ws.recv(timeout=5)
        if isinstance(reply, bytes):
            reply = reply.decode("utf-8")
        value = json.loads(reply)
        return value


# %% right: in fragments
def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.JSONEncoder().iterencode(reading))
        for reply in ws:
            return json.loads(reply)


# %% wrong: the encoder returns bytes
# breaks: in a text message
def exchange(url, reading):
    with connect(url) as ws:
        ws.send(msgspec.json.encode(reading))
        return msgspec.json.decode(ws.recv(timeout=5))


# %% wrong: the reply as it came
# breaks first: returns the value of the server's reply
# finding: its JSON is not decoded
def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps(reading))
        return ws.recv(timeout=5)


# %% wrong: text is decoded only where it is an object
# breaks: returns the value of the server's reply
def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps(reading))
        reply = ws.recv(timeout=5)
        if isinstance(reply, bytes) or reply.startswith("{"):
            return json.loads(reply)
        return reply


# %% wrong: what is falsy is taken for no reply
# breaks first: returns the value of the server's reply
def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps(reading))
        return json.loads(ws.recv(timeout=5)) or "no reply"


# %% wrong: nothing is returned
# breaks first: returns the value of the server's reply
# finding: nothing is returned
def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps(reading))
        print(json.loads(ws.recv(timeout=5)))


# %% wrong: bytes are returned as they came
# breaks: some in a binary message, in UTF-8
# finding: its JSON is not decoded
def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps(reading))
        reply = ws.recv(timeout=5)
        return json.loads(reply) if isinstance(reply, str) else reply


# %% wrong: Latin-1
# breaks: some in a binary message, in UTF-8
def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps(reading))
        reply = ws.recv(timeout=5)
        if isinstance(reply, bytes):
            reply = reply.decode("latin-1")
        return json.loads(reply)


# %% wrong: bytes cannot be encoded
# breaks first: some in a binary message, in UTF-8
# finding: raised AttributeError
def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps(reading))
        reply = ws.recv(timeout=5)
        return json.loads(reply.encode())


# %% wrong: str() instead of JSON
# breaks: sends a dictionary as JSON
# finding: Python's own form
def exchange(url, reading):
    with connect(url) as ws:
        ws.send(str(reading))
        return json.loads(ws.recv(timeout=5))


# %% wrong: single quotes are replaced by hand
# breaks: sends a dictionary as JSON
# finding: not JSON
def exchange(url, reading):
    with connect(url) as ws:
        ws.send(str(reading).replace("'", '"'))
        return json.loads(ws.recv(timeout=5))


# %% wrong: encoded twice
# breaks: sends a dictionary as JSON
# finding: encoded twice
def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps(json.dumps(reading)))
        return json.loads(ws.recv(timeout=5))


# %% wrong: the dict itself
# breaks first: sends a dictionary as JSON
# finding: send() was given a dict
def exchange(url, reading):
    with connect(url) as ws:
        ws.send(reading)
        return json.loads(ws.recv(timeout=5))


# %% wrong: two fields only
# breaks first: sends a dictionary as JSON
# finding: raised KeyError
def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps({"sensor": reading["sensor"], "text": reading["text"]}))
        return json.loads(ws.recv(timeout=5))


# %% wrong: what is falsy is left out
# breaks: sends a dictionary as JSON
# finding: other content
def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps({key: value for key, value in reading.items() if value}))
        return json.loads(ws.recv(timeout=5))


# %% wrong: all values as strings
# breaks: sends a dictionary as JSON
# finding: other content
def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps({key: str(value) for key, value in reading.items()}))
        return json.loads(ws.recv(timeout=5))


# %% wrong: a message for each field
# breaks first: sends a dictionary as JSON
# finding: 2 messages came
def exchange(url, reading):
    with connect(url) as ws:
        for field in reading.items():
            ws.send(json.dumps(dict([field])))
        return json.loads(ws.recv(timeout=5))


# %% wrong: nothing is sent
# breaks first: sends a dictionary as JSON
def exchange(url, reading):
    with connect(url) as ws:
        json.dumps(reading)
        return json.loads(ws.recv(timeout=0.1))


# %% wrong: an await is missing
# breaks first: sends a dictionary as JSON
# finding: await
async def exchange(url, reading):
    async with connect_async(url) as ws:
        ws.send(json.dumps(reading))
        return json.loads(ws.recv())
