"""What we save is read by the code that Chromium's DevTools read a HAR with."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from websockets.sync.client import connect

import wslab

from .conftest import CHROMIUM

READ = """async (har) => {
    const { HARFormat, Importer } = await import("/devtools/models/har/har.js");
    const { log } = new HARFormat.HARRoot(har);
    return Importer.Importer.requestsFromHARLog(log).map((request) => [
        request.url(), request.statusCode, request.resourceType().name(),
        request.frames().map(({ type, opCode, text }) => [type, opCode, text]),
    ]);
}"""


@pytest.fixture
def devtools(tmp_path: Path) -> Iterator[str]:
    """The address at which a Chromium serves its own DevTools."""
    process = subprocess.Popen(
        [CHROMIUM, "--headless=new", "--no-sandbox", "--remote-debugging-port=0",
         f"--user-data-dir={tmp_path}", "about:blank"],
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
        yield f"http://{address}/inspector.html?ws={address}/page/{page['id']}"
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_devtools_read_what_we_save(chromium: Browser, devtools: str) -> None:
    """Messages with direction, type and content: fragments joined, compressed ones inflated."""
    with (
        wslab.serve(wslab.handlers.echo, compression="deflate") as server,
        connect(f"{server.url}/chat?a=1", compression="deflate", proxy=None) as ws,
    ):
        for message in ("hello ü", b"\x00\x01\xff", ["in ", "pieces"]):
            ws.send(message)
            ws.recv(timeout=5)
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(devtools)
        [entry] = page.evaluate(READ, server.transcript.to_har())
    messages = [(1, "hello ü"), (2, "AAH/"), (1, "in pieces")]
    echoed = [[kind, *each] for each in messages for kind in ("send", "receive")]
    handshake = server.transcript[0]
    assert isinstance(handshake, wslab.wire.Handshake)
    url = f"ws://{handshake.header('Host')}/chat?a=1"
    assert entry == [url, 101, "websocket", echoed]
