"""
Records as pictures: SVG text, pure functions, the same records always give the same picture.

A picture goes into a page as an image (:func:`image`), not as SVG elements: JupyterLab removes
those from the stored outputs of a notebook that is not trusted yet, such as a fresh clone, and
leaves their words in a heap. An image stays, and brings its own light background, so it can be
read in a dark theme too.
"""

from __future__ import annotations

import base64
import dataclasses
import textwrap
from collections.abc import Sequence
from itertools import groupby
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from ._stdout import printable
from .render import by_connection, describe, fold, html, preview, summary
from .transcript import VIEWPOINT
from .wire import Frame, HandlerError, Lost, Record

__all__ = ["Anatomy", "anatomy", "image", "page", "sequence"]

MAX_THUMBNAIL = 16 * 1024
"""A picture of more bytes than this is not drawn, only described."""

_WIDTH, _CLIENT, _SERVER = 760, 130, 610
_MIDDLE = (_CLIENT + _SERVER) // 2

# Colours with a contrast of at least 4.5 : 1 on the white background (WCAG 2.1, 1.4.3). The line's
# pattern says the same as the colour.
_STYLES = {
    "handshake": ("#1b6e3c", "2 3"),
    "http": ("#5b6470", "2 3"),
    "text": ("#1f4e9c", ""),
    "binary": ("#7a3e9d", ""),
    "continuation": ("#1f4e9c", ""),
    "close": ("#5b6470", "8 4"),
    "ping": ("#5b6470", "8 4"),
    "pong": ("#5b6470", "8 4"),
}
_TROUBLE = ("#b42318", "8 2 2 2")

# An image is told by the page around it whether that is dark. Lightness is turned round, hues stay;
# a photograph is turned back.
_DARK = (
    "@media (prefers-color-scheme:dark){:root{filter:invert(.92) hue-rotate(180deg)}"
    "image{filter:invert(1) hue-rotate(180deg)}}"
)


def image(svg: str, alternative: str) -> str:
    """
    Return an HTML ``<img>`` that holds an SVG picture.

    Args:
        svg: The picture.
        alternative: What it shows, for who cannot see it.

    >>> image("<svg/>", "nothing")
    '<img alt="nothing" src="data:image/svg+xml,%3Csvg/%3E">'
    """
    data = quote(svg, safe=" /=:;,.'()!*-_~")
    return f'<img alt={quoteattr(alternative)} src="data:image/svg+xml,{data}">'


def sequence(records: Sequence[Record], dropped: int = 0, viewpoint: str = VIEWPOINT) -> str:
    """
    Draw records as a sequence diagram: a lifeline for each side, an arrow for each thing sent.

    Args:
        records: Any records; connections follow each other by number, and what is more than 200
            is folded in the middle.
        dropped: How many earlier records are missing; stated at the top.
        viewpoint: Who saw them, stated there too.
    """
    drawing = _Drawing()
    first, folded, last = fold(by_connection(records))
    drawing.note(summary(records, dropped, viewpoint))
    _connections(drawing, first)
    if folded:
        drawing.note(f"… {folded:,} more …")
        _connections(drawing, last)
    return drawing.svg("Sequence diagram", summary(records, dropped, viewpoint))


def page(records: Sequence[Record], dropped: int = 0, viewpoint: str = VIEWPOINT) -> str:
    """
    Return HTML with the sequence diagram, and folded below it the same records as a table.

    Args:
        records: Any records.
        dropped: How many earlier records are missing.
        viewpoint: Who saw them.
    """
    table = html(records, dropped, viewpoint)
    if not records:
        return table
    seen = summary(records, dropped, viewpoint)
    alternative = f"Sequence diagram. {seen} The table below says the same."
    return (
        '<div style="max-height:40em;overflow:auto">'
        f"{image(sequence(records, dropped, viewpoint), alternative)}</div>"
        f"<details><summary>the same as a table</summary>{table}</details>"
    )


def _connections(drawing: _Drawing, records: Sequence[Record]) -> None:
    for number, group in groupby(records, lambda record: record.connection):
        drawing.connection(number)
        top = drawing.y
        for record in group:
            drawing.record(record)
        drawing.lifelines(top)


