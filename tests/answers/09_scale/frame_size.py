"""Answers to exercise 9.1, “The size of a frame”."""


# %% right
def frame_size(length, masked):
    return length + 2 + 2 * (length > 125) + 6 * (length >= 2**16) + 4 * bool(masked)


# %% right
from websockets.frames import Frame, Opcode


def frame_size(length, masked):
    return len(Frame(Opcode.BINARY, bytes(length)).serialize(mask=masked))


# %% wrong
# finding: a frame of the server with 126 bytes
def frame_size(length, masked):
    return length + (6 if masked else 2)


# %% wrong
# finding: a frame of the server with 125 bytes
def frame_size(length, masked):
    return length + 2 + (0 if length < 125 else 2 if length < 65536 else 8) + 4 * masked


# %% wrong
# finding: a frame of the server with 65,535 bytes
def frame_size(length, masked):
    return length + 2 + (0 if length < 126 else 2 if length < 65535 else 8) + 4 * masked


# %% wrong
# finding: a frame of the client with 5 bytes
def frame_size(length, masked):
    return length + 2 + (0 if length < 126 else 2 if length < 65536 else 8)


# %% wrong
# finding: a frame of the server with 5 bytes
def frame_size(length, masked):
    print(length + 2)


# %% wrong
# finding: it must take 2 argument(s)
def frame_size(length):
    return length + 2
