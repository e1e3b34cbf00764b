"""Tests of wslab.http1: where messages begin and end, however their bytes are cut into reads."""

from __future__ import annotations

import pytest

from wslab.http1 import Part, Splitter, header

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def split(sender: str, data: bytes, step: int = 0, methods: tuple[bytes, ...] = ()) -> list[Part]:
    """Feed bytes in steps; join what belongs together, so that steps make no difference."""
    splitter = Splitter(sender)  # type: ignore[arg-type]
    due = list(methods)
    splitter.method = due.pop(0) if due else None
    parts: list[Part] = []
    for index in range(0, len(data), step or len(data)):
        for part in splitter.split(data[index : index + (step or len(data))]):
            if part.kind == "end":
                splitter.method = due.pop(0) if due else None
            if parts and part.kind == parts[-1].kind in ("body", "other"):
                parts[-1] = Part(part.kind, parts[-1].data + part.data)
            else:
                parts.append(part)
    assert b"".join(part.data for part in parts) + splitter.give_back() == data
    return parts


END = Part("end", b"")
REQUESTS = {
    "two in a row": (GET + GET, [Part("head", GET), END] * 2),
    "Content-Length": (
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc" + GET,
        [
            Part("head", b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n"),
            Part("body", b"abc"),
            END,
            Part("head", GET),
            END,
        ],
    ),
    "chunked, which counts more than Content-Length (RFC 9112 §6.3)": (
        b"POST / HTTP/1.1\r\ncontent-length: 1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n"
        b"3;x=1\r\nabc\r\n0a\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n" + GET,
        [
            Part(
                "head",
                b"POST / HTTP/1.1\r\ncontent-length: 1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n",
            ),
            Part("body", b"3;x=1\r\nabc\r\n0a\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n"),
            END,
            Part("head", GET),
            END,
        ],
    ),
    "a length that is none": (
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\nabc" + GET,
        [
            Part("head", b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
            Part("other", b"abc" + GET),
        ],
    ),
    "chunks that are none": (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nabc",
        [
            Part("head", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"),
            Part("other", b"x\r\nabc"),
        ],
    ),
    "HTTP/2": (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        [Part("other", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")],
    ),
    "a bare newline": (b"hello\n", [Part("other", b"hello\n")]),
}


@pytest.mark.parametrize("step", [0, 1, 2, 7])
@pytest.mark.parametrize("case", REQUESTS)
def test_requests(case: str, step: int) -> None:
    """Requests of every length."""
    data, parts = REQUESTS[case]
    assert split("client", data, step) == parts


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
RESPONSES = {
    "to GET, then to HEAD": (
        OK + b"ok" + OK + OK + b"ok",
        (b"GET", b"HEAD", b"GET"),
        [
            Part("head", OK),
            Part("body", b"ok"),
            END,
            Part("head", OK),
            END,
            Part("head", OK),
            Part("body", b"ok"),
            END,
        ],
    ),
    "an interim response comes first": (
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK + b"ok",
        (b"GET",),
        [
            Part("head", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
            Part("head", OK),
            Part("body", b"ok"),
            END,
        ],
    ),
    "no body": (
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n" + OK,
        (b"GET", b"GET"),
        [
            Part("head", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
            END,
            Part("head", OK),
        ],
    ),
    "a body until the end of the connection": (
        b"HTTP/1.0 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        (b"GET",),
        [Part("head", b"HTTP/1.0 200 OK\r\n\r\n"), Part("body", b"HTTP/1.1 200 OK\r\n\r\n")],
    ),
    "101": (
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x00",
        (b"GET",),
        [Part("head", b"HTTP/1.1 101 Switching Protocols\r\n\r\n"), Part("other", b"\x81\x00")],
    ),
    "to nothing": (OK, (), [Part("other", OK)]),
    "no status": (b"HTTP/1.1 OK\r\n\r\n", (b"GET",), [Part("other", b"HTTP/1.1 OK\r\n\r\n")]),
}


@pytest.mark.parametrize("step", [0, 1, 3])
@pytest.mark.parametrize("case", RESPONSES)
def test_responses(case: str, step: int) -> None:
    """A response's length depends on its request, too."""
    data, methods, parts = RESPONSES[case]
    assert split("server", data, step, methods) == parts


def test_a_head_without_end() -> None:
    """Of a head over 64 KiB no more is kept."""
    splitter = Splitter("client")
    assert splitter.feed(b"GET / HTTP/1.1\r\nX: " + b"a" * 60_000) == []
    [part] = splitter.feed(b"a" * 6_000)
    assert (part.kind, len(part.data), splitter.waiting) == ("other", 66_019, b"")


def test_header() -> None:
    """Several lines of a name are one value; names are compared in any case."""
    head = b"GET / HTTP/1.1\r\nConnection: a\r\nhost:b\r\nCONNECTION:\tupgrade \r\n\r\n"
    assert header(head, b"connection") == b"a, upgrade"
    assert header(head, b"Host") == b"b"
    assert header(head, b"Origin") is None
