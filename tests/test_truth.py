"""
The transcript compared with an independent recording, under every fault of ``wslab.faults``.

What crosses the wire is seen by a relay of its own, in plain sockets and threads, and decoded by
another library: wsproto.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import TIMEOUT, until
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from wsproto.frame_protocol import FrameDecoder, Opcode, ParseFailed

import wslab
from wslab import faults
from wslab.faults import Cut, Link, RawClient, after, frame, in_turn, sends
from wslab.handlers import echo
from wslab.wire import Frame, Handshake, Malformed, Record, Sender

pytestmark = pytest.mark.usefixtures("leaves_nothing", "quiet")

# Where a connection is reset, its threaded client logs "unexpected internal error" at times.
logger = logging.getLogger("wslab.tests")
logger.addHandler(logging.NullHandler())

MASK = bytes.fromhex("37fa213d")


class Relay:
    """
    A TCP relay in front of a server: it keeps what it passes on.

    Attributes:
        recorded: For each connection, the bytes of the client and of the server.
        url: Its address.
    """

    def __init__(self, port: int) -> None:
        self.recorded: list[dict[Sender, bytearray]] = []
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """Accept nobody any more; wait until all connections have ended by themselves."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(TIMEOUT)
        self._listener.close()
        assert not any(thread.is_alive() for thread in self._threads)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                record: dict[Sender, bytearray] = {"client": bytearray(), "server": bytearray()}
                self.recorded.append(record)
                thread = threading.Thread(target=self._relay, args=(client, server, record))
                self._threads.append(thread)
                thread.start()

    def _relay(
        self, client: socket.socket, server: socket.socket, record: dict[Sender, bytearray]
    ) -> None:
        with client, server:
            up = threading.Thread(target=_pump, args=(client, server, record["client"]))
            up.start()
            _pump(server, client, record["server"])
            up.join(TIMEOUT)


def _pump(source: socket.socket, target: socket.socket, record: bytearray) -> None:
    try:
        while data := source.recv(65536):
            record += data
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:  # RST, which goes on in both directions
        for sock in (source, target):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.shutdown(socket.SHUT_RDWR)


def covered(records: list[Record], wire: bytes, lossy: bool = False) -> int:
    """
    Check that records tell of these bytes, in order; return of how many of them.

    Args:
        records: All records of one direction.
        wire: What the relay has seen of it.
        lossy: The last bytes that were sent may not have arrived.
    """
    position = 0
    for record in records:
        if isinstance(record, Malformed):
            told = bytes(record.data)
        else:
            assert isinstance(record, Frame | Handshake)
            told = record.head + record.body
        seen = wire[position : position + len(told)]
        assert told == seen or (lossy and told.startswith(seen)), record
        position += len(told)
        if isinstance(record, Frame):  # of a long payload the first 64 KiB are kept
            position += record.length - record.missing - len(record.body)
    return min(position, len(wire))


def wsproto_frames(wire: bytes, sender: Sender) -> tuple[list[tuple[int, bool, bytes]], bool]:
    """Decode what follows a handshake: opcode, FIN and payload; and whether wsproto gave up."""
    decoder = FrameDecoder(client=sender == "server")
    decoder.receive_bytes(wire)
    frames: list[tuple[int, bool, bytes]] = []
    payload = b""
    opcode: Opcode | None = None
    try:
        while (part := decoder.process_buffer()) is not None:
            opcode = part.opcode if opcode is None else opcode
            payload += part.payload
            if part.frame_finished:
                frames.append((int(opcode), part.message_finished, payload))
                payload, opcode = b"", None
    except ParseFailed:
        return frames, True
    return frames, False


# wsproto looks for these in its next layer, or nowhere.
LATER = ("there is no message to continue", "a new message begins", "no data frame may follow")


