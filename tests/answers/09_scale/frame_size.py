"""Answers to exercise 9.1, “The size of a frame”."""

from websockets.frames import Frame, Opcode


# %% right: a sum
def frame_size(length, masked):
    return length + 2 + 2 * (length > 125) + 6 * (length >= 2**16) + 4 * bool(masked)


# %% right: websockets makes the frame
def frame_size(length, masked):
    return len(Frame(Opcode.BINARY, bytes(length)).serialize(mask=masked))


# %% right: match
def frame_size(length, masked):
    match length:
        case _ if length < 126:
            header = 2
        case _ if length < 65_536:
            header = 4
        case _:
            header = 10
    return header + (4 if masked else 0) + length


# %% right: async, from the standard's table
LIMITS = {125: 0, 65_535: 2, 2**63 - 1: 8}


async def frame_size(length, masked):
    extended = next(more for limit, more in LIMITS.items() if length <= limit)
    return 2 + extended + (4 if masked else 0) + length


# %% wrong: two bytes, however long it is
# breaks: how many bytes a frame with `length` bytes of payload takes on the wire, header included
def frame_size(length, masked):
    return length + (6 if masked else 2)


# %% wrong: 125 is too long already
# breaks: how many bytes a frame with `length` bytes of payload takes on the wire, header included
def frame_size(length, masked):
    return length + 2 + (0 if length < 125 else 2 if length < 65536 else 8) + 4 * masked


# %% wrong: 65,535 is too long already
# breaks: how many bytes a frame with `length` bytes of payload takes on the wire, header included
def frame_size(length, masked):
    return length + 2 + (0 if length < 126 else 2 if length < 65535 else 8) + 4 * masked


# %% wrong: four bytes for a long length
# breaks: how many bytes a frame with `length` bytes of payload takes on the wire, header included
def frame_size(length, masked):
    return length + 2 + (0 if length < 126 else 2 if length < 65536 else 4) + 4 * masked


# %% wrong: the payload only
# breaks: how many bytes a frame with `length` bytes of payload takes on the wire, header included
def frame_size(length, masked):
    return length + 4 * masked


# %% wrong: no masking key
# breaks: `masked` says whether it comes from a client
def frame_size(length, masked):
    return length + 2 + (0 if length < 126 else 2 if length < 65536 else 8)


# %% wrong: the server masks
# breaks first: how many bytes a frame with `length` bytes of payload takes on the wire, …
def frame_size(length, masked):
    return length + 2 + (0 if length < 126 else 2 if length < 65536 else 8) + 4 * (not masked)


# %% wrong: one byte of masking key
# breaks: `masked` says whether it comes from a client
def frame_size(length, masked):
    return length + 2 + (0 if length < 126 else 2 if length < 65536 else 8) + bool(masked)


# %% wrong: it prints
# breaks first: how many bytes a frame with `length` bytes of payload takes on the wire, …
def frame_size(length, masked):
    print(length + 2)
