"""Right answers to exercise 4.1, “One bad message costs one message”."""

import contextlib
import json

from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

import wslab
from wslab.handlers import parse_json


# %% right: the starter, and any exception
def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(parse_json(message))
            except Exception:
                bad += 1
    return values, bad


# %% right: async, and json.loads() that is told what is not JSON
async def read_all(url):
    def refuse(constant):
        raise ValueError(constant)

    values, bad = [], 0
    async with connect_async(url) as ws:
        async for message in ws:
            try:
                value = json.loads(message, parse_constant=refuse)
            except (ValueError, RecursionError) as error:
                print("Failed to parse message:", type(error).__name__)
                bad += 1
            else:
                values.append(value)
    return [values, bad]


# %% right: first receive, then parse
def read_all(url):
    messages = []
    with connect(url) as ws:
        try:
            while True:
                messages.append(ws.recv(timeout=5))
        except ConnectionClosed:
            pass
    values = []
    for message in messages:
        with contextlib.suppress(ValueError):
            values += [wslab.handlers.parse_json(message)]
    return values, len(messages) - len(values)


# %% right: a class
class Reader:
    def __init__(self):
        self.values = []
        self.bad = 0

    def take(self, message):
        try:
            self.values.append(parse_json(message))
        except ValueError:
            self.bad += 1

    def __call__(self, url):
        self.__init__()
        with connect(url) as ws:
            for message in ws:
                self.take(message)
        return self.values, self.bad


read_all = Reader()


# %% right: pairs of what came of each message
def parsed(message):
    try:
        return [parse_json(message)], 0
    except ValueError:
        return [], 1


async def read_all(url):
    async with connect_async(url) as ws:
        pairs = [parsed(message) async for message in ws]
    return [value for values, _ in pairs for value in values], sum(bad for _, bad in pairs)
