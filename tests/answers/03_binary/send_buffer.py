"""Answers to exercise 3.1, “A buffer and its first byte”."""

import struct

from websockets.asyncio.client import connect as connect_async
from websockets.sync.client import connect


def send(url, message):
    with connect(url) as ws:
        ws.send(message)


# %% right: async
async def send_buffer(url, size, first):
    async with connect_async(url) as ws:
        await ws.send(bytes([first]) + bytes(size - 1))


# %% right: in two fragments
def send_buffer(url, size, first):
    print("sending", size, "bytes")
    send(url, [struct.pack("B", first), memoryview(b"\0" * (size - 1))])


# %% right: to_bytes and ljust
def send_buffer(url, size, first):
    send(url, first.to_bytes(1, "big").ljust(size, b"\0"))


# %% right: a number of so many bytes
def send_buffer(url, size, first):
    send(url, first.to_bytes(size, "little"))


# %% wrong: so many zeros as the first byte says
# breaks first: of `size` bytes
def send_buffer(url, size, first):
    send(url, bytes(first))


# %% wrong: all of them have the value
# breaks: all others are zero
def send_buffer(url, size, first):
    send(url, bytes([first] * size))


# %% wrong: the text of a list
# breaks: send one binary message
# finding: text
def send_buffer(url, size, first):
    send(url, str([first] + [0] * (size - 1)))


# %% wrong: a list of numbers
# breaks: send one binary message
# finding: TypeError
def send_buffer(url, size, first):
    send(url, [first] + [0] * (size - 1))


# %% wrong: characters
# breaks: send one binary message
def send_buffer(url, size, first):
    send(url, chr(first) + "\0" * (size - 1))


# %% wrong: two messages
# breaks: send one binary message
# finding: another number
def send_buffer(url, size, first):
    with connect(url) as ws:
        ws.send(bytes([first]))
        ws.send(bytes(size - 1))


# %% wrong: always eight bytes
# breaks: of `size` bytes
def send_buffer(url, size, first):
    send(url, bytes([first]) + bytes(7))


# %% wrong: one byte more
# breaks: of `size` bytes
def send_buffer(url, size, first):
    send(url, bytes([first]) + bytes(size))


# %% wrong: the first byte is always 42
# breaks: The first byte has the value `first`
def send_buffer(url, size, first):
    send(url, bytes([42]) + bytes(size - 1))


# %% wrong: the last byte
# breaks first: The first byte has the value `first`
def send_buffer(url, size, first):
    message = bytearray(size)
    message[-1] = first
    send(url, message)


# %% wrong: the value is a byte of seven bits
# breaks: The first byte has the value `first`
def send_buffer(url, size, first):
    send(url, bytes([first & 0x7F]) + bytes(size - 1))


# %% wrong: a zero is the digit
# breaks: all others are zero
def send_buffer(url, size, first):
    send(url, bytes([first]) + b"0" * (size - 1))


# %% wrong: the await is missing
# breaks: send one binary message
async def send_buffer(url, size, first):
    async with connect_async(url) as ws:
        sending = ws.send(bytes([first]) + bytes(size - 1))
        sending.close()
