"""
The kernel's own event loop, with connections.

Pyodide's ``WebLoop`` runs callbacks in turns of the browser's event loop and knows no sockets. Here
it gets asyncio's own: the methods of ``BaseSelectorEventLoop`` over :mod:`._sockets`. While a cell
waits without ``await``, this loop stands still, as it does in any kernel.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import weakref
from asyncio import base_events, selector_events
from collections.abc import Callable
from typing import Any

from pyodide import webloop

from ._parking import begin, turns
from ._selector import Selector
from ._sockets import getaddrinfo

__all__ = ["KernelLoop", "attach"]

_CONNECTIONS = [
    *("create_connection", "create_server", "create_datagram_endpoint", "start_tls"),
    *("_ensure_resolved", "_create_server_getaddrinfo", "_create_connection_transport"),
    "_connect_sock",
]
_SOCKETS = [
    *("add_reader", "add_writer", "remove_reader", "remove_writer"),
    *("_remove_reader", "_remove_writer", "_ensure_fd_no_transport", "_make_socket_transport"),
    *("_start_serving", "_accept_connection", "_accept_connection2", "_stop_serving"),
    *("sock_recv", "sock_recv_into", "sock_sendall", "sock_connect", "sock_accept"),
    *("_sock_recv", "_sock_recv_into", "_sock_sendall", "_sock_connect", "_sock_connect_cb"),
    *("_sock_accept", "_sock_read_done", "_sock_write_done", "_process_events"),
]


class KernelLoop(webloop.WebLoop):  # type: ignore[misc]
    """A ``WebLoop`` whose readers and writers a :class:`Selector` finds."""

    slow_callback_duration = 0.1  # asyncio's, in debug mode

    def _attach(self) -> None:
        self._selector = Selector(self._poll_soon)
        self._transports: Any = weakref.WeakValueDictionary()
        self._polling = False
        self._pool: concurrent.futures.ThreadPoolExecutor | None = None

    def _poll_soon(self) -> None:
        if not self._polling:
            self._polling = True
            self.call_soon(self._poll)

    def _poll(self) -> None:
        self._polling = False
        if ready := self._selector.ready():
            self._process_events(ready)
            self._poll_soon()

    def _add_callback(self, handle: asyncio.Handle) -> None:
        self.call_soon(lambda: None if handle.cancelled() else handle._run())

    def _add_reader(self, fd: Any, callback: Callable[..., object], *args: Any) -> asyncio.Handle:
        handle = _method("_add_reader")(self, fd, callback, *args)
        self._poll_soon()
        return handle  # type: ignore[no-any-return]

    def _add_writer(self, fd: Any, callback: Callable[..., object], *args: Any) -> asyncio.Handle:
        handle = _method("_add_writer")(self, fd, callback, *args)
        self._poll_soon()
        return handle  # type: ignore[no-any-return]

    def call_later(
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        """Call back after so many seconds, as a call of Python of its own."""
        handle: asyncio.Handle = super().call_later(
            delay, _call_back, callback, *args, context=context
        )
        return handle

    def _decrement_in_progress(self, fut: object = None) -> None:
        # Not with the future: WebLoop takes for unhandled what nobody has asked for yet. asyncio's
        # own futures tell of an exception when nobody can ask for it any more.
        super()._decrement_in_progress()

    def run_in_executor(
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Call a function in a thread."""
        if executor is None:
            self._pool = executor = self._pool or concurrent.futures.ThreadPoolExecutor(
                thread_name_prefix="asyncio"
            )
        return asyncio.wrap_future(executor.submit(func, *args), loop=self)

    async def getaddrinfo(self, host: Any, port: Any, **options: int) -> list[Any]:
        """Look a name up, which takes no time here."""
        return getaddrinfo(host, port, **options)


def _call_back(callback: Callable[..., object], *args: Any) -> None:
    begin()
    callback(*args)


def _method(name: str) -> Any:
    return getattr(selector_events.BaseSelectorEventLoop, name)


for _name in _CONNECTIONS:
    setattr(KernelLoop, _name, getattr(base_events.BaseEventLoop, _name))
for _name in _SOCKETS:
    setattr(KernelLoop, _name, _method(_name))


def attach() -> None:
    """Make the loop that the kernel already runs one of these."""
    # By a message instead of setTimeout(), and not while a cell waits.
    webloop.scheduleCallback = turns.schedule
    loop: Any = asyncio.get_event_loop()
    loop.__class__ = KernelLoop
    loop._attach()
