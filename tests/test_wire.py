"""``wslab.wire``: bytes in, records out. The bytes are literal wherever RFC 6455 prints them."""

from __future__ import annotations

import itertools
import tracemalloc
import zlib
from collections.abc import Iterator
from typing import Any, SupportsIndex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ProtocolError
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close
from websockets.frames import Frame as LibraryFrame
from websockets.protocol import Protocol, Side, State

from wslab import wire
from wslab.messages import join
from wslab.wire import (
    KEEP_PAYLOAD,
    MAX_HANDSHAKE,
    Decoder,
    Frame,
    HandlerError,
    Handshake,
    Lost,
    Malformed,
    Opcode,
    Record,
    Sender,
    apply_mask,
)

# RFC 6455 §1.3, with the headers that a browser adds left out.
REQUEST = (
    b"GET /chat?room=1 HTTP/1.1\r\n"
    b"Host: server.example.com\r\n"
    b"Upgrade: websocket\r\n"
    b"Connection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Origin: http://example.com\r\n"
    b"Sec-WebSocket-Version: 13\r\n"
    b"\r\n"
)
RESPONSE = (
    b"HTTP/1.1 101 Switching Protocols\r\n"
    b"Upgrade: websocket\r\n"
    b"Connection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    b"\r\n"
)
DEFLATE_RESPONSE = RESPONSE[:-2] + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\n"

SENDERS: tuple[Sender, ...] = ("client", "server")


def decode(data: bytes, sender: Sender = "server", *, compression: bool = False) -> list[Frame]:
    """Decode bare frames; fail on any other record."""
    decoder = Decoder(sender, connection=1, handshake=False)
    decoder.compression = compression
    records = decoder.feed(data)
    frames = [record for record in records if isinstance(record, Frame)]
    assert frames == records
    return frames


def encode(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    key: bytes | None = None,
    form: int | None = None,
) -> bytes:
    """
    Build a frame by hand (RFC 6455 §5.2), a forbidden one too.

    ``form`` is the 7-bit length: 126 or 127 make the length field longer than it must be.
    """
    length = len(payload)
    if form is None:
        form = length if length < 126 else 126 if length < 65536 else 127
    extended = {126: 2, 127: 8}.get(form, 0)
    head = bytes([fin << 7 | rsv << 4 | opcode, bool(key) << 7 | form])
    head += length.to_bytes(extended, "big") if extended else b""
    return head + (key + apply_mask(payload, key) if key else payload)


def key_of(sender: Sender) -> bytes | None:
    """A masking key where RFC 6455 §5.1 wants one."""
    return b"\x37\xfa\x21\x3d" if sender == "client" else None


# --- The examples of RFC 6455 §5.7 -----------------------------------------------------------


def test_rfc_unmasked_text() -> None:
    """A single-frame unmasked text message holds "Hello"."""
    [frame] = decode(bytes.fromhex("81 05 48 65 6c 6c 6f"))
    assert (frame.opcode, frame.fin, frame.masked, frame.masking_key) == (1, True, False, None)
    assert (frame.head, frame.body, type(frame.body)) == (b"\x81\x05", b"Hello", bytes)
    assert (frame.text, frame.payload, frame.length, frame.size) == ("Hello", b"Hello", 5, 7)
    assert frame.problem is None


def test_rfc_masked_text() -> None:
    """A single-frame masked text message holds "Hello", and its bytes are kept masked."""
    [frame] = decode(bytes.fromhex("81 85 37 fa 21 3d 7f 9f 4d 51 58"), "client")
    assert (frame.opcode, frame.fin, frame.masked) == (1, True, True)
    assert frame.masking_key == b"\x37\xfa\x21\x3d"
    assert (frame.head, frame.body) == (b"\x81\x85\x37\xfa\x21\x3d", b"\x7f\x9f\x4d\x51\x58")
    assert (frame.text, frame.payload, frame.length, frame.size) == ("Hello", b"Hello", 5, 11)
    assert frame.problem is None


def test_rfc_fragmented_text() -> None:
    """A fragmented unmasked text message is "Hel", then "lo", which refers to "Hel"."""
    hel, lo = decode(bytes.fromhex("01 03 48 65 6c 80 02 6c 6f"))
    assert (hel.opcode, hel.kind, hel.fin, hel.text) == (Opcode.TEXT, "text", False, "Hel")
    assert (lo.opcode, lo.kind, lo.fin, lo.text) == (0, "continuation", True, "lo")
    assert (hel.first, lo.first) == (None, hel)
    assert (hel.problem, lo.problem) == (None, None)


def test_rfc_ping_and_pong() -> None:
    """An unmasked ping and its masked pong carry the same payload."""
    [ping] = decode(bytes.fromhex("89 05 48 65 6c 6c 6f"))
    [pong] = decode(bytes.fromhex("8a 85 37 fa 21 3d 7f 9f 4d 51 58"), "client")
    assert (ping.kind, ping.is_control, ping.masked) == ("ping", True, False)
    assert (ping.payload, ping.problem) == (b"Hello", None)
    assert (pong.kind, pong.is_control, pong.masked) == ("pong", True, True)
    assert (pong.payload, pong.problem) == (b"Hello", None)


def test_rfc_256_bytes() -> None:
    """256 bytes of binary have their length in 16 bits."""
    [frame] = decode(bytes.fromhex("82 7e 01 00") + bytes(range(256)))
    assert (frame.kind, frame.head, frame.length) == ("binary", b"\x82\x7e\x01\x00", 256)
    assert (frame.payload, frame.size, frame.problem) == (bytes(range(256)), 260, None)


def test_rfc_64_kib() -> None:
    """64 KiB of binary have their length in 64 bits."""
    [frame] = decode(bytes.fromhex("82 7f 00 00 00 00 00 01 00 00") + bytes(65536))
    assert (frame.kind, frame.length, frame.size) == ("binary", 65536, 65546)
    assert (frame.payload, frame.problem) == (bytes(65536), None)


# --- RFC 7692 §7.2.3 ---------------------------------------------------------------------------


def test_rfc_compressed_text() -> None:
    """RSV1 on "Hello" compressed is no problem where permessage-deflate was agreed."""
    [frame] = decode(bytes.fromhex("c1 07 f2 48 cd c9 c9 07 00"), compression=True)
    assert (frame.rsv1, frame.kind, frame.length, frame.problem) == (True, "text", 7, None)
    inflated = zlib.decompressobj(wbits=-15).decompress(frame.payload + b"\x00\x00\xff\xff")
    assert inflated == b"Hello"


def test_rfc_compressed_fragments() -> None:
    """Only the first fragment of a compressed message has RSV1; no fragment is taken for text."""
    first, second = decode(bytes.fromhex("41 03 f2 48 cd 80 04 c9 c9 07 00"), compression=True)
    assert (first.rsv1, second.rsv1) == (True, False)
    assert second.first is first
    assert (first.problem, second.problem) == (None, None)


def test_compression_is_agreed_in_the_response() -> None:
    """The server's decoder learns from its response that RSV1 is fine."""
    decoder = Decoder("server", 1)
    _, frame = decoder.feed(DEFLATE_RESPONSE + bytes.fromhex("c1 07 f2 48 cd c9 c9 07 00"))
    assert decoder.compression is True
    assert isinstance(frame, Frame)
    assert frame.problem is None


