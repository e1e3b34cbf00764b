"""Answers to exercise 3.4, “Take a frame apart”."""

import io
import itertools
import struct
import typing


def head(data):
    """FIN, opcode, whether it is masked, its length, and where the masking key or payload begins"""
    first, second = data[0], data[1]
    length, start = second & 127, 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(data[2:10], "big"), 10
    return bool(first & 128), first & 15, bool(second & 128), length, start


def unmask(payload, key):
    return bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))


# %% right: views and struct
def parse_frame(data):
    view = memoryview(data)
    print("first bytes:", data[:2].hex(" "))
    head, small = struct.unpack_from("!BB", view)
    view = view[2:]
    length = small % 128
    for marker, form in ((126, "!H"), (127, "!Q")):
        if small % 128 == marker:
            (length,) = struct.unpack_from(form, view)
            view = view[struct.calcsize(form) :]
    if small < 128:
        return [head >> 7, head & 15, view[:length], view[length:]]
    key, view = view[:4], view[4:]
    payload = bytearray(view[:length])
    for i in range(length):
        payload[i] ^= key[i & 3]
    return [head >> 7, head & 15, payload, view[length:]]


# %% right: async, and read() of a file
async def parse_frame(data):
    file = io.BytesIO(data)
    first, second = file.read(2)
    size = {126: 2, 127: 8}.get(second & 0x7F)
    length = int.from_bytes(file.read(size), "big") if size else second & 0x7F
    key = file.read(4) if second >> 7 else None
    payload = file.read(length)
    if key:
        payload = bytes(a ^ b for a, b in zip(payload, itertools.cycle(key), strict=False))
    return first >= 128, first & 0xF, payload, file.read()


# %% right: match, a named tuple, and XOR of one big number
class Parsed(typing.NamedTuple):
    fin: bool
    opcode: int
    payload: bytes
    rest: bytes


def parse_frame(data):
    first, second, *_ = data
    match second & 0b0111_1111:
        case 126:
            form = ">H"
        case 127:
            form = ">Q"
        case length:
            form = ""
    start = 2 + struct.calcsize(form)
    if form:
        [length] = struct.unpack(form, data[2:start])
    key = b"\0\0\0\0"
    if second & 0b1000_0000:
        key = data[start : start + 4]
        start += 4
    payload = data[start : start + length]
    mask = (key * (length // 4 + 1))[:length]
    number = int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")
    payload = number.to_bytes(length, "big")
    return Parsed(bool(first & 0b1000_0000), first & 0b1111, payload, data[start + length :])


# %% right: bits as text
def parse_frame(data):
    bits = f"{data[0]:08b}{data[1]:08b}"
    data, length = data[2:], int(bits[9:], 2)
    if length > 125:
        size = 2 if length == 126 else 8
        length, data = int(data[:size].hex(), 16), data[size:]
    key = []
    if bits[8] == "1":
        key, data = list(data[:4]), data[4:]
    payload, rest = bytearray(data[:length]), data[length:]
    for place, mask in enumerate(key):
        payload[place::4] = bytes(byte ^ mask for byte in payload[place::4])
    return bits[0] == "1", int(bits[4:8], 2), bytes(payload), rest
