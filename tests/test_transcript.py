"""``wslab.transcript``: bounded, safe between threads, and something to wait for."""

from __future__ import annotations

import gc
import threading
import time
import tracemalloc
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wslab import transcript as module
from wslab.traffic import Traffic
from wslab.transcript import PLAIN_BYTES, UNCOUNTED, Records, Transcript
from wslab.wire import (
    KEEP_PAYLOAD,
    Decoder,
    Frame,
    HandlerError,
    Handshake,
    Kind,
    Lost,
    Malformed,
    Record,
    Sender,
)

TIMEOUT = 5.0
SHORT = 0.05  # for a wait that is to be in vain


def frame(number: int, sender: Sender = "server", connection: int = 1, opcode: int = 1) -> Frame:
    """A frame whose payload is a number."""
    payload = b"%d" % number
    key = bytes(4) if sender == "client" else b""
    head = bytes([0x80 | opcode, len(payload) | (0x80 if key else 0)]) + key
    [record] = Decoder(sender, connection, handshake=False).feed(head + payload)
    assert isinstance(record, Frame)
    return record


def number_of(record: Record) -> int:
    """The number that is the frame's payload."""
    assert isinstance(record, Frame)
    return int(record.payload)


def lost(connection: int) -> Lost:
    """A record that holds no bytes."""
    return Lost(connection, "the cable was cut")


def filled(*records: Record) -> Transcript:
    """A transcript with these records."""
    transcript = Transcript()
    transcript.extend(records)
    return transcript


HELLO = Handshake(1, "client", b"GET / HTTP/1.1\r\n\r\n")


SERVER = Decoder("server", 1, handshake=False)


class Telling(Decoder):
    """A decoder that says what it makes."""

    def __init__(self) -> None:
        super().__init__("server", 1, handshake=False)
        self.made: list[bytes] = []

    def plain_frame(self, data: bytes, time: float = 0.0) -> Frame:
        self.made.append(data)
        return super().plain_frame(data, time)


# --- Records -----------------------------------------------------------------------------------


def test_records_are_a_sequence() -> None:
    """Records have a length, items, slices, an order, and compare with each other."""
    one, two, three = frame(1), frame(2), frame(3)
    records = Records([one, two, three])
    assert isinstance(records, Sequence)
    assert (len(records), list(records)) == (3, [one, two, three])
    assert (records[0], records[-1]) == (one, three)
    assert records[1:] == Records([two, three])
    assert list(reversed(records)) == [three, two, one]
    assert (two in records, frame(4) in records) == (True, False)
    assert records.index(three) == 2
    assert (records == Records(), records == [one, two, three]) == (False, False)
    assert repr(records) == "<Records: 3>"
    with pytest.raises(IndexError):
        records[3]


