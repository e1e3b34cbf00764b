"""What fails inside a server's handlers and callbacks: into its transcript, not into some cell."""

from __future__ import annotations

import asyncio
import inspect
import logging
import traceback
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response
from websockets.protocol import State

from ._clock import perf_counter
from ._handler import not_async
from .transcript import Transcript
from .wire import HandlerError

if TYPE_CHECKING:
    from .recorder import RecordedConnection

# Characters of an exception's message, and of its traceback: it may quote all of a message.
KEEP_ERROR = 10_000

# What asyncio reports in its debug mode only (python -X dev, PYTHONASYNCIODEBUG=1): a client whose
# TLS handshake fails is no failure of the server's, in either mode.
ONLY_IN_DEBUG_MODE = ("Error on transport creation for incoming connection",)

__all__ = [
    "checked",
    "logger",
    "printable_lines",
    "record_background_failure",
    "record_failure",
    "run_handler",
]


async def run_handler(
    handler: Callable[[ServerConnection], Awaitable[None]], connection: RecordedConnection
) -> None:
    """Run a handler; what it raises is recorded, unless its client has only left."""
    task = asyncio.current_task()
    try:
        running = handler(connection)
        if not inspect.isawaitable(running):
            raise TypeError(not_async(handler))
        await running
    except BaseException as exc:
        if _is_regular_end(exc, connection):
            return
        # One that swallows its cancellation is closed in the end, by another task.
        if _was_cancelled(exc) or asyncio.current_task() is not task:
            raise
        record_failure(exc, connection.recorder.number, connection.recording.transcript)
        if isinstance(exc, Exception):
            raise
        # asyncio would let SystemExit and KeyboardInterrupt end the whole loop, and websockets
        # would take a CancelledError of the handler's own making for the end of its task.
        raise RuntimeError(f"the handler raised {type(exc).__name__}") from exc


def record_background_failure(context: dict[str, Any], transcript: Transcript) -> None:
    """
    Record what nobody awaits: asyncio would print it, in whichever cell runs.

    Args:
        context: What asyncio gives to the loop's exception handler.
        transcript: Where it is recorded.
    """
    if context.get("message") in ONLY_IN_DEBUG_MODE:
        return
    exc = context.get("exception")
    # A task that outlives its connection is told so by send(): nothing is wrong with that.
    if exc is not None and not isinstance(exc, ConnectionClosed):
        record_failure(exc, getattr(context.get("future"), "wslab_connection", 0), transcript)


def record_failure(
    exc: BaseException, number: int, transcript: Transcript, raised_by: str = "handler"
) -> None:
    """
    Record an exception.

    Args:
        exc: The exception.
        number: That of the connection which was served; 0 where there was none.
        transcript: Where it is recorded.
        raised_by: What raised it: see :class:`~wslab.wire.HandlerError`.
    """
    own = exc.__traceback__
    while own is not None and own.tb_frame.f_code.co_filename == __file__:
        own = own.tb_next
    # str(shown) is str(exc), or says that it failed.
    shown = traceback.TracebackException(type(exc), exc, own, compact=True)
    message, lines = _shorten(str(shown)), _shorten("".join(shown.format()))
    name = type(exc).__name__
    transcript.extend([HandlerError(number, name, message, lines, perf_counter(), raised_by)])


def checked(name: str, callback: Callable[..., Any]) -> Callable[..., Any]:
    """
    Return a ``process_request`` or ``process_response`` that raises if its result is none.

    ``websockets`` would end the connection and say nothing.

    Args:
        name: What it is.
        callback: A function, plain or ``async``.
    """

    def check(response: object) -> object:
        if response is None or isinstance(response, Response):
            return response
        raise TypeError(
            f"{name} must return None or a Response, such as "
            f'connection.respond(403, "no entry"), not {type(response).__name__}'
        )

    async def wait(response: Awaitable[object]) -> object:
        return check(await response)

    def call(*arguments: Any) -> object:
        response = callback(*arguments)
        return wait(response) if isinstance(response, Awaitable) else check(response)

    return call


class _HandshakeErrors(logging.Handler):
    """
    Records the exceptions of ``process_request`` and the like.

    ``websockets`` logs them with a traceback, which Python would print in whichever cell runs; and
    failed handlers too, which are recorded by then.
    """

    CALLBACKS = frozenset(
        f"{what} failed" for what in ("process_request", "process_response", "opening handshake")
    )

    def emit(self, record: logging.LogRecord) -> None:
        connection = getattr(record, "websocket", None)
        exc = record.exc_info[1] if record.exc_info else None
        recorder = getattr(connection, "recorder", None)
        if exc and connection and recorder and record.msg in self.CALLBACKS:
            transcript, raised_by = connection.recording.transcript, record.msg[: -len(" failed")]
            record_failure(exc, recorder.number, transcript, raised_by)


def _make_printable(record: logging.LogRecord) -> bool:
    """Whoever shows the log gets no control characters, and no message of a client in full."""
    if record.exc_info and record.exc_info[1]:
        record.exc_text = printable_lines("".join(traceback.format_exception(record.exc_info[1])))
    return True


logger = logging.getLogger("wslab.server")
logger.addFilter(_make_printable)
logger.addHandler(_HandshakeErrors())


def printable_lines(text: str) -> str:
    """
    Escape what a terminal would obey in a text of several lines, such as a traceback; cut it.

    >>> print(printable_lines("one\\ntwo\\x07"))
    one
    two\\x07
    """
    from .render import printable  # here, for import wslab is not to wait for what draws

    return "\n".join(printable(line, KEEP_ERROR) for line in _shorten(text).split("\n"))


def _shorten(text: str) -> str:
    return text if len(text) <= KEEP_ERROR else text[:KEEP_ERROR] + "…"


def _is_regular_end(exc: BaseException, connection: ServerConnection) -> bool:
    """
    Return whether a handler ended as it may: recv() or send() told it that the client is gone.

    Its own client, that is. If it is another handler's, it has failed.
    """
    if isinstance(exc, BaseExceptionGroup):  # out of a task group
        return all(_is_regular_end(each, connection) for each in exc.exceptions)
    return isinstance(exc, ConnectionClosed) and connection.state is not State.OPEN


def _was_cancelled(exc: BaseException) -> bool:
    """Return whether somebody cancelled the current task, rather than the task itself failed."""
    task = asyncio.current_task()
    cancelled = isinstance(exc, asyncio.CancelledError) and task is not None and task.cancelling()
    return bool(cancelled)
