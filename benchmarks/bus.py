"""
How much the bus of notebook 09b carries, against one process that calls ``broadcast()``.

    python benchmarks/bus.py             # some minutes
    python benchmarks/bus.py --quick     # one run of each, with fewer messages

It starts a private Redis server, one or two chat servers (`bus_server.py`) and many clients
(`bus_clients.py`) as processes, and prints Markdown tables. The settings take turns, and the ratio
of each turn to the same turn of one process without Redis is what counts: absolute figures of a
machine that does other things as well are worth little. A second ratio is by processor time: what
there would be with a processor for each server. Beside it, what Redis itself takes, by
``redis-benchmark``. What happens when Redis is lost is measured by `bus_outages.py`.
"""

from __future__ import annotations

import argparse
import contextlib
import platform
import statistics
import subprocess
import time
from importlib.metadata import version
from typing import Any

from bus_processes import Child, RedisServer

FRAME = 102  # bytes on the wire of a message of 100
SETTINGS = {  # name -> servers, their options
    "one process, `broadcast()`, no Redis": (1, ()),
    "one process over Redis": (1, ("--url",)),
    "two processes over Redis": (2, ("--url",)),
    "four processes over Redis": (4, ("--url",)),
}
CROWDS = ((200, 20), (2000, 200), (2000, 20), (200, 100))  # clients, rooms


def deliveries(
    setting: str, clients: int, rooms: int, messages: int, url: str, hiredis: bool
) -> tuple[float, float, float]:
    """
    Return deliveries in a second, and KiB of a server's memory for each of its clients.

    In between: deliveries in a second of processor time of the server that needed most, which is
    what there would be with a processor for each server.
    """
    count, options = SETTINGS[setting]
    arguments = [*options, url] if options else []
    with contextlib.ExitStack() as stack:
        servers = []
        for number in range(count):
            server = Child("bus_server.py", f"S{number}", rooms, *arguments, hiredis=hiredis)
            stack.callback(server.end)
            servers.append(server)
        ready = [server.wait("port") for server in servers]
        ports = ",".join(str(one["port"]) for one in ready)
        crowd = Child("bus_clients.py", clients, rooms, ports, hiredis=hiredis)
        stack.callback(crowd.end)
        crowd.wait("connected")
        there: list[dict[str, Any]] = []
        while sum(one["clients"] for one in there) < clients:  # all have joined
            for server in servers:
                server.tell("counts")
            there = [server.wait("counts") for server in servers]
        time.sleep(0.5)  # their greetings are read
        crowd.tell(f"expect {messages * (clients // rooms) * FRAME}")
        grown = sum(one["rss"] for one in there) - sum(one["rss"] for one in ready)
        began = time.monotonic()
        for server in servers:
            server.tell(f"flow {messages // count}")
        seconds = crowd.wait("reached")["reached"] - began
        for server in servers:
            server.wait("done")
            server.tell("counts")
        counts = [server.wait("counts") for server in servers]
        cpu = [after["cpu"] - before["cpu"] for before, after in zip(there, counts, strict=True)]
        lost = sum(one["counts"].get("dropped", 0) + one["closed"] for one in counts)
        assert lost == 0, f"{lost} clients were lost"
    count = messages * (clients // rooms)
    return count / seconds, count / max(cpu), grown / clients / 1024


def ratio(figures: dict[tuple[str, int], list[float]], setting: str, crowd: int) -> float:
    """Return the median of the ratios of each turn to the same turn of the first setting."""
    base = figures[next(iter(SETTINGS)), crowd]
    return statistics.median(
        mine / theirs for mine, theirs in zip(figures[setting, crowd], base, strict=True)
    )


def table(runs: int, messages: int, hiredis: bool) -> float:
    """
    Print deliveries in a second and their ratio, for each setting and crowd.

    Return how many messages in a second went over Redis at the most.
    """
    heads = [f"{clients:,} clients, {rooms} rooms" for clients, rooms in CROWDS]
    print(f"| {'with' if hiredis else 'without'} hiredis | {' | '.join(heads)} |")
    print("| --- |" + " ---: |" * len(CROWDS))
    rates: dict[tuple[str, int], list[float]] = {}
    shares: dict[tuple[str, int], list[float]] = {}
    memory: list[float] = []
    most = max(clients for clients, _ in CROWDS)  # with a few, a process' own memory is more
    with RedisServer() as server:
        for _ in range(runs):
            for crowd, (clients, rooms) in enumerate(CROWDS):
                some = messages * 2000 // clients * rooms // 200 if rooms != 20 else messages
                some = max(400, some // 4 * 4)
                for setting, (count, _) in SETTINGS.items():
                    if clients // rooms < count:
                        continue  # a server waits for its own words: it needs a client in each room
                    rate, share, kib = deliveries(
                        setting, clients, rooms, some, server.url, hiredis
                    )
                    rates.setdefault((setting, crowd), []).append(rate)
                    shares.setdefault((setting, crowd), []).append(share)
                    if clients == most:
                        memory.append(kib)
    for setting in SETTINGS:
        cells = []
        for crowd in range(len(CROWDS)):
            if (setting, crowd) not in rates:
                cells.append("–")
                continue
            measured = ratio(rates, setting, crowd)
            apart = ratio(shares, setting, crowd)
            rate = statistics.median(rates[setting, crowd])
            cells.append(f"{rate:,.0f}/s ({measured:.2f}; {apart:.2f})")
        print(f"| {setting} | {' | '.join(cells)} |")
    low, high = min(memory), max(memory)
    median = statistics.median(memory)
    published = [
        statistics.median(some) / (CROWDS[crowd][0] // CROWDS[crowd][1])
        for (setting, crowd), some in rates.items()
        if "over" in setting
    ]
    print(f"\nMemory of a client: {median:.1f} KiB ({low:.1f} to {high:.1f}).", end=" ")
    print(f"At most {max(published):,.0f} messages/s went over Redis.\n")
    return max(published)


def redis_alone(published: float) -> None:
    """Print how many PUBLISH in a second Redis itself takes, and what share of that we had."""
    with RedisServer() as server:
        socket = server.url.removeprefix("unix://")
        for pipeline in (1, 100):
            command = ["redis-benchmark", "-s", socket, "-q", "-n", "200000", "-P", str(pipeline)]
            run = subprocess.run(
                [*command, "PUBLISH", "nobody", "x" * 100], capture_output=True, text=True
            )
            result = run.stdout.replace("\r", "\n").strip().splitlines()[-1]
            rate = float(result.rpartition(": ")[2].split()[0])
            print(f"redis-benchmark, pipelines of {pipeline}: {rate:,.0f} PUBLISH/s;", end=" ")
            print(f"over the bus went {published / rate:.1%} of that")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--messages", type=int, default=8000)
    arguments = parser.parse_args()
    runs, messages = (1, 800) if arguments.quick else (arguments.runs, arguments.messages)
    redis_alone(max(table(runs, messages, hiredis) for hiredis in (False, True)))
    versions = ", ".join(f"{name} {version(name)}" for name in ("redis", "hiredis", "websockets"))
    print(f"\nPython {platform.python_version()}, {versions}; medians of {runs} run(s).")
