"""``wslab.render``: records as text and as a table, the same in every run, safe to show."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wslab import render
from wslab.render import close_code_name, describe, fold, html, preview, summary, text
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


def frames(data: bytes, sender: Sender = "server", connection: int = 1) -> list[Record]:
    """Decode bare frames."""
    return Decoder(sender, connection, handshake=False).feed(data)


def frame(first: int, payload: bytes, sender: Sender = "server", connection: int = 1) -> Record:
    """Make a whole frame with a payload of at most 125 bytes; the first byte is given."""
    key = b"abcd" if sender == "client" else b""
    head = bytes([first, len(payload) | (0x80 if key else 0)]) + key
    [record] = frames(head + (apply_mask(payload, key) if key else payload), sender, connection)
    return record


def line(record: Record) -> str:
    """The one line that text() has for a record, without its header lines."""
    title, connection, shown = text([record]).split("\n")
    assert (title, connection) == ("As the server saw it:", f"connection {record.connection}")
    return shown


REQUEST = Handshake(1, "client", b"GET /chat HTTP/1.1\r\nHost: example.com\r\n\r\n")
RESPONSE = Handshake(1, "server", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
ERROR = HandlerError(1, "ZeroDivisionError", "division by zero", "Traceback …")
LOST = Lost(1, "the client ended the TCP connection without a closing handshake")


# --- One line for each record ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (REQUEST, "  client → server  HANDSHAKE  GET /chat"),
        (RESPONSE, "  client ← server  HANDSHAKE  101 Switching Protocols"),
        (
            Handshake(1, "server", b"HTTP/1.0 403 Forbidden\r\n\r\n", b"no"),
            "  client ← server  HANDSHAKE  HTTP/1.0 403 Forbidden",
        ),
        (
            Handshake(
                1,
                "client",
                b"GET / HTTP/1.1\r\nOrigin: http://localhost\r\nSec-WebSocket-Protocol: chat\r\n"
                b"Sec-WebSocket-Extensions: permessage-deflate\r\nCookie: secret\r\n\r\n",
            ),
            "  client → server  HANDSHAKE  GET /  Origin: http://localhost  "
            "Sec-WebSocket-Protocol: chat",
        ),
        (
            Handshake(
                1,
                "server",
                b"HTTP/1.1 101 OK\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
            ),
            "  client ← server  HANDSHAKE  101 OK  Sec-WebSocket-Extensions: permessage-deflate",
        ),
        (frame(0x81, b"Hello", "client"), "  client → server  TEXT  'Hello'  5 bytes"),
        (frame(0x81, b""), "  client ← server  TEXT  ''  0 bytes"),
        (frame(0x81, b"\xc3\xa9"), "  client ← server  TEXT  'é'  2 bytes"),
        (frame(0x82, b"*"), "  client ← server  BINARY  2a  1 byte"),
        (frame(0x82, b""), "  client ← server  BINARY  0 bytes"),
        (frame(0x82, b"hi"), "  client ← server  BINARY  68 69  2 bytes"),
        (frame(0x01, b"Hel"), "  client ← server  TEXT (FIN=0)  'Hel'  3 bytes"),
        (frame(0x89, b"random"), "  client ← server  PING  6 bytes"),
        (frame(0x8A, b"", "client"), "  client → server  PONG  0 bytes"),
        (frame(0x88, b""), "  client ← server  CLOSE  0 bytes"),
        (frame(0x88, b"\x03\xe8"), "  client ← server  CLOSE  1000 (normal closure)  2 bytes"),
        (
            frame(0x88, b"\x0f\xa1it's over"),
            '  client ← server  CLOSE  4001 (private use) "it\'s over"  11 bytes',
        ),
        (
            frame(0x88, b"\x03"),
            "  client ← server  CLOSE  03  1 byte  "
            "⚠ the body of a CLOSE frame begins with a 2-byte code (RFC 6455 §5.5.1)",
        ),
        (
            frame(0x88, b"\x03\xe8\xff"),
            "  client ← server  CLOSE  1000 (normal closure) '\ufffd'  3 bytes  "
            "⚠ the close reason is not valid UTF-8 (RFC 6455 §5.5.1)",
        ),
        (
            frame(0x83, b"\x00\x01"),
            "  client ← server  OPCODE 0x3  00 01  2 bytes  "
            "⚠ opcode 0x3 is reserved (RFC 6455 §5.2)",
        ),
        (
            frame(0xC1, b"\xf2\x48"),
            "  client ← server  TEXT (RSV1)  f2 48  2 bytes  "
            "⚠ RSV1 is set and no extension defines it here (RFC 6455 §5.2)",
        ),
        (
            frame(0x81, b"ab\xff"),
            "  client ← server  TEXT  61 62 ff  3 bytes  "
            "⚠ the payload is not valid UTF-8 (RFC 6455 §8.1)",
        ),
        (
            Malformed(1, "client", "not an HTTP request line", bytearray(b"\x16\x03\x01")),
            "  client → server  MALFORMED  16 03 01  ⚠ not an HTTP request line",
        ),
        (
            Malformed(1, "client", "not an HTTP request line", bytes(17)),
            "  client → server  MALFORMED  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 …  "
            "⚠ not an HTTP request line",
        ),
        (
            LOST,
            "         ✗         LOST  "
            "the client ended the TCP connection without a closing handshake",
        ),
        (
            Lost(1, "the server ended the TCP connection", unsent=1234),
            "         ✗         LOST  the server ended the TCP connection; "
            "1,234 bytes were never sent",
        ),
        (ERROR, "         ✗         HANDLER ERROR  ZeroDivisionError 'division by zero'"),
        (HandlerError(1, "KeyError", ""), "         ✗         HANDLER ERROR  KeyError"),
    ],
)
def test_line(record: Record, expected: str) -> None:
    """Each kind of record has its line."""
    assert line(record) == expected


def test_fragments() -> None:
    """Fragments of a text show text, fragments of anything else show bytes."""
    lines = text(frames(b"\x01\x01a\x00\x01b\x80\x01c\x02\x01a\x80\x01b\x80\x01x")).split("\n")
    assert lines[2:] == [
        "  client ← server  TEXT (FIN=0)          'a'  1 byte",
        "  client ← server  CONTINUATION (FIN=0)  'b'  1 byte",
        "  client ← server  CONTINUATION (FIN=1)  'c'  1 byte",
        "  client ← server  BINARY (FIN=0)        61  1 byte",
        "  client ← server  CONTINUATION (FIN=1)  62  1 byte",
        "  client ← server  CONTINUATION (FIN=1)  78  1 byte  "
        "⚠ there is no message to continue (RFC 6455 §5.4)",
    ]


def test_compressed() -> None:
    """What is compressed is shown as bytes, in every fragment (RFC 7692 §7.2.3.1)."""
    decoder = Decoder("server", 1, handshake=False)
    decoder.compression = True
    records = decoder.feed(bytes.fromhex("41 03 f2 48 cd 80 04 c9 c9 07 00 81 01 61"))
    assert text(records).split("\n")[2:] == [
        "  client ← server  TEXT (RSV1, FIN=0)    f2 48 cd  3 bytes",
        "  client ← server  CONTINUATION (FIN=1)  c9 c9 07 00  4 bytes",
        "  client ← server  TEXT                  'a'  1 byte",
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x81\x05Gr\xc3", "TEXT  'Gr'…  5 bytes  ⚠ its payload has not all arrived"),
        (b"\x81\x05", "TEXT  ''…  5 bytes  ⚠ its payload has not all arrived"),
        (b"\x82\x05\x01\x02", "BINARY  01 02 …  5 bytes  ⚠ its payload has not all arrived"),
        (b"\x82\x05", "BINARY  …  5 bytes  ⚠ its payload has not all arrived"),
        (b"\x88\x05\x03", "CLOSE  03 …  5 bytes  ⚠ its payload has not all arrived"),
        (
            b"\x09\x05a",
            "PING (FIN=0)  5 bytes  ⚠ a control frame must not be fragmented (RFC 6455 §5.5); "
            "its payload has not all arrived",
        ),
    ],
)
def test_not_complete(data: bytes, expected: str) -> None:
    """Of a payload that is arriving, or was cut off, what is there is shown, and that it is cut."""
    [record] = frames(data)
    assert line(record) == f"  client ← server  {expected}"


# --- Cuts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"x" * 60, repr("x" * 60)),
        (b"x" * 61, repr("x" * 60) + "…"),
        ("é".encode() * 60, repr("é" * 60)),
        ("é".encode() * 61, repr("é" * 60) + "…"),
    ],
)
def test_long_text(payload: bytes, expected: str) -> None:
    """A text of more than 60 characters is cut; its size says how long it is."""
    [record] = frames(b"\x81\x7e" + len(payload).to_bytes(2, "big") + payload)
    if len(payload) < 126:
        [record] = frames(bytes([0x81, len(payload)]) + payload)
    assert line(record) == f"  client ← server  TEXT  {expected}  {len(payload)} bytes"


def test_long_binary() -> None:
    """A binary payload of more than 16 bytes is cut; its size says how long it is."""
    expected = "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"
    assert line(frame(0x82, bytes(range(16)))).endswith(f"{expected}  16 bytes")
    assert line(frame(0x82, bytes(range(17)))).endswith(f"{expected} …  17 bytes")


def test_more_than_is_kept() -> None:
    """Of a payload over 64 KiB the whole size is stated."""
    [record] = frames(b"\x81\x7f" + (70_000).to_bytes(8, "big") + b"x" * 70_000)
    assert line(record) == f"  client ← server  TEXT  '{'x' * 60}'…  70,000 bytes"


def test_long_headers() -> None:
    """A handshake's line is cut after 200 characters."""
    request = Handshake(1, "client", b"GET /" + b"a" * 60_000 + b" HTTP/1.1\r\n\r\n")
    assert line(request) == f"  client → server  HANDSHAKE  GET /{'a' * 195}…"


