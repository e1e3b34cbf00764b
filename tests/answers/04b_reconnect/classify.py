"""Answers to exercise 4.4, “ok, retry or give up”."""

# %% right
import asyncio

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidMessage, InvalidStatus


async def classify(url):
    try:
        async with asyncio.timeout(10), connect(url) as ws:
            async for message in ws:
                print(len(message))
            return {1000: "ok", 1001: "retry"}[ws.close_code]
    except ConnectionClosedError as error:
        codes = [close.code for close in (error.rcvd, error.sent) if close is not None]
        code = codes[0] if codes else 1006
        return "retry" if code in (1006, *range(1011, 1015)) else "give up"
    except InvalidStatus as error:
        return "retry" if error.response.status_code >= 500 else "give up"
    except (OSError, InvalidMessage):
        return "retry"


# %% wrong
# finding: the server closes with 1008: 'give up' is right
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def classify(url):
    try:
        with connect(url) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed as closed:
        if closed.rcvd and closed.rcvd.code == 1000:
            return "ok"
        return "retry"


# %% wrong
# finding: the server closes with 1001: 'retry' is right
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect


def classify(url):
    try:
        with connect(url) as ws:
            for message in ws:
                pass
        return "ok"
    except ConnectionClosedError as closed:
        return "retry" if closed.rcvd is None or closed.rcvd.code == 1011 else "give up"


# %% wrong
# finding: raised AttributeError
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def classify(url):
    try:
        with connect(url) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed as closed:
        if closed.rcvd.code == 1000:
            return "ok"
        return "retry" if closed.rcvd.code in (1001, 1011) else "give up"


# %% wrong
# finding: the handshake is refused with status 403: 'give up' is right
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def classify(url):
    try:
        with connect(url) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed:
        if ws.close_code == 1000:
            return "ok"
        return "retry" if ws.close_code in (1001, 1006, 1011) else "give up"
    except Exception:
        return "retry"


# %% wrong
# finding: the handshake is refused with status 503: 'retry' is right
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


def classify(url):
    try:
        with connect(url) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed:
        if ws.close_code == 1000:
            return "ok"
        return "retry" if ws.close_code in (1001, 1006, 1011) else "give up"
    except InvalidStatus:
        return "give up"


# %% wrong
# finding: raised ConnectionRefusedError
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


def classify(url):
    try:
        with connect(url) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed:
        if ws.close_code == 1000:
            return "ok"
        return "retry" if ws.close_code in (1001, 1006, 1011) else "give up"
    except InvalidStatus as refused:
        return "retry" if refused.response.status_code >= 500 else "give up"


# %% wrong
# finding: the client closes with 1009: 'give up' is right
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.sync.client import connect

RETRY = (1001, 1006, 1011, 1012, 1013, 1014)


def classify(url):
    try:
        with connect(url) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed:
        if ws.close_code == 1000:
            return "ok"
        return "retry" if ws.close_code in RETRY else "give up"
    except InvalidStatus as refused:
        return "retry" if refused.response.status_code >= 500 else "give up"
    except (OSError, InvalidMessage):
        return "retry"


# %% wrong
# finding: raised InvalidMessage
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

RETRY = (1001, 1006, 1011, 1012, 1013, 1014)


def classify(url):
    try:
        with connect(url) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed as closed:
        close = closed.rcvd or closed.sent
        code = close.code if close else 1006
        if code == 1000:
            return "ok"
        return "retry" if code in RETRY else "give up"
    except InvalidStatus as refused:
        return "retry" if refused.response.status_code >= 500 else "give up"
    except OSError:
        return "retry"


# %% wrong
# finding: the server closes with 1001: 'retry' is right
from websockets.sync.client import connect


def classify(url):
    with connect(url) as ws:
        ws.recv(timeout=5)
        return "ok"


# %% wrong
# finding: waited for something that never came
import asyncio

from websockets.asyncio.client import connect


async def classify(url):
    async with connect(url) as ws:  # noqa: F841
        await asyncio.sleep(3600)
