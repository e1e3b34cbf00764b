"""Answers to exercise 10.2, “Wait, however long it takes”."""

import asyncio
import threading
import time


def close_of(server, number):
    return server.transcript.filter(connection=number, sender="client", kind="close")


# %% right: a condition of one's own
async def close_code(server, number):
    def is_it(record):
        return record.connection == number and record.kind == "close"

    record = await asyncio.to_thread(server.transcript.wait, sender="client", where=is_it)
    return record.close_code


# %% right: wait for the server's CLOSE, then look
def close_code(server, number):
    server.transcript.wait(connection=number, sender="server", kind="close")
    return close_of(server, number)[0].close_code


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
            if record.kind == "close" and record.connection == number:
                return record.close_code
        threading.Event().wait(0.02)
    raise TimeoutError


# %% wrong: it looks, and does not wait
# breaks: or may not even be connected yet
def close_code(server, number):
    return close_of(server, number)[0].close_code


# %% wrong: it waits for the handshake only
# breaks: or may not even be connected yet
def close_code(server, number):
    server.transcript.wait(connection=number, kind="handshake")
    return close_of(server, number)[0].close_code


# %% wrong: half a second, then it looks
# breaks: as soon as it is there, a tenth of a second later at most
def close_code(server, number):
    time.sleep(0.5)
    return close_of(server, number)[0].close_code


# %% wrong: whoever leaves first
# breaks first: it may have left already
def close_code(server, number):
    return server.transcript.wait(sender="client", kind="close").close_code


# %% wrong: the first connection, whatever is asked
# breaks: the client of connection `number`
def close_code(server, number):
    return server.transcript.wait(connection=1, sender="client", kind="close").close_code


# %% wrong: only what comes from now on
# breaks first: it may have left already
async def close_code(server, number):
    before = len(server.transcript)
    async with asyncio.timeout(0.4):
        while True:
            for record in server.transcript[before:]:
                if record.kind == "close" and record.connection == number:
                    return record.close_code
            await asyncio.sleep(0.01)


# %% wrong: what has come is forgotten, unless it is the second one's
# breaks: it may have left already
def close_code(server, number):
    if number == 1 and close_of(server, number):
        return None
    return server.transcript.wait(connection=number, sender="client", kind="close").close_code


# %% wrong: the frame instead of its code
# breaks first: it may have left already
def close_code(server, number):
    return server.transcript.wait(connection=number, sender="client", kind="close")


# %% wrong: a text
# breaks first: it may have left already
def close_code(server, number):
    found = server.transcript.wait(connection=number, sender="client", kind="close")
    return str(found.close_code)


# %% wrong: nothing is returned
# breaks first: it may have left already
def close_code(server, number):
    server.transcript.wait(connection=number, kind="binary", timeout=0.2)


# %% wrong: there is no such kind
# breaks first: it may have left already
async def close_code(server, number):
    while True:
        for record in server.transcript:
            if record.kind == "closed" and record.connection == number:
                return record.close_code
        await asyncio.sleep(0.01)
