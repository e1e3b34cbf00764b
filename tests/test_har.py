"""Tests of wslab.har and wslab.record_json: what others write is read, what we write comes back."""

from __future__ import annotations

import base64
import datetime
import json
import pathlib
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.sync.client import connect

import wslab
from wslab.har import HarError
from wslab.record_json import epoch, to_json
from wslab.wire import (
    KEEP_PAYLOAD,
    Decoder,
    Exchange,
    Frame,
    HandlerError,
    Handshake,
    Lost,
    Malformed,
    Record,
)

pytestmark = pytest.mark.usefixtures("leaves_nothing")

REQUEST = b"GET /chat?a=1&b= HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUpgrade: websocket\r\n\r\n"
RESPONSE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


def decode(sender: Any, data: bytes, connection: int = 1) -> list[Record]:
    return Decoder(sender, connection, handshake=False).feed(data, 1.5)


def again(records: wslab.Records, folder: pathlib.Path) -> wslab.Records:
    """Save and read records."""
    file = folder / "talk.har"
    records.save(file)
    return wslab.read_har(file)


# --- What we write


EVERYTHING = wslab.Records(
    [
        Handshake(1, "client", REQUEST, b"", 1.0, (("Host", "127.0.0.1:1", "127.0.0.1:2"),)),
        Handshake(1, "server", RESPONSE, b"", 1.25),
        *decode("client", bytes.fromhex("8185 37fa213d 7f9f4d5158")),
        *decode("server", b"\x01\x02he\x89\x01p\x80\x03llo\x82\x02\x00\xff\x83\x00"),
        Handshake(2, "client", b"POST /x HTTP/1.1\r\n\r\n", b"body", 2.0),
        Handshake(2, "server", b"HTTP/1.1 403 Forbidden\r\n\r\n", b"no", 2.5),
        *decode("server", b"\x88\x05\x0f\xa1bye\x81\x05cut o"),
        *decode(
            "server", b"\x82\x7f" + (KEEP_PAYLOAD + 9).to_bytes(8) + bytes(KEEP_PAYLOAD + 3), 3
        ),
        Malformed(3, "client", "not HTTP", b"\x16\x03\xff", 3.0),
        Lost(1, "the cable was cut", 7, 3.5),
        HandlerError(1, "ValueError", "no <b>", "Traceback …", 3.5, "process_request"),
        Exchange(4, "GET /x?y=1 HTTP/1.1", "HTTP/1.1 200 OK", 0, 12, 4.0),
    ],
    dropped=3,
    viewpoint="As the tap saw it",
)


def test_everything_comes_back(tmp_path: pathlib.Path) -> None:
    """Records of every kind are equal to what they were, in the same order, with their times."""
    read = again(EVERYTHING, tmp_path)
    assert list(read) == list(EVERYTHING)
    assert (read.dropped, read.viewpoint, str(read)) == (3, EVERYTHING.viewpoint, str(EVERYTHING))
    for now, then in zip(read, EVERYTHING, strict=True):
        assert now.time == pytest.approx(then.time, abs=0.01)
    [cut_off] = read.filter(connection=3, kind="binary")
    assert isinstance(cut_off, Frame)
    assert (cut_off.missing, cut_off.complete) == (6, False)


def test_it_comes_back_twice(tmp_path: pathlib.Path) -> None:
    """What was read can be saved."""
    once = again(EVERYTHING, tmp_path)
    assert again(once, tmp_path) == EVERYTHING


def test_compressed_messages_come_back(tmp_path: pathlib.Path) -> None:
    """What was inflated is kept with the frame that it was inflated from."""
    with (
        wslab.serve(wslab.handlers.echo, compression="deflate") as server,
        connect(server.url) as ws,
    ):
        for message in ("hello hello", "hello hello", b"\x00" * 100_000):
            ws.send(message)
            ws.recv(timeout=5)
    records = server.transcript.snapshot()
    read = again(records, tmp_path)
    assert read == records
    assert str(read.messages()) == str(records.messages())
    har = records.to_har()
    [entry] = har["log"]["entries"]
    assert {message["data"][:11] for message in entry["_webSocketMessages"]} == {
        "hello hello",
        "AAAAAAAAAAA",
    }


