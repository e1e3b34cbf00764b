"""Answers to exercise 12.3, “Unpack a message of the kernel”."""

import itertools
import json
import struct


def parts_of(data):
    n = int.from_bytes(data[:8], "little")
    offs = [int.from_bytes(data[8 * i : 8 * i + 8], "little") for i in range(1, n + 1)]
    return [data[a:b] for a, b in itertools.pairwise(offs)]


# %% right: one by one
import json


def unpack(data):
    def number(index):
        return int.from_bytes(data[8 * index : 8 * index + 8], "little")

    def part(index):
        return data[number(index + 1) : number(index + 2)]

    return part(0).decode(), json.loads(part(1))["msg_type"], json.loads(part(4))


# %% right: array
import array
import json
import sys


def unpack(data):
    numbers = array.array("Q")
    count = int.from_bytes(data[:8], "little")
    numbers.frombytes(bytes(data[8 : 8 + 8 * count]))
    if sys.byteorder == "big":
        numbers.byteswap()
    parts = list(map(lambda start, end: bytes(data[start:end]), numbers, numbers[1:]))
    return str(parts[0], "utf-8"), json.loads(parts[1])["msg_type"], json.loads(parts[4])


# %% right: async, a stream
import io
import json
from itertools import pairwise


async def unpack(data):
    stream = io.BytesIO(data)
    count = int.from_bytes(stream.read(8), "little")
    offsets = [int.from_bytes(stream.read(8), "little") for _ in range(count)]
    parts = []
    for start, end in pairwise(offsets):
        stream.seek(start)
        parts.append(stream.read(end - start))
    return parts[0].decode(), json.loads(parts[1])["msg_type"], json.loads(parts[4].decode())


# %% wrong: the channel is bytes
# breaks: the channel
import json
import struct
from itertools import pairwise


def unpack(data):
    (count,) = struct.unpack_from("<Q", data)
    parts = [data[a:b] for a, b in pairwise(struct.unpack_from(f"<{count}Q", data, 8))]
    return parts[0], json.loads(parts[1])["msg_type"], json.loads(parts[4])


# %% wrong: the whole header
# breaks: the `msg_type` of the header
import json
import struct
from itertools import pairwise


def unpack(data):
    (count,) = struct.unpack_from("<Q", data)
    parts = [data[a:b] for a, b in pairwise(struct.unpack_from(f"<{count}Q", data, 8))]
    return parts[0].decode(), json.loads(parts[1]), json.loads(parts[4])


# %% wrong: the content is text
# breaks first: the content as a `dict`
import json
import struct
from itertools import pairwise


def unpack(data):
    (count,) = struct.unpack_from("<Q", data)
    parts = [data[a:b] for a, b in pairwise(struct.unpack_from(f"<{count}Q", data, 8))]
    return parts[0].decode(), json.loads(parts[1])["msg_type"], parts[4].decode()


# %% wrong: what is escaped in JSON stays so
# breaks: the content as a `dict`
import json
import struct
from itertools import pairwise


def unpack(data):
    (count,) = struct.unpack_from("<Q", data)
    parts = [data[a:b] for a, b in pairwise(struct.unpack_from(f"<{count}Q", data, 8))]
    content = json.loads(parts[4].replace(b"\\u", b"u"))
    return parts[0].decode(), json.loads(parts[1])["msg_type"], content


# %% wrong: the content is what is last
# breaks: buffers may follow
import json
import struct
from itertools import pairwise


def unpack(data):
    (count,) = struct.unpack_from("<Q", data)
    parts = [data[a:b] for a, b in pairwise(struct.unpack_from(f"<{count}Q", data, 8))]
    return parts[0].decode(), json.loads(parts[1])["msg_type"], json.loads(parts[-1] or b"0")


# %% wrong: big endian
# breaks first: the channel
import json
import struct