def test_long_error() -> None:
    """An exception's message is cut after 60 characters, its class's name after 200."""
    error = HandlerError(1, "E" * 201, "x" * 61)
    expected = f"  {' ' * 7}✗{' ' * 7}    HANDLER ERROR  {'E' * 200}… '{'x' * 60}'…"
    assert line(error).split() == expected.split()


@pytest.mark.parametrize(
    ("data", "as_text", "length", "expected"),
    [
        (b"", None, None, ""),
        (b"", None, 1, "…"),
        (b"\x00", None, 1, "00"),
        (b"\x00", None, 2, "00 …"),
        (bytes(17), None, None, "00 " * 16 + "…"),
        (b"", "", None, "''"),
        (b"", "", 1, "''…"),
        (b"a", "a", 1, "'a'"),
        (b"a", "a", 2, "'a'…"),
    ],
)
def test_preview(data: bytes, as_text: str | None, length: int | None, expected: str) -> None:
    """A preview shows that something is missing wherever something is."""
    assert preview(data, as_text=as_text, length=length) == expected


# --- Grouping, folding, what was dropped -------------------------------------------------------


def test_connections() -> None:
    """Connections follow each other by number; each keeps its order and its column's width."""
    records: list[Record] = [
        frame(0x81, b"b1", connection=2),
        frame(0x81, b"a1", connection=1),
        frame(0x89, b"", "client", connection=2),
        frame(0x82, b"a2", connection=1),
    ]
    assert text(records) == (
        "As the server saw it:\n"
        "connection 1\n"
        "  client ← server  TEXT    'a1'  2 bytes\n"
        "  client ← server  BINARY  61 32  2 bytes\n"
        "connection 2\n"
        "  client ← server  TEXT    'b1'  2 bytes\n"
        "  client → server  PING    0 bytes"
    )


