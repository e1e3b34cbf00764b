"""One conversation with a server, from the first message to the last reply."""

from __future__ import annotations

import asyncio
import contextlib
import urllib.parse
from collections.abc import AsyncIterator, Sequence

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, WebSocketException

from ._clock import perf_counter
from ._loop import LoopThread
from .service import NotRunningError, on_service_thread, registry
from .wire import HandlerError

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

    What a handler raised, if it runs in this process, is a note below the exception (PEP 678).

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
    if on_service_thread():
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
    received: list[str | bytes] = []

    # Not with the threaded client: its send() keeps it from reading, so that with enough messages
    # on the way both sides write, neither reads, and all stands still.
    thread = LoopThread("wslab-talk", _nothing)
    thread.start(timeout=timeout)
    began = perf_counter()
    try:
        in_time = thread.run(_converse(url, messages, wanted, received, timeout))
    except (OSError, WebSocketException) as exc:
        _add_notes(exc, url, began)
        _leave_out_frames(exc)
        raise
    finally:  # also of an interrupted cell, and then it cancels the conversation
        thread.stop(timeout=CLOSE_TIMEOUT + timeout)
    if not in_time:
        raise TimeoutError(
            f"{len(received)} of {wanted} replies came in {timeout:g} s: {_shown(received)}; "
            "pass replies= if the server sends another number"
        )
    return received


@contextlib.asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield


async def _converse(
    url: str,
    messages: Sequence[str | bytes],
    wanted: int,
    received: list[str | bytes],
    timeout: float,
) -> bool:
    """Send all, append replies to ``received``; return whether all wanted came in time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    in_time = True
    async with connect(
        url,
        open_timeout=timeout,
        close_timeout=timeout,
        max_queue=None,  # replies must not pile up in the network, where they would hold up ours
        proxy=None if urllib.parse.urlsplit(url).hostname in _THIS_MACHINE else True,
    ) as ws:
        try:
            async with asyncio.timeout_at(deadline):
                with contextlib.suppress(ConnectionClosed):  # what came before is still to be had
                    for message in messages:
                        await ws.send(message)
                while len(received) < wanted:
                    received.append(await ws.recv())
        except TimeoutError:
            in_time = False
            if ws.transport.get_write_buffer_size():  # nobody reads, not even CLOSE
                ws.transport.abort()
        except ConnectionClosedOK:
            pass
        finally:
            ws.close_timeout = max(CLOSE_TIMEOUT, deadline - loop.time())
    return in_time


def _add_notes(exc: BaseException, url: str, began: float) -> None:
    """Add what was raised on the server's side, if it is one of this process, and is no other's."""
    from .render import printable  # here, for import wslab is not to wait for what draws

    port = urllib.parse.urlsplit(url).port
    for service in list(registry.servers.values()):
        with contextlib.suppress(NotRunningError):
            if service.port != port:
                continue
            records = [record for record in service.transcript if record.time >= began]
            if len({record.connection for record in records if record.kind == "handshake"}) == 1:
                for error in records:
                    if isinstance(error, HandlerError):
                        words = f"{printable(error.type)}: {printable(error.message)}"
                        exc.add_note(f"the server's {error.raised_by} raised {words}")


def _leave_out_frames(error: BaseException | None) -> None:
    """Leave out where in ``websockets`` and asyncio it was raised: dozens of lines in a cell."""
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def _shown(messages: Sequence[str | bytes]) -> str:
    """The last messages, cut where they are long."""
    parts = [repr(message[:40]) + "…" * (len(message) > 40) for message in messages[-5:]]
    return f"[{', '.join(['…'] * (len(messages) > 5) + parts)}]"
