"""The site under a path of a server on this machine, and a Chromium that reaches nothing else."""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import absent
import pytest
from browser.conftest import CHROMIUM, FLAGS
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parents[2]
SITE = Path(os.environ.get("WSLAB_TAB_SITE", ROOT / "build" / "tab"))
NODE = os.environ.get("WSLAB_TAB_NODE", "node")
BELOW = "/a/course"  # a site of GitHub Pages is never at the root

START_SECONDS = 120  # for a page to load and a kernel to begin, on a busy machine
CELL_SECONDS = 60

collect_ignore = ["inside"]  # runs in Pyodide

# Where requests may go; "None" is the host of blob: and data:.
HERE = {"127.0.0.1", "None", ""}
# Where a kernel asks for NumPy and the like, and may not get them.
DISTRIBUTION = "cdn.jsdelivr.net"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


class _Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix(BELOW))

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of the site, which ``make tab`` has built."""
    if not (SITE / "index.html").exists():
        reason = f"there is no site in {SITE}: make tab"
        absent.give_up(reason)
    handler = functools.partial(_Handler, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}{BELOW}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, for which no name resolves."""
    if not Path(CHROMIUM).exists():
        absent.give_up("there is no Chromium here")
    flags = [flag for flag in FLAGS if not flag.startswith("--host-resolver-rules")]
    flags.append("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


EXECUTE = """
async ([code, seconds]) => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  const outputs = [];
  const future = kernel.requestExecute({ code, allow_stdin: false, stop_on_error: false });
  future.onIOPub = ({ header: { msg_type: type }, content }) => {
    if (["stream", "execute_result", "display_data", "error"].includes(type))
      outputs.push({ ...content, output_type: type });
  };
  const late = new Promise((resolve) => setTimeout(resolve, seconds * 1000, "not done in time"));
  return [await Promise.race([future.done.then(({ content }) => content.status), late]), outputs];
}
"""


class Tab:
    """
    A page of the site with a notebook and its kernel.

    Attributes:
        page: Playwright's page.
        hosts: Where its requests and those of its kernel went.
        fatal: What its consoles say about an interpreter that has ended.
    """

    def __init__(self, context: BrowserContext, site: str) -> None:
        self.site = site
        self.hosts: set[str] = set()
        self.fatal: list[str] = []
        context.on("request", lambda request: self.hosts.add(str(urlsplit(request.url).hostname)))
        context.on("console", self._on_console)
        self.page: Page = context.new_page()

    def _on_console(self, message: Any) -> None:
        if re.search(r"fatal error|out of bounds|call stack size", message.text):
            self.fatal.append(message.text)

    def open(self, notebook: str, app: str = "notebooks/index.html") -> None:
        """Open a notebook and wait for its kernel."""
        self.page.goto(f"{self.site}/{app}?path={quote(notebook)}")
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """Wait until the kernel has run something."""
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel",
            timeout=START_SECONDS * 1000,
        )
        assert self.run("None", START_SECONDS) == ""

    def execute(self, code: str, seconds: float = CELL_SECONDS) -> tuple[str, list[dict[str, Any]]]:
        """Run code in the kernel; return its status and outputs."""
        status, outputs = self.page.evaluate(EXECUTE, [code, seconds])
        for output in outputs:
            if output["output_type"] == "error":  # the kernel tells "<class 'ValueError'>"
                output["ename"] = re.sub(r"<class '(?:.*\.)?(\w+)'>", r"\1", output["ename"])
        return status, outputs

    def run(self, code: str, seconds: float = CELL_SECONDS) -> str:
        """Run code in the kernel; return its text."""
        status, outputs = self.execute(code, seconds)
        assert status != "not done in time", f"not done in {seconds} s:\n{code}"
        return text(outputs)


def text(outputs: list[dict[str, Any]]) -> str:
    """The text of outputs: streams, results and errors."""
    parts = []
    for output in outputs:
        if output["output_type"] == "error":
            parts.append(f"{output['ename']}: {output['evalue']}\n")
        elif output["output_type"] == "stream":
            parts.append("".join(output["text"]))
        else:
            parts.append("".join(output["data"].get("text/plain", "")) + "\n")
    return "".join(parts).removesuffix("\n")


@pytest.fixture(scope="module")
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A profile of its own, without a service worker."""
    context = chromium.new_context(
        service_workers="block", viewport={"width": 1100, "height": 1000}
    )
    yield context
    context.close()


@pytest.fixture(scope="module")
def tab(context: BrowserContext, site: str) -> Iterator[Tab]:
    """The first notebook; nothing may have asked another host, nor any interpreter have ended."""
    tab = Tab(context, site)
    tab.open("00_start_here.ipynb")
    yield tab
    assert tab.hosts <= HERE
    assert tab.fatal == []


def node() -> str:
    """Node, of the environment that built the site."""
    found = shutil.which(NODE)
    if found is None:
        pytest.skip("there is no Node here")
    return found
