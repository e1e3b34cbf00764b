"""``wslab.diagram``: pictures of records, tested for their structure, not for their pixels."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wslab.diagram import MAX_THUMBNAIL, Anatomy, anatomy, image, page, sequence
from wslab.wire import (
    Decoder,
    Frame,
    HandlerError,
    Handshake,
    Lost,
    Malformed,
    Record,
    Sender,
    apply_mask,
)

SVG = "{http://www.w3.org/2000/svg}"
KEY = bytes.fromhex("37fa213d")  # of RFC 6455 §5.7
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)

REQUEST = Handshake(1, "client", b"GET /chat HTTP/1.1\r\nHost: example.com\r\n\r\n")
RESPONSE = Handshake(
    1, "server", b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Protocol: chat.v2\r\n\r\n"
)


def frame(
    first: int, payload: bytes = b"", sender: Sender = "server", connection: int = 1
) -> Frame:
    """Make a whole frame of less than 64 KiB."""
    mask = 0x80 if sender == "client" else 0
    if len(payload) < 126:
        length = bytes([mask | len(payload)])
    else:
        length = bytes([mask | 126]) + len(payload).to_bytes(2, "big")
    body = KEY + apply_mask(payload, KEY) if mask else payload
    [record] = Decoder(sender, connection, handshake=False).feed(bytes([first]) + length + body)
    assert isinstance(record, Frame)
    return record


def words(svg: str) -> list[str]:
    """All words of a picture, in their order."""
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def strokes(svg: str) -> list[tuple[str | None, str | None]]:
    """Colour and pattern of every horizontal line."""
    return [
        (path.get("stroke"), path.get("stroke-dasharray"))
        for path in ET.fromstring(svg).iter(f"{SVG}path")
        if "H" in (path.get("d") or "")
    ]


ALL_KINDS: list[Record] = [
    REQUEST,
    RESPONSE,
    frame(0x81, b"hi", "client"),
    frame(0x82, b"\x01\x02"),
    frame(0x01, b"a"),
    frame(0x80, b"b"),
    frame(0x89),
    frame(0x8A, sender="client"),
    frame(0x83),
    Malformed(1, "client", "not an HTTP request line", b"HELLO"),
    HandlerError(1, "ZeroDivisionError", "division by zero"),
    frame(0x88, b"\x03\xe8bye"),
    Lost(1, "the client ended the TCP connection without a closing handshake"),
]


# --- The sequence diagram ----------------------------------------------------------------------


def test_every_record_is_in_the_picture_in_order() -> None:
    """Each kind of record has its words, from top to bottom."""
    text = " ".join(words(sequence(ALL_KINDS)))
    position = -1
    for part in (
        "GET /chat",
        "101 Switching Protocols",
        "chat.v2",
        "TEXT 'hi'",
        "BINARY 01 02",
        "TEXT (FIN=0) 'a'",
        "CONTINUATION (FIN=1)",
        "PING",
        "PONG",
        "OPCODE 0x3",
        "MALFORMED",
        "HANDLER ERROR ZeroDivisionError 'division by zero'",
        "CLOSE 1000 (normal closure) 'bye'",
        "LOST the client ended the TCP connection without a closing handshake",
    ):
        assert text.find(part, position + 1) > position, part
        position = text.find(part, position + 1)


def test_picture_has_title_and_description() -> None:
    """Screen readers get a title and a sentence; the picture says that it is one."""
    root = ET.fromstring(sequence(ALL_KINDS))
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "Sequence diagram"
    assert root.findtext(f"{SVG}desc") == "As the server saw it: 13 records on 1 connection."


def test_arrows_point_to_the_receiver() -> None:
    """A client's arrow ends at the server's lifeline, a server's at the client's."""
    heads = [
        path.get("d")
        for path in ET.fromstring(sequence([frame(0x81, b"a", "client"), frame(0x81, b"b")])).iter(
            f"{SVG}path"
        )
        if "l" in (path.get("d") or "")
    ]
    to_server, to_client = heads
    assert to_server is not None
    assert to_server.startswith("M607 ")
    assert "l-10 -5v10z" in to_server
    assert to_client is not None
    assert to_client.startswith("M133 ")
    assert "l10 -5v10z" in to_client


def test_colour_is_never_the_only_sign() -> None:
    """Handshake, data, control and trouble differ in the pattern of their line as well."""
    [handshake, data, control, trouble] = strokes(
        sequence([REQUEST, frame(0x81, b"x"), frame(0x89), frame(0x83)])
    )
    assert len({pattern for _, pattern in (handshake, data, control, trouble)}) == 4
    assert len({colour for colour, _ in (handshake, data, control, trouble)}) == 4


def test_connections_follow_each_other() -> None:
    """Each connection has its own lifelines, whatever the order of the records."""
    records = [frame(0x81, b"b", connection=2), frame(0x81, b"a", connection=1)]
    shown = words(sequence(records))
    assert [word for word in shown if word.startswith("connection")] == [
        "connection 1",
        "connection 2",
    ]
    assert shown.index("TEXT 'a'") < shown.index("TEXT 'b'")


def test_long_sequence_is_folded_with_a_count() -> None:
    """Of a thousand records the first and last hundred are drawn."""
    records: list[Record] = [frame(0x81, b"%d" % number) for number in range(1000)]
    shown = words(sequence(records, dropped=5))
    assert "… 800 more …" in shown
    assert len(strokes(sequence(records))) == 200
    assert "(5 earlier records dropped)" in shown[0]
    assert "TEXT '999'" in shown


def test_long_words_are_broken_not_lost() -> None:
    """A label of two lines has all its words; a longer one is cut at the third."""
    reason = "the quick brown fox jumps over the lazy dog and then again over it"
    shown = " ".join(words(sequence([frame(0x88, b"\x03\xe8" + reason.encode())])))
    assert "the quick brown fox" in shown
    error = HandlerError(1, "ValueError", "word " * 200)
    lines = [word for word in words(sequence([error])) if "word" in word]
    assert 1 <= len(lines) <= 3


@pytest.mark.parametrize("dropped", [0, 3])
def test_nothing_to_draw_is_said(dropped: int) -> None:
    """An empty transcript is a sentence, not an empty picture."""
    assert "No records." in page([], dropped)
    assert "<img" not in page([], dropped)


def test_picture_in_a_frame_is_a_thumbnail() -> None:
    """A PNG in one BINARY frame is drawn; its bytes are the frame's, unmasked."""
    [element] = ET.fromstring(sequence([frame(0x82, PNG, "client")])).iter(f"{SVG}image")
    assert (element.get("href") or "").startswith("data:image/png;base64,iVBORw0KGgo")
    assert element.findtext(f"{SVG}title") == "the picture in this frame"


