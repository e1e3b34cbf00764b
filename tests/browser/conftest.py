"""One ``jupyter lab`` and one Chromium for all tests, and the notebooks that they open and run."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import absent
import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from interop import engines
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    expect,
    sync_playwright,
)

import wslab

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"  # Debian's
START_SECONDS = 60  # for a server to start, or a page to be there
RUN_SECONDS = 60  # for all cells of a notebook
SECONDS = 10  # for anything else

HUB = "hub.example"  # a name of this machine, in the browser only: a page that is not on loopback

FLAGS = [
    "--no-sandbox",  # it refuses to run as root otherwise
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {HUB} 127.0.0.1",
]

# What is neither wslab's nor the course's:
HARMLESS = re.compile(
    # Notebook 7.6 with any notebook, an empty one included, while it looks for the settings of a
    # plugin that it has not.
    r"TypeError: Cannot read properties of undefined \(reading 'schema'\)\n.*/static/notebook/"
    # The same, where JupyterLab has remembered which folder was open.
    r"|Error: Command 'filebrowser:open-path' not registered\.\n.*/static/notebook/"
    # JupyterLab asks a kernel about its debugger while a test already ends that kernel.
    r"|Could not restore the debugger state: Canceled future"
    # JupyterLab wants to focus a notebook that a test has closed meanwhile.
    r"|TypeError: Cannot read properties of null \(reading 'footer'\)\n.*\._ensureFocus "
    # Notebook 01 shows that send() after the end throws nothing.
    r"|WebSocket is already in CLOSING or CLOSED state\. \(blob:"
    # Notebook 07 lets a page of another origin, at "/", knock where it is refused.
    r"|WebSocket connection to '[^']+' failed: .*response code: 403 \(http://127\.0\.0\.1:\d+/\)$"
)

# Anything on this machine; and names that no machine ever has (RFC 6761).
INSIDE = re.compile(rf"(127(\.\d+){{3}}|localhost|\[?::1\]?|{re.escape(HUB)}|.+\.invalid)$")

# JupyterLab and its kernels run this when they start: it notes whom they would talk to.
AUDIT = """
import os, sys

