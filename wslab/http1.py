"""
Where HTTP/1.1 messages begin and end in the bytes of one direction (RFC 9112). No I/O.

A tap needs no more of HTTP than this: it passes messages on, it does not understand them.

>>> splitter = Splitter("client")
>>> splitter.feed(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
[Part(kind='head', data=b'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'), Part(kind='end', data=b'')]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

from .wire import Sender

__all__ = ["Part", "Splitter", "header"]

MAX_HEAD: Final = 64 * 1024

PartKind: TypeAlias = Literal["head", "body", "end", "other"]

# RFC 9112 §3 and §4; "other" is said as soon as it is certain, so that nothing waits in vain.
_START_LINES: Final = {
    "client": re.compile(rb"[!#-'*+\-.0-9A-Z^-z|~]+ [!-~\x80-\xff]+ HTTP/1\.[01]\Z"),
    "server": re.compile(rb"HTTP/1\.[01] [0-9]{3}(?: |\Z)"),
}
_NO_TEXT: Final = re.compile(rb"[^\t -~\x80-\xff]")
_CHUNK_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;|\Z)")


class Part(NamedTuple):
    """
    Some bytes of a direction, or the end of a message.

    Attributes:
        kind: ``"head"``, start line and headers of a message; ``"body"``, bytes of its body as
            they are on the wire; ``"end"``, the message is complete; ``"other"``, bytes that are
            no HTTP/1.1, from which on nothing is split any more.
        data: The bytes; all parts together are what was fed.
    """

    kind: PartKind
    data: bytes


class Splitter:
    """
    Split the bytes of one direction into HTTP messages.

    Args:
        sender: ``"client"`` for requests, ``"server"`` for responses. Before the head of a
            response comes, :attr:`method` has to be that of its request.

    Attributes:
        method: Method of the request whose response comes next: with HEAD it has no body
            (RFC 9110 §9.3.2). ``None`` where no response is due.
    """

    def __init__(self, sender: Sender) -> None:
        self.method: bytes | None = None
        self._sender = sender
        self._waiting = b""  # the beginning of a head, or of a line between chunks
        self._read = self._read_head
        self._missing = 0  # bytes of the body, or of the chunk

    @property
    def waiting(self) -> bytes:
        """Bytes that were fed and are in no part yet."""
        return self._waiting

    def feed(self, data: bytes) -> list[Part]:
        """Return the parts that are complete with these bytes."""
        return list(self.split(data))

    def split(self, data: bytes) -> Iterator[Part]:
        """As :meth:`feed`, but what follows a part is looked at only when the next is asked for."""
        self._waiting += data
        while True:
            part = self._read()
            if part is None:
                return
            yield part

    def give_back(self) -> bytes:
        """Return the bytes that were fed and are in no part, and forget them."""
        data, self._waiting = self._waiting, b""
        return data

    # Each reader takes one part from self._waiting and puts the next reader into self._read.

    def _take(self, count: int) -> bytes:
        data, self._waiting = self._waiting[:count], self._waiting[count:]
        return data

    def _read_head(self) -> Part | None:
        data = self._waiting
        if not data:
            return None
        line, newline, _ = data.partition(b"\r\n")
        text = line if newline else line.removesuffix(b"\r")
        unexpected = self._sender == "server" and self.method is None
        if unexpected or _NO_TEXT.search(text) or (newline and not self._is_start(line)):
            return self._give_up()
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return self._give_up() if len(data) >= MAX_HEAD else None
        head = self._take(end + 4)
        self._read = self._after(head)
        return Part("head", head)

    def _is_start(self, line: bytes) -> bool:
        return _START_LINES[self._sender].match(line) is not None

    def _after(self, head: bytes) -> Callable[[], Part | None]:
        """Say what follows a head: RFC 9112 §6.3."""
        if self._sender == "server":
            status = int(head[9:12])
            if status == 101:
                return self._read_other
            if status < 200:  # an interim response: the final one follows (RFC 9110 §15.2)
                return self._read_head
            if status in (204, 304) or self.method == b"HEAD":
                return self._read_end
        coding = header(head, b"Transfer-Encoding")
        if coding is not None:
            if coding.lower().rpartition(b",")[2].strip() == b"chunked":
                return self._read_chunk_size
            return self._read_until_eof if self._sender == "server" else self._read_other
        length = header(head, b"Content-Length")
        if length is not None:
            if not length.isdigit() or len(length) > 18:
                return self._read_other
            self._missing = int(length)
            return self._read_body
        return self._read_until_eof if self._sender == "server" else self._read_end

    def _read_body(self) -> Part | None:
        if not self._missing:
            return self._read_end()
        return self._read_some()

    def _read_some(self) -> Part | None:
        data = self._take(self._missing)
        self._missing -= len(data)
        return Part("body", data) if data else None

    def _read_until_eof(self) -> Part | None:
        return Part("body", self.give_back()) if self._waiting else None

    def _read_chunk_size(self) -> Part | None:
        line, newline, _ = self._waiting.partition(b"\r\n")
        found = _CHUNK_SIZE.match(line)
        if not newline:
            return self._give_up() if len(line) > MAX_HEAD else None
        if found is None:
            return self._give_up()
        size = int(found[1], 16)
        self._missing = size + 2  # with the line's end after it
        self._read = self._read_chunk if size else self._read_trailer
        return Part("body", self._take(len(line) + 2))

    def _read_chunk(self) -> Part | None:
        if not self._missing:
            self._read = self._read_chunk_size
            return self._read_chunk_size()
        return self._read_some()

    def _read_trailer(self) -> Part | None:
        line, newline, _ = self._waiting.partition(b"\r\n")
        if not newline:
            return self._give_up() if len(line) > MAX_HEAD else None
        if not line:
            self._read = self._read_end
        return Part("body", self._take(len(line) + 2))

    def _read_end(self) -> Part | None:
        self._read = self._read_head
        return Part("end", b"")

    def _read_other(self) -> Part | None:
        return Part("other", self.give_back()) if self._waiting else None

    def _give_up(self) -> Part | None:
        self._read = self._read_other
        return self._read_other()


def header(head: bytes, name: bytes) -> bytes | None:
    """
    Return the value of a header, of several with that name joined as RFC 9110 §5.3 says.

    Args:
        head: Start line and headers, as they are on the wire.
        name: Name of the header, in any case.

    >>> header(b"GET / HTTP/1.1\\r\\nhost: example.com\\r\\n\\r\\n", b"Host")
    b'example.com'
    """
    wanted = name.lower()
    lines = (line.partition(b":") for line in head.split(b"\r\n")[1:-2])
    found = [value.strip(b" \t") for key, _, value in lines if key.lower() == wanted]
    return b", ".join(found) if found else None