class _Drawing:
    """SVG elements one below the other; ``y`` is where the next one goes."""

    def __init__(self) -> None:
        self.y = 10
        self._elements: list[str] = []

    def note(self, words: str) -> None:
        self.y += 18
        self._text(_WIDTH // 2, self.y, words, size=12, colour="#5b6470")
        self.y += 6

    def connection(self, number: int) -> None:
        self.y += 22
        self._text(14, self.y, f"connection {number}", anchor="start", colour="#5b6470", size=12)
        self._text(_CLIENT, self.y, "client", weight="bold")
        self._text(_SERVER, self.y, "server", weight="bold")
        self.y += 8

    def lifelines(self, top: int) -> None:
        for x in (_CLIENT, _SERVER):
            line = f'<path d="M{x} {top}V{self.y + 4}" stroke="#8795a8" stroke-width="2"/>'
            self._elements.append(line)
        self.y += 14

    def record(self, record: Record) -> None:
        what, content, size, problem = describe(record)
        colour, dashes = _STYLES.get(record.kind, _TROUBLE)
        if problem:
            colour, dashes = _TROUBLE
        self.y += 6
        if isinstance(record, Lost | HandlerError):
            self._box(f"✗ {what} {content}", colour)
            return
        for words in _lines(f"{what} {content}".strip(), 62):
            self.y += 15
            self._text(_MIDDLE, self.y, words, mono=True, colour=colour)
        self.y += 8
        self._arrow(record.sender == "client", colour, dashes)
        self._text(_SERVER + 12, self.y + 4, size, anchor="start", colour="#5b6470")
        if isinstance(record, Frame):
            self._thumbnail(record)
        if problem:
            for words in _lines(f"⚠ {problem}", 74):
                self.y += 15
                self._text(_MIDDLE, self.y, words, size=11, colour=colour)

    def _arrow(self, to_server: bool, colour: str, dashes: str) -> None:
        start, end, step = (_CLIENT, _SERVER, 1) if to_server else (_SERVER, _CLIENT, -1)
        tip = end - 3 * step
        pattern = f" stroke-dasharray={quoteattr(dashes)}" if dashes else ""
        self._elements.append(
            f'<path d="M{start + 3 * step} {self.y}H{tip - 8 * step}" stroke="{colour}"'
            f' stroke-width="2"{pattern}/>'
            f'<path d="M{tip} {self.y}l{-10 * step} -5v10z" fill="{colour}"/>'
        )

    def _box(self, words: str, colour: str) -> None:
        """What did not cross the wire, across both lifelines."""
        lines = _lines(words, 74)
        left, height = _CLIENT - 8, 15 * len(lines) + 8
        self._elements.append(
            f'<rect x="{left}" y="{self.y}" width="{_SERVER - _CLIENT + 16}" height="{height}"'
            f' rx="4" fill="#fdecea" stroke="{colour}" stroke-dasharray="8 2 2 2"/>'
        )
        for line in lines:
            self.y += 15
            self._text(_MIDDLE, self.y, line, colour=colour)
        self.y += 8

    def _thumbnail(self, frame: Frame) -> None:
        media_type = _media_type(frame)
        if media_type is None:
            return
        data = base64.b64encode(frame.payload).decode()
        self._elements.append(
            f'<image x="{_MIDDLE - 40}" y="{self.y + 6}" width="80" height="60"'
            f' href="data:{media_type};base64,{data}">'
            "<title>the picture in this frame</title></image>"
        )
        self.y += 68

    def _text(
        self,
        x: int,
        y: int,
        words: str,
        *,
        anchor: str = "middle",
        colour: str = "#1f2937",
        size: int = 12,
        weight: str = "",
        mono: bool = False,
    ) -> None:
        attributes = [f'x="{x}" y="{y}" fill="{colour}"']
        if anchor != "start":
            attributes.append(f'text-anchor="{anchor}"')
        if size != 12:
            attributes.append(f'font-size="{size}"')
        if weight:
            attributes.append(f'font-weight="{weight}"')
        if mono:
            attributes.append('font-family="monospace"')
        self._elements.append(f"<text {' '.join(attributes)}>{escape(words)}</text>")

    def svg(self, title: str, description: str) -> str:
        """Return the whole picture, with a title and a description for screen readers."""
        height = self.y + 12
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"'
            f' width="{_WIDTH}" height="{height}" role="img" font-family="sans-serif"'
            f' font-size="12"><title>{escape(title)}</title><desc>{escape(description)}</desc>'
            f"<style>{_DARK}</style>"
            f'<rect width="{_WIDTH}" height="{height}" rx="8" fill="#fff"/>'
            f"{''.join(self._elements)}</svg>"
        )


def _cut(words: str, length: int) -> str:
    return words if len(words) <= length else words[: length - 1] + "…"


