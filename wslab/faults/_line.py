"""A connection over a link: its two lines, on which everything takes its time."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from wslab.recorder import Recorder
from wslab.relay import End, Ending, Relay, Relayed
from wslab.wire import Decoder, Frame, Handshake, Sender

if TYPE_CHECKING:
    from .link import Cut, Link

__all__ = ["PACKET", "WINDOW", "Line", "Linked"]

WINDOW: Final = 2**16  # how many bytes may be on their way before a link stops reading
PACKET: Final = 1460  # how many arrive at once where the bandwidth is limited
# What is on its way: bytes, the end of one side ("end" is FIN, "reset" RST), or a cut.
Item: TypeAlias = bytes | Literal["end", "reset", "FIN", "RST", "partition"]


class Linked(Relayed):
    """A connection from a client to a link, and the one from there to the server."""

    def __init__(self, relay: Relay, link: Link, number: int) -> None:
        super().__init__(relay)
        self.link = link
        self.number = number
        cut = link._next_cut()
        self.at_client = Recorder(number, link.at_client)
        self.at_server = Recorder(number, link.at_server)
        self.up = Line(self, self.client, cut, self.at_client.received, self.at_server.received)
        self.down = Line(self, self.server, cut, self.at_server.sent, self.at_client.sent)
        self.up.back, self.down.back = self.down, self.up
        self.ended = False

    def _line(self, source: End) -> Line:
        return self.up if source is self.client else self.down

    def made(self, end: End) -> None:
        """There is a TCP connection at an end; in a partition it is not read."""
        super().made(end)
        if not self.link._whole.is_set():
            end.hold("partition")
        if end is self.server:
            self.up.begin()
            self.down.begin()

    def refused(self, exc: OSError) -> None:
        """There is no server: what connecting would say is said by RST."""
        self.end("RST", "nobody listens at the address of the server")

    def part(self) -> None:
        """Read nothing; what is on its way stays there."""
        for end in (self.client, self.server):
            end.hold("partition")

    def heal(self) -> None:
        """Go on where it was."""
        for end in (self.client, self.server):
            end.release("partition")
        for line in (self.up, self.down):
            line.pump()

    def full(self, end: End) -> None:
        """What is written at an end does not leave: nothing more of its line arrives."""
        self._line(end.other).blocked = True

    def drained(self, end: End) -> None:
        """It has left."""
        line = self._line(end.other)
        line.blocked = False
        line.pump()

    def finished(self, end: End) -> None:
        """FIN has arrived at an end: it goes its way, like bytes."""
        if self.ended:
            super().finished(end)
        else:
            self._note_end(end)
            self._line(end).put("end")

    def reset(self, end: End) -> None:
        """RST has arrived at an end: it comes after what was sent before."""
        if not self.ended:
            self._note_end(end)
            self._line(end).put("reset")

    def over(self, end: End) -> None:
        """An end is over; when both are, this is."""
        super().over(end)
        if end.other.lost:
            self.stop()

    def end(self, how: Ending, problem: str | None = None) -> None:
        """
        End both TCP connections; the first call counts.

        Args:
            how: By what.
            problem: Why, where it was neither side.
        """
        if self.ended:
            return
        self._record_end(problem)
        self.stop_opening()
        for end in (self.client, self.server):
            end.ignore()
            if how == "RST":
                end.reset_now()
            else:
                end.finish()
        if self.client.finished and self.server.finished:
            self.close()

    def stop(self) -> None:
        """Nothing arrives any more."""
        if not self.ended:
            self._record_end(None if self.client.finished else "the link was stopped")

    def _note_end(self, end: End) -> None:
        """Say to the records who was the first to end the TCP connection."""
        if not (self.up.ended or self.down.ended or end.other.finished):
            self.at_client.ended = self.at_server.ended = end is self.server

    def _record_end(self, problem: str | None) -> None:
        self.ended = True
        self.up.stop()
        self.down.stop()
        self.at_client.lost(problem)
        self.at_server.lost(problem)


class Line:
    """One direction of a connection: what one side sends, on its way to the other."""

    back: Line

    def __init__(
        self,
        linked: Linked,
        source: End,
        cut: Cut | None,
        record_sent: Callable[[bytes], None],
        record_arrived: Callable[[bytes], None],
    ) -> None:
        self.ended = False  # FIN has arrived
        self.blocked = False  # the target does not read
        self._linked = linked
        self._link = linked.link
        self._source = source
        self._sender: Sender = source.sender
        self._record_sent = record_sent
        self._record_arrived = record_arrived
        self._queue: deque[tuple[float, Item]] = deque()  # when it arrives, and what
        self._queued = 0  # bytes
        self._timer: asyncio.TimerHandle | None = None
        self._decoder = Decoder(self._sender, linked.number)
        self._position = 0  # of the bytes that are in the queue, or were
        self._decoded = 0
        self._ends: deque[tuple[int, bool]] = deque()  # of frames, and whether of a message too
        self._random = random.Random(f"{self._link._seed} {linked.number} {self._sender}")
        self._share = self._random.random()  # of the jitter, for the present frame
        self._messages = 0
        cut = cut if cut and cut.sender == self._sender else None
        self._cut = cut
        self._cut_at = cut.more_bytes if cut and cut.messages is None else None
        source.take = self.take

    def begin(self) -> None:
        """There is a connection: a cut may come before its first byte."""
        self.take(b"")

    def take(self, data: bytes) -> None:
        """Send what has arrived at the source on its way."""
        if data:
            self._record_sent(data)
        for item in self._split(data):
            self.put(item)

    def put(self, item: Item) -> None:
        """Send something on its way; nothing overtakes what is before it."""
        if self._linked.ended:  # by the cut before it
            return
        size = len(item) if isinstance(item, bytes) else 0
        due = self._link._schedule(size, self._sender, self._share)
        self._queue.append((due, item))
        self._queued += size
        if self._queued >= WINDOW:
            self._source.hold("window")
        if self._timer is None:
            self.pump()

    def pump(self) -> None:
        """Deliver what has arrived."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = asyncio.get_running_loop()
        while self._queue and self._link._whole.is_set() and not self.blocked:
            due, item = self._queue[0]
            if due > loop.time():
                self._timer = loop.call_at(due, self.pump)
                return
            self._queue.popleft()
            self._deliver(item)

    def stop(self) -> None:
        """Forget what is on its way."""
        self._queue.clear()
        self.pump()

    def _deliver(self, item: Item) -> None:
        target = self._source.other
        match item:
            case bytes():
                self._record_arrived(item)
                target.write(item)
                self._queued -= len(item)
                if self._queued < WINDOW:
                    self._source.release("window")
            case "partition":
                self._link._part()
            case "end":
                self.ended = True
                target.finish()
                if self.back.ended:
                    self._linked.end("FIN")
            case "reset":
                self._linked.end("RST")
            case _:
                self._linked.end(item, f"the link cut the connection by {item}")

    def _split(self, data: bytes) -> Iterator[Item]:
        """Yield the bytes, split where frames end, and the cut at its place."""
        for record in self._decoder.feed(data):
            if isinstance(record, Frame):
                self._decoded += record.size
                self._ends.append((self._decoded, record.fin and not record.is_control))
            elif isinstance(record, Handshake):
                self._decoded += len(record.head)
                self._ends.append((self._decoded, False))
        first, stop = self._position, self._position + len(data)
        while True:
            if self._ends and self._ends[0][0] == self._position:
                self._messages += self._ends.popleft()[1]
                self._share = self._random.random()
                if self._cut and self._cut_at is None and self._cut.messages == self._messages:
                    self._cut_at = self._position + self._cut.more_bytes
            if self._cut and self._cut_at == self._position:
                yield self._cut.how
                self._cut = self._cut_at = None
            if self._position == stop:
                return
            begin = self._position
            frame_end = self._ends[0][0] if self._ends else stop
            packet = begin + PACKET if self._link.bandwidth else stop
            self._position = min(stop, frame_end, packet, self._cut_at or stop)
            yield data[begin - first : self._position - first]
