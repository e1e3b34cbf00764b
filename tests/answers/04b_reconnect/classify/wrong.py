"""Wrong answers to exercise 4.4, “ok, retry or give up”."""

import asyncio
import contextlib

from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import (
    ConnectionClosed,
    ConnectionClosedError,
    ConnectionClosedOK,
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


# %% wrong: everything but 1000 may pass
# breaks first: after any other code
def classify(url):
    error = receive(url)
    if isinstance(error, ConnectionClosed):
        return "ok" if code_of(error) == 1000 else "retry"
    if isinstance(error, InvalidStatus):
        return "retry" if error.response.status_code in STATUSES else "give up"
    return "retry" if isinstance(error, OSError | InvalidMessage) else "give up"


# %% wrong: the loop ends after 1001 as well
# breaks first: after the close codes 1001, 1006 and 1011 to 1014
# finding: the code is 1001: 'retry' is right then
def classify(url):
    try:
        with connect(url) as ws:
            for message in ws:
                pass
        return "ok"
    except ConnectionClosedError as closed:
        return "retry" if closed.rcvd is None or closed.rcvd.code == 1011 else "give up"


# %% wrong: no CLOSE, and it looks for its code
# breaks first: after the close codes 1001, 1006 and 1011 to 1014
# finding: raised AttributeError
def classify(url):
    error = receive(url)
    if isinstance(error, ConnectionClosed):
        return verdict(error.rcvd.code)
    if isinstance(error, InvalidStatus):
        return "retry" if error.response.status_code in STATUSES else "give up"
    return "retry" if isinstance(error, OSError | InvalidMessage) else "give up"


# %% wrong: 1012 to 1014 are not known
# breaks: after the close codes 1001, 1006 and 1011 to 1014
# finding: the code is 1012
def classify(url):
    error = receive(url)
    if isinstance(error, ConnectionClosed):
        return verdict(code_of(error), {1001, 1006, 1011})
    if isinstance(error, InvalidStatus):
        return "retry" if error.response.status_code in STATUSES else "give up"
    return "retry" if isinstance(error, OSError | InvalidMessage) else "give up"


# %% wrong: a code of our own may pass
# breaks: after any other code
# finding: the code is 4000
def classify(url):
    error = receive(url)
    if isinstance(error, ConnectionClosed):
        return verdict(code_of(error), CODES | set(range(4000, 5000)))
    if isinstance(error, InvalidStatus):
        return "retry" if error.response.status_code in STATUSES else "give up"
    return "retry" if isinstance(error, OSError | InvalidMessage) else "give up"


# %% wrong: 1008 may pass
# breaks: after any other code
def classify(url):
    error = receive(url)
    if isinstance(error, ConnectionClosed):
        return verdict(code_of(error), CODES | {1008})
    if isinstance(error, InvalidStatus):
        return "retry" if error.response.status_code in STATUSES else "give up"
    return "retry" if isinstance(error, OSError | InvalidMessage) else "give up"


# %% wrong: the handshake is refused, and nobody looks at the status
# breaks: after any other status
# finding: the status is 200
def classify(url):
    error = receive(url)
    if isinstance(error, ConnectionClosed):
        return verdict(code_of(error))
    if isinstance(error, InvalidStatus):
        return "retry"
    return "retry" if isinstance(error, OSError | InvalidMessage) else "give up"


# %% wrong: every 5xx may pass
# breaks: after any other status
# finding: the status is 501
def classify(url):
    error = receive(url)
    if isinstance(error, ConnectionClosed):
        return verdict(code_of(error))
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        return "retry" if status == 429 or status >= 500 else "give up"
    return "retry" if isinstance(error, OSError | InvalidMessage) else "give up"


# %% wrong: a handshake that is refused will not pass
# breaks: after the statuses 429, 500, 502, 503 and 504
def classify(url):
    error = receive(url)
    if isinstance(error, ConnectionClosed):
        return verdict(code_of(error))
    if isinstance(error, InvalidStatus):
        return "give up"
    return "retry" if isinstance(error, OSError | InvalidMessage) else "give up"


# %% wrong: 429 will not pass
# breaks: after the statuses 429, 500, 502, 503 and 504
# finding: the status is 429
def classify(url):
    error = receive(url)
    if isinstance(error, ConnectionClosed):
        return verdict(code_of(error))
    if isinstance(error, InvalidStatus):
        return "retry" if error.response.status_code in {500, 502, 503, 504} else "give up"
    return "retry" if isinstance(error, OSError | InvalidMessage) else "give up"


# %% wrong: the statuses are texts
# breaks: after the statuses 429, 500, 502, 503 and 504
def classify(url):
    error = receive(url)
    if isinstance(error, ConnectionClosed):
        return verdict(code_of(error))
    if isinstance(error, InvalidStatus):
        return "retry" if str(error.response.status_code) in STATUSES else "give up"
    return "retry" if isinstance(error, OSError | InvalidMessage) else "give up"


# %% wrong: what the network raises is not caught
# breaks: if the network fails, even in the middle of the handshake
# finding: raised ConnectionRefusedError
def classify(url):
    try:
        with connect(url) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed as closed:
        return verdict(code_of(closed))
    except InvalidStatus as refused:
        return "retry" if refused.response.status_code in STATUSES else "give up"
    except InvalidMessage:
        return "retry"
    except InvalidHandshake:
        return "give up"


# %% wrong: a handshake that is cut off is not caught
# breaks first: if the network fails, even in the middle of the handshake
# finding: raised InvalidMessage
def classify(url):
    try:
        with connect(url) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed as closed:
        return verdict(code_of(closed))
    except InvalidStatus as refused:
        return "retry" if refused.response.status_code in STATUSES else "give up"
    except OSError:
        return "retry"


# %% wrong: a handshake that is cut off will not pass
# breaks: if the network fails, even in the middle of the handshake
# finding: no answer to the handshake
def classify(url):
    error = receive(url)
    if isinstance(error, ConnectionClosed):
        return verdict(code_of(error))
    if isinstance(error, InvalidStatus):
        return "retry" if error.response.status_code in STATUSES else "give up"
    return "retry" if isinstance(error, OSError) else "give up"


# %% wrong: whoever does not listen will not pass
# breaks: if the network fails, even in the middle of the handshake
# finding: nobody listens
def classify(url):
    error = receive(url)
    if isinstance(error, ConnectionClosed):
        return verdict(code_of(error))
    if isinstance(error, InvalidStatus):
        return "retry" if error.response.status_code in STATUSES else "give up"
    return "retry" if isinstance(error, InvalidMessage) else "give up"


# %% wrong: after its own CLOSE the code is 1006
# breaks: whichever side closed
# finding: the client has closed with 1009: 'give up' is right then
def classify(url):
    try:
        with connect(url) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed:
        return verdict(ws.close_code)
    except InvalidStatus as refused:
        return "retry" if refused.response.status_code in STATUSES else "give up"
    except (OSError, InvalidMessage):
        return "retry"
    except InvalidHandshake:
        return "give up"


# %% wrong: its own CLOSE is not looked at
# breaks: whichever side closed
def classify(url):
    error = receive(url)
    if isinstance(error, ConnectionClosed):
        return verdict(error.rcvd.code if error.rcvd else 1006)
    if isinstance(error, InvalidStatus):
        return "retry" if error.response.status_code in STATUSES else "give up"
    return "retry" if isinstance(error, OSError | InvalidMessage) else "give up"


# %% wrong: its own CLOSE is not there
# breaks: whichever side closed
# finding: raised AttributeError
def classify(url):
    error = receive(url)
    if isinstance(error, ConnectionClosed):
        lost = not (error.rcvd or error.sent)
        return verdict(1006 if lost else error.rcvd.code)
    if isinstance(error, InvalidStatus):
        return "retry" if error.response.status_code in STATUSES else "give up"
    return "retry" if isinstance(error, OSError | InvalidMessage) else "give up"


# %% wrong: whatever goes wrong in the handshake may pass
# breaks: if the answer to the handshake is wrong, such as one to another key
def classify(url):
    error = receive(url)
    if isinstance(error, ConnectionClosed):
        return verdict(code_of(error))
    if isinstance(error, InvalidStatus):
        return "retry" if error.response.status_code in STATUSES else "give up"
    return "retry"


# %% wrong: a wrong key raises
# breaks: if the answer to the handshake is wrong, such as one to another key
def classify(url):
    try:
        with connect(url) as ws:
            while True:
                ws.recv(timeout=5)
    except ConnectionClosed as closed:
        return verdict(code_of(closed))
    except InvalidStatus as refused:
        return "retry" if refused.response.status_code in STATUSES else "give up"
    except (OSError, InvalidMessage):
        return "retry"


# %% wrong: one message only
# breaks: receives until the end
def classify(url):
    try:
        with connect(url) as ws:
            ws.recv(timeout=5)
        return "ok"
    except (OSError, WebSocketException) as error:
        if isinstance(error, ConnectionClosed):
            return verdict(code_of(error))
        if isinstance(error, InvalidStatus):
            return "retry" if error.response.status_code in STATUSES else "give up"
        return "retry" if isinstance(error, OSError | InvalidMessage) else "give up"


# %% wrong: an empty message is taken for the end
# breaks: receives until the end
def classify(url):
    try:
        with connect(url) as ws:
            while ws.recv(timeout=5):
                pass
        return "ok"
    except (OSError, WebSocketException) as error:
        if isinstance(error, ConnectionClosed):
            return verdict(code_of(error))
        if isinstance(error, InvalidStatus):
            return "retry" if error.response.status_code in STATUSES else "give up"
        return "retry" if isinstance(error, OSError | InvalidMessage) else "give up"


# %% wrong: it closes by itself
# breaks first: `"ok"` if the server closed with 1000
def classify(url):
    with connect(url) as ws:
        ws.close()
    return {1000: "give up"}.get(ws.close_code, "retry")


# %% wrong: it does not receive, and waits for ever
# breaks first: `"ok"` if the server closed with 1000
# finding: did not end
async def classify(url):
    async with connect_async(url):
        await asyncio.sleep(3600)


# %% wrong: a proper end is not caught
# breaks: `"ok"` if the server closed with 1000
# finding: raised ConnectionClosedOK
def classify(url):
    error = receive(url)
    if isinstance(error, ConnectionClosedOK) and error.rcvd.code == 1000:
        raise error
    if isinstance(error, ConnectionClosed):
        return verdict(code_of(error))
    if isinstance(error, InvalidStatus):
        return "retry" if error.response.status_code in STATUSES else "give up"
    return "retry" if isinstance(error, OSError | InvalidMessage) else "give up"


# %% wrong: "OK" in capital letters
# breaks first: `"ok"` if the server closed with 1000
def classify(url):
    error = receive(url)
    if isinstance(error, ConnectionClosed):
        return {"ok": "OK"}.get(verdict(code_of(error)), verdict(code_of(error)))
    if isinstance(error, InvalidStatus):
        return "retry" if error.response.status_code in STATUSES else "give up"
    return "retry" if isinstance(error, OSError | InvalidMessage) else "give up"


# %% wrong: any end without an error is ok
# breaks first: after the close codes 1001, 1006 and 1011 to 1014
def classify(url):
    error = receive(url)
    if isinstance(error, ConnectionClosedOK):
        return "ok"
    if isinstance(error, ConnectionClosed):
        return verdict(code_of(error))
    if isinstance(error, InvalidStatus):
        return "retry" if error.response.status_code in STATUSES else "give up"
    return "retry" if isinstance(error, OSError | InvalidMessage) else "give up"


# %% wrong: every exception is swallowed
# breaks first: `"ok"` if the server closed with 1000
def classify(url):
    with contextlib.suppress(Exception):
        receive(url)
