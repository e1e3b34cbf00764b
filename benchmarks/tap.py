"""
What a tap costs: the same echo server, asked directly and through what stands in front of it.

    python benchmarks/tap.py                          # a good minute
    python benchmarks/tap.py --mitmdump PATH          # mitmproxy from an environment of its own
    python benchmarks/tap.py --seconds 5              # about ten seconds, and wider intervals

It prints a Markdown table. The server, the tap, nginx and mitmproxy run in a process each, as they
would; nginx and mitmproxy are left out where they are not installed. The floors are relays that do
nothing but pass on: one on asyncio, and one that is a loop around ``select`` and costs as little as
Python can. The client is in this process: a learner's own, which is that of ``websockets.sync``;
that of ``websockets.asyncio``, with which the aim of 0.6 was set, where nginx had 0.71; or a raw
socket, so that little of the time is its own. All ways are open at once and take turns of some
milliseconds in random order; each turn gives one ratio to the direct way in the same round, and the
table has their median with its 95 % interval (bootstrap over rounds). On a machine that does much
else every additional process costs more: compare what one run says, and nothing else.

Below the rows of a raw socket is the processor's time that the process takes for each round trip,
the server in the first column; other work on the machine disturbs that less.

nginx is as its manual says for WebSocket (proxy_http_version 1.1, Upgrade, Connection), with one
worker and no access log; mitmproxy is ``mitmdump --mode reverse``, quiet.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import functools
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
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

import psutil
from relays import FLOORS, NGINX, SERVER, TAP
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_async
from websockets.sync.client import connect

from wslab.faults import RawClient, frame

TIMEOUT = 120.0
MASK = bytes.fromhex("37fa213d")


@dataclasses.dataclass(frozen=True)
class Way:
    """
    A way to the server.

    Attributes:
        port: Where it begins.
        pid: Of the process that listens there.
    """

    port: int
    pid: int

    def cpu(self) -> float:
        """Seconds of a processor that the process and its children have taken."""
        process = psutil.Process(self.pid)
        times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
        return sum(each.user + each.system for each in times)


@contextlib.contextmanager
def python(code: str, *arguments: str) -> Iterator[Way]:
    """Run a program that prints its port."""
    command = [sys.executable, "-c", code, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield Way(int(process.stdout.readline()), process.pid)
        finally:
            process.kill()


@contextlib.contextmanager
def proxy(make_command: Callable[[int], list[str]]) -> Iterator[Way]:
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
            yield Way(port, process.pid)
        finally:
            process.terminate()


def start(stack: ExitStack, mitmdump: str | None) -> dict[str, Way]:
    """Start everything; return the ways to the server."""
    direct = stack.enter_context(python(SERVER))
    upstream = direct.port
    ways = {"direct": direct}
    ways["wslab.tap"] = stack.enter_context(python(TAP, f"ws://127.0.0.1:{upstream}"))
    for name, code in FLOORS.items():
        ways[name] = stack.enter_context(python(code, str(upstream)))
    if nginx := shutil.which("nginx"):
        folder = stack.enter_context(tempfile.TemporaryDirectory())

        def run_nginx(port: int) -> list[str]:
            config = Path(folder) / "nginx.conf"
            config.write_text(NGINX.format(folder=folder, port=port, upstream=upstream))
            return [nginx, "-p", folder, "-c", str(config)]

        ways["nginx"] = stack.enter_context(proxy(run_nginx))
    if mitmdump := mitmdump or shutil.which("mitmdump"):

        def run_mitmdump(port: int) -> list[str]:
            mode = f"reverse:http://127.0.0.1:{upstream}@{port}"
            return [mitmdump, "--mode", mode, "--listen-host", "127.0.0.1", "--quiet"]

        ways["mitmproxy"] = stack.enter_context(proxy(run_mitmdump))
    return ways


Turn: TypeAlias = Callable[[float], tuple[int, float]]
"""Has a message echoed again and again, for so many seconds; returns how often, and how long."""


def repeat(echo: Callable[[], None], seconds: float) -> tuple[int, float]:
    """Be a turn of what echoes a message once."""
    count, began = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - began) < seconds or not count:
        echo()
        count += 1
    return count, elapsed


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


class AsyncEcho:
    """The same in a program on asyncio."""

    def __init__(self, port: int, payload: int, stack: ExitStack) -> None:
        self._runner = stack.enter_context(asyncio.Runner())
        self._message = bytes(payload)
        self._ws = self._runner.run(self._connect(f"ws://127.0.0.1:{port}"))
        stack.callback(lambda: self._runner.run(self._ws.close()))

    async def _connect(self, url: str) -> ClientConnection:
        return await connect_async(url, compression=None, max_size=None, proxy=None)

    def turn(self, seconds: float) -> tuple[int, float]:
        """What :func:`repeat` does, in one go: the loop is not left in between."""
        return self._runner.run(self._turn(seconds))

    async def _turn(self, seconds: float) -> tuple[int, float]:
        count, began = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - began) < seconds or not count:
            await self._ws.send(self._message)
            await self._ws.recv()
            count += 1
        return count, elapsed


def raw(port: int, payload: int, stack: ExitStack) -> Turn:
    """Return turns of :class:`RawEcho`."""
    return functools.partial(repeat, RawEcho(port, payload, stack))


def learner(port: int, payload: int, stack: ExitStack) -> Turn:
    """Return turns of :class:`LearnerEcho`."""
    return functools.partial(repeat, LearnerEcho(port, payload, stack))


def program(port: int, payload: int, stack: ExitStack) -> Turn:
    """Return turns of :class:`AsyncEcho`."""
    return AsyncEcho(port, payload, stack).turn


ROWS: tuple[tuple[str, Callable[[int, int, ExitStack], Turn], int, float, float], ...] = (
    ("32 bytes, round trips/s, learner's client", learner, 32, 0.02, 1.0),
    ("32 bytes, round trips/s, asyncio's client", program, 32, 0.02, 1.0),
    ("32 bytes, round trips/s, raw socket", raw, 32, 0.02, 1.0),
    ("1 MiB, MB/s each way, learner's client", learner, 2**20, 0.1, 1.048576),
    ("1 MiB, MB/s each way, raw socket", raw, 2**20, 0.1, 1.048576),
)
"""What, its client, bytes of the payload, seconds of a turn, and the unit of the rate."""


def interval(ratios: list[float]) -> tuple[float, float]:
    """95 % interval of the median, by bootstrap."""
    rng = random.Random(0)
    medians = sorted(statistics.median(rng.choices(ratios, k=len(ratios))) for _ in range(1000))
    return medians[25], medians[974]


@dataclasses.dataclass
class Measured:
    """What one way has done: round trips per second, turn by turn, and how many in all."""

    rates: list[float] = dataclasses.field(default_factory=list)
    count: int = 0

    def note(self, count: int, elapsed: float) -> None:
        """Add a turn."""
        self.rates.append(count / elapsed)
        self.count += count


def measure(turns: Mapping[str, Turn], turn: float, seconds: float) -> dict[str, Measured]:
    """Let all ways take turns of so many seconds."""
    measured = {name: Measured() for name in turns}
    rng = random.Random(0)
    for name, take in turns.items():  # what is done once only, nobody has to wait for
        measured[name].count = take(turn)[0]
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        for name in rng.sample(list(turns), len(turns)):
            measured[name].note(*turns[name](turn))
    return measured


def row(what: str, measured: Mapping[str, Measured], unit: float) -> str:
    """Return the direct way's rate, and that of each other one with its ratio to it."""
    direct = measured["direct"].rates
    cells = [f"{unit * statistics.median(direct):,.0f}"]
    for name in list(measured)[1:]:
        rates = measured[name].rates
        ratios = [a / b for a, b in zip(rates, direct, strict=True)]
        low, high = interval(ratios)
        rate = unit * statistics.median(rates)
        cells.append(f"{rate:,.0f} = {statistics.median(ratios):.2f} ({low:.2f}–{high:.2f})")
    return f"| {what} | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0].strip())
    parser.add_argument("--seconds", type=float, default=15, help="for each row")
    parser.add_argument("--mitmdump", help="mitmproxy's program")
    options = parser.parse_args()
    with ExitStack() as stack:
        ways = start(stack, options.mitmdump)
        print(f"| what | {' | '.join(ways)} |")
        print(f"| --- |{' ---: |' * len(ways)}")
        for what, make, payload, turn, unit in ROWS:
            with ExitStack() as clients:
                turns = {name: make(way.port, payload, clients) for name, way in ways.items()}
                before = {name: way.cpu() for name, way in ways.items()}
                measured = measure(turns, turn, options.seconds)
            print(row(what, measured, unit), flush=True)
            if make is raw:  # outside of its turns what stands in between has nothing to do
                cells = [
                    f"{1e6 * (way.cpu() - before[name]) / measured[name].count:,.1f}"
                    for name, way in ways.items()
                ]
                size = what.partition(",")[0]
                print(f"| {size}, its CPU for each of them, µs | {' | '.join(cells)} |", flush=True)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(
        f"\n`{shlex.join(['python', 'benchmarks/tap.py', *sys.argv[1:]])}`: websockets "
        f"{version('websockets')}, Python {platform.python_version()}, {os.cpu_count()} CPUs{load}"
    )


if __name__ == "__main__":
    main()
