"""Which records match: the conditions of :meth:`Records.filter` and :meth:`Transcript.wait`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Final, TypeAlias, get_args

from .wire import Decoder, Frame, Kind, Opcode, Record, Sender

__all__ = ["Conditions", "Search", "Unmade", "is_complete"]

Unmade: TypeAlias = tuple[Decoder, bytes, float]
"""A record that nobody has looked at: whose :meth:`Decoder.plain_frame` makes it, and of what."""

_PLAIN: Final[dict[int, Kind]] = {0x80 | Opcode.TEXT: "text", 0x80 | Opcode.BINARY: "binary"}


class Conditions:
    """
    What a record has to be; what is ``None`` may be anything.

    Args:
        connection: Number of the connection.
        sender: ``"client"`` or ``"server"``.
        kind: Kind of the record.
        where: Asked about those that match everything else.

    Raises:
        ValueError: There is no such sender or kind.

    >>> Conditions(None, "server", None, None)
    Conditions(sender='server')
    """

    def __init__(
        self,
        connection: int | None,
        sender: Sender | None,
        kind: Kind | None,
        where: Callable[[Record], bool] | None,
    ) -> None:
        _check_name("sender", sender, get_args(Sender))
        _check_name("kind", kind, get_args(Kind))
        self.connection = connection
        self.sender = sender
        self.kind = kind
        self.where = where

    def match(self, record: Record) -> bool:
        """Return whether a record matches."""
        return (
            (self.connection is None or record.connection == self.connection)
            and (self.sender is None or record.sender == self.sender)
            and (self.kind is None or record.kind == self.kind)
            and (self.where is None or bool(self.where(record)))
        )

    def candidates(
        self, numbered: Iterable[tuple[int, Record | Unmade]]
    ) -> list[tuple[int, Record | Unmade]]:
        """Return what is made, and what is not made yet but may match."""
        if self.kind is not None and self.kind not in _PLAIN.values():  # quicker with very many
            return [each for each in numbered if not isinstance(each[1], tuple)]
        return [
            each for each in numbered if not (isinstance(each[1], tuple) and self._exclude(each[1]))
        ]

    def _exclude(self, unmade: Unmade) -> bool:
        decoder, data, _ = unmade
        return (
            (self.connection is not None and decoder.connection != self.connection)
            or (self.sender is not None and decoder.sender != self.sender)
            or (self.kind is not None and _PLAIN[data[0]] != self.kind)
        )

    def __str__(self) -> str:
        """The conditions as arguments: ``sender='client' kind='text' where=…``."""
        names = ("connection", "sender", "kind")
        values = ((name, getattr(self, name)) for name in names)
        given = [f"{name}={value!r}" for name, value in values if value is not None]
        return " ".join([*given, *(["where=…"] if self.where else [])])

    def __repr__(self) -> str:
        return f"Conditions({', '.join(str(self).split())})"


class Search:
    """
    The records that match, of a sequence that grows: each one is asked about once.

    A frame counts once its payload is complete.

    Args:
        conditions: What they have to be.

    Attributes:
        conditions: What they have to be.
        seen: How many records were looked at; the next ones to :meth:`look` at come after them.
    """

    def __init__(self, conditions: Conditions) -> None:
        self.conditions = conditions
        self._found: list[tuple[int, Record]] = []
        self._arriving: list[tuple[int, Record]] = []
        self.seen = 0

    def look(self, new: Iterable[tuple[int, Record]], *, dropped: int, seen: int) -> None:
        """
        Look at what is new, and once more at frames that were not complete.

        Args:
            new: The new records with their numbers, in order.
            dropped: How many of the first records are not kept any more, and do not count.
            seen: How many records were looked at then.
        """
        self.seen = seen
        candidates = [each for each in (*self._arriving, *new) if each[0] >= dropped]
        self._arriving = [each for each in candidates if not is_complete(each[1])]
        self._found = [each for each in self._found if each[0] >= dropped]
        self._found += [
            each for each in candidates if is_complete(each[1]) and self.conditions.match(each[1])
        ]
        # A frame that took long to arrive stands before what came in the meantime.
        self._found.sort(key=itemgetter(0))

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, index: int) -> Record:
        return self._found[index][1]


def is_complete(record: Record) -> bool:
    """Return whether all of a record is here: of a frame, its payload."""
    return not isinstance(record, Frame) or record.complete


def _check_name(what: str, name: str | None, names: tuple[str, ...]) -> None:
    if name is not None and name not in names:
        raise ValueError(f"{what} must be one of {', '.join(map(repr, names))}, not {name!r}")
