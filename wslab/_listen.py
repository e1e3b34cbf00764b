"""The sockets that one server listens on: all its addresses, with one port."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve

__all__ = ["ANY", "TCP_ONLY", "Listening", "address_of", "listen"]

ATTEMPTS = 10
"""How often a port is looked for that is free on every address."""

ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""What stands for every address is no destination; these are."""

TCP_ONLY = (
    "serve() listens on TCP only: a Unix socket has no address that a browser, wslab.talk or "
    "server.url could have; use websockets.asyncio.server.unix_serve()"
)


class Listening:
    """The servers of ``websockets`` that are one server: one for each socket handed over."""

    def __init__(self, servers: Sequence[Server]) -> None:
        self._servers = servers

    @property
    def sockets(self) -> list[Any]:
        """The sockets, IPv4 first: asyncio has them in any order."""
        sockets = [sock for server in self._servers for sock in server.sockets]
        return sorted(sockets, key=lambda sock: sock.family != socket.AF_INET)

    @property
    def handler_tasks(self) -> set[asyncio.Task[None]]:
        """The tasks of the handlers that run."""
        return {task for server in self._servers for task in server.handler_tasks}

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop that they run on."""
        return self._servers[0].get_loop()

    def close(self) -> None:
        """Accept nobody any more and begin to close the connections."""
        for server in self._servers:
            server.close()

    async def wait_closed(self) -> None:
        """Wait until all handlers have returned."""
        for server in self._servers:
            await server.wait_closed()


async def listen(
    handler: Callable[[ServerConnection], Awaitable[None]],
    sockets: Iterable[socket.socket],
    options: dict[str, Any],
) -> Listening:
    """
    Run ``websockets`` on sockets that listen already; or on the host and port among the options.

    Several addresses get the same port, also where that is 0, which takes a free one.

    Raises:
        OSError: The port is taken.
    """
    if sockets := list(sockets):
        return await _listen_on(handler, sockets, options)
    for _ in range(ATTEMPTS):
        listening = Listening([await serve(handler, **options)])
        ports = [sock.getsockname()[1] for sock in listening.sockets]
        if options.get("port") != 0 or len(set(ports)) < 2:
            return listening
        # asyncio takes another port for each address.
        listening.close()
        await listening.wait_closed()
        with contextlib.suppress(OSError):  # that one is taken on another address
            return Listening([await serve(handler, **{**options, "port": ports[0]})])
    raise OSError(f"no port was found that is free on all addresses of {options.get('host')!r}")


async def _listen_on(
    handler: Callable[[ServerConnection], Awaitable[None]],
    sockets: Sequence[socket.socket],
    options: dict[str, Any],
) -> Listening:
    servers: list[Server] = []
    try:
        for sock in sockets:
            servers.append(await serve(handler, **{**options, "sock": sock}))
    except BaseException:
        Listening(servers).close()
        raise
    return Listening(servers)


def address_of(sock: Any) -> tuple[str, int]:
    """
    Return the host and the port that a socket is bound to.

    Raises:
        ValueError: It is no TCP socket.
    """
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        raise ValueError(TCP_ONLY)
    host, port = sock.getsockname()[:2]
    return str(host), int(port)