def test_records_do_not_hash() -> None:
    """A payload that is arriving still changes, so a sequence of records has no hash."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(Records())


def test_records_remember_what_was_dropped() -> None:
    """Slices and filters of a transcript that has dropped records say so."""
    records = Records([frame(1), frame(2)], dropped=3)
    assert records[1:].dropped == 3
    assert records.filter(kind="text").dropped == 3
    assert records.filter(connection=-2).dropped == 3
    assert str(records[1:]).startswith("As the server saw it: (3 earlier records dropped)\n")
    assert Records([frame(1)]).dropped == 0


# --- Filter ------------------------------------------------------------------------------------

MIXED: list[Record] = [
    HELLO,
    frame(1, "client", 1),
    frame(2, "server", 1),
    frame(3, "client", 3),
    frame(4, "server", 3, opcode=2),
    lost(2),
]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"connection": 1}, [0, 1, 2]),
        ({"connection": 4}, []),
        ({"connection": -1}, [3, 4]),
        ({"connection": -2}, [5]),
        ({"connection": -3}, [0, 1, 2]),
        ({"connection": -4}, []),
        ({"sender": "client"}, [0, 1, 3]),
        ({"sender": "server"}, [2, 4]),
        ({"kind": "text"}, [1, 2, 3]),
        ({"kind": "lost"}, [5]),
        ({"kind": "ping"}, []),
        ({"connection": -1, "sender": "server", "kind": "binary"}, [4]),
        ({"where": lambda record: record.connection > 1}, [3, 4, 5]),
        ({"kind": "text", "where": lambda record: record.payload == b"2"}, [2]),
    ],
)
def test_filter(condition: dict[str, Any], expected: list[int]) -> None:
    """A filter gives the records that match every condition, in their order."""
    assert list(Records(MIXED).filter(**condition)) == [MIXED[index] for index in expected]
    assert list(filled(*MIXED).filter(**condition)) == [MIXED[index] for index in expected]


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"kind": "TEXT"}, r"^kind must be one of 'handshake', .*'http', not 'TEXT'$"),
        ({"sender": "me"}, r"^sender must be one of 'client', 'server', not 'me'$"),
    ],
)
def test_names_that_do_not_exist(condition: dict[str, Any], message: str) -> None:
    """A misspelt kind or sender is an error at once, not an empty result or a wait in vain."""
    with pytest.raises(ValueError, match=message):
        Records().filter(**condition)
    with pytest.raises(ValueError, match=message):
        Transcript().filter(**condition)
    with pytest.raises(ValueError, match=message):
        Transcript().wait(**condition, timeout=TIMEOUT)


# --- Bounds ------------------------------------------------------------------------------------


def test_keep() -> None:
    """More than ``keep`` records drop the oldest, which are counted."""
    transcript = Transcript(keep=3)
    transcript.extend(map(frame, range(2)))
    assert (len(transcript), transcript.dropped) == (2, 0)
    transcript.extend(map(frame, range(2, 10)))
    assert [number_of(record) for record in transcript] == [7, 8, 9]
    assert transcript.dropped == 7
    assert transcript.snapshot().dropped == 7


def big(kind: str) -> Record:
    """A record of 64 KiB, or one that may come to hold as much."""
    whole = b"\x82\x7f" + KEEP_PAYLOAD.to_bytes(8, "big")
    records: dict[str, Callable[[], Record]] = {
        "frame": lambda: Decoder("server", 1, handshake=False).feed(whole + bytes(KEEP_PAYLOAD))[0],
        "arriving": lambda: Decoder("server", 1, handshake=False).feed(whole)[0],
        "longer": lambda: Decoder("server", 1, handshake=False).feed(b"\x82\x7f" + b"\x7f" * 8)[0],
        "malformed": lambda: Malformed(1, "client", "no frame", b"x"),
        "refusal": lambda: Handshake(1, "server", b"HTTP/1.1 403 Forbidden\r\n\r\n"),
        "post": lambda: Handshake(1, "client", b"POST / HTTP/1.1\r\n\r\n"),
        "headers": lambda: Handshake(
            1, "client", b"GET / HTTP/1.1\r\nX: " + b"x" * KEEP_PAYLOAD + b"\r\n\r\n"
        ),
        "message": lambda: HandlerError(1, "ValueError", "x" * KEEP_PAYLOAD),
        "traceback": lambda: HandlerError(1, "ValueError", "x", "x" * KEEP_PAYLOAD),
    }
    return records[kind]()


@pytest.mark.parametrize(
    "kind",
    [
        "frame",
        "arriving",
        "longer",
        "malformed",
        "refusal",
        "post",
        "headers",
        "message",
        "traceback",
    ],
)
def test_keep_bytes(kind: str) -> None:
    """Of records that hold 64 KiB, or may come to, as many stay as keep_bytes allows."""
    transcript = Transcript(keep_bytes=4 * KEEP_PAYLOAD + 1000)
    for _ in range(10):
        transcript.extend([big(kind)])
    assert (len(transcript), transcript.dropped) == (4, 6)


@pytest.mark.parametrize(
    "record",
    [lost(1), HELLO, Handshake(1, "server", b"HTTP/1.1 101 OK\r\n\r\n"), frame(1)],
    ids=["lost", "request", "response", "frame"],
)
def test_small_records_are_small(record: Record) -> None:
    """Records that hold little are not dropped for their bytes."""
    transcript = Transcript(keep_bytes=KEEP_PAYLOAD)
    transcript.extend([record] * 1000)
    assert (len(transcript), transcript.dropped) == (1000, 0)


FIRST = b"\x02\x7f" + KEEP_PAYLOAD.to_bytes(8, "big") + bytes(KEEP_PAYLOAD)


def test_what_a_continuation_keeps_alive() -> None:
    """The first frame of its message counts once, while a record of the message is here."""
    transcript = Transcript(keep=8, keep_bytes=4 * KEEP_PAYLOAD + 1000)
    decoder = Decoder("server", 1, handshake=False)
    for _ in range(3):
        transcript.extend(decoder.feed(FIRST))
        for _ in range(20):
            transcript.extend(decoder.feed(b"\x00\x01x"))
        transcript.extend(decoder.feed(b"\x80\x01x"))
        assert KEEP_PAYLOAD < transcript._bytes < KEEP_PAYLOAD + 1000
    decoders = [Decoder("server", number, handshake=False) for number in range(20)]
    firsts = [decoder.feed(FIRST) for decoder in decoders]  # kept by somebody else
    for decoder, first in zip(decoders, firsts, strict=True):
        transcript.extend(first)
        for _ in range(2):
            transcript.extend(decoder.feed(b"\x00\x01x"))
    for decoder in decoders:
        transcript.extend(decoder.feed(b"\x80\x01x"))
    assert len(transcript) == 4
    assert len({record.connection for record in transcript}) == 4
    transcript.extend([lost(1)] * 8)
    assert (transcript._bytes, transcript._holders) == (0, {})


@pytest.mark.slow
def test_memory_of_many_unfinished_messages() -> None:
    """A thousand connections in the middle of a message hold what keep_bytes allows."""
    transcript = Transcript(keep_bytes=2**20)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        decoders = [Decoder("server", number, handshake=False) for number in range(1000)]
        for _ in range(2):
            for decoder in decoders:
                transcript.extend(decoder.feed(FIRST))
            for decoder in decoders:
                transcript.extend(decoder.feed(b"\x00\x01x"))
        kept = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert kept < 3 * 2**20


def test_the_last_record_stays() -> None:
    """A record that alone is over keep_bytes is there, and makes the others go."""
    transcript = Transcript(keep_bytes=KEEP_PAYLOAD)
    error = HandlerError(1, "ValueError", "x" * 10 * KEEP_PAYLOAD)
    transcript.extend([frame(1), error])
    assert (list(transcript), transcript.dropped) == ([error], 1)
    transcript.extend([frame(2)])
    assert (list(transcript), transcript.dropped) == ([frame(2)], 2)


class Tracked(Lost):
    """A record that can be weakly referred to."""


def test_dropped_records_are_freed() -> None:
    """What was dropped is not held any more."""
    transcript = Transcript(keep=1)
    transcript.extend([Tracked(1, "the cable was cut")])
    record = weakref.ref(transcript[0])
    assert record() is not None
    transcript.extend([frame(1)])
    gc.collect()
    assert record() is None


def test_deferred_records_are_made_once_when_looked_at() -> None:
    """A deferred record counts at once, stands in its place and is made by the first look."""
    decoder = Telling()
    transcript = filled(frame(1))
    transcript.defer(decoder, b"\x81\x012")
    transcript.extend([frame(3)])
    assert (len(transcript), decoder.made) == (3, [])
    assert list(transcript) == [frame(1), frame(2), frame(3)]
    assert (decoder.made, transcript[1] is transcript[1]) == ([b"\x81\x012"], True)
    assert 0 < transcript[1].time <= time.perf_counter()


def test_the_newest_records() -> None:
    """A snapshot of the newest makes no others, and tells how many came before them."""
    decoder = Telling()
    transcript = filled(frame(1))
    for data in (b"\x81\x012", b"\x81\x013", b"\x81\x014"):
        transcript.defer(decoder, data)
    newest = transcript.snapshot(newest=2)
    assert (newest, newest.dropped) == (Records([frame(3), frame(4)]), 2)
    assert decoder.made == [b"\x81\x013", b"\x81\x014"]
    everything = transcript.snapshot(newest=5)
    assert (everything, everything.dropped) == (transcript.snapshot(), 0)
    assert len(transcript.snapshot(newest=0)) == 0


def test_what_is_not_plain_is_not_deferred() -> None:
    """Somebody has to decode it now; so it is with bytes that may change."""
    transcript = Transcript()
    decoder = Decoder("server", 1, handshake=False)
    others = (b"", b"\x81\x012\x81", b"\x81\x02x", bytearray(b"\x81\x012"))
    assert [transcript.defer(decoder, data) for data in (b"\x81\x012", *others)] == [True] + 4 * [
        False
    ]
    assert len(transcript) == 1


def test_deferred_records_are_dropped_unmade() -> None:
    """Those that nobody looked at count for keep, and are never made."""
    decoder = Telling()
    transcript = Transcript(keep=2)
    transcript.extend([frame(1)])
    transcript.defer(decoder, b"\x81\x012")
    transcript.defer(SERVER, b"\x81\x013")
    transcript.defer(SERVER, b"\x81\x014")
    assert (list(transcript), transcript.dropped) == ([frame(3), frame(4)], 2)
    assert decoder.made == []


def test_deferred_records_count_for_keep_bytes() -> None:
    """As many bytes are kept of records that are made as of those that are not."""
    transcript = Transcript(keep_bytes=KEEP_PAYLOAD)
    data = b"\x81\x7d" + bytes(125)
    fitting = KEEP_PAYLOAD // PLAIN_BYTES
    for _ in range(2):
        for _ in range(fitting):
            transcript.defer(SERVER, data)
        assert fitting <= len(transcript.snapshot()) <= fitting + UNCOUNTED
        # From here on they are made.
    for _ in range(10):
        transcript.extend([frame(123)])
    assert fitting <= len(transcript) <= KEEP_PAYLOAD // len(data) + 10
    assert transcript.dropped + len(transcript) == 2 * fitting + 10


def test_a_deferred_record_ends_a_wait() -> None:
    """Who waits is woken by a deferred record too."""
    transcript = Transcript()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(transcript.wait, kind="text", timeout=TIMEOUT)
        while not transcript._waiting:
            threading.Event().wait(0.001)
        transcript.defer(SERVER, b"\x81\x012")
        assert waiting.result(TIMEOUT) == frame(2)


def test_more_of_a_payload_is_a_change() -> None:
    """It makes no record, but may complete one: whoever waits later looks again."""
    transcript = Transcript()
    version = transcript.wait_for_change(-1, 0)
    assert transcript.wait_for_change(version, 0) == version
    transcript.extend([])
    assert transcript.wait_for_change(version, 0) != version


@pytest.mark.parametrize("bounds", [{"keep": 0}, {"keep": -1}, {"keep_bytes": KEEP_PAYLOAD - 1}])
def test_bounds_that_keep_nothing(bounds: dict[str, int]) -> None:
    """Bounds too small for a single record are an error."""
    with pytest.raises(
        ValueError, match=r"^keep must be at least 1 and keep_bytes at least 65536$"
    ):
        Transcript(**bounds)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.integers(0, 3), max_size=5), max_size=10), st.integers(1, 8))
def test_bounds_hold_however_records_come(batches: list[list[int]], keep: int) -> None:
    """However many records come at once, the last ones stay and each one is counted."""
    sizes = {0: 1, 1: 50, 2: 120, 3: 125}
    transcript = Transcript(keep=keep)
    sent: list[Record] = []
    for batch in batches:
        records: list[Record] = [
            Decoder("server", 1, handshake=False).feed(bytes([0x82, sizes[i]]) + bytes(sizes[i]))[0]
            for i in batch
        ]
        sent += records
        transcript.extend(records)
    assert list(transcript) == sent[-keep:]
    assert transcript.dropped + len(transcript) == len(sent)


# --- A transcript is a sequence too ------------------------------------------------------------


def test_transcript_is_a_sequence() -> None:
    """A transcript has a length, items, slices, an order and a repr without times."""
    one, two, three = frame(1), frame(2), frame(3)
    transcript = filled(one, two, three)
    assert isinstance(transcript, Sequence)
    assert (len(transcript), list(transcript)) == (3, [one, two, three])
    assert (transcript[0], transcript[-1]) == (one, three)
    assert transcript[:2] == Records([one, two])
    assert (three in transcript, transcript.index(two), transcript.count(one)) == (True, 1, 1)
    assert repr(transcript) == "<Transcript: 3 records>"
    with pytest.raises(IndexError):
        transcript[3]


def test_looking_sees_one_moment() -> None:
    """What arrives while one iterates, in either direction, does not disturb."""
    transcript = Transcript(keep=3)
    transcript.extend(map(frame, range(3)))
    forwards, backwards = iter(transcript), reversed(transcript)
    assert [number_of(next(forwards)), number_of(next(backwards))] == [0, 2]
    transcript.extend(map(frame, range(3, 6)))
    assert [number_of(record) for record in forwards] == [1, 2]
    assert [number_of(record) for record in backwards] == [1, 0]


def test_extend_takes_records_before_it_locks() -> None:
    """A generator may look at the transcript, and one that raises adds nothing."""
    transcript = filled(frame(1))

    def looks() -> Iterator[Record]:
        yield frame(len(transcript) + 1)
        yield from transcript.filter(kind="text")

    def raises() -> Iterator[Record]:
        yield frame(9)
        raise KeyError

    done: Future[None] = in_thread(lambda: transcript.extend(looks()))
    done.result(TIMEOUT)
    with pytest.raises(KeyError):
        transcript.extend(raises())
    assert [number_of(record) for record in transcript] == [1, 2, 1]


# --- Display -----------------------------------------------------------------------------------


def test_display() -> None:
    """A transcript and its records show the same, as text and as HTML."""
    transcript = filled(HELLO, frame(7, "client"), frame(8))
    expected = (
        "As the server saw it:\n"
        "connection 1\n"
        "  client → server  HANDSHAKE  GET /\n"
        "  client → server  TEXT       '7'  1 byte\n"
        "  client ← server  TEXT       '8'  1 byte"
    )
    assert (str(transcript), str(transcript.snapshot())) == (expected, expected)
    bundle = transcript._repr_mimebundle_()
    assert bundle == transcript.snapshot()._repr_mimebundle_(include=None, exclude=None)
    assert set(bundle) == {"text/plain", "text/html"}
    assert bundle["text/plain"] == expected


class Page(HTMLParser):
    """The names of the tags and attributes of a page, and its addresses."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value or "" for name, value in attrs if name == "src"]


