"""Tests of wslab.messages: which frames make a message, and how it is shown."""

from __future__ import annotations

import pytest

import wslab
from wslab.messages import Message, join
from wslab.wire import KEEP_PAYLOAD, Decoder, Frame, Lost, Record


def decode(data: bytes, sender: str = "server", connection: int = 1) -> list[Record]:
    decoder = Decoder(sender, connection, handshake=False)  # type: ignore[arg-type]
    return decoder.feed(data, 1.5)


def one(data: bytes) -> Message:
    [message] = join(decode(data))
    return message


def test_a_message_in_one_frame() -> None:
    """Most are."""
    message = one(b"\x81\x02hi")
    assert (message.kind, message.payload, message.text) == ("text", b"hi", "hi")
    assert (message.length, message.size, message.time) == (2, 4, 1.5)
    assert (message.connection, message.sender, len(message.frames)) == (1, "server", 1)
    assert (message.complete, message.compressed, message.problem) == (True, False, None)
    assert repr(message) == "<Message: connection 1, from server, text 'hi'>"


def test_fragments_with_a_ping_between() -> None:
    """The opcode of the first frame holds for all; control frames are no part of it."""
    message = one(b"\x02\x01a\x89\x00\x00\x00\x80\x01b")
    assert (message.kind, message.payload, message.text) == ("binary", b"ab", None)
    assert (message.length, message.size, len(message.frames)) == (2, 8, 3)
    assert message.complete


def test_a_character_across_fragments() -> None:
    """Joined, they are text again."""
    assert one(b"\x01\x01\xc3\x80\x01\xbc").text == "ü"


def test_messages_of_several_connections_and_directions() -> None:
    """Each direction of each connection has its own; the order is that of their beginnings."""
    begin, end = b"\x01\x01a", b"\x80\x01b"
    decoders = [
        Decoder(sender, number, handshake=False)  # type: ignore[arg-type]
        for number in (1, 2)
        for sender in ("client", "server")
    ]
    records = [record for data in (begin, end) for each in decoders for record in each.feed(data)]
    messages = wslab.Records([*records, Lost(1, "cut")]).messages()
    assert [(m.connection, m.sender, m.payload) for m in messages] == [
        (1, "client", b"ab"),
        (1, "server", b"ab"),
        (2, "client", b"ab"),
        (2, "server", b"ab"),
    ]


def test_what_is_not_all_here() -> None:
    """Cut off, still going on, or its beginning dropped: it says so."""
    records = decode(b"\x01\x01a\x00\x01b\x80\x01c")
    for message in (*join(records[1:]), *join(records[:2]), one(b"\x81\x05he")):
        assert (message.complete, message.problem) == (False, "not all of it is here")
    assert join(records[1:])[0].kind == "text"
    assert one(b"\x81\x05he").length == 2


def test_what_is_too_long_to_keep() -> None:
    """The payload is its beginning, up to where not everything was kept."""
    data = bytes(KEEP_PAYLOAD + 1)
    message = one(b"\x02\x7f" + len(data).to_bytes(8) + data + b"\x80\x01b")
    assert (message.length, len(message.payload)) == (KEEP_PAYLOAD + 2, KEEP_PAYLOAD)


def test_compressed_without_its_handshake() -> None:
    """It cannot be inflated, and that is said."""
    problem = one(b"\xc1\x01a").problem
    assert problem is not None
    assert problem.endswith("it is compressed, and its handshake was not seen")


def test_a_continuation_of_nothing_is_no_message() -> None:
    """There is no opcode for it."""
    assert join(decode(b"\x80\x01a")) == []


def test_shown_as_text_and_as_html() -> None:
    """One row each; what came from the wire is escaped."""
    records = decode(b"\x81\x03<b>\x02\x01\x00\x80\x01\x01") + decode(b"\x82\x00", "client", 2)
    messages = wslab.Records(records, dropped=3).messages()
    assert str(messages).splitlines() == [
        "As the server saw it: (3 earlier records dropped)",
        "connection 1",
        "  client ← server  TEXT    '<b>'  1 frame  3 bytes  5 on the wire",
        "  client ← server  BINARY  00 01  2 frames  2 bytes  6 on the wire",
        "connection 2",
        "  client → server  BINARY  1 frame  0 bytes  2 on the wire  "
        "⚠ a frame from a client must be masked (RFC 6455 §5.1)",
    ]
    html = messages._repr_mimebundle_()["text/html"]
    assert "&lt;b&gt;" in html
    assert html.count("<tr>") == 4
    assert "<caption>As the server saw it (3 earlier records dropped)</caption>" in html
    assert str(wslab.Records().messages()) == "No messages."
    assert wslab.Records().messages()._repr_mimebundle_()["text/html"] == "<p>No messages.</p>"


def test_many_are_folded() -> None:
    """More than 200 rows are too many to look at."""
    messages = wslab.Records(decode(b"\x81\x02hi" * 250)).messages()
    assert "… 50 more …" in str(messages)
    assert "… 50 more …" in messages._repr_mimebundle_()["text/html"]


def test_a_sequence() -> None:
    """It has a length, items and slices, and compares by them."""
    messages = wslab.Records(decode(b"\x81\x01a\x81\x01b"), dropped=1).messages()
    assert (len(messages), repr(messages)) == (2, "<Messages: 2>")
    assert isinstance(messages[0].frames[0], Frame)
    assert (messages[:1].dropped, messages[:1][0]) == (1, messages[0])
    assert messages == messages[:]
    assert messages != messages[:1]
    with pytest.raises(TypeError, match="unhashable"):
        hash(messages)
