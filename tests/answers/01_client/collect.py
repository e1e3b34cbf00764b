"""Answers to exercise 1.2, “Receive until the end”."""

# %% right
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError


async def collect(url):
    messages = []
    async with connect(url) as ws:
        try:
            async for message in ws:
                messages.append(message)
        except ConnectionClosedError as error:
            return messages, error.rcvd.code, error.rcvd.reason
    return [messages, ws.close_code, ws.close_reason]


# %% wrong
# finding: raised ConnectionClosedError
from websockets.sync.client import connect


def collect(url):
    with connect(url) as ws:
        messages = [message for message in ws]
    return messages, ws.close_code, ws.close_reason


# %% wrong
# finding: raised ConnectionClosedOK
from websockets.sync.client import connect


def collect(url):
    with connect(url) as ws:
        messages = [ws.recv(), ws.recv(), ws.recv()]
    return messages, 1000, "that is all"


# %% wrong
# finding: in their order
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def collect(url):
    messages = set()
    with connect(url) as ws:
        try:
            while True:
                messages.add(ws.recv())
        except ConnectionClosed:
            pass
    return sorted(messages), ws.close_code, ws.close_reason


# %% wrong
# finding: close code
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def collect(url):
    messages = []
    with connect(url) as ws:
        try:
            while True:
                messages.append(ws.recv())
        except ConnectionClosed:
            pass
    return messages, 1000, ws.close_reason


# %% wrong
# finding: did not end
def collect(url):
    while True:
        pass
