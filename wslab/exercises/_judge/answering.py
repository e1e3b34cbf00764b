"""Run a learner's handler for a while."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import inspect
import logging
import socket
import warnings
from collections.abc import Coroutine, Iterator
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from wslab.server import serve
from wslab.service import STOP_TIMEOUT

from .finding import HELD_UP, Finding
from .interrupt import interrupt
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
        Finding: It is not a handler, or it holds up the event loop.
    """
    spinning: list[ServerConnection] = []
    connection = type("ServerConnection", (_Connection,), {"spinning": spinning})
    options = {"ping_interval": None, "create_connection": connection, **options}
    try:
        background = serve(handler, name=f"check {id(handler)}", **options)
    except TypeError as exc:
        raise Finding(str(exc)) from None
    running: list[Coroutine[Any, Any, None]] = []

    def start(ws: ServerConnection) -> Coroutine[Any, Any, None]:
        running.append(handler(ws))
        return running[-1]

    background.handler = start
    server = Server(background)
    thread = background._thread._thread if background._thread else None
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
        for coroutine in running:
            if inspect.getcoroutinestate(coroutine) == inspect.CORO_SUSPENDED:
                # It caught GeneratorExit, too; the garbage collector would print that, some day.
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(coroutine))
        if thread is not None and thread.is_alive():
            interrupt(thread)
    if any("holds up" in str(warning.message) for warning in caught):
        raise Finding(HELD_UP, expected="await, such as asyncio.sleep() instead of time.sleep()")
    if spinning:
        raise Finding(
            "the handler goes on for ever after its client has left: it catches ConnectionClosed",
            expected="the handler returns once the connection is closed",
            records=background.transcript.snapshot()[-12:],
        )


class _Connection(ServerConnection):
    """
    The learner's side of a connection, on which no handler can spin.

    A loop around ``recv()`` that catches everything never awaits once the connection is closed: it
    would hold up the event loop, and catch whatever is raised to end it. Here it waits instead.
    """

    spinning: list[ServerConnection]
    _in_vain = 0

    async def recv(self, *arguments: Any, **options: Any) -> Any:
        try:
            return await super().recv(*arguments, **options)
        except ConnectionClosed:
            await self._stop_spinning()
            raise

    async def send(self, *arguments: Any, **options: Any) -> None:
        try:
            await super().send(*arguments, **options)
        except ConnectionClosed:
            await self._stop_spinning()
            raise

    async def _stop_spinning(self) -> None:
        loop = asyncio.get_running_loop()
        if not self._in_vain:  # it is 0 again in the loop's next turn, if that comes
            loop.call_soon(setattr, self, "_in_vain", 0)
        self._in_vain += 1
        if self._in_vain == 50:
            self.spinning.append(self)
        if self._in_vain >= 50:
            await loop.create_future()
