"""
What the bus of notebook 09b does when Redis is lost, and how fast rooms resume from their streams.

    python benchmarks/bus_outages.py            # some minutes
    python benchmarks/bus_outages.py --runs 1

Two chat servers (`bus_server.py`) talk at a steady rate to 200 clients in 20 rooms, which read and
note every message, while a private Redis server is killed and started again, has its subscriptions
cut, or stands still. Of each message that somebody missed it looks whether it was on its way when
that happened: the process had asked Redis before, and sends what Redis' answer lets go. Resuming is
beside live delivery by the same server, in turns.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from bus import FRAME
from bus_processes import Child, RedisServer

CLIENTS, ROOMS, RATE, SECONDS = 200, 20, 250, 8
MISSED = 99


def wait_for(servers: list[Child], condition: Callable[[dict[str, Any]], bool]) -> float:
    """Ask all servers until the condition holds for each; return when that was."""
    while not all(condition(server.ask("counts", "counts")) for server in servers):
        time.sleep(0.01)
    return time.monotonic()


def wait_until_read(crowd: Child) -> None:
    """Wait until nothing more comes: on a busy machine the clients are behind."""
    before, now = -1, 0
    while before != now:
        time.sleep(1)
        before, now = now, crowd.ask("total", "total")["total"]


class Times(NamedTuple):
    """When a fault had struck, when Redis answered again, and how long it took to be noticed."""

    struck: float
    back: float
    noticed: float = 0.0


def kill(server: RedisServer, servers: list[Child]) -> Times:
    """Kill it, and start it half a second later."""
    server.kill()
    struck = time.monotonic()
    time.sleep(0.5)
    return Times(struck, server.start())


def cut(server: RedisServer, servers: list[Child]) -> Times:
    server.cut()
    return Times(time.monotonic(), time.monotonic())


def freeze(server: RedisServer, servers: list[Child]) -> Times:
    """Stop it until both servers have noticed."""
    server.freeze()
    struck = time.monotonic()
    noticed = wait_for(servers, lambda counts: not counts["up"]) - struck
    server.thaw()
    return Times(struck, time.monotonic(), noticed)


def outage(fault: Callable[[RedisServer, list[Child]], Times]) -> dict[str, float]:
    """Return what the clients got while a fault happens under load."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(RedisServer())
        servers = [
            Child("bus_server.py", name, ROOMS, "--url", server.url, hiredis=True) for name in "AB"
        ]
        for one in servers:
            stack.callback(one.end)
        ports = ",".join(str(one.wait("port")["port"]) for one in servers)
        crowd = Child("bus_clients.py", CLIENTS, ROOMS, ports, "--read", hiredis=True)
        stack.callback(crowd.end)
        crowd.wait("connected")
        wait_for(servers, lambda counts: counts["clients"] == CLIENTS // 2)
        for one in servers:
            one.tell(f"pace {RATE} {SECONDS}")
        time.sleep(1.5)
        times = fault(server, servers)
        paced = {name: one.wait("paced") for name, one in zip("AB", servers, strict=True)}
        wait_until_read(crowd)
        for name, one in zip("AB", servers, strict=True):
            paced[name] |= one.ask("sent", "sent")
        file = Path(stack.enter_context(tempfile.TemporaryDirectory()), "report")
        closed = crowd.ask(f"report {file}", "closed")["closed"]
        clients = json.loads(file.read_text(encoding="utf-8"))
    return {**flow(clients, times.back), **losses(clients, paced, times), "closed": closed}


def flow(clients: list[Any], back: float) -> dict[str, float]:
    """Return how long it took until messages flowed again on all four ways."""
    ways = []
    for port in {port for _, port, _, _ in clients}:
        here = [(got, gaps) for _, p, got, gaps in clients if p == port]
        notice = min(time for _, gaps in here for time in gaps)  # it is subscribed again
        for name in "AB":
            times = [time for got, _ in here for time, who, _ in got if who == name]
            ways.append(min(time for time in times if time > notice) - back)
    return {"flow": max(ways)}


def losses(clients: list[Any], paced: dict[str, dict[str, Any]], times: Times) -> dict[str, float]:
    """Return what was lost, what of it was on its way, who was told, and who was not."""
    twice, told, untold = 0, 0, 0
    lost: set[tuple[str, int]] = set()
    for room, _, got, gaps in clients:
        told += bool(gaps)
        numbers = collections.Counter((who, n) for _, who, n in got)
        twice += sum(count - 1 for count in numbers.values())
        expected = {
            (who, n)
            for who, one in paced.items()
            for n in set(range(int(room[4:]), one["paced"], ROOMS)) - set(one["refused"])
        }
        lost |= (missed := expected - numbers.keys())
        untold += bool(missed and not gaps)
    asked = [paced[who]["sent"].get(str(n), math.inf) for who, n in lost]
    return {
        "said": sum(one["paced"] for one in paced.values()),
        "refused": sum(len(one["refused"]) for one in paced.values()),
        "lost": len(lost),
        "on their way": sum(moment <= times.struck for moment in asked),
        "twice": twice,
        "told": told,
        "untold": untold,
        "noticed": times.noticed,
    }


def resume(clients: int, rooms: int) -> float:
    """Return deliveries in a second to clients that all come back with the same last message."""
    with contextlib.ExitStack() as stack:
        redis = stack.enter_context(RedisServer())
        server = Child("bus_server.py", "A", rooms, "--url", redis.url, "--stream", hiredis=True)
        stack.callback(server.end)
        port = server.wait("port")["port"]
        size = server.ask(f"fill {MISSED}", "filled")["filled"]
        crowd = Child("bus_clients.py", clients, rooms, port, hiredis=True)
        stack.callback(crowd.end)
        crowd.wait("connected")
        wait_for([server], lambda counts: counts["held"] == clients)
        greeting = 2 + len("joined")
        crowd.tell(f"expect {clients * (MISSED * size + greeting)}")
        began = time.monotonic()
        server.tell("go")
        return clients * MISSED / (crowd.wait("reached")["reached"] - began)


def live(clients: int, rooms: int) -> float:
    """Return the same for clients that are there, to whom one process broadcasts, without Redis."""
    with contextlib.ExitStack() as stack:
        server = Child("bus_server.py", "A", rooms, hiredis=True)
        stack.callback(server.end)
        crowd = Child("bus_clients.py", clients, rooms, server.wait("port")["port"], hiredis=True)
        stack.callback(crowd.end)
        crowd.wait("connected")
        wait_for([server], lambda counts: counts["clients"] == clients)
        time.sleep(0.5)  # the greetings are read
        crowd.tell(f"expect {clients * MISSED * FRAME}")
        began = time.monotonic()
        server.tell(f"flow {rooms * MISSED}")
        return clients * MISSED / (crowd.wait("reached")["reached"] - began)


def main(runs: int) -> None:
    """Print a table of outages, then what resuming costs."""
    heads = "flow again | noticed after | closed | twice | lost / said | of these on their way"
    print(f"| fault | {heads} | lost, not told | refused | told |")
    print("| --- |" + " ---: |" * 9)
    for fault in (kill, cut, freeze):
        turns = [outage(fault) for _ in range(runs)]
        flow = statistics.median(turn["flow"] for turn in turns)
        most = max(turn["flow"] for turn in turns)
        noticed = max(turn["noticed"] for turn in turns)
        total = {key: sum(turn[key] for turn in turns) for key in turns[0]}
        print(
            f"| {fault.__name__} | {flow * 1000:.0f} ms (at most {most * 1000:.0f}) "
            f"| {f'{noticed:.1f} s' if noticed else '–'} | {total['closed']:.0f} "
            f"| {total['twice']:.0f} | {total['lost']:.0f} / {total['said']:,.0f} "
            f"| {total['on their way']:.0f} | {total['untold']:.0f} "
            f"| {total['refused']:.0f} | {total['told'] / runs:.0f} of {CLIENTS} |",
            flush=True,
        )
    turns_of = [(resume(1000, 200), live(1000, 200)) for _ in range(runs)]
    ratio = statistics.median(mine / theirs for mine, theirs in turns_of)
    rate = statistics.median(mine for mine, _ in turns_of)
    print(f"\n1,000 clients resume in 200 rooms, {MISSED} messages each: {rate:,.0f} deliveries/s,")
    print(f"{ratio:.2f} of what `broadcast()` delivers live; medians of {runs} run(s).")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    main(parser.parse_args().runs)
