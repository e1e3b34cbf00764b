"""Answers to exercise 5.1, “Encode and decode”."""

# %% right
import msgspec
from websockets.asyncio.client import connect


async def exchange(url, reading):
    async with connect(url) as ws:
        await ws.send(msgspec.json.encode(reading), text=True)
        async for reply in ws:
            return msgspec.json.decode(reply)


# %% right
from websockets.sync.client import connect

import wslab


def exchange(url, reading):
    with connect(url) as ws:
        text = wslab.handlers.to_json(dict(reversed(reading.items())))
        print("sending", text)
        ws.send(text)
        data = ws.recv(timeout=5, decode=False)
    return wslab.handlers.parse_json(data.decode())


# %% wrong
# finding: this one is binary
import msgspec
from websockets.sync.client import connect


def exchange(url, reading):
    with connect(url) as ws:
        ws.send(msgspec.json.encode(reading))
        return msgspec.json.decode(ws.recv(timeout=5))


# %% wrong
# finding: the value of the reply should be returned, here from a text message
import json

from websockets.sync.client import connect


def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps(reading))
        return ws.recv(timeout=5)


# %% wrong
# finding: here from a binary message
import json

from websockets.sync.client import connect


def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps(reading))
        reply = ws.recv(timeout=5)
        return json.loads(reply) if isinstance(reply, str) else reply


# %% wrong
# finding: what arrived is not JSON
import json

from websockets.sync.client import connect


def exchange(url, reading):
    with connect(url) as ws:
        ws.send(str(reading))
        return json.loads(ws.recv(timeout=5))


# %% wrong
# finding: raised TypeError
import json

from websockets.sync.client import connect


def exchange(url, reading):
    with connect(url) as ws:
        ws.send(reading)
        return json.loads(ws.recv(timeout=5))


# %% wrong
# finding: the JSON has other content
import json

from websockets.sync.client import connect


def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps({"sensor": reading["sensor"], "value": reading["value"]}))
        return json.loads(ws.recv(timeout=5))


# %% wrong
# finding: exactly one message
import json

from websockets.sync.client import connect


def exchange(url, reading):
    with connect(url) as ws:
        for field in reading.items():
            ws.send(json.dumps(dict([field])))
        return json.loads(ws.recv(timeout=5))


# %% wrong
# finding: raised AttributeError
import json

from websockets.sync.client import connect


def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps(reading))
        return json.loads(ws.recv(timeout=5).encode())