@settings(deadline=None, max_examples=30)
@given(st.text(st.sampled_from("<>&\"'/= \x00\x1b\n\u202escriptonload"), max_size=40))
def test_display_of_hostile_payloads(payload: str) -> None:
    """Nothing that crossed the wire becomes a script, a handler or an address in the page."""
    data = payload.encode()
    head = bytes([0x81, len(data)])
    if len(data) > 125:
        head = b"\x81\x7e" + len(data).to_bytes(2, "big")
    transcript = filled(*Decoder("server", 1, handshake=False).feed(head + data))
    transcript.extend([HandlerError(1, payload, payload), Lost(1, payload)])
    harmless = filled(frame(1), HandlerError(1, "E", "e"), lost(1))
    page = Page(transcript._repr_mimebundle_()["text/html"])
    assert page.tags == Page(harmless._repr_mimebundle_()["text/html"]).tags
    assert page.attributes == Page(harmless._repr_mimebundle_()["text/html"]).attributes
    assert [address[:19] for address in page.addresses] == ["data:image/svg+xml,"]
    assert "script" not in page.tags


def test_traffic() -> None:
    """The traffic of a transcript is that of the records that are here."""
    transcript = filled(*MIXED)
    expected = str(Traffic(MIXED))
    assert (str(transcript.traffic()), str(transcript.snapshot().traffic())) == (expected, expected)
    assert str(transcript.filter(connection=1).traffic()) != expected


