"""Exercises of 03 · Binary frames."""

from __future__ import annotations

import contextlib
import hashlib
import json
import struct
from collections.abc import Iterator
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from wslab.handlers import echo
from wslab.server import serve
from wslab.wire import Frame, apply_mask

from ._exercise import Exercise, Finding, WrongAnswer
from ._probe import CLIENT_TIMEOUT, Client, answering, call, during, run_client, show

__all__ = ["EXERCISES"]


# ---- 3.1 ----


def _probe_send_buffer(answer: Any) -> None:
    for size, first in [(8, 42), (3, 255), (1, 7), (300, 128)]:
        received: list[str | bytes] = []

        async def handler(ws: ServerConnection, received: list[str | bytes] = received) -> None:
            async for item in ws:
                received.append(item)

        _, server = run_client(answer, handler, size, first)
        expected = bytes([first]) + bytes(size - 1)
        if len(received) != 1:
            problem = "exactly one message should be sent"
        elif isinstance(received[0], str):
            problem = "it arrived as a text message; bytes go out as binary"
        elif len(received[0]) != size:
            problem = "the message has another size"
        elif received[0][0] != first:
            problem = "the first byte has another value"
        elif received[0] != expected:
            problem = "all bytes but the first should be zero"
        else:
            continue
        raise Finding(
            problem,
            sent=f"your function was called with url, {size}, {first}",
            expected=f"one binary message of {size} bytes, {_hex(expected)}",
            got=", ".join(_kind(item) for item in received[:3]) or "no message",
            records=server.transcript.snapshot()[-12:],
        )


def _kind(message: str | bytes) -> str:
    if isinstance(message, str):
        return f"text {show(message)}"
    return f"{len(message)} bytes, {_hex(message)}"


def _hex(data: bytes) -> str:
    return data[:12].hex(" ") + " …" * (len(data) > 12)


_SEND_BUFFER = Exercise(
    id="3.1",
    title="A buffer and its first byte",
    task=(
        "Complete the line, or make it two: send one binary message of `size` bytes. The first "
        "byte has the value `first`, a number from 0 to 255; all others are zero."
    ),
    name="send_buffer",
    starter="""
from websockets.sync.client import connect


def send_buffer(url, size, first):
    message = ...
    with connect(url) as ws:
        ws.send(message)
""",
    hints=(
        "`bytes(8)` is eight zero bytes, `bytes([8])` is one byte with the value 8.",
        "`bytearray` can be changed, like a list: one line makes it, the next one sets a byte.",
        "`message = bytearray(size)`, then `message[0] = first`.",
    ),
    solution="""
from websockets.sync.client import connect


def send_buffer(url, size, first):
    message = bytearray(size)
    message[0] = first
    with connect(url) as ws:
        ws.send(message)
""",
    explanation=(
        "`bytearray(size)` makes `size` zero bytes that can be changed; `send()` takes it as it "
        "takes `bytes`. In a browser the same is `new Uint8Array(size)`, then `view[0] = first`."
    ),
    alternatives=(
        """
from websockets.asyncio.client import connect

async def send_buffer(url, size, first):
    async with connect(url) as ws:
        await ws.send(bytes([first]) + bytes(size - 1))
""",
        """
import struct
from websockets.sync.client import connect

def send_buffer(url, size, first):
    with connect(url) as ws:
        print("sending", size, "bytes")
        ws.send([struct.pack("B", first), memoryview(b"\\0" * (size - 1))])
""",
    ),
    wrong=(
        WrongAnswer(
            """
from websockets.sync.client import connect

def send_buffer(url, size, first):
    message = bytes(first)
    with connect(url) as ws:
        ws.send(message)
""",
            "the message has another size",
        ),
        WrongAnswer(
            """
from websockets.sync.client import connect

def send_buffer(url, size, first):
    message = bytes([first] * size)
    with connect(url) as ws:
        ws.send(message)
""",
            "all bytes but the first should be zero",
        ),
        WrongAnswer(
            """
from websockets.sync.client import connect

def send_buffer(url, size, first):
    message = [first] + [0] * (size - 1)
    with connect(url) as ws:
        ws.send(str(message))
""",
            "a text message",
        ),
        WrongAnswer(
            """
from websockets.sync.client import connect

def send_buffer(url, size, first):
    message = [first] + [0] * (size - 1)
    with connect(url) as ws:
        ws.send(message)
""",
            "raised TypeError",
        ),
        WrongAnswer(
            """
from websockets.sync.client import connect

def send_buffer(url, size, first):
    with connect(url) as ws:
        ws.send(bytes([first]))
        ws.send(bytes(size - 1))
""",
            "exactly one message",
        ),
        WrongAnswer(
            """
from websockets.sync.client import connect

def send_buffer(url, size, first):
    message = bytearray(8)
    message[0] = 42
    with connect(url) as ws:
        ws.send(message)
""",
            "the message has another size",
        ),
        WrongAnswer(
            """
from websockets.sync.client import connect

def send_buffer(url, size, first):
    message = bytearray(size)
    message[-1] = first
    with connect(url) as ws:
        ws.send(message)
""",
            "the first byte has another value",
        ),
    ),
    probe=_probe_send_buffer,
    minutes=5,
    difficulty=1,
    needs="Eight bytes, the first one is 42",
)


# ---- 3.2 ----


