"""
RFC 6455 bytes in, records out. No I/O, no clock, no threads.

A :class:`Decoder` reads one direction of one connection and emits

==================  =====================================================================
:class:`Handshake`  the HTTP request or the HTTP response that opens a connection (§4)
:class:`Frame`      one frame, exactly as it crossed the wire (§5.2)
:class:`Malformed`  bytes in which no handshake or frame can be found
==================  =====================================================================

Three more kinds of record come from the server, or from a tap, rather than from bytes:
:class:`Lost`, the TCP connection ended without a closing handshake (§7.1.5: code 1006),
:class:`HandlerError`, the server's own code raised, and :class:`Exchange`, an HTTP request beside
the WebSockets.

>>> decoder = Decoder("server", connection=1, handshake=False)
>>> [frame] = decoder.feed(b"\\x81\\x05hello")
>>> frame.opcode, frame.fin, frame.payload, frame.size
(<Opcode.TEXT: 1>, True, b'hello', 7)
"""

from __future__ import annotations

import codecs
import dataclasses
import enum
import re
import weakref
from collections.abc import Callable
from typing import Final, Literal, Protocol, TypeAlias

from ._stdout import printable

__all__ = [
    "KEEP_PAYLOAD",
    "Decoder",
    "Exchange",
    "Frame",
    "HandlerError",
    "Handshake",
    "Inflated",
    "Inflating",
    "Kind",
    "Lost",
    "Malformed",
    "Opcode",
    "Record",
    "Sender",
    "apply_mask",
]

Sender: TypeAlias = Literal["client", "server"]

Kind: TypeAlias = Literal[
    "handshake",
    "continuation",
    "text",
    "binary",
    "close",
    "ping",
    "pong",
    "reserved",
    "malformed",
    "lost",
    "error",
    "http",
]

KEEP_PAYLOAD: Final = 64 * 1024
"""How many bytes of each payload a record keeps; the rest is only counted."""

MAX_HANDSHAKE: Final = 129 * 8192 + 2
"""
A handshake longer than this many bytes is recorded as malformed: ``websockets`` takes no longer
one, with its 128 headers and 8 KiB for a line.
"""


