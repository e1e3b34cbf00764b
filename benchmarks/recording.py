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
- The floor is a server that appends one tuple for each chunk and does nothing else: no recorder can
  cost less. ``--before DIR`` adds the wslab of another checkout, interleaved with the rest.
- ``--control`` compares the bare server with a second one like it. Ratios that differ from 1 there
  say how far to trust the others.

Memory is what ``tracemalloc`` counts in a process that runs only the server, a new one each time.
It is exact to a few bytes and works everywhere; the resident set grows by whole arenas of the
allocator. The transcript is full before it counts: it has a bound of its own, which the first
connections fill with their handshakes. The operating system's socket buffers are in neither, and
are the same for both.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import concurrent.futures
import contextlib
import dataclasses
import gc
import importlib.util
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
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

import wslab

CONNECTIONS = 200  # few enough for macOS, where a process may open 256 files
FILL = 250  # connections that are closed again: with four records each, they fill a transcript
TIMEOUT = 30.0  # also on a machine that does much else

T = TypeVar("T")


class Server(Protocol):
    """What both servers have in common."""

    @property
    def url(self) -> str: ...
    def stop(self) -> None: ...


class BareServer:
    """What one writes without wslab: a ``websockets`` server on a thread of its own."""

    create_connection: type[ServerConnection] = ServerConnection

    def __init__(self) -> None:
        self._ready: concurrent.futures.Future[int] = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.url = f"ws://127.0.0.1:{self._ready.result(TIMEOUT)}"

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        create = self.create_connection
        echo = wslab.handlers.echo
        async with serve(
            echo, "127.0.0.1", 0, compression=None, create_connection=create
        ) as server:
            self._ready.set_result(server.sockets[0].getsockname()[1])
            await self._stop.wait()

    def stop(self) -> None:
        """Stop the server; return when its thread has ended."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(TIMEOUT)


class FloorConnection(ServerConnection):
    """The least that a recorder can do: append one tuple for each chunk, and nothing else."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.chunks: deque[tuple[object, bytes, float]] = deque(maxlen=1000)
        super().connection_made(FloorTransport(transport, self))  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        self.chunks.append((self, data, time.perf_counter()))
        super().data_received(data)


class FloorTransport:
    """The other direction of it."""

    def __init__(self, transport: Any, connection: FloorConnection) -> None:
        self._transport = transport
        self._write = transport.write
        self._connection = connection
        self._append = connection.chunks.append
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        self._append((self, data, time.perf_counter()))
        self._write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class FloorServer(BareServer):
    """A server with nothing but that."""

    create_connection = FloorConnection


def recording_server() -> Server:
    """Start the server that is compared with the bare one."""
    return wslab.serve(wslab.handlers.echo, name="benchmark")


def earlier_server(checkout: str) -> Server:
    """Start the server of an earlier version of wslab, which is imported under another name."""
    name = "wslab_before"
    if name not in sys.modules:
        package = Path(checkout) / "wslab"
        spec = importlib.util.spec_from_file_location(
            name, package / "__init__.py", submodule_search_locations=[str(package)]
        )
        if spec is None or spec.loader is None:
            raise SystemExit(f"there is no wslab in {checkout}")
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name].serve(wslab.handlers.echo, name="benchmark")  # type: ignore[no-any-return]


def use_uvloop() -> None:
    """Let every event loop that this process makes from here on be uvloop's."""
    import uvloop

    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())


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


Turn: TypeAlias = Sequence[float]
"""The same thing measured with each server: first with the bare one."""


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table: a quantity, measured turn by turn in several sittings."""

    what: str
    sittings: list[list[Turn]]

    def __str__(self) -> str:
        turns = list(itertools.chain.from_iterable(self.sittings))
        bare, *others = (statistics.median(values) for values in zip(*turns, strict=True))
        cells = [self.what, _number(bare)]
        for place, other in enumerate(others, start=1):
            ratio, low, high = self.ratio(place)
            cells.append(f"{_number(other)} = {ratio:.3f} ({low:.3f}–{high:.3f})")
        return f"| {' | '.join(cells)} |"

    def ratio(self, place: int, resamples: int = 500) -> tuple[float, float, float]:
        """Return the median of all turns' ratios, and its bootstrap 95 % interval."""
        ratios = [[turn[place] / turn[0] for turn in sitting] for sitting in self.sittings]

        def median(sittings: Iterable[list[float]]) -> float:
            return statistics.median(itertools.chain.from_iterable(sittings))

        medians = (median(random.choices(ratios, k=len(ratios))) for _ in range(resamples))
        cuts = statistics.quantiles(medians, n=40, method="inclusive")
        return median(ratios), cuts[0], cuts[-1]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def in_any_order(functions: Sequence[Callable[[], T]]) -> list[T]:
    """Call all of them, in random order; return the results in the order of the functions."""
    order = random.sample(range(len(functions)), len(functions))
    results = {place: functions[place]() for place in order}
    return [results[place] for place in range(len(functions))]


