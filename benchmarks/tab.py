"""
What a first visit to the site in a browser tab costs: ``make bench-tab``.

Each round opens the first notebook in a fresh profile of Chromium, from this machine, and measures
from the click to the output of ``1 + 1`` and to the first echo, and how long a round trip of the
blocking client takes; then the next site's turn comes. With two sites (the one from before, say) it
prints the ratio. Bytes are those of all files that were asked for, as gzip has them.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gzip
import http.server
import shutil
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
SECONDS = 180

EXECUTE = """
async (code) => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  const future = kernel.requestExecute({ code, allow_stdin: false });
  let shown = "";
  future.onIOPub = ({ content }) => {
    shown += content.data?.["text/plain"] ?? content.text ?? content.evalue ?? "";
  };
  await future.done;
  return shown;
}
"""
ECHO = """
import wslab
server = wslab.serve(wslab.handlers.echo)
wslab.talk(server.url, "hello")
"""
ROUND_TRIPS = """
import time
from websockets.sync.client import connect
with connect(server.url) as ws:
    for count in (50, 300):
        began = time.perf_counter()
        for _ in range(count):
            ws.send("x")
            ws.recv()
round((time.perf_counter() - began) / count * 1e3, 3)
"""


class _Counting(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and notes which of its files were asked for."""

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def __init__(self, *args: Any, asked: set[Path], **kwargs: Any) -> None:
        self.asked = asked
        super().__init__(*args, **kwargs)

    def translate_path(self, path: str) -> str:
        found = super().translate_path(path)
        self.asked.add(Path(found))
        return found

    def log_message(self, *args: object) -> None:
        pass


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[tuple[str, set[Path]]]:
    """A site's address, and what of it has been asked for."""
    asked: set[Path] = set()
    handler = functools.partial(_Counting, directory=str(folder), asked=asked)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def visit(browser: Browser, folder: Path) -> dict[str, float]:
    """Visit a site for the first time; return seconds, milliseconds and megabytes."""
    with serving(folder) as (address, asked):
        context = browser.new_context()
        page = context.new_page()
        began = time.monotonic()
        page.goto(f"{address}/notebooks/index.html?path=00_start_here.ipynb")
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel",
            timeout=SECONDS * 1000,
        )
        assert page.evaluate(EXECUTE, "1 + 1") == "2"
        first = time.monotonic() - began
        assert page.evaluate(EXECUTE, ECHO) == "['hello']"
        echo = time.monotonic() - began
        round_trip = float(page.evaluate(EXECUTE, ROUND_TRIPS))
        context.close()
        files = [path for path in asked if path.is_file()]
        size = sum(len(gzip.compress(path.read_bytes(), 6)) for path in files)
    return {
        "1 + 1, s": first,
        "first echo, s": echo,
        "echo / 1 + 1": echo / first,
        "round trip, ms": round_trip,
        "first visit, MB gzipped": size / 1e6,
        "files": len(files),
    }


def main() -> None:
    """Read the command line; print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sites", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    results: list[list[dict[str, float]]] = [[] for _ in options.sites]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for _ in range(options.rounds):
            for site, found in zip(options.sites, results, strict=True):
                found.append(visit(browser, site.resolve()))
        browser.close()
    print("| what | " + " | ".join(str(site) for site in options.sites) + " | last / first |")
    print("|---|" + "---:|" * (len(options.sites) + 1))
    for what in results[0][0]:
        medians = [statistics.median(each[what] for each in found) for found in results]
        row = " | ".join(f"{median:.2f}" for median in medians)
        print(f"| {what} | {row} | {medians[-1] / medians[0]:.2f} |")


if __name__ == "__main__":
    main()
