"""Answers to exercise 1.2, “Receive until the end”."""

from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.sync.client import connect


# %% right: async, with the exception's own CLOSE frame
async def collect(url):
    messages = []
    async with connect_async(url) as ws:
        try:
            async for message in ws:
                messages.append(message)
        except ConnectionClosedError as error:
            return messages, error.rcvd.code, error.rcvd.reason
    return [messages, ws.close_code, ws.close_reason]


# %% right: a loop in try
def collect(url):
    messages = []
    with connect(url) as ws:
        try:
            for message in ws:
                messages.append(message)
        except ConnectionClosed:
            pass
        return messages, ws.close_code, ws.close_reason


# %% right: match
def collect(url):
    messages = []
    with connect(url) as ws:
        while True:
            try:
                messages += [ws.recv()]
            except ConnectionClosed as closed:
                match closed.rcvd:
                    case None:
                        return messages, 1006, ""
                    case frame:
                        return messages, frame.code, frame.reason


# %% wrong: three messages only, whatever comes
# breaks first: receives messages until the server closes the connection
def collect(url):
    with connect(url) as ws:
        return [ws.recv(), ws.recv()], ws.close_code, ws.close_reason


# %% wrong: it takes a short silence for the end
# breaks: receives messages until the server closes the connection
# finding: it stopped before
def collect(url):
    messages = []
    with connect(url) as ws:
        try:
            while True:
                messages.append(ws.recv(timeout=0.05))
        except (ConnectionClosed, TimeoutError):
            pass
    return messages, ws.close_code, ws.close_reason


# %% wrong: it never ends
# breaks first: receives messages until the server closes the connection
# finding: did not end
def collect(url):
    while True:
        pass


# %% wrong: async for without async with
# breaks first: receives messages until the server closes the connection
def collect(url):
    messages = []
    with connect_async(url) as ws:
        for message in ws:
            messages.append(message)
    return messages, ws.close_code, ws.close_reason


# %% wrong: nothing is returned
# breaks: returns `(messages, code, reason)`
# finding: it returned nothing
def collect(url):
    messages = []
    with connect(url) as ws:
        try:
            for message in ws:
                messages.append(message)
        except ConnectionClosed:
            pass


# %% wrong: a dict
# breaks: returns `(messages, code, reason)`
def collect(url):
    messages = []
    with connect(url) as ws:
        try:
            for message in ws:
                messages.append(message)
        except ConnectionClosed:
            pass
    return {"messages": messages, "code": ws.close_code, "reason": ws.close_reason}


# %% wrong: only the messages
# breaks: returns `(messages, code, reason)`
def collect(url):
    messages = []
    with connect(url) as ws:
        try:
            for message in ws:
                messages.append(message)
        except ConnectionClosed:
            pass
    return messages


# %% wrong: a set
# breaks: the list of messages in their order
def collect(url):
    messages = set()
    with connect(url) as ws:
        try:
            while True:
                messages.add(ws.recv())
        except ConnectionClosed:
            pass
    return sorted(messages, key=str), ws.close_code, ws.close_reason


# %% wrong: the last one first
# breaks: the list of messages in their order
# finding: in another order
def collect(url):
    messages = []
    with connect(url) as ws:
        try:
            while True:
                messages.insert(0, ws.recv())
        except ConnectionClosed:
            pass
    return messages, ws.close_code, ws.close_reason


# %% wrong: an empty message is taken for the end
# breaks: the list of messages in their order
def collect(url):
    messages = []
    with connect(url) as ws:
        try:
            while message := ws.recv():
                messages.append(message)
        except ConnectionClosed:
            pass
    return messages, ws.close_code, ws.close_reason


# %% wrong: the same message twice is one
# breaks: the list of messages in their order
def collect(url):
    messages = []
    with connect(url) as ws:
        try:
            while True:
                if (message := ws.recv()) not in messages:
                    messages.append(message)
        except ConnectionClosed:
            pass
    return messages, ws.close_code, ws.close_reason


# %% wrong: 1000 always
# breaks first: the close code
def collect(url):
    messages = []
    with connect(url) as ws:
        try:
            while True:
                messages.append(ws.recv())
        except ConnectionClosed:
            pass
    return messages, 1000, ws.close_reason


# %% wrong: going away is taken for a normal end
# breaks: the close code
def collect(url):
    messages = []
    with connect(url) as ws:
        try:
            for message in ws:
                messages.append(message)
        except ConnectionClosed as closed:
            return messages, closed.rcvd.code, closed.rcvd.reason
    return messages, 1000, ws.close_reason


# %% wrong: the code as text
# breaks first: the close code
def collect(url):
    messages = []
    with connect(url) as ws:
        try:
            for message in ws:
                messages.append(message)
        except ConnectionClosed:
            pass
    return messages, str(ws.close_code), ws.close_reason


# %% wrong: None for an empty reason
# breaks: and the reason
def collect(url):
    messages = []
    with connect(url) as ws:
        try:
            for message in ws:
                messages.append(message)
        except ConnectionClosed:
            pass
    return messages, ws.close_code, ws.close_reason or None


# %% wrong: the exception instead of the reason
# breaks first: and the reason
def collect(url):
    messages = []
    with connect(url) as ws:
        try:
            while True:
                messages.append(ws.recv())
        except ConnectionClosed as closed:
            return messages, closed.rcvd.code, str(closed)


# %% wrong: a loop without try
# breaks: The server may close with any code.
# finding: ConnectionClosedError
def collect(url):
    with connect(url) as ws:
        messages = [message for message in ws]
    return messages, ws.close_code, ws.close_reason


# %% wrong: what came is lost with another code
# breaks: The server may close with any code.
# finding: is lost
def collect(url):
    with connect(url) as ws:
        try:
            messages = list(ws)
        except ConnectionClosed:
            messages = []
    return messages, ws.close_code, ws.close_reason
