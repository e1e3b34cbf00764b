"""Run a learner's handler for a while."""

from __future__ import annotations

import contextlib
import logging
import socket
import warnings
from collections.abc import Iterator
from typing import Any

from wslab._stubborn import GOES_ROUND
from wslab.server import serve
from wslab.service import STOP_TIMEOUT
from wslab.wire import HandlerError

from .finding import Fault, held_up, show
from .server import Server

__all__ = ["answering", "small_socket"]


def small_socket() -> socket.socket:
    """
    Return a listening socket, for the option ``sock``, whose connections hold next to nothing.

    So a client that does not read is noticed after little data.
    """
    # The protocol is named: otherwise asyncio leaves Nagle's algorithm on.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * 1024)  # accepted ones inherit it
    sock.bind(("127.0.0.1", 0))
    return sock


def _is_worth_logging(record: logging.LogRecord) -> bool:
    """Return False for what asyncio says of writing to a client that has just vanished."""
    return record.msg != "socket.send() raised exception."


@contextlib.contextmanager
def answering(handler: Any, **options: Any) -> Iterator[Server]:
    """
    Run the learner's handler for a while.

    Raises:
        Fault: It is not a handler, or it holds up the event loop.
    """
    options = {"ping_interval": None, **options}
    try:
        background = serve(handler, name=f"check {id(handler)}", **options)
    except TypeError as exc:
        expected = "an async function with one parameter, the connection"
        raise Fault(str(exc), sent="nothing", expected=expected, got=show(handler)) from None
    server = Server(background)
    timeout = STOP_TIMEOUT
    asyncio_logger = logging.getLogger("asyncio")
    asyncio_logger.addFilter(_is_worth_logging)
    try:
        yield server
    except BaseException:
        timeout = 0.2  # something is wrong already
        raise
    finally:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            background.stop(timeout)
        asyncio_logger.removeFilter(_is_worth_logging)
    if any("holds up" in str(warning.message) for warning in caught):
        raise held_up()
    if any(
        isinstance(record, HandlerError) and record.message == GOES_ROUND
        for record in background.transcript
    ):
        raise Fault(
            "the handler goes on for ever after its client has left: it catches ConnectionClosed",
            sent="CLOSE",
            expected="the handler returns once the connection is closed",
            got="calls of recv() or send() without an end",
            records=background.transcript.snapshot()[-12:],
        )
