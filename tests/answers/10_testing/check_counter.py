"""Answers to exercise 10.4, “Find all six”."""

import asyncio
import json
import time

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect

import wslab

MESSAGES = ["a", "", b"b", b"", "c"]


def counts(url, messages):
    return [json.loads(reply)["count"] for reply in wslab.talk(url, *messages, timeout=0.5)]


def objects(url, messages):
    return [json.loads(reply) for reply in wslab.talk(url, *messages, timeout=0.5)]


def expected(count):
    return [{"count": n} for n in range(1, count + 1)]


# %% right: two clients at the same time
async def check_counter(url):
    async with asyncio.timeout(0.7), connect(url) as ada, connect(url) as grace:
        for count, message in enumerate(["", b"", "x", b"y", "z"], 1):
            for client in (ada, grace):
                await client.send(message)
                assert json.loads(await client.recv()) == {"count": count}


# %% right: one after the other
def check_counter(url):
    for _ in range(2):
        assert objects(url, MESSAGES) == expected(5)


# %% right: forty-three messages
def check_counter(url):
    messages = [*MESSAGES, *"x" * 38]
    assert objects(url, messages) == expected(43)
    assert objects(url, "y") == expected(1)


# %% right: a property
def check_counter(url):
    @settings(max_examples=5, deadline=None, database=None, phases=[Phase.generate])
    @given(st.lists(st.text(max_size=3) | st.binary(max_size=3), max_size=5))
    def count(messages):
        everything = [*MESSAGES, *messages]
        replies = wslab.talk(url, *everything, timeout=0.2)
        assert [json.loads(reply) for reply in replies] == expected(len(everything))

    count()


# %% wrong: whatever the first number is
# breaks: how many messages
def check_counter(url):
    for start in (None, None):
        found = counts(url, MESSAGES)
        start = found[0]
        assert start <= 1
        assert found == list(range(start, start + 5))


# %% wrong: one client
# breaks: *this* client
def check_counter(url):
    assert objects(url, MESSAGES) == expected(5)


# %% wrong: no bytes
# breaks: text or binary
def check_counter(url):
    for _ in range(2):
        assert objects(url, [*"abcde", "", b""]) == expected(7)


# %% wrong: nothing empty
# breaks: empty or not
def check_counter(url):
    for _ in range(2):
        assert objects(url, [*"abcd", b"e"]) == expected(5)


# %% wrong: three messages
# breaks: each message of a client
def check_counter(url):
    for _ in range(2):
        assert objects(url, ["", b"b", "c"]) == expected(3)


# %% wrong: any digits
# breaks: text `{"count": N}`
def check_counter(url):
    for _ in range(2):
        replies = wslab.talk(url, *MESSAGES, timeout=0.5)
        assert [int("".join(filter(str.isdigit, reply))) for reply in replies] == [1, 2, 3, 4, 5]


# %% wrong: plain numbers are expected
# breaks first: It returns if the server is right
def check_counter(url):
    assert wslab.talk(url, "a", "b", timeout=0.5) == ["1", "2"]


# %% wrong: no patience
# breaks: It returns if the server is right
def check_counter(url):
    for _ in range(2):
        began = time.perf_counter()
        assert objects(url, MESSAGES) == expected(5)
        assert time.perf_counter() - began < 0.04


# %% wrong: it waits for ever
# breaks: within a second
async def check_counter(url):
    for _ in range(2):
        async with connect(url, close_timeout=0.2) as ws:
            for count, message in enumerate(MESSAGES, 1):
                await ws.send(message)
                assert json.loads(await ws.recv()) == {"count": count}


# %% wrong: nothing is asserted
# breaks first: text `{"count": N}`
def check_counter(url):
    wslab.talk(url, *MESSAGES, timeout=0.5)
