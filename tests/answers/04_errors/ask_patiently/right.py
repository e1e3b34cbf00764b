"""Right answers to exercise 4.5, “Slow, or dead?”."""

import asyncio
import threading

from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


# %% right: async
async def ask_patiently(url, question, timeout):
    async with connect_async(url, close_timeout=0.1) as ws:
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


# %% right: without a `with` block, and aborted at the end
async def ask_patiently(url, question, timeout):
    ws = await connect_async(url, ping_interval=None)
    try:
        await ws.send(question)
        try:
            return await asyncio.wait_for(ws.recv(), timeout)
        except TimeoutError:
            pong = await ws.ping()
            done, _ = await asyncio.wait([pong], timeout=timeout)
            return "slow" if done and not pong.exception() else "dead"
    except ConnectionClosed:
        return "dead"
    finally:
        ws.transport.abort()


# %% right: one step after the other
def recv_or_none(ws, timeout):
    try:
        return ws.recv(timeout)
    except TimeoutError:
        return None


def ask_patiently(url, question, timeout):
    try:
        with connect(url, open_timeout=5, ping_interval=None, close_timeout=0.3) as ws:
            ws.send(question)
            answer = recv_or_none(ws, timeout)
            if answer is not None:
                return answer
            if ws.ping().wait(timeout):
                return "slow"
    except (ConnectionClosed, TimeoutError):
        pass
    return "dead"


# %% right: a thread that closes, for which nobody waits
def ask_patiently(url, question, timeout):
    ws = connect(url, ping_interval=None, close_timeout=0.5).__enter__()
    try:
        ws.send(question)
        try:
            return ws.recv(timeout=timeout)
        except TimeoutError:
            return ("dead", "slow")[ws.ping().wait(timeout=timeout)]
    except ConnectionClosed:
        return "dead"
    finally:
        threading.Thread(target=ws.close).start()
