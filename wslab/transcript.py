"""
What crossed the wire: a bounded, thread-safe sequence of records that displays itself.

The server's thread appends; cells look. A :class:`Transcript` is live, a :class:`Records` is what
it held at one moment.
"""

from __future__ import annotations

import json
import os
import pathlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from time import sleep
from typing import Any, Final, cast, overload

from ._clock import monotonic, perf_counter
from ._stdout import printable
from .messages import Messages, join
from .search import Conditions, Search, Unmade, is_complete
from .traffic import Traffic
from .wire import (
    KEEP_PAYLOAD,
    Decoder,
    Exchange,
    Frame,
    HandlerError,
    Handshake,
    Kind,
    Malformed,
    Record,
    Sender,
)

__all__ = ["VIEWPOINT", "Records", "Transcript", "read_har"]

VIEWPOINT: Final = "As the server saw it"
"""Who sees what crosses the wire, where nothing else is said."""

SHOWN: Final = 20
"""How many of the last records the message of a wait in vain shows."""

PLAIN_BYTES: Final = 6 + 125
"""What a record that is not made counts for: as many bytes as a plain frame has at most."""

UNCOUNTED: Final = 64
"""How many of those may come before the bounds are looked at."""

NEAR_THE_END: Final = 4096
"""So many of the newest records are picked one by one; for more, all are copied."""

PAUSE: Final = 0.002
"""Seconds between two looks of :meth:`Transcript.wait` while records come."""

LOOK_AGAIN: Final = 0.05
"""Seconds after which a waiting thread looks for records that it was not told of."""


class Records(Sequence[Record]):
    """
    An immutable sequence of records, shown in a cell as a table.

    It is what slices and filters of a :class:`Transcript` give.

    Args:
        records: The records, oldest first.
        dropped: How many earlier ones are missing; stated where the records are shown.
        viewpoint: Who saw them, in words; stated there too.

    >>> from wslab.wire import Decoder
    >>> frames = Records(Decoder("server", connection=1, handshake=False).feed(b"\\x81\\x02hi"))
    >>> print(frames)
    As the server saw it:
    connection 1
      client ← server  TEXT  'hi'  2 bytes
    """

    # Not a subclass of tuple: IPython shows those its own way.
    def __init__(
        self,
        records: Iterable[Record] = (),
        *,
        dropped: int = 0,
        viewpoint: str = VIEWPOINT,
    ) -> None:
        self._records = tuple(records)
        self.dropped = dropped
        self.viewpoint = viewpoint

    @overload
    def __getitem__(self, index: int, /) -> Record: ...
    @overload
    def __getitem__(self, index: slice, /) -> Records: ...
    def __getitem__(self, index: int | slice, /) -> Record | Records:
        if isinstance(index, slice):
            return self._like(self._records[index])
        return self._records[index]

    def __len__(self) -> int:
        return len(self._records)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Records) and self._records == other._records

    __hash__ = None  # type: ignore[assignment]  # records that are arriving still change

    def __repr__(self) -> str:
        return f"<Records: {len(self)}>"

    def filter(
        self,
        *,
        connection: int | None = None,
        sender: Sender | None = None,
        kind: Kind | None = None,
        where: Callable[[Record], bool] | None = None,
    ) -> Records:
        """
        Return the records that match every condition given.

        Args:
            connection: Number of the connection, from 1; ``-1`` is the latest one here.
            sender: The direction: ``"client"`` or ``"server"``.
            kind: ``"handshake"``, ``"text"``, ``"binary"``, ``"continuation"``, ``"close"``,
                ``"ping"``, ``"pong"``, ``"reserved"``, ``"malformed"``, ``"lost"``,
                ``"error"`` or ``"http"``.
            where: A function that takes a record and says whether it matches. It is asked about
                those that match everything else.

        Raises:
            ValueError: There is no such sender or kind.
        """
        conditions = Conditions(connection, sender, kind, where)
        if connection is not None and connection < 0:
            numbers = sorted({record.connection for record in self})
            if len(numbers) < -connection:
                return self._like(())
            conditions.connection = numbers[connection]
        return self._like(filter(conditions.match, self))

    def _like(self, records: Iterable[Record]) -> Records:
        return Records(records, dropped=self.dropped, viewpoint=self.viewpoint)

    def traffic(self) -> Traffic:
        """Return frames and bytes in each direction, and the overhead of framing."""
        return Traffic(self)

    def messages(self) -> Messages:
        """Return the messages: fragments joined, compressed ones inflated, without the rest."""
        return Messages(join(self), dropped=self.dropped, viewpoint=self.viewpoint)

    def to_har(self) -> dict[str, Any]:
        """
        Return the records as a HAR (HTTP Archive 1.2), which browsers' developer tools can open.

        Messages are where Chromium's DevTools have them; control frames, close codes and fragments,
        which a HAR lacks, are in fields of our own: see :mod:`wslab.har`.
        """
        from . import har

        return har.to_har(self, dropped=self.dropped, viewpoint=self.viewpoint)

    def save(self, path: str | os.PathLike[str]) -> None:
        """
        Write the records into a HAR file, for browsers and for :func:`wslab.read_har`.

        It holds all that was recorded, cookies and tokens too.

        Args:
            path: Name of the file, such as ``"talk.har"``; one that is there is replaced.

        Raises:
            OSError: The file cannot be written.
        """
        text = json.dumps(self.to_har(), indent=1)
        pathlib.Path(path).write_text(text, encoding="utf-8")

    def __str__(self) -> str:
        from . import render  # here, for import wslab is not to wait for what draws

        return printable(render.text(self, self.dropped, self.viewpoint))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from . import diagram, render

        return {
            "text/plain": render.text(self, self.dropped, self.viewpoint),
            "text/html": diagram.page(self, self.dropped, self.viewpoint),
        }