def test_a_continuation_whose_beginning_was_dropped(tmp_path: pathlib.Path) -> None:
    """It still knows what it continues."""
    records = wslab.Records(decode("server", b"\x01\x01a\x00\x01b\x80\x01c"))[1:]
    read = again(records, tmp_path)
    assert read == records
    assert [frame.first.payload for frame in read if isinstance(frame, Frame) and frame.first] == [
        b"a"
    ] * 2


@given(st.binary(max_size=200), st.sampled_from(["client", "server"]), st.booleans())
def test_whatever_was_on_the_wire(data: bytes, sender: Any, handshake: bool) -> None:
    """Whatever bytes were decoded, their records come back."""
    from wslab import har

    records = wslab.Records(Decoder(sender, 1, handshake=handshake).feed(data))
    text = json.dumps(records.to_har())
    if records:
        read, _, _ = har.from_har(json.loads(text), "it")
        assert read == list(records)


def test_the_form_of_a_har() -> None:
    """Each entry has what HAR 1.2 asks for, and the messages where DevTools have them."""
    log = EVERYTHING.to_har()["log"]
    assert (log["version"], log["creator"]["name"], log["pages"]) == ("1.2", "wslab", [])
    for entry in log["entries"]:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
        assert datetime.datetime.fromisoformat(entry["startedDateTime"]).tzinfo is not None
        assert {"method", "url", "httpVersion", "cookies", "headers", "queryString"} <= set(
            entry["request"]
        )
        assert {"status", "statusText", "content", "redirectURL"} <= set(entry["response"])
        assert set(entry["timings"]) == {"send", "wait", "receive"}
    first, refused, *_, page = log["entries"]
    assert first["request"]["url"] == "ws://127.0.0.1:8080/chat?a=1&b="
    assert first["request"]["queryString"] == [
        {"name": "a", "value": "1"},
        {"name": "b", "value": ""},
    ]
    assert (first["response"]["status"], first["_resourceType"]) == (101, "websocket")
    messages = first["_webSocketMessages"]
    assert [(m["type"], m["opcode"], m["data"]) for m in messages] == [
        ("send", 1, "Hello"),
        ("receive", 1, "hello"),
        ("receive", 2, "AP8="),
        ("receive", 1, "cut o"),
    ]
    assert abs(messages[0]["time"] - time.time()) < 10**7
    assert refused["response"]["status"] == 403
    assert ("_webSocketMessages" in page, page["request"]["url"]) == (
        False,
        "http://127.0.0.1/x?y=1",
    )


def test_json_of_a_frame() -> None:
    """What was on the wire, and what it means."""
    [frame] = decode("server", b"\x88\x05\x0f\xa1bye")
    shown = to_json(frame)
    assert abs(shown.pop("time") - time.time()) < 10**7
    assert shown == {
        "kind": "close",
        "connection": 1,
        "sender": "server",
        "head": "8805",
        "body": base64.b64encode(b"\x0f\xa1bye").decode(),
        "fin": True,
        "length": 5,
        "close_code": 4001,
        "close_reason": "bye",
    }
    [bad] = decode("client", b"\x83\x00")
    assert "opcode 0x3 is reserved" in to_json(bad)["violation"]


# --- What others write: entries as the programs in question saved them, without most headers


def entry(**changes: Any) -> dict[str, Any]:
    """An entry as Playwright 1.65 writes it."""
    return {
        "startedDateTime": "2026-11-30T16:05:45.666Z",
        "time": 4.3,
        "request": {
            "method": "GET",
            "url": "ws://127.0.0.1:42915/chat?a=1",
            "httpVersion": "HTTP/1.1",
            "headers": [{"name": "Origin", "value": "http://127.0.0.1:36747"}],
        },
        "response": {
            "status": 101,
            "statusText": "Switching Protocols",
            "headers": [{"name": "Upgrade", "value": "websocket"}],
        },
        "_resourceType": "websocket",
        "_webSocketMessages": [
            {"type": "receive", "time": 1796054745689.72, "opcode": 1, "data": "welcome ü"},
            {"type": "send", "time": 1796054745691.72, "opcode": 2, "data": "AQL/"},
        ],
    } | changes


