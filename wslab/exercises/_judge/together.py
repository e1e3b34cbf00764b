"""Clients that come at the very same time: what a handler does between two awaits shows then."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from .limits import REPLY_TIMEOUT
from .server import Server

__all__ = ["arrive_together"]


def arrive_together(server: Server, count: int) -> list[str | bytes | None]:
    """
    Let many clients connect in one turn of the event loop; return the first message to each.

    The loop is held up until all have asked, so that their handlers begin one right after another.

    Args:
        server: The learner's server.
        count: How many clients, 100 at most: that many connections wait in a listening socket.

    Returns:
        The first message of each, None for one that got none.
    """
    with contextlib.ExitStack() as stack:
        with server.standing_still():
            server.count_others(count)
            clients = [stack.enter_context(_asked(server.background.url)) for _ in range(count)]
        deadline = time.monotonic() + REPLY_TIMEOUT
        return [_first_message(*client, deadline) for client in clients]


@contextlib.contextmanager
def _asked(url: str) -> Iterator[tuple[socket.socket, ClientProtocol]]:
    """Connect, and send the opening handshake's request."""
    uri = parse_uri(url)
    protocol = ClientProtocol(uri)
    with socket.create_connection((uri.host, uri.port), timeout=REPLY_TIMEOUT) as sock:
        protocol.send_request(protocol.connect())
        sock.sendall(b"".join(protocol.data_to_send()))
        yield sock, protocol


def _first_message(
    sock: socket.socket, protocol: ClientProtocol, deadline: float
) -> str | bytes | None:
    with contextlib.suppress(OSError):
        while (left := deadline - time.monotonic()) > 0:
            sock.settimeout(left)
            data = sock.recv(65536)
            if not data:
                break
            protocol.receive_data(data)
            for event in protocol.events_received():
                if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                    return bytes(event.data).decode(errors="replace")
                if isinstance(event, Frame) and event.opcode is Opcode.BINARY:
                    return bytes(event.data)
    return None
