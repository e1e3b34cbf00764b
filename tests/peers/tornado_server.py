"""An echo server by tornado, with permessage-deflate; on every path."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.web import Application
from tornado.websocket import WebSocketHandler


class Echo(WebSocketHandler):
    def get_compression_options(self) -> dict[str, Any]:
        return {}

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return "echo" if "echo" in subprotocols else None

    async def on_message(self, message: str | bytes) -> None:
        is_text = isinstance(message, str)
        data = message.encode() if isinstance(message, str) else message
        print(json.dumps([is_text, base64.b64encode(data).decode()]), flush=True)
        await self.write_message(message, binary=not is_text)


async def main() -> None:
    sock = socket.create_server(("127.0.0.1", 0))
    sock.setblocking(False)
    server = HTTPServer(Application([("/.*", Echo)], websocket_max_message_size=2**25))
    server.add_sockets([sock])
    print(sock.getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