def test_dropped() -> None:
    """How many records are missing is stated, in text and in HTML."""
    assert text([LOST], dropped=12_345).startswith(
        "As the server saw it: (12,345 earlier records dropped)\nconnection 1\n"
    )
    assert "<caption>As the server saw it (12,345 earlier records dropped)</caption>" in html(
        [LOST], dropped=12_345
    )
    assert summary([LOST], dropped=1) == (
        "As the server saw it: 1 record on 1 connection. (1 earlier record dropped)"
    )


def test_nothing() -> None:
    """No records are stated as such, and that there have been some."""
    assert text([]) == "No records."
    assert text([], dropped=3) == "No records. (3 earlier records dropped)"
    assert html([]) == "<p>No records.</p>"
    assert html([], dropped=3) == "<p>No records. (3 earlier records dropped)</p>"


def test_fold() -> None:
    """More than 200 records are folded in the middle, with a count."""
    records: list[Record] = [frame(0x81, b"%d" % index) for index in range(1200)]
    assert fold(records[:200]) == (records[:200], 0, [])
    assert fold(records[:201]) == (records[:100], 1, records[101:201])
    lines = text(records).split("\n")
    assert len(lines) == 2 + 100 + 1 + 1 + 100
    assert lines[101:105] == [
        "  client ← server  TEXT  '99'  2 bytes",
        "… 1,000 more …",
        "connection 1",
        "  client ← server  TEXT  '1100'  4 bytes",
    ]
    table = Table(html(records))
    assert len(table.rows) == 201
    assert table.rows[100] == ["… 1,000 more …"]


