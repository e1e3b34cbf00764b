"""What we save opens in Chromium's DevTools: in their code, and in the Network panel by hand."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.sync.client import connect

import wslab

from .conftest import CHROMIUM, START_SECONDS

READ = """async (har) => {
    const { HARFormat, Importer } = await import("/devtools/models/har/har.js");
    const { log } = new HARFormat.HARRoot(har);
    return Importer.Importer.requestsFromHARLog(log).map((request) => [
        request.url(), request.statusCode, request.resourceType().name(),
        request.frames().map(({ type, opCode, text }) => [type, opCode, text]),
    ]);
}"""


ROW = re.compile(r'row "([⬆⬇])(.+) (\d+(?: B)?) [\d:.]+"')
"""A message as the panel shows it: who sent it, what, and how long it is."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a Chromium serves its own DevTools."""
    folder = tmp_path_factory.mktemp("profile")
    process = subprocess.Popen(
        [CHROMIUM, "--headless=new", "--no-sandbox", "--remote-debugging-port=0",
         f"--user-data-dir={folder}", "about:blank"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        log = ""
        while not (found := re.search(r"DevTools listening on ws://127\.0\.0\.1:(\d+)/", log)):
            line = process.stderr.readline()
            assert line, log  # it has ended
            log += line
        port = found[1]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            page = next(each for each in json.load(answer) if each["type"] == "page")
        address = f"127.0.0.1:{port}/devtools"
        yield f"http://{address}/devtools_app.html?panel=network&ws={address}/page/{page['id']}"
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture
def devtools(chromium: Browser, address: str) -> Iterator[Page]:
    """DevTools, with their Network panel in front."""
    with chromium.new_context(viewport={"width": 1400, "height": 700}) as context:
        page = context.new_page()
        page.set_default_timeout(1000 * START_SECONDS)
        page.goto(address)
        yield page


@pytest.fixture
def transcript() -> wslab.Transcript:
    """A text, bytes, and a text in fragments, each with its echo, all of them compressed."""
    with (
        wslab.serve(wslab.handlers.echo, compression="deflate") as server,
        connect(f"{server.url}/chat?a=1", compression="deflate", proxy=None) as ws,
    ):
        for message in ("hello ü", b"\x00\x01\xff", ["in ", "pieces"]):
            ws.send(message)
            ws.recv(timeout=5)
    return server.transcript


def test_devtools_read_what_we_save(devtools: Page, transcript: wslab.Transcript) -> None:
    """Messages with direction, type and content: fragments joined, compressed ones inflated."""
    [entry] = devtools.evaluate(READ, transcript.to_har())
    messages = [(1, "hello ü"), (2, "AAH/"), (1, "in pieces")]
    echoed = [[kind, *each] for each in messages for kind in ("send", "receive")]
    handshake = transcript[0]
    assert isinstance(handshake, wslab.wire.Handshake)
    url = f"ws://{handshake.header('Host')}/chat?a=1"
    assert entry == [url, 101, "websocket", echoed]


def test_the_network_panel_shows_what_we_save(
    devtools: Page, transcript: wslab.Transcript, tmp_path: Path
) -> None:
    """“Import HAR file” gives a WebSocket, with its headers and its messages."""
    transcript.save(tmp_path / "talk.har")
    with devtools.expect_file_chooser() as chooser:
        devtools.get_by_role("button", name="Import HAR file").click()
    chooser.value.set_files(tmp_path / "talk.har")
    request = devtools.get_by_role("row", name="chat?a=1")
    expect(request).to_contain_text("101")
    expect(request).to_contain_text("websocket")
    request.get_by_text("chat?a=1").click()
    panel = devtools.get_by_role("tabpanel", name="Network panel")
    expect(panel.get_by_role("group", name="Response headers")).to_contain_text("websockets/")
    panel.get_by_role("tab", name="Messages").click()
    expect(panel.get_by_role("row", name="in pieces")).to_have_count(2)
    messages = [("hello ü", "7"), ("Binary message", "3 B"), ("in pieces", "9")]
    assert ROW.findall(panel.aria_snapshot()) == [
        (arrow, *each) for each in messages for arrow in "⬆⬇"
    ]
