"""
What crossed the wire: a bounded, thread-safe sequence of records that displays itself.

The server's thread appends; cells look. A :class:`Transcript` is live, a :class:`Records` is what
it held at one moment.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from time import monotonic, perf_counter
from typing import Any, Final, TypeAlias, cast, get_args, overload

from .traffic import Traffic
from .wire import KEEP_PAYLOAD, Frame, HandlerError, Handshake, Kind, Malformed, Record, Sender

__all__ = ["Records", "Transcript"]

Unmade: TypeAlias = tuple[Callable[[bytes, float], Record], bytes, float]
"""A record that nobody has looked at: what makes it, from which bytes, and when they came."""

SHOWN: Final = 20
"""How many of the last records the message of a wait in vain shows."""


class Records(Sequence[Record]):
    """
    An immutable sequence of records, shown in a cell as a table.

    It is what slices and filters of a :class:`Transcript` give.

    Args:
        records: The records, oldest first.
        dropped: How many earlier ones are missing; stated where the records are shown.

    >>> from wslab.wire import Decoder
    >>> frames = Records(Decoder("server", connection=1, handshake=False).feed(b"\\x81\\x02hi"))
    >>> print(frames)
    As the server saw it:
    connection 1
      client ← server  TEXT  'hi'  2 bytes
    """

    # Not a subclass of tuple: IPython shows those its own way.
    def __init__(self, records: Iterable[Record] = (), *, dropped: int = 0) -> None:
        self._records = tuple(records)
        self.dropped = dropped

    @overload
    def __getitem__(self, index: int, /) -> Record: ...
    @overload
    def __getitem__(self, index: slice, /) -> Records: ...
    def __getitem__(self, index: int | slice, /) -> Record | Records:
        if isinstance(index, slice):
            return Records(self._records[index], dropped=self.dropped)
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
                ``"ping"``, ``"pong"``, ``"reserved"``, ``"malformed"``, ``"lost"`` or
                ``"error"``.
            where: A function that takes a record and says whether it matches. It is asked about
                those that match everything else.

        Raises:
            ValueError: There is no such sender or kind.
        """
        _check_name("sender", sender, get_args(Sender))
        _check_name("kind", kind, get_args(Kind))
        if connection is not None and connection < 0:
            numbers = sorted({record.connection for record in self})
            if len(numbers) < -connection:
                return Records(dropped=self.dropped)
            connection = numbers[connection]
        found = (
            record
            for record in self
            if (connection is None or record.connection == connection)
            and (sender is None or record.sender == sender)
            and (kind is None or record.kind == kind)
            and (where is None or where(record))
        )
        return Records(found, dropped=self.dropped)

    def traffic(self) -> Traffic:
        """Return frames and bytes in each direction, and the overhead of framing."""
        return Traffic(self)

    def __str__(self) -> str:
        from . import render  # here, for import wslab is not to wait for what draws

        return render.text(self, self.dropped)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from . import diagram, render

        return {
            "text/plain": render.text(self, self.dropped),
            "text/html": diagram.page(self, self.dropped),
        }