class Benchmark:
    """
    Several servers and how to compare them.

    Args:
        starts: What starts each server; with the first one the others are compared.
        seconds: How long everything takes, about.
        turns: How many turns a sitting has.
    """

    def __init__(self, starts: Sequence[Start], seconds: float, turns: int) -> None:
        self._starts = starts
        self._seconds = seconds
        self._turns = turns

    def rows(self) -> Iterator[Row]:
        """Measure; yield the lines of the table."""
        text = "32-byte text, round trips/s"
        binary = "1 MiB binary, MB/s echoed"
        for who, share, client, count in (
            ("learner's client", 0.18, learners_client, 20),
            ("raw socket", 0.12, raw_client, 40),
        ):
            rates, costs = self._rates(share, client, TEXT, count)
            yield Row(f"{text}, {who}", rates)
            yield Row(f"CPU of it, µs per round trip, {who}", costs)
        yield Row(f"{binary}, learner's client", self._rates(0.26, learners_client, BINARY, 2)[0])
        yield Row(f"{binary}, raw socket", self._rates(0.22, raw_client, BINARY, 4)[0])
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

    def _rates(
        self, share: float, client: Client, work: Work, count: int
    ) -> tuple[list[list[Turn]], list[list[Turn]]]:
        """
        Measure units echoed per second, and µs of CPU per echo, the client's included.

        A turn is ``count`` echoes from each server.
        """

        def measure(round_trip: RoundTrip) -> tuple[float, float]:
            begin, busy = time.perf_counter(), time.process_time()
            for _ in range(count):
                round_trip()
            cost = 1e6 * (time.process_time() - busy) / count
            return work.unit * count / (time.perf_counter() - begin), cost

        def enter(stack: ExitStack, start: Start) -> RoundTrip:
            server = start()
            stack.callback(server.stop)
            with client(server.url, work.filler) as round_trip:
                for _ in range(work.fill):
                    round_trip()
            return stack.enter_context(client(server.url, work.message))

        rates: list[list[Turn]] = []
        costs: list[list[Turn]] = []
        for _ in self._sittings(share):
            with ExitStack() as stack:
                trips = in_any_order([partial(enter, stack, start) for start in self._starts])
                turn = [partial(measure, round_trip) for round_trip in trips]
                gc.collect()
                in_any_order(turn)  # the first one after a pause is slower
                turns = [in_any_order(turn) for _ in range(self._turns)]
            rates.append([[rate for rate, _ in results] for results in turns])
            costs.append([[cost for _, cost in results] for results in turns])
        return rates, costs

    def _start_and_stop(self, share: float) -> tuple[list[list[Turn]], list[list[Turn]]]:
        """Measure milliseconds from the call until the server is ready, and to stop it."""

        def measure(start: Start) -> tuple[float, float]:
            begin = time.perf_counter()
            server = start()
            ready = time.perf_counter()
            server.stop()
            return 1e3 * (ready - begin), 1e3 * (time.perf_counter() - ready)

        turn = [partial(measure, start) for start in self._starts]
        started: list[list[Turn]] = []
        stopped: list[list[Turn]] = []
        for _ in self._sittings(share):
            gc.collect()
            in_any_order(turn)
            turns = [in_any_order(turn) for _ in range(self._turns)]
            started.append([[ready for ready, _ in results] for results in turns])
            stopped.append([[stop for _, stop in results] for results in turns])
        return started, stopped

    def _memory(self, share: float) -> list[list[Turn]]:
        """Measure KiB that a server allocates for each idle connection."""
        turn = [partial(memory_per_connection, start) for start in self._starts]
        return [[in_any_order(turn)] for _ in self._sittings(share)]


def memory_per_connection(start: Start) -> float:
    """Start the server in a new process; return KiB that it allocates per idle connection."""
    context = multiprocessing.get_context("spawn")
    pipe, child_pipe = context.Pipe()
    process = context.Process(target=serve_and_count, args=(start, child_pipe), daemon=True)
    process.start()
    try:
        url: str = _receive(pipe)
        with ExitStack() as connections:
            for _ in range(FILL):  # what is allocated only once, and a full transcript
                with raw_connection(url):
                    pass
            connections.enter_context(raw_connection(url))
            pipe.send("count")
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
    tracemalloc.start()  # now, so that what the transcript drops is subtracted from what it takes
    server = start()
    pipe.send(server.url)
    pipe.recv()
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    pipe.send("counted")
    pipe.recv()
    gc.collect()
    pipe.send(tracemalloc.get_traced_memory()[0] - before)
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
    parser.add_argument("--uvloop", action="store_true", help="all servers on uvloop")
    parser.add_argument("--before", metavar="DIR", help="a checkout of an earlier version")
    options = parser.parse_args()
    cpus = f"{os.cpu_count()} CPUs"
    if hasattr(os, "sched_setaffinity") and not options.unpinned:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        cpus = "one CPU"
    if options.uvloop:
        use_uvloop()
    starts: dict[str, Start] = {"bare websockets": BareServer}
    if options.control:
        starts["a second one"] = BareServer
    else:
        starts["floor"] = FloorServer
        if options.before:
            starts["before"] = partial(earlier_server, options.before)
        starts["wslab"] = recording_server
    seconds = 10 if options.quick else options.seconds
    benchmark = Benchmark(list(starts.values()), seconds, options.turns)
    print(f"| what | {' | '.join(starts)} |")
    print(f"| --- |{' ---: |' * len(starts)}")
    for row in benchmark.rows():
        print(row, flush=True)
    command = shlex.join(["python", "benchmarks/recording.py", *sys.argv[1:]])
    python = f"Python {platform.python_version()} on {platform.system()}"
    print(f"\n`{command}`: websockets {version('websockets')}, {python}, {cpus}.")


if __name__ == "__main__":
    main()
