"""Wrong answers to exercise 4.1, “One bad message costs one message”."""

import asyncio
import contextlib
import json
import sys

from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

import wslab
from wslab.handlers import parse_json


# %% wrong: NaN is taken
# breaks: `wslab.handlers.parse_json()` knows what is JSON
# finding: 'NaN' is not JSON
def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(json.loads(message))
            except Exception:
                bad += 1
    return values, bad


# %% wrong: nesting without an end
# breaks: `wslab.handlers.parse_json()` knows what is JSON
# finding: raised RecursionError
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


# %% wrong: the exception is too narrow
# breaks: `wslab.handlers.parse_json()` knows what is JSON
# finding: raised ValueError
def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(wslab.handlers.parse_json(message))
            except json.JSONDecodeError:
                bad += 1
    return values, bad


# %% wrong: a binary message is no JSON to it
# breaks: `wslab.handlers.parse_json()` knows what is JSON
# finding: is JSON
def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                if isinstance(message, bytes):
                    raise ValueError
                values.append(parse_json(message))
            except ValueError:
                bad += 1
    return values, bad


# %% wrong: `try` is outside of the loop
# breaks first: receives messages until the server closes
# finding: stopped before the last message
def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        try:
            for message in ws:
                values.append(wslab.handlers.parse_json(message))
        except ValueError:
            bad += 1
    return values, bad


# %% wrong: an empty message is taken for the end
# breaks first: receives messages until the server closes
def read_all(url):
    values, bad = [], 0
    with connect(url) as ws, contextlib.suppress(ConnectionClosed):
        while message := ws.recv():
            try:
                values.append(parse_json(message))
            except ValueError:
                bad += 1
    return values, bad


# %% wrong: it takes a moment of silence for the end
# breaks: receives messages until the server closes
# finding: stopped before the last message
def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        while True:
            try:
                values.append(parse_json(ws.recv(timeout=0.1)))
            except (ConnectionClosed, TimeoutError):
                return values, bad
            except ValueError:
                bad += 1


# %% wrong: a moment of silence raises
# breaks: receives messages until the server closes
# finding: raised TimeoutError
async def read_all(url):
    values, bad = [], 0
    async with connect_async(url) as ws:
        while True:
            try:
                async with asyncio.timeout(0.1):
                    values.append(parse_json(await ws.recv()))
            except ConnectionClosed:
                return values, bad
            except ValueError:
                bad += 1


# %% wrong: the texts of the messages instead of their values
# breaks first: the list of values of those that are JSON
# finding: the texts of the messages
def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                parse_json(message)
                values.append(message)
            except ValueError:
                bad += 1
    return values, bad


# %% wrong: falsy values are left out
# breaks: the list of values of those that are JSON
# finding: such messages, and
def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                value = parse_json(message)
            except ValueError:
                bad += 1
                continue
            if value:
                values.append(value)
    return values, bad


# %% wrong: equal values are one
# breaks: the list of values of those that are JSON
# finding: there were 4 such messages, and 3 came back
def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                value = parse_json(message)
            except ValueError:
                bad += 1
                continue
            if value not in values:
                values.append(value)
    return values, bad


# %% wrong: the newest is first
# breaks first: the list of values of those that are JSON
def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                values.insert(0, parse_json(message))
            except ValueError:
                bad += 1
    return values, bad


# %% wrong: null stands for what is not JSON
# breaks first: the list of values of those that are JSON
def parse(message):
    try:
        return wslab.handlers.parse_json(message)
    except ValueError:
        return None


def read_all(url):
    with connect(url) as ws:
        parsed = [parse(message) for message in ws]
    return [value for value in parsed if value], parsed.count(None)


# %% wrong: a place is kept for what is not JSON
# breaks: the list of values of those that are JSON
def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            values.append(None)
            try:
                values[-1] = parse_json(message)
            except ValueError:
                bad += 1
    return values, bad


# %% wrong: the end is counted as bad
# breaks first: how many are not
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


# %% wrong: each bad message is counted once
# breaks: how many are not
# finding: 5 of 8 messages are not JSON
def read_all(url):
    values, bad = [], set()
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(parse_json(message))
            except ValueError:
                bad.add(message)
    return values, len(bad)


# %% wrong: an empty message does not count
# breaks: how many are not
def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(parse_json(message))
            except ValueError:
                bad += message != ""
    return values, bad


# %% wrong: whether there were any, not how many
# breaks first: how many are not
def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(parse_json(message))
            except ValueError:
                bad = 1
    return values, bad


# %% wrong: what is not caught ends it
# breaks first: how many are not
# finding: raised JSONDecodeError
def read_all(url):
    values = []
    with connect(url) as ws:
        for message in ws:
            values.append(parse_json(message))
    return values, 0


# %% wrong: the program ends
# breaks first: how many are not
# finding: raised SystemExit
def read_all(url):
    values = []
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(wslab.handlers.parse_json(message))
            except ValueError as error:
                sys.exit(str(error))
    return values, 0


# %% wrong: it returns what one server sent
# breaks first: receives messages until the server closes
def read_all(url):
    return [{"temperature": 21.5}, {"temperature": 21.7}], 1


# %% wrong: the number is first
# breaks: returns `(values, bad)`
def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(parse_json(message))
            except ValueError:
                bad += 1
    return bad, values


# %% wrong: the list of bad ones instead of their number
# breaks: returns `(values, bad)`
def read_all(url):
    values, bad = [], []
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(parse_json(message))
            except ValueError:
                bad.append(message)
    return values, bad


# %% wrong: nothing is returned
# breaks first: returns `(values, bad)`
# finding: it returned nothing
def read_all(url):
    values, bad = [], 0
    with connect(url) as ws:
        for message in ws:
            try:
                values.append(parse_json(message))
            except ValueError:
                bad += 1