class Opcode(enum.IntEnum):
    """The opcodes RFC 6455 §5.2 defines; 3–7 and 11–15 are reserved."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


_KINDS: Final[dict[int, Kind]] = {
    Opcode.CONTINUATION: "continuation",
    Opcode.TEXT: "text",
    Opcode.BINARY: "binary",
    Opcode.CLOSE: "close",
    Opcode.PING: "ping",
    Opcode.PONG: "pong",
}


_MESSAGE_OPCODES: Final = (Opcode.TEXT, Opcode.BINARY)

_STATUS_CODE: Final = re.compile("[0-9]{3}")  # RFC 9112 §4; int() refuses thousands of digits

_UTF8_TAIL: Final = bytes(range(0x80, 0xC0))  # RFC 3629 §4: what follows a character's first byte


class Arriving(bytearray):
    """The payload of a frame whose header is here and whose last byte is not yet."""

    __slots__ = ("missing",)
    missing: int


class Inflated:
    """
    What came out of a compressed payload (RFC 7692); see ``wslab.inflate``.

    Attributes:
        data: The first 64 KiB of it.
        length: How many bytes came out.
        problem: Why not all did, as a sentence, or ``None``.
    """

    __slots__ = ("counted", "data", "length", "problem")

    def __init__(self) -> None:
        self.data = bytearray()
        self.length = 0
        self.problem: str | None = None
        self.counted: int | None = None  # by a transcript, as bytes that it keeps


class Inflating(Protocol):
    """Inflates the payloads of one direction, as ``wslab.inflate.Inflater`` does."""

    def feed(self, data: bytes, *, last: bool, into: Inflated) -> None:
        """Inflate the next bytes of a message."""


def apply_mask(data: bytes | bytearray, masking_key: bytes) -> bytes:
    """
    XOR ``data`` with the four bytes of ``masking_key``, over and over (RFC 6455 §5.3).

    The same call masks and unmasks.

    Raises:
        ValueError: The masking key is not four bytes long.

    >>> apply_mask(b"Hello", bytes.fromhex("37fa213d")).hex(" ")
    '7f 9f 4d 51 58'
    """
    if len(masking_key) != 4:
        raise ValueError(f"a masking key is 4 bytes long, not {len(masking_key)}")
    # One XOR of two big integers: 1 MiB takes 6 ms, byte by byte it takes 130 ms.
    size = len(data)
    key = (masking_key * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Handshake:
    """
    One half of the opening handshake (RFC 6455 §4): an HTTP request or its response.

    Attributes:
        connection: Number of the connection, from 1 in the order they were accepted.
        sender: ``"client"`` for the request, ``"server"`` for the response.
        head: The bytes of the start line and the headers, with the blank line that ends them.
        body: What follows the head where it does not open a connection: the body of a response
            that refuses, or of a request that has one; at most 64 KiB are kept.
        time: Seconds, as passed to :meth:`Decoder.feed`.
        changed: What :func:`wslab.tap` changed on the way to the server: for each header its name,
            the value here, and the value that was passed on.

    >>> decoder = Decoder("client", connection=1)
    >>> [request] = decoder.feed(b"GET /chat HTTP/1.1\\r\\nHost: example.com\\r\\n\\r\\n")
    >>> request.path, request.header("host")
    ('/chat', 'example.com')
    """

    connection: int
    sender: Sender
    head: bytes
    body: bytes | bytearray = dataclasses.field(default=b"", hash=False)
    time: float = dataclasses.field(default=0.0, compare=False)
    changed: tuple[tuple[str, str, str], ...] = ()

    @property
    def kind(self) -> Kind:
        """Always ``"handshake"``."""
        return "handshake"

    def __repr__(self) -> str:
        return _repr(self, repr(_cut(self.start_line)))

    @property
    def start_line(self) -> str:
        """First line, such as ``"GET /chat HTTP/1.1"`` or ``"HTTP/1.1 403 Forbidden"``."""
        return _start_line(self.head)

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """``(name, value)`` pairs in the order they were sent."""
        # ISO-8859-1 maps every byte to a character, so that any header can be shown.
        lines = self.head.decode("iso-8859-1").split("\r\n")[1:-2]
        pairs = (line.partition(":") for line in lines)
        return tuple((name, value.strip(" \t")) for name, _, value in pairs)

    @property
    def path(self) -> str | None:
        """Path and query of a request; ``None`` for a response."""
        return self.start_line.split(" ")[1] if self.sender == "client" else None

    @property
    def status(self) -> int | None:
        """Status code of a response, 101 where the connection opened; ``None`` for a request."""
        return int(self.start_line.split(" ")[1]) if self.sender == "server" else None

    @property
    def opens(self) -> bool:
        """Whether frames may follow, as after a GET without a body, or a status of 101."""
        if self.sender == "server":
            return self.status == 101
        # RFC 9112 §6.3: a request has a body if one of these says so.
        return (
            self.head.startswith(b"GET ")
            and self.header("Content-Length") in (None, "0")
            and self.header("Transfer-Encoding") is None
        )

    def header(self, name: str) -> str | None:
        """Value of the first header of that name, in any case; ``None`` if there is none."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclasses.dataclass(frozen=True, slots=True, weakref_slot=True, repr=False)