def _probe_shout(answer: Any) -> None:
    def expect(client: Client, message: str | bytes) -> None:
        expected = message.upper() if isinstance(message, str) else message
        kind = "text" if isinstance(message, str) else "binary"
        got = client.receive(show(expected), f"each {kind} message should be answered")
        if type(got) is not type(expected):
            problem = f"the answer to a {kind} message should be a {kind} message"
        elif got == expected:
            return
        elif isinstance(message, str):
            problem = "the answer to a text message should be the text in capital letters"
        else:
            problem = "the bytes of a binary message should come back unchanged"
        raise client.finding(problem, show(expected), show(got))

    with answering(answer) as server, server.clients(2) as (ada, grace):
        messages: list[str | bytes] = [
            "Hello, server!",
            bytes([1, 2, 3, 4]),
            b"binary: these bytes are letters",
            "text again",
            bytes([0xFF, 0xFE, 0x61, 0x00]),
            "Grüße",
            "Grüße".encode(),
            bytes(range(256)),
            "",
            b"",
            "4 more",
        ]
        for message in messages:
            ada.send(message)
            expect(ada, message)
        with during("several messages at once"):
            for message in messages:
                ada.send(message)
            for message in messages:
                expect(ada, message)
        with during("with a second client"):
            grace.send(b"ab")
            expect(grace, b"ab")
            grace.send("ab")
            expect(grace, "ab")
        server.serve_crowd("now", lambda client, problem: client.expect("NOW", problem))


_SHOUT = Exercise(
    id="3.2",
    title="Shout text, leave bytes alone",
    task=(
        "Write `shout(ws)`. It answers each text message with the same text in capital letters, as "
        "text, and each binary message with the same bytes, unchanged, as binary."
    ),
    name="shout",
    starter="""
async def shout(ws):
    async for message in ws:
        ...
""",
    hints=(
        "The kind of a message is the type of what you get. Bytes may look like text and be none.",
        "`isinstance(message, str)` tells. `bytes` has a method `upper()` too, so calling it is no "
        "test.",
        "`if isinstance(message, str): message = message.upper()`, and then one `send()` for both.",
    ),
    solution="""
async def shout(ws):
    async for message in ws:
        if isinstance(message, str):
            message = message.upper()
        await ws.send(message)
""",
    explanation=(
        "`send()` chooses the kind of frame by the type, so what came as text goes out as text and "
        "what came as binary goes out as binary. Whether bytes could be decoded says nothing: a "
        "picture may well contain bytes that are letters, and `b'abc'.upper()` would change them."
    ),
    alternatives=(
        """
from websockets.exceptions import ConnectionClosed

async def shout(ws):
    while True:
        try:
            message = await ws.recv()
        except ConnectionClosed:
            break
        match message:
            case bytes():
                print("Received binary data:", message.hex(" "))
                await ws.send(memoryview(message))
            case str():
                print("Received text message:", message)
                await ws.send(message.upper())
""",
        """
async def shout(ws):
    async for message in ws:
        try:
            reply = message.encode()
        except AttributeError:
            await ws.send(message, text=False)
        else:
            await ws.send(reply.decode().upper().encode(), text=True)
""",
    ),
    wrong=(
        WrongAnswer(
            """
async def shout(ws):
    async for message in ws:
        await ws.send(message.upper())
""",
            "should come back unchanged",
        ),
        WrongAnswer(
            """
async def shout(ws):
    async for message in ws:
        if isinstance(message, bytes):
            message = message.decode()
        await ws.send(message.upper())
""",
            "the answer to a binary message should be a binary message",
        ),
        WrongAnswer(
            """
async def shout(ws):
    async for message in ws:
        if isinstance(message, str):
            await ws.send(message.upper().encode())
        else:
            await ws.send(message)
""",
            "the answer to a text message should be a text message",
        ),
        WrongAnswer(
            """
async def shout(ws):
    async for message in ws:
        if isinstance(message, bytes):
            await ws.send(message.decode().encode())
        else:
            await ws.send(message.upper())
""",
            "each binary message should be answered: the connection was closed",
        ),
        WrongAnswer(
            """
async def shout(ws):
    async for message in ws:
        if isinstance(message, str):
            await ws.send(message)
        else:
            await ws.send(message)
""",
            "in capital letters",
        ),
        WrongAnswer(
            """
async def shout(ws):
    while message := await ws.recv():
        if isinstance(message, str):
            message = message.upper()
        await ws.send(message)
""",
            "each text message should be answered: the connection was closed",
        ),
        WrongAnswer(
            """
async def shout(ws):
    async for message in ws:
        if isinstance(message, str):
            await ws.send(message.upper())
""",
            "each binary message should be answered: no message came",
        ),
        WrongAnswer(
            """
async def shout(ws):
    async for message in ws:
        if isinstance(message, str):
            message = message.upper()
        await ws.send(message)
        if message == b"":
            await ws.send(message)
""",
            "the answer to a text message should be a text message",
        ),
        WrongAnswer(
            """
import asyncio

lock = asyncio.Lock()

async def shout(ws):
    async with lock:
        async for message in ws:
            if isinstance(message, str):
                message = message.upper()
            await ws.send(message)
""",
            "with a second client: each binary message should be answered: no message came",
        ),
        WrongAnswer(
            """
import time

async def shout(ws):
    async for message in ws:
        if isinstance(message, str):
            time.sleep(0.06)
            message = message.upper()
        await ws.send(message)
""",
            "the handler holds up the event loop",
        ),
    ),
    probe=_probe_shout,
    minutes=10,
    difficulty=2,
    needs="Telling them apart on each side",
)


# ---- 3.3 ----

