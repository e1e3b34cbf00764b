"""Right answers to exercise 4.4, “ok, retry or give up”."""

import asyncio

from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import (
    ConnectionClosed,
    ConnectionClosedError,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    WebSocketException,
)
from websockets.sync.client import connect

CODES = {1001, 1006, 1011, 1012, 1013, 1014}
STATUSES = {429, 500, 502, 503, 504}


def code_of(closed):
    close = closed.rcvd or closed.sent
    return close.code if close else 1006


def verdict(code, codes=CODES):
    if code == 1000:
        return "ok"
    return "retry" if code in codes else "give up"


def receive(url, **options):
    """Connect, receive until the end, and return how it ended."""
    try:
        with connect(url, open_timeout=5, **options) as ws:
            while True:
                ws.recv(timeout=5)
    except (OSError, WebSocketException) as error:
        return error


# %% right: async, and close codes from the connection
async def classify(url):
    try:
        async with asyncio.timeout(10), connect_async(url) as ws:
            async for message in ws:
                print(len(message))
            return {1000: "ok", 1001: "retry"}[ws.close_code]
    except ConnectionClosedError as error:
        codes = [close.code for close in (error.rcvd, error.sent) if close is not None]
        code = codes[0] if codes else 1006
        return "retry" if code in (1006, *range(1011, 1015)) else "give up"
    except InvalidStatus as error:
        return "retry" if error.response.status_code in STATUSES else "give up"
    except (OSError, InvalidMessage):
        return "retry"
    except InvalidHandshake:
        return "give up"


# %% right: match
def classify(url):
    match receive(url):
        case ConnectionClosed() as closed:
            return verdict(code_of(closed))
        case InvalidStatus() as refused:
            return "retry" if refused.response.status_code in STATUSES else "give up"
        case OSError():
            return "retry"
        case error:
            return "retry" if isinstance(error.__cause__, EOFError) else "give up"


# %% right: may_retry() of the notebook, and 429
def may_retry(error):
    if isinstance(error, ConnectionClosed):
        return code_of(error) in CODES
    if isinstance(error, InvalidStatus):
        return error.response.status_code in {500, 502, 503, 504} | {429}
    return isinstance(error, OSError) or isinstance(error.__cause__, EOFError)


def classify(url):
    error = receive(url)
    if isinstance(error, ConnectionClosed) and code_of(error) == 1000:
        return "ok"
    return "retry" if may_retry(error) else "give up"


# %% right: without a with block, and close_code where a CLOSE came
async def classify(url):
    try:
        ws = await connect_async(url)
    except InvalidStatus as refused:
        return "retry" if refused.response.status_code in STATUSES else "give up"
    except (OSError, InvalidMessage):
        return "retry"
    except WebSocketException:
        return "give up"
    try:
        while True:
            await ws.recv()
    except ConnectionClosed as closed:
        return verdict(closed.sent.code if closed.sent else ws.close_code)
