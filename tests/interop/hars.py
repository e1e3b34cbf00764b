"""
Has real programs save one conversation as HAR, for tests/test_har.py to read: tests/hars/.

    cd tests && ../.venv/bin/python -m interop.hars          # all of them
    cd tests && ../.venv/bin/python -m interop.hars firefox

Chromium's DevTools (their own code, in a page that inspects another), Playwright's
``record_har_path``, Firefox's network monitor and ``mitmdump --set hardump`` see the same: a server
that says "welcome ü" and echoes a text and three bytes, then CLOSE 4001. Which version has written
a file, the file says itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import sync_playwright
from websockets.sync.client import connect

import wslab

from .engines import SECONDS, find, free_port, listens, page, until

FOLDER: Final = Path(__file__).parents[1] / "hars"

CONVERSE: Final = """async (url) => {
    const ws = new WebSocket(url);
    ws.binaryType = "arraybuffer";
    const next = () => new Promise((done) => { ws.onmessage = done; });
    await next();
    for (const message of ["hello", new Uint8Array([1, 2, 255])]) {
        ws.send(message);
        await next();
    }
    const closed = new Promise((done) => { ws.onclose = done; });
    ws.close(4001, "bye");
    await closed;
}"""

EXPORT: Final = """async () => {
    const { NetworkLog } = await import("/devtools/models/logs/logs.js");
    const { Log } = await import("/devtools/models/har/har.js");
    const found = NetworkLog.NetworkLog.instance().requests().find(
        (request) => request.resourceType().name() === "websocket" && request.finished);
    return found ? { log: await Log.Log.build([found], { sanitize: false }) } : null;
}"""

FIREFOX: Final = """
const [url, converse, done] = arguments;
(async () => {
    const { require } = ChromeUtils.importESModule(
        "resource://devtools/shared/loader/Loader.sys.mjs"
    );
    const { gDevTools } = require("devtools/client/framework/devtools");
    const tab = gBrowser.selectedTab;
    const toolbox = await gDevTools.showToolboxForTab(tab, { toolId: "netmonitor" });
    const page = tab.linkedBrowser.browsingContext;
    await page.currentWindowGlobal.getActor("MarionetteCommands").executeScript(
        `return (${converse})(arguments[0])`, [url], { timeout: 60000 }
    );
    return JSON.stringify({ log: await toolbox.getHARFromNetMonitor() });
})().then(done, (error) => done("failed: " + error + error.stack));
"""


async def chat(ws: Any) -> None:
    """Say welcome, then echo."""
    await ws.send("welcome ü")
    await wslab.handlers.echo(ws)


@contextlib.contextmanager
def process(*command: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Run a program until the end of the block."""
    with subprocess.Popen(command, text=True, **options) as running:
        try:
            yield running
        finally:
            running.terminate()
            running.communicate(timeout=SECONDS)


def devtools(url: str, site: str) -> Any:
    """DevTools in a page of one Chromium inspect a page of another one."""
    path = find("chromium", "chromium")
    with (
        tempfile.TemporaryDirectory() as profile,
        process(
            path, "--headless=new", "--no-sandbox", "--remote-debugging-port=0",
            f"--user-data-dir={profile}", "about:blank", stderr=subprocess.PIPE,
        ) as inspected,
        sync_playwright() as playwright,
    ):  # fmt: skip
        assert inspected.stderr is not None
        lines = iter(inspected.stderr.readline, "")
        ports = (re.search(r"listening on ws://127\.0\.0\.1:(\d+)/", line) for line in lines)
        port = next(found[1] for found in ports if found)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            target = next(each["id"] for each in json.load(answer) if each["type"] == "page")
        address = f"127.0.0.1:{port}/devtools"
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        frontend = browser.new_page()
        frontend.goto(f"http://{address}/inspector.html?panel=network&ws={address}/page/{target}")
        frontend.wait_for_function("""async () => {
            const { TargetManager } = await import("/devtools/core/sdk/sdk.js");
            return TargetManager.TargetManager.instance().primaryPageTarget() !== null;
        }""")
        call = f"({CONVERSE})({json.dumps(url)})"
        with connect(f"ws://{address}/page/{target}", max_size=None, proxy=None) as ws:
            har = None
            while har is None:  # nothing tells when the panel has begun to listen
                command(ws, "Page.navigate", url=site)
                command(ws, "Runtime.evaluate", expression=call, awaitPromise=True)
                har = frontend.evaluate(EXPORT)
        browser.close()
        return har


