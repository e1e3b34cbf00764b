"""
What a conversation cost: frames and bytes in each direction, and the overhead of framing.

Pure functions of the records.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from ._stdout import printable
from .wire import Frame, Handshake, Record, Sender

__all__ = ["Direction", "Traffic", "round_trips"]


@dataclasses.dataclass(frozen=True)
class Direction:
    """
    What one side sent.

    Attributes:
        frames: Number of frames.
        payload: Bytes of payload in them, of a frame that was cut off those that came.
        header: Bytes of their headers, masking keys included: the overhead.
        handshake: Bytes of its half of the opening handshakes.
    """

    frames: int = 0
    payload: int = 0
    header: int = 0
    handshake: int = 0

    @property
    def on_the_wire(self) -> int:
        """All bytes of frames and handshakes."""
        return self.payload + self.header + self.handshake

    def __add__(self, record: Frame | Handshake) -> Direction:
        if isinstance(record, Handshake):
            size = len(record.head) + len(record.body)
            return dataclasses.replace(self, handshake=self.handshake + size)
        return dataclasses.replace(
            self,
            frames=self.frames + 1,
            payload=self.payload + record.length - record.missing,
            header=self.header + len(record.head),
        )


class Traffic:
    """
    Frames and bytes of some records, shown in a cell as a table.

    The handshakes count in the attributes and not in the table: their length differs from machine
    to machine, with the port and the versions in their headers.

    Args:
        records: Any records.

    Attributes:
        client: What clients sent, a :class:`Direction`.
        server: What the server sent, a :class:`Direction`.

    >>> from wslab.wire import Decoder
    >>> print(Traffic(Decoder("server", connection=1, handshake=False).feed(b"\\x81\\x02hi")))
    direction        frames  payload  overhead
    client → server       0        0         0
    client ← server       1        2         2
    """

    def __init__(self, records: Iterable[Record]) -> None:
        sums: dict[Sender, Direction] = {"client": Direction(), "server": Direction()}
        for record in records:
            if isinstance(record, Frame | Handshake):
                sums[record.sender] += record
        self.client = sums["client"]
        self.server = sums["server"]

    def __str__(self) -> str:
        rows = [("direction", "frames", "payload", "overhead"), *self._rows()]
        return printable("\n".join(f"{a:<15} {b:>7} {c:>8} {d:>9}" for a, b, c, d in rows))

    __repr__ = __str__

    def _rows(self) -> list[tuple[str, str, str, str]]:
        return [
            (name, f"{side.frames:,}", f"{side.payload:,}", f"{side.header:,}")
            for name, side in (("client → server", self.client), ("client ← server", self.server))
        ]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        titles = ("direction", "frames", "bytes of payload", "bytes of overhead")
        head = "".join(f'<th scope="col">{title}</th>' for title in titles)
        body = "".join(
            f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in self._rows()
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return {"text/plain": str(self), "text/html": table}


def round_trips(records: Iterable[Record]) -> list[float]:
    """
    Return the seconds between each PING of the server and its PONG, as the server saw them.

    A PONG carries the payload of the PING that it answers (RFC 6455 §5.5.3).

    Args:
        records: Any records, in the order of their connection.
    """
    pings: dict[tuple[int, bytes], float] = {}
    times = []
    for record in records:
        if isinstance(record, Frame) and record.kind in ("ping", "pong"):
            key = (record.connection, record.payload)
            if record.kind == "ping" and record.sender == "server":
                pings[key] = record.time
            elif record.kind == "pong" and record.sender == "client" and key in pings:
                times.append(record.time - pings.pop(key))
    return times
