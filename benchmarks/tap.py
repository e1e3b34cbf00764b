"""
What a tap costs: the same echo server, asked directly and through what stands in front of it.

    python benchmarks/tap.py                          # a good minute
    python benchmarks/tap.py --mitmdump PATH          # mitmproxy from an environment of its own
    python benchmarks/tap.py --seconds 5              # about ten seconds, and wider intervals

It prints a Markdown table. The server, the tap, nginx and mitmproxy run in a process each, as they
would; nginx and mitmproxy are left out where they are not installed. The floors are relays that do
nothing but pass on: one on asyncio, and one that is a loop around ``select`` and costs as little as
Python can. The client is in this process:
a learner's own, which is that of ``websockets.sync``, or a raw socket, so that little of the time
is its own. All ways are open at once and take turns of some milliseconds in random order; each turn
gives one ratio to the direct way in the same round, and the table has their median with its 95 %
interval (bootstrap over rounds). On a machine that does much else every additional process costs
more: compare what one run says, and nothing else.

nginx is as its manual says for WebSocket (proxy_http_version 1.1, Upgrade, Connection), with one
worker and no access log; mitmproxy is ``mitmdump --mode reverse``, quiet.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import random
import shlex
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

from websockets.sync.client import connect

from wslab.faults import RawClient, frame

TIMEOUT = 120.0
MASK = bytes.fromhex("37fa213d")

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


@contextlib.contextmanager
def python(code: str, *arguments: str) -> Iterator[int]:
    """Run a program that prints its port."""
    command = [sys.executable, "-c", code, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()


@contextlib.contextmanager
def proxy(make_command: Callable[[int], list[str]]) -> Iterator[int]:
    """Run a proxy on a free port; it is ready when it accepts."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = int(sock.getsockname()[1])
    with subprocess.Popen(
        make_command(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            deadline = time.monotonic() + TIMEOUT
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except ConnectionRefusedError:
                    if time.monotonic() > deadline or process.poll() is not None:
                        raise
                    time.sleep(0.05)
            yield port
        finally:
            process.terminate()


def ways(stack: ExitStack, mitmdump: str | None) -> dict[str, int]:
    """Start everything; return the port of each way to the server."""
    upstream = stack.enter_context(python(SERVER))
    ports = {"direct": upstream}
    ports["wslab.tap"] = stack.enter_context(python(TAP, f"ws://127.0.0.1:{upstream}"))
    for name, code in FLOORS.items():
        ports[name] = stack.enter_context(python(code, str(upstream)))
    if nginx := shutil.which("nginx"):
        folder = stack.enter_context(tempfile.TemporaryDirectory())

        def run_nginx(port: int) -> list[str]:
            config = Path(folder) / "nginx.conf"
            config.write_text(NGINX.format(folder=folder, port=port, upstream=upstream))
            return [nginx, "-p", folder, "-c", str(config)]

        ports["nginx"] = stack.enter_context(proxy(run_nginx))
    if mitmdump := mitmdump or shutil.which("mitmdump"):

        def run_mitmdump(port: int) -> list[str]:
            mode = f"reverse:http://127.0.0.1:{upstream}@{port}"
            return [mitmdump, "--mode", mode, "--listen-host", "127.0.0.1", "--quiet"]

        ports["mitmproxy"] = stack.enter_context(proxy(run_mitmdump))
    return ports


class RawEcho:
    """Sends a message as bytes and reads as many as its echo has."""

    def __init__(self, port: int, payload: int, stack: ExitStack) -> None:
        client = stack.enter_context(RawClient(f"ws://127.0.0.1:{port}", timeout=TIMEOUT))
        self._socket: socket.socket = client._socket
        self._message = frame(0x82, bytes(payload), MASK)
        self._size = len(frame(0x82, bytes(payload)))

    def __call__(self) -> None:
        self._socket.sendall(self._message)
        left = self._size
        while left:
            left -= len(self._socket.recv(min(left, 2**20)))


class LearnerEcho:
    """What a learner writes: send(), then recv()."""

    def __init__(self, port: int, payload: int, stack: ExitStack) -> None:
        url = f"ws://127.0.0.1:{port}"
        connection = connect(url, compression=None, max_size=None, proxy=None)
        self._ws = stack.enter_context(connection)
        self._message = bytes(payload)

    def __call__(self) -> None:
        self._ws.send(self._message)
        self._ws.recv(timeout=TIMEOUT)


def rate(echo: Callable[[], None], seconds: float) -> float:
    """Have a message echoed again and again; return how often in a second."""
    count, began = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - began) < seconds or not count:
        echo()
        count += 1
    return count / elapsed


def interval(ratios: list[float]) -> tuple[float, float]:
    """95 % interval of the median, by bootstrap."""
    rng = random.Random(0)
    medians = sorted(statistics.median(rng.choices(ratios, k=len(ratios))) for _ in range(1000))
    return medians[25], medians[974]


def measure(
    echoes: dict[str, Callable[[], None]], turn: float, seconds: float
) -> dict[str, list[float]]:
    """Let all ways take turns of so many seconds; return the rates of each, round by round."""
    rates: dict[str, list[float]] = {name: [] for name in echoes}
    rng = random.Random(0)
    for echo in echoes.values():
        rate(echo, turn)  # what is done once only, nobody has to wait for
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        for name in rng.sample(list(echoes), len(echoes)):
            rates[name].append(rate(echoes[name], turn))
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0].strip())
    parser.add_argument("--seconds", type=float, default=15, help="for each row")
    parser.add_argument("--mitmdump", help="mitmproxy's program")
    options = parser.parse_args()
    with ExitStack() as stack:
        ports = ways(stack, options.mitmdump)
        print(f"| what | {' | '.join(ports)} |")
        print(f"| --- |{' ---: |' * len(ports)}")
        for what, kind, payload, turn, unit in (
            ("32 bytes, round trips/s, learner's client", LearnerEcho, 32, 0.02, 1.0),
            ("32 bytes, round trips/s, raw socket", RawEcho, 32, 0.02, 1.0),
            ("1 MiB, MB/s each way, learner's client", LearnerEcho, 2**20, 0.1, 1.048576),
            ("1 MiB, MB/s each way, raw socket", RawEcho, 2**20, 0.1, 1.048576),
        ):
            with ExitStack() as clients:
                echoes = {name: kind(port, payload, clients) for name, port in ports.items()}
                rates = measure(echoes, turn, options.seconds)
            cells = [f"{unit * statistics.median(rates['direct']):,.0f}"]
            for name in list(ports)[1:]:
                ratios = [a / b for a, b in zip(rates[name], rates["direct"], strict=True)]
                low, high = interval(ratios)
                rate = unit * statistics.median(rates[name])
                cells.append(
                    f"{rate:,.0f} = {statistics.median(ratios):.2f} ({low:.2f}–{high:.2f})"
                )
            print(f"| {what} | {' | '.join(cells)} |", flush=True)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(
        f"\n`{shlex.join(['python', 'benchmarks/tap.py', *sys.argv[1:]])}`: websockets "
        f"{version('websockets')}, Python {platform.python_version()}, {os.cpu_count()} CPUs{load}"
    )


if __name__ == "__main__":
    main()