_READING: Final = struct.Struct("!HqfB")
_REFUSAL: Final = f"Error: a reading is {_READING.size} bytes of binary data"


def _probe_weather(answer: Any) -> None:
    def expect(client: Client, *reading: Any) -> None:
        keys = ("station", "time", "celsius", "battery")
        expected = dict(zip(keys, reading, strict=True))
        wanted = f"JSON text: {json.dumps(expected)}"
        got = client.receive_json(wanted, "each reading should be answered")
        if not isinstance(got, dict) or got.keys() != expected.keys():
            keys_said = ", ".join(f"`{key}`" for key in keys)
            raise client.finding(f"the keys should be {keys_said}", wanted, json.dumps(got))
        for key in keys:
            if got[key] != expected[key]:
                problem = f"`{key}` has another value than was sent"
                raise client.finding(problem, wanted, json.dumps(got))

    readings = [
        (1, 1_700_000_000_000, 21.5, 99),
        (258, 1_763_886_000_123, -7.5, 100),
        (65_535, 2**40 + 1, 0.0, 255),
        (40_000, -1, 37.5, 0),
    ]
    others: list[tuple[str, list[str | bytes]]] = [
        ("a binary message of another size", [b"", bytes(14), bytes(16), bytes(30), b"\xff"]),
        ("a text message", ["hello", "", "x" * _READING.size, "ü" * 7 + "x"]),
    ]
    with answering(answer) as server, server.clients(2) as (ada, grace):
        for reading in readings:
            ada.send(_READING.pack(*reading))
            expect(ada, *reading)
        for what, messages in others:
            for message in messages:
                with during(f"after {what}"):
                    ada.send(message)
                    ada.expect_text(_REFUSAL, "what is not a reading should be answered with this")
                    ada.send(_READING.pack(*readings[1]))
                    expect(ada, *readings[1])
        with during("with a second client"):
            for reading in readings:
                grace.send(_READING.pack(*reading))
            for reading in readings:
                expect(grace, *reading)
        ada.send(_READING.pack(*readings[0]))
        expect(ada, *readings[0])


_WEATHER = Exercise(
    id="3.3",
    title="Readings of a weather station",
    task=(
        f"A reading is a binary message of {_READING.size} bytes, in network byte order: the "
        "number of the station (2 bytes, unsigned), the time in milliseconds (8 bytes, signed), "
        "the temperature (float32), and the battery in percent (1 byte, unsigned). Write "
        "`weather(ws)`: it answers a reading with JSON text, "
        '`{"station": …, "time": …, "celsius": …, "battery": …}`, and any other message, text or '
        f"binary, with the text `{_REFUSAL}`."
    ),
    name="weather",
    starter="""
import json
import struct


async def weather(ws):
    async for message in ws:
        ...
""",
    hints=(
        "`struct.Struct()` takes the agreement as a string: the byte order, then one letter for "
        "each number. The table in “Numbers: `struct`” has them all.",
        "`unpack()` raises for any other size, and for text. Look at the type first, then at the "
        "size: 15 characters are no reading.",
        '`struct.Struct("!HqfB")`; `isinstance(message, bytes) and len(message) == 15`; then '
        "`station, time, celsius, battery = form.unpack(message)`.",
    ),
    solution="""
import json
import struct

WEATHER = struct.Struct("!HqfB")


async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) == WEATHER.size:
            station, time, celsius, battery = WEATHER.unpack(message)
            reply = {"station": station, "time": time, "celsius": celsius, "battery": battery}
            await ws.send(json.dumps(reply))
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")
""",
    explanation=(
        "`!` is network byte order and packs the numbers one behind the other; without it, the "
        "machine's own order and gaps would be used, here 21 bytes. The size is the only thing "
        "that can be checked: 15 bytes with another meaning are a reading too."
    ),
    alternatives=(
        """
import json
from struct import error, unpack
from websockets.exceptions import ConnectionClosed

async def weather(ws):
    try:
        while True:
            message = await ws.recv()
            try:
                battery, station, time, celsius = unpack(">HqfB", message)[-1:] + unpack(
                    ">HqfB", message
                )[:-1]
            except (error, TypeError) as problem:
                print("no reading:", problem)
                await ws.send("Error: a reading is 15 bytes of binary data")
            else:
                data = dict(battery=battery, celsius=round(celsius, 1), time=time, station=station)
                await ws.send(json.dumps(data, indent=1))
    except ConnectionClosed:
        pass
""",
        """
import json
import struct

async def weather(ws):
    async for message in ws:
        if type(message) is not bytes or len(message) != 15:
            await ws.send("Error: a reading is 15 bytes of binary data")
            continue
        await ws.send(json.dumps({
            "station": int.from_bytes(message[:2], "big"),
            "time": int.from_bytes(message[2:10], "big", signed=True),
            "celsius": struct.unpack_from("!f", message, 10)[0],
            "battery": message[14],
        }, separators=(",", ":")))
""",
    ),
    wrong=(
        WrongAnswer(
            """
import json
import struct

async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) == 15:
            keys = ["station", "time", "celsius", "battery"]
            await ws.send(json.dumps(dict(zip(keys, struct.unpack("<HqfB", message)))))
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")
""",
            "`station` has another value than was sent",
        ),
        WrongAnswer(
            """
import json
import struct

async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) == struct.calcsize("HqfB"):
            keys = ["station", "time", "celsius", "battery"]
            await ws.send(json.dumps(dict(zip(keys, struct.unpack("HqfB", message)))))
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")
""",
            "what came is not JSON",
        ),
        WrongAnswer(
            """
import json
import struct

async def weather(ws):
    async for message in ws:
        if len(message) == 15:
            keys = ["station", "time", "celsius", "battery"]
            await ws.send(json.dumps(dict(zip(keys, struct.unpack("!HqfB", message)))))
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")
""",
            "after a text message: what is not a reading should be answered with this: "
            "the connection was closed",
        ),
        WrongAnswer(
            """
import json
import struct

async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes):
            keys = ["station", "time", "celsius", "battery"]
            await ws.send(json.dumps(dict(zip(keys, struct.unpack("!HqfB", message)))))
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")
""",
            "after a binary message of another size: what is not a reading should be answered "
            "with this: the connection was closed",
        ),
        WrongAnswer(
            """
import json
import struct

async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) >= 15:
            keys = ["station", "time", "celsius", "battery"]
            await ws.send(json.dumps(dict(zip(keys, struct.unpack_from("!HqfB", message)))))
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")
""",
            "after a binary message of another size: what is not a reading should be answered",
        ),
        WrongAnswer(
            """
import json
import struct

async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) == 15:
            keys = ["station", "time", "celsius", "battery"]
            await ws.send(json.dumps(dict(zip(keys, struct.unpack("!hQfb", message)))))
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")
""",
            "`station` has another value than was sent",
        ),
        WrongAnswer(
            """
import json
import struct

async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) == 15:
            keys = ["station", "time", "celsius", "battery"]
            await ws.send(json.dumps(dict(zip(keys, struct.unpack("!HQfB", message)))))
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")
""",
            "`time` has another value than was sent",
        ),
        WrongAnswer(
            """
import json
import struct

async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) == 15:
            await ws.send(json.dumps(struct.unpack("!HqfB", message)))
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")
""",
            "the keys should be",
        ),
        WrongAnswer(
            """
import struct

async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) == 15:
            station, time, celsius, battery = struct.unpack("!HqfB", message)
            await ws.send(f"station {station}: {celsius} °C")
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")
""",
            "what came is not JSON",
        ),
        WrongAnswer(
            """
import json
import struct

async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) == 15:
            keys = ["station", "time", "celsius", "battery"]
            await ws.send(json.dumps(dict(zip(keys, struct.unpack("!HqfB", message)))))
        else:
            await ws.close(1003, "Error: a reading is 15 bytes of binary data")
""",
            "the connection was closed",
        ),
    ),
    probe=_probe_weather,
    minutes=15,
    difficulty=2,
    needs="Numbers: `struct`",
)