class Transcript(Sequence[Record]):
    """
    The last records of a server, oldest first, as the server saw them.

    It is a sequence: ``len(transcript)``, ``transcript[-1]``, ``for record in transcript``.
    Indexing and iterating look at one moment; what arrives later does not disturb them.

    Args:
        keep: How many records to keep at most.
        keep_bytes: How many bytes of payloads to keep at most, in all records together. The last
            record stays even if it alone has more.

    Attributes:
        dropped: How many records were dropped, the oldest first, to stay within these bounds.

    >>> transcript = Transcript(keep=2)
    >>> from wslab.wire import Lost
    >>> transcript.extend(Lost(number, "the cable was cut") for number in (1, 2, 3))
    >>> [record.connection for record in transcript], transcript.dropped
    ([2, 3], 1)
    """

    def __init__(self, *, keep: int = 1000, keep_bytes: int = 16 * 2**20) -> None:
        if keep < 1 or keep_bytes < KEEP_PAYLOAD:
            raise ValueError(f"keep must be at least 1 and keep_bytes at least {KEEP_PAYLOAD}")
        self._keep = keep
        self._keep_bytes = keep_bytes
        self._records: deque[Record | Unmade] = deque()
        self._all_made = True
        self._bytes = 0
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._writer: threading.Thread | None = None
        self._version = 0  # counts calls of extend() and defer()
        self._waiting = 0  # so that the server's thread notifies only if somebody listens
        self.dropped = 0

    def extend(self, records: Iterable[Record]) -> None:
        """Append records, if any, and wake whoever waits. Any thread may call this."""
        records = tuple(records)  # before the lock: a generator may look at this transcript
        with self._lock:
            self._records += records
            self._bytes += sum(map(_kept_bytes, records))
            self._drop_oldest()
            self._version += 1
            if self._waiting:
                self._changed.notify_all()

    def defer(self, make: Callable[[bytes, float], Record], data: bytes) -> None:
        """
        Append the record that ``make(data, time)`` returns, made only if somebody looks at it.

        Where many messages come, most records are dropped unseen, and this takes a third of the
        time that making them would.
        """
        with self._lock:
            self._records.append((make, data, perf_counter()))
            self._all_made = False
            self._bytes += len(data)
            self._drop_oldest()
            self._version += 1
            if self._waiting:
                self._changed.notify_all()

    def _drop_oldest(self) -> None:
        """Drop what is too much; the caller holds the lock."""
        records = self._records
        while len(records) > self._keep or (self._bytes > self._keep_bytes and len(records) > 1):
            oldest = records.popleft()
            self._bytes -= len(oldest[1]) if isinstance(oldest, tuple) else _kept_bytes(oldest)
            self.dropped += 1

    def _make(self) -> Sequence[Record]:
        """Make the records that are not yet; the caller holds the lock."""
        if not self._all_made:
            # Put in place at once, so that an interrupt of the cell finds either all or none made.
            self._records = deque(
                record[0](*record[1:]) if isinstance(record, tuple) else record
                for record in self._records
            )
            self._all_made = True
        return cast("deque[Record]", self._records)

    def forget_lock(self) -> None:
        """In a forked child: the thread that may have held the lock is not here."""
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)

    def refuse_waiting_here(self) -> None:
        """Tell that the calling thread is the one that writes, so that it must never wait."""
        self._writer = threading.current_thread()

    def snapshot(self) -> Records:
        """Return the records that are here now."""
        with self._lock:
            return Records(self._make(), dropped=self.dropped)

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
        deadline = monotonic() + timeout
        version, found = -1, Records()
        while (latest := self.wait_for_change(version, deadline - monotonic())) != version:
            version = latest
            # Matched without the lock: ``where`` is the caller's and may look at this transcript.
            found = Records(record for record in self if _is_complete(record)).filter(
                connection=connection, sender=sender, kind=kind, where=where
            )
            if len(found) >= count:
                return found[count - 1]
        wanted = " ".join(
            f"{name}={value!r}"
            for name, value in (("connection", connection), ("sender", sender), ("kind", kind))
            if value is not None
        )
        if where is not None:
            wanted += " where=…"
        here = self.snapshot()
        last = f"The last {SHOWN} of {len(here)}: " if len(here) > SHOWN else ""
        raise TimeoutError(
            f"{len(found)} of {count} records matched ({wanted.strip() or 'any'}) "
            f"in {timeout:g} s. {last}{here[-SHOWN:]}"
        )

    def wait_for_change(self, version: int, timeout: float) -> int:
        """
        Wait until something has happened since ``version``; return the version then.

        Args:
            version: What the last call returned; -1 at first.
            timeout: Seconds to wait at most. After that the same version is returned.
        """
        with self._changed:
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: self._version != version, max(0.0, timeout))
            finally:
                self._waiting -= 1
            return self._version

    @overload
    def __getitem__(self, index: int, /) -> Record: ...
    @overload
    def __getitem__(self, index: slice, /) -> Records: ...
    def __getitem__(self, index: int | slice, /) -> Record | Records:
        return self.snapshot()[index]

    def __len__(self) -> int:
        return len(self._records)

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


def _check_name(what: str, name: str | None, names: tuple[str, ...]) -> None:
    if name is not None and name not in names:
        raise ValueError(f"{what} must be one of {', '.join(map(repr, names))}, not {name!r}")


def _is_complete(record: Record) -> bool:
    return not isinstance(record, Frame) or record.complete


def _kept_bytes(record: Record) -> int:
    """Bytes a record may come to hold: what is still arriving counts as if it were here."""
    match record:
        case Frame():
            return len(record.head) + min(record.length, KEEP_PAYLOAD)
        case Handshake():
            return len(record.head) + (0 if record.opens else KEEP_PAYLOAD)
        case Malformed():
            return KEEP_PAYLOAD
        case HandlerError():
            return len(record.message) + len(record.traceback)
    return 0