class Frame:
    """
    One frame (RFC 6455 §5.2), as its bytes crossed the wire.

    A frame is recorded once its header is complete. While a long payload is still arriving,
    :attr:`complete` is false and :attr:`payload` holds what has come so far.

    Attributes:
        connection: Number of the connection, from 1 in the order they were accepted.
        sender: ``"client"`` or ``"server"``.
        head: The header's 2 to 14 bytes: flags, opcode, length, masking key.
        body: The payload's bytes on the wire, still masked; at most 64 KiB are kept.
        violation: What the header breaks, as a sentence with its RFC section, or ``None``.
            :attr:`problem` adds what the payload breaks.
        time: Seconds, as passed to :meth:`Decoder.feed` with the header's last byte.
        first: First frame of the message that a CONTINUATION frame continues; ``None`` on other
            frames, and where there is no message to continue. Its payload is missing where nobody
            had kept its record when the next frame came.
        inflated: What the payload is inflated, where its message is compressed and the handshake
            was seen; ``None`` elsewhere.
    """

    connection: int
    sender: Sender
    head: bytes
    body: bytes | bytearray = dataclasses.field(hash=False)
    violation: str | None = None
    time: float = dataclasses.field(default=0.0, compare=False)
    first: Frame | None = None
    inflated: Inflated | None = dataclasses.field(default=None, compare=False)

    def __repr__(self) -> str:
        shown = self.kind if self.fin else f"{self.kind} FIN=0"
        if self.close_code is not None:
            shown += f" {self.close_code} {_cut(self.close_reason or '')!r}"
        elif self.kind not in ("ping", "pong"):  # a keepalive's payload is random
            shown += f" {self.payload[:_REPR_LENGTH]!r}{'…' * (self.length > _REPR_LENGTH)}"
        return _repr(self, shown)

    @property
    def fin(self) -> bool:
        """Whether this is the last (or only) frame of its message."""
        return bool(self.head[0] & 0x80)

    @property
    def rsv1(self) -> bool:
        """The first reserved bit; permessage-deflate sets it on a compressed message."""
        return bool(self.head[0] & 0x40)

    @property
    def rsv2(self) -> bool:
        """The second reserved bit."""
        return bool(self.head[0] & 0x20)

    @property
    def rsv3(self) -> bool:
        """The third reserved bit."""
        return bool(self.head[0] & 0x10)

    @property
    def opcode(self) -> Opcode | int:
        """An :class:`Opcode`, or a plain ``int`` if the value is reserved."""
        value = self.head[0] & 0x0F
        return Opcode(value) if value in _KINDS else value

    @property
    def kind(self) -> Kind:
        """Name of the opcode, such as ``"text"`` or ``"binary"``, or ``"reserved"``."""
        return _KINDS.get(self.head[0] & 0x0F, "reserved")

    @property
    def is_control(self) -> bool:
        """Whether this is a control frame, such as close, ping and pong (opcodes 8–15, §5.5)."""
        return bool(self.head[0] & 0x08)

    @property
    def masked(self) -> bool:
        """The MASK bit, set on every frame from a client, never on one from a server (§5.1)."""
        return bool(self.head[1] & 0x80)

    @property
    def masking_key(self) -> bytes | None:
        """The four bytes that the payload was masked with, or ``None``."""
        return self.head[-4:] if self.masked else None

    @property
    def length(self) -> int:
        """Length of the whole payload in bytes, from the header."""
        return _length(self.head)

    @property
    def size(self) -> int:
        """Bytes on the wire, header and payload."""
        return len(self.head) + self.length

    @property
    def missing(self) -> int:
        """How many bytes of the payload have not arrived, or not yet."""
        return self.body.missing if isinstance(self.body, Arriving) else 0

    @property
    def complete(self) -> bool:
        """Whether the last byte of the payload has arrived."""
        return not self.missing

    @property
    def payload(self) -> bytes:
        """The payload, unmasked; its first 64 KiB if it is longer."""
        key = self.masking_key
        return apply_mask(bytes(self.body), key) if key else bytes(self.body)

    @property
    def text(self) -> str | None:
        """
        The payload, inflated, decoded as UTF-8; ``None`` where it is not valid UTF-8 by itself.

        Where only the first part of the payload is here, a character cut in two is left out. A
        fragment may begin or end inside a character (§5.6); it has no text by itself then.
        """
        payload, length = self.payload, self.length
        if self.inflated is not None:
            payload, length = bytes(self.inflated.data), self.inflated.length
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            return decoder.decode(payload, final=len(payload) == length)
        except UnicodeDecodeError:
            return None

    @property
    def close_code(self) -> int | None:
        """Close code of a CLOSE frame; ``None`` on other frames and where it carries none."""
        if self.kind != "close" or len(self.body) < 2:
            return None
        return int.from_bytes(self.payload[:2], "big")

    @property
    def close_reason(self) -> str | None:
        """Reason of a CLOSE frame, ``""`` if it has none; ``None`` on other frames."""
        return self.payload[2:].decode(errors="replace") if self.kind == "close" else None

    @property
    def problem(self) -> str | None:
        """
        What RFC 6455 forbids about this frame, as a sentence with the section, or ``None``.

        Of a long text only the 64 KiB that are kept are checked, of a compressed one what it
        inflates to, if it was. A character that is cut in two by fragmentation is taken
        for a good one.
        """
        return self.violation or (_payload_problem(self) if self.complete else None)


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Malformed:
    """
    Bytes in which no handshake or frame can be found; nothing after them is decoded.

    Attributes:
        connection: Number of the connection.
        sender: Who sent them.
        problem: What is wrong, as a sentence.
        data: The bytes and what followed them, at most 64 KiB.
        time: Seconds, as passed to :meth:`Decoder.feed`.
    """

    connection: int
    sender: Sender
    problem: str
    data: bytes | bytearray = dataclasses.field(hash=False)
    time: float = dataclasses.field(default=0.0, compare=False)

    def __repr__(self) -> str:
        return _repr(self, self.problem)

    @property
    def kind(self) -> Kind:
        """Always ``"malformed"``."""
        return "malformed"


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Lost:
    """
    The TCP connection ended without a closing handshake (RFC 6455 §7.1.5: code 1006).

    Attributes:
        connection: Number of the connection.
        problem: What ended it, as a sentence.
        unsent: Bytes handed to the transport that had not left it when it was aborted.
        time: Seconds on the transcript's clock.
    """

    connection: int
    problem: str
    unsent: int = 0
    time: float = dataclasses.field(default=0.0, compare=False)

    def __repr__(self) -> str:
        return _repr(self, self.problem)

    @property
    def kind(self) -> Kind:
        """Always ``"lost"``."""
        return "lost"

    @property
    def sender(self) -> None:
        """``None``, for nobody sent it."""
        return None


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class HandlerError:
    """
    The server's handler raised an exception; ``websockets`` then closes with code 1011.

    Or one of the callbacks of the opening handshake did; then it answers with the status 500.

    Attributes:
        connection: Number of the connection; 0 where it is of none.
        type: Name of the exception's class, such as ``"ZeroDivisionError"``.
        message: ``str()`` of the exception.
        traceback: The formatted traceback, as it is: what the exception quotes may hold control
            characters.
        time: Seconds on the transcript's clock.
        raised_by: ``"handler"``, and what it started; or ``"process_request"``,
            ``"process_response"`` or ``"opening handshake"``.
    """

    connection: int
    type: str
    message: str
    traceback: str = dataclasses.field(default="", compare=False)
    time: float = dataclasses.field(default=0.0, compare=False)
    raised_by: str = "handler"

    def __repr__(self) -> str:
        return _repr(self, f"{self.type} {_cut(self.message)!r}")

    @property
    def kind(self) -> Kind:
        """Always ``"error"``."""
        return "error"

    @property
    def sender(self) -> None:
        """``None``, for it never crossed the wire."""
        return None


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Exchange:
    """
    An HTTP request and its response that passed through :func:`wslab.tap` beside WebSockets.

    Attributes:
        connection: Number of the connection.
        request: First line of the request, such as ``"GET /index.html HTTP/1.1"``.
        response: First line of the response; ``""`` where none came.
        sent: Bytes of the request's body on the wire.
        received: Bytes of the response's body on the wire, those that came.
        time: Seconds on the transcript's clock, at the end of the response.
    """

    connection: int
    request: str
    response: str = ""
    sent: int = 0
    received: int = 0
    time: float = dataclasses.field(default=0.0, compare=False)

    def __repr__(self) -> str:
        return _repr(self, f"{_cut(self.request)!r}, {_cut(self.response)!r}")

    @property
    def kind(self) -> Kind:
        """Always ``"http"``."""
        return "http"

    @property
    def sender(self) -> Sender:
        """Always ``"client"``, who asked."""
        return "client"