# ---- 3.4 ----


def _real_frames() -> list[tuple[str, bytes]]:
    """Record a conversation; return the frames of both sides, with a name for each."""
    with serve(echo, name="check frames", ping_interval=None) as server:
        with contextlib.suppress(ConnectionClosed), connect(server.url, ping_interval=None) as ws:
            for size in (0, 1, 125, 127, 126, 65_535, 65_536):
                ws.send(hashlib.shake_128(b"frame").digest(size))
                ws.recv(timeout=CLIENT_TIMEOUT)
            ws.send(["Grüße, ", "server", "!"])
            ws.recv(timeout=CLIENT_TIMEOUT)
            ws.ping(b"are you there?").wait(CLIENT_TIMEOUT)
            ws.close(4001, "that is all")
        records = server.transcript.snapshot()
    frames = []
    for record in records:
        if isinstance(record, Frame):
            name = f"a {record.kind} frame of {record.length:,} bytes from the {record.sender}"
            frames.append((name, record.head + bytes(record.body)))
    return frames


# RFC 6455 §5.7, RFC 7692 §7.2.3.1
_EXAMPLES: Final = [
    ("an unmasked text frame", bytes.fromhex("81 05 48 65 6c 6c 6f")),
    ("a masked text frame", bytes.fromhex("81 85 37 fa 21 3d 7f 9f 4d 51 58")),
    ("the first frame of a message", bytes.fromhex("01 03 48 65 6c")),
    ("the last frame of a message", bytes.fromhex("80 02 6c 6f")),
    ("an unmasked ping", bytes.fromhex("89 05 48 65 6c 6c 6f")),
    ("a masked pong", bytes.fromhex("8a 85 37 fa 21 3d 7f 9f 4d 51 58")),
    ("a frame of 256 bytes", bytes.fromhex("82 7e 01 00") + bytes(range(256))),
    ("a frame of 65,536 bytes", bytes.fromhex("82 7f 00 00 00 00 00 01 00 00") + bytes(65_536)),
    ("a masked frame of 300 bytes", bytes.fromhex("82 fe 01 2c 01 02 03 04") + bytes(300)),
    ("a compressed text frame, with RSV1", bytes.fromhex("c1 07 f2 48 cd c9 c9 07 00")),
    ("a masked close frame", bytes.fromhex("88 82 00 ff 00 ff 03 17")),
]


def _dissect(data: bytes) -> tuple[bool, int, bytes, bool]:
    """Return FIN, opcode, unmasked payload, and whether it was masked."""
    first, second = data[:2]
    length, start = second & 0x7F, 2
    if length >= 126:
        start = 4 if length == 126 else 10
        length = int.from_bytes(data[2:start], "big")
    key = bytes(4)
    if masked := bool(second & 0x80):
        key, start = data[start : start + 4], start + 4
    payload = apply_mask(data[start : start + length], key)
    return bool(first & 0x80), first & 0x0F, payload, masked


