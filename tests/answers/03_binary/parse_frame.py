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


# %% wrong: the rest is missing
# breaks: Return `(fin, opcode, payload, rest)`
# finding: it returns 3 thing(s)
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    start += 4 * masked
    return fin, opcode, unmask(data[start : start + length], key)


# %% wrong: a dict
# breaks: Return `(fin, opcode, payload, rest)`
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    payload = unmask(data[end - length : end], key)
    return {"fin": fin, "opcode": opcode, "payload": payload, "rest": data[end:]}


# %% wrong: whether it is masked, too
# breaks: Return `(fin, opcode, payload, rest)`
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    return fin, opcode, masked, unmask(data[end - length : end], key), data[end:]


# %% wrong: it is printed
# breaks: Return `(fin, opcode, payload, rest)`
# finding: it returns nothing
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    print(fin, opcode, unmask(data[end - length : end], key), data[end:])


# %% wrong: a list of frames
# breaks first: Return `(fin, opcode, payload, rest)`
def parse_frame(data):
    frames = []
    while data:
        fin, opcode, masked, length, start = head(data)
        key = data[start : start + 4] if masked else bytes(4)
        end = start + 4 * masked + length
        frames.append((fin, opcode, unmask(data[end - length : end], key)))
        data = data[end:]
    return frames


# %% wrong: always the last frame
# breaks: `True` or `False`
def parse_frame(data):
    _, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    rsv = data[0] & 0b0111_0000
    fin = data[0] > 127 if rsv else True
    return fin, opcode, unmask(data[end - length : end], key), data[end:]


# %% wrong: the bit at its place
# breaks first: `True` or `False`
def parse_frame(data):
    _, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    return data[0] & 128, opcode, unmask(data[end - length : end], key), data[end:]


# %% wrong: what begins with a continuation is not the last one
# breaks: `True` or `False`
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    fin = fin and opcode != 0
    return fin, opcode, unmask(data[end - length : end], key), data[end:]


# %% wrong: opcode before fin
# breaks first: `True` or `False`
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    return opcode, fin, unmask(data[end - length : end], key), data[end:]


# %% wrong: three bits for the opcode
# breaks: a number
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    return fin, opcode & 0b111, unmask(data[end - length : end], key), data[end:]


# %% wrong: FIN is in the opcode
# breaks first: a number
def parse_frame(data):
    fin, _, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    return fin, data[0], unmask(data[end - length : end], key), data[end:]


# %% wrong: the opcode in words
# breaks first: a number
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    names = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}
    return fin, names[opcode], unmask(data[end - length : end], key), data[end:]


# %% wrong: the payload is text
# breaks first: the payload as bytes
# finding: the payload is no bytes
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    payload = unmask(data[end - length : end], key)
    return fin, opcode, payload.decode("latin-1"), data[end:]


# %% wrong: the payload is text in a text frame
# breaks first: the payload as bytes
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    payload = unmask(data[end - length : end], key)
    return fin, opcode, payload.decode() if opcode == 1 else payload, data[end:]


# %% wrong: an empty payload is None
# breaks: the payload as bytes
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    payload = unmask(data[end - length : end], key)
    return fin, opcode, payload or None, data[end:]


# %% wrong: a list of numbers
# breaks first: the payload as bytes
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    return fin, opcode, list(unmask(data[end - length : end], key)), data[end:]


# %% wrong: one byte too many
# breaks first: The bytes `data` begin with one whole frame
# finding: the payload has 125 bytes, and 126 were taken
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    return fin, opcode, unmask(data[end - length : end + 1], key), data[end:]


# %% wrong: 126 is a length
# breaks first: The bytes `data` begin with one whole frame
# finding: the payload has 127 bytes, and 126 were taken: 126 is no length
def parse_frame(data):
    first, second = data[:2]
    length, start, key = second & 127, 2, bytes(4)
    if second >> 7:
        key, start = data[2:6], 6
    end = start + length
    return bool(first >> 7), first & 15, unmask(data[start:end], key), data[end:]


# %% wrong: the length is little-endian
# breaks first: The bytes `data` begin with one whole frame
# finding: network byte order
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
    return bool(first >> 7), first & 15, unmask(data[start:end], key), data[end:]


# %% wrong: a long length of four bytes
# breaks first: The bytes `data` begin with one whole frame
# finding: after 127 the length is in 8 bytes
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
    return bool(first >> 7), first & 15, unmask(data[start:end], key), data[end:]


# %% wrong: no long lengths
# breaks first: The bytes `data` begin with one whole frame
# finding: 65,536 bytes, and 127 were taken: 127 is no length
def parse_frame(data):
    first, second = data[:2]
    length, start = second & 127, 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 4
    key = bytes(4)
    if second >> 7:
        key, start = data[start : start + 4], start + 4
    end = start + length
    return bool(first >> 7), first & 15, unmask(data[start:end], key), data[end:]


# %% wrong: a long length loses its upper bytes
# breaks first: The bytes `data` begin with one whole frame
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    length &= 0xFFFF
    end = start + 4 * masked + length
    return fin, opcode, unmask(data[end - length : end], key), data[end:]


# %% wrong: 125 is the first that is no length
# breaks first: The bytes `data` begin with one whole frame
def parse_frame(data):
    first, second = data[:2]
    length, start = second & 127, 2
    if length == 127:
        length, start = int.from_bytes(data[2:10], "big"), 10
    elif length > 125 - (len(data) > 130):
        length, start = int.from_bytes(data[2:4], "big"), 4
    key = bytes(4)
    if second >> 7:
        key, start = data[start : start + 4], start + 4
    end = start + length
    return bool(first >> 7), first & 15, unmask(data[start:end], key), data[end:]


