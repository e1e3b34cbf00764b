"""Exercise 3.4: Take a frame apart."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from typing import Any, Final

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, call, show
from wslab.exercises._rule import Rule
from wslab.handlers import echo
from wslab.server import serve
from wslab.wire import Frame, apply_mask

from ._shared import hex_of

__all__ = ["EXERCISE"]


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
            sent = said + hex_of(data + rest)
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


EXERCISE = Exercise(
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
    rules=(Rule("", _probe_parse_frame),),
    minutes=25,
    difficulty=3,
    needs="A frame, byte by byte",
)