def _probe_parse_frame(answer: Any) -> None:
    frames = [*_EXAMPLES[:2], *_real_frames(), *_EXAMPLES[2:]]
    rests = [b"", b"\x81\x05Hello", b"\x89", bytes(range(200))]
    for number, (name, data) in enumerate(frames):
        for rest in (rests[number % 4], rests[(number + 1) % 4]):
            fin, opcode, payload, masked = _dissect(data)
            said = f"your function was called with {name}"
            said += f" and the first {len(rest)} bytes of the next: " if rest else ": "
            sent = said + _hex(data + rest)
            expected = f"({fin}, {opcode}, {show(payload)}, {show(rest)})"
            with _about(sent, expected):
                got = call(answer, data + rest, timeout=CLIENT_TIMEOUT)
                problem = _problem_of_frame(got, fin, opcode, payload, rest, masked, data)
                if problem:
                    raise Finding(problem, got=show(got))


def _problem_of_frame(
    got: Any, fin: bool, opcode: int, payload: bytes, rest: bytes, masked: bool, data: bytes
) -> str:
    if not isinstance(got, tuple | list) or len(got) != 4:
        return "it should return four things: fin, opcode, payload, rest"
    if not all(isinstance(part, bytes | bytearray | memoryview) for part in got[2:]):
        return "the payload and the rest should be bytes"
    if not isinstance(got[0], int) or got[0] != fin:
        return "fin should be True for the last frame of a message, and False for any other"
    if not isinstance(got[1], int) or got[1] != opcode:
        return "the opcode is not the one of the frame"
    own = bytes(got[2])
    if len(own) != len(payload):
        return f"the payload should have {len(payload):,} bytes, and it has {len(own):,}"
    if own != payload:
        if masked and own == data[-len(own) :]:
            return "the payload is still masked"
        return "the payload is not what was sent" if masked else "nothing is masked in this frame"
    if bytes(got[3]) != rest:
        return "the rest should be what follows the frame"
    return ""


@contextlib.contextmanager
def _about(sent: str, expected: str) -> Iterator[None]:
    """Add to a finding what the function was called with and what it should return."""
    try:
        yield
    except Finding as finding:
        finding.sent, finding.expected = sent, expected
        raise


_PARSE_FRAME = Exercise(
    id="3.4",
    title="Take a frame apart",
    task=(
        "Write `parse_frame(data)`. The bytes `data` begin with one whole frame, as it crossed the "
        "wire, from a client or from a server; what follows it belongs to the next one. Return "
        "`(fin, opcode, payload, rest)`: `True` or `False`, a number, the payload as bytes, "
        "unmasked if it was masked, and the bytes after the frame. The RSV bits do not matter."
    ),
    name="parse_frame",
    starter="""
def parse_frame(data):
    first, second = data[0], data[1]
    fin = ...
    opcode = ...
    length = ...
    payload, rest = ..., ...
    return fin, opcode, payload, rest
""",
    hints=(
        "A variable for the place where you are, `start = 2`, goes forward as fields come: after "
        "the length, after the masking key.",
        "`second & 127` is the length, unless it is 126 or 127: then it is in the next 2 or 8 "
        'bytes, `int.from_bytes(data[2:4], "big")`. The top bit of each of the two bytes is FIN '
        "and MASK.",
        "If `second & 128`, then `key = data[start:start + 4]` and `start += 4`. The payload is "
        "`data[start:start + length]`, each byte XORed with `key[i % 4]`; the rest is "
        "`data[start + length:]`.",
    ),
    solution="""
def parse_frame(data):
    first, second = data[0], data[1]
    fin = bool(first & 0b1000_0000)
    opcode = first & 0b0000_1111
    masked = bool(second & 0b1000_0000)
    length = second & 0b0111_1111

    start = 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(data[2:10], "big"), 10

    key = bytes(4)
    if masked:
        key = data[start : start + 4]
        start += 4
    end = start + length
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[start:end]))
    return fin, opcode, payload, data[end:]
""",
    explanation=(
        "The header has no fixed size: 2 bytes, then 0, 2 or 8 of length, then 0 or 4 of masking "
        "key. A key of four zero bytes changes nothing, so one line serves both kinds of frame. "
        "TCP knows no frames: with `rest`, the function can be called again for the next one."
    ),
    alternatives=(
        """
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
            view = view[struct.calcsize(form):]
    if small < 128:
        return [head >> 7, head & 15, view[:length], view[length:]]
    key, view = view[:4], view[4:]
    payload = bytearray(view[:length])
    for i in range(length):
        payload[i] ^= key[i & 3]
    return [head >> 7, head & 15, payload, view[length:]]
""",
        """
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
        payload = bytes(a ^ b for a, b in zip(payload, mask))
    return first >= 128, first & 0xF, payload, file.read()
""",
    ),
    wrong=(
        WrongAnswer(
            """
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
""",
            "the payload should have 127 bytes, and it has 126",
        ),
        WrongAnswer(
            """
def parse_frame(data):
    first, second = data[:2]
    length, start = second & 127, 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "little"), 4
    elif length == 127:
        length, start = int.from_bytes(data[2:10], "little"), 10
    key = bytes(4)
    if second >> 7:
        key, start = data[start:start + 4], start + 4
    end = start + length
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[start:end]))
    return bool(first >> 7), first & 15, payload, data[end:]
""",
            "the payload should have 127 bytes",
        ),
        WrongAnswer(
            """
def parse_frame(data):
    first, second = data[:2]
    length, start = second & 127, 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(data[2:6], "big"), 6
    key = bytes(4)
    if second >> 7:
        key, start = data[start:start + 4], start + 4
    end = start + length
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[start:end]))
    return bool(first >> 7), first & 15, payload, data[end:]
""",
            "the payload should have 65,536 bytes",
        ),
        WrongAnswer(
            """
def parse_frame(data):
    first, second = data[:2]
    length, start = second & 127, 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(data[2:10], "big"), 10
    if second >> 7:
        start += 4
    return bool(first >> 7), first & 15, data[start:start + length], data[start + length:]
""",
            "the payload is still masked",
        ),
        WrongAnswer(
            """
def parse_frame(data):
    first, second = data[:2]
    length, start = second & 127, 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(data[2:10], "big"), 10
    key = data[start:start + 4]
    start += 4
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[start:start + length]))
    return bool(first >> 7), first & 15, payload, data[start + length:]
""",
            "the payload should have 5 bytes",
        ),
        WrongAnswer(
            """
def parse_frame(data):
    first, second = data[:2]
    length, start = second & 127, 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(data[2:10], "big"), 10
    key = bytes(4)
    if second >> 7:
        key, start = data[start:start + 4], start + 4
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[start:]))
    return bool(first >> 7), first & 15, payload, b""
""",
            "the payload should have 5 bytes, and it has 12",
        ),
        WrongAnswer(
            """
def parse_frame(data):
    first, second = data[:2]
    length, start = second & 127, 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(data[2:10], "big"), 10
    key = bytes(4)
    if second >> 7:
        key, start = data[start:start + 4], start + 4
    end = start + length
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[start:end]))
    return bool(first >> 7), first & 127, payload, data[end:]
""",
            "the opcode is not the one of the frame",
        ),
        WrongAnswer(
            """
def parse_frame(data):
    first, second = data[:2]
    length, start = second & 127, 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(data[2:10], "big"), 10
    key = bytes(4)
    if second >> 7:
        key, start = data[start:start + 4], start + 4
    end = start + length
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[start:end]))
    return True, first & 15, payload, data[end:]
""",
            "fin should be True for the last frame",
        ),
        WrongAnswer(
            """
def parse_frame(data):
    first, second = data[:2]
    length, start = second & 127, 2
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 4
    elif length == 127:
        length, start = int.from_bytes(data[2:10], "big"), 10
    key = bytes(4)
    if second >> 7:
        key, start = data[start:start + 4], start + 4
    end = start + length
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[start:end]))
    return bool(first >> 7), first & 15, payload, b""
""",
            "the rest should be what follows",
        ),
        WrongAnswer(
            """
def parse_frame(data):
    first, second = data[:2]
    length, key = second & 127, data[2:6]
    payload = bytes(byte ^ key[i % 4] for i, byte in enumerate(data[6:6 + length]))
    return bool(first >> 7), first & 15, payload.decode(), data[6 + length:]
""",
            "should be bytes",
        ),
        WrongAnswer(
            """
def parse_frame(data):
    first, second = data[:2]
    return bool(first >> 7), first & 15, data[2:2 + second & 127]
""",
            "it should return four things",
        ),
        WrongAnswer(
            """
def parse_frame(data):
    while data:
        pass
""",
            "did not end",
        ),
    ),
    probe=_probe_parse_frame,
    minutes=25,
    difficulty=3,
    needs="A frame, byte by byte",
)


