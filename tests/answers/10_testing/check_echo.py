"""Answers to exercise 10.1, “A test that finds something”."""

# %% right
import asyncio

from websockets.asyncio.client import connect


async def check_echo(url):
    async with asyncio.timeout(1.5), connect(url, close_timeout=0.2) as ws:
        for message in ("one", "two", b"three", b""):
            await ws.send(message)
            reply = await ws.recv()
            assert reply == message and type(reply) is type(message)  # noqa: PT018


# %% wrong
# finding: the test passes, but the server answers in capital letters
import wslab


def check_echo(url):
    wslab.talk(url, "hello", b"hello", "bye", timeout=1)


# %% wrong
# finding: the test passes, but the server makes text of binary messages
import wslab


def check_echo(url):
    assert wslab.talk(url, "hello", "bye", timeout=1) == ["hello", "bye"]


# %% wrong
# finding: the test passes, but the server makes binary messages of text
import wslab


def check_echo(url):
    assert wslab.talk(url, b"hello", b"bye", timeout=1) == [b"hello", b"bye"]


# %% wrong
# finding: the test passes, but the server answers the first message only
import wslab


def check_echo(url):
    for message in ("hello", b"hello"):
        assert wslab.talk(url, message, timeout=1) == [message]


# %% wrong
# finding: the test passes, but the server repeats the first answer
import wslab


def check_echo(url):
    messages = ["hello", b"hello", "hello", b"hello"]
    assert wslab.talk(url, *messages, timeout=1) == messages


# %% wrong
# finding: never answers: it did not end within
from websockets.sync.client import connect


def check_echo(url):
    with connect(url, close_timeout=0.2) as ws:
        for message in ("one", "two", b"three", b"four"):
            ws.send(message)
            assert ws.recv() == message


# %% wrong
# finding: with a correct server, which answers at once: it raised AssertionError
import wslab


def check_echo(url):
    assert wslab.talk(url, "hello", timeout=1) == "hello"