def test_summary() -> None:
    """A summary counts records and connections."""
    records: list[Record] = [LOST, ERROR, Lost(2, "…")]
    assert summary(records) == "As the server saw it: 3 records on 2 connections."


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0, "not assigned"),
        (1000, "normal closure"),
        (1004, "reserved"),
        (1006, "abnormal closure"),
        (1015, "TLS handshake"),
        (1016, "not assigned"),
        (2999, "not assigned"),
        (3000, "registered"),
        (3999, "registered"),
        (4000, "private use"),
        (4999, "private use"),
        (5000, "not assigned"),
    ],
)
def test_close_code_name(code: int, name: str) -> None:
    """Each range of close codes has its name (RFC 6455 §7.4.2)."""
    assert close_code_name(code) == name


# --- The same in every run ---------------------------------------------------------------------


def conversation(port: int, nonce: bytes, key: bytes, ping: bytes, time: float) -> list[Record]:
    """A whole connection; the arguments are what differs from run to run."""
    client, server = Decoder("client", 1), Decoder("server", 1)
    upgrade = b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
    hello = b"\x81\x85" + key + apply_mask(b"Hello", key)
    pong = b"\x8a\x84" + key + apply_mask(ping, key)
    close = b"\x88\x82" + key + apply_mask(b"\x03\xe8", key)
    host = b"Host: 127.0.0.1:%d\r\n" % port
    secret = b"Sec-WebSocket-Key: " + nonce + b"\r\n"
    return [
        *client.feed(b"GET / HTTP/1.1\r\n" + host + upgrade + secret + b"\r\n", time),
        *server.feed(b"HTTP/1.1 101 OK\r\nSec-WebSocket-Accept: " + nonce + b"\r\n\r\n", time),
        *server.feed(b"\x89\x04" + ping, time),
        *client.feed(hello + pong + close, time),
        *server.feed(b"\x88\x02\x03\xe8", time),
        Lost(1, "the server ended the TCP connection", 0, time),
        HandlerError(1, "ValueError", "no", f"line {port}", time),
    ]


def test_deterministic() -> None:
    """Time, port, masking key, nonce, payload of a ping and traceback change nothing."""
    one = conversation(49_152, b"AAAA", b"\x01\x02\x03\x04", b"ping", 1.0)
    two = conversation(55_555, b"BBBB", b"\xff\x00\xff\x00", b"pong", 2.0)
    assert text(one) == text(two)
    assert html(one) == html(two)
    assert text(one) == (
        "As the server saw it:\n"
        "connection 1\n"
        "  client → server  HANDSHAKE      GET /\n"
        "  client ← server  HANDSHAKE      101 OK\n"
        "  client ← server  PING           4 bytes\n"
        "  client → server  TEXT           'Hello'  5 bytes\n"
        "  client → server  PONG           4 bytes\n"
        "  client → server  CLOSE          1000 (normal closure)  2 bytes\n"
        "  client ← server  CLOSE          1000 (normal closure)  2 bytes\n"
        "         ✗         LOST           the server ended the TCP connection\n"
        "         ✗         HANDLER ERROR  ValueError 'no'"
    )


