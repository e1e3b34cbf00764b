"""
Hours of traffic through one tap: nothing gets lost, and memory stays as it is.

    python benchmarks/soak.py --minutes 60
    python benchmarks/soak.py --minutes 60 --rate 2   # beside other work: a tenth of a processor

A server of ``websockets`` and a tap run in a process each, with 1,000 idle connections through the
tap. Beside them clients come and go: some send text and binary messages of all sizes and compare
each echo, compressed or not; some leave by FIN or RST in the middle of a message; some flood and do
not read. Each minute prints what was done so far, and the resident memory and open files of the
tap's process. It ends with exit status 1 if an echo differed, an idle connection was lost, a file
stayed open, or the tap's memory in the last quarter was more than a tenth above that of the second.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

TIMEOUT = 60.0

SERVER = """
import asyncio, contextlib, resource
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

async def echo(ws):
    with contextlib.suppress(ConnectionClosed):
        while True:
            await ws.send(await ws.recv())

async def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    async with serve(echo, "127.0.0.1", 0, max_size=None, ping_interval=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()

asyncio.run(main())
"""

TAP = """
import resource, sys, wslab
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
tap = wslab.tap(sys.argv[1])
print(tap.port, flush=True)
sys.stdin.read()
"""


def start(code: str, *arguments: str) -> tuple[subprocess.Popen[bytes], int]:
    """Run a program that prints its port."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def resident(pid: int) -> float:
    """MiB that a process has in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def open_files(pid: int) -> int:
    """How many files and sockets a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


class Soak:
    """Everything that goes on, and what came of it."""

    def __init__(self, url: str, seed: int, rate: float | None) -> None:
        self.url = url
        self.rate = rate
        self.done: Counter[str] = Counter()
        self._random = random.Random(seed)

    def connect(self, **options: Any) -> Any:
        """Open a connection, compressed or not."""
        compression = self._random.choice(["deflate", None])
        return connect(
            self.url,
            compression=compression,
            max_size=None,
            ping_interval=None,
            open_timeout=TIMEOUT,
            proxy=None,
            **options,
        )

    def message(self) -> str | bytes:
        """Text or bytes of any size, up to a mebibyte."""
        size = int(2 ** self._random.uniform(0, 20))
        if self._random.random() < 0.5:
            return "ü€" * (size // 5)
        return self._random.randbytes(size)

    async def converse(self) -> None:
        """Send messages, compare each echo, close."""
        async with self.connect() as ws:
            for _ in range(self._random.randint(1, 20)):
                message = self.message()
                await ws.send(message)
                self.done["messages" if await ws.recv() == message else "WRONG ECHOES"] += 1

    async def vanish(self) -> None:
        """End TCP in the middle of a message."""
        ws = await self.connect(close_timeout=0.1)
        sending = asyncio.create_task(ws.send(self.message()))
        await asyncio.sleep(self._random.random() / 100)
        self._random.choice([ws.transport.abort, ws.transport.close])()
        with contextlib.suppress(ConnectionClosed):
            await sending
        self.done["vanished"] += 1

    async def flood(self) -> None:
        """Send and read nothing, then leave."""
        ws = await self.connect(close_timeout=0.1)
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            async with asyncio.timeout(0.5):
                while True:
                    await ws.send(self._random.randbytes(2**16))
                    await asyncio.sleep(0)  # send() need not let anyone else have a turn
        ws.transport.abort()
        self.done["floods"] += 1

    async def keep_on(self, what: Any, until: float) -> None:
        """Do something again and again, at the rate that was asked for."""
        while time.monotonic() < until:
            if self.rate is not None:
                await asyncio.sleep(self._random.expovariate(self.rate))
            try:
                async with asyncio.timeout(TIMEOUT):
                    await what()
            except (OSError, ConnectionClosed, InvalidHandshake, TimeoutError) as exc:
                self.done[f"FAILED: {what.__name__}, {type(exc).__name__}: {exc}"[:100]] += 1


def processor_seconds(pid: int) -> float:
    """Seconds that a process has computed so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def main(minutes: float, idle: int, seed: int, rate: float | None) -> int:
    server, upstream = start(SERVER)
    process, port = start(TAP, f"ws://127.0.0.1:{upstream}")
    soak = Soak(f"ws://127.0.0.1:{port}", seed, rate)
    sizes: list[float] = []
    left = first = open_files(process.pid)
    try:
        connections: list[ClientConnection] = [await soak.connect() for _ in range(idle)]
        began, until = time.monotonic(), time.monotonic() + 60 * minutes
        work = [soak.converse, soak.converse, soak.vanish, soak.flood]
        tasks = [asyncio.create_task(soak.keep_on(what, until)) for what in work]
        while time.monotonic() < until:
            await asyncio.sleep(min(60.0, max(0.0, until - time.monotonic())))
            sizes.append(resident(process.pid))
            elapsed = (time.monotonic() - began) / 60
            files, counts = (
                open_files(process.pid),
                ", ".join(f"{n:,} {k}" for k, n in soak.done.items()),
            )
            print(f"{elapsed:6.1f} min  {sizes[-1]:6.1f} MiB  {files} files  {counts}", flush=True)
        await asyncio.gather(*tasks)
        for number, ws in enumerate(connections):
            async with asyncio.timeout(TIMEOUT):
                await ws.send(str(number))
                assert await ws.recv() == str(number)
        print(f"{idle:,} idle connections still answer")
        await asyncio.gather(*(ws.close() for ws in connections))
        await asyncio.sleep(2)
        left = open_files(process.pid)
        print(f"open files of the tap: {left} at the end, {first} before the first connection")
        print(f"seconds that the tap computed: {processor_seconds(process.pid):,.0f}")
    finally:
        process.kill()
        server.kill()
    quarter = max(1, len(sizes) // 4)
    early, late = sizes[quarter : 2 * quarter] or sizes, sizes[-quarter:]
    growth = max(late) / max(early)
    print(f"memory of the tap, last quarter against the second one: {growth:.2f}")
    wrong = [what for what in soak.done if what.isupper() or what.startswith("FAILED")]
    return int(growth > 1.1 or left > first or bool(wrong))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0].strip())
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--idle", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--rate", type=float, help="pieces of work per second of each kind; as many as go"
    )
    options = parser.parse_args()
    sys.exit(asyncio.run(main(options.minutes, options.idle, options.seed, options.rate)))
