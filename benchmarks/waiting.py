"""
What it costs that somebody waits or watches: an echo loop with and without that beside it.

    python benchmarks/waiting.py             # about twenty seconds
    python benchmarks/waiting.py --seconds 4

A client echoes in turns of about a tenth of a second: nobody waits in one, a thread waits for a
CLOSE that does not come in the next; or the view of ``watch()`` follows there, all but the page
that would draw it. Every ratio is that of two turns that follow each other. Below it, the seconds
that ``filter`` and two views take with many records: twice as many should take twice as long.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from typing import TypeAlias

from recording import learners_client

import wslab
from wslab import diagram, render
from wslab.live import LiveTranscript
from wslab.wire import Decoder

ECHOES = 1000


Beside: TypeAlias = Callable[[wslab.BackgroundServer, int], AbstractContextManager[object]]
"""What goes on while a client echoes; it takes the number of the next connection, too."""


@contextlib.contextmanager
def waiter(server: wslab.BackgroundServer, connection: int) -> Iterator[None]:
    """Let a thread wait for the end of a connection, which comes when all is measured."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(
            server.transcript.wait, connection=connection, kind="close", timeout=60
        )
        yield
        wslab.talk(server.url)
        waiting.result()


@contextlib.contextmanager
def view(server: wslab.BackgroundServer, connection: int) -> Iterator[None]:
    """Let the live view follow."""
    live = LiveTranscript(server.transcript, send=lambda message: None)
    yield
    live.close()
    live.stop()


def rates(keep: int, seconds: float, beside: Beside) -> list[tuple[float, float]]:
    """Return round trips per second without and with something beside them, turn by turn."""
    found = []
    with (
        wslab.serve(wslab.handlers.echo, name="benchmark", keep=keep) as server,
        learners_client(server.url, "x" * 32) as round_trip,
    ):
        for _ in range(keep // 2):
            round_trip()

        def rate() -> float:
            begin = time.perf_counter()
            for _ in range(ECHOES):
                round_trip()
            return ECHOES / (time.perf_counter() - begin)

        deadline = time.perf_counter() + seconds
        for connection in itertools.count(2):
            alone = rate()
            with beside(server, connection):
                found.append((alone, rate()))
            if time.perf_counter() > deadline:
                break
    return found


def records(count: int) -> wslab.Records:
    """Return that many records of short texts."""
    decoder = Decoder("server", 1, handshake=False)
    return wslab.Records(decoder.feed(b"\x81\x05hello" * count))


def seconds_of(what: Callable[[], object]) -> float:
    """Return how long a call takes."""
    begin = time.perf_counter()
    what()
    return time.perf_counter() - begin


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure what waiting and looking cost.")
    parser.add_argument("--seconds", type=float, default=20, help="how long to measure, about (20)")
    options = parser.parse_args()
    print("| keep | beside | alone, round trips/s | with it | ratio |")
    print("| ---: | --- | ---: | ---: | ---: |")
    for keep, (name, beside) in itertools.product(
        (1000, 100_000), {"somebody waits": waiter, "a live view": view}.items()
    ):
        pairs = rates(keep, options.seconds / 4, beside)
        alone, busy = (statistics.median(values) for values in zip(*pairs, strict=True))
        ratio = statistics.median(second / first for first, second in pairs)
        print(f"| {keep:,} | {name} | {alone:,.0f} | {busy:,.0f} | {ratio:.2f} |", flush=True)
    print("\n| records | filter, s | text, s | page, s |\n| ---: | ---: | ---: | ---: |")
    for count in (50_000, 100_000):
        many = records(count)
        looks = (
            partial(many.filter, sender="server", kind="text"),
            partial(render.text, many),
            partial(diagram.page, many),
        )
        taken = map(seconds_of, looks)
        print(f"| {count:,} | {' | '.join(f'{each:.3f}' for each in taken)} |", flush=True)


if __name__ == "__main__":
    main()
