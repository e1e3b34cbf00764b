"""Exercise 3.4: Take a frame apart."""

from __future__ import annotations

import hashlib
import struct
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, call, same, show
from wslab.exercises._rule import rule
from wslab.wire import apply_mask

from ._shared import hex_of

__all__ = ["EXERCISE"]

_TEXT: Final = 0x1
_BINARY: Final = 0x2
_KEY: Final = bytes.fromhex("37 fa 21 3d")  # of RFC 6455 §5.7
_NEXT: Final = bytes.fromhex("81 05 48 65 6c 6c 6f")
"""An unmasked text frame, “Hello”, which may follow another frame."""


def _frame(
    payload: bytes, *, opcode: int = _TEXT, fin: bool = True, rsv: int = 0, key: bytes = b""
) -> bytes:
    """Make a frame as RFC 6455 §5.2 has it; with a masking key it is a client's."""
    first, mask = fin << 7 | rsv << 4 | opcode, 0x80 if key else 0
    size = len(payload)
    if size <= 125:
        head = struct.pack("!BB", first, mask | size)
    elif size < 2**16:
        head = struct.pack("!BBH", first, mask | 126, size)
    else:
        head = struct.pack("!BBQ", first, mask | 127, size)
    return head + key + (apply_mask(payload, key) if key else payload)


def _some(size: int) -> bytes:
    """Return bytes of all kinds, the same each time."""
    return hashlib.shake_128(b"frame").digest(size)


class _Parsed:
    """
    What the answer makes of a frame, and the words for a finding about it.

    Args:
        answer: The learner's function.
        what: The frame in words.
        data: What it is called with.
        expected: The four things, as a right answer returns them.
    """

    def __init__(self, answer: Any, what: str, data: bytes, expected: tuple[Any, ...]) -> None:
        self.sent = f"parse_frame({hex_of(data)}): {what}"
        self.expected = f"({', '.join(map(show, expected))})"
        try:
            self.got = call(answer, data, timeout=CLIENT_TIMEOUT)
        except Finding as finding:
            finding.sent, finding.expected = self.sent, self.expected
            raise

    @property
    def whole(self) -> bool:
        """Whether it returned four things."""
        return isinstance(self.got, tuple | list) and len(self.got) == 4

    def part(self, place: int) -> Any:
        """Return one of the four things; without four another rule tells about that: then None."""
        return self.got[place] if self.whole else None

    def bytes(self, place: int) -> bytes | None:
        """Return one of the four things if it is bytes of some kind, else None."""
        part = self.part(place)
        return bytes(part) if isinstance(part, bytes | bytearray | memoryview) else None

    def finding(self, problem: str) -> Finding:
        got = f"({', '.join(map(show, self.got))})" if self.whole else show(self.got)
        return Finding(problem, sent=self.sent, expected=self.expected, got=got)


def _parse(
    answer: Any, what: str, payload: bytes, rest: bytes = b"", opcode: int = _TEXT, **form: Any
) -> _Parsed:
    """Let the answer take a frame apart, with a rest behind it."""
    data = _frame(payload, opcode=opcode, **form) + rest
    return _Parsed(answer, what, data, (form.get("fin", True), opcode, payload, rest))


@rule("Return `(fin, opcode, payload, rest)`")
def _four(answer: Any) -> None:
    for parsed in (
        _parse(answer, "an unmasked text frame", b"Hello"),
        _parse(answer, "a text frame, and another one", b"Hello", _NEXT),
        _parse(answer, "an empty binary frame", b"", opcode=_BINARY),
        _parse(answer, "a masked frame", b"Hel", fin=False, key=_KEY),
    ):
        if parsed.whole:
            continue
        if parsed.got is None:
            raise parsed.finding("it returns nothing")
        listed = isinstance(parsed.got, tuple | list)
        some = f"{len(parsed.got)} thing(s)" if listed else "something else"
        raise parsed.finding(f"it returns {some}")


@rule("`True` or `False`")
def _fin(answer: Any) -> None:
    for opcode, fin in ((_BINARY, True), (_BINARY, False), (_TEXT, False), (0, True), (0, False)):
        what = "the last frame of a message" if fin else "one that is not the last of its message"
        parsed = _parse(answer, what, b"Hel", opcode=opcode, fin=fin)
        got = parsed.part(0)
        if parsed.whole and (not isinstance(got, int) or got != fin):
            raise parsed.finding("fin has another value")


@rule("a number")
def _opcode(answer: Any) -> None:
    for opcode in (_TEXT, _BINARY, 0x0, 0x8, 0x9, 0xA):
        for fin in (True, False):
            if opcode < 0x8 or fin:  # a control frame is never fragmented: RFC 6455 §5.4
                parsed = _parse(
                    answer, f"a frame of opcode {opcode}", b"Hi", opcode=opcode, fin=fin
                )
                got = parsed.part(1)
                if parsed.whole and (not isinstance(got, int) or got != opcode):
                    raise parsed.finding("the opcode has another value")


