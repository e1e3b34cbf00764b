"""Wrong answers to exercise 4.5, “Slow, or dead?”."""

import asyncio

from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.sync.client import connect


# %% wrong: silence is slow
# breaks: `"dead"` if not
def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        try:
            ws.send(question)
            try:
                return ws.recv(timeout=timeout)
            except TimeoutError:
                ws.ping().wait(timeout)
                return "slow"
        except ConnectionClosed:
            return "dead"


# %% wrong: no PING is sent
# breaks first: `"dead"` if not
def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        ws.send(question)
        try:
            return ws.recv(timeout=timeout)
        except TimeoutError:
            return "slow"
        except ConnectionClosed:
            return "dead"


# %% wrong: the pong waiter is true, whether the PONG has come or not
# breaks: `"dead"` if not
def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        try:
            ws.send(question)
            return ws.recv(timeout=timeout)
        except TimeoutError:
            return "slow" if ws.ping() else "dead"
        except ConnectionClosed:
            return "dead"


# %% wrong: silence is dead
# breaks: returns `"slow"` if the PONG comes within `timeout` seconds
def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        ws.send(question)
        try:
            return ws.recv(timeout=timeout)
        except (TimeoutError, ConnectionClosed):
            return "dead"


# %% wrong: it looks for the PONG at once
# breaks: returns `"slow"` if the PONG comes within `timeout` seconds
def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        try:
            ws.send(question)
            try:
                return ws.recv(timeout=timeout)
            except TimeoutError:
                return "slow" if ws.ping().is_set() else "dead"
        except ConnectionClosed:
            return "dead"


# %% wrong: the two values are swapped
# breaks first: returns `"slow"` if the PONG comes within `timeout` seconds
def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        try:
            ws.send(question)
            try:
                return ws.recv(timeout=timeout)
            except TimeoutError:
                return "dead" if ws.ping().wait(timeout) else "slow"
        except ConnectionClosed:
            return "dead"


# %% wrong: it waits for the PONG for a tenth of the time
# breaks: returns `"slow"` if the PONG comes within `timeout` seconds
def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        try:
            ws.send(question)
            try:
                return ws.recv(timeout=timeout)
            except TimeoutError:
                return "slow" if ws.ping().wait(timeout / 10) else "dead"
        except ConnectionClosed:
            return "dead"


# %% wrong: ping() is not awaited
# breaks first: returns `"slow"` if the PONG comes within `timeout` seconds
# finding: an `await` is missing
async def ask_patiently(url, question, timeout):
    async with connect_async(url, close_timeout=0.5) as ws:
        try:
            await ws.send(question)
            try:
                return await asyncio.wait_for(ws.recv(), timeout)
            except TimeoutError:
                pong = ws.ping()
            try:
                await asyncio.wait_for(await pong.wait(), timeout)
                return "slow"
            except TimeoutError:
                return "dead"
        except ConnectionClosed:
            return "dead"


# %% wrong: closing takes ten seconds
# breaks: back within one second after that, even if the other side does not answer CLOSE
# finding: not back in time
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


# %% wrong: closing takes ten seconds, unless the other side is dead
# breaks: back within one second after that, even if the other side does not answer CLOSE
async def ask_patiently(url, question, timeout):
    async with connect_async(url) as ws:
        try:
            await ws.send(question)
            try:
                return await asyncio.wait_for(ws.recv(), timeout)
            except TimeoutError:
                await asyncio.wait_for(await ws.ping(), timeout)
                return "slow"
        except (TimeoutError, ConnectionClosed):
            ws.transport.abort()
            return "dead"


# %% wrong: closing takes two seconds
# breaks: back within one second after that, even if the other side does not answer CLOSE
def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=2) as ws:
        try:
            ws.send(question)
            try:
                return ws.recv(timeout=timeout)
            except TimeoutError:
                return "slow" if ws.ping().wait(timeout) else "dead"
        except ConnectionClosed:
            return "dead"


# %% wrong: the PONG is waited for without a limit
# breaks: back within one second after that, even if the other side does not answer CLOSE
async def ask_patiently(url, question, timeout):
    async with connect_async(url, ping_interval=None, close_timeout=0.5) as ws:
        try:
            await ws.send(question)
            try:
                return await asyncio.wait_for(ws.recv(), timeout)
            except TimeoutError:
                await (await ws.ping())
                return "slow"
        except ConnectionClosed:
            return "dead"


