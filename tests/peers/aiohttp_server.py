"""An echo server by aiohttp, with permessage-deflate; on every path; [with TLS: CERTIFICATE]."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import sys

from aiohttp import WSMsgType, web


async def echo(request: web.Request) -> web.StreamResponse:
    ws = web.WebSocketResponse(compress=True, protocols=["echo"], max_msg_size=0)
    if not ws.can_prepare(request):
        return web.Response(text="<title>a page</title>", content_type="text/html")
    await ws.prepare(request)
    async for message in ws:
        is_text = message.type is WSMsgType.TEXT
        data = message.data.encode() if is_text else message.data
        print(json.dumps([is_text, base64.b64encode(data).decode()]), flush=True)
        await (ws.send_str(message.data) if is_text else ws.send_bytes(data))
    return ws


async def main() -> None:
    app = web.Application()
    app.router.add_get("/{path:.*}", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    context = None
    if certificates := sys.argv[1:]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificates)
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