@rule("the payload as bytes")
def _payload(answer: Any) -> None:
    for size in (5, 0, 1, 4, 125):
        payload = b"Hello" if size == 5 else _some(size)
        parsed = _parse(answer, f"an unmasked frame with {size} byte(s) of payload", payload)
        if parsed.part(2) is not None and parsed.bytes(2) is None:
            raise parsed.finding("the payload is no bytes")
        if parsed.whole and parsed.bytes(2) != payload:
            raise parsed.finding("the payload is another one")


@rule("The bytes `data` begin with one whole frame")
def _length(answer: Any) -> None:
    for size in (125, 127, 126, 128, 256, 1000, 65_535, 65_536):
        payload = _some(size)
        what = f"an unmasked frame with {size:,} bytes of payload, and another frame"
        parsed = _parse(answer, what, payload, _NEXT)
        got = parsed.bytes(2)
        if got is not None and len(got) != size:
            raise parsed.finding(_wrong_length(size, len(got)))
        if got is not None and got != payload:
            raise parsed.finding("the payload has the right length, but begins at another byte")


def _wrong_length(size: int, got: int) -> str:
    """Say how a length came about."""
    said = f"the payload has {size:,} bytes, and {got:,} were taken"
    if got == size + len(_NEXT):
        said += ", all that is there"
    if size <= 125:
        return said
    field = 2 if size < 2**16 else 8
    if got == (126 if field == 2 else 127):
        return f"{said}: {got} is no length, it says that the length is in the next {field} bytes"
    if got in (size & 0xFFFF, size >> 16) and field == 8:
        return f"{said}: after 127 the length is in 8 bytes"
    reversed_one = int.from_bytes(size.to_bytes(field, "big"), "little")
    if got == min(reversed_one, size + len(_NEXT)):
        return f"{said}: the length is in network byte order"
    return said


@rule("from a client or from a server")
def _both_sides(answer: Any) -> None:
    for size in (5, 300, 65_536, 0):
        for key in (b"", _KEY):
            payload = _some(size)
            side = "a client, masked" if key else "a server, unmasked"
            parsed = _parse(answer, f"{size:,} bytes from {side}", payload, _NEXT, key=key)
            got = parsed.bytes(2)
            if got is None:
                continue  # another rule tells about that
            if len(got) != size or (not key and got != payload):
                raise parsed.finding(f"of a frame from {side}, other bytes were taken")
            shifted = (key + apply_mask(payload, key))[:size] if key else b""
            if shifted and got in (shifted, apply_mask(shifted, key)):
                raise parsed.finding("the masking key was taken for the payload's first bytes")
            if key and parsed.bytes(3) not in (_NEXT, b"", None):
                raise parsed.finding("of a masked frame, the rest begins at another byte")


@rule("unmasked if it was masked")
def _unmasked(answer: Any) -> None:
    for payload in (b"Hello", b"\x00\x00\x00zeros", b"", b"a", _some(300), _some(65_537)):
        for key in (_KEY, b"\x00\xff\x00\xff", bytes(4))[: 1 if len(payload) > 300 else None]:
            what = f"a masked frame with {len(payload):,} byte(s) of payload"
            parsed = _parse(answer, what, payload, opcode=_BINARY, key=key)
            got = parsed.bytes(2)
            if got is None or same(got, payload):
                continue
            masked = key != bytes(4) and got == apply_mask(payload, key)
            raise parsed.finding(
                "the payload is still masked" if masked else "the payload is another one"
            )


@rule("and the bytes after the frame")
def _rest(answer: Any) -> None:
    for size in (5, 300, 0):
        for rest in (_NEXT, b"", _NEXT[:1], b"\x00", _NEXT * 2, _some(200)):
            words = f"with {len(rest)} byte(s) after it" if rest else "with nothing after it"
            parsed = _parse(answer, f"a frame {words}", _some(size), rest)
            if parsed.part(3) is not None and parsed.bytes(3) is None:
                raise parsed.finding("the rest is no bytes")
            if parsed.whole and parsed.bytes(3) != rest:
                raise parsed.finding("the rest is another one")


@rule("The RSV bits do not matter")
def _rsv(answer: Any) -> None:
    for rsv in (0b100, 0b010, 0b001, 0b111):
        for fin in (True, False):
            what = f"a frame with RSV bits {rsv:03b}"
            parsed = _parse(answer, what, b"\xf2\x48", b"", fin=fin, rsv=rsv)
            for place, right in enumerate((fin, _TEXT, b"\xf2\x48")):
                if parsed.whole and not same(parsed.part(place), right):
                    name = ("fin", "the opcode", "the payload")[place]
                    raise parsed.finding(f"{name} has another value")


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
    rules=(
        _four,
        _fin,
        _opcode,
        _payload,
        _length,
        _both_sides,
        _unmasked,
        _rest,
        _rsv,
    ),
    minutes=25,
    difficulty=3,
    needs="A frame, byte by byte",
)