def _lines(words: str, width: int) -> list[str]:
    """Break words into at most three lines; what does not fit is cut."""
    lines = textwrap.wrap(words, width) or [""]
    if len(lines) > 3:
        lines = [*lines[:2], _cut(" ".join(lines[2:]), width)]
    return lines


# How the pictures begin that every browser can show.
_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


def _media_type(frame: Frame) -> str | None:
    """Media type of the picture that a frame holds as a whole, or ``None``."""
    whole = frame.kind == "binary" and frame.fin and frame.complete and not frame.rsv1
    if not whole or frame.length > MAX_THUMBNAIL:
        return None
    payload = frame.payload
    for signature, media_type in _SIGNATURES.items():
        if payload.startswith(signature):
            return media_type
    return None


class Anatomy:
    """
    One frame laid out field by field, as in RFC 6455 §5.2; shown in a cell as a picture.

    The plain text leaves out the masking key and what it masks: they are random, so they differ
    from run to run. The picture shows the real bytes.

    Args:
        frame: The frame.

    Raises:
        TypeError: It is another kind of record.

    >>> from wslab.wire import Decoder
    >>> [frame] = Decoder("server", connection=1, handshake=False).feed(b"\\x81\\x02hi")
    >>> print(Anatomy(frame))
    TEXT frame from the server: 4 bytes on the wire, 2 of header and 2 of payload
    byte 0     81     FIN=1 RSV1=0 RSV2=0 RSV3=0, opcode 0x1: TEXT
    byte 1     02     MASK=0, payload length 2
    bytes 2–3  68 69  payload: 'hi'
    """

    def __init__(self, frame: Frame) -> None:
        if not isinstance(frame, Frame):
            raise TypeError(
                f"only a frame has an anatomy, not {frame!r}; "
                "pick one: server.transcript.filter(kind='text')[0]"
            )
        self.frame = frame

    def __str__(self) -> str:
        return printable("\n".join([_headline(self.frame), *_anatomy_lines(self.frame)]))

    def __repr__(self) -> str:
        return f"<Anatomy of {self.frame!r}>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {
            "text/plain": str(self),
            "text/html": image(anatomy(self.frame), str(self)),
        }


def anatomy(frame: Frame) -> str:
    """
    Draw a frame's bytes: the two bytes that every frame begins with, bit by bit, then the rest.

    Args:
        frame: The frame. Of a long payload the first bytes are drawn.
    """
    drawing = _FrameDrawing()
    drawing.line(_headline(frame), bold=True)
    first, second = frame.head[0], frame.head[1]
    opcode = f"{first & 0x0F:04b}"
    name = getattr(frame.opcode, "name", "reserved")
    drawing.line("the first two bytes, bit by bit")
    drawing.cells(
        [
            ("FIN", f"{first >> 7}", 1),
            ("RSV1", f"{first >> 6 & 1}", 1),
            ("RSV2", f"{first >> 5 & 1}", 1),
            ("RSV3", f"{first >> 4 & 1}", 1),
            (f"opcode {first & 0x0F:#x}: {name}", "   ".join(opcode), 4),
            ("MASK", f"{second >> 7}", 1),
            (f"length: {_length_code(second)}", "   ".join(f"{second & 0x7F:07b}"), 7),
        ]
    )
    for field in _fields(frame)[2:]:
        drawing.line(f"{_position(field)}: {field.meaning}")
        drawing.cells([("", f"{byte:02x}", 1) for byte in field.data[:_SHOWN]])
        if len(field.data) > _SHOWN:
            drawing.line(f"… and {field.length - _SHOWN:,} more bytes")
    if frame.masked and frame.length:
        drawing.line("the payload unmasked: each byte XOR a byte of the masking key, in turn")
        drawing.cells([(_character(byte), f"{byte:02x}", 1) for byte in frame.payload[:_SHOWN]])
    if frame.inflated is not None:
        drawing.line(_inflated(frame))
        inflated = bytes(frame.inflated.data[:_SHOWN])
        drawing.cells([(_character(byte), f"{byte:02x}", 1) for byte in inflated])
    if frame.problem:
        drawing.line(f"⚠ {frame.problem}", colour=_TROUBLE[0])
    return drawing.svg(_headline(frame), "\n".join(_anatomy_lines(frame)))


_SHOWN = 16  # as many bytes as fit beside each other


@dataclasses.dataclass(frozen=True)
class _Field:
    """Some bytes of a frame that belong together."""

    start: int
    data: bytes
    length: int
    meaning: str
    random: bool = False