# --- Wait --------------------------------------------------------------------------------------


def in_thread(function: Callable[[], Any]) -> Future[Any]:
    """Run a function in a thread of its own, which does not keep the process."""
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(function())
        except BaseException as exc:
            future.set_exception(exc)

    threading.Thread(target=run, daemon=True).start()
    return future


def until_waiting(transcript: Transcript, future: Future[Any], *, listeners: int = 1) -> None:
    """Return once so many threads wait for the transcript, or the future is done."""
    pause = threading.Event()
    for _ in range(int(TIMEOUT / 0.001)):
        if transcript._waiting >= listeners or future.done():
            return
        pause.wait(0.001)
    raise AssertionError(f"no {listeners} threads waiting within {TIMEOUT:g} s")


def test_wait_for_what_is_there() -> None:
    """What is there already is returned, also with no time to wait."""
    transcript = filled(*MIXED)
    assert transcript.wait(kind="text", timeout=0) is MIXED[1]
    assert transcript.wait(kind="text", count=3, timeout=0) is MIXED[3]
    assert transcript.wait(connection=-1, timeout=0) is MIXED[3]
    assert transcript.wait(timeout=-1) is HELLO


def test_wait_for_what_comes_later() -> None:
    """What another thread appends ends the wait; what does not match does not."""
    transcript = filled(frame(1))
    future = in_thread(lambda: transcript.wait(kind="binary", timeout=TIMEOUT))
    until_waiting(transcript, future)
    transcript.extend([frame(2)])
    until_waiting(transcript, future)
    assert not future.done()
    binary = frame(3, opcode=2)
    transcript.extend([binary, frame(4)])
    assert future.result(TIMEOUT) is binary
    assert transcript._waiting == 0


