"""Answers to exercise 8.4, “Mind the gap”."""

# %% right
import json

from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK
from websockets.sync.client import connect


class Copy:
    def __init__(self):
        self.state, self.last = {}, 0

    def question(self):
        return json.dumps({"after": self.last})

    def take(self, message):
        match json.loads(message):
            case {"number": number, "snapshot": dict(snapshot)}:
                self.state, self.last = dict(snapshot), number
            case {"number": number} if number <= self.last:
                pass
            case {"number": number} if number > self.last + 1:
                return False
            case {"number": number, "key": key, "value": value}:
                self.state[key] = value
                self.last = number
        return True


def mirror(url):
    copy = Copy()
    while True:
        try:
            with connect(url, open_timeout=5) as ws:
                ws.send(copy.question())
                while True:
                    if not copy.take(ws.recv(timeout=5)):
                        ws.send(copy.question())
        except ConnectionClosedOK as closed:
            if closed.rcvd.code == 1000:
                return copy.state
        except ConnectionClosedError:
            pass


# %% right
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def mirror(url):
    state, last = {}, 0
    async for ws in connect(url):
        try:
            await ws.send(json.dumps({"after": last}))
            async for text in ws:
                message = json.loads(text)
                if "snapshot" in message:
                    last, state = message["number"], message["snapshot"]
                    continue
                if message["number"] <= last:
                    continue
                if message["number"] != last + 1:
                    await ws.send(json.dumps({"after": last}))
                    continue
                last += 1
                state |= {message["key"]: message["value"]}
        except ConnectionClosed:
            pass
        if ws.close_code == 1000:
            return state


# %% wrong
# finding: raised ConnectionClosedError
import json

from websockets.asyncio.client import connect


async def mirror(url):
    state, last = {}, 0
    async with connect(url) as ws:
        await ws.send(json.dumps({"after": last}))
        async for text in ws:
            message = json.loads(text)
            if "snapshot" in message:
                state = message["snapshot"]
            else:
                state[message["key"]] = message["value"]
    return state


# %% wrong
# finding: only CLOSE 1000 says
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError


async def mirror(url):
    state, last = {}, 0
    while True:
        try:
            async with connect(url) as ws:
                await ws.send(json.dumps({"after": last}))
                async for text in ws:
                    message = json.loads(text)
                    if "snapshot" in message:
                        state, last = message["snapshot"], message["number"]
                    elif message["number"] == last + 1:
                        state[message["key"]], last = message["value"], last + 1
                    elif message["number"] > last:
                        await ws.send(json.dumps({"after": last}))
                return state
        except ConnectionClosedError:
            pass


# %% wrong
# finding: numbers are missing
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def mirror(url):
    state, last = {}, 0
    while True:
        async with connect(url) as ws:
            try:
                await ws.send(json.dumps({"after": last}))
                while True:
                    message = json.loads(await ws.recv())
                    last = message["number"]
                    if "snapshot" in message:
                        state = message["snapshot"]
                    else:
                        state[message["key"]] = message["value"]
            except ConnectionClosed as closed:
                if closed.rcvd and closed.rcvd.code == 1000:
                    return state


# %% wrong
# finding: the last message that fits
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def mirror(url):
    state, last = {}, 0
    while True:
        async with connect(url) as ws:
            try:
                await ws.send(json.dumps({"after": 0}))
                while True:
                    message = json.loads(await ws.recv())
                    number = message["number"]
                    if "snapshot" in message:
                        state, last = message["snapshot"], number
                    elif number == last + 1:
                        state[message["key"]], last = message["value"], number
                    elif number > last + 1:
                        await ws.send(json.dumps({"after": last}))
            except ConnectionClosed as closed:
                if closed.rcvd and closed.rcvd.code == 1000:
                    return state


# %% wrong
# finding: a snapshot replaces the whole state
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def mirror(url):
    state, last = {}, 0
    while True:
        async with connect(url) as ws:
            try:
                await ws.send(json.dumps({"after": last}))
                while True:
                    message = json.loads(await ws.recv())
                    number = message["number"]
                    if "snapshot" in message:
                        state, last = {**state, **message["snapshot"]}, number
                    elif number == last + 1:
                        state[message["key"]], last = message["value"], number
                    elif number > last + 1:
                        await ws.send(json.dumps({"after": last}))
            except ConnectionClosed as closed:
                if closed.rcvd and closed.rcvd.code == 1000:
                    return state


# %% wrong
# finding: events with older numbers change nothing
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def mirror(url):
    state, last = {}, 0
    while True:
        async with connect(url) as ws:
            try:
                await ws.send(json.dumps({"after": last}))
                while True:
                    message = json.loads(await ws.recv())
                    number = message["number"]
                    if "snapshot" in message:
                        state, last = message["snapshot"], number
                    elif number <= last + 1:
                        state[message["key"]] = message["value"]
                        last = max(last, number)
                    else:
                        await ws.send(json.dumps({"after": last}))
            except ConnectionClosed as closed:
                if closed.rcvd and closed.rcvd.code == 1000:
                    return dict(sorted(state.items()))


# %% wrong
# finding: each message of the client should be
from websockets.asyncio.client import connect


async def mirror(url):
    async with connect(url) as ws:
        await ws.send("0")
        return {"a": 30, "b": 20}


# %% wrong
# finding: it did not connect
async def mirror(url):
    return {"a": 30, "b": 20}
