"""
What it costs that somebody waits: an echo loop with and without ``transcript.wait()`` beside it.

    python benchmarks/waiting.py             # about twenty seconds
    python benchmarks/waiting.py --seconds 4

A client echoes in turns of about a tenth of a second: nobody waits in one, a thread waits for a
CLOSE that does not come in the next. Every ratio is that of two turns that follow each other. Below
it, the seconds that ``filter`` and two views take with many records: twice as many should take
twice as long.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from recording import learners_client

import wslab
from wslab import diagram, render
from wslab.wire import Decoder

ECHOES = 1000


def rates(keep: int, seconds: float) -> list[tuple[float, float]]:
    """Return round trips per second without and with a waiter, turn by turn."""
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
        with ThreadPoolExecutor(1) as pool:
            for connection in itertools.count(2):
                alone = rate()
                # A connection that comes after the turn, and is closed: this ends the wait.
                waiting = pool.submit(
                    server.transcript.wait, connection=connection, kind="close", timeout=60
                )
                found.append((alone, rate()))
                wslab.talk(server.url)
                waiting.result()
                if time.perf_counter() > deadline:
                    return found
    raise AssertionError("counting never ends")


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
    print("| keep | alone, round trips/s | somebody waits | ratio |\n| ---: | ---: | ---: | ---: |")
    for keep in (1000, 100_000):
        pairs = rates(keep, options.seconds / 2)
        alone, waited = (statistics.median(values) for values in zip(*pairs, strict=True))
        ratio = statistics.median(second / first for first, second in pairs)
        print(f"| {keep:,} | {alone:,.0f} | {waited:,.0f} | {ratio:.2f} |", flush=True)
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