# ---- 3.5 ----


class _Upload:
    """A file on its way to the server."""

    def __init__(self, client: Client, seed: str, size: int, checksum: str | None = None) -> None:
        self.client = client
        self.content = hashlib.shake_128(seed.encode()).digest(size)
        self.right = checksum is None
        self.sent = 0
        checksum = checksum or hashlib.sha256(self.content).hexdigest()
        client.send(json.dumps({"size": size, "sha256": checksum}))

    def send(self, *sizes: int) -> None:
        """Send the next chunks."""
        for size in sizes:
            self.client.send(self.content[self.sent : self.sent + size])
            self.sent += size

    def send_all(self, chunk: int) -> None:
        """Send all that is left."""
        while self.sent < len(self.content):
            self.send(min(chunk, len(self.content) - self.sent))

    def ask(self) -> None:
        """Ask how much has arrived, and expect the right number."""
        self.client.send("progress")
        problem = "`progress` should be answered with the bytes of this file that have arrived"
        self._expect({"received": self.sent}, problem)

    def expect_end(self, problem: str = "") -> None:
        """Expect the answer to the whole file."""
        self._expect(
            {"received": len(self.content), "ok": self.right},
            problem
            or (
                "the whole file should be answered: its checksum is right"
                if self.right
                else "the whole file should be answered: its checksum is wrong"
            ),
        )

    def _expect(self, expected: dict[str, Any], problem: str) -> None:
        wanted = f"JSON text: {json.dumps(expected)}"
        got = self.client.receive_json(wanted, problem)
        if json.dumps(got, sort_keys=True) != json.dumps(expected, sort_keys=True):
            raise self.client.finding(problem, wanted, json.dumps(got))


