"""
Messages, out of frames: fragments joined, compressed payloads inflated.

What a program sends and receives is messages (RFC 6455 §1.2); what crosses the wire is frames, one
or several for each message (§5.4).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Literal, overload

from ._stdout import printable
from .wire import Frame, Record, Sender

__all__ = ["Message", "Messages", "join"]


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """
    A message, as far as its frames are recorded.

    Attributes:
        frames: Its frames, in the order they came; control frames in between are not among them.
    """

    frames: tuple[Frame, ...]

    def __repr__(self) -> str:
        shown = self.payload[:40] if self.text is None else self.text[:40]
        more = "…" if self.length > 40 else ""
        return (
            f"<Message: connection {self.connection}, from {self.sender}, "
            f"{self.kind} {shown!r}{more}>"
        )

    @property
    def _first(self) -> Frame:
        return self.frames[0].first or self.frames[0]

    @property
    def connection(self) -> int:
        """Number of the connection."""
        return self.frames[0].connection

    @property
    def sender(self) -> Sender:
        """``"client"`` or ``"server"``."""
        return self.frames[0].sender

    @property
    def kind(self) -> Literal["text", "binary"]:
        """``"text"`` or ``"binary"``, the opcode of the first frame."""
        return "text" if self._first.kind == "text" else "binary"

    @property
    def time(self) -> float:
        """Seconds on the transcript's clock, when the first frame came."""
        return self.frames[0].time

    @property
    def complete(self) -> bool:
        """Whether it is here from the first byte to the last."""
        begins = self.frames[0] is self._first
        return begins and self.frames[-1].fin and all(frame.complete for frame in self.frames)

    @property
    def compressed(self) -> bool:
        """Whether it was compressed (RSV1 of its first frame, RFC 7692 §6)."""
        return self._first.rsv1

    @property
    def problem(self) -> str | None:
        """What is wrong with it, as a sentence, or ``None``."""
        problems = [frame.problem for frame in self.frames]
        problems += [frame.inflated.problem for frame in self.frames if frame.inflated]
        found = list(dict.fromkeys(filter(None, problems)))
        if self.compressed and any(frame.inflated is None for frame in self.frames):
            found.append("it is compressed, and its handshake was not seen")
        if not self.complete:
            found.append("not all of it is here")
        return "; ".join(found) or None

    @property
    def length(self) -> int:
        """Bytes of the payload, inflated."""
        return sum(
            frame.inflated.length if frame.inflated else frame.length - frame.missing
            for frame in self.frames
        )

    @property
    def size(self) -> int:
        """Bytes on the wire, those of the frames with their headers."""
        return sum(frame.size - frame.missing for frame in self.frames)

    @property
    def payload(self) -> bytes:
        """The payload, unmasked and inflated; its beginning, where not all of it is kept."""
        parts = []
        for frame in self.frames:
            data, length = frame.payload, frame.length - frame.missing
            if frame.inflated is not None:
                data, length = bytes(frame.inflated.data), frame.inflated.length
            parts.append(data)
            if len(data) < length:
                break
        return b"".join(parts)

    @property
    def text(self) -> str | None:
        """
        The payload of a text message, decoded; ``None`` for a binary one.

        What is not UTF-8 is replaced by U+FFFD, and so is a character that is cut in two.
        """
        return self.payload.decode(errors="replace") if self.kind == "text" else None


class Messages(Sequence[Message]):
    """
    An immutable sequence of messages, shown in a cell as a table.

    It is what :meth:`wslab.Transcript.messages` and :meth:`wslab.Records.messages` give.

    Args:
        messages: The messages, oldest first.
        dropped: How many records were dropped; stated where the messages are shown.
        viewpoint: Who saw them, in words.

    >>> from wslab.wire import Decoder
    >>> frames = Decoder("server", connection=1, handshake=False).feed(b"\\x01\\x02he\\x80\\x01y")
    >>> print(Messages(join(frames)))
    As the server saw it:
    connection 1
      client ← server  TEXT  'hey'  2 frames  3 bytes  7 on the wire
    """

    def __init__(
        self,
        messages: Iterable[Message] = (),
        *,
        dropped: int = 0,
        viewpoint: str = "As the server saw it",
    ) -> None:
        self._messages = tuple(messages)
        self.dropped = dropped
        self.viewpoint = viewpoint

    @overload
    def __getitem__(self, index: int, /) -> Message: ...
    @overload
    def __getitem__(self, index: slice, /) -> Messages: ...
    def __getitem__(self, index: int | slice, /) -> Message | Messages:
        if isinstance(index, slice):
            kept = self._messages[index]
            return Messages(kept, dropped=self.dropped, viewpoint=self.viewpoint)
        return self._messages[index]

    def __len__(self) -> int:
        return len(self._messages)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Messages) and self._messages == other._messages

    __hash__ = None  # type: ignore[assignment]  # messages that are arriving still change

    def __repr__(self) -> str:
        return f"<Messages: {len(self)}>"

    def __str__(self) -> str:
        from . import render  # here, for import wslab is not to wait for what draws

        return printable(render.messages_text(self, self.dropped, self.viewpoint))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from . import render

        return {
            "text/plain": render.messages_text(self, self.dropped, self.viewpoint),
            "text/html": render.messages_html(self, self.dropped, self.viewpoint),
        }


def join(records: Iterable[Record]) -> list[Message]:
    """
    Return the messages among some records, in the order in which they began.

    Args:
        records: Any records; what is no TEXT, BINARY or CONTINUATION frame is left out, and so is a
            CONTINUATION that continues nothing.
    """
    frames: dict[int, list[Frame]] = {}
    for record in records:
        if not isinstance(record, Frame):
            continue
        first = record.first if record.kind == "continuation" else record
        if first is not None and first.kind in ("text", "binary"):
            frames.setdefault(id(first), []).append(record)
    return [Message(tuple(group)) for group in frames.values()]