Record: TypeAlias = Handshake | Frame | Malformed | Lost | HandlerError | Exchange

_REPR_LENGTH: Final = 40


def _repr(record: Record, shown: str) -> str:
    """Short, and the same in every run: without time, masking key and what else is random."""
    sender = f", from {record.sender}" if record.sender else ""
    return printable(f"<{type(record).__name__}: connection {record.connection}{sender}, {shown}>")


def _cut(string: str) -> str:
    return string if len(string) <= _REPR_LENGTH else string[:_REPR_LENGTH] + "…"


# How long a frame with the shortest header is, by its second byte (MASK and the length of the
# payload), masked as its sender must; 0 where that byte says anything else.
_PLAIN: Final[dict[Sender, bytes]] = {
    "client": bytes(0x80) + bytes(range(6, 6 + 126)) + bytes(2),
    "server": bytes(range(2, 2 + 126)) + bytes(2) + bytes(0x80),
}
_NEVER: Final = bytes(0x100)


class Decoder:
    """
    Decode one direction of one connection, however its bytes are cut into reads.

    Args:
        sender: Who sends the bytes: ``"client"`` or ``"server"``.
        connection: Number that goes into the records.
        handshake: Whether the stream begins with an opening handshake. Pass ``False`` to
            decode bare frames.
        waits: Whether what follows a client's request is kept back until :meth:`accept` or
            :meth:`refuse` tells what the server has answered. Before, a client must send nothing
            (RFC 6455 §4.1), and what it sends may be anything.

    Attributes:
        sender: Who sends the bytes.
        connection: Number that goes into the records.
        accepted: Whether the handshake let frames follow; ``None`` before its end. After a
            client's request they do until the server refuses: tell by :meth:`refuse`.
        closed: Whether a CLOSE frame went by.
        compression: Whether permessage-deflate was agreed, so that RSV1 may be set (RFC 7692 §6).
            The server's decoder reads it from the response; tell it to the client's.
        make_inflater: Makes what inflates the server's messages from its response, such as
            ``wslab.inflate.make_inflater``; by default nothing is inflated.
        inflater: What inflates the messages. The server's decoder has it made by
            ``make_inflater``; give it to the client's.
        plain: How long the next bytes are if they are plain (see :meth:`is_plain`), by the second
            of them; 0 where they are not.

    >>> decoder = Decoder("server", connection=1, handshake=False)
    >>> decoder.feed(b"\\x81")  # half a header: nothing to record yet
    []
    >>> [frame.kind for frame in decoder.feed(b"\\x02hi\\x89\\x00")]
    ['text', 'ping']
    """

    __slots__ = (
        "_arriving",
        "_buffer",
        "_doubtful",
        "_first",
        "_first_head",
        "_inflating",
        "_look_closer",
        "_opening",
        "_read",
        "_rest",
        "_waits",
        "accepted",
        "closed",
        "compression",
        "connection",
        "inflater",
        "make_inflater",
        "plain",
        "sender",
    )

    def __init__(
        self, sender: Sender, connection: int, *, handshake: bool = True, waits: bool = False
    ) -> None:
        self._waits = waits
        self.sender: Sender = sender
        self.connection = connection
        # Not that of the sender unless a frame begins next, and nothing before it matters.
        self.plain = _NEVER if handshake else _PLAIN[sender]
        # The beginning of a handshake; no buffer afterwards, for many connections are idle.
        self._opening: bytes | bytearray = bytearray() if handshake else b""
        self._buffer = b""  # the beginning of a frame's header
        self._arriving: Arriving | None = None  # a payload that is not complete yet
        self._doubtful = False  # it is of a frame that must not be
        self._rest: bytes | bytearray = b""  # what follows the last thing that can be decoded
        # Between the first and the last frame of a message. Weak, for as long as the record of the
        # first one is kept elsewhere: or else each connection would hold 64 KiB.
        self._first: weakref.ref[Frame] | Callable[[], Frame] | None = None
        self._first_head = b""
        self._look_closer = False  # there, and after CLOSE
        # Functions, not methods: a bound method for each connection would take 64 bytes.
        self._read = Decoder._read_handshake if handshake else Decoder._read_frames
        self.accepted: bool | None = None if handshake else True
        self.closed = False
        self.compression = False
        self.make_inflater: Callable[[Handshake, Sender], Inflating | None] | None = None
        self.inflater: Inflating | None = None
        self._inflating: Frame | None = None  # whose payload is arriving

    def feed(self, data: bytes, time: float = 0.0) -> list[Record]:
        """
        Decode the next bytes; return the records that begin in them.

        Never raises, whatever the bytes are.

        Args:
            data: Bytes of any number.
            time: Seconds on any clock; goes into the records.
        """
        records: list[Record] = []
        self._read(self, data, time, records)
        idle = (
            self.accepted
            and self._arriving is None
            and not (self._buffer or self._look_closer or self._rest)
        )
        self.plain = _PLAIN[self.sender] if idle else _NEVER
        return records

    def is_plain(self, data: bytes) -> bool:
        """
        Return whether the next bytes are one whole short message, in a frame like most.

        Those need not be fed. They leave the decoder as it is, and :meth:`plain_frame` makes their
        record at any time later, or never.

        >>> decoder = Decoder("server", connection=1, handshake=False)
        >>> decoder.is_plain(b"\\x81\\x02hi"), decoder.is_plain(b"\\x81\\x03hi")
        (True, False)
        """
        return (
            type(data) is bytes  # a bytearray might change before its record is made
            and len(data) > 1
            and self.plain[data[1]] == len(data)
            and data[0] in (0x81, 0x82)  # TEXT or BINARY, with FIN
        )

    def plain_frame(self, data: bytes, time: float = 0.0) -> Frame:
        """
        Return the record of bytes about which :meth:`is_plain` said yes.

        >>> decoder = Decoder("server", connection=1, handshake=False)
        >>> decoder.plain_frame(b"\\x81\\x02hi")
        <Frame: connection 1, from server, text b'hi'>
        """
        header = 6 if self.sender == "client" else 2
        head, body = data[:header], data[header:]
        return Frame(self.connection, self.sender, head, body, None, time)

    @property
    def follows(self) -> bool:
        """
        Whether it is known what was sent, as it is not after malformed bytes, which are the last
        that are decoded, nor in the payload of a frame that must not be, for that may be anything.
        """
        inside = self._arriving is not None and self._doubtful
        return self._read is not Decoder._read_rest and not inside

    def eof(self, time: float = 0.0, *, unread: bool = False) -> list[Record]:
        """
        Tell that no more bytes will come; return the record of what was cut off, if any.

        Args:
            time: Goes into the record.
            unread: Whether the receiver had stopped reading, so that more may have been sent.
        """
        records: list[Record] = []
        if self._read is Decoder._read_early and _are_frames(self._buffer, self.sender):
            return self.accept(time)  # nobody has answered, but what else should they be?
        cut_off = self._buffer or bytes(self._opening[:KEEP_PAYLOAD])
        if cut_off:
            if self._read is Decoder._read_early:
                problem = "bytes after a request that was not answered"
            else:
                where = "a frame's header" if self._buffer else "the opening handshake"
                whose = "the receiver stopped reading" if unread else "the connection ended"
                problem = f"{whose} inside {where}"
            self._give_up(problem, cut_off[:KEEP_PAYLOAD], time, records)
        return records

    def accept(self, time: float = 0.0) -> list[Record]:
        """
        Tell a client's decoder that the server accepted the handshake; again does no harm.

        Returns:
            The records of what was kept back (see ``waits``).
        """
        if self._read is not Decoder._read_early:
            return []
        data, self._buffer = self._buffer, b""
        self.accepted = True
        self._read = Decoder._read_frames
        return self.feed(data, time)

    def refuse(self, time: float = 0.0) -> list[Record]:
        """
        Tell a client's decoder that the server refused the handshake; again does no harm.

        Returns:
            The record of what was kept back (see ``waits``).
        """
        records: list[Record] = []
        if self._read is not Decoder._read_rest:
            early = self._buffer if self._read is Decoder._read_early else b""
            self.accepted = False
            self.plain = _NEVER
            self._read = Decoder._read_after_refusal
            if early:
                self._buffer = b""
                self._read_after_refusal(early, time, records)
        return records

    # Each reader handles one part of the stream and puts the next reader into self._read.

    def _read_handshake(self, data: bytes, time: float, records: list[Record]) -> None:
        opening = self._opening
        searched = max(0, len(opening) - 3)
        opening += data
        end = opening.find(b"\r\n\r\n", searched, MAX_HANDSHAKE)
        if end < 0:
            if len(opening) >= MAX_HANDSHAKE:
                too_long = "the opening handshake is over 1 MiB"
                self._give_up(too_long, opening[:KEEP_PAYLOAD], time, records)
            return
        head = bytes(opening[: end + 4])
        problem = _handshake_problem(head, self.sender)
        if problem:
            self._give_up(problem, opening[:KEEP_PAYLOAD], time, records)
            return
        data = bytes(opening[end + 4 :])
        self._opening = b""
        body = bytearray()
        record = Handshake(self.connection, self.sender, head, body, time)
        records.append(record)
        if not record.opens:
            self._rest = body  # what _read_rest() adds to
        waits = self._waits and record.opens
        self.accepted = None if waits else record.opens
        self.compression = self.sender == "server" and _agrees_to_compression(record)
        if self.compression and self.make_inflater is not None:
            self.inflater = self.make_inflater(record, self.sender)
        if waits:
            self._read = Decoder._read_early
        else:
            self._read = Decoder._read_frames if record.opens else Decoder._read_rest
        self._read(self, data, time, records)

    def _read_early(self, data: bytes, time: float, records: list[Record]) -> None:
        """Keep back what comes before the server has answered."""
        self._buffer += data
        if len(self._buffer) > MAX_HANDSHAKE:
            problem = "over 1 MiB after a request that was not answered yet"
            self._give_up(problem, self._buffer, time, records)

    def _read_frames(self, data: bytes, time: float, records: list[Record]) -> None:
        position = 0
        if self._arriving is not None:
            position = self._fill(self._arriving, data)
        elif self._buffer:
            data = self._buffer + data
            self._buffer = b""
        available = len(data)
        mask = 0x80 if self.sender == "client" else 0  # the MASK bit that frames should have
        while available - position >= 2:
            first, second = data[position], data[position + 1]
            length = second & 0x7F
            start = position + 2
            shortest = 0
            if length > 125:
                start += 2 if length == 126 else 8
                if start > available:
                    break
                shortest = 126 if length == 126 else 65536
                length = int.from_bytes(data[position + 2 : start], "big")
            if second & 0x80:
                start += 4
            if start > available:
                break
            head = data[position:start]
            if length >> 63:
                problem = "the payload's 64-bit length has its highest bit set (RFC 6455 §5.2)"
                self._give_up(problem, data[position:], time, records)
                return
            stop = start + length
            kept = stop if length <= KEEP_PAYLOAD else start + KEEP_PAYLOAD
            body: bytes | bytearray
            if stop <= available:
                body = data[start:kept]
            else:
                body = self._arriving = Arriving(memoryview(data)[start:kept])
                self._arriving.missing = stop - available
                self._doubtful = False
            # Most frames are a whole TEXT or BINARY message with the right MASK bit and the
            # shortest header. The rest is looked at more closely.
            if (
                (first != 0x81 and first != 0x82)
                or self._look_closer
                or second & 0x80 != mask
                or length < shortest
            ):
                frame = self._look_closely(head, body, time)
                self._doubtful = frame.violation is not None
                if frame.inflated is not None:
                    self._inflate(frame, data[start:stop], 0)
            else:
                frame = Frame(self.connection, self.sender, head, body, None, time)
            records.append(frame)
            position = stop
        if position < available:
            self._buffer = data[position:]

    def _read_rest(self, data: bytes, time: float, records: list[Record]) -> None:
        """Keep what cannot be decoded in the last record, which holds self._rest."""
        self._rest += data[: KEEP_PAYLOAD - len(self._rest)]

    def _read_after_refusal(self, data: bytes, time: float, records: list[Record]) -> None:
        if data:
            data = bytes(self._opening) + self._buffer + data
            self._give_up("bytes after the server refused the handshake", data, time, records)

    def _fill(self, arriving: Arriving, data: bytes) -> int:
        """Add to the payload that is arriving; return how many bytes belong to it."""
        taken = min(arriving.missing, len(data))
        frame = self._inflating
        arrived = frame.length - arriving.missing if frame else 0
        arriving += data[: min(taken, KEEP_PAYLOAD - len(arriving))]
        arriving.missing -= taken
        if not arriving.missing:
            self._arriving = None
        if frame is not None:
            self._inflate(frame, data[:taken], arrived)
        return taken

    def _inflate(self, frame: Frame, data: bytes, arrived: int) -> None:
        """Inflate a piece of a payload, before which so many bytes of it have arrived."""
        assert self.inflater is not None
        assert frame.inflated is not None
        self._inflating = None if frame.complete else frame
        if key := frame.masking_key:
            turn = arrived % 4
            data = apply_mask(data, key[turn:] + key[:turn])
        self.inflater.feed(data, last=frame.fin and frame.complete, into=frame.inflated)

    def _look_closely(self, head: bytes, body: bytes | bytearray, time: float) -> Frame:
        """Make a frame, say what its header breaks, keep track of fragmentation and CLOSE."""
        opcode = head[0] & 0x0F
        is_data = opcode in _MESSAGE_OPCODES or opcode == Opcode.CONTINUATION
        first = self._first_frame() if opcode == Opcode.CONTINUATION else None
        problems = _header_problems(head, self.sender)
        if head[0] & 0x40 and not (self.compression and opcode in _MESSAGE_OPCODES):
            problems.append("RSV1 is set and no extension defines it here (RFC 6455 §5.2)")
        if self._first is not None and opcode in _MESSAGE_OPCODES:
            problems.append(
                "a new message begins before the last one's final frame (RFC 6455 §5.4)"
            )
        if first is None and opcode == Opcode.CONTINUATION:
            problems.append("there is no message to continue (RFC 6455 §5.4)")
        if self.closed and is_data:
            problems.append("no data frame may follow a CLOSE frame (RFC 6455 §5.5.1)")
        violation = "; ".join(problems) or None
        compressed = first.rsv1 if first else head[0] & 0x40 and opcode in _MESSAGE_OPCODES
        inflated = Inflated() if compressed and self.inflater is not None else None
        frame = Frame(self.connection, self.sender, head, body, violation, time, first, inflated)
        if is_data:
            if frame.fin:
                self._first = None
            elif first is None:
                self._first, self._first_head = weakref.ref(frame), head
        self.closed = self.closed or opcode == Opcode.CLOSE
        self._look_closer = self.closed or self._first is not None
        return frame

    def _first_frame(self) -> Frame | None:
        """The first frame of the message, or what stands for it where that is gone."""
        if self._first is None:
            return None
        first = self._first()
        if first is None:
            first = stand_in = Frame(self.connection, self.sender, self._first_head, b"")
            self._first = lambda: stand_in  # the same one for the frames that follow
        return first

    def _give_up(
        self, problem: str, data: bytes | bytearray, time: float, records: list[Record]
    ) -> None:
        self._opening = self._buffer = b""
        self._rest = bytearray(data[:KEEP_PAYLOAD])
        self._read = Decoder._read_rest
        records.append(Malformed(self.connection, self.sender, problem, self._rest, time))


