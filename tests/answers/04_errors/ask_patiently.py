"""Answers to exercise 4.5, “Slow, or dead?”."""

# %% right
import asyncio

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def ask_patiently(url, question, timeout):
    async with connect(url, close_timeout=0.1) as ws:
        await ws.send(question)
        try:
            async with asyncio.timeout(timeout):
                return await ws.recv()
        except TimeoutError:
            print("no answer")
        except ConnectionClosed:
            return "dead"
        try:
            await asyncio.wait_for(await ws.ping(), timeout)
            return "slow"
        except (TimeoutError, ConnectionClosed):
            return "dead"


# %% wrong
# finding: no answer and no PONG
from websockets.sync.client import connect


def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        ws.send(question)
        try:
            return ws.recv(timeout=timeout)
        except TimeoutError:
            return "slow"


# %% wrong
# finding: no answer, but a PONG
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        ws.send(question)
        try:
            return ws.recv(timeout=timeout)
        except (TimeoutError, ConnectionClosed):
            return "dead"


# %% wrong
# finding: did not end
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def ask_patiently(url, question, timeout):
    with connect(url) as ws:
        try:
            ws.send(question)
            try:
                return ws.recv(timeout=timeout)
            except TimeoutError:
                return "slow" if ws.ping().wait(timeout) else "dead"
        except ConnectionClosed:
            return "dead"


# %% wrong
# finding: raised ConnectionClosedError
from websockets.sync.client import connect


def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        ws.send(question)
        try:
            return ws.recv(timeout=timeout)
        except TimeoutError:
            return "slow" if ws.ping().wait(timeout) else "dead"


# %% wrong
# finding: did not end
from websockets.sync.client import connect


def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        ws.send(question)
        return ws.recv()


# %% wrong
# finding: raised ConnectionClosedOK
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect


def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        try:
            ws.send(question)
            try:
                return ws.recv(timeout=timeout)
            except TimeoutError:
                return "slow" if ws.ping().wait(timeout) else "dead"
        except ConnectionClosedError:
            return "dead"


# %% wrong
# finding: the question should be sent once
from websockets.sync.client import connect


def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        ws.send("Are you there?")
        return question + "? Yes."
