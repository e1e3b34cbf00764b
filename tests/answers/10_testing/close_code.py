"""Answers to exercise 10.2, “Wait, however long it takes”."""

# %% right
import asyncio


async def close_code(server, number):
    def is_it(record):
        return record.connection == number and record.kind == "close"

    record = await asyncio.to_thread(server.transcript.wait, sender="client", where=is_it)
    return record.close_code


# %% wrong
# finding: for one that leaves later: it raised IndexError
def close_code(server, number):
    return server.transcript.filter(connection=number, kind="close")[0].close_code


# %% wrong
# finding: what client 1 sent as its close code should be returned
def close_code(server, number):
    return server.transcript.wait(sender="client", kind="close").close_code


# %% wrong
# finding: what client 2 sent as its close code should be returned
def close_code(server, number):
    return server.transcript.wait(connection=1, sender="client", kind="close").close_code


# %% wrong
# finding: for a client that has left already: it waited for something that never came
def close_code(server, number):
    server.transcript.wait(connection=number, kind="binary", timeout=0.2)


# %% wrong
# finding: for a client that has left already: it waited for something that never came
import asyncio


async def close_code(server, number):
    while True:
        for record in server.transcript:
            if record.kind == "closed" and record.connection == number:
                return record.close_code
        await asyncio.sleep(0.01)
