"""Tests of wslab.inflate: what comes out is what zlib makes of it, whoever has compressed it."""

from __future__ import annotations

import random
import zlib
from typing import Any

import pytest
from conftest import MASK
from websockets.sync.client import connect

import wslab
from wslab.inflate import CHUNK, Inflater, make_inflater
from wslab.wire import KEEP_PAYLOAD, Decoder, Frame, Handshake, Inflated, Sender, apply_mask

TAIL = b"\x00\x00\xff\xff"


def compress(compressor: Any, data: bytes) -> bytes:
    """Compress a message as RFC 7692 §7.2.1 says."""
    return (compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(TAIL)


def inflate(inflater: Inflater, data: bytes, step: int = 2**30) -> Inflated:
    """Inflate a message that is here, fed in steps."""
    out = Inflated()
    for index in range(0, max(1, len(data)), step):
        last = index + step >= len(data)
        inflater.feed(data[index : index + step], last=last, into=out)
    return out


def corpus(size: int, seed: int = 0) -> bytes:
    """Text that can be compressed, but not for nothing."""
    rng = random.Random(seed)
    words = [b"hello ", b"websocket ", b'{"a": 1}, ', bytes(rng.randbytes(7)), b"\x00" * 20]
    return b"".join(rng.choices(words, k=size // 6 + 1))[:size]


# The sizes of Autobahn's test suite, group 12.
SIZES = (16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072)


@pytest.mark.parametrize("takeover", [True, False])
@pytest.mark.parametrize("window", range(9, 16))
def test_sizes_and_windows(window: int, takeover: bool) -> None:
    """Messages of each size, compressed with each window, with and without context takeover."""
    inflater = Inflater(takeover=takeover)
    compressor = zlib.compressobj(wbits=-window)
    for number, size in enumerate((0, *SIZES, 1)):
        data = corpus(size, number)
        if not takeover:
            compressor = zlib.compressobj(wbits=-window)
        out = inflate(inflater, compress(compressor, data), step=(2**30, 1000, 1)[number % 3])
        assert (out.problem, out.length) == (None, size)
        assert bytes(out.data) == data[:KEEP_PAYLOAD]


def test_examples_of_the_rfc() -> None:
    """RFC 7692 §7.2.3: one block, a shared window, no compression, BFINAL, two blocks."""
    inflater = Inflater(takeover=True)
    for message in (
        "f2 48 cd c9 c9 07 00",
        "f2 00 11 00 00",
        "00 05 00 fa ff 48 65 6c 6c 6f 00",
        "f2 48 05 00 00 00 ff ff ca c9 c9 07 00",
        "f3 48 cd c9 c9 07 00 00",
    ):
        out = inflate(inflater, bytes.fromhex(message))
        assert (bytes(out.data), out.problem) == (b"Hello", None)


def test_what_follows_a_last_block() -> None:
    """After BFINAL a direction goes on with its next message."""
    inflater = Inflater(takeover=True)
    inflate(inflater, bytes.fromhex("f348cdc9c9070000"))
    out = inflate(inflater, compress(zlib.compressobj(wbits=-15), b"again"))
    assert bytes(out.data) == b"again"


def test_a_bomb_stops_at_the_limit() -> None:
    """Of a message that inflates to 64 MiB no more than the limit is; what follows is marked."""
    inflater = Inflater(takeover=True, limit=2**20)
    compressor = zlib.compressobj(9, wbits=-15)
    bomb = compress(compressor, bytes(64 * 2**20))
    out = inflate(inflater, bomb)
    why = "the message inflates to more than 1 MiB, so no more is inflated"
    assert (out.problem, len(out.data)) == (why, KEEP_PAYLOAD)
    assert 2**20 < out.length <= 2**20 + CHUNK
    out = inflate(inflater, compress(compressor, b"after"))
    assert (out.problem, out.length) == (why, 0)


def test_the_limit_is_of_one_message() -> None:
    """Many messages may together be more."""
    inflater = Inflater(takeover=True, limit=2**16)
    compressor = zlib.compressobj(wbits=-15)
    for _ in range(4):
        assert inflate(inflater, compress(compressor, bytes(2**16))).problem is None


def test_nonsense() -> None:
    """What is no deflate is marked, and the rest of its direction with it."""
    inflater = Inflater(takeover=False)
    out = inflate(inflater, b"\xff\xff\xff")
    assert out.problem == "the payload cannot be inflated (invalid block type; RFC 7692 §7.2.2)"
    out = inflate(inflater, compress(zlib.compressobj(wbits=-15), b"fine"))
    assert (out.problem is None, out.length) == (False, 0)


def test_a_window_that_was_not_here() -> None:
    """A message that refers to one that was not seen cannot be inflated; it is no crash."""
    compressor = zlib.compressobj(wbits=-15)
    compress(compressor, corpus(1000))
    out = inflate(Inflater(takeover=True), compress(compressor, corpus(1000)))
    assert "invalid distance too far back" in str(out.problem)


RESPONSE = "HTTP/1.1 101 Switching Protocols\r\n{}\r\n\r\n"


@pytest.mark.parametrize(
    ("extensions", "client", "server"),
    [
        ("X: y", None, None),
        ("Sec-WebSocket-Extensions: x-other", None, None),
        ("Sec-WebSocket-Extensions: permessage-deflate", True, True),
        (
            "Sec-WebSocket-Extensions: x-other, permessage-deflate ; "
            "server_max_window_bits=9;client_no_context_takeover",
            False,
            True,
        ),
        (
            "sec-websocket-extensions:permessage-deflate;server_no_context_takeover",
            True,
            False,
        ),
    ],
)
def test_what_the_handshake_says(extensions: str, client: Any, server: Any) -> None:
    """Whether a direction is compressed, and whether its messages share a window."""
    response = Handshake(1, "server", RESPONSE.format(extensions).encode())
    senders: tuple[Sender, Sender] = ("client", "server")
    made = [make_inflater(response, sender) for sender in senders]
    assert [inflater and inflater._takeover for inflater in made] == [client, server]


# --- On the way through a decoder


def wire(first: int, payload: bytes, mask: bytes = b"") -> bytes:
    """Bytes of a frame."""
    size, bit = len(payload), 0x80 if mask else 0
    head = bytes([first, bit | size]) if size < 126 else bytes([first, bit | 127])
    head += b"" if size < 126 else size.to_bytes(8)
    return head + mask + (apply_mask(payload, mask) if mask else payload)


@pytest.mark.parametrize("step", [1, 2, 3, 5, 1000, 2**30])
def test_fragments_masks_and_control_frames(step: int) -> None:
    """However its bytes are cut, masked or interrupted by a ping, a message inflates."""
    compressor = zlib.compressobj(wbits=-15)
    one, two = compress(compressor, b"Hello Hello Hello"), compress(compressor, b"Hello again")
    stream = (
        wire(0x41, one[:3], MASK)
        + wire(0x89, b"not this", MASK)
        + wire(0x00, one[3:4], MASK)
        + wire(0x80, one[4:], MASK)
        + wire(0x81, b"plain", MASK)
        + wire(0xC2, two, MASK)
    )
    decoder = Decoder("client", 1, handshake=False)
    decoder.compression, decoder.inflater = True, Inflater(takeover=True)
    records = [
        record
        for index in range(0, len(stream), step)
        for record in decoder.feed(stream[index : index + step])
    ]
    frames = [record for record in records if isinstance(record, Frame)]
    assert [bool(frame.inflated) for frame in frames] == [True, False, True, True, False, True]
    assert [frame.problem for frame in frames] == [None] * 6
    messages = wslab.Records(records).messages()
    assert [message.payload for message in messages] == [
        b"Hello Hello Hello",
        b"plain",
        b"Hello again",
    ]


def test_text_that_is_not_utf8_once_inflated() -> None:
    """The check of a text's payload looks at what it inflates to."""
    decoder = Decoder("server", 1, handshake=False)
    decoder.compression, decoder.inflater = True, Inflater(takeover=False)
    data = compress(zlib.compressobj(wbits=-15), "Grüße".encode("iso-8859-1"))
    [frame] = decoder.feed(wire(0xC1, data))
    assert isinstance(frame, Frame)
    assert frame.problem == "the payload is not valid UTF-8 (RFC 6455 §8.1)"


def test_large_messages_of_websockets() -> None:
    """A conversation with compression: the record has what was said, and what it took."""
    data = corpus(300_000)
    with (
        wslab.serve(wslab.handlers.echo, compression="deflate") as server,
        wslab.tap(server.url) as tap,
        connect(tap.url, compression="deflate") as ws,
    ):
        for message in ("hello hello hello", data, "hello hello hello"):
            ws.send(message)
            assert ws.recv(timeout=5) == message
    for transcript in (server.transcript, tap.transcript):
        messages = transcript.messages()
        assert [message.length for message in messages] == [17, 17, 300_000, 300_000, 17, 17]
        assert messages[0].text == messages[4].text == "hello hello hello"
        assert messages[2].payload == data[:KEEP_PAYLOAD]
        assert all(message.compressed and message.problem is None for message in messages)
        assert messages[4].size < messages[0].size < 30  # it refers to the one before
        assert sum(message.size for message in messages) < 200_000