def note(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if host:
        with open(os.environ["WSLAB_TEST_AUDIT"], "a") as file:
            print(host if isinstance(host, str) else host.decode(), file=file)

sys.addaudithook(note)
"""

START = """
import wslab
server = wslab.serve(wslab.handlers.{handler}, name="lesson")
"""
SHOW = "console = wslab.BrowserConsole(server)\nconsole"
FREE = "None"  # a cell for what a test asks Python


_failed = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[_failed] = True
    return report


@pytest.hookimpl(tryfirst=True)  # before -m looks for it
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium: skipped where it is missing, but never in CI."""
    if not Path(CHROMIUM).exists():
        reason = "there is no Chromium here; on Debian and Ubuntu: apt-get install chromium"
        absent.give_up(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def engine(chromium: Browser) -> Iterator[engines.Browser]:
    """Chromium with a page of this machine."""
    with engines.page() as url:
        tab = chromium.new_page(ignore_https_errors=True)
        browser = engines.Chromium(tab)
        browser.visit(url)
        yield browser
        tab.context.close()


class Jupyter:
    """
    A running ``jupyter lab``, which serves Notebook 7 as well.

    Attributes:
        port: Its TCP port.
        folder: Where its notebooks are: those of the course, and what a test writes.
    """

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = int(sock.getsockname()[1])
        (home / "audit").mkdir()
        (home / "audit" / "sitecustomize.py").write_text(AUDIT)
        self._hosts = home / "hosts.txt"
        self._hosts.touch()
        # Caches stay: matplotlib would look for fonts again, and say so in a notebook.
        cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("JUPYTER_")
        } | {
            "HOME": str(home),
            "XDG_CACHE_HOME": cache,
            "JUPYTER_CONFIG_PATH": str(Path(wslab.__file__).parent / "jupyter"),  # as `wslab start`
            "PYTHONPATH": str(home / "audit"),
            "WSLAB_TEST_AUDIT": str(self._hosts),
        }
        self._log = home / "log.txt"
        options = {
            "ServerApp.port": self.port,
            "ServerApp.port_retries": 0,
            "ServerApp.open_browser": False,
            "ServerApp.allow_root": True,
            "ServerApp.allow_remote_access": True,  # the page at HUB
            "IdentityProvider.token": "",
            "ServerApp.disable_check_xsrf": True,  # api() has no cookie
            "LabApp.expose_app_in_browser": True,
            "JupyterNotebookApp.expose_app_in_browser": True,
        }
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *(f"--{k}={v}" for k, v in options.items())],
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError):
                self.api("GET", "status")
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                pytest.fail(f"jupyter lab did not start:\n{self._log.read_text()}", pytrace=False)
            time.sleep(0.1)

    def stop(self) -> None:
        """End it and its kernels."""
        self._process.terminate()
        try:
            self._process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def outside(self) -> list[str]:
        """Hosts on other machines that the server or a kernel has asked for."""
        hosts = self._hosts.read_text().split()
        return sorted({host for host in hosts if not INSIDE.match(host)})

    def forget_hosts(self) -> None:
        """Begin anew with what :meth:`outside` returns."""
        self._hosts.write_text("")

    def api(self, method: str, path: str, body: object = None) -> Any:
        """Call Jupyter's REST API."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=SECONDS) as response:
            answer = response.read()
        return json.loads(answer) if answer else None

    def end_kernels(self) -> None:
        """End all kernels, whoever uses them."""
        for session in self.api("GET", "sessions"):
            self.api("DELETE", f"sessions/{session['id']}")

    def write(self, name: str, *cells: str) -> str:
        """Write a notebook of code cells; return its path."""
        nb = nbformat.v4.new_notebook()
        nb.metadata.kernelspec = {"name": "python3", "display_name": "Python", "language": "python"}
        nb.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
        path = f"{name}.ipynb"
        (self.folder / path).write_text(nbformat.writes(nb), encoding="utf-8")
        return path


@pytest.fixture(scope="package")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """The server."""
    folder = tmp_path_factory.mktemp("work")
    shutil.copytree(
        NOTEBOOKS, folder / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints")
    )
    jupyter = Jupyter(folder, tmp_path_factory.mktemp("home"))
    yield jupyter
    jupyter.stop()
    assert jupyter.outside() == [], "the server or a kernel asked for other machines"


class Tab:
    """
    A page of JupyterLab or of Notebook 7, and the notebook that is open in it.

    Attributes:
        page: Playwright's page.
        errors: What the page's console says at level error, what no JavaScript has caught, and each
            address on another machine that was asked for.
        path: The notebook that is open.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        self.path = ""
        page.set_default_timeout(SECONDS * 1000)
        page.on("console", self._on_console)
        page.on("pageerror", self._on_error)
        page.on("request", lambda request: self._on_address(request.url))
        page.on("websocket", lambda socket: self._on_address(socket.url))

    def _on_error(self, error: Error) -> None:
        text = error.stack or str(error)
        if not HARMLESS.match(text):
            self.errors.append(text)

    def _on_address(self, address: str) -> None:
        host = urllib.parse.urlsplit(address).hostname  # None in data: and blob:
        if host and not INSIDE.match(host):
            self.errors.append(f"the page asked another machine: {address}")

    def _on_console(self, message: ConsoleMessage) -> None:
        text = f"{message.text} ({message.location.get('url')})"
        if message.type == "error" and not HARMLESS.match(text):
            self.errors.append(text)

    def wait_for_app(self) -> None:
        """Wait until the page has loaded."""
        self.page.wait_for_function(
            "() => window.jupyterapp?.restored && document.querySelector('.jp-NotebookPanel,"
            " .jp-Launcher')",
            timeout=START_SECONDS * 1000,
        )

    def open(self, path: str) -> None:
        """Open a notebook in JupyterLab instead of the one before, and wait for its kernel."""
        self.page.evaluate(
            """async (path) => {
                const app = window.jupyterapp;
                for (const widget of [...app.shell.widgets('main')]) {
                    if (widget.context) {
                        await widget.context.sessionContext.shutdown();
                        widget.context.model.dirty = false;
                    }
                    widget.dispose();
                }
                if (path) await app.commands.execute('docmanager:open', {path});
            }""",
            path,
        )
        self.path = path
        if path:
            self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """
        Wait until the notebook has a kernel that answers.

        Before that, running a cell opens the dialogue "Select Kernel" instead.
        """
        self.evaluate(
            """async (panel) => {
                await panel.context.ready;
                await panel.sessionContext.ready;
                await panel.sessionContext.session.kernel.info;
            }""",
            seconds=START_SECONDS,
        )

    def evaluate(self, function: str, *arguments: Any, seconds: float = SECONDS) -> Any:
        """Call a JavaScript function with the notebook's panel; fail if it takes too long."""
        return self.page.evaluate(
            """async ([source, milliseconds, ...rest]) => {
                let panel;
                while (!(panel = window.jupyterapp?.shell.currentWidget)?.sessionContext)
                    await new Promise((resolve) => setTimeout(resolve, 50));
                const late = new Promise((_, reject) => setTimeout(
                    () => reject(new Error(`not done in ${milliseconds} ms`)), milliseconds));
                return await Promise.race([eval(source)(panel, ...rest), late]);
            }""",
            [f"({function})", seconds * 1000, *arguments],
        )

    def run_all(self, seconds: float = RUN_SECONDS) -> list[list[nbformat.NotebookNode]]:
        """Run all cells, all queued at once, as the menu does; return what each one shows."""
        self.evaluate(
            "() => window.jupyterapp.commands.execute('notebook:run-all-cells')", seconds=seconds
        )
        return self.outputs()

    def start(self, cell: int) -> None:
        """Run a cell without waiting for it."""
        self.evaluate(
            """(panel, index) => {
                panel.content.activeCellIndex = index;
                panel.content.deselectAll();
                window.jupyterapp.commands.execute('notebook:run-cell');
            }""",
            cell,
        )

    def run(self, cell: int, source: str | None = None, seconds: float = SECONDS) -> str:
        """Run a cell, with another source if one is given; return its text."""
        self.evaluate(
            """async (panel, index, source) => {
                const cell = panel.content.widgets[index];
                if (source !== null) cell.model.sharedModel.setSource(source);
                panel.content.activeCellIndex = index;
                panel.content.deselectAll();
                await window.jupyterapp.commands.execute('notebook:run-cell');
            }""",
            cell,
            source,
            seconds=seconds,
        )
        return self.text(cell)

    def outputs(self) -> list[list[nbformat.NotebookNode]]:
        """What each code cell shows."""
        found = self.evaluate(
            """(panel) => panel.content.widgets.filter((cell) => cell.model.type === 'code')
                .map((cell) => [cell.model.executionCount, cell.model.outputs.toJSON()])"""
        )
        for count, outputs in found:
            for output in outputs:
                # As nbformat has them in memory: lines joined.
                if isinstance(output.get("text"), list):
                    output["text"] = "".join(output["text"])
                for kind, data in output.get("data", {}).items():
                    if isinstance(data, list) and not kind.endswith("json"):
                        output["data"][kind] = "".join(data)
            assert count is not None, "a cell has not run"
        return [nbformat.from_dict(outputs) for _, outputs in found]

    def text(self, cell: int) -> str:
        """The text that a code cell shows: streams, results and errors."""
        found = self.evaluate(
            "(panel, index) => panel.content.widgets[index].model.outputs.toJSON()", cell
        )
        parts = []
        for output in found:
            if output["output_type"] == "error":
                parts.append(f"{output['ename']}: {output['evalue']}")
            else:
                text = output.get("text") or output.get("data", {}).get("text/plain", "")
                parts.append(text if isinstance(text, str) else "".join(text))
        return "".join(parts)

    @property
    def console(self) -> Locator:
        """The browser console in the open notebook."""
        return self.page.locator(".wslab-console").last


