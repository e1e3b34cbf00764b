"""A server that misbehaves after a correct handshake: handlers for :func:`wslab.serve`."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias, TypeVar

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request
from websockets.protocol import State

from wslab.relay import reset_when_closed
from wslab.wire import Opcode, apply_mask

__all__ = [
    "Handler",
    "abort",
    "after",
    "fragmented_control_frame",
    "frame",
    "garbage",
    "ignore_pings",
    "impossible_length",
    "in_turn",
    "interrupted_message",
    "invalid_close_code",
    "invalid_close_reason",
    "invalid_utf8",
    "lone_continuation",
    "masked_frame",
    "message_too_big",
    "reserved_bit",
    "reserved_opcode",
    "sends",
    "stop_reading",
]

F = TypeVar("F", bound=Callable[..., Any])
Handler: TypeAlias = Callable[[ServerConnection], Awaitable[None]]

MASKING_KEY: Final = bytes.fromhex("37fa213d")  # of the example in RFC 6455 §5.7
LATIN: Final = "Grüße".encode("iso-8859-1")  # not UTF-8


def frame(first: int, payload: bytes = b"", masking_key: bytes | None = None) -> bytes:
    """
    Return the bytes of a frame (RFC 6455 §5.2), good or bad.

    Args:
        first: Its first byte: ``0x80`` is FIN, ``0x70`` are RSV1–3, ``0x0F`` is the opcode.
        payload: Its payload, not masked yet.
        masking_key: Four bytes to mask it with, as clients must.

    >>> frame(0x81, b"hi").hex(" ")
    '81 02 68 69'
    """
    size, mask = len(payload), 0x80 if masking_key else 0
    if size < 126:
        head = bytes([first, mask | size])
    elif size < 2**16:
        head = bytes([first, mask | 126]) + size.to_bytes(2)
    else:
        head = bytes([first, mask | 127]) + size.to_bytes(8)
    return head + (masking_key + apply_mask(payload, masking_key) if masking_key else payload)


def _named(function: F, name: str) -> F:
    # serve() replaces the server of the same name, so no two of these may share one.
    function.__name__ = function.__qualname__ = name
    return function


def _name(function: object) -> str:
    return str(getattr(function, "__name__", function))


async def abort(ws: ServerConnection, request: Request | None = None) -> None:
    """
    End the TCP connection by RST, without CLOSE, as a machine does that has restarted.

    RFC 6455 §7.1.5 calls that 1006, a code that is never on the wire.

    Client: no close frame received or sent. As a ``process_request``: ``InvalidMessage``, did not
    receive a valid HTTP response

    >>> import wslab
    >>> with wslab.serve(abort) as server:
    ...     wslab.talk(server.url, replies=1)
    Traceback (most recent call last):
        ...
    websockets.exceptions.ConnectionClosedError: no close frame received or sent
    """
    reset_when_closed(ws.transport.get_extra_info("socket"))
    ws.transport.abort()
    await ws.wait_closed()


async def stop_reading(ws: ServerConnection) -> None:
    """
    Read nothing any more and say nothing: a half-open connection.

    No PONG comes, which RFC 6455 §5.5.2 asks for. What the client sends fills buffers, a few MiB
    here, until ``send()`` waits; then ``close()`` waits too, whatever its ``close_timeout``.
    Unrealistic: TCP acknowledges what the buffers take. The transcript has what was read before.
    Stop the server with a short ``timeout``, since CLOSE is not read either.

    Client: 1011 keepalive ping timeout. Without keepalive: nothing at all
    """
    ws.transport.pause_reading()
    if ws.keepalive_task is not None:
        ws.keepalive_task.cancel()  # it would close with 1011 from here
    await ws.wait_closed()


async def ignore_pings(ws: ServerConnection) -> None:
    """
    Read on and answer CLOSE, but no PING (RFC 6455 §5.5.2).

    Client: 1011 keepalive ping timeout
    """
    write = ws.transport.write

    def write_no_pong(data: bytes) -> None:  # one frame at a time
        if data[0] & 0x0F != Opcode.PONG:
            write(data)

    ws.transport.write = write_no_pong  # type: ignore[method-assign, assignment]
    await _read_on(ws)


async def _read_on(ws: ServerConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:  # the client's CLOSE comes after its messages
            await ws.recv(decode=False)


def sends(*raw: bytes, name: str | None = None) -> Handler:
    """
    Make a handler that writes bytes as they are, then reads on until the client closes.

    Args:
        raw: The bytes; :func:`frame` makes frames, also bad ones.
        name: Name of the handler, so of its server; the first bytes by default.

    >>> import wslab
    >>> with wslab.serve(sends(frame(0x81, b"hi"), frame(0x83))) as server:
    ...     wslab.talk(server.url, replies=1)
    ['hi']
    """

    async def handler(ws: ServerConnection) -> None:
        """Write these bytes, then read on until the client closes: see :func:`sends`."""
        # Past websockets, which makes correct frames only; this transport records what it writes.
        for data in raw:
            ws.transport.write(data)
        await _read_on(ws)

    return _named(handler, name or f"sends {b''.join(raw)[:16].hex(' ')}")


garbage = sends(b"<html><title>502 Bad Gateway</title></html>", name="garbage")
impossible_length = sends(b"\x82\x7f" + (2**63).to_bytes(8), name="impossible_length")
reserved_opcode = sends(frame(0x83), name="reserved_opcode")
reserved_bit = sends(frame(0xA1, b"hi"), name="reserved_bit")
masked_frame = sends(frame(0x81, b"hi", MASKING_KEY), name="masked_frame")
invalid_utf8 = sends(frame(0x81, LATIN), name="invalid_utf8")
invalid_close_reason = sends(frame(0x88, (1000).to_bytes(2) + LATIN), name="invalid_close_reason")
invalid_close_code = sends(frame(0x88, (1006).to_bytes(2)), name="invalid_close_code")
fragmented_control_frame = sends(frame(0x09), name="fragmented_control_frame")
lone_continuation = sends(frame(0x80, b"hi"), name="lone_continuation")
interrupted_message = sends(frame(0x01, b"he"), frame(0x81, b"hi"), name="interrupted_message")
message_too_big = sends(frame(0x82, bytes(2**20 + 1)), name="message_too_big")


class _EnoughError(BaseException):
    """Out of a handler that asks for more messages than it is to get."""


def after(messages: int, handler: Handler, fault: Handler) -> Handler:
    """
    Make a handler that behaves like another for some messages, then does a fault.

    The fault comes as soon as ``handler`` asks for one message more, which ends it, or when it
    returns by itself; there is none if the connection is closed by then.

    Args:
        messages: How many messages ``handler`` receives, by ``recv()`` or ``async for``.
        handler: Behaves.
        fault: Any handler, such as another ``after(…)``.

    >>> import wslab
    >>> with wslab.serve(after(2, wslab.handlers.echo, abort)) as server:
    ...     wslab.talk(server.url, "a", "b", "c")
    Traceback (most recent call last):
        ...
    websockets.exceptions.ConnectionClosedError: no close frame received or sent
    """

    async def well_then_ill(ws: ServerConnection) -> None:
        receive, left = ws.recv, messages

        async def recv(decode: bool | None = None) -> Any:
            nonlocal left
            if not left:
                raise _EnoughError
            message = await receive(decode)
            left -= 1
            return message

        ws.recv = recv  # type: ignore[method-assign]  # iteration calls it as well
        try:
            await handler(ws)
        except* _EnoughError:  # also out of a task group
            pass
        finally:
            del ws.recv
        if ws.state is State.OPEN:
            await fault(ws)

    return _named(well_then_ill, f"{_name(handler)}, after {messages} {_name(fault)}")


def in_turn(*steps: Callable[..., Any] | None) -> Callable[..., Awaitable[Any]]:
    """
    Make one handler of several, one for each connection in turn; all that follow get the last one.

    It takes ``process_request`` and ``process_response`` functions as well. ``None`` does nothing.

    >>> import wslab
    >>> handler = in_turn(sends(frame(0x81, b"first")), wslab.handlers.echo)
    >>> with wslab.serve(handler) as server:
    ...     [wslab.talk(server.url, "hi") for connection in range(3)]
    [['first'], ['hi'], ['hi']]
    """
    left = deque(steps or [None])

    async def next_step(*args: Any) -> Any:
        step = left.popleft() if len(left) > 1 else left[0]
        result = step(*args) if step else None
        return await result if isinstance(result, Awaitable) else result

    return _named(next_step, f"in turn {', '.join(map(_name, steps))}")
