"""Answers to exercise 1.1, “Send JSON”."""

import json

from websockets.asyncio.client import connect as connect_async
from websockets.sync.client import connect


# %% right: async
async def send_json(url, message, timestamp):
    async with connect_async(url) as ws:
        text = json.dumps(dict(timestamp=timestamp, message=message), separators=(",", ":"))
        await ws.send(text)


# %% right: without with
def send_json(url, message, timestamp):
    print("sending", message)
    ws = connect(url).__enter__()
    ws.send(json.dumps({"message": message, "timestamp": timestamp}, ensure_ascii=False))
    ws.close()


# %% right: with the library's own conversation
import wslab


def send_json(url, message, timestamp):
    wslab.talk(url, json.dumps({"message": message, "timestamp": timestamp}), replies=0)


# %% right: a dataclass
import dataclasses


@dataclasses.dataclass
class Message:
    message: str
    timestamp: int


def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(json.dumps(dataclasses.asdict(Message(message, timestamp)), indent=2))


# %% wrong: a dict is given to send()
# breaks first: send one message
# finding: send() was given a dict
def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send({"message": message, "timestamp": timestamp})


# %% wrong: one message for each key
# breaks: send one message
def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(json.dumps({"message": message}))
        ws.send(json.dumps({"timestamp": timestamp}))


# %% wrong: the message twice
# breaks: send one message
def send_json(url, message, timestamp):
    text = json.dumps({"message": message, "timestamp": timestamp})
    with connect(url) as ws:
        ws.send(text)
        ws.send(text)


# %% wrong: nothing is done
# breaks: send one message
def send_json(url, message, timestamp):
    pass


# %% wrong: async without await
# breaks: send one message
# finding: is an `await` missing before `ws.send(…)`?
async def send_json(url, message, timestamp):
    async with connect_async(url) as ws:
        ws.send(json.dumps({"message": message, "timestamp": timestamp}))


# %% wrong: bytes
# breaks: JSON text
# finding: bytes go out as a binary message
def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(json.dumps({"message": message, "timestamp": timestamp}).encode())


# %% wrong: str() instead of json.dumps()
# breaks: JSON text
# finding: str() of a dict is not JSON
def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(str({"message": message, "timestamp": timestamp}))


# %% wrong: only the message
# breaks: JSON text
def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(message)


# %% wrong: a list
# breaks: an object with the keys `message` and `timestamp`
# finding: no object
def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(json.dumps([message, timestamp]))


# %% wrong: another key
# breaks: an object with the keys `message` and `timestamp`
def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(json.dumps({"message": message, "time": timestamp}))


# %% wrong: one key more
# breaks: an object with the keys `message` and `timestamp`
def send_json(url, message, timestamp):
    with connect(url) as ws:
        text = json.dumps({"type": "message", "message": message, "timestamp": timestamp})
        ws.send(text)


# %% wrong: JSON in JSON
# breaks: an object with the keys `message` and `timestamp`
def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(json.dumps(json.dumps({"message": message, "timestamp": timestamp})))


# %% wrong: always the same values
# breaks: whose values are the arguments of the function
def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(json.dumps({"message": "Hello from client", "timestamp": 1700000000000}))


# %% wrong: put together by hand
# breaks: whose values are the arguments of the function
# finding: the text is not JSON
def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(f'{{"message": "{message}", "timestamp": {timestamp}}}')


# %% wrong: the timestamp as text
# breaks: whose values are the arguments of the function
# finding: `timestamp` is not the argument
def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(json.dumps({"message": message, "timestamp": str(timestamp)}))


# %% wrong: the values swapped
# breaks: whose values are the arguments of the function
def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(json.dumps({"message": timestamp, "timestamp": message}))


# %% wrong: falsy values are replaced
# breaks: whose values are the arguments of the function
def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(json.dumps({"message": message or None, "timestamp": timestamp or 1}))