def expect_no_errors(errors: list[str]) -> None:
    """Fail a test whose page had errors, and show them whole."""
    if errors:
        pytest.fail("\n\n".join(["The page's console had errors:", *errors]), pytrace=False)


@pytest.fixture
def new_tab(chromium: Browser) -> Iterator[Callable[..., Tab]]:
    """Open an address in a tab of its own; closed after the test, which fails if it had errors."""
    tabs: list[Tab] = []

    def open(url: str, **options: Any) -> Tab:
        tabs.append(Tab(chromium.new_page(viewport={"width": 1100, "height": 1000}, **options)))
        tabs[-1].page.goto(url, timeout=START_SECONDS * 1000)
        return tabs[-1]

    yield open
    errors = [error for tab in tabs for error in tab.errors]
    for tab in tabs:
        tab.page.context.close()
    expect_no_errors(errors)


@pytest.fixture(scope="package")
def _lab_tabs(chromium: Browser) -> Iterator[list[Tab]]:
    tabs: list[Tab] = []
    yield tabs
    for tab in tabs:
        tab.page.context.close()


@pytest.fixture
def lab(
    chromium: Browser, jupyter: Jupyter, _lab_tabs: list[Tab], request: pytest.FixtureRequest
) -> Iterator[Tab]:
    """JupyterLab; loaded once, and again after a test that failed."""
    if not _lab_tabs:
        tab = Tab(chromium.new_page(viewport={"width": 1100, "height": 1000}))
        tab.page.goto(f"http://127.0.0.1:{jupyter.port}/lab?reset", timeout=START_SECONDS * 1000)
        tab.wait_for_app()
        tab.page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
        _lab_tabs.append(tab)
    tab = _lab_tabs.pop()
    yield tab
    errors, tab.errors[:] = list(tab.errors), []
    if errors or request.node.stash.get(_failed, False):
        tab.page.context.close()
        jupyter.end_kernels()
    else:
        _lab_tabs.append(tab)
    expect_no_errors(errors)


