"""Answers to exercise 3.4, “Take a frame apart”."""

import struct


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
