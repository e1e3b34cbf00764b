"""Answers to exercise 12.3, “Unpack a message of the kernel”."""

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
    return [str(parts[0], "utf-8"), json.loads(parts[1])["msg_type"], json.loads(parts[4])]


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