def _probe_receive_file(answer: Any) -> None:
    with answering(answer) as server, server.clients(2) as (ada, grace):
        upload = _Upload(ada, "first", 1000)
        upload.send_all(400)
        upload.expect_end()
        with during("with a second file"):
            upload = _Upload(ada, "second", 70_001)
            upload.send(1, 2, 60_000)
            upload.ask()
            upload.send(0, 3, 0)
            upload.ask()
            upload.send_all(1234)
            upload.expect_end()
        with during("with an empty file"):
            _Upload(ada, "empty", 0).expect_end()
        with during("with a wrong checksum"):
            upload = _Upload(ada, "damaged", 500, hashlib.sha256(b"other").hexdigest())
            upload.send_all(100)
            upload.expect_end()
        with during("after a wrong checksum"):
            upload = _Upload(ada, "good again", 500)
            upload.send_all(500)
            upload.expect_end()
        with during("with two clients at once"):
            mine, yours = _Upload(ada, "mine", 30_000), _Upload(grace, "yours", 20_000)
            for _ in range(5):
                mine.send(3000)
                yours.send(2000)
                yours.ask()
                mine.ask()
            yours.send_all(500)
            yours.expect_end()
            mine.send_all(7000)
            mine.expect_end()
        with during("after a client has left in the middle of a file"):
            with server.client() as lin:
                upload = _Upload(lin, "given up", 1000)
                upload.send(100)
                upload.ask()
                lin.vanish()
            upload = _Upload(grace, "after it", 1000)
            upload.send_all(99)
            upload.expect_end()
            with server.client() as lin:
                upload = _Upload(lin, "once more", 1000)
                upload.ask()
                upload.send_all(1000)
                upload.expect_end()
        with during("with two files at once, one behind the other"):
            one = _Upload(ada, "one", 300)
            one.send_all(100)
            two = _Upload(ada, "two", 200)
            two.send_all(100)
            one.expect_end()
            two.expect_end()


