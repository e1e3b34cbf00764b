"""What a client sends in its opening handshake."""

from __future__ import annotations

import wslab
from wslab.wire import Handshake

from .engines import Engine

OPEN = """async (url) => {
    const socket = new WebSocket(url);
    await new Promise((resolve) => { socket.onopen = resolve; });
    const found = [socket.extensions, socket.protocol, socket.binaryType, typeof socket.ping];
    socket.close(1000);
    await new Promise((resolve) => { socket.onclose = resolve; });
    return found;
}"""

HEADERS = ("Sec-WebSocket-Extensions", "Origin", "User-Agent", "Sec-Fetch-Site", "Accept-Encoding")


def ask(engine: Engine) -> dict[str, str]:
    """Each header's value, and what the client knows once it is open."""
    with wslab.serve(
        wslab.handlers.echo, name="atlas", origins=None, compression="deflate"
    ) as server:
        extensions, _, binary_type, ping = engine.run(OPEN, server.url + "/")
        (request,) = server.transcript.filter(kind="handshake", sender="client")
    assert isinstance(request, Handshake)
    headers = {name.lower(): value for name, value in request.headers}
    answers = {f"`{name}`": _value(name, headers.get(name.lower())) for name in HEADERS}
    answers["header names are written"] = (
        "in lower case" if any(name == "host" for name, _ in request.headers) else "as `Host`"
    )
    answers["`ws.extensions`, deflate agreed"] = f"`{extensions}`" if extensions else "empty"
    answers["`binaryType` at first"] = f"`{binary_type}`"
    answers["can send a PING (`ws.ping()`)"] = "yes" if ping == "function" else "no"
    return answers


def _value(name: str, value: str | None) -> str:
    if value is None:
        return "not sent"
    if name == "Origin":
        return "`null`" if value == "null" else "the page's"
    if name == "User-Agent":  # that of a browser is long and has the machine in it
        return "a browser's" if value.startswith("Mozilla/") else "another"
    return f"`{value}`"
