"""``wslab.handlers``: the servers of the course's text, with the same messages on the wire."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.sync.client import ClientConnection, connect

import wslab
from wslab import handlers
from wslab.handlers import parse_json, to_json
from wslab.wire import Frame

TIMEOUT = 5.0

pytestmark = pytest.mark.usefixtures("leaves_nothing")


class Connection:
    """Stands for a connection: the messages to receive, and the list of what was sent."""

    def __init__(self, *messages: str | bytes) -> None:
        self.messages = messages
        self.sent: list[str | bytes] = []

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        for message in self.messages:
            yield message

    async def send(self, message: str | bytes) -> None:
        if isinstance(message, str):
            message.encode()  # a lone surrogate cannot be sent
        self.sent.append(message)


def run(handler: Callable[[Any], Awaitable[None]], *messages: str | bytes) -> list[str | bytes]:
    """Let a handler answer messages without a network; return what it sent."""
    connection = Connection(*messages)

    async def main() -> None:
        async with asyncio.timeout(TIMEOUT):
            await handler(connection)

    asyncio.run(main())
    return connection.sent


def on_the_wire(server: wslab.BackgroundServer) -> list[tuple[str, str, bytes]]:
    """Sender, kind and payload of every data frame."""
    return [
        (record.sender, record.kind, record.payload)
        for record in server.transcript
        if isinstance(record, Frame) and not record.is_control
    ]


def client(server: wslab.BackgroundServer) -> ClientConnection:
    """Connect to a server, without a proxy that the environment may ask for."""
    return connect(server.url, proxy=None, open_timeout=TIMEOUT, close_timeout=TIMEOUT)


# --- On the wire -------------------------------------------------------------------------------


def test_echo_on_the_wire() -> None:
    """Text comes back as TEXT, binary as BINARY, also if it is empty."""
    with wslab.serve(handlers.echo) as server, client(server) as ws:
        for message in ("Hello, server!", b"\x2a\x00", "", b""):
            ws.send(message)
            assert ws.recv(TIMEOUT) == message
        assert on_the_wire(server) == [
            ("client", "text", b"Hello, server!"),
            ("server", "text", b"Hello, server!"),
            ("client", "binary", b"\x2a\x00"),
            ("server", "binary", b"\x2a\x00"),
            ("client", "text", b""),
            ("server", "text", b""),
            ("client", "binary", b""),
            ("server", "binary", b""),
        ]


def test_send_and_receive_on_the_wire() -> None:
    """The text's server and client exchange these very bytes."""
    with wslab.serve(handlers.send_and_receive) as server, client(server) as ws:
        assert ws.recv(TIMEOUT) == "Welcome to the WebSocket server!"
        ws.send("Hello, server!")
        ws.send('{"message":"Hello from client","timestamp":1700000000000}')
        for _ in range(4):
            ws.recv(TIMEOUT)
        sent = [payload for sender, _, payload in on_the_wire(server) if sender == "server"]
        kinds = {kind for _, kind, _ in on_the_wire(server)}
    assert kinds == {"text"}
    assert sent == [
        b"Welcome to the WebSocket server!",
        b"Server received: Hello, server!",
        b"Error: Invalid JSON message",
        b'Server received: {"message":"Hello from client","timestamp":1700000000000}',
        b'{"response":"Message received",'
        b'"data":{"message":"Hello from client","timestamp":1700000000000}}',
    ]


def test_binary_data_on_the_wire() -> None:
    """The text's server sends 01 02 03 04, the client an 8-byte buffer that begins with 42."""
    with wslab.serve(handlers.binary_data) as server, client(server) as ws:
        assert ws.recv(TIMEOUT) == b"\x01\x02\x03\x04"
        ws.send(b"\x2a" + bytes(7))
        assert ws.recv(TIMEOUT) == "Received binary data: 2a 00 00 00 00 00 00 00"
        ws.send("text")
        assert ws.recv(TIMEOUT) == "Received text message: text"
        assert on_the_wire(server) == [
            ("server", "binary", b"\x01\x02\x03\x04"),
            ("client", "binary", b"\x2a\x00\x00\x00\x00\x00\x00\x00"),
            ("server", "text", b"Received binary data: 2a 00 00 00 00 00 00 00"),
            ("client", "text", b"text"),
            ("server", "text", b"Received text message: text"),
        ]


def test_invalid_json_on_the_wire() -> None:
    """The text's error handling answers, and keeps the connection."""
    with wslab.serve(handlers.invalid_json) as server, client(server) as ws:
        exchange: list[tuple[str | bytes, str]] = [
            ("no JSON", "Error: Invalid JSON format"),
            ('{"a": [1, 2.5, null]}', 'Received parsed message: {"a":[1,2.5,null]}'),
            (b"\xff", "Error: Invalid JSON format"),
            (b'"\xc3\xa9"', 'Received parsed message: "é"'),
        ]
        for message, reply in exchange:
            ws.send(message)
            assert ws.recv(TIMEOUT) == reply


