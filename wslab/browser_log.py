"""What a browser's ``WebSocket`` fired, as data, and the bounded log of it."""

from __future__ import annotations

import collections
import dataclasses
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias, overload

from ._stdout import printable

__all__ = ["BrowserEvent", "BrowserLog", "EventType"]

KEEP = 10_000
"""Events that a log keeps at most."""

KEEP_BYTES = 16 * 2**20
"""Bytes of memory that the data of those events may take together."""

EventType: TypeAlias = Literal["open", "message", "error", "close", "log"]


@dataclasses.dataclass(frozen=True)
class BrowserEvent:
    """
    What a ``WebSocket`` in the browser fired, or a script there wrote to its console.

    Attributes:
        type: ``"open"``, ``"message"``, ``"error"``, ``"close"``, or ``"log"`` for the console.
        data: Of a message: ``str`` for text, ``bytes`` for binary. Of a log: its words.
        data_type: Of a message: the JavaScript class of ``event.data``, ``"string"``, ``"Blob"`` or
            ``"ArrayBuffer"``. Of a log: ``"log"`` or ``"error"``.
        code: Of a close: ``event.code``.
        reason: Of a close: ``event.reason``.
        was_clean: Of a close: ``event.wasClean``.
    """

    type: EventType
    data: str | bytes | None = None
    data_type: str | None = None
    code: int | None = None
    reason: str | None = None
    was_clean: bool | None = None

    def __repr__(self) -> str:
        fields = (
            f"{field.name}={value!r}"
            for field in dataclasses.fields(self)
            if field.name != "type" and (value := getattr(self, field.name)) is not None
        )
        return printable(f"<{' '.join([self.type, *fields])}>")


class BrowserLog(Sequence[BrowserEvent]):
    """
    The last events, oldest first: 10,000 at most, with 16 MiB of data at most.

    The last event stays even if it alone has more. Any thread may append; indexing and iterating
    look at one moment.

    >>> log = BrowserLog(keep=1)
    >>> log.append(BrowserEvent("open"))
    >>> log.append(BrowserEvent("message", "hello", "string"))
    >>> log, log.dropped
    (<1 earlier event dropped> [<message data='hello' data_type='string'>], 1)
    """

    def __init__(self, keep: int = KEEP, keep_bytes: int = KEEP_BYTES) -> None:
        self._keep = keep
        self._keep_bytes = keep_bytes
        self._events: collections.deque[BrowserEvent] = collections.deque()
        self._bytes = 0
        self._dropped: collections.Counter[EventType] = collections.Counter()
        self._lock = threading.Lock()

    @property
    def dropped(self) -> int:
        """How many earlier events are not here any more."""
        return self._dropped.total()

    def dropped_of(self, type: EventType) -> int:
        """How many of those were of a type."""
        return self._dropped[type]

    def append(self, event: BrowserEvent) -> None:
        """Add an event; drop the oldest ones where they are too many."""
        with self._lock:
            self._events.append(event)
            self._bytes += sys.getsizeof(event.data)
            while len(self._events) > self._keep or (
                self._bytes > self._keep_bytes and len(self._events) > 1
            ):
                oldest = self._events.popleft()
                self._bytes -= sys.getsizeof(oldest.data)
                self._dropped[oldest.type] += 1

    def since(self, number: int) -> list[tuple[int, BrowserEvent]]:
        """Return events with their numbers, which count all that ever were, from ``number`` on."""
        with self._lock:
            numbered = enumerate(self._events, self.dropped)
            return [(index, event) for index, event in numbered if index >= number]

    def __len__(self) -> int:
        return len(self._events)

    @overload
    def __getitem__(self, index: int) -> BrowserEvent: ...
    @overload
    def __getitem__(self, index: slice) -> list[BrowserEvent]: ...
    def __getitem__(self, index: int | slice) -> BrowserEvent | list[BrowserEvent]:
        return self._snapshot()[index]

    def __iter__(self) -> Iterator[BrowserEvent]:
        return iter(self._snapshot())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, list | BrowserLog) and self._snapshot() == list(other)

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __repr__(self) -> str:
        count = self.dropped
        lost = f"<{count:,} earlier event{'s' if count > 1 else ''} dropped> " if count else ""
        return f"{lost}{self._snapshot()!r}"

    def _snapshot(self) -> list[BrowserEvent]:
        with self._lock:
            return list(self._events)
