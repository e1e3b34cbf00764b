"""
The kernel's half of ``page.js``: what the notebook's page asks of the kernel past Jupyter's queue.

A page cannot reach a server in a tab over its network. So each ``WebSocket`` that it opens becomes
a client of ``websockets`` here, which does handshake and framing, on a thread of its own: a
browser's network does not wait for a cell either. Messages of widgets and the interrupt come the
same way, since JupyterLite would deliver them only after all cells that are queued.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import js
from pyodide.ffi import create_proxy, to_js

from . import _network, _threads
from ._cell import cell

__all__ = ["start"]

CHANNEL = "wslab"
CONNECT_TIMEOUT = 10.0

_me = str(js.crypto.randomUUID())  # of all the kernels that listen
_channel: Any = js.BroadcastChannel.new(CHANNEL)


class _Clients:
    """The page's connections, by the number that the page gave them."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._inboxes: dict[str, asyncio.Queue[dict[str, Any]]] = {}

    def open(self, request: dict[str, Any]) -> None:
        """Begin a connection, on the thread that has them all."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            # Not by threading, which waits for a thread to begin: JavaScript is calling.
            _threads.start_new_thread(self._loop.run_forever)
        self._inboxes[request["id"]] = asyncio.Queue()
        asyncio.run_coroutine_threadsafe(self._be_client(request), self._loop)

    def hand_over(self, message: dict[str, Any]) -> None:
        """Give a message of the page to its connection, if that one is still there."""
        inbox = self._inboxes.get(message["id"])
        if inbox is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(inbox.put_nowait, message)

    async def _be_client(self, request: dict[str, Any]) -> None:
        from websockets.asyncio.client import connect
        from websockets.exceptions import ConnectionClosed

        number = request["id"]
        code, reason, clean = 1006, "", False
        try:
            async with connect(
                _address(request["url"]),
                origin=request["origin"],
                subprotocols=list(request["protocols"]) or None,
                user_agent_header=request["agent"],
                compression=None,  # so that the transcript shows what was sent
                ping_interval=None,  # a browser sends none
                max_size=None,
                open_timeout=CONNECT_TIMEOUT,
                proxy=None,
            ) as ws:
                _tell(op="opened", id=number, protocol=ws.subprotocol or "")
                sender = asyncio.create_task(self._send(ws, self._inboxes[number]))
                try:
                    while True:
                        _tell(op="message", id=number, data=await ws.recv())
                except ConnectionClosed:
                    pass
                finally:
                    sender.cancel()
                if ws.protocol.close_rcvd is not None:
                    code, reason, clean = ws.close_code or 1005, ws.close_reason or "", True
        except Exception:  # whatever it was: a browser tells a script no more than this
            pass
        finally:
            del self._inboxes[number]
            _tell(op="closed", id=number, code=code, reason=reason, clean=clean)

    async def _send(self, ws: Any, inbox: asyncio.Queue[dict[str, Any]]) -> None:
        while (message := await inbox.get())["op"] == "send":
            data = message["data"]
            await ws.send(data if isinstance(data, str) else bytes(data))
        await ws.close(message["code"] or 1000, message["reason"])


_clients = _Clients()
_seen: set[str] = set()  # messages of widgets that came by both ways


def start() -> None:
    """Listen to the page, where there is one."""
    _channel.onmessage = create_proxy(_on_message)
    kernel = cell.kernel
    if kernel is not None:
        manager = kernel.comm_manager
        native = manager.comm_msg

        def comm_msg(stream: object, ident: object, message: dict[str, Any]) -> None:
            if message["header"]["msg_id"] not in _seen:
                native(stream, ident, message)

        manager.comm_msg = comm_msg


def _on_message(event: Any) -> None:
    message = event.data.to_py()
    match message["op"]:
        case "open" if _network.listener_on(urlsplit(_address(message["url"])).port or 80):
            _tell(op="claim", id=message["id"], kernel=_me)
        case "accept" if message["kernel"] == _me:
            _clients.open(message)
        case "send" | "close":
            _clients.hand_over(message)
        case "comm":
            _deliver(message)
        case "interrupt" if message["session"] == cell.session:
            cell.interrupt()


def _deliver(message: dict[str, Any]) -> None:
    kernel = cell.kernel
    if kernel is None or message["content"]["comm_id"] not in kernel.comm_manager.comms:
        return  # another kernel's
    _seen.add(message["header"]["msg_id"])
    comm = kernel.comm_manager.comms[message["content"]["comm_id"]]
    # On a thread, as JupyterLab has it of a kernel with subshells: it may have to wait.
    _threads.start_new_thread(comm.handle_msg, (message,))


def _address(url: str) -> str:
    """The address in the tab of a URL that the page asks for; by a proxy's path, too."""
    parts = urlsplit(url)
    if parts.path.startswith("/proxy/"):
        port, _, path = parts.path.removeprefix("/proxy/").partition("/")
        parts = parts._replace(netloc=f"127.0.0.1:{port}", path=f"/{path}")
    return parts._replace(scheme="ws").geturl()


def _tell(**message: Any) -> None:
    _channel.postMessage(to_js(message, dict_converter=js.Object.fromEntries))
