"""One conversation with a server, from the first message to the last reply."""

from __future__ import annotations

import contextlib
import time
import urllib.parse
from collections.abc import Sequence

from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK
from websockets.sync.client import connect

from .server import on_server_thread

__all__ = ["talk"]

CLOSE_TIMEOUT = 0.1
"""Seconds that the server gets for the closing handshake at least."""


def talk(
    url: str, *messages: str | bytes, replies: int | None = None, timeout: float = 5.0
) -> list[str | bytes]:
    """
    Connect, send the messages, collect the replies, close; return the replies.

    Args:
        url: Address of the server, such as ``server.url``.
        messages: What to send, in this order: ``str`` goes out as TEXT, ``bytes`` as BINARY.
        replies: How many messages to wait for; by default as many as are sent. There are fewer
            if the server closes the connection normally before.
        timeout: Seconds that all of it may take.

    Raises:
        TimeoutError: Fewer replies came in that time; the message shows those that did.
        ConnectionClosedError: The connection was lost or closed with an error code.
        InvalidHandshake: The server refused to open a WebSocket connection.
        OSError: Nobody listens at that address.
        TypeError: A message is neither ``str`` nor ``bytes``.
        RuntimeError: The call comes from a handler, which must not block its event loop.

    >>> import wslab
    >>> with wslab.serve(wslab.handlers.echo) as server:
    ...     talk(server.url, "hello", b"\\x2a")
    ['hello', b'*']
    """
    if on_server_thread():
        raise RuntimeError(
            "talk() blocks, and a handler must not; in a handler use "
            "websockets.asyncio.client.connect, or await asyncio.to_thread(wslab.talk, …)"
        )
    for message in messages:
        if not isinstance(message, str | bytes | bytearray | memoryview):
            raise TypeError(
                f"a message must be str (sent as TEXT) or bytes (sent as BINARY), not "
                f"{type(message).__name__}; for JSON, send json.dumps(…)"
            )
    wanted = len(messages) if replies is None else replies
    deadline = time.monotonic() + timeout
    received: list[str | bytes] = []
    late = False
    with connect(
        url,
        open_timeout=timeout,
        close_timeout=timeout,
        max_queue=None,  # replies must not pile up in the network, where they would hold up ours
        proxy=None if urllib.parse.urlsplit(url).hostname in _THIS_MACHINE else True,
    ) as ws:

        def left() -> float:
            ws.close_timeout = max(0.001, deadline - time.monotonic())
            return ws.close_timeout

        try:
            for message in messages:
                with contextlib.suppress(OSError):  # closed already
                    ws.socket.settimeout(left())  # else send() waits for ever
                ws.send(message)
        except ConnectionClosed:
            pass  # what came before is still to be had; then recv() raises this again
        try:
            while len(received) < wanted:
                received.append(ws.recv(timeout=left()))
        except TimeoutError:
            late = True
        except ConnectionClosedOK:
            pass
        except ConnectionClosedError as exc:
            late = isinstance(exc.__cause__, TimeoutError)  # of a send()
            if not late:
                raise
        ws.close_timeout = max(CLOSE_TIMEOUT, left())
    if late:  # raised out here, where it is no reason to close with 1011
        raise TimeoutError(
            f"{len(received)} of {wanted} replies came in {timeout:g} s: {_shown(received)}; "
            "pass replies= if the server sends another number"
        )
    return received


_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def _shown(messages: Sequence[str | bytes]) -> str:
    """The last messages, cut where they are long."""
    parts = [repr(message[:40]) + "…" * (len(message) > 40) for message in messages[-5:]]
    return f"[{', '.join(['…'] * (len(messages) > 5) + parts)}]"