# %% wrong: the end of the connection is not caught
# breaks: `"dead"` also if the connection ends instead
# finding: raised ConnectionClosedError
def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        ws.send(question)
        try:
            return ws.recv(timeout=timeout)
        except TimeoutError:
            return "slow" if ws.ping().wait(timeout) else "dead"


# %% wrong: a proper end is not caught
# breaks: `"dead"` also if the connection ends instead
# finding: raised ConnectionClosedOK
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


# %% wrong: the end is not caught while it waits for the PONG
# breaks: `"dead"` also if the connection ends instead
async def ask_patiently(url, question, timeout):
    async with connect_async(url, close_timeout=0.5) as ws:
        await ws.send(question)
        try:
            return await asyncio.wait_for(ws.recv(), timeout)
        except ConnectionClosed:
            return "dead"
        except TimeoutError:
            pong = await ws.ping()
        done, _ = await asyncio.wait([pong], timeout=timeout)
        return "slow" if done and pong.result() else "dead"


# %% wrong: an answer that comes beside the PONG is taken
# breaks: returns the answer, if one comes within `timeout` seconds
# finding: after the timeout
def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        try:
            ws.send(question)
            try:
                return ws.recv(timeout=timeout)
            except TimeoutError:
                if not ws.ping().wait(timeout):
                    return "dead"
            try:
                return ws.recv(timeout=0)
            except TimeoutError:
                return "slow"
        except ConnectionClosed:
            return "dead"


# %% wrong: it waits for the answer twice as long
# breaks first: returns the answer, if one comes within `timeout` seconds
# finding: after the timeout
def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        try:
            ws.send(question)
            try:
                return ws.recv(timeout=2 * timeout)
            except TimeoutError:
                return "slow" if ws.ping().wait(timeout) else "dead"
        except ConnectionClosed:
            return "dead"


# %% wrong: it waits for the answer half as long
# breaks: returns the answer, if one comes within `timeout` seconds
# finding: the answer came in time
def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        try:
            ws.send(question)
            try:
                return ws.recv(timeout=timeout / 2)
            except TimeoutError:
                return "slow" if ws.ping().wait(1.5 * timeout) else "dead"
        except ConnectionClosed:
            return "dead"


# %% wrong: an empty answer is none
# breaks: returns the answer, if one comes within `timeout` seconds
def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        try:
            ws.send(question)
            try:
                return ws.recv(timeout=timeout) or "slow"
            except TimeoutError:
                return "slow" if ws.ping().wait(timeout) else "dead"
        except ConnectionClosed:
            return "dead"


# %% wrong: the answer is not returned
# breaks: returns the answer, if one comes within `timeout` seconds
def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        try:
            ws.send(question)
            try:
                ws.recv(timeout=timeout)
            except TimeoutError:
                return "slow" if ws.ping().wait(timeout) else "dead"
        except ConnectionClosed:
            return "dead"


# %% wrong: it waits for an answer without a limit
# breaks first: returns the answer, if one comes within `timeout` seconds
# finding: after the timeout
def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        ws.send(question)
        return ws.recv()


# %% wrong: another question
# breaks first: it sends the question
def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        ws.send("Are you there?")
        return question + "? Yes."


# %% wrong: it asks again
# breaks: it sends the question
# finding: more than one message
def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        try:
            ws.send(question)
            try:
                return ws.recv(timeout=timeout)
            except TimeoutError:
                ws.send(question)
                return "slow" if ws.ping().wait(timeout) else "dead"
        except ConnectionClosed:
            return "dead"


# %% wrong: the question is bytes
# breaks: it sends the question
def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        try:
            ws.send(question.encode())
            try:
                return ws.recv(timeout=timeout)
            except TimeoutError:
                return "slow" if ws.ping().wait(timeout) else "dead"
        except ConnectionClosed:
            return "dead"


# %% wrong: an empty question is not sent
# breaks first: it sends the question
# finding: nothing came
def ask_patiently(url, question, timeout):
    with connect(url, close_timeout=0.5) as ws:
        try:
            if question:
                ws.send(question)
            try:
                return ws.recv(timeout=timeout)
            except TimeoutError:
                return "slow" if ws.ping().wait(timeout) else "dead"
        except ConnectionClosed:
            return "dead"