# --- Bad input ---------------------------------------------------------------------------------

BAD = [
    "",
    " ",
    "{",
    "NaN",
    "Infinity",
    "-Infinity",
    '{"a": NaN}',
    "1e999",
    "-1e999",
    "[1.5e400]",
    "'single'",
    "{a: 1}",
    "[1,]",
    "01",
    "+1",
    ".5",
    "1 2",
    "\ufeff1",
    "\xa01",
    '"\n"',
    '"\\x41"',
    "[" * 100_000,
    "[" * 100_000 + "]" * 100_000,
    '{"a":' * 100_000 + "1" + "}" * 100_000,
    "1" * 5_000,
    "-" + "1" * 5_000,
    "[" + "9" * 100_000 + "]",
]


def shown(message: str | bytes) -> str:
    """A short name for a message in a test's name."""
    return ascii(message[:12])


@pytest.mark.parametrize("message", BAD, ids=shown)
def test_not_json(message: str) -> None:
    """What is not JSON, or more than Python can parse, is an error, as text and as bytes."""
    with pytest.raises(ValueError, match=r"."):
        parse_json(message)
    with pytest.raises(ValueError, match=r"."):
        parse_json(message.encode())
    assert run(handlers.invalid_json, message) == ["Error: Invalid JSON format"]
    assert run(handlers.send_and_receive, message)[1:] == [
        f"Server received: {message}",
        "Error: Invalid JSON message",
    ]


@pytest.mark.parametrize(
    ("handler", "error", "good"),
    [
        (
            handlers.invalid_json,
            "Error: Invalid JSON format",
            'Received parsed message: {"still":"here"}',
        ),
        (
            handlers.send_and_receive,
            "Error: Invalid JSON message",
            '{"response":"Message received","data":{"still":"here"}}',
        ),
    ],
)
def test_the_connection_survives_bad_input(
    handler: Callable[[Any], Awaitable[None]], error: str, good: str
) -> None:
    """After all the bad messages, as text and as bytes, a good one is answered as ever."""
    echoes = handler is handlers.send_and_receive
    bad: list[str | bytes] = [*BAD, *(message.encode() for message in BAD)]
    bad += [b"\xff\xfe[\x001\x00]\x00", b"\xed\xa0\x80"]  # UTF-16, and a surrogate
    with wslab.serve(handler) as server, client(server) as ws:
        if echoes:
            ws.recv(TIMEOUT)  # the greeting
        for message, reply in [*((message, error) for message in bad), ('{"still":"here"}', good)]:
            ws.send(message)
            if echoes:
                ws.recv(TIMEOUT)
            assert ws.recv(TIMEOUT) == reply
        assert list(server.transcript.filter(kind="error")) == []


def nested(depth: int) -> str:
    """So many lists, each in the next."""
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    ("handler", "number", "good", "bad"),
    [
        (handlers.invalid_json, 0, "Received parsed message: {}", "Error: Invalid JSON format"),
        (
            handlers.send_and_receive,
            2,  # after a welcome and the message itself
            '{{"response":"Message received","data":{}}}',
            "Error: Invalid JSON message",
        ),
    ],
    ids=["invalid_json", "send_and_receive"],
)
def test_deepest_nesting(handler: Any, number: int, good: str, bad: str) -> None:
    """What can just be parsed but not be written any more is an error, not the handler's end."""

    def answers(depth: int) -> bool:
        return run(handler, nested(depth))[number] != bad

    # Where it ends depends on Python, on the thread's stack, and on how much of that is in use.
    low, high = 1, 400_000
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if answers(middle) else (low, middle)
    messages = [nested(depth) for depth in range(low - 5, low + 5)]
    replies = run(handler, *messages)[number :: max(number, 1)]
    border = sum(reply != bad for reply in replies)
    assert 0 < border < len(messages)
    assert replies == [
        *(good.format(message) for message in messages[:border]),
        *[bad] * (len(messages) - border),
    ]


# --- JSON as JavaScript reads and writes it ----------------------------------------------------


@pytest.mark.parametrize(
    ("message", "value"),
    [
        ('{"a":1}', {"a": 1}),
        (" \t\r\n[true, false, null] ", [True, False, None]),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"\\ud800"', "\ud800"),
        ('{"a":1,"a":2}', {"a": 2}),
        ("-0", 0),
        ("1.5e3", 1500.0),
        ("1e-999", 0.0),
        ("12345678901234567890", 12345678901234567890),
        (b'"\xc3\xa9"', "é"),
        (b'"\xff"', "\ufffd"),
        (b'"\xed\xa0\x80"', "\ufffd\ufffd\ufffd"),
        ("1" * 4300, int("1" * 4300)),
    ],
)
def test_parse_json(message: str | bytes, value: object) -> None:
    """JSON is parsed; bytes are UTF-8, with U+FFFD for what is not, as in JavaScript."""
    assert parse_json(message) == value