def test_wait_for_several() -> None:
    """``count`` records are waited for; the last of them is returned, not the last of all."""
    transcript = filled(frame(1))
    future = in_thread(lambda: transcript.wait(kind="text", count=3, timeout=TIMEOUT))
    until_waiting(transcript, future)
    transcript.extend([frame(2), lost(1)])
    until_waiting(transcript, future)
    assert not future.done()
    transcript.extend([frame(3), frame(4)])
    assert number_of(future.result(TIMEOUT)) == 3


def test_wait_for_a_payload() -> None:
    """A frame does not count until its last byte is here, which is no record of its own."""
    transcript = Transcript()
    decoder = Decoder("server", 1, handshake=False)
    transcript.extend(decoder.feed(b"\x81\x05Hel"))
    with pytest.raises(TimeoutError, match=r"^0 of 1 records matched \(kind='text'\) in 0 s\. "):
        transcript.wait(kind="text", timeout=0)
    future = in_thread(lambda: transcript.wait(kind="text", timeout=TIMEOUT))
    until_waiting(transcript, future)
    transcript.extend(decoder.feed(b"l"))
    until_waiting(transcript, future)
    assert not future.done()
    assert decoder.feed(b"o") == []
    transcript.extend([])
    record = future.result(TIMEOUT)
    assert (record.payload, record is transcript[0]) == (b"Hello", True)


