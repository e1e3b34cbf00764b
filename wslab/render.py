"""
Records as text and as an HTML table: pure functions, the same records always give the same.

What differs from run to run (time, port, masking key, payload of a ping) is not shown. Records of
one connection keep their order; connections follow each other by number, because how the frames of
two connections interleave differs from run to run.
"""

from __future__ import annotations

import html as _html
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple, TypeVar

from .messages import Message
from .transcript import VIEWPOINT
from .wire import Exchange, Frame, HandlerError, Handshake, Lost, Malformed, Record

__all__ = [
    "Description",
    "by_connection",
    "close_code_name",
    "describe",
    "fold",
    "html",
    "messages_html",
    "messages_text",
    "preview",
    "printable",
    "summary",
    "text",
]

Item = TypeVar("Item", Record, Message)

MAX_ROWS = 200
"""A longer sequence is folded in the middle."""

PREVIEW_CHARACTERS = 60
PREVIEW_BYTES = 16
PRINTABLE_CHARACTERS = 200

NOT_COMPLETE = "its payload has not all arrived"

# RFC 6455 §7.4.1 and the IANA registry it points to.
_CLOSE_CODES = {
    1000: "normal closure",
    1001: "going away",
    1002: "protocol error",
    1003: "unsupported data",
    1004: "reserved",
    1005: "no status received",
    1006: "abnormal closure",
    1007: "invalid frame payload data",
    1008: "policy violation",
    1009: "message too big",
    1010: "mandatory extension",
    1011: "internal error",
    1012: "service restart",
    1013: "try again later",
    1014: "bad gateway",
    1015: "TLS handshake",
}


def close_code_name(code: int) -> str:
    """
    Name of a close code (RFC 6455 §7.4, IANA registry).

    >>> close_code_name(1001), close_code_name(4001)
    ('going away', 'private use')
    """
    if code in _CLOSE_CODES:
        return _CLOSE_CODES[code]
    if 3000 <= code <= 3999:
        return "registered"
    return "private use" if 4000 <= code <= 4999 else "not assigned"


def preview(data: bytes, *, as_text: str | None = None, length: int | None = None) -> str:
    """
    Show a payload in one line: text as a Python literal, bytes as hex, both cut when long.

    Args:
        data: The payload, or its first part.
        as_text: The payload decoded, if it is to be shown as text.
        length: Length of the whole payload in bytes, if ``data`` is only its first part.

    >>> preview(b"", as_text="it's <b>"), preview(bytes([42, 0, 0, 0]))
    ('"it\\'s <b>"', '2a 00 00 00')
    """
    # repr() escapes what cannot be printed, direction overrides and lone surrogates included.
    cut = (length or 0) > len(data)
    if as_text is not None:
        cut = cut or len(as_text) > PREVIEW_CHARACTERS
        return repr(as_text[:PREVIEW_CHARACTERS]) + ("…" if cut else "")
    cut = cut or len(data) > PREVIEW_BYTES
    return f"{data[:PREVIEW_BYTES].hex(' ')}{' …' if cut else ''}".strip()


def printable(string: str, length: int = PRINTABLE_CHARACTERS) -> str:
    """
    Escape control characters, which a terminal would obey, and cut what is very long.

    Args:
        string: Anything; it stays in one line.
        length: How many of its characters are shown at most.

    >>> print(printable("two\\nlines, \\x1b[31mred"))
    two\\nlines, \\x1b[31mred
    """
    cut = "…" if len(string) > length else ""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in string[:length]) + cut


def text(records: Sequence[Record], dropped: int = 0, viewpoint: str = VIEWPOINT) -> str:
    """
    Return one line for each record, grouped by connection.

    Args:
        records: Any records; what is more than 200 is folded in the middle.
        dropped: How many earlier records are missing; stated in the first line.
        viewpoint: Who saw them, stated there too.
    """
    if not records:
        return f"No records.{_dropped(dropped)}"
    first, folded, last = fold(by_connection(records))
    lines = [f"{viewpoint}:{_dropped(dropped)}", *_lines(first)]
    if folded:
        lines += [f"… {folded:,} more …", *_lines(last)]
    return "\n".join(lines)


