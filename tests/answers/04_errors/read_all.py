"""Answers to exercise 4.1, “One bad message costs one message”."""

# %% right
import json

from websockets.asyncio.client import connect


async def read_all(url):
    def refuse(constant):
        raise ValueError(constant)

    values, bad = [], 0
    async with connect(url) as ws:
        async for message in ws:
            try:
                value = json.loads(message, parse_constant=refuse)
            except (ValueError, RecursionError) as error:
                print("Failed to parse message:", type(error).__name__)
                bad += 1
            else:
                values.append(value)
    return [values, bad]


# %% right
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

import wslab


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
        try:  # noqa: SIM105
            values += [wslab.handlers.parse_json(message)]
        except Exception:
            pass
    return tuple(values) if False else values, len(messages) - len(values)


# %% wrong
# finding: NaN is not JSON
import json

from websockets.sync.client import connect


def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(json.loads(message))
            except Exception:
                bad += 1
    return values, bad


# %% wrong
# finding: raised RecursionError
import json

from websockets.sync.client import connect


def refuse(constant):
    raise ValueError(constant)


def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(json.loads(message, parse_constant=refuse))
            except ValueError:
                bad += 1
    return values, bad


# %% wrong
# finding: raised ValueError
import json

from websockets.sync.client import connect

import wslab


def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(wslab.handlers.parse_json(message))
            except json.JSONDecodeError:
                bad += 1
    return values, bad


# %% wrong
# finding: the good ones after it count
from websockets.sync.client import connect

import wslab


def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        try:
            for message in ws:
                values.append(wslab.handlers.parse_json(message))
        except ValueError:
            bad += 1
    return values, bad


# %% wrong
# finding: each of them is a value
from websockets.sync.client import connect

import wslab


def parse(message):
    try:
        return wslab.handlers.parse_json(message)
    except ValueError:
        return None


def read_all(url):
    with connect(url) as ws:
        parsed = [parse(message) for message in ws]
    return [value for value in parsed if value], parsed.count(None)


# %% wrong
# finding: the number of bad messages
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

import wslab


def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        while True:
            try:
                values.append(wslab.handlers.parse_json(ws.recv()))
            except ConnectionClosed:
                return values, bad + 1
            except ValueError:
                bad += 1


# %% wrong
# finding: each of them is a value
def read_all(url):
    return [{"temperature": 21.5}, {"temperature": 21.7}], 1


# %% wrong
# finding: raised SystemExit
import sys

from websockets.sync.client import connect

import wslab


def read_all(url):
    values = []
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(wslab.handlers.parse_json(message))
            except ValueError as error:
                sys.exit(str(error))
    return values, 0
