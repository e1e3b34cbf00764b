"""
What recording costs: the same echo work with ``wslab.serve`` and with bare ``websockets``.

    python benchmarks/recording.py            # a good minute
    python benchmarks/recording.py --quick    # about ten seconds, and wider intervals

It prints a Markdown table. Two things on one machine rarely run at the same speed twice, so
nothing is compared with a number from another run:

- Both servers live in this process, each on a thread of its own, with the same handler and the
  same options. They take turns of a few milliseconds, in random order.
- Each turn gives one ratio; the table has their median. The interval is a bootstrap over sittings,
  a sitting being the turns of one pair of freshly started servers: where their buffers happen to
  lie in memory moves MB/s of identical code by a tenth, so the turns of a sitting are alike.
- The process stays on one CPU where the system allows, which is the sharpest view: no time passes
  in waking another CPU. ``--unpinned`` lets it use all of them, as a notebook's kernel does.
- The garbage collector begins each sitting with nothing to collect and stays on: what recording
  leaves to it counts.
- ``--control`` compares the bare server with a second one like it. Ratios that differ from 1 there
  say how far to trust the others.

Memory is what ``tracemalloc`` counts in a process that runs only the server, a new one each time.
It is exact to a few bytes and works everywhere; the resident set grows by whole arenas of the
allocator. The operating system's socket buffers are in neither, and are the same for both.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import concurrent.futures
import contextlib
import dataclasses
import gc
import itertools
import multiprocessing
import os
import platform
import random
import shlex
import socket
import statistics
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from importlib.metadata import version
from multiprocessing.connection import Connection
from typing import Any, Protocol, TypeAlias, TypeVar
from urllib.parse import urlsplit

from websockets.asyncio.server import serve
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

import wslab

CONNECTIONS = 200  # few enough for macOS, where a process may open 256 files
TIMEOUT = 30.0  # also on a machine that does much else

T = TypeVar("T")


class Server(Protocol):
    """What both servers have in common."""

    @property
    def url(self) -> str: ...
    def stop(self) -> None: ...


class BareServer:
    """What one writes without wslab: a ``websockets`` server on a thread of its own."""

    def __init__(self) -> None:
        self._ready: concurrent.futures.Future[int] = concurrent.futures.Future()
        self._thread = threading.Thread(target=asyncio.run, args=(self._main(),), daemon=True)
        self._thread.start()
        self.url = f"ws://127.0.0.1:{self._ready.result(TIMEOUT)}"

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        async with serve(wslab.handlers.echo, "127.0.0.1", 0, compression=None) as server:
            self._ready.set_result(server.sockets[0].getsockname()[1])
            await self._stop.wait()

    def stop(self) -> None:
        """Stop the server; return when its thread has ended."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(TIMEOUT)


def recording_server() -> Server:
    """Start the server that is compared with the bare one."""
    return wslab.serve(wslab.handlers.echo, name="benchmark")


Start: TypeAlias = Callable[[], Server]
RoundTrip: TypeAlias = Callable[[], None]
Client: TypeAlias = Callable[[str, str | bytes], AbstractContextManager[RoundTrip]]


@contextlib.contextmanager
def learners_client(url: str, message: str | bytes) -> Iterator[RoundTrip]:
    """Connect as a cell does; yield a function that sends the message and receives the echo."""
    with connect(url, compression=None, proxy=None, max_size=None) as ws:

        def round_trip() -> None:
            ws.send(message)
            ws.recv(TIMEOUT)

        yield round_trip


@contextlib.contextmanager
def raw_client(url: str, message: str | bytes) -> Iterator[RoundTrip]:
    """Like :func:`learners_client`, with next to no work on the client's side."""
    opcode = Opcode.TEXT if isinstance(message, str) else Opcode.BINARY
    frame = Frame(opcode, message.encode() if isinstance(message, str) else message)
    request = frame.serialize(mask=True)
    answer = bytearray(len(frame.serialize(mask=False)))
    with raw_connection(url) as sock:

        def round_trip() -> None:
            sock.sendall(request)
            missing = len(answer)
            while missing:
                received = sock.recv_into(answer, missing)
                if not received:
                    raise ConnectionError("the server closed the connection")
                missing -= received

        yield round_trip