def _are_frames(data: bytes, sender: Sender) -> bool:
    """Whether bytes are whole frames, all of them as they should be."""
    decoder = Decoder(sender, 0, handshake=False)
    frames = decoder.feed(data)
    correct = (isinstance(frame, Frame) and not frame.violation for frame in frames)
    return all(correct) and not decoder.eof() and decoder._arriving is None


def _start_line(head: bytes) -> str:
    return head.partition(b"\r\n")[0].decode("iso-8859-1")


def _handshake_problem(head: bytes, sender: Sender) -> str | None:
    """Say why these bytes are not the head of an HTTP request (or response), or ``None``."""
    parts = _start_line(head).split(" ", 2)
    if sender == "client":
        fine = len(parts) == 3 and parts[2].startswith("HTTP/")
    else:
        fine = len(parts) >= 2 and parts[0].startswith("HTTP/")
        fine = fine and _STATUS_CODE.fullmatch(parts[1]) is not None
    if not fine:
        return "not an HTTP request line" if sender == "client" else "not an HTTP status line"
    lines = head.split(b"\r\n")[1:-2]
    return None if all(b":" in line for line in lines) else "a header line without a colon"


def _agrees_to_compression(response: Handshake) -> bool:
    """Whether permessage-deflate is among the extensions of a response (RFC 6455 §9.1)."""
    extensions = response.header("Sec-WebSocket-Extensions") or ""
    return any(
        extension.partition(";")[0].strip(" \t") == "permessage-deflate"
        for extension in extensions.split(",")
    )