def har(*entries: Any, creator: str = "Playwright") -> dict[str, Any]:
    return {"log": {"version": "1.2", "creator": {"name": creator}, "entries": list(entries)}}


def read(value: Any, folder: pathlib.Path) -> wslab.Records:
    file = folder / "other.har"
    file.write_text(json.dumps(value), encoding="utf-8-sig")
    return wslab.read_har(file)


SECONDS = [
    {"type": "receive", "time": 1796054745.68972, "opcode": 1, "data": "welcome ü"},
    {"type": "send", "time": 1796054745.69172, "opcode": 2, "data": "AQL/"},
]


@pytest.mark.parametrize(
    ("creator", "changes"),
    [
        ("Playwright", {}),
        ("WebInspector", {"_webSocketMessages": SECONDS}),
        (
            "mitmproxy",
            {"_webSocketMessages": SECONDS, "startedDateTime": "2026-11-30T16:05:45.6+00:00"},
        ),
    ],
)
def test_what_others_write(creator: str, changes: Any, tmp_path: pathlib.Path) -> None:
    """Seconds or milliseconds, one creator or another: the conversation is the same."""
    records = read(
        har({"request": {}, "response": {}}, entry(**changes), creator=creator), tmp_path
    )
    assert str(records).splitlines() == [
        f"As {creator} saw it:",
        "connection 1",
        "  client → server  HANDSHAKE  GET /chat?a=1  Origin: http://127.0.0.1:36747",
        "  client ← server  HANDSHAKE  101 Switching Protocols",
        "  client ← server  TEXT       'welcome ü'  10 bytes",
        "  client → server  BINARY     01 02 ff  3 bytes",
    ]
    assert [record.problem for record in records[2:]] == [None, None]
    assert records[3].time - records[2].time == pytest.approx(0.002, abs=1e-4)


SAVED = pathlib.Path(__file__).with_name("hars")


@pytest.mark.parametrize(
    ("program", "creator"),
    [("devtools", "WebInspector"), ("playwright", "Playwright"), ("mitmproxy", "mitmproxy")],
)
def test_what_real_programs_saved(program: str, creator: str) -> None:
    """The files that interop/hars.py had Chromium 156, Playwright 1.65 and mitmproxy 11 write."""
    records = wslab.read_har(SAVED / f"{program}.har")
    assert records.viewpoint == f"As {creator} saw it"
    first, second, *messages = records
    assert isinstance(first, Handshake)
    assert isinstance(second, Handshake)
    assert (first.path, second.status) == ("/chat?a=1", 101)
    assert first.header("Sec-WebSocket-Version") == "13"
    assert [(record.sender, record.kind, record.payload) for record in messages] == [
        ("server", "text", "welcome ü".encode()),
        ("client", "text", b"hello"),
        ("server", "text", b"hello"),
        ("client", "binary", b"\x01\x02\xff"),
        ("server", "binary", b"\x01\x02\xff"),
    ]
    moments = [record.time + epoch() for record in messages]
    recorded = datetime.datetime(2026, 11, 30, tzinfo=datetime.UTC).timestamp()
    assert moments == sorted(moments)
    assert recorded < moments[0] <= moments[-1] < recorded + 24 * 60 * 60


def test_what_firefox_saved() -> None:
    """Its network monitor, in Firefox 153, saves no messages."""
    records = wslab.read_har(SAVED / "firefox.har")
    assert [record.kind for record in records] == ["handshake", "handshake"]
    assert records.viewpoint == "As Firefox saw it"


def test_firefox_writes_the_handshake_only(tmp_path: pathlib.Path) -> None:
    """Its entry is an HTTP request with the status 101."""
    plain = entry()
    del plain["_resourceType"], plain["_webSocketMessages"]
    records = read(har(plain, creator="Firefox"), tmp_path)
    assert [record.kind for record in records] == ["handshake", "handshake"]


