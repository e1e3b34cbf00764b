"""Servers as a browser's page sees them, directly and through a tap; and what the tap records."""

from __future__ import annotations

import contextlib
import ssl
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import trustme

import wslab
from wslab.wire import Frame

from . import ends, servers
from .engines import Engine

WITH_TLS: Final = "aiohttp with TLS"
NAMES: Final = (*servers.PYTHON, *servers.JAVASCRIPT, WITH_TLS)

TALK: Final = """async (url) => {
    const messages = ["hello ".repeat(1000), new Uint8Array([0, 1, 255]), "a".repeat(100000)];
    const socket = new WebSocket(url);
    const replies = [], events = [];
    return await new Promise((resolve) => {
        socket.onopen = () => messages.forEach((message) => socket.send(message));
        socket.onmessage = ({ data }) => {
            replies.push(data);
            if (replies.length === messages.length) socket.close(4000, "enough");
        };
        socket.onerror = () => events.push("error");
        socket.onclose = ({ code, reason, wasClean }) => {
            events.push(["close", code, reason, wasClean]);
            resolve([socket.extensions, replies, events]);
        };
    });
}"""
SAID: Final = [("text", 6000), ("binary", 3), ("text", 100_000)]
REPLIES: Final = ["6000", "3", "100000"]

COMPRESSES: Final = "messages are compressed"
CLOSES: Final = 'page calls `close(4000, "enough")`'
RAISES: Final = "/raises"
PATHS: Final = {
    "/bye": 'handler closes with 4001 "bye"',
    "/no": "handler refuses",
    RAISES: "handler raises",  # the last one, for the server may end with it
}
TIMES: Final = 3  # that each is asked, for where TCP ends at once some browsers race against it


def ask(engine: Engine, names: Iterable[str] = NAMES) -> dict[str, dict[str, str]]:
    """
    What a page is told by each server, and through a tap, where that is something else.

    Returns:
        For each server each question with its answer.
    """
    told: dict[str, dict[str, str]] = {}
    for name in names:
        with authority() as (context, certificate):
            tls = (certificate,) if name == WITH_TLS else ()
            program, scheme = name.partition(" ")[0], "wss" if tls else "ws"
            with servers.running(program, *tls) as (process, port):
                directly = _ask_one(engine, process, f"{scheme}://127.0.0.1:{port}")
            with (
                servers.running(program, *tls) as (process, port),
                wslab.tap(
                    f"{scheme}://127.0.0.1:{port}", name="atlas tap", ssl=context if tls else None
                ) as tap,
            ):
                tapped = _ask_one(engine, process, f"ws://127.0.0.1:{tap.port}", tap)
        told[name] = {what: _both(directly[what], tapped[what]) for what in directly}
    return told


def _both(directly: set[str], tapped: set[str]) -> str:
    """Say what was told; where it depends on who is faster, also by way of the tap, all of it."""
    if directly & tapped:
        return " or ".join(sorted(directly | tapped, reverse=True))
    return f"{' or '.join(directly)}, through a tap {' or '.join(tapped)}"


@contextlib.contextmanager
def authority() -> Iterator[tuple[ssl.SSLContext, str]]:
    """A private CA: who trusts it, and the file of a certificate of this machine."""
    ca, context = trustme.CA(), ssl.create_default_context()
    ca.configure_trust(context)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "certificate.pem"
        ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(file)
        yield context, str(file)


def _ask_one(
    engine: Engine, process: subprocess.Popen[bytes], url: str, tap: wslab.Tap | None = None
) -> dict[str, set[str]]:
    extensions, replies, events = engine.run(TALK, f"{url}/echo")
    if not replies:
        refused = f"refuses a page of another origin: {ends.words(events)}"
        return {what: {refused} for what in (COMPRESSES, CLOSES, *PATHS.values())}
    assert replies == REPLIES
    if tap:
        _compare(tap, events[-1])
    answers = {
        COMPRESSES: {"yes" if "permessage-deflate" in extensions else "no"},
        CLOSES: {ends.words(events)},
    }
    for path, what in PATHS.items():
        outcomes = answers[what] = set()
        for _ in range(TIMES):
            outcomes.add(ends.words(engine.run(ends.LISTEN, url + path, ends.PATIENCE)))
            if path == RAISES and _ends(process):
                break
    return answers


def _ends(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(0.5)
    except subprocess.TimeoutExpired:
        return False
    return True


def _compare(tap: wslab.Tap, closed: list[Any]) -> None:
    """Compare what the tap has recorded with what the page has said and heard."""
    answer = tap.transcript.wait(kind="close", sender="server")
    messages = tap.transcript.messages()
    client = [message for message in messages if message.sender == "client"]
    server = [message for message in messages if message.sender == "server"]
    assert [(each.kind, each.length) for each in client] == SAID
    assert [each.text for each in server] == REPLIES
    assert {each.problem for each in messages} == {None}
    assert isinstance(answer, Frame)
    assert [answer.close_code, answer.close_reason] == closed[1:3]