def test_wait_for_the_latest_connection() -> None:
    """-1 is the latest connection at each moment."""
    transcript = filled(HELLO)
    future = in_thread(lambda: transcript.wait(connection=-1, kind="text", timeout=TIMEOUT))
    until_waiting(transcript, future)
    transcript.extend([frame(2, connection=2)])
    assert number_of(future.result(TIMEOUT)) == 2


def test_where_may_look_at_the_transcript() -> None:
    """``where`` is called without the lock, so it may look at the transcript itself."""
    transcript = filled(frame(1))

    def looks(record: Record) -> bool:
        return len(transcript.filter(kind="text")) == 2 and transcript[-1] is record

    future = in_thread(lambda: transcript.wait(where=looks, timeout=TIMEOUT))
    until_waiting(transcript, future)
    transcript.extend([frame(2)])
    assert number_of(future.result(TIMEOUT)) == 2


def test_where_that_raises() -> None:
    """What ``where`` raises ends the wait, and nobody counts as waiting any more."""
    transcript = filled(frame(1))
    with pytest.raises(ZeroDivisionError):
        transcript.wait(where=lambda record: bool(1 / 0), timeout=TIMEOUT)
    assert transcript._waiting == 0


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (
            {},
            "0 of 1 records matched (any) in 0.05 s. No records.",
        ),
        (
            {"connection": 2, "sender": "server", "kind": "text", "count": 2},
            "0 of 2 records matched (connection=2 sender='server' kind='text') in 0.05 s. "
            "No records.",
        ),
        (
            {"where": lambda record: True},
            "0 of 1 records matched (where=…) in 0.05 s. No records.",
        ),
        (
            {"kind": "lost", "where": lambda record: True},
            "0 of 1 records matched (kind='lost' where=…) in 0.05 s. No records.",
        ),
    ],
)
def test_timeout(condition: dict[str, Any], message: str) -> None:
    """A wait in vain says what it waited for, how long, and that nothing is here."""
    with pytest.raises(TimeoutError) as info:
        Transcript().wait(**condition, timeout=SHORT)
    assert str(info.value) == message


