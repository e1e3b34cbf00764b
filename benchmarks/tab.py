"""
What a first visit to the site in a browser tab costs: ``make bench-tab``.

Each round opens the first notebook in a fresh profile of Chromium, from this machine, and measures
from the click to the output of ``1 + 1`` and to the first echo, and how long a round trip of the
blocking client takes; then the next site's turn comes. With two sites (the one from before, say) it
prints the ratio. Bytes are those of all files that were asked for, as gzip has them.

With ``--course`` it says what memory the tab has after one notebook after another, all in the same
kernel: that of the renderer (PSS on Linux, RSS elsewhere), and of it WebAssembly's.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gzip
import http.server
import json
import shutil
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
SECONDS = 180

EXECUTE = """
async (code) => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  const future = kernel.requestExecute({ code, allow_stdin: false, stop_on_error: false });
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


HEAP = "import pyodide_js\nlen(pyodide_js._module.HEAP8)"


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


def open_first(page: Page, address: str) -> None:
    """Open the first notebook; return when there is a kernel that may be asked."""
    page.goto(f"{address}/notebooks/index.html?path=00_start_here.ipynb")
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel",
        timeout=SECONDS * 1000,
    )


def visit(browser: Browser, folder: Path) -> dict[str, float]:
    """Visit a site for the first time; return seconds, milliseconds and megabytes."""
    with serving(folder) as (address, asked):
        context = browser.new_context()
        page = context.new_page()
        began = time.monotonic()
        open_first(page, address)
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


def renderer(browser: Browser) -> float:
    """MB of the biggest process that shows pages: a tab's, with its workers."""
    found = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    processes = [psutil.Process(one["id"]) for one in found if one["type"] == "renderer"]
    if psutil.LINUX:
        return float(max(each.memory_full_info().pss for each in processes) / 1e6)
    return float(max(each.memory_info().rss for each in processes) / 1e6)


def course(browser: Browser, folder: Path) -> None:
    """Run notebooks 00 to 08 in one kernel; print a row after each."""
    print("| after | renderer, MB | of it WebAssembly, MB | seconds |\n|---|---:|---:|---:|")
    with serving(folder) as (address, _):
        page = browser.new_page()
        open_first(page, address)
        page.evaluate(EXECUTE, "1 + 1")
        for path in (None, *sorted((folder / "files").glob("0[0-8]*.ipynb"))):
            began = time.monotonic()
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"] if path else []
            for cell in cells:
                if cell["cell_type"] == "code":
                    page.evaluate(EXECUTE, "".join(cell["source"]))
            heap = float(page.evaluate(EXECUTE, HEAP)) / 1e6
            row = f"{renderer(browser):.0f} | {heap:.0f} | {time.monotonic() - began:.0f}"
            print(f"| {path.stem if path else '1 + 1'} | {row} |", flush=True)
        page.close()


def first_visits(browser: Browser, sites: list[Path], rounds: int) -> None:
    """Visit each site so often, in turn; print a table."""
    results: list[list[dict[str, float]]] = [[] for _ in sites]
    for _ in range(rounds):
        for site, found in zip(sites, results, strict=True):
            found.append(visit(browser, site.resolve()))
    print("| what | " + " | ".join(map(str, sites)) + " | last / first |")
    print("|---|" + "---:|" * (len(sites) + 1))
    for what in results[0][0]:
        medians = [statistics.median(each[what] for each in found) for found in results]
        row = " | ".join(f"{median:.2f}" for median in medians)
        print(f"| {what} | {row} | {medians[-1] / medians[0]:.2f} |")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sites", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--course", action="store_true", help="measure memory, in the last site")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        if options.course:
            course(browser, options.sites[-1].resolve())
        else:
            first_visits(browser, options.sites, options.rounds)
        browser.close()


if __name__ == "__main__":
    main()
