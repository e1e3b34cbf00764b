"""
Records as JSON, and back: one object for each record, with all that it holds.

It is what ``wslab tap --json`` prints, and what a HAR of :func:`wslab.har.to_har` has beside its
messages.
"""

from __future__ import annotations

import base64
import dataclasses
import time
from typing import Any, cast

from ._clock import perf_counter
from .wire import (
    Arriving,
    Exchange,
    Frame,
    HandlerError,
    Handshake,
    Inflated,
    Lost,
    Malformed,
    Record,
    Sender,
)

__all__ = ["decode", "encode", "epoch", "from_json", "to_json"]


def to_json(record: Record) -> dict[str, Any]:
    """
    Return a record as what JSON can hold.

    Every record has ``kind``, ``connection``, ``sender`` and ``time`` (seconds since 1970). What
    crossed the wire is in ``head`` (hexadecimal) and ``body`` (Base64): a frame's still masked and
    compressed. Beside them is what they mean: ``text``, ``length``, ``close_code`` and the like.

    Args:
        record: Any record.

    >>> from wslab.wire import Decoder
    >>> [frame] = Decoder("server", 1, handshake=False).feed(b"\\x81\\x02hi")
    >>> to_json(frame) | {"time": 0.0}
    {'kind': 'text', 'connection': 1, 'sender': 'server', 'time': 0.0, 'head': '8102', \
'body': 'aGk=', 'fin': True, 'length': 2, 'text': 'hi'}
    """
    shown: dict[str, Any] = {
        "kind": record.kind,
        "connection": record.connection,
        "sender": record.sender,
        "time": round(record.time + epoch(), 6),
    }
    match record:
        case Frame():
            return shown | _frame_to_json(record)
        case Handshake():
            shown |= {"head": record.head.hex(), "body": encode(record.body)}
            shown["start_line"] = record.start_line
            if record.changed:
                shown["changed"] = [list(change) for change in record.changed]
        case Malformed():
            shown |= {"body": encode(record.data), "problem": record.problem}
        case Lost():
            shown |= {"problem": record.problem, "unsent": record.unsent}
        case HandlerError():
            shown |= {
                "type": record.type,
                "message": record.message,
                "traceback": record.traceback,
                "raised_by": record.raised_by,
            }
        case Exchange():
            shown |= {
                "request": record.request,
                "response": record.response,
                "sent": record.sent,
                "received": record.received,
            }
    return shown


def _frame_to_json(frame: Frame) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "head": frame.head.hex(),
        "body": encode(frame.body),
        "fin": frame.fin,
        "length": frame.length,
    }
    message = frame.first or frame
    if message.kind == "text" and (frame.inflated or not message.rsv1):
        shown["text"] = frame.text
    if frame.kind == "close":
        shown |= {"close_code": frame.close_code, "close_reason": frame.close_reason}
    if frame.missing:
        shown["missing"] = frame.missing
    if frame.violation:
        shown["violation"] = frame.violation
    if frame.problem:
        shown["problem"] = frame.problem
    if frame.inflated is not None:
        shown["inflated"] = {
            "body": encode(frame.inflated.data),
            "length": frame.inflated.length,
            "problem": frame.inflated.problem,
        }
    return shown


def from_json(shown: dict[str, Any], before: dict[int, Record]) -> Record:
    """
    Return the record that :func:`to_json` has described.

    Args:
        shown: What it returned; ``first``, on a continuation, is the number of its message's first
            frame, or that one's own description.
        before: Records by number.

    Raises:
        KeyError: Something is missing, or ``first`` is unknown.
        TypeError: Something is of another type.
        ValueError: Something is impossible.
    """
    kind, connection = shown["kind"], int(shown["connection"])
    sender = cast(Sender, shown["sender"])
    if kind not in ("lost", "error") and sender not in ("client", "server"):
        raise ValueError(f"a record from {sender!r}")
    seconds = float(shown["time"]) - epoch()
    match kind:
        case "handshake":
            head, body = bytes.fromhex(shown["head"]), decode(shown["body"])
            changed = tuple((str(n), str(o), str(v)) for n, o, v in shown.get("changed") or ())
            return Handshake(connection, sender, head, body, seconds, changed)
        case "malformed":
            problem = str(shown["problem"])
            return Malformed(connection, sender, problem, decode(shown["body"]), seconds)
        case "lost":
            return Lost(connection, str(shown["problem"]), int(shown["unsent"]), seconds)
        case "error":
            name, message, traceback, by = (
                str(shown[key]) for key in ("type", "message", "traceback", "raised_by")
            )
            return HandlerError(connection, name, message, traceback, seconds, by)
        case "http":
            lines = str(shown["request"]), str(shown["response"])
            sizes = int(shown["sent"]), int(shown["received"])
            return Exchange(connection, *lines, *sizes, seconds)
    return _frame_from_json(shown, Frame(connection, sender, b"\0\0", b"", None, seconds), before)


def _frame_from_json(shown: dict[str, Any], frame: Frame, before: dict[int, Record]) -> Frame:
    head = bytes.fromhex(shown["head"])
    body: bytes | Arriving = decode(shown["body"])
    if len(head) not in (2, 4, 6, 8, 10, 14):
        raise ValueError(f"no header of a frame: {shown['head']!r}")
    if missing := int(shown.get("missing") or 0):
        body = Arriving(body)
        body.missing = missing
    first: Any = shown.get("first")
    if first is not None:
        first = from_json(first, {}) if isinstance(first, dict) else before[int(first)]
        if not isinstance(first, Frame):
            raise ValueError(f"a frame that continues {first!r}")
    return dataclasses.replace(
        frame,
        head=head,
        body=body,
        violation=shown.get("violation"),
        first=first,
        inflated=_inflated(shown.get("inflated")),
    )


def _inflated(shown: dict[str, Any] | None) -> Inflated | None:
    if shown is None:
        return None
    inflated = Inflated()
    inflated.data += decode(shown["body"])
    inflated.length, inflated.problem = int(shown["length"]), shown["problem"]
    return inflated


def encode(data: bytes | bytearray) -> str:
    """Return bytes as Base64."""
    return base64.b64encode(data).decode()


def decode(text: str) -> bytes:
    """
    Return the bytes of Base64.

    Raises:
        ValueError: It is none.
    """
    return base64.b64decode(text, validate=True)


def epoch() -> float:
    """Return the seconds from 1970 to the zero of the records' clock."""
    return time.time() - float(perf_counter())
