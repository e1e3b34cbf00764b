"""
What it costs to see the wire, with wslab and with what else shows it, in one run.

    python benchmarks/others.py                                  # a minute
    python benchmarks/others.py --seconds 5 --mitmdump PATH      # quicker; mitmproxy from elsewhere

Round trips of 32 bytes, with a learner's client, in turns as in ``tap.py``: a bare server of
``websockets``; the same one that logs at DEBUG into a file; one that tshark watches on the loopback
interface (root only); the ways through ``wslab.tap`` and mitmproxy; and ``wslab.serve``. Then pages
of two Chromium processes do the same with a bare server: one that only the DevTools protocol tells
what to run, one whose frames Playwright hands to listeners.

What is not installed is left out. benchmarks/README.md says what each of them does not see.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import platform
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

from relays import SERVER, TAP
from tap import Measured, Turn, interval, learner, measure, proxy, python, repeat
from websockets.sync.client import connect

TIMEOUT = 30.0
ECHOES = 100  # of a page, in one turn

LOGGING = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, filename=sys.argv[1])
"""

SERVE = """
import sys, wslab
server = wslab.serve(wslab.handlers.echo)
print(server.port, flush=True)
sys.stdin.read()
"""

PAGE = """async (url, count) => {
    const socket = window.socket ??= new WebSocket(url);
    if (!socket.readyState) await new Promise((done) => { socket.onopen = done; });
    const begin = performance.now();
    for (let left = count; left; left -= 1) {
        const echo = new Promise((done) => { socket.onmessage = done; });
        socket.send("x".repeat(32));
        await echo;
    }
    return performance.now() - begin;
}"""


@contextlib.contextmanager
def tshark(port: int) -> Iterator[None]:
    """Watch a port as frames, from when it says that it does."""
    command = ["tshark", "-i", "lo", "-f", f"tcp port {port}", "-Y", "websocket", "-l"]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            while "Capturing on" not in (line := process.stderr.readline()):
                assert line, "tshark ended"
            yield
        finally:
            process.terminate()


def ways(stack: ExitStack, mitmdump: str | None) -> dict[str, int]:
    """Start everything; return the port of each way."""
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    ports = {"nothing": stack.enter_context(python(SERVER)).port}
    direct = ports["nothing"]
    ports["wslab.serve"] = stack.enter_context(python(SERVE)).port
    ports["wslab.tap"] = stack.enter_context(python(TAP, f"ws://127.0.0.1:{direct}")).port
    log = str(Path(folder) / "debug.log")
    ports["debug log"] = stack.enter_context(python(LOGGING + SERVER, log)).port
    if shutil.which("tshark") and os.geteuid() == 0:
        ports["tshark"] = stack.enter_context(python(SERVER)).port
        stack.enter_context(tshark(ports["tshark"]))
    if mitmdump := mitmdump or shutil.which("mitmdump"):

        def command(port: int) -> list[str]:
            mode = f"reverse:http://127.0.0.1:{direct}@{port}"
            return [mitmdump, "--mode", mode, "--listen-host", "127.0.0.1", "--quiet"]

        ports["mitmproxy"] = stack.enter_context(proxy(command)).port
    return ports


@contextlib.contextmanager
def bare_page(chromium: str) -> Iterator[Callable[[str], float]]:
    """A page that nobody watches; yield what gives the milliseconds of a turn."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        subprocess.Popen(
            [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "about:blank",
             "--remote-debugging-port=0", f"--user-data-dir={profile}"],
            stderr=subprocess.PIPE, text=True,
        ) as process,
    ):  # fmt: skip
        try:
            assert process.stderr is not None
            lines = iter(process.stderr.readline, "")
            found = (re.search(r"ws://127\.0\.0\.1:\d+/\S+", line) for line in lines)
            browser = next(match[0] for match in found if match)
            with connect(browser, max_size=None, proxy=None) as ws:
                targets = command(ws, "Target.getTargets")["targetInfos"]
                page = next(each["targetId"] for each in targets if each["type"] == "page")
            address = re.sub(r"/devtools/.*", f"/devtools/page/{page}", browser)
            with connect(address, max_size=None, proxy=None) as ws:

                def turn(url: str) -> float:
                    call = f"({PAGE})({json.dumps(url)}, {ECHOES})"
                    result = command(ws, "Runtime.evaluate", expression=call, awaitPromise=True)
                    return float(result["result"]["value"])

                yield turn
        finally:
            process.terminate()


def command(ws: Any, method: str, **params: Any) -> Any:
    """Send a command of the DevTools protocol; return its result."""
    ws.send(json.dumps({"id": 1, "method": method, "params": params}))
    while (answer := json.loads(ws.recv(timeout=TIMEOUT))).get("id") != 1:
        pass
    return answer["result"]


@contextlib.contextmanager
def watched_page(chromium: str) -> Iterator[Callable[[str], float]]:
    """The same, with a listener for each frame of its WebSockets."""
    from playwright.sync_api import WebSocket, sync_playwright

    frames: list[str | bytes] = []

    def watch(socket: WebSocket) -> None:
        for event in ("framesent", "framereceived"):
            socket.on(event, lambda payload: frames.append(payload))

    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        page = browser.new_page()
        page.on("websocket", watch)
        yield lambda url: float(
            page.evaluate(f"(arguments) => ({PAGE})(...arguments)", [url, ECHOES])
        )
        assert len(frames) % (2 * ECHOES) == 0
        assert frames
        browser.close()


def pages(stack: ExitStack, chromium: str) -> dict[str, Turn]:
    """Return a turn of each kind of page."""
    url = f"ws://127.0.0.1:{stack.enter_context(python(SERVER)).port}"
    turns: dict[str, Turn] = {}
    for name, kind in (("nothing", bare_page), ("Playwright's frames", watched_page)):
        page = functools.partial(stack.enter_context(kind(chromium)), url)
        turns[name] = functools.partial(repeat, page)
    return turns


def table(what: str, unit: int, measured: dict[str, Measured]) -> Iterator[str]:
    """Yield the lines of a table: each way's median, and its ratio to that with nothing."""
    bare = measured["nothing"].rates
    yield f"| {what} | round trips/s | ratio |\n| --- | ---: | ---: |"
    for name, values in ((name, way.rates) for name, way in measured.items()):
        ratios = [value / one for value, one in zip(values, bare, strict=True)]
        low, high = interval(ratios)
        ratio = "1" if values is bare else f"{statistics.median(ratios):.2f} ({low:.2f}–{high:.2f})"
        yield f"| {name} | {unit * statistics.median(values):,.0f} | {ratio} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0].strip())
    parser.add_argument("--seconds", type=float, default=25, help="for each table")
    parser.add_argument("--mitmdump", help="mitmproxy's program")
    options = parser.parse_args()
    with ExitStack() as stack:
        ports = ways(stack, options.mitmdump)
        turns = {name: learner(port, 32, stack) for name, port in ports.items()}
        measured = measure(turns, 0.02, options.seconds)
        print("\n".join(table("a learner's client", 1, measured)), flush=True)
    if chromium := shutil.which("chromium"):
        with ExitStack() as stack:
            measured = measure(pages(stack, chromium), 0, options.seconds)
            print("\n" + "\n".join(table("a page in Chromium", ECHOES, measured)))
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(
        f"\n`{shlex.join(['python', 'benchmarks/others.py', *sys.argv[1:]])}`: websockets "
        f"{version('websockets')}, Python {platform.python_version()}, {os.cpu_count()} CPUs{load}"
    )


if __name__ == "__main__":
    main()
