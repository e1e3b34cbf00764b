"""The programs that tap.py measures: the server, the tap, and what else can stand between."""

from __future__ import annotations

SERVER = """
import asyncio, contextlib
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

async def echo(ws):
    with contextlib.suppress(ConnectionClosed):
        while True:
            await ws.send(await ws.recv())

async def main():
    async with serve(echo, "127.0.0.1", 0, compression=None, max_size=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()

asyncio.run(main())
"""

TAP = """
import sys, wslab
tap = wslab.tap(sys.argv[1])
print(tap.port, flush=True)
sys.stdin.read()
"""

FLOORS = {
    "asyncio floor": """
import asyncio, sys
BUFFER = memoryview(bytearray(256 * 1024))

class End(asyncio.BufferedProtocol):
    def __init__(self, other=None):
        self.other = other
    def connection_made(self, transport):
        self.transport = transport
        if self.other is None:
            transport.pause_reading()
            asyncio.ensure_future(self.connect())
    async def connect(self):
        self.other = End(self)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self.other, "127.0.0.1", int(sys.argv[1]))
        self.transport.resume_reading()
    def get_buffer(self, sizehint):
        return BUFFER
    def buffer_updated(self, nbytes):
        self.other.transport.write(bytes(BUFFER[:nbytes]))
    def connection_lost(self, exc):
        self.other.transport.close()

async def main():
    server = await asyncio.get_running_loop().create_server(End, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Future()

asyncio.run(main())
""",
    "select floor": """
import selectors, socket, sys
buffer = memoryview(bytearray(256 * 1024))
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
selector = selectors.DefaultSelector()
selector.register(listener, selectors.EVENT_READ)
while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            ends = listener.accept()[0], socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            for end, other in (ends, ends[::-1]):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(end, selectors.EVENT_READ, other)
        elif key.fileobj.fileno() >= 0:
            try:
                if count := key.fileobj.recv_into(buffer):
                    key.data.sendall(buffer[:count])
                    continue
            except OSError:
                pass
            for end in (key.fileobj, key.data):
                selector.unregister(end)
                end.close()
""",
}

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 100; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{upstream}; proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";
    }}
  }}
}}
"""