def test_timeout_shows_what_is_here() -> None:
    """A wait in vain shows what is here; of a long transcript the last records."""
    transcript = filled(frame(1), lost(1))
    with pytest.raises(TimeoutError) as info:
        transcript.wait(kind="text", count=2, timeout=0)
    assert str(info.value) == (
        "1 of 2 records matched (kind='text') in 0 s. "
        "As the server saw it:\n"
        "connection 1\n"
        "  client ← server  TEXT  '1'  1 byte\n"
        "         ✗         LOST  the cable was cut"
    )
    transcript.extend(map(frame, range(1000)))
    with pytest.raises(TimeoutError) as info:
        transcript.wait(kind="ping", timeout=0)
    lines = str(info.value).split("\n")
    assert lines[:3] == [
        "0 of 1 records matched (kind='ping') in 0 s. The last 20 of 1000: "
        "As the server saw it: (2 earlier records dropped)",
        "connection 1",
        "  client ← server  TEXT  '980'  3 bytes",
    ]
    assert len(lines) == 2 + 20


@pytest.mark.parametrize("count", [0, -1, 4])
def test_counts_that_cannot_be(count: int) -> None:
    """As many records as are not kept cannot be waited for, nor none."""
    transcript = Transcript(keep=3)
    transcript.extend(map(frame, range(3)))
    assert number_of(transcript.wait(count=3, timeout=0)) == 2
    with pytest.raises(
        ValueError, match=r"^count must be from 1 to 3, as many records as are kept$"
    ):
        transcript.wait(count=count, timeout=TIMEOUT)


def test_the_writer_must_not_wait() -> None:
    """On the server's thread a wait would be for itself, so it is refused; others may wait."""
    transcript = filled(frame(1))

    def write() -> None:
        transcript.refuse_waiting_here()
        transcript.wait(timeout=TIMEOUT)

    with pytest.raises(RuntimeError, match=r"inside a handler; call it in a cell$"):
        in_thread(write).result(TIMEOUT)
    assert number_of(transcript.wait(timeout=0)) == 1


def test_another_thread_with_the_number_of_a_writer_that_has_ended() -> None:
    """Threads are numbered by memory that is used again; a new thread may wait all the same."""
    transcript = filled(frame(1))
    numbers = []

    def write() -> None:
        transcript.refuse_waiting_here()
        numbers.append(threading.get_ident())

    def wait() -> None:
        numbers.append(threading.get_ident())
        numbers.append(number_of(transcript.wait(timeout=0)))

    for target in (write, *[wait] * 20):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join(TIMEOUT)
    if numbers[0] not in numbers[1::2]:
        pytest.skip("this platform does not use the numbers again so soon")
    assert numbers[2::2] == [1] * 20


def test_wait_for_change() -> None:
    """The version changes with everything that happens, and only then."""
    transcript = Transcript()
    version = transcript.wait_for_change(-1, timeout=TIMEOUT)
    assert transcript.wait_for_change(version, timeout=0) == version
    assert transcript.wait_for_change(version, timeout=-1) == version
    future = in_thread(lambda: transcript.wait_for_change(version, timeout=TIMEOUT))
    until_waiting(transcript, future)
    transcript.extend([])
    assert future.result(TIMEOUT) != version


# --- Threads -----------------------------------------------------------------------------------