@contextlib.contextmanager
def raw_connection(url: str) -> Iterator[socket.socket]:
    """Yield a socket after the opening handshake; do the closing handshake in the end."""
    address = urlsplit(url)
    key = base64.b64encode(os.urandom(16)).decode()
    head = (
        f"GET / HTTP/1.1\r\nHost: {address.netloc}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), TIMEOUT) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(head.encode())
        response = b""
        while not response.endswith(b"\r\n\r\n"):
            response += (received := sock.recv(4096))
            if not received:
                raise ConnectionError(f"the server refused the handshake: {response!r}")
        yield sock
        sock.sendall(Frame(Opcode.CLOSE, (1000).to_bytes(2, "big")).serialize(mask=True))
        while sock.recv(4096):
            pass


@dataclasses.dataclass(frozen=True)
class Work:
    """
    What is echoed.

    Attributes:
        message: Text or binary.
        unit: What one echo counts.
        filler: A message of which as much is kept as of ``message``.
        fill: How many echoes fill the transcript: from then on each record drops an old one.
    """

    message: str | bytes
    unit: float
    filler: str | bytes
    fill: int


# Two records for each echo: 1000 are kept at most, and 64 KiB of each message, 16 MiB in all.
TEXT = Work("x" * 32, unit=1, filler="x" * 32, fill=500)
BINARY = Work(bytes(2**20), unit=2**20 / 1e6, filler=bytes(2**16), fill=128)


@dataclasses.dataclass(frozen=True)
class Pair:
    """The same thing measured with each server."""

    bare: float
    other: float


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table: a quantity, measured turn by turn in several sittings."""

    what: str
    sittings: list[list[Pair]]

    def __str__(self) -> str:
        bare = statistics.median(pair.bare for sitting in self.sittings for pair in sitting)
        other = statistics.median(pair.other for sitting in self.sittings for pair in sitting)
        ratio, low, high = self.ratio()
        return (
            f"| {self.what} | {_number(bare)} | {_number(other)} "
            f"| {ratio:.3f} ({low:.3f}–{high:.3f}) |"
        )

    def ratio(self, resamples: int = 500) -> tuple[float, float, float]:
        """Return the median of all turns' ratios, and its bootstrap 95 % interval."""
        ratios = [[pair.other / pair.bare for pair in sitting] for sitting in self.sittings]

        def median(sittings: Iterable[list[float]]) -> float:
            return statistics.median(itertools.chain.from_iterable(sittings))

        medians = (median(random.choices(ratios, k=len(ratios))) for _ in range(resamples))
        cuts = statistics.quantiles(medians, n=40, method="inclusive")
        return median(ratios), cuts[0], cuts[-1]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def in_any_order(first: Callable[[], T], second: Callable[[], T]) -> tuple[T, T]:
    """Call both, in random order; return the results of the first and of the second."""
    if random.random() < 0.5:
        return first(), second()
    late = second()
    return first(), late


class Benchmark:
    """
    Two servers and how to compare them.

    Args:
        bare: Starts the server without recording.
        other: Starts the one that it is compared with.
        seconds: How long everything takes, about.
        turns: How many turns a sitting has.
    """

    def __init__(self, bare: Start, other: Start, seconds: float, turns: int) -> None:
        self._bare = bare
        self._other = other
        self._seconds = seconds
        self._turns = turns

    def rows(self) -> Iterator[Row]:
        """Measure; yield the lines of the table."""
        text = "32-byte text, round trips/s"
        binary = "1 MiB binary, MB/s echoed"
        yield Row(f"{text}, learner's client", self._rates(0.18, learners_client, TEXT, 20))
        yield Row(f"{text}, raw socket", self._rates(0.12, raw_client, TEXT, 40))
        yield Row(f"{binary}, learner's client", self._rates(0.26, learners_client, BINARY, 2))
        yield Row(f"{binary}, raw socket", self._rates(0.22, raw_client, BINARY, 4))
        started, stopped = self._start_and_stop(0.10)
        yield Row("from the call to ready, ms", started)
        yield Row("stop, ms", stopped)
        yield Row("memory per idle connection, KiB", self._memory(0.10))

    def _sittings(self, share: float) -> Iterator[None]:
        """Yield before each sitting, at least twice, until that share of the time is over."""
        deadline = time.perf_counter() + share * self._seconds
        yield
        yield
        while time.perf_counter() < deadline:
            yield

    def _rates(self, share: float, client: Client, work: Work, count: int) -> list[list[Pair]]:
        """Measure units echoed per second; a turn is ``count`` echoes from each server."""

        def measure(round_trip: RoundTrip) -> float:
            begin = time.perf_counter()
            for _ in range(count):
                round_trip()
            return work.unit * count / (time.perf_counter() - begin)

        def enter(stack: ExitStack, start: Start) -> RoundTrip:
            server = start()
            stack.callback(server.stop)
            with client(server.url, work.filler) as round_trip:
                for _ in range(work.fill):
                    round_trip()
            return stack.enter_context(client(server.url, work.message))

        sittings = []
        for _ in self._sittings(share):
            with ExitStack() as stack:
                bare, other = in_any_order(
                    partial(enter, stack, self._bare), partial(enter, stack, self._other)
                )
                turn = partial(measure, bare), partial(measure, other)
                gc.collect()
                in_any_order(*turn)  # the first one after a pause is slower
                sittings.append([Pair(*in_any_order(*turn)) for _ in range(self._turns)])
        return sittings

    def _start_and_stop(self, share: float) -> tuple[list[list[Pair]], list[list[Pair]]]:
        """Measure milliseconds from the call until the server is ready, and to stop it."""

        def measure(start: Start) -> tuple[float, float]:
            begin = time.perf_counter()
            server = start()
            ready = time.perf_counter()
            server.stop()
            return 1e3 * (ready - begin), 1e3 * (time.perf_counter() - ready)

        turn = partial(measure, self._bare), partial(measure, self._other)
        started, stopped = [], []
        for _ in self._sittings(share):
            gc.collect()
            in_any_order(*turn)
            pairs = [in_any_order(*turn) for _ in range(self._turns)]
            started.append([Pair(bare[0], other[0]) for bare, other in pairs])
            stopped.append([Pair(bare[1], other[1]) for bare, other in pairs])
        return started, stopped

    def _memory(self, share: float) -> list[list[Pair]]:
        """Measure KiB that a server allocates for each idle connection."""
        turn = (
            partial(memory_per_connection, self._bare),
            partial(memory_per_connection, self._other),
        )
        return [[Pair(*in_any_order(*turn))] for _ in self._sittings(share)]


def memory_per_connection(start: Start) -> float:
    """Start the server in a new process; return KiB that it allocates per idle connection."""
    context = multiprocessing.get_context("spawn")
    pipe, child_pipe = context.Pipe()
    process = context.Process(target=serve_and_count, args=(start, child_pipe), daemon=True)
    process.start()
    try:
        url: str = _receive(pipe)
        with ExitStack() as connections:
            connections.enter_context(raw_connection(url))  # what is allocated only once
            pipe.send("trace")
            _receive(pipe)
            for _ in range(CONNECTIONS):
                connections.enter_context(raw_connection(url))
            pipe.send("count")
            allocated: int = _receive(pipe)
        pipe.send("stop")
        process.join(TIMEOUT)
    finally:
        process.kill()
    return allocated / 1024 / CONNECTIONS


def serve_and_count(start: Start, pipe: Connection) -> None:
    """Run a server, and count what it allocates, as the other end of the pipe says."""
    server = start()
    pipe.send(server.url)
    pipe.recv()
    gc.collect()
    tracemalloc.start()
    pipe.send("tracing")
    pipe.recv()
    gc.collect()
    pipe.send(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    pipe.recv()
    server.stop()


def _receive(pipe: Connection) -> Any:
    if not pipe.poll(TIMEOUT):
        raise TimeoutError("the process that measures memory does not answer")
    return pipe.recv()


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description="What recording costs, side by side.")
    parser.add_argument("--seconds", type=float, default=75, help="how long to measure, about")
    parser.add_argument("--turns", type=int, default=20, help="turns in a sitting")
    parser.add_argument("--quick", action="store_true", help="the same as --seconds 10")
    parser.add_argument("--control", action="store_true", help="compare bare with bare")
    parser.add_argument("--unpinned", action="store_true", help="use every CPU")
    options = parser.parse_args()
    cpus = f"{os.cpu_count()} CPUs"
    if hasattr(os, "sched_setaffinity") and not options.unpinned:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        cpus = "one CPU"
    other = BareServer if options.control else recording_server
    seconds = 10 if options.quick else options.seconds
    benchmark = Benchmark(BareServer, other, seconds, options.turns)
    name = "a second one" if options.control else "wslab"
    print(f"| what | bare websockets | {name} | ratio (95 % interval) |")
    print("| --- | ---: | ---: | --- |")
    for row in benchmark.rows():
        print(row, flush=True)
    command = shlex.join(["python", "benchmarks/recording.py", *sys.argv[1:]])
    python = f"Python {platform.python_version()} on {platform.system()}"
    print(f"\n`{command}`: websockets {version('websockets')}, {python}, {cpus}.")


if __name__ == "__main__":
    main()