def command(ws: Any, method: str, **params: Any) -> Any:
    """Send a command of the DevTools protocol; return its result."""
    ws.send(json.dumps({"id": 1, "method": method, "params": params}))
    while (answer := json.loads(ws.recv(timeout=SECONDS))).get("id") != 1:
        pass
    return answer["result"]


def playwright(url: str, site: str) -> Any:
    """Playwright records a context."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "playwright.har"
        path = find("chromium", "chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = browser.new_context(record_har_path=file)
        tab = context.new_page()
        tab.goto(site)
        tab.evaluate(CONVERSE, url)
        context.close()
        browser.close()
        return json.loads(file.read_text(encoding="utf-8"))


def mitmproxy(url: str, site: str) -> Any:
    """A client goes through mitmproxy."""
    path = find("mitmdump", "mitmproxy (or PyPI's mitmproxy)")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mitmproxy.har"
        parts = urllib.parse.urlsplit(url)
        mode = f"reverse:http://{parts.netloc}@{port}"
        with process(
            path, "--quiet", "--listen-host", "127.0.0.1", "--mode", mode,
            "--set", f"hardump={file}", "--set", f"confdir={folder}",
        ):  # fmt: skip
            until(lambda: listens(port), "mitmproxy did not start")
            with connect(parts._replace(netloc=f"127.0.0.1:{port}").geturl(), proxy=None) as ws:
                ws.recv(timeout=SECONDS)
                for message in ("hello", bytes([1, 2, 255])):
                    ws.send(message)
                    ws.recv(timeout=SECONDS)
                ws.close(4001, "bye")
        return json.loads(file.read_text(encoding="utf-8"))


class Marionette:
    """Firefox's own remote control, which reaches its windows, too."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self._file = self._socket.makefile("rb")
        self._number = 0
        self._read()  # who it is

    def _read(self) -> Any:
        size = b""
        while (byte := self._file.read(1)) != b":":
            size += byte
        return json.loads(self._file.read(int(size)))

    def command(self, name: str, **parameters: Any) -> Any:
        """Send a command; return its result."""
        self._number += 1
        data = json.dumps([0, self._number, name, parameters]).encode()
        self._socket.sendall(b"%d:%b" % (len(data), data))
        _kind, _number, error, result = self._read()
        if error:
            raise RuntimeError(f"{name}: {error}")
        return result


def firefox(url: str, site: str) -> Any:
    """Firefox's network monitor exports what it has seen."""
    path = find("firefox-esr", "firefox-esr")
    port = free_port()
    with tempfile.TemporaryDirectory() as profile:
        Path(profile, "user.js").write_text(f'user_pref("marionette.port", {port});\n')
        with process(
            path, "--headless", "--marionette", "--remote-allow-system-access", "--no-remote",
            "--profile", profile, env=os.environ | {"HOME": profile},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ):  # fmt: skip
            until(lambda: listens(port), "Firefox did not start")
            browser = Marionette(port)
            browser.command("WebDriver:NewSession")
            browser.command("WebDriver:Navigate", url=site)
            browser.command("Marionette:SetContext", value="chrome")
            result = browser.command(
                "WebDriver:ExecuteAsyncScript", script=FIREFOX, args=[url, CONVERSE],
                scriptTimeout=int(1000 * SECONDS),
            )["value"]  # fmt: skip
            if result.startswith("failed"):
                raise RuntimeError(result)
            return json.loads(result)


PROGRAMS: Final = {
    "devtools": devtools,
    "playwright": playwright,
    "firefox": firefox,
    "mitmproxy": mitmproxy,
}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or PROGRAMS:
        with page() as site, wslab.serve(chat, name="chat") as server:
            wslab.allow_origin(site.rstrip("/"))
            har = PROGRAMS[name](f"{server.url}/chat?a=1", site)
        text = json.dumps(har, indent=1, ensure_ascii=False)
        (FOLDER / f"{name}.har").write_text(text + "\n", encoding="utf-8")
        print(f"{name}: {len(text):,} characters")


if __name__ == "__main__":
    main()