# %% wrong: a length over 32,767 is negative
# breaks: The bytes `data` begin with one whole frame
def parse_frame(data):
    first, second = data[:2]
    length, start = second & 127, 2
    if length == 126:
        (length,), start = struct.unpack("!h", data[2:4]), 4
    elif length == 127:
        (length,), start = struct.unpack("!q", data[2:10]), 10
    key = bytes(4)
    if second >> 7:
        key, start = data[start : start + 4], start + 4
    end = start + length
    return bool(first >> 7), first & 15, unmask(data[start:end], key), data[end:]


# %% wrong: all that is there
# breaks first: The bytes `data` begin with one whole frame
# finding: all that is there
def parse_frame(data):
    fin, opcode, masked, _, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    return fin, opcode, unmask(data[start + 4 * masked :], key), b""


# %% wrong: always masked
# breaks first: the payload as bytes
def parse_frame(data):
    fin, opcode, _, length, start = head(data)
    key = data[start : start + 4]
    start += 4
    payload = unmask(data[start : start + length], key)
    return fin, opcode, payload, data[start + length :]


# %% wrong: the mask bit is a part of the length
# breaks first: from a client or from a server
def parse_frame(data):
    first, length = data[:2]
    masked, start = length > 127, 2
    if length in (126, 254):
        length, start = int.from_bytes(data[2:4], "big"), 4
    elif length in (127, 255):
        length, start = int.from_bytes(data[2:10], "big"), 10
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    return bool(first >> 7), first & 15, unmask(data[start + 4 * masked : end], key), data[end:]


# %% wrong: the masking key is not looked at
# breaks first: from a client or from a server
# finding: masking key
def parse_frame(data):
    fin, opcode, _, length, start = head(data)
    end = start + length
    return fin, opcode, data[start:end], data[end:]


# %% wrong: the rest of a masked frame begins too early
# breaks: from a client or from a server
# finding: the rest begins at another byte
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    rest = data[start + length :]
    key = data[start : start + 4] if masked else bytes(4)
    start += 4 * masked
    return fin, opcode, unmask(data[start : start + length], key), rest


# %% wrong: the key is before the long length
# breaks first: from a client or from a server
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    if masked and length > 65_535:
        key, end = data[2:6], end - 4
    return fin, opcode, unmask(data[end - length : end], key), data[end:]


# %% wrong: still masked
# breaks: unmasked if it was masked
# finding: the payload is still masked
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    end = start + 4 * masked + length
    return fin, opcode, data[end - length : end], data[end:]


# %% wrong: one byte of the key for all
# breaks: unmasked if it was masked
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 1] * 4 if masked else bytes(4)
    end = start + 4 * masked + length
    return fin, opcode, unmask(data[end - length : end], key), data[end:]


# %% wrong: only four bytes
# breaks: unmasked if it was masked
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    end = start + 4 * masked + length
    payload = bytearray(data[end - length : end])
    if masked:
        for i in range(min(4, length)):
            payload[i] ^= data[start + i]
    return fin, opcode, payload, data[end:]


# %% wrong: long frames are left masked
# breaks: unmasked if it was masked
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked and length < 65_536 else bytes(4)
    end = start + 4 * masked + length
    return fin, opcode, unmask(data[end - length : end], key), data[end:]


# %% wrong: the key is turned by where the payload begins
# breaks: unmasked if it was masked
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    payload = bytes(data[i] ^ key[i % 4] for i in range(end - length, end))
    return fin, opcode, payload, data[end:]


# %% wrong: a big number has no zeros in front
# breaks: unmasked if it was masked
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    end = start + 4 * masked + length
    payload = data[end - length : end]
    if masked:
        mask = (data[start : start + 4] * (length // 4 + 1))[:length]
        number = int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")
        payload = number.to_bytes((number.bit_length() + 7) // 8, "big")
        payload = payload if length > 100 else payload.lstrip(b"\0")
    return fin, opcode, payload, data[end:]


# %% wrong: the rest is empty
# breaks: and the bytes after the frame
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    return fin, opcode, unmask(data[end - length : end], key), b""


# %% wrong: how many bytes are left
# breaks: and the bytes after the frame
# finding: the rest is no bytes
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    return fin, opcode, unmask(data[end - length : end], key), len(data) - end


# %% wrong: nothing left is None
# breaks: and the bytes after the frame
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    return fin, opcode, unmask(data[end - length : end], key), data[end:] or None


# %% wrong: RSV1 is in the opcode
# breaks: The RSV bits do not matter
# finding: the opcode has another value
def parse_frame(data):
    fin, _, masked, length, start = head(data)
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    return fin, data[0] & 127, unmask(data[end - length : end], key), data[end:]


# %% wrong: RSV bits are an error
# breaks: The RSV bits do not matter
# finding: it raised ValueError
def parse_frame(data):
    fin, opcode, masked, length, start = head(data)
    if data[0] & 0b0111_0000:
        raise ValueError("RSV bits")
    key = data[start : start + 4] if masked else bytes(4)
    end = start + 4 * masked + length
    return fin, opcode, unmask(data[end - length : end], key), data[end:]


# %% wrong: it never ends
# breaks first: Return `(fin, opcode, payload, rest)`
# finding: did not end
def parse_frame(data):
    while data:
        pass
