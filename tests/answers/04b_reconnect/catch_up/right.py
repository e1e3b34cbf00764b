"""Right answers to exercise 4.6, “Reconnect, and miss nothing”."""

import asyncio
import json

from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import (
    ConnectionClosed,
    InvalidMessage,
    InvalidStatus,
    WebSocketException,
)
from websockets.sync.client import connect

MAY_PASS = {1001, 1006, 1011, 1012, 1013, 1014, 429, 500, 502, 503, 504}


def how_it_ended(error):
    """The code of the CLOSE that came, or was sent, or 1006; the status; None will not pass."""
    if isinstance(error, ConnectionClosed):
        close = error.rcvd or error.sent
        return close.code if close else 1006
    if isinstance(error, InvalidStatus):
        return error.response.status_code
    return 1006 if isinstance(error, OSError | InvalidMessage) else None


def receive(url, first, messages):
    """Put what one connection brings into a list; return how it ended."""
    try:
        with connect(url, open_timeout=5) as ws:
            ws.send(json.dumps(first))
            while True:
                messages.append(json.loads(ws.recv(timeout=5)))
    except (OSError, WebSocketException) as error:
        return how_it_ended(error)


def last(messages):
    return messages[-1]["number"] if messages else 0


def texts_of(messages):
    return [message["text"] for message in messages]


# %% right: async, and a dictionary by number
async def one_connection(url, messages):
    try:
        async with asyncio.timeout(5), connect_async(url) as ws:
            await ws.send(json.dumps({"after": max(messages, default=0)}, indent=1))
            async for text in ws:
                message = json.loads(text)
                messages[message["number"]] = message["text"]
            return ws.close_code
    except (OSError, WebSocketException) as error:
        return how_it_ended(error)


async def catch_up(url, delays, pause):
    messages = {}
    waits = iter(delays)
    while True:
        had = len(messages)
        code = await one_connection(url, messages)
        print("connection ended", code)
        if len(messages) > had:
            waits = iter(delays)
        wait = next(waits, None)
        if code == 1000 or code not in MAY_PASS or wait is None:
            return list(messages.values()), code == 1000
        await pause(wait)


# %% right: it counts what has come
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        if len(messages) > had:
            failures = 0
        if end == 1000:
            return texts_of(messages), True
        if end not in MAY_PASS or failures >= len(delays):
            return texts_of(messages), False
        pause(delays[failures])
        failures += 1


# %% right: a class, and pauses until IndexError
class Follower:
    def __init__(self, url):
        self.url = url
        self.messages = []

    def attempt(self):
        had = len(self.messages)
        end = receive(self.url, {"after": last(self.messages)}, self.messages)
        return end, len(self.messages) > had


def catch_up(url, delays, pause):
    follower, failures = Follower(url), 0
    while True:
        end, has_worked = follower.attempt()
        failures = 0 if has_worked else failures
        try:
            if end not in MAY_PASS:
                break
            pause(delays[failures])
        except IndexError:
            break
        failures += 1
    return texts_of(follower.messages), end == 1000


# %% right: it calls itself
async def catch_up(url, delays, pause, messages=(), failures=0):
    messages, had = list(messages), len(messages)
    end = await asyncio.to_thread(receive, url, {"after": last(messages)}, messages)
    failures = failures if len(messages) == had else 0
    if end in MAY_PASS and failures < len(delays):
        await pause(delays[failures])
        return await catch_up(url, delays, pause, messages, failures + 1)
    return texts_of(messages), end == 1000