@pytest.mark.parametrize(
    "record",
    [
        frame(0x81, b"GIF89a"),  # text, whatever it begins with
        frame(0x02, PNG),  # a part only
        frame(0xC2, PNG),  # compressed
        frame(0x82, PNG + bytes(MAX_THUMBNAIL)),
        frame(0x82, b"<svg onload='alert(1)'>"),
    ],
)
def test_what_is_no_whole_picture_is_no_thumbnail(record: Frame) -> None:
    """Only a whole, uncompressed picture of a kind that cannot hold a script is drawn."""
    assert not list(ET.fromstring(sequence([record])).iter(f"{SVG}image"))


# --- The page ----------------------------------------------------------------------------------


def test_page_is_an_image_with_alternative_text_and_a_table() -> None:
    """What cannot be seen can be read: a summary in the image, all of it in the table."""
    html = page(ALL_KINDS)
    assert html.startswith('<div style="max-height:40em;overflow:auto"><img alt="Sequence diagram.')
    assert "<details><summary>the same as a table</summary><table>" in html


def test_image_holds_the_very_picture() -> None:
    """The data URL decodes to the SVG that was given."""
    svg = sequence(ALL_KINDS)
    source = image(svg, 'a "quoted" <word>').partition('src="data:image/svg+xml,')[2]
    assert unquote(source.removesuffix('">')) == svg


@given(st.text(max_size=80), st.binary(max_size=80), st.sampled_from(["client", "server"]))
@settings(max_examples=100, deadline=None)
def test_hostile_content_stays_content(text: str, data: bytes, sender: Sender) -> None:
    """Whatever is sent, the picture is well-formed XML of known elements, without scripts."""
    records: list[Record] = [
        frame(0x81, text.encode("utf-8", "replace")[:120], sender),
        frame(0x82, data, sender),
        HandlerError(1, "ValueError", text),
        Handshake(1, "client", b"GET /" + data.hex().encode() + b" HTTP/1.1\r\n\r\n"),
        Malformed(1, sender, "not a handshake", data),
    ]
    svg = sequence(records)
    names = {element.tag.removeprefix(SVG) for element in ET.fromstring(svg).iter()}
    assert names <= {"svg", "title", "desc", "style", "rect", "text", "path", "image"}
    html = page(records)
    assert html.count("<img ") == 1
    assert "<script" not in html.lower()
    for record in records[:2]:
        assert isinstance(record, Frame)
        ET.fromstring(anatomy(record))


# --- The anatomy of a frame --------------------------------------------------------------------


