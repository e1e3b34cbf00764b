"""Answers to exercise 4.6, “Reconnect, and miss nothing”."""

# %% right
import asyncio
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

RETRY = {1001, 1006, 1011, 1012, 1013, 1014}


async def one_connection(url, messages):
    try:
        async with asyncio.timeout(5), connect(url) as ws:
            await ws.send(json.dumps({"after": max(messages, default=0)}, indent=1))
            async for text in ws:
                message = json.loads(text)
                messages[message["number"]] = message["text"]
            return ws.close_code
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006
    except InvalidStatus as refused:
        return 1006 if refused.response.status_code >= 500 else 1008
    except (OSError, InvalidMessage):
        return 1006


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
        if code == 1000 or code not in RETRY or wait is None:
            return list(messages.values()), code == 1000
        await pause(wait)


# %% wrong
# finding: the end with 1001 may pass
import json

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect


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


# %% wrong
# finding: raised InvalidStatus
import json

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def catch_up(url, delays, pause):
    texts = []
    for delay in [0, *delays]:
        if delay:
            pause(delay)
        with connect(url) as ws:
            ws.send(json.dumps({"after": len(texts)}))
            try:
                while True:
                    texts.append(json.loads(ws.recv())["text"])
            except ConnectionClosed as closed:
                if closed.rcvd and closed.rcvd.code == 1000:
                    return texts, True
    return texts, False


# %% wrong
# finding: 'after' should be the number of the last message
import json

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


def catch_up(url, delays, pause):
    texts, failures = [], 0
    while True:
        try:
            with connect(url) as ws:
                ws.send(json.dumps({"after": len(texts)}))
                while True:
                    texts.append(json.loads(ws.recv())["text"])
                    failures = 0
        except ConnectionClosed as closed:
            if closed.rcvd and closed.rcvd.code == 1000:
                return texts, True
            if closed.rcvd and closed.rcvd.code in (1008, 4003):
                return texts, False
        except InvalidStatus as refused:
            if refused.response.status_code < 500:
                return texts, False
        if failures == len(delays):
            return texts, False
        pause(delays[failures])
        failures += 1


# %% wrong
# finding: the end with 1012 may pass
import json

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        try:
            with connect(url) as ws:
                ws.send(json.dumps({"after": after}))
                while True:
                    message = json.loads(ws.recv())
                    texts.append(message["text"])
                    after = message["number"]
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
        except InvalidStatus as refused:
            code = refused.response.status_code
        except OSError:
            code = 1006
        if code in (1000, 1008, 4003, 403) or failures == len(delays):
            return texts, code == 1000
        pause(delays[failures])
        failures += 1


# %% wrong
# finding: pause() should get delays[n]
import json

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        try:
            with connect(url) as ws:
                failures = 0
                ws.send(json.dumps({"after": after}))
                while True:
                    message = json.loads(ws.recv())
                    texts.append(message["text"])
                    after = message["number"]
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
        except InvalidStatus as refused:
            code = refused.response.status_code
        except OSError:
            code = 1006
        if code in (1000, 1008, 4003, 403) or failures == len(delays):
            return texts, code == 1000
        pause(delays[failures])
        failures += 1


# %% wrong
# finding: 1008 will not pass
import json

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        try:
            with connect(url) as ws:
                ws.send(json.dumps({"after": after}))
                while True:
                    message = json.loads(ws.recv())
                    texts.append(message["text"])
                    after = message["number"]
                    failures = 0
        except ConnectionClosed as closed:
            if closed.rcvd and closed.rcvd.code == 1000:
                return texts, True
        except (OSError, InvalidStatus):
            pass
        if failures == len(delays):
            return texts, False
        pause(delays[failures])
        failures += 1


# %% wrong
# finding: the delays are used up
import json

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        try:
            with connect(url) as ws:
                ws.send(json.dumps({"after": after}))
                while True:
                    message = json.loads(ws.recv())
                    texts.append(message["text"])
                    after = message["number"]
                    failures = 0
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
        except InvalidStatus as refused:
            code = refused.response.status_code
        except OSError:
            code = 1006
        if code in (1000, 1008, 4003, 403):
            return texts, code == 1000
        pause(delays[min(failures, len(delays) - 1)])
        failures += 1


# %% wrong
# finding: pause() should get delays[n]
import json
import time

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        try:
            with connect(url) as ws:
                ws.send(json.dumps({"after": after}))
                while True:
                    message = json.loads(ws.recv())
                    texts.append(message["text"])
                    after = message["number"]
                    failures = 0
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
        except InvalidStatus as refused:
            code = refused.response.status_code
        except OSError:
            code = 1006
        if code in (1000, 1008, 4003, 403) or failures == len(delays):
            return texts, code == 1000
        time.sleep(delays[failures])
        failures += 1


# %% wrong
# finding: status 403 will not pass
import json

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        try:
            with connect(url) as ws:
                ws.send(json.dumps({"after": after}))
                while True:
                    message = json.loads(ws.recv())
                    texts.append(message["text"])
                    after = message["number"]
                    failures = 0
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
        except Exception:
            code = 1006
        if code in (1000, 1008, 4003) or failures == len(delays):
            return texts, code == 1000
        pause(delays[failures])
        failures += 1


# %% wrong
# finding: pause() should get delays[n]
import json

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def catch_up(url, delays, pause):
    texts, after = [], 0
    async for ws in connect(url, reconnect_delays=lambda: iter(delays * 100)):
        try:
            await ws.send(json.dumps({"after": after}))
            while True:
                message = json.loads(await ws.recv())
                texts.append(message["text"])
                after = message["number"]
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
            if code in (1000, 1008, 4003):
                return texts, code == 1000


# %% wrong
# finding: raised ConnectionRefusedError
import json

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


def catch_up(url, delays, pause):
    texts, after, failures = [], 0, 0
    while True:
        try:
            with connect(url) as ws:
                ws.send(json.dumps({"after": after}))
                while True:
                    message = json.loads(ws.recv())
                    texts.append(message["text"])
                    after = message["number"]
                    failures = 0
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
        except InvalidStatus as refused:
            code = refused.response.status_code
        if code in (1000, 1008, 4003, 403) or failures == len(delays):
            return texts, code == 1000
        pause(delays[failures])
        failures += 1
