"""
Half an hour of cells, checks and clients in one kernel of the tab, without a restart.

    .venv/bin/python -m tab.soak 30

Pyodide 314 can end its interpreter by collecting garbage while calls are suspended
(https://github.com/pyodide/pyodide/issues/6464): here calls are suspended all the time. It prints a
line each minute, and fails if the kernel ends, hangs or forgets. On a machine that has more to do,
``--rate 1`` runs no more than a cell a second.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import itertools
import math
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import nbformat
from playwright.sync_api import sync_playwright

from .conftest import CHROMIUM, FLAGS, ROOT, SITE, Tab, _Handler

NOTEBOOKS = ("00", "01", "02", "06", "08")

# What lesson after lesson leaves behind: garbage in cycles, threads, tracebacks, closed servers.
CLIENTS = """
import asyncio, threading, wslab
from websockets.asyncio.client import connect as soak_connect

async def soak_room(n):
    async with wslab.serve(wslab.handlers.echo, name="soak") as server:
        clients = [await soak_connect(server.url) for _ in range(n)]
        for client in clients:
            await client.send("hello")
        replies = [await client.recv() for client in clients]
        for client in clients:
            await client.close()
    return replies

assert await soak_room(20) == ["hello"] * 20
"""
BLOCKING = """
soak_server = wslab.serve(wslab.handlers.echo, name="soak")
assert wslab.talk(soak_server.url, *map(str, range(50))) == list(map(str, range(50)))
soak_threads = [
    threading.Thread(target=wslab.talk, args=(soak_server.url, "x")) for _ in range(10)
]
for each in soak_threads:
    each.start()
for each in soak_threads:
    each.join(30)
assert not any(each.is_alive() for each in soak_threads)
soak_server.stop()
"""
GARBAGE = """
class SoakNode:
    def __init__(self):
        self.me, self.payload = self, bytearray(1000)

for _ in range(30_000):
    SoakNode()
"""
CHECKS = """
from wslab.exercises import EXERCISES
import itertools
if "soak_ids" not in globals():
    soak_ids = itertools.cycle(id for id in EXERCISES if int(id.split(".")[0]) in range(1, 9))
soak_id = next(soak_ids)
soak_space = {}
exec(EXERCISES[soak_id].solution, soak_space)
bool(wslab.check(soak_id, soak_space[EXERCISES[soak_id].name]))
"""
STATE = """
import pyodide_js, gc
len(pyodide_js._module.HEAP8) >> 20, len(gc.get_objects()), threading.active_count(), soak_began
"""


def sources() -> list[str]:
    """The code cells of some notebooks."""
    found = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        if path.name.startswith(NOTEBOOKS):
            cells = nbformat.read(path, as_version=4).cells
            found += [cell.source for cell in cells if cell.cell_type == "code"]
    return found


def soak(tab: Tab, minutes: float, rate: float) -> None:
    """Run so many cells a second at most, for so long; print a line each minute."""
    tab.open("00_start_here.ipynb")
    began = time.monotonic()
    tab.run(f"import threading, wslab\nsoak_began = {began!r}")
    counts: Counter[str] = Counter()
    own = itertools.cycle([CLIENTS, BLOCKING, GARBAGE, CHECKS, CHECKS])
    reported = began
    for cell in itertools.cycle(sources()):
        for code in (cell, next(own)):
            due = time.monotonic() + 1 / rate
            status, outputs = tab.execute(code, 90)
            mine = "soak" in code
            counts[f"{'own' if mine else 'course'} {status}"] += 1
            if status == "not done in time" or tab.fatal or (mine and status != "ok"):
                print(dict(counts), code, outputs, tab.fatal)
                sys.exit(f"the kernel ended or hung after {time.monotonic() - began:.0f} s")
            tab.page.wait_for_timeout(max(0.0, due - time.monotonic()) * 1000)
        if time.monotonic() - reported > 60:
            reported = time.monotonic()
            state = tab.run(STATE)
            print(
                f"{(reported - began) / 60:.0f} min",
                dict(counts),
                "MiB, objects:",
                state,
                flush=True,
            )
            assert state.endswith(f"{began!r})"), "the kernel has forgotten when it began"
        if time.monotonic() - began > minutes * 60:
            break
    print("done: no restart", dict(counts), "hosts:", tab.hosts)


def main() -> None:
    """Read the command line, and serve the site."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", type=float, nargs="?", default=30)
    parser.add_argument("--rate", type=float, default=math.inf, help="cells a second at most")
    parser.add_argument("--site", type=Path, default=SITE)
    options = parser.parse_args()
    handler = functools.partial(_Handler, directory=str(options.site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            context = browser.new_context(service_workers="block")
            soak(
                Tab(context, f"http://127.0.0.1:{server.server_port}"),
                options.minutes,
                options.rate,
            )
            browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
