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

from .wire import Frame, HandlerError, Handshake, Lost, Malformed, Record

__all__ = ["close_code_name", "html", "preview", "text"]

PREVIEW_CHARACTERS = 60
PREVIEW_BYTES = 16
PREVIEW_HEADERS = 200

VIEWPOINT = "As the server saw it"

# RFC 6455 §7.4.1 and the IANA registry it points to.
_CLOSE_CODES = {
    1000: "normal closure",
    1001: "going away",
    1002: "protocol error",
    1003: "unsupported data",
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
    if as_text is not None:
        cut = len(as_text) > PREVIEW_CHARACTERS or (length or 0) > len(data)
        return repr(as_text[:PREVIEW_CHARACTERS]) + ("…" if cut else "")
    cut = max(len(data), length or 0) > PREVIEW_BYTES
    return data[:PREVIEW_BYTES].hex(" ") + (" …" if cut else "")


def text(records: Sequence[Record], dropped: int = 0) -> str:
    """
    Return one line for each record, grouped by connection.

    Args:
        records: Any records.
        dropped: How many earlier records are missing; stated in the first line.
    """
    if not records:
        return "Nothing has crossed the wire yet." + _dropped(dropped)
    lines = [f"{VIEWPOINT}:{_dropped(dropped)}"]
    rows = [(record, _cells(record)) for record in _by_connection(records)]
    width = max(len(what) for _, (what, _, _) in rows)
    for connection, group in groupby(rows, lambda row: row[0].connection):
        lines.append(f"connection {connection}")
        for record, (what, content, size) in group:
            cells = filter(None, (what.ljust(width), content, size))
            lines.append(f"  {_ARROWS[record.sender]}  {'  '.join(cells)}".rstrip())
    return "\n".join(lines)


def html(records: Sequence[Record], dropped: int = 0) -> str:
    """
    Return a table with one row for each record; everything from the wire is escaped.

    Args:
        records: Any records.
        dropped: How many earlier records are missing; stated in the caption.
    """
    if not records:
        return f"<p>{_escape(text(records, dropped))}</p>"
    rows = []
    for record in _by_connection(records):
        what, content, size = _cells(record)
        on_wire = f"{record.size:,}" if isinstance(record, Frame) else ""
        cells = (str(record.connection), _ARROWS[record.sender], what, content, size, on_wire)
        rows.append("<tr>" + "".join(f"<td{_LEFT}>{_escape(c)}</td>" for c in cells) + "</tr>")
    titles = ("connection", "direction", "what", "content", "payload", "bytes on the wire")
    head = "".join(f'<th scope="col"{_LEFT}>{title}</th>' for title in titles)
    return (
        f"<table><caption>{VIEWPOINT}{_dropped(dropped)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


_ARROWS = {"client": "client → server", "server": "client ← server", None: "       ✗       "}

# JupyterLab aligns cells to the right.
_LEFT = ' style="text-align:left"'


def _by_connection(records: Iterable[Record]) -> list[Record]:
    return sorted(records, key=lambda record: record.connection)


def _dropped(count: int) -> str:
    return f" ({count:,} earlier records were dropped)" if count else ""


def _escape(string: str) -> str:
    return _html.escape(string.strip())


def _printable(string: str) -> str:
    """Escape control characters, which a terminal would obey, and cut what is very long."""
    cut = "…" if len(string) > PREVIEW_HEADERS else ""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in string[:PREVIEW_HEADERS]) + cut


def _bytes(count: int) -> str:
    return f"{count:,} byte{'' if count == 1 else 's'}"


def _cells(record: Record) -> tuple[str, str, str]:
    """What it is, its content, and its size."""
    match record:
        case Handshake():
            return "HANDSHAKE", _handshake(record), ""
        case Frame():
            return _frame_name(record), _frame_content(record), _bytes(record.length)
        case Malformed():
            content = f"{preview(bytes(record.data))}  ⚠ {record.problem}"
            return "MALFORMED", content, ""
        case Lost():
            unsent = f"; {_bytes(record.unsent)} were never sent" if record.unsent else ""
            return "LOST", record.problem + unsent, ""
        case HandlerError():
            message = preview(b"", as_text=record.message) if record.message else ""
            return "HANDLER ERROR", f"{record.type} {message}".strip(), ""


def _handshake(record: Handshake) -> str:
    parts = [record.start_line.removesuffix(" HTTP/1.1").removeprefix("HTTP/1.1 ")]
    for name in ("Origin", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"):
        value = record.header(name)
        # Clients offer compression as a matter of course; what counts is what the server agrees to.
        if value and not (name == "Sec-WebSocket-Extensions" and record.sender == "client"):
            parts.append(f"{name}: {value}")
    return _printable("  ".join(parts))


def _frame_name(frame: Frame) -> str:
    name = getattr(frame.opcode, "name", f"OPCODE {int(frame.opcode):#x}")
    flags = ["RSV1"] if frame.rsv1 else []
    if not frame.fin:
        flags.append("FIN=0")
    elif frame.kind == "continuation":
        flags.append("FIN=1")
    return f"{name} ({', '.join(flags)})" if flags else name


def _frame_content(frame: Frame) -> str:
    code = frame.close_code
    if frame.kind in ("ping", "pong"):
        content = ""  # random in a keepalive ping, so it would differ from run to run
    elif code is not None:
        reason = frame.close_reason
        content = f"{code} ({close_code_name(code)})"
        if reason:
            content += f" {preview(b'', as_text=reason)}"
    else:
        as_text = frame.text if frame.kind in ("text", "continuation") and not frame.rsv1 else None
        content = preview(frame.payload, as_text=as_text, length=frame.length)
    notes = [] if frame.complete else ["(still arriving)"]
    if frame.problem:
        notes.append(f"⚠ {frame.problem}")
    return "  ".join(filter(None, [content, *notes]))
