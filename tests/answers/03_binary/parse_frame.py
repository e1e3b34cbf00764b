"""Answers to exercise 3.4, “Take a frame apart”."""

# %% right
import struct


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


# %% right
import io


async def parse_frame(data):
    file = io.BytesIO(data)
    first, second = file.read(2)
    size = {126: 2, 127: 8}.get(second & 0x7F)
    length = int.from_bytes(file.read(size), "big") if size else second & 0x7F
    key = file.read(4) if second >> 7 else None
    payload = file.read(length)
    if key:
        mask = key * (length // 4 + 1)
        payload = bytes(a ^ b for a, b in zip(payload, mask))  # noqa: B905
    return first >= 128, first & 0xF, payload, file.read()


# %% wrong
# finding: the payload should have 127 bytes, and it has 126
def parse_frame(data):
    first, second = data[:2]
    length = second & 127
    start = 2
    key = bytes(4)
    if second >> 7:
        key, start = data[2:6], 6
    end = start + length
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[start:end]))
    return bool(first >> 7), first & 15, payload, data[end:]


# %% wrong
# finding: the payload should have 127 bytes
def parse_frame(data):
    first, second = data[:2]
    length, start = second & 127, 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "little"), 4
    elif length == 127:
        length, start = int.from_bytes(data[2:10], "little"), 10
    key = bytes(4)
    if second >> 7:
        key, start = data[start : start + 4], start + 4
    end = start + length
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[start:end]))
    return bool(first >> 7), first & 15, payload, data[end:]


# %% wrong
# finding: the payload should have 65,536 bytes
def parse_frame(data):
    first, second = data[:2]
    length, start = second & 127, 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(data[2:6], "big"), 6
    key = bytes(4)
    if second >> 7:
        key, start = data[start : start + 4], start + 4
    end = start + length
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[start:end]))
    return bool(first >> 7), first & 15, payload, data[end:]


# %% wrong
# finding: the payload is still masked
def parse_frame(data):
    first, second = data[:2]
    length, start = second & 127, 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(data[2:10], "big"), 10
    if second >> 7:
        start += 4
    return bool(first >> 7), first & 15, data[start : start + length], data[start + length :]


# %% wrong
# finding: the payload should have 5 bytes
def parse_frame(data):
    first, second = data[:2]
    length, start = second & 127, 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(data[2:10], "big"), 10
    key = data[start : start + 4]
    start += 4
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[start : start + length]))
    return bool(first >> 7), first & 15, payload, data[start + length :]


# %% wrong
# finding: the payload should have 5 bytes, and it has 12
def parse_frame(data):
    first, second = data[:2]
    length, start = second & 127, 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(data[2:10], "big"), 10
    key = bytes(4)
    if second >> 7:
        key, start = data[start : start + 4], start + 4
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[start:]))
    return bool(first >> 7), first & 15, payload, b""


# %% wrong
# finding: the opcode is not the one of the frame
def parse_frame(data):
    first, second = data[:2]
    length, start = second & 127, 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(data[2:10], "big"), 10
    key = bytes(4)
    if second >> 7:
        key, start = data[start : start + 4], start + 4
    end = start + length
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[start:end]))
    return bool(first >> 7), first & 127, payload, data[end:]


# %% wrong
# finding: fin should be True for the last frame
def parse_frame(data):
    first, second = data[:2]
    length, start = second & 127, 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(data[2:10], "big"), 10
    key = bytes(4)
    if second >> 7:
        key, start = data[start : start + 4], start + 4
    end = start + length
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[start:end]))
    return True, first & 15, payload, data[end:]


# %% wrong
# finding: the rest should be what follows
def parse_frame(data):
    first, second = data[:2]
    length, start = second & 127, 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(data[2:10], "big"), 10
    key = bytes(4)
    if second >> 7:
        key, start = data[start : start + 4], start + 4
    end = start + length
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[start:end]))
    return bool(first >> 7), first & 15, payload, b""


# %% wrong
# finding: should be bytes
def parse_frame(data):
    first, second = data[:2]
    length, key = second & 127, data[2:6]
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[6 : 6 + length]))
    return bool(first >> 7), first & 15, payload.decode(), data[6 + length :]


# %% wrong
# finding: it should return four things
def parse_frame(data):
    first, second = data[:2]
    return bool(first >> 7), first & 15, data[2 : 2 + second & 127]


# %% wrong
# finding: did not end
def parse_frame(data):
    while data:
        pass