def test_bytes_are_not_utf_16() -> None:
    """Python's json would take these bytes for UTF-16, JavaScript does not."""
    utf_16 = "[1]".encode("utf-16-le")
    assert json.loads(utf_16) == [1]
    with pytest.raises(ValueError, match=r"."):
        parse_json(utf_16)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"response": "Message received", "data": {}}, '{"response":"Message received","data":{}}'),
        ([1, -1, 0, True, None, "x"], '[1,-1,0,true,null,"x"]'),
        ("Grüße, 世界 😀", '"Grüße, 世界 😀"'),
        ('"\\/', '"\\"\\\\/"'),
        ("\b\t\n\f\r\x00\x1f\x7f\u2028", '"\\b\\t\\n\\f\\r\\u0000\\u001f\x7f\u2028"'),
        ("é\ud800", '"é\\ud800"'),
        ({"\udfff": "\udbff\U0010ffff"}, '{"\\udfff":"\\udbff\U0010ffff"}'),
        (1700000000000, "1700000000000"),
        (1.5, "1.5"),
        (1.0, "1.0"),
        (1e-05, "1e-05"),
    ],
)
def test_to_json(value: object, expected: str) -> None:
    """JSON.stringify's spelling: no spaces, letters as they are, lone surrogates escaped."""
    assert to_json(value) == expected


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), [-float("inf")], 10**4300],
    ids=["nan", "inf", "-inf", "4,301 digits"],
)
def test_numbers_that_json_lacks(value: object) -> None:
    """What is not a finite number, or too long for Python to print, is not written."""
    with pytest.raises(ValueError, match=r"."):
        to_json(value)


def test_values_that_json_lacks() -> None:
    """Too deep, circular, or of a type that JSON lacks: an error."""
    deep: list[Any] = []
    for _ in range(200_000):
        deep = [deep]
    with pytest.raises(ValueError, match=r"^nested too deeply$"):
        to_json(deep)
    while deep:  # freeing it in one go recurses as well
        [deep] = deep
    circular: list[Any] = []
    circular.append(circular)
    with pytest.raises(ValueError, match="Circular reference"):
        to_json(circular)
    with pytest.raises(TypeError, match="bytes"):
        to_json({"data": b"bytes"})


def test_why_numbers_may_be_too_long() -> None:
    """Python refuses to convert more than 4,300 digits, which is a ValueError of int()."""
    assert sys.get_int_max_str_digits() == 4300
    with pytest.raises(ValueError, match="4300 digits"):
        parse_json("1" * 4301)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters())
    | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(json_values)
def test_round_trip(value: object) -> None:
    """What is written can be sent, and parsed again; only infinity is refused."""
    try:
        written = to_json(value)
    except ValueError:
        assert "inf" in repr(value)
    else:
        assert parse_json(written.encode()) == value


# --- The text's server -------------------------------------------------------------------------


def test_send_and_receive_binary() -> None:
    """A binary message is read as UTF-8, with U+FFFD for what is not, as in a JavaScript string."""
    assert run(handlers.send_and_receive, b'{"a":1}', b"\xff\x01") == [
        "Welcome to the WebSocket server!",
        'Server received: {"a":1}',
        '{"response":"Message received","data":{"a":1}}',
        "Server received: \ufffd\x01",
        "Error: Invalid JSON message",
    ]


def test_send_and_receive_lone_surrogate() -> None:
    """A lone surrogate, which JSON can escape, comes back escaped: as itself it cannot be sent."""
    assert run(handlers.send_and_receive, '"é\\uD800"')[1:] == [
        'Server received: "é\\uD800"',
        '{"response":"Message received","data":"é\\ud800"}',
    ]


def test_handlers_that_get_no_message() -> None:
    """A client that sends nothing gets the greeting, or nothing."""
    assert run(handlers.echo) == []
    assert run(handlers.send_and_receive) == ["Welcome to the WebSocket server!"]
    assert run(handlers.binary_data) == [b"\x01\x02\x03\x04"]
    assert run(handlers.invalid_json) == []


@pytest.mark.parametrize("name", ["echo", "send_and_receive", "binary_data", "invalid_json"])
def test_any_message_is_answered(name: str) -> None:
    """Each handler answers any text and any bytes."""

    @settings(deadline=None, max_examples=15)
    @given(st.lists(st.text() | st.binary(), max_size=4))
    def answers(messages: list[str | bytes]) -> None:
        sent = run(getattr(handlers, name), *messages)
        greetings = {"send_and_receive": 1, "binary_data": 1}.get(name, 0)
        each = 2 if name == "send_and_receive" else 1
        assert len(sent) == greetings + each * len(messages)

    answers()


def test_public_names() -> None:
    """Everything in __all__ is there."""
    assert [name for name in handlers.__all__ if not hasattr(handlers, name)] == []