# --- Hostile payloads --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (b"<script>alert(1)</script>", "'<script>alert(1)</script>'"),
        (b"\x1b[31mred\x1b[0m", r"'\x1b[31mred\x1b[0m'"),
        (b"one\r\ntwo\x00\x07\x7f", r"'one\r\ntwo\x00\x07\x7f'"),
        ("\u202egnp.exe".encode(), r"'\u202egnp.exe'"),
        ("\u2066\u200b\ufeff\u2028".encode(), r"'\u2066\u200b\ufeff\u2028'"),
        ("\x9b31m\x85".encode(), r"'\x9b31m\x85'"),
        ("\U000e0041".encode(), r"'\U000e0041'"),
    ],
)
def test_hostile_text(payload: bytes, shown: str) -> None:
    """What a terminal or a page would obey is shown as an escape."""
    record = frame(0x81, payload)
    assert line(record) == f"  client ← server  TEXT  {shown}  {len(payload)} bytes"
    assert Table(html([record])).rows == [
        ["1", "client ← server", "TEXT", shown, f"{len(payload)} bytes", f"{len(payload) + 2}"]
    ]


def test_surrogates_cannot_come_from_the_wire() -> None:
    """A surrogate encoded as UTF-8 is invalid, so it is shown as bytes (RFC 3629 §3)."""
    assert "TEXT  ed a0 80  3 bytes" in line(frame(0x81, b"\xed\xa0\x80"))


def test_surrogates_of_an_exception() -> None:
    """A lone surrogate in an exception's message is escaped, so that it can be encoded."""
    error = HandlerError(1, "ValueError", "\ud800")
    assert line(error).endswith(r"ValueError '\ud800'")
    assert html([error]).encode().decode() == html([error])


def test_hostile_words_that_are_no_payload() -> None:
    """Also a path, a header, an exception's class and a problem may be hostile."""
    records: list[Record] = [
        Handshake(1, "client", b"GET /\x1b[2J\n<b> HTTP/1.1\r\nOrigin: \x07\"'>\r\n\r\n"),
        HandlerError(1, "\x1b<i>\u202e", "\n"),
        Lost(1, "\x1b[2J<u>\n"),
    ]
    assert text(records).split("\n")[2:] == [
        "  client → server  HANDSHAKE      GET /\\x1b[2J\\n<b>  Origin: \\x07\"'>",
        "         ✗         HANDLER ERROR  \\x1b<i>\\u202e '\\n'",
        "         ✗         LOST           \\x1b[2J<u>\\n",
    ]
    assert [row[3] for row in Table(html(records)).rows] == [
        "GET /\\x1b[2J\\n<b>  Origin: \\x07\"'>",
        "\\x1b<i>\\u202e '\\n'",
        "\\x1b[2J<u>\\n",
    ]


class Table(HTMLParser):
    """
    The parsed table.

    Attributes:
        tags: Each start tag with its attributes.
        rows: The words of each cell in the table's body.
    """

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))
        self._open.append(tag)
        if tag == "tr" and "tbody" in self._open:
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        assert self._open
        if self._open[-1] == "td":
            self.rows[-1][-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"a processing instruction: {data}")


def test_html() -> None:
    """The table has a caption, a header for each column, and a row for each record."""
    table = Table(html([REQUEST, frame(0x81, b"a<b", "client"), ERROR, LOST]))
    assert [tag for tag, _ in table.tags[:9]] == ["table", "caption", "thead", "tr", *["th"] * 5]
    assert [dict(attrs)["scope"] for tag, attrs in table.tags if tag == "th"] == ["col"] * 6
    assert table.rows == [
        ["1", "client → server", "HANDSHAKE", "GET /chat", "", ""],
        ["1", "client → server", "TEXT", "'a<b'", "3 bytes", "9"],
        ["1", "✗", "HANDLER ERROR", "ZeroDivisionError 'division by zero'", "", ""],
        ["1", "✗", "LOST", LOST.problem, "", ""],
    ]


