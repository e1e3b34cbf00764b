"""Run a learner's handler for a while."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import logging
import socket
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from wslab._clock import perf_counter
from wslab._patient import GOES_ROUND
from wslab.server import serve
from wslab.wire import HandlerError

from .finding import Fault, held_up, show
from .limits import note_in_vain, waited_in_vain
from .server import Server

__all__ = ["answering", "once_a_check", "one_server", "small_socket"]

T = TypeVar("T")

_PATIENCE = 0.2
"""Seconds for handlers to return; what runs on then is cancelled, and no rule looks at that."""

_SETTLE_TIMEOUT = 0.5
"""Seconds for handlers to return before the next rule begins, on the same server."""

_IN_A_HURRY = 0.02
"""Seconds for both, once something has not come in time in the same check."""

# The servers of the check that is running: for a handler, and whether its connections are small.
_kept: contextvars.ContextVar[dict[tuple[int, bool], Server] | None]
_kept = contextvars.ContextVar("servers of a check", default=None)

_looks: contextvars.ContextVar[dict[tuple[Any, int], Any] | None]
_looks = contextvars.ContextVar("what rules of a check have looked at", default=None)


@contextlib.contextmanager
def one_server() -> Iterator[None]:
    """
    Let all blocks of :func:`answering` in here have one server, as a learner would have.

    What a handler shares, such as an :class:`asyncio.Lock`, belongs to one event loop for ever.
    """
    servers: dict[tuple[int, bool], Server] = {}
    token, waited, looks = _kept.set(servers), waited_in_vain.set([]), _looks.set({})
    try:
        yield
    finally:
        _kept.reset(token)
        _looks.reset(looks)
        waited_in_vain.reset(waited)
        for server in servers.values():
            _stop(server)


def once_a_check(look: Callable[[Any], T]) -> Callable[[Any], T]:
    """
    Let several rules look at the same conversation, where it takes time.

    Within :func:`one_server`, it is had once for each answer.

    Args:
        look: Called with the answer; returns what rules judge.
    """

    @functools.wraps(look)
    def looked(answer: Any) -> T:
        looks = _looks.get()
        if looks is None:
            return look(answer)
        if (look, id(answer)) not in looks:
            looks[look, id(answer)] = look(answer)
        result: T = looks[look, id(answer)]
        return result

    return looked


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
def answering(handler: Any, *, small: bool = False, **options: Any) -> Iterator[Server]:
    """
    Run the learner's handler for a while; within :func:`one_server`, on the server that is there.

    Args:
        handler: The learner's.
        small: Whether connections hold next to nothing, see :func:`small_socket`.
        options: For :func:`wslab.serve`; with any of them it is a server of its own.

    Raises:
        Fault: It is not a handler, or it holds up the event loop.
    """
    kept = None if options else _kept.get()
    key = (id(handler), small)
    server = kept.pop(key, None) if kept else None
    if server is None:
        server = _start(handler, {"sock": small_socket(), **options} if small else options)
    began = perf_counter()
    try:
        yield server
    except BaseException:
        _stop(server)
        raise
    if kept is not None and _settles(server):
        kept[key] = server
    elif _stop(server):
        raise held_up()
    _expect_no_rounds(server, began)


def _settles(server: Server) -> bool:
    """Wait until all handlers have returned; return whether they have."""
    seconds = _IN_A_HURRY if waited_in_vain.get() else _SETTLE_TIMEOUT
    settles = server.wait_for_handlers(timeout=seconds)
    if not settles:
        note_in_vain(seconds)
    return settles


def _start(handler: Any, options: dict[str, Any]) -> Server:
    name = f"check {id(handler)} {id(options)}"
    try:
        background = serve(handler, name=name, **{"ping_interval": None, **options})
    except TypeError as exc:
        if "sock" in options:
            options["sock"].close()
        expected = "an async function with one parameter, the connection"
        raise Fault(str(exc), sent="nothing", expected=expected, got=show(handler)) from None
    return Server(background)


def _stop(server: Server) -> bool:
    """Stop it; return whether its event loop was held up."""
    asyncio_logger = logging.getLogger("asyncio")
    asyncio_logger.addFilter(_is_worth_logging)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        server.background.stop(_IN_A_HURRY if waited_in_vain.get() else _PATIENCE)
    asyncio_logger.removeFilter(_is_worth_logging)
    return any("holds up" in str(warning.message) for warning in caught)


def _expect_no_rounds(server: Server, began: float) -> None:
    """Expect that no handler went on for ever on a closed connection since then."""
    if any(
        isinstance(record, HandlerError) and record.message == GOES_ROUND and record.time >= began
        for record in server.background.transcript
    ):
        raise Fault(
            "the handler goes on for ever after its client has left: it catches ConnectionClosed",
            sent="CLOSE",
            expected="the handler returns once the connection is closed",
            got="calls of recv() or send() without an end",
            records=server.background.transcript.snapshot()[-12:],
        )