_RECEIVE_FILE = Exercise(
    id="3.5",
    title="Receive files in chunks",
    task=(
        "Write `receive_file(ws)`, the server's side of this agreement. A client may send several "
        "files one after the other; it never sends more bytes than it announced.\n\n"
        "| who | message | content |\n"
        "|---|---|---|\n"
        '| client | text | `{"size": …, "sha256": …}`: a file of so many bytes follows, with this '
        "checksum in hexadecimal digits |\n"
        "| client | binary, any number | the next chunk, of any length |\n"
        "| client | text | `progress`, at any time while a file is on its way |\n"
        '| server | text | `{"received": …}`, the answer to `progress`: so many bytes of this file '
        "have arrived |\n"
        '| server | text | `{"received": …, "ok": …}` as soon as the file is complete: `true` if '
        "the checksum is right, `false` if not |"
    ),
    name="receive_file",
    starter="""
import hashlib
import json


async def receive_file(ws):
    async for message in ws:
        ...
""",
    hints=(
        "Three kinds of message come: bytes, the word `progress`, JSON. One loop takes them all; "
        "what it knows about the file is in a few local variables.",
        "`hashlib.sha256()` is made anew for each file, `update()` takes each chunk, `hexdigest()` "
        "is compared at the end. And a file of 0 bytes: after which message is it complete?",
        "Bytes: add their length, `update()`. `progress`: answer and `continue`. JSON: remember "
        "`size` and `sha256`, set the count to 0, make a new `hashlib.sha256()`. Then, for bytes "
        "and JSON alike: `if received == size:` send the last answer.",
    ),
    solution="""
import hashlib
import json


async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await ws.send(json.dumps({"received": received}))
            continue
        if isinstance(message, str):
            announced = json.loads(message)
            received, checksum = 0, hashlib.sha256()
        else:
            received += len(message)
            checksum.update(message)
        if received == announced["size"]:
            ok = checksum.hexdigest() == announced["sha256"]
            await ws.send(json.dumps({"received": received, "ok": ok}))
""",
    explanation=(
        "The chunks are counted in bytes, not in messages, so any length will do, 0 as well. "
        "Whether the file is complete is asked after each chunk and after the announcement; an "
        "empty file is complete at once. All variables are local: each connection has a file of "
        "its own. A server for strangers would also refuse a `size` that is too big and bytes "
        "that nobody announced."
    ),
    alternatives=(
        """
import hashlib
import json

async def receive_file(ws):
    async for message in ws:
        announced = json.loads(message)
        print("a file of", announced["size"], "bytes")
        parts = []
        while sum(map(len, parts)) < announced["size"]:
            part = await ws.recv()
            if isinstance(part, bytes):
                parts.append(part)
            elif part == "progress":
                await ws.send(json.dumps({"received": sum(map(len, parts))}, indent=1))
        content = b"".join(parts)
        ok = hashlib.sha256(content).hexdigest() == announced["sha256"]
        await ws.send(json.dumps({"ok": ok, "received": len(content)}, separators=(",", ":")))
""",
        """
import hashlib
import json
import tempfile
from websockets.exceptions import ConnectionClosed

async def answer(ws, **values):
    await ws.send(json.dumps(values))

async def one_file(ws, size, sha256):
    with tempfile.TemporaryFile() as file:
        while file.tell() < size:
            match await ws.recv():
                case bytes(chunk):
                    file.write(chunk)
                case "progress":
                    await answer(ws, received=file.tell())
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").digest()
    await answer(ws, received=size, ok=digest == bytes.fromhex(sha256))

async def receive_file(ws):
    try:
        while True:
            await one_file(ws, **json.loads(await ws.recv()))
    except ConnectionClosed:
        pass
""",
    ),
    wrong=(
        WrongAnswer(
            """
import hashlib
import json

async def receive_file(ws):
    checksum = hashlib.sha256()
    async for message in ws:
        if message == "progress":
            await ws.send(json.dumps({"received": received}))
            continue
        if isinstance(message, str):
            announced = json.loads(message)
            received = 0
        else:
            received += len(message)
            checksum.update(message)
        if received == announced["size"]:
            ok = checksum.hexdigest() == announced["sha256"]
            await ws.send(json.dumps({"received": received, "ok": ok}))
""",
            "with a second file: the whole file should be answered: its checksum is right",
        ),
        WrongAnswer(
            """
import hashlib
import json

async def receive_file(ws):
    async for message in ws:
        announced = json.loads(message)
        received, checksum = 0, hashlib.sha256()
        while received < announced["size"]:
            chunk = await ws.recv()
            checksum.update(chunk)
            received += len(chunk)
        ok = checksum.hexdigest() == announced["sha256"]
        await ws.send(json.dumps({"received": received, "ok": ok}))
""",
            "with a second file: `progress` should be answered with the bytes of this file that "
            "have arrived: the connection was closed",
        ),
        WrongAnswer(
            """
import hashlib
import json

async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await ws.send(json.dumps({"received": received}))
        elif isinstance(message, str):
            announced = json.loads(message)
            received, checksum = 0, hashlib.sha256()
        else:
            received += len(message)
            checksum.update(message)
            if received == announced["size"]:
                ok = checksum.hexdigest() == announced["sha256"]
                await ws.send(json.dumps({"received": received, "ok": ok}))
""",
            "with an empty file: the whole file should be answered: its checksum is right: "
            "no message came",
        ),
        WrongAnswer(
            """
import json

async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await ws.send(json.dumps({"received": received}))
            continue
        if isinstance(message, str):
            size = json.loads(message)["size"]
            received = 0
        else:
            received += len(message)
        if received == size:
            await ws.send(json.dumps({"received": received, "ok": True}))
""",
            "with a wrong checksum: the whole file should be answered: its checksum is wrong",
        ),
        WrongAnswer(
            """
import hashlib
import json

async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await ws.send(json.dumps({"received": received}))
            continue
        if isinstance(message, str):
            announced = json.loads(message)
            received, checksum = 0, hashlib.sha256()
        else:
            received += len(message)
            checksum.update(message)
        if received == announced["size"]:
            if checksum.hexdigest() != announced["sha256"]:
                await ws.close(1008, "wrong checksum")
                return
            await ws.send(json.dumps({"received": received, "ok": True}))
""",
            "its checksum is wrong: the connection was closed",
        ),
        WrongAnswer(
            """
import hashlib
import json

received, checksum, announced = 0, None, None

async def receive_file(ws):
    global received, checksum, announced
    async for message in ws:
        if message == "progress":
            await ws.send(json.dumps({"received": received}))
            continue
        if isinstance(message, str):
            announced = json.loads(message)
            received, checksum = 0, hashlib.sha256()
        else:
            received += len(message)
            checksum.update(message)
        if received == announced["size"]:
            ok = checksum.hexdigest() == announced["sha256"]
            await ws.send(json.dumps({"received": received, "ok": ok}))
""",
            "with two clients at once",
        ),
        WrongAnswer(
            """
import hashlib
import json

async def receive_file(ws):
    async for message in ws:
        if message == "progress":
            await ws.send(json.dumps({"received": chunks}))
            continue
        if isinstance(message, str):
            announced = json.loads(message)
            chunks, received, checksum = 0, 0, hashlib.sha256()
        else:
            chunks += 1
            received += len(message)
            checksum.update(message)
        if received == announced["size"]:
            ok = checksum.hexdigest() == announced["sha256"]
            await ws.send(json.dumps({"received": received, "ok": ok}))
""",
            "with a second file: `progress` should be answered with the bytes",
        ),
        WrongAnswer(
            """
import hashlib
import json

async def receive_file(ws):
    async for message in ws:
        announced = json.loads(message)
        received, checksum = 0, hashlib.sha256()
        while received < announced["size"]:
            chunk = await ws.recv()
            if chunk == "progress":
                await ws.send(json.dumps({"received": received}))
                continue
            if not chunk:
                break
            checksum.update(chunk)
            received += len(chunk)
        ok = checksum.hexdigest() == announced["sha256"]
        await ws.send(json.dumps({"received": received, "ok": ok}))
""",
            "with a second file: `progress` should be answered",
        ),
        WrongAnswer(
            """
import hashlib
import json

async def receive_file(ws):
    announced = json.loads(await ws.recv())
    received, checksum = 0, hashlib.sha256()
    while received < announced["size"]:
        chunk = await ws.recv()
        checksum.update(chunk)
        received += len(chunk)
    ok = checksum.hexdigest() == announced["sha256"]
    await ws.send(json.dumps({"received": received, "ok": ok}))
""",
            "with a second file: `progress` should be answered with the bytes of this file that "
            "have arrived: the connection was closed",
        ),
        WrongAnswer(
            """
import hashlib
import json

async def receive_file(ws):
    async for message in ws:
        announced = json.loads(message)
        content = await ws.recv()
        ok = hashlib.sha256(content).hexdigest() == announced["sha256"]
        await ws.send(json.dumps({"received": len(content), "ok": ok}))
""",
            "the whole file should be answered: its checksum is right",
        ),
        WrongAnswer(
            """
import hashlib
import json
import time

async def receive_file(ws):
    async for message in ws:
        announced = json.loads(message)
        while True:
            time.sleep(0.01)
""",
            "holds up the event loop",
        ),
    ),
    probe=_probe_receive_file,
    minutes=25,
    difficulty=3,
    needs="A file in chunks",
)


EXERCISES = (_SEND_BUFFER, _SHOUT, _WEATHER, _PARSE_FRAME, _RECEIVE_FILE)