def test_html_groups_connections() -> None:
    """The table has the connections in order, and sizes with thousands separated."""
    [long] = frames(b"\x82\x7e\x04\xd2" + bytes(1234))
    rows = Table(html([LOST, Lost(3, "…"), Lost(2, "…"), long])).rows
    assert [row[0] for row in rows] == ["1", "1", "2", "3"]
    assert rows[1][4:] == ["1,234 bytes", "1,238"]


nasty = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("<>&\"'`=/\\ \x00\x1b\x9b\r\n\u202e\u2028\ud800-!"),
    ),
    max_size=30,
)
nasty_bytes = st.one_of(
    nasty.map(lambda words: words.encode(errors="surrogatepass")), st.binary(max_size=30)
)


@st.composite
def nasty_records(draw: st.DrawFn, words: st.SearchStrategy[str] = nasty) -> Record:
    """A record of any kind whose parts are hostile; it may say what no decoder would."""
    sender: Sender = draw(st.sampled_from(["client", "server"]))
    number = draw(st.integers(1, 3))
    data = draw(nasty_bytes)
    kind = draw(st.integers(0, 4))
    if kind == 0:
        return draw(
            st.sampled_from(
                [
                    *Decoder(sender, number).feed(
                        b"GET / HTTP/1.1\r\nOrigin: " + data + b"\r\n\r\n"
                    ),
                    *Decoder("client", number).feed(b"GET " + data + b" HTTP/1.1\r\n\r\n"),
                    *Decoder("server", number).feed(b"HTTP/1.1 400 " + data + b"\r\n\r\n"),
                ]
            )
        )
    if kind == 1:
        return frame(draw(st.integers(0, 255)), data[:125], sender, number)
    if kind == 2:
        return Malformed(number, sender, draw(words), data)
    if kind == 3:
        return Lost(number, draw(words), draw(st.integers(0, 5)))
    return HandlerError(number, draw(words), draw(words))


def skeleton(records: Sequence[Record]) -> list[tuple[str, tuple[tuple[str, str | None], ...]]]:
    """The tags of a table with as many harmless records."""
    return Table(html([frame(0x81, b"hello", connection=r.connection) for r in records])).tags


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(st.lists(nasty_records(), min_size=1, max_size=4), st.integers(0, 2))
def test_no_record_adds_a_tag_or_an_attribute(records: list[Record], dropped: int) -> None:
    """Whatever is in the records, the HTML's tags and attributes are those of harmless ones."""
    table = Table(html(records, dropped))
    assert table.tags == skeleton(records)
    assert {tag for tag, _ in table.tags} == {
        *("table", "caption", "thead", "tbody", "tr", "th", "td")
    }
    assert {name for _, attrs in table.tags for name, _ in attrs} == {"style", "scope"}


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(st.lists(nasty_records(), min_size=1, max_size=4), st.integers(0, 2))
def test_no_record_adds_a_line_or_a_control_character(records: list[Record], dropped: int) -> None:
    """Whatever is in the records, the text has a line for each, all printable, encodable."""
    shown = text(records, dropped)
    connections = {record.connection for record in records}
    assert len(shown.split("\n")) == 1 + len(connections) + len(records)
    assert [c for c in shown if not c.isprintable() and c != "\n"] == []
    assert {unicodedata.bidirectional(c) for c in shown} & {
        *("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    } == set()
    assert shown.encode().decode() == shown


def test_describe_is_what_text_and_table_show() -> None:
    """A description has four parts: what, content, size, problem."""
    [record] = frames(b"\x83\x02hi")
    assert isinstance(record, Frame)
    assert describe(record) == render.Description(
        "OPCODE 0x3", "68 69", "2 bytes", "opcode 0x3 is reserved (RFC 6455 §5.2)"
    )


def test_public_names() -> None:
    """Everything in __all__ is there."""
    assert [name for name in render.__all__ if not hasattr(render, name)] == []