def html(records: Sequence[Record], dropped: int = 0, viewpoint: str = VIEWPOINT) -> str:
    """
    Return a table with one row for each record; everything from the wire is escaped.

    Args:
        records: Any records; what is more than 200 is folded in the middle.
        dropped: How many earlier records are missing; stated in the caption.
        viewpoint: Who saw them, stated there too.
    """
    if not records:
        return f"<p>{_escape(text(records, dropped, viewpoint))}</p>"
    first, folded, last = fold(by_connection(records))
    rows = _rows(first)
    if folded:
        rows += [f'<tr><td colspan="6" style="{_CELL}">… {folded:,} more …</td></tr>', *_rows(last)]
    titles = ("connection", "direction", "what", "content", "payload", "bytes on the wire")
    head = "".join(f'<th scope="col" style="{_CELL}">{title}</th>' for title in titles)
    return (
        f"<table><caption>{viewpoint}{_dropped(dropped)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def messages_text(messages: Sequence[Message], dropped: int = 0, viewpoint: str = VIEWPOINT) -> str:
    """
    Return one line for each message, grouped by connection.

    Args:
        messages: Any messages; what is more than 200 is folded in the middle.
        dropped: How many earlier records are missing; stated in the first line.
        viewpoint: Who saw them, stated there too.
    """
    if not messages:
        return f"No messages.{_dropped(dropped)}"
    lines = [f"{viewpoint}:{_dropped(dropped)}"]
    shown, folded, last = fold(by_connection(messages))
    for part in (shown, last):
        for connection, group in groupby(part, lambda message: message.connection):
            lines.append(f"connection {connection}")
            for message in group:
                cells = (
                    message.kind.upper().ljust(6 if len({m.kind for m in messages}) > 1 else 0),
                    _message_content(message),
                    _count(len(message.frames), "frame"),
                    _bytes(message.length),
                    f"{message.size:,} on the wire",
                    _warning(message.problem or ""),
                )
                lines.append(f"  {_ARROWS[message.sender]}  {'  '.join(filter(None, cells))}")
        if folded and part is shown:
            lines.append(f"… {folded:,} more …")
    return "\n".join(lines)


def messages_html(messages: Sequence[Message], dropped: int = 0, viewpoint: str = VIEWPOINT) -> str:
    """
    Return a table with one row for each message; everything from the wire is escaped.

    Args:
        messages: Any messages; what is more than 200 is folded in the middle.
        dropped: How many earlier records are missing; stated in the caption.
        viewpoint: Who saw them, stated there too.
    """
    if not messages:
        return f"<p>{_escape(messages_text(messages, dropped, viewpoint))}</p>"
    titles = ("connection", "direction", "type", "content", "frames")
    sizes = ("bytes of payload", "bytes on the wire")
    head = "".join(f'<th scope="col" style="{_CELL}">{title}</th>' for title in titles + sizes)
    first, folded, last = fold(by_connection(messages))
    rows = list(map(_message_row, first))
    if folded:
        rows.append(f'<tr><td colspan="7" style="{_CELL}">… {folded:,} more …</td></tr>')
    rows += map(_message_row, last)
    return (
        f"<table><caption>{viewpoint}{_dropped(dropped)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _message_row(message: Message) -> str:
    content = "  ".join(filter(None, (_message_content(message), _warning(message.problem or ""))))
    cells = (
        f'<td style="{_CELL}">{message.connection}</td>',
        f'<td style="{_CELL};white-space:nowrap">{_escape(_ARROWS[message.sender])}</td>',
        f'<td style="{_CELL}">{message.kind.upper()}</td>',
        f'<td style="{_CELL};overflow-wrap:anywhere">{_escape(content)}</td>',
        f'<td style="{_CELL}">{len(message.frames)}</td>',
        f'<td style="{_CELL}">{message.length:,}</td>',
        f'<td style="{_CELL}">{message.size:,}</td>',
    )
    return f"<tr>{''.join(cells)}</tr>"


def _message_content(message: Message) -> str:
    return preview(message.payload, as_text=message.text, length=message.length)


def fold(records: list[Item]) -> tuple[list[Item], int, list[Item]]:
    """Return the first ones to show, how many to leave out, and the last ones to show."""
    if len(records) <= MAX_ROWS:
        return records, 0, []
    half = MAX_ROWS // 2
    return records[:half], len(records) - 2 * half, records[-half:]


def summary(records: Sequence[Record], dropped: int = 0, viewpoint: str = VIEWPOINT) -> str:
    """
    Say in a sentence what is shown.

    >>> summary([])
    'As the server saw it: 0 records on 0 connections.'
    """
    connections = len({record.connection for record in records})
    return (
        f"{viewpoint}: {_count(len(records), 'record')} on {_count(connections, 'connection')}."
        f"{_dropped(dropped)}"
    )


def _lines(records: Sequence[Record]) -> list[str]:
    lines = []
    rows = [(record, describe(record)) for record in records]
    width = max(len(row.what) for _, row in rows)
    for connection, group in groupby(rows, lambda row: row[0].connection):
        lines.append(f"connection {connection}")
        for record, row in group:
            cells = (row.what.ljust(width), row.content, row.size, _warning(row.problem))
            lines.append(f"  {_ARROWS[record.sender]}  {'  '.join(filter(None, cells))}".rstrip())
    return lines


def _rows(records: Sequence[Record]) -> list[str]:
    rows = []
    for record in records:
        row = describe(record)
        on_wire = f"{record.size:,}" if isinstance(record, Frame) else ""
        content = "  ".join(filter(None, (row.content, _warning(row.problem))))
        cells = (
            f'<td style="{_CELL}">{record.connection}</td>',
            f'<td style="{_CELL};white-space:nowrap">{_escape(_ARROWS[record.sender])}</td>',
            f'<td style="{_CELL};white-space:nowrap">{_escape(row.what)}</td>',
            f'<td style="{_CELL};overflow-wrap:anywhere">{_escape(content)}</td>',
            f'<td style="{_CELL};white-space:nowrap">{_escape(row.size)}</td>',
            f'<td style="{_CELL}">{on_wire}</td>',
        )
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return rows


class Description(NamedTuple):
    """A record in words, the same in every run."""

    what: str
    content: str
    size: str = ""
    problem: str = ""


def describe(record: Record) -> Description:
    """Put a record into words: what it is, its content, its size, what is wrong with it."""
    match record:
        case Handshake():
            return Description("HANDSHAKE", _handshake(record))
        case Exchange():
            return Description("HTTP", _exchange(record), _bytes(record.received))
        case Frame():
            inflated = record.inflated
            problems = (
                record.problem,
                inflated.problem if inflated else None,
                None if record.complete else NOT_COMPLETE,
            )
            return Description(
                _frame_name(record),
                _frame_content(record),
                _bytes(record.length) + (f", inflated {inflated.length:,}" if inflated else ""),
                "; ".join(filter(None, problems)),
            )
        case Malformed():
            data = preview(bytes(record.data))
            return Description("MALFORMED", data, problem=printable(record.problem))
        case Lost():
            unsent = f"; {_bytes(record.unsent)} were never sent" if record.unsent else ""
            return Description("LOST", printable(record.problem) + unsent)
        case HandlerError():
            message = preview(b"", as_text=record.message) if record.message else ""
            error = f"{printable(record.type)} {message}".strip()
            if record.raised_by == "handler":
                return Description("HANDLER ERROR", error)
            return Description("ERROR", f"{record.raised_by}: {error}")


def by_connection(records: Iterable[Item]) -> list[Item]:
    """Put the connections one after the other; each keeps its order."""
    return sorted(records, key=lambda record: record.connection)


_ARROWS = {"client": "client → server", "server": "client ← server", None: "       ✗       "}

# JupyterLab aligns to the right by default.
_CELL = "text-align:left"


def _dropped(count: int) -> str:
    return f" ({_count(count, 'earlier record')} dropped)" if count else ""


def _escape(string: str) -> str:
    return _html.escape(string.strip())


def _bytes(count: int) -> str:
    return _count(count, "byte")


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _warning(problem: str) -> str:
    return f"⚠ {problem}" if problem else ""


def _handshake(record: Handshake) -> str:
    parts = [record.start_line.removesuffix(" HTTP/1.1").removeprefix("HTTP/1.1 ")]
    for name in ("Origin", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"):
        value = record.header(name)
        # Clients offer compression as a matter of course; what counts is what the server agrees to.
        if value and not (name == "Sec-WebSocket-Extensions" and record.sender == "client"):
            parts.append(f"{name}: {value}")
    if record.changed:
        names = " and ".join(dict.fromkeys(name for name, _, _ in record.changed))
        parts.append(f"(the tap changed {names})")
    return printable("  ".join(parts))


def _exchange(record: Exchange) -> str:
    request = record.request.rpartition(" HTTP/")[0] or record.request
    response = record.response.partition(" ")[2] or record.response or "no response"
    return printable(f"{request}  {response}")


def _frame_name(frame: Frame) -> str:
    name = getattr(frame.opcode, "name", f"OPCODE {int(frame.opcode):#x}")
    flags = ["RSV1"] if frame.rsv1 else []
    if not frame.fin:
        flags.append("FIN=0")
    elif frame.kind == "continuation":
        flags.append("FIN=1")
    return f"{name} ({', '.join(flags)})" if flags else name


def _frame_content(frame: Frame) -> str:
    if frame.kind in ("ping", "pong"):
        return ""  # random in a keepalive ping, so it would differ from run to run
    if frame.close_code is not None:
        name = f"{frame.close_code} ({close_code_name(frame.close_code)})"
        reason = preview(b"", as_text=frame.close_reason) if frame.close_reason else ""
        return f"{name} {reason}".strip()
    message = frame.first or frame  # its opcode and RSV1 hold for all fragments
    inflated = frame.inflated
    if inflated is not None and not inflated.problem:
        as_text = frame.text if message.kind == "text" else None
        return preview(bytes(inflated.data), as_text=as_text, length=inflated.length)
    as_text = frame.text if message.kind == "text" and not message.rsv1 else None
    return preview(frame.payload, as_text=as_text, length=frame.length)