def test_writers_readers_and_waiters() -> None:
    """While four threads write and others look, nothing is lost, doubled or out of order."""
    writers, each = 4, 400
    transcript = Transcript(keep=writers * each + 1)
    barrier = threading.Barrier(writers + 3)
    written = threading.Event()

    def write(connection: int) -> None:
        barrier.wait(TIMEOUT)
        for start in range(0, each, 4):
            transcript.extend(
                [frame(start + i, connection=connection) for i in range(4)],
            )

    def look() -> int:
        barrier.wait(TIMEOUT)
        rounds, before = 0, 0
        while not written.is_set() or rounds == 0:
            records = transcript.snapshot()
            assert len(records) >= before
            before = len(records)
            for connection in range(1, writers + 1):
                found = transcript.filter(connection=connection, kind="text")
                assert [number_of(record) for record in found] == list(range(len(found)))
                assert len(found) % 4 == 0  # batches are not torn
            assert repr(transcript).startswith("<Transcript: ")
            rounds += 1
        return rounds

    def wait() -> int:
        barrier.wait(TIMEOUT)
        last = transcript.wait(connection=writers, count=each, timeout=4 * TIMEOUT)
        return number_of(last)

    with ThreadPoolExecutor(writers + 3) as pool:
        writing = [pool.submit(write, connection) for connection in range(1, writers + 1)]
        looking = [pool.submit(look) for _ in range(2)]
        waiting = pool.submit(wait)
        for done in writing:
            done.result(4 * TIMEOUT)
        written.set()
        assert [future.result(4 * TIMEOUT) > 0 for future in looking] == [True, True]
        assert waiting.result(4 * TIMEOUT) == each - 1
    assert (len(transcript), transcript.dropped) == (writers * each, 0)


def test_dropping_while_others_write() -> None:
    """With records dropped all the time, what is here and what was dropped add up."""
    writers, each, keep = 4, 500, 7
    transcript = Transcript(keep=keep)
    barrier = threading.Barrier(writers + 1)

    def write(connection: int) -> None:
        barrier.wait(TIMEOUT)
        for number in range(each):
            transcript.extend([frame(number, connection=connection)])

    with ThreadPoolExecutor(writers) as pool:
        writing = [pool.submit(write, connection) for connection in range(1, writers + 1)]
        barrier.wait(TIMEOUT)
        while not all(future.done() for future in writing):
            records = transcript.snapshot()
            assert len(records) <= keep
            assert (len(records) == keep) or records.dropped == 0
        for future in writing:
            future.result(TIMEOUT)
    assert (len(transcript), transcript.dropped) == (keep, writers * each - keep)
    last = {record.connection: number_of(record) for record in transcript}
    assert each - 1 in last.values()


def test_many_waiters() -> None:
    """Each of many waiting threads is woken for its own record."""
    transcript = Transcript()
    futures = [
        in_thread(
            lambda connection=connection: transcript.wait(connection=connection, timeout=TIMEOUT)  # type: ignore[misc]
        )
        for connection in range(1, 9)
    ]
    until_waiting(transcript, Future(), listeners=8)
    for connection in range(8, 0, -1):
        transcript.extend([lost(connection)])
    assert [future.result(TIMEOUT).connection for future in futures] == list(range(1, 9))
    assert transcript._waiting == 0


def test_nobody_is_woken_where_nobody_waits() -> None:
    """Recording does not pay for waking threads that do not wait."""
    transcript = Transcript()
    woken: list[None] = []
    notify_all = transcript._changed.notify_all
    transcript._changed.notify_all = lambda: woken.append(notify_all())  # type: ignore[method-assign]
    transcript.extend([frame(1)])
    assert woken == []
    future = in_thread(lambda: transcript.wait(count=2, timeout=TIMEOUT))
    until_waiting(transcript, future)
    transcript.extend([frame(2)])
    assert number_of(future.result(TIMEOUT)) == 2
    assert woken == [None]


def test_kinds_are_those_of_the_records() -> None:
    """Each record's kind is one that a filter takes."""
    kinds: list[Kind] = [record.kind for record in MIXED]
    transcript = filled(*MIXED)
    assert [len(transcript.filter(kind=kind)) > 0 for kind in kinds] == [True] * len(MIXED)


def test_public_names() -> None:
    """Everything in __all__ is there."""
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