def _length(head: bytes) -> int:
    """Payload length from a whole frame header (RFC 6455 §5.2)."""
    length = head[1] & 0x7F
    if length < 126:
        return length
    return int.from_bytes(head[2:4] if length == 126 else head[2:10], "big")


def _header_problems(head: bytes, sender: Sender) -> list[str]:
    """Say what a header breaks by itself, whatever went before it."""
    first, second = head[0], head[1]
    opcode = first & 0x0F
    length = _length(head)
    problems = []
    if opcode not in _KINDS:
        problems.append(f"opcode {opcode:#x} is reserved (RFC 6455 §5.2)")
    if first & 0x30:
        problems.append("RSV2 or RSV3 is set and no extension defines it (RFC 6455 §5.2)")
    if sender == "client" and not second & 0x80:
        problems.append("a frame from a client must be masked (RFC 6455 §5.1)")
    if sender == "server" and second & 0x80:
        problems.append("a frame from a server must not be masked (RFC 6455 §5.1)")
    if first & 0x08:
        if not first & 0x80:
            problems.append("a control frame must not be fragmented (RFC 6455 §5.5)")
        if length > 125:
            problems.append("a control frame's payload is at most 125 bytes (RFC 6455 §5.5)")
    if second & 0x7F > 125 and length < (126 if second & 0x7F == 126 else 65536):
        problems.append("the length is not written in its shortest form (RFC 6455 §5.2)")
    return problems


