"""Wrong answers to exercise 4.6, “Reconnect, and miss nothing”: what comes after a failure."""

import asyncio
import json
import time

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


# %% wrong: the pause is not awaited
# breaks: with `await`, if your function is `async`
# finding: no pause ever ran
async def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = await asyncio.to_thread(receive, url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or failures == len(delays):
            return texts_of(messages), end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: a task of the pause, for which nobody waits
# breaks: with `await`, if your function is `async`
async def in_background(pause, seconds):
    await asyncio.sleep(60)
    await pause(seconds)


async def catch_up(url, delays, pause):
    messages, failures, tasks = [], 0, set()
    while True:
        had = len(messages)
        end = await asyncio.to_thread(receive, url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or failures == len(delays):
            return texts_of(messages), end == 1000
        pausing = pause(delays[failures])
        tasks.add(asyncio.ensure_future(in_background(lambda seconds, p=pausing: p, 0)))
        failures += 1


# %% wrong: the loop ends after 1001 as well
# breaks first: After a failure that may pass
# finding: code 1001
def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while failures <= len(delays):
        try:
            with connect(url) as ws:
                ws.send(json.dumps({"after": after}))
                for message in ws:
                    message = json.loads(message)
                    texts.append(message["text"])
                    after = message["number"]
                    failures = 0
            return texts, True
        except (OSError, WebSocketException):
            if failures < len(delays):
                pause(delays[failures])
            failures += 1
    return texts, False


# %% wrong: it looks at close codes only
# breaks first: After a failure that may pass
# finding: raised InvalidStatus
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        try:
            with connect(url) as ws:
                ws.send(json.dumps({"after": last(messages)}))
                while True:
                    messages.append(json.loads(ws.recv()))
        except ConnectionClosed as closed:
            end = how_it_ended(closed)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or failures == len(delays):
            return texts_of(messages), end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: 1012 to 1014 will not pass
# breaks: After a failure that may pass
# finding: code 1013
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS - {1013, 1014} or failures == len(delays):
            return texts_of(messages), end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: 429 will not pass
# breaks: After a failure that may pass
# finding: status 429
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS - {429} or failures == len(delays):
            return texts_of(messages), end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: nobody listens, and it raises
# breaks: After a failure that may pass
# finding: raised ConnectionRefusedError
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        try:
            with connect(url) as ws:
                ws.send(json.dumps({"after": last(messages)}))
                while True:
                    messages.append(json.loads(ws.recv()))
        except WebSocketException as error:
            end = how_it_ended(error)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or failures == len(delays):
            return texts_of(messages), end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: the failures are never counted from 0 again
# breaks: n is the number of failures before this one since the last message came
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        end = receive(url, {"after": last(messages)}, messages)
        if end not in MAY_PASS or failures == len(delays):
            return texts_of(messages), end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: a connection that opens counts as one that works
# breaks first: n is the number of failures before this one since the last message came
# finding: opens and brings no message
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        end = receive(url, {"after": last(messages)}, messages)
        if end is not None and end >= 1000:
            failures = 0
        if end not in MAY_PASS or failures == len(delays):
            return texts_of(messages), end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: the first pause is delays[1]
# breaks: n is the number of failures before this one since the last message came
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or failures == len(delays):
            return texts_of(messages), end == 1000
        failures += 1
        pause(delays[min(failures, len(delays) - 1)])


# %% wrong: always the same pause
# breaks: n is the number of failures before this one since the last message came
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or failures == len(delays):
            return texts_of(messages), end == 1000
        pause(delays[0])
        failures += 1


# %% wrong: it sleeps instead
# breaks: call `pause(delays[n])` instead of sleeping
# finding: three failures
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or failures == len(delays):
            return texts_of(messages), end == 1000
        time.sleep(delays[failures])
        failures += 1


# %% wrong: a pause of no time is left out
# breaks: call `pause(delays[n])` instead of sleeping
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or failures == len(delays):
            return texts_of(messages), end == 1000
        if delays[failures]:
            pause(delays[failures])
        failures += 1


# %% wrong: connect() makes the pauses
# breaks first: After a failure that may pass
async def catch_up(url, delays, pause):
    messages = []
    async for ws in connect_async(url, reconnect_delays=lambda: iter(delays * 100)):
        try:
            await ws.send(json.dumps({"after": last(messages)}))
            while True:
                messages.append(json.loads(await ws.recv()))
        except ConnectionClosed as closed:
            if how_it_ended(closed) not in MAY_PASS:
                return texts_of(messages), how_it_ended(closed) == 1000


# %% wrong: the last delay is used for ever
# breaks first: if there is no `delays[n]`
# finding: it connected once more
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or not delays:
            return texts_of(messages), end == 1000
        pause(delays[min(failures, len(delays) - 1)])
        failures += 1


# %% wrong: the last delay is not used
# breaks: if there is no `delays[n]`
# finding: a delay was left
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or failures >= len(delays) - 1:
            return texts_of(messages), end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: one more delay than there is
# breaks: if there is no `delays[n]`
# finding: raised IndexError
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS:
            return texts_of(messages), end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: whatever happens, it tries again
# breaks: the failure will not pass (as in exercise 4.4)
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end == 1000 or failures == len(delays):
            return texts_of(messages), end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: 1008 may pass
# breaks: the failure will not pass (as in exercise 4.4)
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS | {1008} or failures == len(delays):
            return texts_of(messages), end == 1000
        pause(delays[failures])
        failures += 1


# %% wrong: it pauses before it gives up
# breaks: the failure will not pass (as in exercise 4.4)
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages)
        failures = failures if len(messages) == had else 0
        if end == 1000 or failures == len(delays):
            return texts_of(messages), end == 1000
        pause(delays[failures])
        if end not in MAY_PASS:
            return texts_of(messages), False
        failures += 1


# %% wrong: a handshake that fails may pass, whatever the reason
# breaks: the failure will not pass (as in exercise 4.4)
def catch_up(url, delays, pause):
    messages, failures = [], 0
    while True:
        had = len(messages)
        end = receive(url, {"after": last(messages)}, messages) or 1006
        failures = failures if len(messages) == had else 0
        if end not in MAY_PASS or failures == len(delays):
            return texts_of(messages), end == 1000
        pause(delays[failures])
        failures += 1
