"""The first notebooks in Firefox, by WebDriver BiDi: ``make test-tab-firefox``."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_notebooks_kernel import read_cells
from websockets.sync.client import ClientConnection, connect

from .comparing import NOTEBOOKS, Comparison
from .conftest import EXECUTE, START_SECONDS
from .test_notebooks import RUN_ALL, joined, report

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
FIRST = [path for path in sorted(NOTEBOOKS.glob("*.ipynb")) if path.name[:2] in ("00", "01", "02")]
RUN_SECONDS = 240


class Firefox:
    """
    A Firefox, and one tab of it.

    Args:
        ws: A connection to its WebDriver BiDi: https://www.w3.org/TR/webdriver-bidi/.
    """

    def __init__(self, ws: ClientConnection) -> None:
        self._ws = ws
        self._number = 0
        self.ask("session.new", capabilities={})
        self._context = self.ask("browsingContext.create", type="tab")["context"]

    def ask(self, method: str, *, seconds: float = START_SECONDS, **params: Any) -> Any:
        """Send a command; return its result."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": params}
        self._ws.send(json.dumps(command))
        deadline = time.monotonic() + seconds
        while True:
            answer = json.loads(self._ws.recv(timeout=max(0.0, deadline - time.monotonic())))
            if answer.get("id") == self._number:
                assert answer["type"] == "success", answer
                return answer["result"]

    def open(self, url: str) -> None:
        """Open an address."""
        self.ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def evaluate(self, function: str, argument: Any = None, seconds: float = START_SECONDS) -> Any:
        """Call a JavaScript function; return its result by way of JSON."""
        call = f"(async () => JSON.stringify(await ({function})({json.dumps(argument)})))()"
        result = self.ask(
            "script.evaluate",
            seconds=seconds,
            expression=call,
            target={"context": self._context},
            awaitPromise=True,
        )
        assert result["type"] == "success", result
        return json.loads(result["result"]["value"])


@pytest.fixture(scope="module")
def firefox() -> Iterator[Firefox]:
    """Debian's Firefox, with a profile of its own."""
    if FIREFOX is None:
        pytest.skip("there is no Firefox here; on Debian: apt-get install firefox-esr")
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    with tempfile.TemporaryDirectory() as profile:
        Path(profile, "user.js").write_text(
            'user_pref("network.proxy.type", 0);\n'
            'user_pref("datareporting.policy.dataSubmissionEnabled", false);\n'
            'user_pref("app.update.disabledForTesting", true);\n'
        )
        options = ["--headless", "--profile", profile, f"--remote-debugging-port={port}"]
        process = subprocess.Popen(
            [FIREFOX, *options, "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with connect_to(port) as ws:
                yield Firefox(ws)
        finally:
            process.terminate()
            process.wait(30)


@contextlib.contextmanager
def connect_to(port: int) -> Iterator[ClientConnection]:
    """A connection to Firefox, as soon as it listens."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError):
            ws = connect(f"ws://127.0.0.1:{port}/session", proxy=None, max_size=None)
            break
        assert time.monotonic() < deadline, "Firefox does not listen"
        time.sleep(0.2)
    with ws:
        yield ws


WAIT = """
async () => {
  const kernel = () =>
    window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
  while (!kernel()) await new Promise((resolve) => setTimeout(resolve, 100));
  return true;
}
"""


@pytest.mark.parametrize("path", FIRST, ids=lambda path: path.stem)
def test_run_all_in_firefox(
    path: Path, firefox: Firefox, site: str, request: pytest.FixtureRequest
) -> None:
    """The same cells show the same as in Chromium."""
    firefox.open(f"{site}/notebooks/index.html?path={path.name}")
    assert firefox.evaluate(WAIT)
    status, _ = firefox.evaluate(EXECUTE, ["from pyodide.ffi import can_run_sync", START_SECONDS])
    assert status == "ok"
    outputs = firefox.evaluate(RUN_ALL, seconds=RUN_SECONDS)
    comparison = Comparison()
    items = read_cells(request.session, path, in_browser=True)
    for item, shown in zip(items, outputs, strict=True):
        comparison.add(item, joined(shown))
    report(path.name, comparison)