def compare_with_wsproto(
    records: list[Record], wire: bytes, sender: Sender, lossy: bool = False
) -> int:
    """Check that wsproto finds the same frames, and gives up where a record tells why."""
    if not records or not isinstance(records[0], Handshake) or not records[0].opens:
        return 0
    handshake, end, rest = wire.partition(b"\r\n\r\n")
    if lossy and not end:  # not even all of the handshake has arrived
        assert records[0].head.startswith(handshake)
        return 0
    assert records[0].head == handshake + end
    theirs, gave_up = wsproto_frames(rest, sender)
    ours: list[tuple[int, bool, bytes]] = []
    broken = False
    for record in records[1:]:
        violation = record.violation if isinstance(record, Frame) else "malformed"
        if violation and not violation.startswith(LATER):
            broken = True
            break
        assert isinstance(record, Frame)
        if record.complete:
            ours.append((int(record.opcode), record.fin, record.payload))
    kept = [(opcode, fin, data[: 64 * 1024]) for opcode, fin, data in theirs]
    assert kept == (ours[: len(kept)] if lossy else ours)
    # A header that is cut off is malformed; wsproto waits for the rest.
    assert broken is gave_up or isinstance(records[-1], Malformed) or lossy
    return len(ours)


@dataclasses.dataclass
class Case:
    """A fault, and a client that meets it."""

    fault: str  # its name in wslab.faults
    handler: Any = echo
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    talk: Callable[[str], object] | None = None  # the client, with the relay's address
    connections: int = 1
    lossy: bool = False  # some bytes were sent and not read, or written and never sent
    cut: Cut | None = None


def conversation(url: str) -> None:
    """What a client of ``websockets`` does until the fault ends it."""
    with (
        contextlib.suppress(WebSocketException, OSError, EOFError),
        connect(
            url,
            compression=None,
            close_timeout=0.2,
            ping_interval=None,
            open_timeout=TIMEOUT,
            logger=logger,
        ) as ws,
    ):
        for message in ("one", b"two", "three"):
            ws.send(message)
        for _ in range(3):
            ws.recv(timeout=0.2)


def raw_conversation(*sent: bytes, reset: bool = False) -> Callable[[str], None]:
    """A client that sends bytes after its handshake, and reads until the end."""

    def talk(url: str) -> None:
        with RawClient(url) as client:
            for data in sent:
                client.send(data)
            if reset:
                client.receive()
                return client.reset()
            while client.receive() is not None:
                pass

    return talk


def linked(cut: Cut) -> Callable[[str], None]:
    """A client behind a network that cuts."""

    def talk(url: str) -> None:
        with Link(url, cut=cut) as link:
            conversation(link.url)

    return talk


def masked(first: int, payload: bytes) -> bytes:
    return frame(first, payload, MASK)


BYE = masked(0x88, b"\x03\xe8")

CASES = [
    Case("abort", faults.abort, lossy=True),
    Case("abort", options={"process_request": faults.abort}, lossy=True),
    Case("after", after(2, echo, faults.abort), lossy=True),
    Case("after", after(2, echo, faults.garbage)),
    Case("stop_reading", faults.stop_reading, lossy=True),
    Case("ignore_pings", faults.ignore_pings),
    *(
        Case(name, getattr(faults, name))
        for name in (
            "fragmented_control_frame", "garbage", "impossible_length", "interrupted_message",
            "invalid_close_code", "invalid_close_reason", "invalid_utf8", "lone_continuation",
            "masked_frame", "message_too_big", "reserved_bit", "reserved_opcode",
        )
    ),
    Case("sends", sends(frame(0x81, b"hi"), frame(0x02, b"a"), frame(0x89), frame(0x80, b"b"))),
    Case("frame", sends(frame(0x82, bytes(200)), frame(0x82, bytes(70_000)))),
    Case("in_turn", in_turn(faults.garbage, echo), connections=3),
    Case("refuse", options={"process_request": faults.refuse(503, "later")}),
    Case("redirect", options={"process_request": faults.redirect("ws://127.0.0.1:9/")}),
    Case("no_answer", options={"process_request": faults.no_answer, "open_timeout": 0.2}),
    Case("wrong_accept", options={"process_response": faults.wrong_accept}),
    Case("RawClient", talk=raw_conversation(masked(0x81, b"one"), BYE)),
    Case("RawClient", talk=raw_conversation(frame(0x81, b"not masked"))),
    Case("RawClient", talk=raw_conversation(masked(0x83, b"opcode 3"), masked(0x81, b"more"))),
    Case("RawClient", talk=raw_conversation(masked(0x81, b"one")[:4]), lossy=True,
         options={"ping_interval": 0.05, "ping_timeout": 0.05}),
    Case("RawClient", talk=raw_conversation(masked(0x81, b"one"), reset=True), lossy=True),
    Case("Link", talk=linked(Cut(1))),
    Case("Link", talk=linked(Cut(1, sender="client"))),
    Case("Cut", talk=linked(Cut())),
    Case("Cut", talk=linked(Cut(1, more_bytes=3, sender="client"))),
    Case("Cut", talk=linked(Cut(1, how="RST")), lossy=True),
    Case("Cut", talk=linked(Cut(0, how="RST", sender="client")), lossy=True),
]  # fmt: skip