def read_har(path: str | os.PathLike[str]) -> Records:
    """
    Read the WebSocket connections of a HAR file, whoever has written it.

    Chromium's DevTools, Firefox, Playwright and mitmproxy write messages only, without what was on
    the wire: these become unfragmented frames, those of clients with a masking key of zeros. What
    :meth:`Records.save` wrote becomes equal to what it was.

    Args:
        path: Name of the file.

    Raises:
        wslab.har.HarError: It is no HAR, has no WebSocket, or is too large; a ``ValueError``.
        OSError: It cannot be read.
    """
    from . import har

    path = pathlib.Path(path)
    records, dropped, viewpoint = har.from_har(har.load(path), path.name)
    return Records(records, dropped=dropped, viewpoint=viewpoint)


class Transcript(Sequence[Record]):
    """
    The last records of a server, oldest first, as the server saw them.

    It is a sequence: ``len(transcript)``, ``transcript[-1]``, ``for record in transcript``.
    Indexing and iterating look at one moment; what arrives later does not disturb them.

    Args:
        keep: How many records to keep at most.
        keep_bytes: How many bytes of payloads to keep at most, in all records together, but for
            some KiB that the newest short messages may have. The last record stays even if it
            alone has more.
        viewpoint: Who sees what crosses the wire, in words; stated where the records are shown.

    >>> transcript = Transcript(keep=2)
    >>> from wslab.wire import Lost
    >>> transcript.extend(Lost(number, "the cable was cut") for number in (1, 2, 3))
    >>> [record.connection for record in transcript], transcript.dropped
    ([2, 3], 1)
    """

    def __init__(
        self,
        *,
        keep: int = 1000,
        keep_bytes: int = 16 * 2**20,
        viewpoint: str = VIEWPOINT,
    ) -> None:
        if keep < 1 or keep_bytes < KEEP_PAYLOAD:
            raise ValueError(f"keep must be at least 1 and keep_bytes at least {KEEP_PAYLOAD}")
        self._keep = keep
        self._keep_bytes = keep_bytes
        # Never replaced, and grown at its end without the lock; all else happens under the lock.
        self._records: deque[Record | Unmade] = deque()
        self._append = self._records.append
        self._dropped = 0
        self._made = 0  # records before this number are made
        self._counted = 0  # so many records are in _bytes
        self._bytes = 0
        self._holders: dict[int, int] = {}  # how many records hold a message's first frame, by id
        # How long the deque may grow until _catch_up(); while somebody waits, it may not.
        self._catch_up_at = UNCOUNTED
        self._extended = 0
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._writer: threading.Thread | None = None
        self._waiting = 0  # so that the server's thread notifies only if somebody listens
        self.viewpoint = viewpoint

    @property
    def dropped(self) -> int:
        """How many records were dropped, the oldest first, to stay within the bounds."""
        with self._lock:
            return self._span()[0]

    def extend(self, records: Iterable[Record]) -> None:
        """Append records, if any, and wake whoever waits. Any thread may call this."""
        records = tuple(records)  # before the lock: a generator may look at this transcript
        with self._lock:
            self._extended += 1
            if records:  # or else there is more of a payload, which its record holds already
                self._records += records
                self._bytes += sum(map(self._added_bytes, records))
                self._counted += len(records)
                self._drop_oldest()
            if self._waiting:
                self._changed.notify_all()

    def defer(self, decoder: Decoder, data: bytes) -> bool:
        """
        Append the record of plain bytes, which is made only if somebody looks at it.

        Where many messages come, most records are dropped unseen. So this takes no lock, counts
        nothing and looks at the bounds now and then only: it runs twice for each round trip.

        Args:
            decoder: Decodes the direction of the bytes.
            data: The bytes.

        Returns:
            Whether they are plain; otherwise they must be decoded now.
        """
        if not decoder.is_plain(data):
            return False
        self._append((decoder, data, perf_counter()))
        if len(self._records) >= self._catch_up_at:
            self._catch_up()
        return True

    def _catch_up(self) -> None:
        """Look at the bounds, and wake whoever waits."""
        with self._lock:
            self._drop_oldest()
            if self._waiting:
                self._changed.notify_all()

    def _drop_oldest(self) -> None:
        """Drop what is too much, under the lock; not for a cell, which may be interrupted."""
        records = self._records
        left = len(records)  # what is appended from here on is counted next time
        end = self._dropped + left
        kept = self._bytes + PLAIN_BYTES * (end - self._counted)
        keep, keep_bytes = self._keep, self._keep_bytes
        while left > keep or (kept > keep_bytes and left > 1):
            oldest = records.popleft()
            kept -= PLAIN_BYTES if isinstance(oldest, tuple) else self._freed_bytes(oldest)
            left -= 1
        self._dropped, self._counted, self._bytes = end - left, end, kept
        self._catch_up_at = 0 if self._waiting else left + UNCOUNTED

    # A CONTINUATION keeps the first frame of its message alive, also when that has been dropped.

    def _added_bytes(self, record: Record) -> int:
        """Bytes that are kept because of one record more."""
        first = _first_frame(record)
        if first is None:
            return _kept_bytes(record)
        holders = self._holders.get(id(first), 0)
        self._holders[id(first)] = holders + 1
        return (0 if first is record else _kept_bytes(record)) + (
            0 if holders else _kept_bytes(first)
        )

    def _freed_bytes(self, record: Record) -> int:
        """Bytes that are kept no more without a record."""
        first = _first_frame(record)
        if first is None:
            return _kept_bytes(record)
        holders = self._holders.pop(id(first)) - 1
        if holders:
            self._holders[id(first)] = holders
        return (0 if first is record else _kept_bytes(record)) + (
            0 if holders else _kept_bytes(first)
        )

    def _span(self) -> tuple[int, int]:
        """Return the numbers of the first record to show and of the next one, under the lock."""
        end = self._dropped + len(self._records)
        return max(self._dropped, end - self._keep), end

    def _from(self, first: int, end: int) -> Iterator[Record | Unmade]:
        """Yield what has the numbers from ``first`` to before ``end``; the caller has the lock."""
        start, stop = max(0, first - self._dropped), end - self._dropped
        if stop - start > NEAR_THE_END:  # the way to an item in the middle of a deque is long
            return islice(self._records.copy(), start, stop)
        return map(self._records.__getitem__, range(start, stop))

    def _make(self) -> tuple[int, int]:
        """Make the records that are not yet; return what :meth:`_span` does, under the lock."""
        first, end = self._span()
        for number in range(max(self._made, first), end):
            self._make_one(number)
        self._made = end
        return first, end

    def _make_one(self, number: int) -> Record:
        """Put a record in its place, so that an interrupt of the cell finds it made or unmade."""
        index = number - self._dropped
        record = self._records[index]
        if isinstance(record, tuple):
            decoder, data, time = record
            record = self._records[index] = decoder.plain_frame(data, time)
            self._bytes += _kept_bytes(record) - PLAIN_BYTES
        return record

    def forget_lock(self) -> None:
        """In a forked child: the thread that may have held the lock is not here."""
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)

    def refuse_waiting_here(self) -> None:
        """Tell that the calling thread is the one that writes, so that it must never wait."""
        self._writer = threading.current_thread()

    def snapshot(self, newest: int | None = None) -> Records:
        """
        Return the records that are here now.

        Args:
            newest: Only so many, the last ones; the others count as dropped.
        """
        with self._lock:
            if newest is None:
                first, end = self._make()
            else:
                first, end = self._span()
                first = max(first, end - newest)
                for number in range(first, end):
                    self._make_one(number)
            records = cast("Iterator[Record]", self._from(first, end))
            return Records(records, dropped=first, viewpoint=self.viewpoint)

    def filter(
        self,
        *,
        connection: int | None = None,
        sender: Sender | None = None,
        kind: Kind | None = None,
        where: Callable[[Record], bool] | None = None,
    ) -> Records:
        """Return the records that match every condition given: see :meth:`Records.filter`."""
        return self.snapshot().filter(connection=connection, sender=sender, kind=kind, where=where)

    def traffic(self) -> Traffic:
        """Return frames and bytes in each direction: see :meth:`Records.traffic`."""
        return self.snapshot().traffic()

    def messages(self) -> Messages:
        """Return the messages: see :meth:`Records.messages`."""
        return self.snapshot().messages()

    def to_har(self) -> dict[str, Any]:
        """Return the records as a HAR: see :meth:`Records.to_har`."""
        return self.snapshot().to_har()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the records into a HAR file: see :meth:`Records.save`."""
        self.snapshot().save(path)

    def wait(
        self,
        *,
        connection: int | None = None,
        sender: Sender | None = None,
        kind: Kind | None = None,
        where: Callable[[Record], bool] | None = None,
        count: int = 1,
        timeout: float = 5.0,
    ) -> Record:
        """
        Wait until ``count`` records match; return the last of those.

        Records that are here already count. A frame counts once its payload is complete. The call
        blocks: in a cell, tasks of the kernel's own event loop stand still meanwhile, so where one
        of them must act, use ``await asyncio.to_thread(transcript.wait, …)``.

        Args:
            connection: As in :meth:`Records.filter`, and so ``sender``, ``kind``, ``where``.
            count: How many records must match.
            timeout: Seconds to wait at most.

        Raises:
            TimeoutError: Fewer records matched in that time; the message shows the last ones here.
            RuntimeError: The call comes from a handler of the server, which would wait for itself.
            ValueError: There is no such sender or kind, or so many records are not kept.
        """
        if not 1 <= count <= self._keep:
            raise ValueError(f"count must be from 1 to {self._keep}, as many records as are kept")
        # Not get_ident(): the number of a thread that has ended is given to another one.
        if threading.current_thread() is self._writer:
            raise RuntimeError(
                "transcript.wait() was called on the thread of the server that writes the "
                "transcript, inside a handler; call it in a cell"
            )
        conditions = Conditions(connection, sender, kind, where)
        search = Search(conditions)
        deadline = monotonic() + timeout
        version = -1
        found: Records | Search = search
        while (latest := self.wait_for_change(version, deadline - monotonic())) != version:
            version = latest
            if connection is not None and connection < 0:  # which one that is changes
                found = Records(filter(is_complete, self)).filter(
                    connection=connection, sender=sender, kind=kind, where=where
                )
            else:
                self._look(search)
            if len(found) >= count:
                return found[count - 1]
            # Not a wait for something: who looks at each frame takes turns with the server.
            sleep(PAUSE)
        here = self.snapshot()
        last = f"The last {SHOWN} of {len(here)}: " if len(here) > SHOWN else ""
        raise TimeoutError(
            f"{len(found)} of {count} records matched ({str(conditions) or 'any'}) "
            f"in {timeout:g} s. {last}{here[-SHOWN:]}"
        )

    def _look(self, search: Search) -> None:
        with self._lock:
            dropped, end = self._span()
            first = max(search.seen, dropped)
            numbered = enumerate(self._from(first, end), first)
            new = [
                (number, self._make_one(number))
                for number, _ in search.conditions.candidates(numbered)
            ]
        # Without the lock: ``where`` is the caller's and may look at this transcript.
        search.look(new, dropped=dropped, seen=end)

    def wait_for_change(self, version: int, timeout: float) -> int:
        """
        Wait until something has happened since ``version``; return the version then.

        Args:
            version: What the last call returned; -1 at first.
            timeout: Seconds to wait at most. After that the same version is returned.
        """
        deadline = monotonic() + timeout
        with self._changed:
            self._waiting += 1
            self._catch_up_at = 0
            try:
                while (latest := self._version()) == version and (
                    left := deadline - monotonic()
                ) > 0:
                    # Not all of it at once: without a global interpreter lock, the thread that
                    # appends may see too late that somebody waits.
                    self._changed.wait(min(left, LOOK_AGAIN))
            finally:
                self._waiting -= 1
            return latest

    def _version(self) -> int:
        return self._extended + self._dropped + len(self._records)

    @overload
    def __getitem__(self, index: int, /) -> Record: ...
    @overload
    def __getitem__(self, index: slice, /) -> Records: ...
    def __getitem__(self, index: int | slice, /) -> Record | Records:
        return self.snapshot()[index]

    def __len__(self) -> int:
        with self._lock:
            first, end = self._span()
            return end - first

    def __iter__(self) -> Iterator[Record]:
        return iter(self.snapshot())

    def __reversed__(self) -> Iterator[Record]:
        return reversed(self.snapshot())

    def __str__(self) -> str:
        return str(self.snapshot())

    def __repr__(self) -> str:
        return f"<Transcript: {len(self)} records>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return self.snapshot()._repr_mimebundle_(include, exclude)


def _first_frame(record: Record) -> Frame | None:
    """The first frame of a message in several, if the record is one of its frames."""
    if not isinstance(record, Frame):
        return None
    if record.first is None and record.head[0] in _FIRST:
        return record
    return record.first


_FIRST: Final = frozenset(first for first in range(0x80) if first & 0x0F in (0, 1, 2))
"""The first bytes of frames that begin a message and do not end it."""


def _kept_bytes(record: Record) -> int:
    """Bytes a record may come to hold: what is still arriving counts as if it were here."""
    if isinstance(record, Frame):
        body = len(record.body)
        if body < KEEP_PAYLOAD and not record.complete:
            body = min(record.length, KEEP_PAYLOAD)
        return len(record.head) + body + (0 if record.inflated is None else _kept_inflated(record))
    match record:
        case Handshake():
            return len(record.head) + (0 if record.opens else KEEP_PAYLOAD)
        case Malformed():
            return KEEP_PAYLOAD
        case Exchange():
            return len(record.request) + len(record.response)
        case HandlerError():
            return len(record.message) + len(record.traceback)
    return 0


def _kept_inflated(frame: Frame) -> int:
    """As many bytes each time, though more of the payload may have been inflated since."""
    assert frame.inflated is not None
    if frame.inflated.counted is None:
        frame.inflated.counted = len(frame.inflated.data) if frame.complete else KEEP_PAYLOAD
    return frame.inflated.counted
