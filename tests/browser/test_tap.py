"""A page that Chromium opens through a tap: it is its server's page, and all is recorded."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path

from playwright.sync_api import Browser
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

import wslab

PAGE = b"""<!doctype html><title>chat</title><script>
window.done = new Promise((resolve) => {
  const got = [];
  const ws = new WebSocket("ws://" + location.host + "/chat");
  ws.binaryType = "arraybuffer";
  ws.onopen = () => {
    ws.send("hello ".repeat(1000));
    ws.send(new Uint8Array([0, 1, 255]));
    ws.send("\xc3\xbc".repeat(100000));
  };
  ws.onmessage = ({ data }) => {
    got.push(typeof data === "string" ? data.length : Array.from(new Uint8Array(data)));
    if (got.length === 3) ws.close(4000, "enough");
  };
  ws.onclose = ({ code, reason, wasClean }) => resolve([got, code, reason, wasClean]);
});
</script>"""


def page(connection: ServerConnection, request: Request) -> Response | None:
    """Serve the page, as an application does on the port of its WebSocket."""
    if request.path != "/":
        return None
    headers = Headers({"Content-Type": "text/html; charset=utf-8", "Connection": "close"})
    headers["Content-Length"] = str(len(PAGE))
    return Response(HTTPStatus.OK, "OK", headers, PAGE)


def test_a_page_through_a_tap(chromium: Browser, tmp_path: Path) -> None:
    """Its own WebSocket goes through the tap, with its server's Origin, and compressed."""
    server = wslab.serve(
        wslab.handlers.echo, process_request=page, compression="deflate", origins=None
    )
    with server, wslab.tap(server.url, http=True) as tap:
        own = f"127.0.0.1:{server.port}"
        har = tmp_path / "playwright.har"
        with chromium.new_context(record_har_path=har) as context:
            tab = context.new_page()
            tab.goto(f"http://127.0.0.1:{tap.port}/")
            assert tab.evaluate("window.done") == [
                [6000, [0, 1, 255], 100_000],
                4000,
                "enough",
                True,
            ]
        tap.transcript.wait(kind="close", sender="server")
    request = server.transcript.filter(kind="handshake", sender="client").filter(
        where=lambda record: record.path == "/chat"
    )[0]
    assert (request.header("Host"), request.header("Origin")) == (own, f"http://{own}")
    sent = [m for m in tap.transcript.messages() if m.sender == "client"]
    assert [(m.kind, m.length, m.compressed, m.problem) for m in sent] == [
        ("text", 6000, True, None),
        ("binary", 3, True, None),
        ("text", 200_000, True, None),
    ]
    assert sent[0].size < 100
    assert tap.transcript.filter(kind="http")[0].request == "GET / HTTP/1.1"
    # What Playwright has saved is the same conversation; what crosses on the way, each sees in
    # an order of its own.
    read = wslab.read_har(har)
    for sender in ("client", "server"):
        saved, seen = (
            [(m.kind, m.length) for m in records.messages() if m.sender == sender]
            for records in (read, tap.transcript)
        )
        assert saved == seen
    assert json.loads(har.read_text(encoding="utf-8"))["log"]["creator"]["name"] == "Playwright"