def unpack(data):
    (count,) = struct.unpack_from(">Q", data)
    return struct.unpack_from(f">{min(count, 3)}Q", data, 8)


# %% wrong: Latin-1
# breaks: the content as a `dict`
import json
import struct
from itertools import pairwise


def unpack(data):
    (count,) = struct.unpack_from("<Q", data)
    parts = [data[a:b] for a, b in pairwise(struct.unpack_from(f"<{count}Q", data, 8))]
    content = json.loads(parts[4].decode("latin-1"))
    return parts[0].decode(), json.loads(parts[1])["msg_type"], content


# %% right: memoryview cast
def unpack(data):
    view = memoryview(data)
    n = struct.unpack("<q", view[:8])[0]
    o = struct.unpack("<" + "q" * n, view[8 : 8 + 8 * n])

    def get(i):
        return bytes(view[o[i] : o[i + 1]]).decode("utf-8")

    return get(0), json.loads(get(1))["msg_type"], json.loads(get(4))


# %% right: io
import io


def unpack(data):
    f = io.BytesIO(data)
    count = int.from_bytes(f.read(8), "little")
    offsets = [int.from_bytes(f.read(8), byteorder="little") for _ in range(count)]

    def part(i):
        f.seek(offsets[i])
        return f.read(offsets[i + 1] - offsets[i])

    header = json.loads(part(1).decode("utf-8"))
    return (part(0).decode("utf-8"), header["msg_type"], json.loads(part(4).decode("utf-8")))


# %% wrong: big endian
# breaks first: Return `(channel, msg_type, content)`
def unpack(data):
    offs = [int.from_bytes(data[8 * i : 8 * i + 8], "big") for i in range(1, 7)]
    p = [data[a:b] for a, b in itertools.pairwise(offs)]
    return p[0].decode(), json.loads(p[1])["msg_type"], json.loads(p[4])


# %% wrong: a list
# breaks: Return `(channel, msg_type, content)`
def unpack(data):
    p = parts_of(data)
    return [p[0].decode(), json.loads(p[1])["msg_type"], json.loads(p[4])]


# %% wrong: one byte of each offset
# breaks: the content as a `dict`
def unpack(data):
    n = data[0]
    offs = [data[8 * i] for i in range(1, n + 1)]
    p = [data[a:b] for a, b in itertools.pairwise(offs)]
    return p[0].decode(), json.loads(p[1])["msg_type"], json.loads(p[4])


# %% wrong: parts stand right behind the offsets
# breaks: which begin and end at these offsets
def unpack(data):
    n = int.from_bytes(data[:8], "little")
    offs = [int.from_bytes(data[8 * i : 8 * i + 8], "little") for i in range(1, n + 1)]
    rest = data[8 + 8 * n :]
    sizes = [b - a for a, b in itertools.pairwise(offs)]
    p = []
    for s in sizes:
        p.append(rest[:s])
        rest = rest[s:]
    return p[0].decode(), json.loads(p[1])["msg_type"], json.loads(p[4])


# %% wrong: latin-1
# breaks: the content as a `dict`
def unpack(data):
    p = parts_of(data)
    return p[0].decode("latin-1"), json.loads(p[1])["msg_type"], json.loads(p[4].decode("latin-1"))


# %% wrong: finds the braces
# breaks first: the channel
import re


def unpack(data):
    p = parts_of(data)
    m = re.search(rb'"msg_type": ?"(\w+)"', data)
    return p[0].decode(), m[1].decode(), json.loads(p[4])


# %% wrong: content {} becomes None
# breaks: the content as a `dict`
def unpack(data):
    p = parts_of(data)
    return p[0].decode(), json.loads(p[1])["msg_type"], json.loads(p[4]) or None


# %% wrong: eval
# breaks: the content as a `dict`
import ast


def unpack(data):
    p = parts_of(data)
    return p[0].decode(), json.loads(p[1])["msg_type"], ast.literal_eval(p[4].decode())
