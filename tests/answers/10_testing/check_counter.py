"""Answers to exercise 10.4, “Find all six”."""

# %% right
import asyncio
import json

from websockets.asyncio.client import connect


async def check_counter(url):
    async with asyncio.timeout(1.8), connect(url) as ada, connect(url) as grace:
        for count, message in enumerate(["", b"", "x", b"y", "z"], 1):
            for client in (ada, grace):
                await client.send(message)
                assert json.loads(await client.recv()) == {"count": count}


# %% wrong
# finding: the test passes, but the server counts from 0
import json

import wslab


def check_counter(url):
    replies = wslab.talk(url, "a", "b", "", b"", "e", timeout=1)
    counts = [json.loads(reply)["count"] for reply in replies]
    assert counts == list(range(counts[0], counts[0] + 5))


# %% wrong
# finding: the test passes, but the server counts the messages of all clients together
import json

import wslab


def check_counter(url):
    replies = wslab.talk(url, "a", "", b"b", b"", "c", timeout=1)
    assert [json.loads(reply) for reply in replies] == [{"count": n} for n in range(1, 6)]


# %% wrong
# finding: the test passes, but the server does not count binary messages
import json

import wslab


def check_counter(url):
    for _ in range(2):
        replies = wslab.talk(url, *"abcde", "", timeout=1)
        assert [json.loads(reply) for reply in replies] == [{"count": n} for n in range(1, 7)]


# %% wrong
# finding: the test passes, but the server does not count empty messages
import json

import wslab


def check_counter(url):
    for _ in range(2):
        replies = wslab.talk(url, *"abcd", b"e", timeout=1)
        assert [json.loads(reply) for reply in replies] == [{"count": n} for n in range(1, 6)]


# %% wrong
# finding: the test passes, but the server counts to 3 and no further
import json

import wslab


def check_counter(url):
    for _ in range(2):
        replies = wslab.talk(url, "", b"", b"c", timeout=1)
        assert [json.loads(reply) for reply in replies] == [{"count": n} for n in range(1, 4)]


# %% wrong
# finding: with a correct server, which answers at once: it raised AssertionError
import wslab


def check_counter(url):
    assert wslab.talk(url, "a", "b", timeout=1) == ["1", "2"]
