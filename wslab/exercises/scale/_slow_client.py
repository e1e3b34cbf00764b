"""A client that reads only when it is told to, over a connection that holds next to nothing."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

from websockets.client import ClientProtocol
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.protocol import CONNECTING
from websockets.uri import parse_uri

from wslab.exercises._judge import REPLY_TIMEOUT, Server, note_in_vain, patience

__all__ = ["SlowClient", "slow_client"]


class SlowClient:
    """
    A client without a thread of its own: what it does not read stays on the way.

    Attributes:
        closed: The code with which the connection was closed, None while it is open.
    """

    def __init__(self, sock: socket.socket, url: str) -> None:
        self.closed: int | None = None
        self._sock = sock
        self._protocol = ClientProtocol(parse_uri(url))
        self._frames: list[Frame] = []
        self._protocol.send_request(self._protocol.connect())
        self._send()
        while self._protocol.state is CONNECTING and self.closed is None:
            self._receive()

    def messages(self) -> Iterator[str | bytes]:
        """Read what comes, until the connection is closed or nothing came for a while."""
        seconds = patience()
        self._sock.settimeout(seconds)
        deadline = time.monotonic() + seconds
        while self.closed is None:
            if time.monotonic() >= deadline:
                note_in_vain(seconds)
                return
            while self._frames:
                frame = self._frames.pop(0)
                if frame.opcode is Opcode.TEXT:
                    yield bytes(frame.data).decode(errors="replace")
                elif frame.opcode is Opcode.BINARY:
                    yield bytes(frame.data)
                elif frame.opcode is Opcode.CLOSE:
                    self.closed = Close.parse(frame.data).code
                    return
                deadline = time.monotonic() + seconds
            self._receive()

    def _send(self) -> None:
        self._sock.sendall(b"".join(self._protocol.data_to_send()))

    def _receive(self) -> None:
        try:
            data = self._sock.recv(65536)
        except OSError:
            return
        if not data:
            self.closed = CloseCode.ABNORMAL_CLOSURE
            return
        self._protocol.receive_data(data)
        events = self._protocol.events_received()
        self._frames += [event for event in events if isinstance(event, Frame)]
        with contextlib.suppress(OSError):
            self._send()


@contextlib.contextmanager
def slow_client(server: Server) -> Iterator[SlowClient]:
    """Connect to a learner's server."""
    server.count_others(1)
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(REPLY_TIMEOUT)
        sock.connect(("127.0.0.1", server.background.port))
        yield SlowClient(sock, server.background.url)
