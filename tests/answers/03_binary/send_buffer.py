"""Answers to exercise 3.1, “A buffer and its first byte”."""

# %% right
from websockets.asyncio.client import connect


async def send_buffer(url, size, first):
    async with connect(url) as ws:
        await ws.send(bytes([first]) + bytes(size - 1))


# %% right
import struct

from websockets.sync.client import connect


def send_buffer(url, size, first):
    with connect(url) as ws:
        print("sending", size, "bytes")
        ws.send([struct.pack("B", first), memoryview(b"\0" * (size - 1))])


# %% wrong
# finding: the message has another size
from websockets.sync.client import connect


def send_buffer(url, size, first):
    message = bytes(first)
    with connect(url) as ws:
        ws.send(message)


# %% wrong
# finding: all bytes but the first should be zero
from websockets.sync.client import connect


def send_buffer(url, size, first):
    message = bytes([first] * size)
    with connect(url) as ws:
        ws.send(message)


# %% wrong
# finding: a text message
from websockets.sync.client import connect


def send_buffer(url, size, first):
    message = [first] + [0] * (size - 1)
    with connect(url) as ws:
        ws.send(str(message))


# %% wrong
# finding: raised TypeError
from websockets.sync.client import connect


def send_buffer(url, size, first):
    message = [first] + [0] * (size - 1)
    with connect(url) as ws:
        ws.send(message)


# %% wrong
# finding: exactly one message
from websockets.sync.client import connect


def send_buffer(url, size, first):
    with connect(url) as ws:
        ws.send(bytes([first]))
        ws.send(bytes(size - 1))


# %% wrong
# finding: the message has another size
from websockets.sync.client import connect


def send_buffer(url, size, first):
    message = bytearray(8)
    message[0] = 42
    with connect(url) as ws:
        ws.send(message)


# %% wrong
# finding: the first byte has another value
from websockets.sync.client import connect


def send_buffer(url, size, first):
    message = bytearray(size)
    message[-1] = first
    with connect(url) as ws:
        ws.send(message)
