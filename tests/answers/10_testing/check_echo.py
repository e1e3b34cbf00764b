"""Answers to exercise 10.1, “A test that finds something”."""

import asyncio
import secrets

from websockets.asyncio.client import connect as connect_async
from websockets.sync.client import connect

import wslab

MIXED = ["hello", b"hello", "Grüße", b"\x00bye"]


# %% right: async, a message at a time
async def check_echo(url):
    async with asyncio.timeout(0.7), connect_async(url, close_timeout=0.2) as ws:
        for message in ("one", "two", b"three", b"four"):
            await ws.send(message)
            reply = await ws.recv()
            assert reply == message
            assert type(reply) is type(message)


# %% right: blocking, with a timeout for each
def check_echo(url):
    with connect(url, close_timeout=0.2) as ws:
        for message in MIXED:
            ws.send(message)
        for message in MIXED:
            assert ws.recv(timeout=0.5) == message


# %% right: by chance
def check_echo(url):
    messages = [secrets.token_hex(4), secrets.token_bytes(4), secrets.token_hex(4), b"x", "y", b"z"]
    replies = wslab.talk(url, *messages, timeout=0.5)
    if replies != messages:
        raise ValueError(f"sent {messages}, got {replies}")


# %% right: twenty of each
def check_echo(url):
    messages = [f"text {n}" for n in range(20)] + [b"bytes %d" % n for n in range(20)]
    assert wslab.talk(url, *messages, timeout=0.7) == messages


# %% wrong: nothing is asserted
# breaks first: text comes back as the same text
def check_echo(url):
    wslab.talk(url, *MIXED, timeout=0.5)


# %% wrong: it returns False
# breaks first: text comes back as the same text
# finding: the test passes
def check_echo(url):
    return wslab.talk(url, *MIXED, timeout=0.5) == MIXED


# %% wrong: text only
# breaks: binary as the same bytes
def check_echo(url):
    assert wslab.talk(url, "hello", "bye", timeout=0.5) == ["hello", "bye"]


# %% wrong: bytes only
# breaks: text comes back as the same text
def check_echo(url):
    assert wslab.talk(url, b"hello", b"bye", timeout=0.5) == [b"hello", b"bye"]


# %% wrong: the text is compared without its capitals
# breaks: text comes back as the same text
def check_echo(url):
    messages = ["hello", b"hello", "bye", b"\x00bye"]
    replies = wslab.talk(url, *messages, timeout=0.5)
    assert [r.lower() if isinstance(r, str) else r for r in replies] == messages


# %% wrong: a connection for each message
# breaks: for more than one message
def check_echo(url):
    for message in MIXED:
        assert wslab.talk(url, message, timeout=0.5) == [message]


# %% wrong: the same messages twice
# breaks: for more than one message
def check_echo(url):
    messages = ["Hi", b"Hi", "Hi", b"Hi"]
    assert wslab.talk(url, *messages, timeout=0.5) == messages


# %% wrong: it waits for ever
# breaks: It is done within a second, also when the server never answers
def check_echo(url):
    with connect(url, close_timeout=0.2) as ws:
        for message in MIXED:
            ws.send(message)
            assert ws.recv() == message


# %% wrong: no answer is good news
# breaks: It is done within a second, also when the server never answers
# finding: the test passes
def check_echo(url):
    with connect(url, close_timeout=0.2) as ws:
        for message in MIXED:
            ws.send(message)
            try:
                reply = ws.recv(timeout=0.05 if message == "hello" else 0.3)
            except TimeoutError:
                return
            assert reply == message


# %% wrong: a string is no list
# breaks: it returns if
def check_echo(url):
    assert wslab.talk(url, "hello", timeout=0.5) == "hello"


# %% wrong: it is in a hurry
# breaks: it returns if
def check_echo(url):
    assert wslab.talk(url, *MIXED, timeout=0.03) == MIXED