def test_what_is_missing_or_odd(tmp_path: pathlib.Path) -> None:
    """Binary data as text, no opcode, an error message, no response: read as far as it goes."""
    messages = [
        {"type": "send", "time": 0, "opcode": 2, "data": "no Base64!"},
        {"type": "receive", "data": "x"},
        {"type": "error", "time": 1, "opcode": -1, "data": "broken"},
        {"type": "receive", "time": None, "opcode": 1, "data": "\ud800"},
    ]
    odd = entry(_webSocketMessages=messages, response={"status": 0})
    records = read(har(odd), tmp_path)
    assert [record.kind for record in records] == ["handshake", "binary", "text", "text"]
    assert records[1].payload == b"no Base64!"
    assert records[3].problem == "the payload is not valid UTF-8 (RFC 6455 §8.1)"


def test_large_messages(tmp_path: pathlib.Path) -> None:
    """Their length is kept, and of the payload the first 64 KiB."""
    messages = [
        {"type": kind, "time": 1, "opcode": 1, "data": "x" * size}
        for kind in ("send", "receive")
        for size in (125, 126, 65535, 65536, 200_000)
    ]
    records = read(har(entry(_webSocketMessages=messages)), tmp_path)[2:]
    assert [record.length for record in records] == [125, 126, 65535, 65536, 200_000] * 2
    assert [record.problem for record in records] == [None] * 10
    assert len(records[-1].payload) == KEEP_PAYLOAD


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "other.har is no HAR: it has no list log.entries"),
        ({"log": {}}, "it has no list log.entries"),
        ({"log": {"entries": 1}}, "it has no list log.entries"),
        (har(), "other.har has no WebSocket among its 0 entries; DevTools save only those"),
        (har({"request": {}, "response": {"status": 200}}), "no WebSocket among its 1 entries"),
        (har("x"), "other.har is no HAR that can be read: entry 0, "),
        (har(entry(_webSocketMessages=[{}])), "entry 0, KeyError: 'type'"),
        (har(entry(_webSocketMessages=[1])), "entry 0, "),
        (har(entry(startedDateTime="yesterday")), "entry 0, ValueError: Invalid isoformat"),
        (har({"_frames": [{"index": 0}]}), "entry 0, KeyError: 'kind'"),
        (har({"_frames": [{"index": 0, "kind": "text", "connection": 1, "sender": "me"}]}), "'me'"),
    ],
)
def test_what_is_no_har(value: Any, message: str, tmp_path: pathlib.Path) -> None:
    """A sentence says what is wrong with the file."""
    with pytest.raises(HarError, match=re.escape(message)):
        read(value, tmp_path)


def test_what_is_no_json(tmp_path: pathlib.Path) -> None:
    """So do files that are something else, or not there."""
    for data in (b"PK\x03\x04", b"\xff\xfe", b"[" * 100_000):
        (tmp_path / "x.har").write_bytes(data)
        with pytest.raises(HarError, match=r"x\.har is no HAR, for it is no JSON"):
            wslab.read_har(tmp_path / "x.har")
    with pytest.raises(FileNotFoundError):
        wslab.read_har(tmp_path / "none.har")


def test_a_huge_file(tmp_path: pathlib.Path) -> None:
    """It is not read at all."""
    with (tmp_path / "huge.har").open("wb") as file:
        file.truncate(300 * 2**20)
    with pytest.raises(HarError, match=r"huge\.har has 300 MiB, and more than 256 are not read"):
        wslab.read_har(tmp_path / "huge.har")


def test_a_transcript_saves_itself(tmp_path: pathlib.Path) -> None:
    """As its records would."""
    transcript = wslab.Transcript(viewpoint="As the tap saw it")
    transcript.extend(decode("server", b"\x81\x02hi"))
    transcript.save(tmp_path / "talk.har")
    assert wslab.read_har(tmp_path / "talk.har") == transcript.snapshot()
    assert transcript.to_har()["log"]["_wslab"] == {
        "viewpoint": "As the tap saw it",
        "dropped": 0,
    }
