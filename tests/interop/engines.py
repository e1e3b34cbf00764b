"""
Starts what runs JavaScript: Chromium, Firefox, WebKit and the runtimes Node, Bun and Deno.

Each is a context manager whose ``run()`` gives a function of JavaScript its arguments and returns
what its promise gives. A browser does that in a page of 127.0.0.1, as one that anybody serves, and
``visit()`` takes it to another one.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import Page, sync_playwright
from websockets.sync.client import connect

SECONDS = 60.0  # for anything that an engine does
TOOLS = Path(__file__).parents[2] / "build" / "atlas"  # where `make atlas` installs runtimes


class MissingError(RuntimeError):
    """Something is not installed; the message says how to get it."""


class Engine(Protocol):
    """A running engine."""

    name: str
    version: str

    def run(self, function: str, *arguments: Any) -> Any:
        """Call an ``async`` function of JavaScript with arguments that JSON can carry."""


class Browser(Engine, Protocol):
    """An engine with a page."""

    def visit(self, url: str) -> None:
        """Go to another page, whoever has signed its certificate."""


def find(program: str, package: str) -> str:
    """Return the path of one of Debian's programs."""
    if found := shutil.which(program):
        return found
    raise MissingError(f"there is no {program} here; on Debian: apt-get install {package}")


def output(*command: str) -> str:
    """What a command prints."""
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=SECONDS
    ).stdout.strip()


