"""A client that misbehaves: a correct handshake, then any bytes."""

from __future__ import annotations

import contextlib
import socket
from collections import deque
from typing import Final, Self

from wslab.relay import Ending, parse_address, reset_when_closed
from wslab.wire import Decoder, Frame, Handshake, Record

__all__ = ["RawClient"]

TIMEOUT: Final = 5.0
KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="  # of the example in RFC 6455 §1.3


class RawClient:
    """
    A client made of bytes: a correct handshake (RFC 6455 §4.1), then whatever you send.

    A context manager. By itself it answers nothing, neither PING nor CLOSE, and reads nothing.

    Args:
        url: Address of the server.
        timeout: Seconds that each call may take, before it raises ``TimeoutError``.

    Attributes:
        ending: How the server ended the TCP connection, ``"FIN"`` or ``"RST"``; ``None`` before.

    >>> import wslab
    >>> from wslab.faults import frame
    >>> with wslab.serve(wslab.handlers.echo) as server, RawClient(server.url) as client:
    ...     client.send(frame(0x81, b"hi"))  # not masked
    ...     client.receive()
    <Frame: connection 1, from server, close 1002 'incorrect masking'>
    """

    def __init__(self, url: str, *, timeout: float = TIMEOUT) -> None:
        self.ending: Ending | None = None
        self._url, self._address = parse_address(url)
        self._timeout = timeout
        self._decoder = Decoder("server", connection=1)
        self._records: deque[Record] = deque()

    def __enter__(self) -> Self:
        path = self._url._replace(scheme="", netloc="", fragment="").geturl()
        with contextlib.ExitStack() as undo:
            self._socket = socket.create_connection(self._address, self._timeout)
            undo.callback(self._socket.close)
            self.send(
                f"GET {path or '/'} HTTP/1.1\r\nHost: {self._url.netloc}\r\n"
                "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            response = self.receive()
            if not isinstance(response, Handshake) or response.status != 101:
                raise ConnectionError(f"the server did not open a WebSocket: {response}")
            undo.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def receive(self) -> Record | None:
        """Return the next frame, complete or cut off; ``None`` once the server has ended TCP."""
        while self.ending is None and (not self._records or not _is_complete(self._records[0])):
            try:
                data = self._socket.recv(2**16)
                self.ending = None if data else "FIN"
            except ConnectionResetError:
                data, self.ending = b"", "RST"
            self._records += self._decoder.feed(data) if data else self._decoder.eof()
        return self._records.popleft() if self._records else None

    def reset(self) -> None:
        """End the TCP connection by RST; leaving the block ends it by FIN."""
        reset_when_closed(self._socket)
        self._socket.close()


def _is_complete(record: Record) -> bool:
    return not isinstance(record, Frame) or record.complete