@pytest.fixture
def lesson(lab: Tab, jupyter: Jupyter) -> Callable[..., Locator]:
    """
    Open a notebook with a server and its console; the third cell is free.

    The notebook stays open for the next test, which runs its cells again.
    """

    def open(handler: str = "echo", show: str = SHOW) -> Locator:
        if lab.path != "lesson.ipynb":
            lab.open(jupyter.write("lesson", FREE, FREE, FREE))
        lab.run(0, START.format(handler=handler))
        lab.run(1, show)
        expect(lab.console.get_by_role("status")).to_have_text("OPEN")
        return lab.console

    return open


def send(console: Locator, format: str, typed: str) -> None:
    """Choose a format, type a message and press Enter."""
    console.get_by_label("Format of what you send").select_option(format)
    console.get_by_label("Message to send").fill(typed)
    console.get_by_label("Message to send").press("Enter")


def violations(
    page: Page,
    part: str | None = None,
    *,
    only: list[str] | None = None,
    but: list[str] | None = None,
) -> list[str]:
    """
    What axe-core finds wrong in a page, or in a part of it: rule, reason, place and element.

    Against WCAG 2.2, level AA, and with headings in order; or for some rules only, or without some.
    """
    # "preload" fetches style sheets once more, from wrong addresses; no rule used here needs them.
    options: dict[str, Any] = {"resultTypes": ["violations"], "rules": {}, "preload": False}
    if only:
        options["runOnly"] = {"type": "rule", "values": only}
    else:
        options["runOnly"] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        options["rules"]["heading-order"] = {"enabled": True}
    for rule in but or []:
        options["rules"][rule] = {"enabled": False}
    found = Axe().run(page, context=part, options=options).response
    assert found["passes"] or found["violations"], "axe-core found nothing that it could check"
    return [
        f"{violation['id']}: {node['failureSummary']} {node['target']} {node['html'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
