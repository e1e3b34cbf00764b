"""Answers to exercise 10.2, “Wait, however long it takes”."""

import asyncio
import threading
import time


def close_of(server, number):
    return server.transcript.filter(connection=number, sender="client", kind="close")


# %% right: a condition of one's own
async def close_code(server, number):
    def is_it(record):
        return (record.connection, record.kind, record.sender) == (number, "close", "client")

    record = await asyncio.to_thread(server.transcript.wait, where=is_it)
    return record.close_code


# %% right: short waits, again and again; the payload's first two bytes
class CloseCode:
    def __call__(self, server, number):
        while True:
            try:
                record = server.transcript.wait(
                    connection=number, kind="close", sender="client", timeout=0.5
                )
            except TimeoutError:
                continue
            return int.from_bytes(record.payload[:2], "big")


close_code = CloseCode()


# %% right: it polls, and awaits
async def close_code(server, number):
    for _ in range(150):
        for record in close_of(server, number):
            return record.close_code
        await asyncio.sleep(0.02)
    raise TimeoutError


# %% right: it polls, blocking
def close_code(server, number):
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        for record in server.transcript:
            if (record.kind, record.connection, record.sender) == ("close", number, "client"):
                return record.close_code
        threading.Event().wait(0.02)
    raise TimeoutError


# %% wrong: wait for the server's CLOSE, then look
# breaks: Return the close code that it sent, an `int`
def close_code(server, number):
    server.transcript.wait(connection=number, sender="server", kind="close")
    return close_of(server, number)[0].close_code


# %% wrong: the CLOSE of either side
# breaks: Return the close code that it sent, an `int`
def close_code(server, number):
    return server.transcript.wait(connection=number, kind="close").close_code


# %% wrong: half a second is enough
# breaks: or may not even be connected yet
def close_code(server, number):
    found = server.transcript.wait(connection=number, sender="client", kind="close", timeout=0.5)
    return found.close_code


# %% wrong: it looks twice a second
# breaks: as soon as it is there, a tenth of a second later at most
def close_code(server, number):
    while not (found := close_of(server, number)):
        time.sleep(0.5)
    return found[0].close_code


# %% wrong: it looks, and does not wait
# breaks first: Return the close code that it sent, an `int`
def close_code(server, number):
    return close_of(server, number)[0].close_code


# %% wrong: it waits for the handshake only
# breaks first: Return the close code that it sent, an `int`
def close_code(server, number):
    server.transcript.wait(connection=number, kind="handshake")
    return close_of(server, number)[0].close_code


# %% wrong: a second, then it looks
# breaks: as soon as it is there, a tenth of a second later at most
def close_code(server, number):
    time.sleep(1)
    return close_of(server, number)[0].close_code


# %% wrong: whoever leaves first
# breaks: the client of connection `number`
def close_code(server, number):
    return server.transcript.wait(sender="client", kind="close").close_code


# %% wrong: the first connection, whatever is asked
# breaks: the client of connection `number`
def close_code(server, number):
    return server.transcript.wait(connection=1, sender="client", kind="close").close_code


# %% wrong: only what comes from now on
# breaks first: Return the close code that it sent, an `int`
async def close_code(server, number):
    before = len(server.transcript)
    async with asyncio.timeout(0.4):
        while True:
            for record in server.transcript[before:]:
                if record.kind == "close" and record.connection == number:
                    return record.close_code
            await asyncio.sleep(0.01)


# %% wrong: what has come is forgotten, unless two have
# breaks: it may have left already
def close_code(server, number):
    if close_of(server, number) and not close_of(server, 2):
        return None
    return server.transcript.wait(connection=number, sender="client", kind="close").close_code


# %% wrong: the frame instead of its code
# breaks first: Return the close code that it sent, an `int`
def close_code(server, number):
    return server.transcript.wait(connection=number, sender="client", kind="close")


# %% wrong: a text
# breaks first: Return the close code that it sent, an `int`
def close_code(server, number):
    found = server.transcript.wait(connection=number, sender="client", kind="close")
    return str(found.close_code)


# %% wrong: nothing is returned
# breaks first: Return the close code that it sent, an `int`
def close_code(server, number):
    server.transcript.wait(connection=number, kind="binary", timeout=0.2)


# %% wrong: there is no such kind
# breaks first: Return the close code that it sent, an `int`
async def close_code(server, number):
    while True:
        for record in server.transcript:
            if record.kind == "closed" and record.connection == number:
                return record.close_code
        await asyncio.sleep(0.01)