def test_anatomy_of_the_masked_hello() -> None:
    """RFC 6455 §5.7's masked text message, field by field."""
    shown = words(anatomy(frame(0x81, b"Hello", "client")))
    assert shown == [
        "TEXT frame from the client: 11 bytes on the wire, 6 of header and 5 of payload",
        "the first two bytes, bit by bit",
        *("FIN", "1", "RSV1", "0", "RSV2", "0", "RSV3", "0"),
        *("opcode 0x1: TEXT", "0   0   0   1", "MASK", "1", "length: 5"),
        "0   0   0   0   1   0   1",
        "bytes 2–5: masking key",
        *("37", "fa", "21", "3d"),
        "bytes 6–10: payload, masked",
        *("7f", "9f", "4d", "51", "58"),
        "the payload unmasked: each byte XOR a byte of the masking key, in turn",
        *("H", "48", "e", "65", "l", "6c", "l", "6c", "o", "6f"),
    ]


def test_anatomy_text_leaves_out_what_is_random() -> None:
    """Key and masked payload differ from run to run; the rest is the same."""
    assert str(Anatomy(frame(0x81, b"Hello", "client"))).splitlines() == [
        "TEXT frame from the client: 11 bytes on the wire, 6 of header and 5 of payload",
        "byte 0      81              FIN=1 RSV1=0 RSV2=0 RSV3=0, opcode 0x1: TEXT",
        "byte 1      85              MASK=1, payload length 5",
        "bytes 2–5   ·· ·· ·· ··     masking key",
        "bytes 6–10  ·· ·· ·· ·· ··  payload, masked",
        "            48 65 6c 6c 6f  payload, unmasked: 'Hello'",
    ]


@pytest.mark.parametrize(
    ("length", "code", "extended"),
    [
        (125, "length: 125", None),
        (126, "length: 126, so it is in the next 2 bytes", "bytes 2–3: payload length 126 in 16"),
        (65535, "length: 126, so it is in the next 2 bytes", "bytes 2–3: payload length 65,535"),
    ],
)
def test_anatomy_of_lengths(length: int, code: str, extended: str | None) -> None:
    """The length is in 7 bits, or in 16 more (§5.2)."""
    shown = words(anatomy(frame(0x82, bytes(length))))
    assert code in shown
    assert (
        any(word.startswith(extended) for word in shown) if extended else "bytes 2–3" not in shown
    )


def test_anatomy_of_a_64_bit_length() -> None:
    """From 65,536 bytes on, the length takes eight bytes; the rest of the payload is counted."""
    data = b"\x82\x7f" + (65536).to_bytes(8, "big") + bytes(65536)
    [record] = Decoder("server", 1, handshake=False).feed(data)
    assert isinstance(record, Frame)
    shown = words(anatomy(record))
    assert "bytes 2–9: payload length 65,536 in 64 bits, big-endian" in shown
    assert "… and 65,520 more bytes" in shown


def test_anatomy_tells_what_is_wrong() -> None:
    """A reserved opcode is named as such, with the section that it breaks."""
    lines = str(Anatomy(frame(0x83))).splitlines()
    assert lines[1].endswith("opcode 0x3: reserved")
    assert lines[-1] == "⚠ opcode 0x3 is reserved (RFC 6455 §5.2)"
    assert words(anatomy(frame(0x83)))[-1] == "⚠ opcode 0x3 is reserved (RFC 6455 §5.2)"


def test_anatomy_of_a_close_frame() -> None:
    """The first two bytes of its payload are the code."""
    assert "payload: 1000 (normal closure) 'bye'" in str(Anatomy(frame(0x88, b"\x03\xe8bye")))


def test_anatomy_shows_binary_as_hex() -> None:
    """Bytes are not shown as text, even where they could be; a ping's payload is shown too."""
    assert str(Anatomy(frame(0x82, b"ab"))).endswith("payload: 61 62")
    assert str(Anatomy(frame(0x89, b"ab"))).endswith("payload: 61 62")


def test_anatomy_in_a_cell() -> None:
    """A cell gets the text and the picture; the picture's alternative is the text."""
    bundle = Anatomy(frame(0x81, b"hi"))._repr_mimebundle_()
    assert bundle["text/plain"] == str(Anatomy(frame(0x81, b"hi")))
    assert bundle["text/html"].startswith('<img alt="TEXT frame from the server: 4 bytes')
    assert repr(Anatomy(frame(0x81, b"hi"))).startswith("<Anatomy of <Frame")


def test_anatomy_is_of_frames_only() -> None:
    """Another record is refused with the way to a frame."""
    with pytest.raises(TypeError, match="only a frame has an anatomy, not <Handshake"):
        Anatomy(REQUEST)  # type: ignore[arg-type]
