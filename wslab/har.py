"""
Records as a HAR, the file in which browsers and proxies save what they have seen of the web.

HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/) knows no WebSocket. Chromium's DevTools
add to the entry of a handshake ``_webSocketMessages``: a list of messages with ``type`` (``"send"``
or ``"receive"``), ``time`` (seconds since 1970), ``opcode`` (1 or 2) and ``data`` (text, or Base64
where the opcode is 2). Playwright, mitmproxy and others write the same; Playwright's times are
milliseconds. Firefox writes the handshake only.

That has no control frames, close codes, fragments or sizes on the wire. So ``to_har`` adds
fields of its own, which other programs pass over:

============  ==================================================================================
in the log    ``_wslab``: ``viewpoint``, who saw the records, and ``dropped``, how many are missing
in an entry   ``_frames``: the records of the connection as :func:`wslab.record_json.to_json` makes
              them, each with ``index``, its place among all records
============  ==================================================================================
"""

from __future__ import annotations

import binascii
import contextlib
import datetime
import json
import pathlib
import urllib.parse
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

from .messages import join
from .record_json import decode, encode, epoch, from_json, to_json
from .wire import KEEP_PAYLOAD, Exchange, Frame, Handshake, Record, Sender

__all__ = ["HarError", "from_har", "load", "to_har"]

MAX_FILE: Final = 256 * 2**20
"""A file of more bytes than this is not read."""

_KEY: Final = bytes(4)  # a masking key that changes nothing: a HAR of others has none


class HarError(ValueError):
    """This is no HAR, or none with a WebSocket."""


def to_har(records: Sequence[Record], *, dropped: int, viewpoint: str) -> dict[str, Any]:
    """
    Return records as a HAR, ready for :func:`json.dump`: see :meth:`wslab.Records.to_har`.

    Args:
        records: Any records.
        dropped: How many earlier ones are missing.
        viewpoint: Who saw them, in words.
    """
    from . import __version__

    indexed: dict[tuple[str, int], list[tuple[int, Record]]] = {}
    for index, record in enumerate(records):
        # Each HTTP request is an entry of its own; those of one TCP connection share a number.
        http = isinstance(record, Exchange)
        key = ("http", index) if http else ("websocket", record.connection)
        indexed.setdefault(key, []).append((index, record))
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "wslab", "version": __version__},
            "pages": [],
            "entries": [_entry(numbered) for numbered in indexed.values()],
            "_wslab": {"viewpoint": viewpoint, "dropped": dropped},
        }
    }


def _entry(numbered: list[tuple[int, Record]]) -> dict[str, Any]:
    records = [record for _, record in numbered]
    request = next((r for r in records if isinstance(r, Handshake) and r.sender == "client"), None)
    response = next((r for r in records if isinstance(r, Handshake) and r.sender == "server"), None)
    started, duration = records[0].time + epoch(), records[-1].time - records[0].time
    entry: dict[str, Any] = {
        "startedDateTime": datetime.datetime.fromtimestamp(started, datetime.UTC).isoformat(),
        "time": round(1000 * duration, 3),
        "request": _request(request, records[0]),
        "response": _response(response, records[0]),
        "cache": {},
        "timings": {"send": -1, "wait": -1, "receive": -1},
        "connection": str(records[0].connection),
    }
    if not isinstance(records[0], Exchange):
        entry["_resourceType"] = "websocket"
        entry["_webSocketMessages"] = [
            {
                "type": "send" if message.sender == "client" else "receive",
                "time": round(message.time + epoch(), 6),
                "opcode": 1 if message.kind == "text" else 2,
                "data": encode(message.payload) if message.text is None else message.text,
            }
            for message in join(records)
        ]
    entry["_frames"] = _frames(numbered)
    return entry


def _frames(numbered: list[tuple[int, Record]]) -> list[dict[str, Any]]:
    places = {id(record): index for index, record in numbered}
    frames = []
    for index, record in numbered:
        frame = {"index": index, **to_json(record)}
        if isinstance(record, Frame) and record.first is not None:
            place = places.get(id(record.first))
            # A first frame that is not among the records any more goes with its continuation.
            frame["first"] = to_json(record.first) if place is None else place
        frames.append(frame)
    return frames


def _request(handshake: Handshake | None, record: Record) -> dict[str, Any]:
    line = record.request if isinstance(record, Exchange) else ""
    line = handshake.start_line if handshake else line or "GET / HTTP/1.1"
    method, target, version = (*line.split(" "), "", "")[:3]
    host = (handshake.header("Host") if handshake else None) or "127.0.0.1"
    scheme = "http" if isinstance(record, Exchange) else "ws"
    url = target if "://" in target else f"{scheme}://{host}{target}"
    query = urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query, keep_blank_values=True)
    return {
        "method": method,
        "url": url,
        "httpVersion": version,
        "cookies": [],
        "headers": _headers(handshake),
        "queryString": [{"name": name, "value": value} for name, value in query],
        "headersSize": len(handshake.head) if handshake else -1,
        "bodySize": record.sent if isinstance(record, Exchange) else 0,
    }


def _response(handshake: Handshake | None, record: Record) -> dict[str, Any]:
    line = record.response if isinstance(record, Exchange) else ""
    line = handshake.start_line if handshake else line
    version, status, text = (*line.split(" ", 2), "", "", "")[:3]
    size = record.received if isinstance(record, Exchange) else 0
    return {
        "status": int(status or 0),
        "statusText": text,
        "httpVersion": version,
        "cookies": [],
        "headers": _headers(handshake),
        "content": {"size": size, "mimeType": "x-unknown"},
        "redirectURL": "",
        "headersSize": len(handshake.head) if handshake else -1,
        "bodySize": size,
    }