def _fields(frame: Frame) -> list[_Field]:
    first, second = frame.head[0], frame.head[1]
    bits = " ".join(
        f"{name}={first >> shift & 1}"
        for name, shift in (("FIN", 7), ("RSV1", 6), ("RSV2", 5), ("RSV3", 4))
    )
    name = getattr(frame.opcode, "name", "reserved")
    fields = [
        _Field(0, frame.head[:1], 1, f"{bits}, opcode {first & 0x0F:#x}: {name}"),
        _Field(1, frame.head[1:2], 1, f"MASK={second >> 7}, payload length {_length_code(second)}"),
    ]
    key = 4 if frame.masked else 0
    extended = frame.head[2 : len(frame.head) - key]
    if extended:
        meaning = f"payload length {frame.length:,} in {8 * len(extended)} bits, big-endian"
        fields.append(_Field(2, extended, len(extended), meaning))
    if key:
        fields.append(_Field(len(frame.head) - 4, frame.head[-4:], 4, "masking key", random=True))
    if frame.length:
        meaning = f"payload: {_payload(frame)}"
        if key or frame.inflated:
            meaning = "payload, masked" if key else "payload, compressed"
        body = bytes(frame.body)
        fields.append(_Field(len(frame.head), body, frame.length, meaning, random=bool(key)))
    return fields


def _length_code(second: int) -> str:
    code = second & 0x7F
    if code < 126:
        return str(code)
    return f"{code}, so it is in the next {2 if code == 126 else 8} bytes"


def _inflated(frame: Frame) -> str:
    assert frame.inflated is not None
    size = f"{frame.inflated.length:,} bytes"
    return f"payload, inflated to {size}: {frame.inflated.problem or _payload(frame)}"


def _payload(frame: Frame) -> str:
    return describe(frame).content or preview(frame.payload, length=frame.length)


def _headline(frame: Frame) -> str:
    what = describe(frame)[0]
    return (
        f"{what} frame from the {frame.sender}: {frame.size:,} bytes on the wire, "
        f"{len(frame.head)} of header and {frame.length:,} of payload"
    )


def _position(field: _Field) -> str:
    if field.length == 1:
        return f"byte {field.start}"
    return f"bytes {field.start}–{field.start + field.length - 1}"


def _anatomy_lines(frame: Frame) -> list[str]:
    rows = []
    for field in _fields(frame):
        shown = " ".join("··" if field.random else f"{byte:02x}" for byte in field.data[:8])
        rows.append((_position(field), shown + " …" * (field.length > 8), field.meaning))
    if frame.masked and frame.length:
        unmasked = frame.payload[:8].hex(" ") + " …" * (frame.length > 8)
        meaning = "payload, unmasked" if frame.inflated else f"payload, unmasked: {_payload(frame)}"
        rows.append(("", unmasked, meaning))
    if frame.inflated is not None:
        data = bytes(frame.inflated.data)
        inflated = data[:8].hex(" ") + " …" * (frame.inflated.length > 8)
        rows.append(("", inflated, _inflated(frame)))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"{p:<{widths[0]}}  {h:<{widths[1]}}  {meaning}" for p, h, meaning in rows]
    return [*lines, *([f"⚠ {frame.problem}"] if frame.problem else [])]


def _character(byte: int) -> str:
    return chr(byte) if 0x21 <= byte < 0x7F else "␣" if byte == 0x20 else ""


class _FrameDrawing(_Drawing):
    """Rows of boxes, sixteen to a row, and lines of words between them."""

    def line(self, words: str, *, bold: bool = False, colour: str = "#1f2937") -> None:
        self.y += 22
        weight = "bold" if bold else ""
        self._text(_LEFT, self.y, _cut(words, 108), anchor="start", weight=weight, colour=colour)
        self.y += 6

    def cells(self, cells: list[tuple[str, str, int]]) -> None:
        """Draw boxes: a word above, what is inside, the width in sixteenths of a row."""
        x = _LEFT
        words = 16 if any(above for above, _, _ in cells) else 0
        for above, inside, width in cells:
            box = (
                f'<rect x="{x}" y="{self.y + words}" width="{width * _CELL}" height="26"'
                ' fill="#f4f6f9" stroke="#1f3a5f"/>'
            )
            self._elements.append(box)
            middle = x + width * _CELL // 2
            if above:
                self._text(middle, self.y + 12, above, size=11)
            self._text(middle, self.y + words + 17, inside, mono=True)
            x += width * _CELL
        self.y += words + 28


_LEFT, _CELL = 20, 45