def test_compression_is_not_agreed_by_asking() -> None:
    """A client that offers permessage-deflate has not been told yet that it may compress."""
    decoder = Decoder("client", 1)
    decoder.feed(REQUEST[:-2] + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
    assert decoder.compression is False


@pytest.mark.parametrize(
    ("value", "agreed"),
    [
        (b"permessage-deflate; server_max_window_bits=12", True),
        (b"x-other, permessage-deflate", True),
        (b"x-other; a=1,\tpermessage-deflate ; client_no_context_takeover", True),
        (b"permessage-deflate-frames", False),
        (b"\xa0permessage-deflate", False),
        (b"x-other", False),
        (b"", False),
    ],
)
def test_which_extensions_are_compression(value: bytes, agreed: bool) -> None:
    """Extensions are a list of names with parameters (RFC 6455 §9.1)."""
    decoder = Decoder("server", 1)
    decoder.feed(RESPONSE[:-2] + b"sec-websocket-extensions: " + value + b"\r\n\r\n")
    assert decoder.compression is agreed


# --- Frames ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "head"),
    [
        (0, b"\x82\x00"),
        (125, b"\x82\x7d"),
        (126, b"\x82\x7e\x00\x7e"),
        (65535, b"\x82\x7e\xff\xff"),
        (65536, b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
@pytest.mark.parametrize("key", [None, b"\x01\x02\x03\x04"])
def test_lengths(length: int, head: bytes, key: bytes | None) -> None:
    """At each edge of the three length formats the frame ends where it should."""
    sender: Sender = "client" if key else "server"
    data = encode(Opcode.BINARY, bytes(length), key=key)
    frame, ping = decode(data + encode(Opcode.PING, key=key), sender)
    assert (frame.head[:1], frame.head[1:]) == (
        head[:1],
        bytes([head[1] | bool(key) << 7]) + head[2:] + (key or b""),
    )
    assert (frame.length, frame.size, frame.problem) == (length, len(data), None)
    assert ping.kind == "ping"


def test_opcodes_and_kinds() -> None:
    """The six opcodes have names; the others are plain numbers of the kind "reserved"."""
    frames = decode(b"".join(encode(opcode) for opcode in range(16)))
    assert [frame.opcode for frame in frames] == list(range(16))
    assert [frame.opcode.name for frame in frames if isinstance(frame.opcode, Opcode)] == [
        "CONTINUATION",
        "TEXT",
        "BINARY",
        "CLOSE",
        "PING",
        "PONG",
    ]
    assert [frame.kind for frame in frames] == [
        *("continuation", "text", "binary"),
        *["reserved"] * 5,
        *("close", "ping", "pong"),
        *["reserved"] * 5,
    ]
    assert [frame.is_control for frame in frames] == [False] * 8 + [True] * 8


def test_reserved_bits() -> None:
    """Each reserved bit has its own attribute."""
    frames = decode(b"".join(encode(Opcode.TEXT, rsv=rsv) for rsv in (0, 1, 2, 4)))
    assert [(frame.rsv1, frame.rsv2, frame.rsv3) for frame in frames] == [
        (False, False, False),
        (False, False, True),
        (False, True, False),
        (True, False, False),
    ]


@pytest.mark.parametrize(
    ("body", "code", "reason", "problem"),
    [
        (b"", None, "", None),
        (
            b"\x03",
            None,
            "",
            "the body of a CLOSE frame begins with a 2-byte code (RFC 6455 §5.5.1)",
        ),
        (b"\x03\xe8", 1000, "", None),
        (b"\x0f\xa1" + "tschüss".encode(), 4001, "tschüss", None),
        (
            b"\x03\xe8ab\xff",
            1000,
            "ab\ufffd",
            "the close reason is not valid UTF-8 (RFC 6455 §5.5.1)",
        ),
        (b"\x03\xedlost", 1005, "lost", "close code 1005 must not be sent (RFC 6455 §7.4)"),
    ],
)
def test_close(body: bytes, code: int | None, reason: str, problem: str | None) -> None:
    """A CLOSE frame has a code and a reason, or neither."""
    [frame] = decode(encode(Opcode.CLOSE, body))
    assert (frame.close_code, frame.close_reason, frame.problem) == (code, reason, problem)


def test_other_frames_have_no_close_code() -> None:
    """What looks like a close code in another frame is none."""
    [frame] = decode(encode(Opcode.BINARY, b"\x03\xe8bye"))
    assert (frame.close_code, frame.close_reason) == (None, None)


@pytest.mark.parametrize(
    ("data", "sender", "problem"),
    [
        ("83 00", "server", "opcode 0x3 is reserved (RFC 6455 §5.2)"),
        ("8f 00", "server", "opcode 0xf is reserved (RFC 6455 §5.2)"),
        ("c1 00", "server", "RSV1 is set and no extension defines it here (RFC 6455 §5.2)"),
        ("a1 00", "server", "RSV2 or RSV3 is set and no extension defines it (RFC 6455 §5.2)"),
        ("91 00", "server", "RSV2 or RSV3 is set and no extension defines it (RFC 6455 §5.2)"),
        ("81 00", "client", "a frame from a client must be masked (RFC 6455 §5.1)"),
        ("81 80 00 00 00 00", "server", "a frame from a server must not be masked (RFC 6455 §5.1)"),
        ("09 00", "server", "a control frame must not be fragmented (RFC 6455 §5.5)"),
        (
            "89 7e 00 7e" + "00" * 126,
            "server",
            "a control frame's payload is at most 125 bytes (RFC 6455 §5.5)",
        ),
        (
            "81 7e 00 02 68 69",
            "server",
            "the length is not written in its shortest form (RFC 6455 §5.2)",
        ),
        (
            "82 7f 00 00 00 00 00 00 00 02 68 69",
            "server",
            "the length is not written in its shortest form (RFC 6455 §5.2)",
        ),
        (
            "89 7e 00 02 68 69",
            "server",
            "the length is not written in its shortest form (RFC 6455 §5.2)",
        ),
        ("80 00", "server", "there is no message to continue (RFC 6455 §5.4)"),
        ("81 01 ff", "server", "the payload is not valid UTF-8 (RFC 6455 §8.1)"),
        ("81 01 c3", "server", "the payload is not valid UTF-8 (RFC 6455 §8.1)"),
        ("81 03 ed a0 80", "server", "the payload is not valid UTF-8 (RFC 6455 §8.1)"),
        ("81 02 c0 80", "server", "the payload is not valid UTF-8 (RFC 6455 §8.1)"),
        ("01 01 ff", "server", "the payload is not valid UTF-8 (RFC 6455 §8.1)"),
        (
            "8b 80 00 00 00 00",
            "server",
            "opcode 0xb is reserved (RFC 6455 §5.2); "
            "a frame from a server must not be masked (RFC 6455 §5.1)",
        ),
    ],
)
def test_problems(data: str, sender: Sender, problem: str) -> None:
    """Each thing that RFC 6455 forbids about a frame is named, with the section."""
    [frame] = decode(bytes.fromhex(data), sender)
    assert frame.problem == problem


def test_a_new_message_inside_another() -> None:
    """A message may not begin before the last one has ended, and then it is the one to continue."""
    frames = decode(bytes.fromhex("01 01 61 02 01 62 80 01 63 80 01 64"))
    assert [frame.problem for frame in frames] == [
        None,
        "a new message begins before the last one's final frame (RFC 6455 §5.4)",
        None,
        "there is no message to continue (RFC 6455 §5.4)",
    ]
    assert [frame.first for frame in frames] == [None, None, frames[1], None]


def test_a_whole_message_inside_another() -> None:
    """A whole message inside a fragmented one is noticed although it looks like most frames."""
    frames = decode(bytes.fromhex("01 01 61 81 01 62"))
    assert [frame.problem for frame in frames] == [
        None,
        "a new message begins before the last one's final frame (RFC 6455 §5.4)",
    ]


def test_control_frames_between_fragments() -> None:
    """Control frames may come between the fragments of a message (RFC 6455 §5.4)."""
    frames = decode(bytes.fromhex("02 01 61 89 00 00 01 62 8a 00 80 01 63"))
    assert [frame.kind for frame in frames] == [
        "binary",
        "ping",
        "continuation",
        "pong",
        "continuation",
    ]
    assert [frame.problem for frame in frames] == [None] * 5
    assert [frame.first is frames[0] for frame in frames] == [False, False, True, False, True]


def test_frames_after_close() -> None:
    """No data frame may follow CLOSE; RFC 6455 §5.5.1 does not say that of control frames."""
    decoder = Decoder("server", 1, handshake=False)
    assert decoder.closed is False
    frames = decoder.feed(bytes.fromhex("88 00 81 00 02 00 80 00 89 00 88 00"))
    assert decoder.closed is True
    after = "no data frame may follow a CLOSE frame (RFC 6455 §5.5.1)"
    assert [frame.problem for frame in frames if isinstance(frame, Frame)] == [
        *(None, after, after, after, None, None)
    ]


def test_text_in_fragments_is_checked_as_far_as_it_shows() -> None:
    """A character may be cut in two by fragmentation; what no cut explains is a problem."""
    bad = "the payload is not valid UTF-8 (RFC 6455 §8.1)"

    def problems(*fragments: bytes) -> list[str | None]:
        last = len(fragments) - 1
        parts = (
            encode(0 if index else 1, fragment, fin=index == last)
            for index, fragment in enumerate(fragments)
        )
        return [frame.problem for frame in decode(b"".join(parts))]

    assert problems(b"Gr\xc3", b"\xbc\xc3\x9fe") == [None, None]
    assert problems(b"\xf0", b"\x9f", b"\x98", b"\x80") == [None] * 4
    assert problems(b"a", b"b\xff", b"c") == [None, bad, None]
    assert problems(b"a", b"\x80\x80\x80\x80") == [None, bad]
    assert problems(b"a", b"b\xc3") == [None, bad]


def test_text_of_a_fragment() -> None:
    """A fragment that ends inside a character has no text by itself."""
    first, second = decode(bytes.fromhex("01 02 47 c3 80 02 bc 65"))
    assert (first.text, second.text) == (None, None)
    assert (first.payload + second.payload).decode() == "Güe"


def test_fragments_of_a_binary_message_are_not_checked_as_text() -> None:
    """Any byte may be in a binary message."""
    frames = decode(bytes.fromhex("02 01 ff 80 01 fe"))
    assert [frame.problem for frame in frames] == [None, None]


def test_longest_length_is_malformed() -> None:
    """A 64-bit length with its highest bit set cannot be a frame, so decoding ends."""
    decoder = Decoder("server", 1, handshake=False)
    records = decoder.feed(bytes.fromhex("89 00 82 7f 80 00 00 00 00 00 00 00") + b"rest")
    assert [record.kind for record in records] == ["ping", "malformed"]
    malformed = records[1]
    assert isinstance(malformed, Malformed)
    assert malformed.problem == (
        "the payload's 64-bit length has its highest bit set (RFC 6455 §5.2)"
    )
    assert decoder.feed(b" and more") == []
    assert malformed.data == bytes.fromhex("82 7f 80 00 00 00 00 00 00 00") + b"rest and more"
    assert decoder.eof() == []


def test_longest_possible_length_is_a_frame() -> None:
    """A length of 2**63 - 1 is allowed, so it is a frame that will not be complete."""
    [frame] = decode(bytes.fromhex("82 7f 7f ff ff ff ff ff ff ff") + b"rest")
    assert (frame.length, frame.payload, frame.complete) == (2**63 - 1, b"rest", False)
    assert frame.missing == 2**63 - 1 - 4


def test_a_frame_is_recorded_with_its_header() -> None:
    """While its payload arrives a frame is there, incomplete; then it is complete."""
    decoder = Decoder("client", 1, handshake=False)
    assert decoder.feed(bytes.fromhex("81 85 37 fa 21")) == []
    [frame] = decoder.feed(bytes.fromhex("3d 7f"))
    assert isinstance(frame, Frame)
    assert (frame.complete, frame.missing) == (False, 4)
    assert (frame.payload, frame.text) == (b"H", "H")
    assert decoder.feed(bytes.fromhex("9f 4d 51")) == []
    assert (frame.complete, frame.missing) == (False, 1)
    assert (frame.payload, frame.text) == (b"Hell", "Hell")
    [ping] = decoder.feed(bytes.fromhex("58 89 80 00 00 00 00"))
    assert (frame.complete, frame.missing) == (True, 0)
    assert (frame.payload, frame.text) == (b"Hello", "Hello")
    assert ping.kind == "ping"


@pytest.mark.parametrize(
    "head",
    [b"\x81\x05", b"\x81\x7e\x00\x7e", b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"],
)
def test_a_frame_is_recorded_without_its_payload(head: bytes) -> None:
    """The last byte of the header is enough, however long the header is."""
    decoder = Decoder("server", 1, handshake=False)
    assert decoder.feed(head[:-1]) == []
    [frame] = decoder.feed(head[-1:])
    assert isinstance(frame, Frame)
    assert (frame.head, frame.payload, frame.missing) == (head, b"", frame.length)


def test_problems_of_a_payload_wait_for_its_end() -> None:
    """What the payload breaks is said once it is complete, what the header breaks at once."""
    decoder = Decoder("server", 1, handshake=False)
    [frame] = decoder.feed(bytes.fromhex("81 02 ff"))
    assert isinstance(frame, Frame)
    assert frame.problem is None
    decoder.feed(b"x")
    assert frame.problem == "the payload is not valid UTF-8 (RFC 6455 §8.1)"
    [ping] = decoder.feed(bytes.fromhex("09 02 ff"))
    assert isinstance(ping, Frame)
    assert ping.problem == "a control frame must not be fragmented (RFC 6455 §5.5)"


def test_a_close_code_waits_for_its_second_byte() -> None:
    """Half a close code is no close code."""
    decoder = Decoder("server", 1, handshake=False)
    [frame] = decoder.feed(bytes.fromhex("88 02 03"))
    assert isinstance(frame, Frame)
    assert frame.close_code is None
    decoder.feed(b"\xe8")
    assert frame.close_code == 1000


def test_text_cut_inside_a_character() -> None:
    """While a text arrives, the character that is cut in two is left out."""
    [frame] = decode(b"\x81\x05Gr\xc3")
    assert frame.text == "Gr"


def test_time() -> None:
    """A record's time is that of the read that completed its head; it is not compared."""
    decoder = Decoder("server", 1)
    decoder.feed(RESPONSE[:50], 1.0)
    [handshake] = decoder.feed(RESPONSE[50:] + b"\x81", 2.0)
    [frame] = decoder.feed(b"\x02h", 3.0)
    assert decoder.feed(b"i", 4.0) == []
    decoder.feed(b"\x81", 5.0)
    [malformed] = decoder.eof(6.0)
    assert [handshake.time, frame.time, malformed.time] == [2.0, 3.0, 6.0]
    assert frame == decode(b"\x81\x02hi")[0]


def test_records_can_be_hashed_while_they_change() -> None:
    """A record's hash stays the same while its payload arrives; equal records have equal ones."""
    decoder = Decoder("client", 1)
    request, frame = decoder.feed(REQUEST + b"\x81\x81\x00\x00\x00\x00")
    before = {request: 1, frame: 2}
    decoder.feed(b"x")
    assert (before[request], before[frame]) == (1, 2)
    [whole] = decode(b"\x81\x81\x00\x00\x00\x00x", "client")
    assert (whole == frame, hash(whole) == hash(frame)) == (True, True)
    [malformed] = Decoder("client", 1).feed(b"\r\n\r\n")
    assert isinstance(hash(malformed), int)


# --- Masking -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 8, 1000, 65537])
def test_apply_mask(size: int) -> None:
    """Masking is XOR with the key's byte i mod 4 (RFC 6455 §5.3), and its own inverse."""
    data = bytes(index % 251 for index in range(size))
    key = b"\x00\xff\x37\xfa"
    masked = apply_mask(data, key)
    assert masked == bytes(byte ^ key[index % 4] for index, byte in enumerate(data))
    assert apply_mask(bytearray(masked), key) == data


@pytest.mark.parametrize("key", [b"", b"abc", b"abcde"])
def test_apply_mask_wants_four_bytes(key: bytes) -> None:
    """A masking key of another length would silently give nonsense."""
    with pytest.raises(ValueError, match=rf"^a masking key is 4 bytes long, not {len(key)}$"):
        apply_mask(b"Hello", key)


# --- The opening handshake ---------------------------------------------------------------------


def test_request() -> None:
    """A request has a path and headers, and frames may follow."""
    decoder = Decoder("client", 7)
    assert decoder.accepted is None
    [request] = decoder.feed(REQUEST)
    assert decoder.accepted is True
    assert isinstance(request, Handshake)
    assert (request.connection, request.sender, request.kind) == (7, "client", "handshake")
    assert (request.head, request.body) == (REQUEST, b"")
    assert request.start_line == "GET /chat?room=1 HTTP/1.1"
    assert (request.path, request.status, request.opens) == ("/chat?room=1", None, True)
    assert request.header("sec-websocket-KEY") == "dGhlIHNhbXBsZSBub25jZQ=="
    assert request.header("Cookie") is None
    assert request.headers[0] == ("Host", "server.example.com")
    assert len(request.headers) == 6


def test_response() -> None:
    """A response has a status, and frames may follow in the same read."""
    decoder = Decoder("server", 7)
    response, frame = decoder.feed(RESPONSE + b"\x81\x02hi")
    assert decoder.accepted is True
    assert isinstance(response, Handshake)
    assert (response.sender, response.head, response.body) == ("server", RESPONSE, b"")
    assert (response.path, response.status, response.opens) == (None, 101, True)
    assert response.header("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert (frame.connection, frame.kind) == (7, "text")


def test_headers_of_any_bytes() -> None:
    """Header values keep every byte but the space around them; the first of a name is taken."""
    head = b"GET / HTTP/1.1\r\nX: \t\xa0\xff:\x00 \t\r\nx: second\r\nEmpty:\r\n\r\n"
    [request] = Decoder("client", 1).feed(head)
    assert isinstance(request, Handshake)
    assert request.headers == (("X", "\xa0\xff:\x00"), ("x", "second"), ("Empty", ""))
    assert (request.header("X"), request.header("EMPTY")) == ("\xa0\xff:\x00", "")


def test_refusal() -> None:
    """What follows a response that refuses is its body."""
    decoder = Decoder("server", 1)
    [response] = decoder.feed(REFUSAL + b"sor")
    assert decoder.feed(b"ry\n") == []
    assert decoder.accepted is False
    assert isinstance(response, Handshake)
    assert (response.status, response.opens) == (403, False)
    assert (response.head, response.body) == (REFUSAL, b"sorry\n")
    assert decoder.eof() == []


def test_body_of_another_method() -> None:
    """What follows a request that is not a GET is its body: no frame can follow."""
    decoder = Decoder("client", 1)
    [request] = decoder.feed(b"POST /form HTTP/1.1\r\nContent-Length: 7\r\n\r\n\x81\x05a=b")
    assert decoder.feed(b"&c") == []
    assert decoder.accepted is False
    assert isinstance(request, Handshake)
    assert (request.path, request.opens) == ("/form", False)
    assert request.body == b"\x81\x05a=b&c"


@pytest.mark.parametrize(
    ("sender", "head", "problem"),
    [
        ("client", b"\r\n\r\n", "not an HTTP request line"),
        ("client", b"GET /\r\n\r\n", "not an HTTP request line"),
        ("client", b"GET / HTTQ/1.1\r\n\r\n", "not an HTTP request line"),
        ("client", b"GET / HTTP/1.1\r\nno colon\r\n\r\n", "a header line without a colon"),
        ("server", b"HTTP/1.1\r\n\r\n", "not an HTTP status line"),
        ("server", b"ICY 200 OK\r\n\r\n", "not an HTTP status line"),
        ("server", b"HTTP/1.1 20 OK\r\n\r\n", "not an HTTP status line"),
        ("server", b"HTTP/1.1 \xb2\xb2\xb2 OK\r\n\r\n", "not an HTTP status line"),
        ("server", b"HTTP/1.1 1" + b"0" * 5000 + b" OK\r\n\r\n", "not an HTTP status line"),
        ("server", b"HTTP/1.1 101 OK\r\n folded\r\n\r\n", "a header line without a colon"),
    ],
)
def test_malformed_handshake(sender: Sender, head: bytes, problem: str) -> None:
    """What is not the head of an HTTP message is malformed, with all that follows."""
    decoder = Decoder(sender, 3)
    [malformed] = decoder.feed(head + b"\x81")
    assert malformed == Malformed(3, sender, problem, head + b"\x81")
    assert malformed.kind == "malformed"
    assert decoder.feed(b"\x02hi") == []
    assert isinstance(malformed, Malformed)
    assert malformed.data == head + b"\x81\x02hi"
    assert (decoder.accepted, decoder.eof()) == (None, [])


def test_handshake_over_1_mib() -> None:
    """A handshake may be as long as websockets takes it, and not a byte longer."""
    longest = b"GET / HTTP/1.1\r\nX: " + b"x" * (MAX_HANDSHAKE - 23) + b"\r\n\r\n"
    assert len(longest) == MAX_HANDSHAKE
    request, frame = Decoder("client", 1).feed(longest + b"\x81\x80mask")
    assert (request.kind, frame.kind) == ("handshake", "text")
    too_long = longest.replace(b"X: ", b"X:  ")
    for data in (too_long, too_long[:MAX_HANDSHAKE]):
        [malformed] = Decoder("client", 1).feed(data)
        assert malformed == Malformed(
            1, "client", "the opening handshake is over 1 MiB", data[:KEEP_PAYLOAD]
        )
    assert Decoder("client", 1).feed(too_long[: MAX_HANDSHAKE - 1]) == []


def test_body_of_a_get() -> None:
    """A GET may have a body: no frame can follow, and what does is no frame."""
    for header in (b"Content-Length: 5", b"content-length:0005", b"Transfer-Encoding: chunked"):
        decoder = Decoder("client", 1)
        [request] = decoder.feed(b"GET / HTTP/1.1\r\n" + header + b"\r\n\r\nhello")
        assert isinstance(request, Handshake)
        assert (request.opens, request.body, decoder.accepted) == (False, b"hello", False)
    [request, frame] = Decoder("client", 1).feed(
        b"GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n\x81\x80mask"
    )
    assert (request.kind, frame.kind) == ("handshake", "text")


# --- What comes before the server's answer -----------------------------------------------------

MASKED = b"\x81\x82\x00\x00\x00\x00hi"


def test_early_frames_of_an_accepted_handshake() -> None:
    """They are kept back, and are frames once the server has accepted."""
    decoder = Decoder("client", 1, waits=True)
    [request] = decoder.feed(REQUEST + MASKED[:3])
    assert (request.kind, decoder.accepted) == ("handshake", None)
    assert not decoder.is_plain(MASKED)
    assert decoder.feed(MASKED[3:] + MASKED, 1.0) == []
    first, second = decoder.accept(2.0)
    assert (first, first.time, second) == (decode(MASKED, "client")[0], 2.0, first)
    assert (decoder.accept(), decoder.accepted) == ([], True)
    assert decoder.is_plain(MASKED)
    [third] = decoder.feed(MASKED)
    assert third == first


@pytest.mark.parametrize(
    "early", [b"hello", b"GET /second HTTP/1.1\r\n\r\n", MASKED], ids=["text", "request", "frame"]
)
def test_early_bytes_of_a_refused_handshake(early: bytes) -> None:
    """Nothing that comes with a handshake that is refused is a frame."""
    decoder = Decoder("client", 1, waits=True)
    decoder.feed(REQUEST + early)
    [malformed] = decoder.refuse(2.0)
    assert malformed == Malformed(
        1, "client", "bytes after the server refused the handshake", early
    )
    assert (malformed.time, decoder.refuse(), decoder.feed(b"more")) == (2.0, [], [])
    assert isinstance(malformed, Malformed)
    assert (malformed.data, decoder.accepted, decoder.follows) == (early + b"more", False, False)


def test_early_bytes_of_an_unanswered_handshake() -> None:
    """Only what is frames from its first to its last byte is taken for that."""
    for early in (b"hello", b"GET /second HTTP/1.1\r\n\r\n", MASKED[:-1], MASKED + b"\x81"):
        decoder = Decoder("client", 1, waits=True)
        decoder.feed(REQUEST + early)
        problem = "bytes after a request that was not answered"
        assert decoder.eof() == [Malformed(1, "client", problem, early)]
        assert decoder.eof() == []
    decoder = Decoder("client", 1, waits=True)
    decoder.feed(REQUEST + 2 * MASKED)
    assert decoder.eof() == decode(2 * MASKED, "client")


def test_early_bytes_are_bounded() -> None:
    """A client that sends on and on before it is answered is not kept for ever."""
    decoder = Decoder("client", 1, waits=True)
    decoder.feed(REQUEST)
    records: list[Record] = []
    for _ in range(40):
        records += decoder.feed(bytes(65536))
    [malformed] = records
    problem = "over 1 MiB after a request that was not answered yet"
    assert malformed == Malformed(1, "client", problem, bytes(KEEP_PAYLOAD))
    assert (decoder.accept(), decoder.refuse(), decoder.eof()) == ([], [], [])


def test_eof() -> None:
    """What the end of the connection cut off is recorded; an end between frames is nothing."""
    decoder = Decoder("client", 1)
    assert decoder.eof() == []
    decoder.feed(b"GET / HT")
    assert decoder.eof() == [
        Malformed(1, "client", "the connection ended inside the opening handshake", b"GET / HT")
    ]
    assert decoder.eof() == []
    decoder = Decoder("client", 1)
    decoder.feed(REQUEST + b"\x81\x85\x37")
    assert decoder.eof() == [
        Malformed(1, "client", "the connection ended inside a frame's header", b"\x81\x85\x37")
    ]
    assert decoder.eof() == []


def test_eof_inside_a_payload() -> None:
    """A payload that was cut off leaves its frame incomplete."""
    decoder = Decoder("server", 1, handshake=False)
    [frame] = decoder.feed(b"\x81\x05Hel")
    assert decoder.eof() == []
    assert isinstance(frame, Frame)
    assert (frame.complete, frame.missing, frame.payload) == (False, 2, b"Hel")


def test_eof_of_a_receiver_that_has_stopped_reading() -> None:
    """What is missing may have been sent: it is not the sender who is to blame."""
    decoder = Decoder("client", 1)
    decoder.feed(REQUEST + b"\x81\x85\x37")
    problem = "the receiver stopped reading inside a frame's header"
    assert decoder.eof(unread=True) == [Malformed(1, "client", problem, b"\x81\x85\x37")]


def test_refuse() -> None:
    """What a client sends after it was refused is no frame; it is kept in one record."""
    decoder = Decoder("client", 1)
    decoder.feed(REQUEST + b"\x81")
    decoder.refuse()
    assert decoder.accepted is False
    assert decoder.feed(b"") == []
    [malformed] = decoder.feed(b"\x82\x00")
    decoder.refuse()
    assert decoder.feed(b"more") == []
    assert malformed == Malformed(
        1, "client", "bytes after the server refused the handshake", b"\x81\x82\x00more"
    )


def test_refuse_before_the_end_of_the_request() -> None:
    """A server may refuse a request whose headers have not all arrived (HTTP 431)."""
    decoder = Decoder("client", 1)
    decoder.feed(b"GET / HTTP/1.1\r\nX: ")
    decoder.refuse()
    [malformed] = decoder.feed(b"y\r\n\r\n")
    assert malformed == Malformed(
        1,
        "client",
        "bytes after the server refused the handshake",
        b"GET / HTTP/1.1\r\nX: y\r\n\r\n",
    )


def test_refuse_after_a_malformed_request() -> None:
    """A request that is malformed already has its record."""
    decoder = Decoder("client", 1)
    [malformed] = decoder.feed(b"hello\r\n\r\n")
    decoder.refuse()
    assert decoder.feed(b"again") == []
    assert malformed == Malformed(1, "client", "not an HTTP request line", b"hello\r\n\r\nagain")


# --- Records that are not bytes ----------------------------------------------------------------


def test_lost() -> None:
    """A lost connection has no sender."""
    record = Lost(2, "the cable was cut", unsent=3, time=4.0)
    assert (record.kind, record.sender, record.connection) == ("lost", None, 2)
    assert record == Lost(2, "the cable was cut", unsent=3)


def test_handler_error() -> None:
    """A handler's error has no sender; its traceback is not compared."""
    record = HandlerError(2, "ValueError", "no", "Traceback …", 4.0)
    assert (record.kind, record.sender, record.connection) == ("error", None, 2)
    assert record == HandlerError(2, "ValueError", "no")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (
            Decoder("client", 2).feed(REQUEST, 1.5)[0],
            "<Handshake: connection 2, from client, 'GET /chat?room=1 HTTP/1.1'>",
        ),
        (
            Decoder("client", 2).feed(b"GET /" + b"a" * 99 + b" HTTP/1.1\r\n\r\n")[0],
            f"<Handshake: connection 2, from client, 'GET /{'a' * 35}…'>",
        ),
        (
            decode(bytes.fromhex("81 85 37 fa 21 3d 7f 9f 4d 51 58"), "client")[0],
            "<Frame: connection 1, from client, text b'Hello'>",
        ),
        (decode(b"\x01\x01a")[0], "<Frame: connection 1, from server, text FIN=0 b'a'>"),
        (
            decode(b"\x82\x64" + bytes(100))[0],
            f"<Frame: connection 1, from server, binary {bytes(40)!r}…>",
        ),
        (decode(b"\x82\x05ab")[0], "<Frame: connection 1, from server, binary b'ab'>"),
        (decode(b"\x89\x04rand")[0], "<Frame: connection 1, from server, ping>"),
        (decode(b"\x8a\x04rand")[0], "<Frame: connection 1, from server, pong>"),
        (decode(b"\x88\x00")[0], "<Frame: connection 1, from server, close b''>"),
        (decode(b"\x88\x02\x03\xe8")[0], "<Frame: connection 1, from server, close 1000 ''>"),
        (
            decode(b"\x88\x05\x03\xe8bye")[0],
            "<Frame: connection 1, from server, close 1000 'bye'>",
        ),
        (
            Decoder("client", 1).feed(b"\r\n\r\n", 1.5)[0],
            "<Malformed: connection 1, from client, not an HTTP request line>",
        ),
        (Lost(1, "the cable was cut", 5, 1.5), "<Lost: connection 1, the cable was cut>"),
        (
            HandlerError(1, "ValueError", "no\x1b[0m", "Traceback …", 1.5),
            "<HandlerError: connection 1, ValueError 'no\\x1b[0m'>",
        ),
    ],
)
def test_repr(record: Record, expected: str) -> None:
    """A record's repr is short, and the same in every run."""
    assert repr(record) == expected


# --- However the bytes are cut -----------------------------------------------------------------

payloads = st.one_of(
    st.binary(max_size=20),
    st.text(max_size=8).map(str.encode),
    st.binary(min_size=120, max_size=140),
)
keys = st.one_of(st.none(), st.binary(min_size=4, max_size=4))


@st.composite
def any_frames(draw: st.DrawFn) -> bytes:
    """Frames of any opcode, flags and masking, most of them forbidden, whole or cut off."""
    data = b""
    for _ in range(draw(st.integers(0, 6))):
        payload = draw(payloads)
        forms = [126, 127] + ([len(payload)] if len(payload) < 126 else [])
        data += encode(
            draw(st.integers(0, 15)),
            payload,
            fin=draw(st.booleans()),
            rsv=draw(st.integers(0, 7)),
            key=draw(keys),
            form=draw(st.sampled_from(forms)),
        )
    return data[: len(data) - draw(st.integers(0, 3))]


@st.composite
def good_frames(draw: st.DrawFn, sender: Sender) -> bytes:
    """Messages of one sender, whole and fragmented, with control frames between, then CLOSE."""
    data = b""

    def add(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
        key = draw(st.binary(min_size=4, max_size=4)) if sender == "client" else None
        return encode(opcode, payload, fin=fin, key=key)

    for _ in range(draw(st.integers(0, 4))):
        opcode, payload = draw(
            st.one_of(
                st.tuples(st.just(Opcode.TEXT), st.text(max_size=20).map(str.encode)),
                st.tuples(st.just(Opcode.BINARY), payloads),
            )
        )
        cuts = sorted(draw(st.lists(st.integers(0, len(payload)), max_size=3)))
        parts = [payload[a:b] for a, b in itertools.pairwise([0, *cuts, len(payload)])]
        for index, part in enumerate(parts):
            data += add(0 if index else opcode, part, fin=index == len(parts) - 1)
            if draw(st.booleans()):
                data += add(draw(st.sampled_from([9, 10])), draw(st.binary(max_size=125)))
    if draw(st.booleans()):
        data += add(8, draw(st.sampled_from([b"", b"\x03\xe8", b"\x0f\xa1bye"])))
    return data


heads = st.sampled_from(
    [
        REQUEST,
        RESPONSE,
        DEFLATE_RESPONSE,
        REFUSAL,
        b"POST / HTTP/1.1\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET / HTTP/1.1\r\n\n\r\n",
        b"\r\n\r",
        b"",
    ]
)


@st.composite
def streams(draw: st.DrawFn) -> tuple[Sender, bool, bytes]:
    """A sender, whether the stream begins with a handshake, and its bytes: good, bad or noise."""
    sender: Sender = draw(st.sampled_from(SENDERS))
    handshake = draw(st.booleans())
    body = draw(st.one_of(good_frames(sender), any_frames(), st.binary(max_size=200)))
    return sender, handshake, (draw(heads) if handshake else b"") + body


def facts(record: Record) -> tuple[Any, ...]:
    """Everything that a record tells; a property that raises fails the test."""
    names = [name for name in dir(record) if not name.startswith("_") and name != "time"]
    values = [getattr(record, name) for name in names if name != "header"]
    return (type(record), *values, repr(record))


def pieces(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    """Cut the data at these places."""
    for start, stop in itertools.pairwise([0, *sorted(cuts), len(data)]):
        yield data[start:stop]


@pytest.mark.slow
@settings(deadline=None, max_examples=80)
@given(streams(), st.data())
def test_the_same_records_however_the_bytes_are_cut(
    stream: tuple[Sender, bool, bytes], draw: st.DataObject
) -> None:
    """One read, reads of one byte and reads of any sizes give the same records."""
    sender, handshake, data = stream
    cuts = draw.draw(st.lists(st.integers(0, len(data)), max_size=8))
    results = []
    for parts in ([data], [bytes([byte]) for byte in data], list(pieces(data, cuts))):
        decoder = Decoder(sender, 1, handshake=handshake)
        records = [record for part in parts for record in decoder.feed(part)]
        records += decoder.eof()
        state = (decoder.accepted, decoder.closed, decoder.compression)
        results.append((state, [facts(record) for record in records]))
    assert results[1] == results[0]
    assert results[2] == results[0]


@pytest.mark.slow
@settings(deadline=None, max_examples=80)
@given(streams(), st.data())
def test_plain_frames_need_not_be_fed(
    stream: tuple[Sender, bool, bytes], draw: st.DataObject
) -> None:
    """Passing over what is plain gives the same records, and leaves the same state, as feeding."""
    sender, handshake, data = stream
    fed, passed = (Decoder(sender, 1, handshake=handshake) for _ in range(2))
    whole = bytes([0x81, 0x80 | 2]) + bytes(4) if sender == "client" else bytes([0x81, 2])
    cut = [*pieces(data, draw.draw(st.lists(st.integers(0, len(data)), max_size=8)))]
    kept = []  # a first frame that nobody keeps is shown less exactly by its continuations
    for part in itertools.chain.from_iterable((each, whole + b"hi") for each in cut):
        expected = fed.feed(part, 1.5)
        if passed.is_plain(part):
            assert [passed.plain_frame(part, 1.5)] == expected
        else:
            records = passed.feed(part, 1.5)
            kept.append((records, expected))
            assert [facts(record) for record in records] == [facts(record) for record in expected]
        assert passed.accepted == fed.accepted
        assert passed.closed == fed.closed
    assert [facts(record) for record in passed.eof()] == [facts(record) for record in fed.eof()]


PLAIN = {
    "client": [0x81, 0x80 + 2, *bytes(4), *b"hi"],
    "server": [0x82, 2, *b"hi"],
}


@pytest.mark.parametrize("sender", SENDERS)
def test_what_is_plain(sender: Sender) -> None:
    """One whole short message is plain; anything before, in or after it is not."""
    plain = bytes(PLAIN[sender])
    decoder = Decoder(sender, 1, handshake=False)
    assert decoder.is_plain(plain)
    longest = plain[:1] + bytes([plain[1] + 123]) + plain[2:-2] + bytes(125)
    assert decoder.is_plain(longest)
    others = {
        "nothing": b"",
        "one byte": plain[:1],
        "cut off": plain[:-1],
        "two": plain + plain,
        "compressed": bytes([plain[0] | 0x40]) + plain[1:],
        "a fragment": bytes([plain[0] & 0x0F]) + plain[1:],
        "a ping": b"\x89" + plain[1:],
        "the other's mask": bytes([plain[0], plain[1] ^ 0x80]) + plain[2:],
        "16-bit length": plain[:1] + bytes([plain[1] - 2 + 126]) + longest[2:] + b"x",
        "64-bit length": plain[:1] + bytes([plain[1] - 2 + 127]) + longest[2:] + b"xx",
    }
    assert {name: decoder.is_plain(data) for name, data in others.items()} == dict.fromkeys(
        others, False
    )
    assert not decoder.is_plain(bytearray(plain))  # it could change


@pytest.mark.parametrize(
    "before", ["the handshake", "half a header", "half a payload", "a fragment", "close", "junk"]
)
@pytest.mark.parametrize("sender", SENDERS)
def test_nothing_is_plain_after(before: str, sender: Sender) -> None:
    """Where what went before matters, every byte is fed."""
    plain = bytes(PLAIN[sender])
    decoder = Decoder(sender, 1, handshake=before == "the handshake")
    junk = plain[:1] + bytes([plain[1] - 2 + 127]) + b"\xff" * 8 + plain[2:]
    decoder.feed(
        {
            "the handshake": b"",
            "half a header": plain[:1],
            "half a payload": plain[:-1],
            "a fragment": bytes([plain[0] & 0x0F]) + plain[1:],
            "close": b"\x88" + bytes([plain[1] - 2]) + plain[2:-2],
            "junk": junk,
        }[before]
    )
    assert not decoder.is_plain(plain)


def test_nothing_is_plain_after_a_refusal() -> None:
    """What a client sends although it was refused is not taken for a message."""
    decoder = Decoder("client", 1)
    decoder.feed(b"GET / HTTP/1.1\r\n\r\n")
    assert decoder.is_plain(bytes(PLAIN["client"]))
    decoder.refuse()
    assert not decoder.is_plain(bytes(PLAIN["client"]))


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(streams(), st.data())
def test_every_byte_is_in_a_record(stream: tuple[Sender, bool, bytes], draw: st.DataObject) -> None:
    """The records of a stream hold all of its bytes, in order, none of them twice."""
    sender, handshake, data = stream
    decoder = Decoder(sender, 1, handshake=handshake)
    cuts = draw.draw(st.lists(st.integers(0, len(data)), max_size=8))
    records = [record for part in pieces(data, cuts) for record in decoder.feed(part)]
    found = b""
    for record in [*records, *decoder.eof()]:
        if isinstance(record, Malformed):
            found += record.data
        else:
            assert isinstance(record, Frame | Handshake)
            found += record.head + record.body
    assert found == data


@pytest.mark.slow
@settings(deadline=None, max_examples=80)
@given(
    st.sampled_from(SENDERS),
    st.booleans(),
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            heads,
            st.binary(max_size=20).map(lambda line: b"GET " + line + b" HTTP/1.1\r\n\r\n"),
            st.binary(max_size=20).map(lambda line: b"HTTP/1.1 " + line + b"\r\n\r\n"),
            st.sampled_from(["accept", "refuse", "eof"]),
        ),
        max_size=8,
    ),
)
def test_never_raises(sender: Sender, handshake: bool, steps: list[bytes | str]) -> None:
    """Whatever the bytes, and whenever the handshake is refused or ends, nothing raises."""
    decoder = Decoder(sender, 1, handshake=handshake, waits=sender == "client")
    records: list[Record] = []
    for step in steps:
        if step == "accept":
            records += decoder.accept()
        elif step == "refuse":
            records += decoder.refuse()
        elif step == "eof":
            records += decoder.eof()
        else:
            assert isinstance(step, bytes)
            records += decoder.feed(step)
    for record in records:
        assert facts(record)[0] in (Handshake, Frame, Malformed)


# --- The same as websockets --------------------------------------------------------------------

SIDES = {"client": Side.SERVER, "server": Side.CLIENT}  # who reads what the sender sends


def library_reads(data: bytes, sender: Sender, *, compression: bool = False) -> Protocol:
    """Let ``websockets`` read frames that this sender sends."""
    protocol = Protocol(SIDES[sender], state=State.OPEN, max_size=None)
    if compression:
        protocol.extensions = [PerMessageDeflate(False, False, 15, 15)]
    protocol.receive_data(data)
    return protocol


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(list(Opcode)),
    st.one_of(payloads, st.integers(65530, 65540).map(bytes)),
    st.booleans(),
    st.booleans(),
)
def test_round_trip(opcode: Opcode, payload: bytes, fin: bool, mask: bool) -> None:
    """A frame that ``websockets`` writes is read back with the same opcode, FIN and payload."""
    if opcode.value & 8:
        payload, fin = payload[:125], True
    library = LibraryFrame(opcode, payload, fin)  # type: ignore[arg-type]
    data = library.serialize(mask=mask)
    [frame] = decode(data, "client" if mask else "server")
    assert (frame.opcode, frame.fin, frame.payload) == (opcode, fin, payload[:KEEP_PAYLOAD])
    assert (frame.rsv1, frame.rsv2, frame.rsv3) == (False, False, False)
    assert (frame.masked, frame.length, frame.size) == (mask, len(payload), len(data))
    assert (frame.head + frame.body)[:KEEP_PAYLOAD] == data[:KEEP_PAYLOAD]


@pytest.mark.parametrize("compression", [False, True])
@pytest.mark.parametrize("fragmented", [False, True])
@pytest.mark.parametrize("sender", SENDERS)
def test_every_header_as_websockets_judges_it(
    sender: Sender, fragmented: bool, compression: bool
) -> None:
    """
    Whatever the first byte and the MASK bit, a frame has a problem if ``websockets`` rejects it.

    One exception: ``websockets`` rejects CLOSE inside a fragmented message, which RFC 6455 §5.4
    allows of every control frame.
    """
    start = encode(Opcode.TEXT, fin=False, key=key_of(sender)) if fragmented else b""
    for first, mask in itertools.product(range(256), (0x00, 0x80)):
        data = start + bytes([first, mask]) + (bytes(4) if mask else b"")
        exc = library_reads(data, sender, compression=compression).parser_exc
        problem = decode(data, sender, compression=compression)[-1].problem
        if str(exc) == "incomplete fragmented message":
            assert (first, problem) == (0x88, None)
        else:
            assert (problem is None) == (exc is None), (hex(first), hex(mask), problem, exc)


def test_every_close_code_as_websockets_judges_it() -> None:
    """A close code has a problem exactly if ``websockets`` rejects it."""
    for code in range(0x10000):
        body = code.to_bytes(2, "big")
        expected = None
        try:
            Close.parse(body)
        except ProtocolError:
            expected = f"close code {code} must not be sent (RFC 6455 §7.4)"
        assert Frame(1, "server", b"\x88\x02", body).problem == expected


def is_utf8(data: bytes) -> bool:
    """Whether Python decodes these bytes."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(st.sampled_from(SENDERS), st.data())
def test_streams_as_websockets_judges_them(sender: Sender, draw: st.DataObject) -> None:
    """
    In a stream of frames, the first one that ``websockets`` rejects is one with a problem.

    And those before it have none. The exceptions:

    - a length that is not in its shortest form, which ``websockets`` lets pass against §5.2;
    - CLOSE inside a fragmented message, which it rejects although §5.4 allows it;
    - what follows CLOSE, which it does not read;
    - UTF-8, which it checks later, when a message is complete: compared with ``str``'s decoder.

    It may reject a header before its last byte is there; the end of the stream shows that one.
    """
    data = draw.draw(st.one_of(any_frames(), good_frames(sender)))
    decoder = Decoder(sender, 1, handshake=False)
    records = decoder.feed(data) + decoder.eof()
    protocol = library_reads(data, sender)
    accepted = len(protocol.events_received())
    for frame in records[:accepted]:
        assert isinstance(frame, Frame)
        problem = frame.problem
        if problem == "the payload is not valid UTF-8 (RFC 6455 §8.1)":
            assert not is_utf8(frame.payload)
        else:
            assert problem in (
                None,
                "the length is not written in its shortest form (RFC 6455 §5.2)",
            )
        if frame.kind == "text" and frame.fin and not is_utf8(frame.payload):
            assert problem is not None
    if str(protocol.parser_exc) not in ("None", "incomplete fragmented message"):
        rejected = records[accepted]
        assert isinstance(rejected, Frame | Malformed)
        assert rejected.problem is not None


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(st.sampled_from(SENDERS).flatmap(lambda s: st.tuples(st.just(s), good_frames(s))))
def test_good_frames_have_no_problem(stream: tuple[Sender, bytes]) -> None:
    """Frames that follow RFC 6455 have no problem, whatever their payload and fragmentation."""
    sender, data = stream
    assert [frame.problem for frame in decode(data, sender) if frame.problem] == []


# --- Bounds ------------------------------------------------------------------------------------


class Counted(bytes):
    """Bytes that count how many bytes are copied to take a part of them or to join them."""

    copied = 0

    def __getitem__(self, key: SupportsIndex | slice) -> Any:
        part = super().__getitem__(key)
        if isinstance(part, bytes):
            Counted.copied += len(part)
        return part

    def __radd__(self, other: Any) -> Any:
        if isinstance(other, bytearray):  # grows in place
            return NotImplemented
        Counted.copied += len(other) + len(self)
        return bytes(other) + bytes(self)


@pytest.mark.parametrize(
    ("sender", "handshake", "stream"),
    [
        ("server", False, b"\x82\x7e\xc3\x50" + bytes(50_000)),
        ("client", False, b"\x82\xfe\xc3\x50abcd" + bytes(50_000)),
        ("server", False, b"\x82\x7f" + b"\xff" * 50_000),
        ("server", True, REFUSAL + bytes(50_000)),
        ("client", True, b"GET / HTTP/1.1\r\nX: " + b"x" * 50_000 + b"\r\n\r\n"),
        ("client", True, b"x" * 50_000),
    ],
    ids=["payload", "masked", "malformed", "refusal", "headers", "no headers"],
)
def test_byte_by_byte_copies_each_byte_a_few_times(
    sender: Sender, handshake: bool, stream: bytes
) -> None:
    """What arrives byte by byte costs in proportion to its length, not to its square."""
    decoder = Decoder(sender, 1, handshake=handshake)
    Counted.copied = 0
    records = []
    for byte in stream:
        records += decoder.feed(Counted([byte]))
    records += decoder.eof()
    assert len(records) == 1
    assert Counted.copied <= 2 * len(stream)


@pytest.mark.parametrize(
    ("sender", "handshake", "start"),
    [
        ("server", False, b"\x82\x7f\x00\x00\x00\x00\x7f\xff\xff\xff"),
        ("client", False, b"\x82\xff\x00\x00\x00\x00\x7f\xff\xff\xffabcd"),
        ("server", False, b"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"),
        ("server", True, REFUSAL),
        ("client", True, b"POST / HTTP/1.1\r\n\r\n"),
        ("client", True, b"no HTTP\r\n\r\n"),
        ("client", True, b"GET / HTTP/1.1\r\nX: "),
    ],
    ids=["payload", "masked", "malformed", "refusal", "post", "no HTTP", "headers"],
)
def test_memory_is_bounded(sender: Sender, handshake: bool, start: bytes) -> None:
    """Of 16 MiB that belong to one record, 64 KiB are kept."""
    decoder = Decoder(sender, 1, handshake=handshake)
    chunk = bytes(65536)
    tracemalloc.start()
    try:
        records = decoder.feed(start)
        for _ in range(256):
            records += decoder.feed(chunk)
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    [record] = records
    body = record.data if isinstance(record, Malformed) else record.body  # type: ignore[union-attr]
    assert len(body) == KEEP_PAYLOAD
    assert kept < 2 * KEEP_PAYLOAD
    # A handshake is looked for in all of what may be one.
    assert peak < (2 * MAX_HANDSHAKE if start.endswith(b"X: ") else 8 * KEEP_PAYLOAD)


def test_a_long_payload_is_cut_and_the_next_frame_is_found() -> None:
    """A payload over 64 KiB has its length; what is kept of it is its beginning."""
    payload = bytes(range(256)) * 512
    key = b"\x37\xfa\x21\x3d"
    for data in (encode(2, payload), encode(2, payload, key=key)):
        sender: Sender = "client" if data[1] & 0x80 else "server"
        frame, ping = decode(data + encode(9, key=key_of(sender)), sender)
        assert (frame.length, frame.payload) == (131_072, payload[:KEEP_PAYLOAD])
        assert (frame.complete, frame.problem, ping.kind) == (True, None, "ping")


def test_a_long_text_is_checked_as_far_as_it_is_kept() -> None:
    """A character that the limit of 64 KiB cuts in two is no problem, and is not shown."""
    long_text = "x" + "é" * 40_000
    [frame] = decode(encode(1, long_text.encode()))
    assert frame.problem is None
    assert frame.text == long_text[: 1 + (KEEP_PAYLOAD - 1) // 2]


def test_first_frame_that_nobody_keeps() -> None:
    """What stands for it has its header, and is the same for all frames of the message."""
    decoder = Decoder("server", 1, handshake=False)
    decoder.feed(b"\x01\x02hi")
    [second] = decoder.feed(b"\x00\x01\xff")
    [third] = decoder.feed(b"\x80\x02\xc3\xa9")
    assert isinstance(second, Frame)
    assert isinstance(third, Frame)
    assert second.first is third.first is not None
    assert (second.first.kind, second.first.length, second.first.payload) == ("text", 2, b"")
    assert second.problem == "the payload is not valid UTF-8 (RFC 6455 §8.1)"
    assert (second.violation, third.problem) == (None, None)
    assert [len(message.frames) for message in join([second, third])] == [2]


def test_public_names() -> None:
    """Everything in __all__ is there."""
    assert [name for name in wire.__all__ if not hasattr(wire, name)] == []
