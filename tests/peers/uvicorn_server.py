"""An echo server by uvicorn with an ASGI application, with permessage-deflate; on every path."""

from __future__ import annotations

import base64
import json
import socket
from typing import Any

import uvicorn


async def echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "websocket":
        return
    await receive()
    wanted = "echo" if "echo" in scope["subprotocols"] else None
    await send({"type": "websocket.accept", "subprotocol": wanted})
    while (event := await receive())["type"] == "websocket.receive":
        text, data = event.get("text"), event.get("bytes")
        raw = data if text is None else text.encode()
        print(json.dumps([text is not None, base64.b64encode(raw).decode()]), flush=True)
        await send({"type": "websocket.send", "text": text, "bytes": data})


if __name__ == "__main__":
    sock = socket.create_server(("127.0.0.1", 0))
    print(sock.getsockname()[1], flush=True)
    config = uvicorn.Config(echo, lifespan="off", log_level="critical", ws_max_size=2**25)
    uvicorn.Server(config).run(sockets=[sock])
