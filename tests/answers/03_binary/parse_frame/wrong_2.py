"""Answers to exercise 3.4, “Take a frame apart”."""


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
