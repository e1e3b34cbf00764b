"""
The kernel's half of ``page.js``: what the notebook's page asks of it past Jupyter's queue.

JupyterLite gives a kernel one message after the other, and those of widgets only when all cells
that are queued are done. A cell may wait for just such a message; a kernel elsewhere gets them on a
subshell meanwhile. So they come by a channel of the browser's too, as does the interrupt.
"""

from __future__ import annotations

import collections
import sys
from typing import Any

import js
from pyodide.ffi import create_proxy

from . import _threads
from ._cell import cell
from ._parking import Waiters, park, wake

__all__ = ["listen"]

CHANNEL = "wslab"
KEEP = 1000  # messages that came by one way, and may yet come by the other


def listen() -> None:
    """Listen to the page, where there is one."""
    if cell.kernel is None:
        return
    shortcut = _Shortcut(cell.kernel.comm_manager)
    channel: Any = js.BroadcastChannel.new(CHANNEL)
    channel.onmessage = create_proxy(shortcut.hear)


class _Shortcut:
    """
    Messages that come by both ways, and are delivered once, by the way that is faster.

    Args:
        manager: The kernel's comm manager.
    """

    def __init__(self, manager: Any) -> None:
        self._manager = manager
        self._delivered: collections.deque[str] = collections.deque(maxlen=KEEP)
        self._native = manager.comm_msg
        manager.comm_msg = self._comm_msg
        self._heard: collections.deque[dict[str, Any]] = collections.deque()
        self._waiters: Waiters = collections.deque()
        _threads.start_new_thread(self._deliver)

    def hear(self, event: Any) -> None:
        """Do what a page asks for, if it asks this kernel; all of the site share the channel."""
        message = event.data.to_py()
        match message:
            case {"op": "comm", "content": {"comm_id": str(name)}} if name in self._manager.comms:
                self._heard.append(message)
                wake(self._waiters)
            case {"op": "interrupt", "session": session} if session == cell.session:
                cell.interrupt()

    def _comm_msg(self, stream: object, ident: object, message: dict[str, Any]) -> None:
        number = message["header"]["msg_id"]
        if number not in self._delivered:
            self._delivered.append(number)
            self._native(stream, ident, message)

    def _deliver(self) -> None:
        # On one thread, as a subshell has: a message may wait there, and none overtakes it.
        while True:
            while not self._heard:
                park(self._waiters)
            try:
                self._comm_msg(None, None, self._heard.popleft())
            except Exception:
                sys.excepthook(*sys.exc_info())
