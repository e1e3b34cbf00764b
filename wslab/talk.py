"""One conversation with a server, from the first message to the last reply."""

from __future__ import annotations

import time

from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import connect

from .server import on_server_thread

__all__ = ["talk"]


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
        OSError: Nobody listens at that address.
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
    wanted = len(messages) if replies is None else replies
    deadline = time.monotonic() + timeout
    received: list[str | bytes] = []
    with connect(url, open_timeout=timeout, close_timeout=timeout) as ws:
        try:
            for message in messages:
                ws.send(message)
            while len(received) < wanted:
                received.append(ws.recv(timeout=max(0.0, deadline - time.monotonic())))
        except TimeoutError:
            raise TimeoutError(
                f"{len(received)} of {wanted} replies came in {timeout:g} s: {received!r}; "
                "pass replies= if the server sends another number"
            ) from None
        except ConnectionClosedOK:
            pass
    return received