@contextlib.contextmanager
def page(tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve an empty page, over TLS if there is a context for it; give its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>atlas</title><link rel=icon href=data:>")

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


class Chromium:
    """A page of Playwright's, wherever it comes from."""

    name = "Chromium"

    def __init__(self, tab: Page) -> None:
        self._tab = tab
        browser = tab.context.browser
        self.version = browser.version if browser else ""

    def run(self, function: str, *arguments: Any) -> Any:
        return self._tab.evaluate(f"(arguments) => ({function})(...arguments)", list(arguments))

    def visit(self, url: str) -> None:
        self._tab.goto(url)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright."""
    path = find("chromium", "chromium")
    with page() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        engine = Chromium(browser.new_page(ignore_https_errors=True))
        engine.visit(url)
        yield engine
        browser.close()


class _Firefox:
    name = "Firefox"

    def __init__(self, ws: Any) -> None:
        self._ws = ws
        self._number = 0

    def command(self, method: str, **params: Any) -> Any:
        """Send a command of WebDriver BiDi; return its result."""
        self._number += 1
        self._ws.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while (answer := json.loads(self._ws.recv(timeout=SECONDS))).get("id") != self._number:
            pass
        if answer["type"] != "success":
            raise RuntimeError(f"{method}: {answer.get('message')}")
        return answer["result"]

    def begin(self, url: str) -> None:
        """Open a page."""
        trusting = {"alwaysMatch": {"acceptInsecureCerts": True}}
        session = self.command("session.new", capabilities=trusting)
        self.version = session["capabilities"]["browserVersion"]
        (context,) = self.command("browsingContext.getTree")["contexts"]
        self._target = {"context": context["context"]}
        self.visit(url)

    def visit(self, url: str) -> None:
        self.command("browsingContext.navigate", url=url, wait="complete", **self._target)

    def run(self, function: str, *arguments: Any) -> Any:
        values = json.dumps(list(arguments))
        result = self.command(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({function})(...{values})))()",
            target=self._target,
            awaitPromise=True,
        )
        if result["type"] != "success":
            raise RuntimeError(result["exceptionDetails"]["text"])
        value = result["result"].get("value")
        return None if value is None else json.loads(value)


@contextlib.contextmanager
def firefox() -> Iterator[Browser]:
    """Debian's Firefox ESR, driven over WebDriver BiDi by itself, without geckodriver."""
    path = find("firefox-esr", "firefox-esr")
    with page() as url, tempfile.TemporaryDirectory() as profile:
        process = subprocess.Popen(
            [path, "--headless", "--remote-debugging-port=0", "--profile", profile, "--no-remote"],
            env=os.environ | {"HOME": profile},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            address = Path(profile) / "WebDriverBiDiServer.json"
            until(address.exists, "Firefox did not start")
            until(lambda: address.read_text().endswith("}"), "Firefox did not start")
            where = json.loads(address.read_text())
            with connect(
                f"ws://{where['ws_host']}:{where['ws_port']}/session", max_size=None, proxy=None
            ) as ws:
                browser = _Firefox(ws)
                browser.begin(url)
                yield browser
        finally:
            process.terminate()
            process.wait(SECONDS)


def until(condition: Any, words: str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(words)
        time.sleep(0.05)


def free_port() -> int:
    """Return a port that nobody uses, for a program that cannot say which one it has chosen."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def listens(port: int) -> bool:
    """Return whether somebody listens on a port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=SECONDS).close()
    except ConnectionRefusedError:
        return False
    return True


class _WebKit:
    name = "WebKit"

    def __init__(self, address: str) -> None:
        self._address = address

    def command(self, method: str, path: str, **body: Any) -> Any:
        """Send a command of WebDriver; return its value."""
        request = urllib.request.Request(
            self._address + path,
            method=method,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=SECONDS) as response:
            return json.load(response)["value"]

    def begin(self, url: str) -> None:
        """Open a page."""
        trusting = {"alwaysMatch": {"acceptInsecureCerts": True}}
        session = self.command("POST", "/session", capabilities=trusting)
        self._session = f"/session/{session['sessionId']}"
        version = session["capabilities"]["browserVersion"]
        self.version = f"GTK {version}"
        self.command("POST", f"{self._session}/timeouts", script=SECONDS * 1000)
        self.visit(url)

    def visit(self, url: str) -> None:
        self.command("POST", f"{self._session}/url", url=url)

    def run(self, function: str, *arguments: Any) -> Any:
        script = f"""
            const done = arguments[arguments.length - 1];
            ({function})(...{json.dumps(list(arguments))})
                .then((value) => done(JSON.stringify({{ value }})),
                      (error) => done(JSON.stringify({{ error: String(error) }})));
        """
        result = json.loads(
            self.command("POST", f"{self._session}/execute/async", script=script, args=[])
        )
        if "error" in result:
            raise RuntimeError(result["error"])
        return result.get("value")

    def end(self) -> None:
        """Close the browser."""
        self.command("DELETE", self._session)


@contextlib.contextmanager
def webkit() -> Iterator[Browser]:
    """Debian's WebKitGTK, whose engine is Safari's, driven by its WebDriver on a screen of Xvfb."""
    path = find("WebKitWebDriver", "webkit2gtk-driver")
    find("Xvfb", "xvfb")
    with page() as url, tempfile.TemporaryDirectory() as home:
        reader, writer = os.pipe()
        screen = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-nolisten", "tcp"],
            pass_fds=[writer],
            stderr=subprocess.DEVNULL,
        )
        os.close(writer)
        with os.fdopen(reader) as display:
            number = display.readline().strip()
        port = free_port()
        driver = subprocess.Popen(
            [path, "--host=127.0.0.1", f"--port={port}"],
            env=os.environ | {"DISPLAY": f":{number}", "HOME": home},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until(lambda: listens(port), "WebKitWebDriver did not start")
            browser = _WebKit(f"http://127.0.0.1:{port}")
            browser.begin(url)
            yield browser
            browser.end()
        finally:
            for process in driver, screen:
                process.terminate()
                process.wait(SECONDS)


class _Runtime:
    """Runs each function in a process of its own."""

    def __init__(self, name: str, version: str, *command: str, prelude: str = "") -> None:
        self.name = name
        self.version = version
        self._command = command
        self._prelude = prelude

    def run(self, function: str, *arguments: Any) -> Any:
        script = f"""
            {self._prelude}
            ({function})(...{json.dumps(list(arguments))}).then((value) => {{
                console.log("\\n" + JSON.stringify({{ value }}));
                process.exit(0); // a connection that hangs must not keep it alive
            }});
        """
        return json.loads(output(*self._command, script).splitlines()[-1]).get("value")


@contextlib.contextmanager
def node(tools: Path = TOOLS) -> Iterator[Engine]:
    """Node and the WebSocket that it brings itself, which is undici's."""
    program = node_program(tools)
    version, undici = output(
        program, "-p", "process.versions.node + '\\n' + process.versions.undici"
    ).splitlines()
    yield _Runtime("Node", f"{version} (undici {undici})", program, "-e")


@contextlib.contextmanager
def ws(tools: Path = TOOLS) -> Iterator[Engine]:
    """The package ``ws``, on Node."""
    program = node_program(tools)
    package = tool(tools / "node_modules" / "ws" / "package.json")
    version = json.loads(Path(package).read_text(encoding="utf-8"))["version"]
    prelude = f"globalThis.WebSocket = require({json.dumps(str(Path(package).parent))});"
    yield _Runtime("ws", version, program, "-e", prelude=prelude)


@contextlib.contextmanager
def bun(tools: Path = TOOLS) -> Iterator[Engine]:
    """Bun."""
    program = tool(tools / "node_modules" / ".bin" / "bun")
    yield _Runtime("Bun", output(program, "--version"), program, "-e")


@contextlib.contextmanager
def deno(tools: Path = TOOLS) -> Iterator[Engine]:
    """Deno."""
    program = tool(tools / "node_modules" / ".bin" / "deno")
    version = output(program, "--version").split()[1]
    prelude = 'import process from "node:process";'
    yield _Runtime("Deno", version, program, "eval", "--no-check", prelude=prelude)


def node_program(tools: Path = TOOLS) -> str:
    """Return Node's own path: what PyPI installs is a script, and Node survives the end of it."""
    return output(tool(tools / "venv" / "bin" / "node"), "-p", "process.execPath")


def tool(path: Path) -> str:
    """Return the path of what `make atlas` has installed."""
    if not path.exists():
        raise MissingError(f"there is no {path.name} in {path.parent}; run: make atlas")
    return str(path)


BROWSERS = (chromium, firefox, webkit)
RUNTIMES = (node, ws, bun, deno)