@pytest.fixture
def relays() -> Iterator[Callable[[int], Relay]]:
    """Start relays; wait until all they passed on is recorded."""
    started: list[Relay] = []

    def start(port: int) -> Relay:
        started.append(Relay(port))
        return started[-1]

    yield start
    for relay in started:
        relay.close()


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{number}-{case.fault}" for number, case in enumerate(CASES)]
)
def test_transcript(case: Case, relays: Callable[[int], Relay]) -> None:
    """Byte for byte what the relay saw, and frame for frame what wsproto found."""
    options = {"ping_interval": None, "close_timeout": 0.2, **case.options}
    with wslab.serve(case.handler, name="fault", **options) as server:
        relay = relays(server.port)
        for _ in range(case.connections):
            (case.talk or conversation)(relay.url)
        # A client that is cut is gone before the relay has begun.
        until(lambda: len(relay.recorded) == case.connections, "the relay's connections")
        if case.handler is not faults.stop_reading:
            until(lambda: not server._recording.connections, "the end of the connections")
        server.stop(timeout=0.2)
    relay.close()
    for number, wire in enumerate(relay.recorded, 1):
        for sender in ("client", "server"):
            records = list(server.transcript.filter(connection=number, sender=sender))
            data = bytes(wire[sender])
            lossy = case.lossy and sender == "server"
            told = covered(records, data, lossy)
            assert told == len(data) or case.lossy, (sender, told, len(data))
            compare_with_wsproto(records, data[:told], sender, lossy)


def test_every_fault_is_tried() -> None:
    """Each name of wslab.faults has a case."""
    assert {case.fault for case in CASES} == set(faults.__all__)


def test_the_relay_and_wsproto_see_a_conversation(relays: Callable[[int], Relay]) -> None:
    """The comparison compares something: here, all that was said."""
    with wslab.serve(echo) as server:
        relay = relays(server.port)
        conversation(relay.url)
    relay.close()
    [wire] = relay.recorded
    for sender in ("client", "server"):
        data = bytes(wire[sender])
        records = list(server.transcript.filter(sender=sender))
        assert compare_with_wsproto(records, data, sender) == 4
        frames, _ = wsproto_frames(data.partition(b"\r\n\r\n")[2], sender)
        assert [payload for _, _, payload in frames][:3] == [b"one", b"two", b"three"]
        with pytest.raises(AssertionError):
            covered(records, data[:-1] + bytes([data[-1] ^ 1]))  # it is masked: any byte
        with pytest.raises(AssertionError):
            compare_with_wsproto(records[:-1], data, sender)


def test_what_did_not_arrive(relays: Callable[[int], Relay]) -> None:
    """Where a connection is reset, any first part of what was sent is all that is known."""
    with wslab.serve(echo) as server:
        relay = relays(server.port)
        conversation(relay.url)
    relay.close()
    data = bytes(relay.recorded[0]["server"])
    records = list(server.transcript.filter(sender="server"))
    for arrived in range(len(data)):
        part = data[:arrived]
        assert covered(records, part, lossy=True) == arrived
        compare_with_wsproto(records, part, "server", lossy=True)
        with pytest.raises(AssertionError):
            covered(records, part + bytes([data[arrived] ^ 1]), lossy=True)
