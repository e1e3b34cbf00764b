"""A bench for a handler: a bare server of ``websockets`` that runs it, and all that it logs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, serve
from websockets.exceptions import ConnectionClosed, WebSocketException

LIMIT = 3.0  # seconds; nothing here takes a tenth of it unless something is wrong
KEEPALIVE = {"ping_interval": 1.0, "ping_timeout": 1.0, "close_timeout": 0.5}

# What a client of websockets raises where the connection has ended; the second one if TCP ended
# while it still had something to write (Python before 3.14).
GONE = (ConnectionClosed, AttributeError)


@dataclass
class Bench:
    """
    A handler under bare ``websockets``.

    Attributes:
        url: Where it listens.
        server: The server of ``websockets``.
        opening: What a client has to say first.
        says: What it may say then: messages that the handler understands.
        raised: What the server logged as an error, and what tasks raised that nobody awaited.
        before: The tasks that were there before.
    """

    url: str
    server: Server
    opening: list[str | bytes]
    says: list[str | bytes]
    raised: list[BaseException | str] = field(default_factory=list)
    before: set[asyncio.Task[Any]] = field(default_factory=set)

    def errors(self, gone_is_fine: bool = False) -> list[str]:
        """What was raised, in words; perhaps without what only says that the client is gone."""
        return [
            f"logged {raised!r:.200}"
            for raised in self.raised
            if not (gone_is_fine and only_says_gone(raised))
        ]

    def tasks(self) -> set[asyncio.Task[Any]]:
        """The tasks that the server, its handlers and the case have now."""
        current = asyncio.current_task()
        return {task for task in asyncio.all_tasks() - self.before if task is not current}

    async def left(self) -> list[str]:
        """Wait until no task is left; name those that are."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LIMIT):
                while tasks := self.tasks():
                    await asyncio.wait(tasks)
        return [f"a task is left: {task.get_coro()!r}" for task in self.tasks()]

    async def open(self, **options: Any) -> ClientConnection:
        """Connect and say what has to be said first."""
        ws = await connect(self.url, compression=None, ping_interval=None, **options)
        with contextlib.suppress(*GONE):
            for message in self.opening:
                await ws.send(message)
        return ws


def only_says_gone(raised: BaseException | str) -> bool:
    """Return whether an exception is ConnectionClosed, or a group of nothing else."""
    if isinstance(raised, BaseExceptionGroup):
        return all(map(only_says_gone, raised.exceptions))
    return isinstance(raised, ConnectionClosed)


def cut(ws: ClientConnection) -> None:
    """End the TCP connection with nothing said, as a cable does."""
    # A transport that has ended already has no loop any more (asyncio, until 3.13).
    with contextlib.suppress(AttributeError):
        ws.transport.abort()


class _Collect(logging.Handler):
    def __init__(self, raised: list[BaseException | str]) -> None:
        super().__init__(logging.ERROR)
        self.raised = raised

    def emit(self, record: logging.LogRecord) -> None:
        exc_info = record.exc_info
        found = exc_info[1] if exc_info else None
        # Of a handshake that was given up, the library says so as well; that is no fault of ours.
        if "opening handshake failed" not in record.getMessage() or not _refused(found):
            self.raised.append(found or record.getMessage())


def _only_errors(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR


def _refused(found: BaseException | None) -> bool:
    """Return whether a handshake failed because of the client, not by a bug."""
    return isinstance(found, WebSocketException | EOFError | OSError | TimeoutError)


@contextlib.asynccontextmanager
async def bench(
    handler: Callable[[Any], Awaitable[None]],
    *,
    options: dict[str, Any] | None = None,
    path: str = "/",
    opening: list[str | bytes] | None = None,
    says: list[str | bytes] | None = None,
) -> AsyncIterator[Bench]:
    """Run a handler under bare ``websockets`` for the length of a block, whatever it does."""
    raised: list[BaseException | str] = []
    logger = logging.Logger("taught")
    logger.addHandler(_Collect(raised))
    # It warns of each write to a connection that has just been lost ("socket.send() raised
    # exception."), which broadcast() cannot know of in the same turn of the loop.
    own = logging.getLogger("asyncio")
    own.addFilter(_only_errors)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(
        lambda loop, context: raised.append(context.get("exception") or context["message"])
    )
    given = {**KEEPALIVE, **(options or {}), "logger": logger}
    before = asyncio.all_tasks()
    server = await serve(handler, "127.0.0.1", 0, **given)
    host, port = server.sockets[0].getsockname()
    made = Bench(f"ws://{host}:{port}{path}", server, opening or [], says or [], raised, before)
    try:
        yield made
    finally:
        own.removeFilter(_only_errors)
        for connection in list(server.connections):
            connection.transport.abort()
        for task in made.tasks():
            task.cancel()
        if made.tasks():
            await asyncio.wait(made.tasks(), timeout=LIMIT)
        server.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LIMIT):
                await server.wait_closed()
        await asyncio.sleep(0)  # for what a transport that was aborted does in the next turn
