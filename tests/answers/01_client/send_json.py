"""Answers to exercise 1.1, “Send JSON”."""

# %% right
import json

from websockets.asyncio.client import connect


async def send_json(url, message, timestamp):
    async with connect(url) as ws:
        text = json.dumps(dict(timestamp=timestamp, message=message), separators=(",", ":"))
        await ws.send(text)


# %% right
import json

from websockets.sync.client import connect


def send_json(url, message, timestamp):
    print("sending", message)
    ws = connect(url).__enter__()
    ws.send(json.dumps({"message": message, "timestamp": timestamp}, ensure_ascii=False))
    ws.close()


# %% wrong
# finding: raised TypeError
from websockets.sync.client import connect


def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send({"message": message, "timestamp": timestamp})


# %% wrong
# finding: binary message
import json

from websockets.sync.client import connect


def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(json.dumps({"message": message, "timestamp": timestamp}).encode())


# %% wrong
# finding: other content
import json

from websockets.sync.client import connect


def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(json.dumps({"message": "Hello from client", "timestamp": 1700000000000}))


# %% wrong
# finding: not JSON
from websockets.sync.client import connect


def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(str({"message": message, "timestamp": timestamp}))


# %% wrong
# finding: exactly one message
import json

from websockets.sync.client import connect


def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(json.dumps({"message": message}))
        ws.send(json.dumps({"timestamp": timestamp}))


# %% wrong
# finding: exactly one message
def send_json(url, message, timestamp):
    pass