def _headers(handshake: Handshake | None) -> list[dict[str, str]]:
    headers = handshake.headers if handshake else ()
    return [{"name": name, "value": value} for name, value in headers]


def load(path: str | pathlib.Path) -> dict[str, Any]:
    """
    Read a HAR file.

    Raises:
        HarError: It is no HAR, or too large.
        OSError: It cannot be read.
    """
    path = pathlib.Path(path)
    if (size := path.stat().st_size) > MAX_FILE:
        raise HarError(
            f"{path.name} has {size // 2**20} MiB, and more than {MAX_FILE // 2**20} are not read; "
            "save only the WebSocket's own entry (in DevTools, filter for it before exporting)"
        )
    try:
        # Some tools write a byte order mark, which RFC 8259 §8.1 lets readers ignore.
        har = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as exc:
        raise HarError(f"{path.name} is no HAR, for it is no JSON: {exc}") from exc
    return cast("dict[str, Any]", har)


def from_har(har: Any, name: str) -> tuple[list[Record], int, str]:
    """
    Return the records of a HAR, how many are missing, and who saw them.

    Args:
        har: What :func:`load` returns.
        name: What messages call it.

    Raises:
        HarError: It is no HAR, or has no WebSocket.
    """
    try:
        log = har["log"]
        entries = list(log["entries"])
    except (TypeError, KeyError) as exc:
        raise HarError(f"{name} is no HAR: it has no list log.entries") from exc
    found: list[tuple[int, Record]] = []
    connections = 0
    for number, entry in enumerate(entries):
        try:
            if "_frames" in entry:
                found += _read_frames(entry["_frames"])
            elif _is_websocket(entry):
                connections += 1
                read = list(_read_entry(entry, connections))
                found += enumerate(read, len(found))
        except (TypeError, KeyError, ValueError, AttributeError, IndexError) as exc:
            reason = f"{type(exc).__name__}: {exc}"
            raise HarError(f"{name} is no HAR that can be read: entry {number}, {reason}") from exc
    if not found:
        raise HarError(
            f"{name} has no WebSocket among its {len(entries)} entries; DevTools save only those "
            "that were opened while they were open"
        )
    found.sort(key=lambda item: item[0])
    own = log.get("_wslab") or {}
    creator = (log.get("creator") or {}).get("name") or "the program that saved it"
    viewpoint = own.get("viewpoint") or f"As {creator} saw it"
    return [record for _, record in found], int(own.get("dropped") or 0), str(viewpoint)


# --- What others wrote


def _is_websocket(entry: dict[str, Any]) -> bool:
    if "_webSocketMessages" in entry or entry.get("_resourceType") == "websocket":
        return True
    # Firefox writes the handshake as any other request, and no messages.
    headers = {h["name"].lower(): h["value"] for h in entry["response"].get("headers") or ()}
    upgrade = str(headers.get("upgrade")).lower()
    return entry["response"].get("status") == 101 and upgrade == "websocket"


def _read_entry(entry: dict[str, Any], connection: int) -> Iterator[Record]:
    started = entry.get("startedDateTime") or "1970-01-01T00:00:00+00:00"
    began = datetime.datetime.fromisoformat(started).timestamp() - epoch()
    request, response = entry["request"], entry["response"]
    parts = urllib.parse.urlsplit(request["url"])
    target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    line = f"{request.get('method') or 'GET'} {target} HTTP/1.1"
    yield Handshake(connection, "client", _head(line, request), b"", began)
    if status := int(response.get("status") or 0):
        line = f"HTTP/1.1 {status:03} {response.get('statusText') or ''}"
        yield Handshake(connection, "server", _head(line, response), b"", began)
    for message in entry.get("_webSocketMessages") or ():
        if message["type"] in ("send", "receive"):  # DevTools have "error", too
            yield _read_message(message, connection)


def _head(line: str, half: dict[str, Any]) -> bytes:
    lines = [line, *(f"{h['name']}: {h['value']}" for h in half.get("headers") or ())]
    clean = (text.replace("\r", " ").replace("\n", " ") for text in lines)
    return ("\r\n".join(clean) + "\r\n\r\n").encode("iso-8859-1", "replace")


def _read_message(message: dict[str, Any], connection: int) -> Frame:
    sender: Sender = "client" if message["type"] == "send" else "server"
    opcode, data = int(message.get("opcode") or 1), str(message.get("data") or "")
    payload = data.encode("utf-8", "surrogatepass")
    if opcode == 2:
        with contextlib.suppress(binascii.Error):  # some programs write these as text, too
            payload = decode(data)
    seconds = float(message.get("time") or 0)
    while seconds > 1e11:  # milliseconds or microseconds since 1970
        seconds /= 1000
    head = _frame_head(0x80 | opcode & 0x0F, len(payload), masked=sender == "client")
    return Frame(connection, sender, head, payload[:KEEP_PAYLOAD], None, seconds - epoch())


def _frame_head(first: int, size: int, *, masked: bool) -> bytes:
    mask, key = (0x80, _KEY) if masked else (0, b"")
    if size < 126:
        return bytes([first, mask | size]) + key
    if size < 2**16:
        return bytes([first, mask | 126]) + size.to_bytes(2) + key
    return bytes([first, mask | 127]) + size.to_bytes(8) + key


# --- What to_har() wrote


def _read_frames(frames: list[dict[str, Any]]) -> list[tuple[int, Record]]:
    read: dict[int, Record] = {}
    for frame in frames:
        read[int(frame["index"])] = from_json(frame, read)
    return list(read.items())
