"""
The same application for each Python server: python apps.py NAME PORT [CERTIFICATE].

Its paths: /echo answers a text with its length and /sleep answers nothing for two seconds; /raises
and /returns do so once the connection is open, /early raises before, /no refuses; /bye closes with
4001 "bye". It needs only the server that is named. A certificate is for aiohttp alone.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

SLEEP = 2.0
BIG = 256 << 20  # no limit of this program, only the server's own

MANNERS = ("/raises", "/returns", "/early", "/no", "/bye", "/sleep", "/echo")


async def asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """For uvicorn, hypercorn and granian."""
    if scope["type"] == "lifespan":
        while True:
            event = await receive()
            await send({"type": f"{event['type']}.complete"})
            if event["type"] == "lifespan.shutdown":
                return
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b"no"})
        return
    path = scope["path"]
    await receive()  # websocket.connect
    if path == "/early":
        raise ValueError("a bug")
    if path == "/no":
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept"})
    if path == "/raises":
        raise ValueError("a bug")
    if path == "/returns":
        return
    if path == "/bye":
        await send({"type": "websocket.close", "code": 4001, "reason": "bye"})
        return
    while (event := await receive())["type"] == "websocket.receive":
        if path == "/sleep":
            await asyncio.sleep(SLEEP)
            continue
        data = event.get("text")
        length = len(data if data is not None else event["bytes"])
        await send({"type": "websocket.send", "text": str(length)})


def uvicorn(port: int) -> None:
    """With the implementation that it chooses itself."""
    import uvicorn

    uvicorn.run(asgi, host="127.0.0.1", port=port, log_level="critical")


def hypercorn(port: int) -> None:
    """On asyncio."""
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.errorlog = None
    asyncio.run(serve(asgi, config))  # type: ignore[arg-type]


def granian(port: int) -> None:
    """With one worker."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    Granian(
        f"{__file__}:asgi",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        log_level=LogLevels.critical,
        log_enabled=False,
    ).serve()


def aiohttp(port: int, certificate: str | None = None) -> None:
    """Its web server."""
    import ssl

    from aiohttp import WSMsgType, web

    async def handle(request: Any) -> Any:
        path = request.path
        if path == "/early":
            raise ValueError("a bug")
        if path == "/no":
            raise web.HTTPForbidden()
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        if path == "/raises":
            raise ValueError("a bug")
        if path == "/bye":
            await ws.close(code=4001, message=b"bye")
        if path in ("/echo", "/sleep"):
            async for message in ws:
                if path == "/sleep":
                    await asyncio.sleep(SLEEP)
                elif message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    await ws.send_str(str(len(message.data)))
        return ws

    app = web.Application()
    for path in MANNERS:
        app.router.add_get(path, handle)
    tls = None
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    web.run_app(app, host="127.0.0.1", port=port, print=None, ssl_context=tls)


def tornado(port: int) -> None:
    """Its web server."""
    import logging

    import tornado.web
    import tornado.websocket

    logging.disable()

    class Handler(tornado.websocket.WebSocketHandler):
        async def get(self, *args: Any) -> None:
            if self.request.path == "/early":
                raise ValueError("a bug")
            if self.request.path == "/no":
                raise tornado.web.HTTPError(403)
            await super().get(*args)

        async def open(self, *args: Any) -> None:
            if self.request.path == "/raises":
                raise ValueError("a bug")
            if self.request.path == "/bye":
                self.close(4001, "bye")
            if self.request.path == "/returns":
                self.close()  # returning means nothing here

        async def on_message(self, message: str | bytes) -> None:
            if self.request.path == "/sleep":
                await asyncio.sleep(SLEEP)
            else:
                await self.write_message(str(len(message)))

    async def main() -> None:
        app = tornado.web.Application([("/.*", Handler)])
        app.listen(port, "127.0.0.1")
        await asyncio.Event().wait()

    asyncio.run(main())


def picows(port: int) -> None:
    """A listener with callbacks."""
    from picows import WSListener, WSMsgType, ws_create_server

    class Listener(WSListener):
        def __init__(self, path: str) -> None:
            self.path = path

        def on_ws_connected(self, transport: Any) -> None:
            if self.path == "/raises":
                raise ValueError("a bug")
            if self.path == "/returns":
                transport.send_close(1000)  # returning means nothing here
            if self.path == "/bye":
                transport.send_close(4001, b"bye")

        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            if frame.msg_type in (WSMsgType.TEXT, WSMsgType.BINARY):
                transport.send(WSMsgType.TEXT, str(len(frame.get_payload_as_memoryview())).encode())
            elif frame.msg_type == WSMsgType.CLOSE:
                transport.send_close(frame.get_close_code(), frame.get_close_message())
                transport.disconnect()

    def create(request: Any) -> Any:
        path = request.path.decode()
        if path == "/early":
            raise ValueError("a bug")
        return None if path == "/no" else Listener(path)

    async def main() -> None:
        server = await ws_create_server(create, "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(main())


def websockets(port: int) -> None:
    """Its asyncio server, as it is."""
    import logging

    from websockets.asyncio.server import serve

    logging.disable()

    async def handle(ws: Any) -> None:
        path = ws.request.path
        if path == "/raises":
            raise ValueError("a bug")
        if path == "/bye":
            await ws.close(4001, "bye")
        if path in ("/echo", "/sleep"):
            async for message in ws:
                if path == "/sleep":
                    await asyncio.sleep(SLEEP)
                else:
                    await ws.send(str(len(message)))

    def check(connection: Any, request: Any) -> Any:
        if request.path == "/early":
            raise ValueError("a bug")
        return connection.respond(403, "") if request.path == "/no" else None

    async def main() -> None:
        async with serve(handle, "127.0.0.1", port, process_request=check) as server:
            await server.serve_forever()

    asyncio.run(main())


if __name__ == "__main__":
    globals()[sys.argv[1]](int(sys.argv[2]), *sys.argv[3:])