def _payload_problem(frame: Frame) -> str | None:
    """Say what the payload of a frame with a correct header breaks, or ``None``."""
    if frame.kind == "close" and frame.length:
        code = frame.close_code
        if code is None:
            return "the body of a CLOSE frame begins with a 2-byte code (RFC 6455 §5.5.1)"
        # 1004–1006 and 1015 never go on the wire; 1016–2999 are not assigned yet.
        if not (1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999):
            return f"close code {code} must not be sent (RFC 6455 §7.4)"
        if not _is_utf8(frame.payload[2:]):
            return "the close reason is not valid UTF-8 (RFC 6455 §5.5.1)"
    message = frame.first or frame
    inflated = frame.inflated
    if message.kind == "text" and (not inflated.problem if inflated else not message.rsv1):
        payload, length = frame.payload, frame.length
        if inflated is not None:
            payload, length = bytes(inflated.data), inflated.length
        kept = len(payload)
        if frame.first is not None:
            # Up to three bytes may end a character that the fragment before it began.
            payload = payload[:3].lstrip(_UTF8_TAIL) + payload[3:]
        if not _is_utf8(payload, cut=not frame.fin or kept < length):
            return "the payload is not valid UTF-8 (RFC 6455 §8.1)"
    return None


def _is_utf8(data: bytes, *, cut: bool = False) -> bool:
    """Whether the bytes are UTF-8 (RFC 3629), or may go on to be where they are cut off."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final=not cut)
    except UnicodeDecodeError:
        return False
    return True
