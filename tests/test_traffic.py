"""``wslab.traffic``: what a conversation cost."""

from __future__ import annotations

import pytest

from wslab.traffic import Direction, Traffic, round_trips
from wslab.wire import Decoder, Handshake, Lost, Record, Sender, apply_mask

KEY = b"abcd"


def frames(data: bytes, sender: Sender, time: float = 0.0) -> list[Record]:
    """Decode bare frames of connection 1."""
    return Decoder(sender, connection=1, handshake=False).feed(data, time)


def masked(first: int, payload: bytes) -> bytes:
    """A client's frame of less than 126 bytes."""
    return bytes([first, 0x80 | len(payload)]) + KEY + apply_mask(payload, KEY)


def test_directions_are_counted_apart() -> None:
    """A client's header is four bytes longer than a server's, for the masking key."""
    records = [*frames(masked(0x81, b"hi"), "client"), *frames(b"\x81\x02hi", "server")]
    traffic = Traffic(records)
    assert traffic.client == Direction(frames=1, payload=2, header=6)
    assert traffic.server == Direction(frames=1, payload=2, header=2)


def test_handshakes_count_with_the_body_of_a_refusal() -> None:
    """Every byte of a handshake is on the wire."""
    head = b"HTTP/1.1 403 Forbidden\r\n\r\n"
    traffic = Traffic([Handshake(1, "server", head, b"no"), Lost(1, "cut")])
    assert traffic.server == Direction(handshake=len(head) + 2)
    assert traffic.server.on_the_wire == len(head) + 2


def test_long_payload_counts_whole() -> None:
    """The length is the header's, not that of the part that was kept."""
    [frame] = frames(b"\x82\x7f" + (100_000).to_bytes(8, "big") + bytes(100_000), "server")
    assert Traffic([frame]).server == Direction(frames=1, payload=100_000, header=10)


def test_table_is_aligned_and_html_has_a_head() -> None:
    """Text and HTML hold the same numbers."""
    bundle = Traffic(frames(b"\x81\x02hi" * 2000, "server"))._repr_mimebundle_()
    assert bundle["text/plain"].splitlines() == [
        "direction        frames  payload  overhead",
        "client → server       0        0         0",
        "client ← server   2,000    4,000     4,000",
    ]
    assert bundle["text/html"].count('<th scope="col">') == 4
    assert "<td>2,000</td><td>4,000</td><td>4,000</td>" in bundle["text/html"]


def test_round_trips_match_pong_to_ping() -> None:
    """Pongs in another order, an unsolicited one and the client's own pings do not confuse it."""
    records = [
        *frames(b"\x89\x01a", "server", 1.0),
        *frames(b"\x89\x01b", "server", 2.0),
        *frames(masked(0x8A, b"?"), "client", 2.5),
        *frames(masked(0x8A, b"b"), "client", 3.0),
        *frames(masked(0x8A, b"a"), "client", 5.0),
        *frames(masked(0x89, b"c"), "client", 6.0),
        *frames(b"\x8a\x01c", "server", 7.0),
    ]
    assert round_trips(records) == pytest.approx([1.0, 4.0])


def test_a_frame_that_was_cut_off_counts_what_came() -> None:
    """Bytes that never arrived were not on the wire."""
    assert Traffic(frames(b"\x81\x05he", "server")).server == Direction(
        frames=1, payload=2, header=2
    )
