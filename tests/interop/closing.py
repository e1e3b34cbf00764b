"""What becomes of ``socket.close(code, reason)``: an exception, or a CLOSE frame."""

from __future__ import annotations

import wslab
from wslab.wire import Frame

from .engines import Engine

CLOSE = """async (url, args) => {
    const socket = new WebSocket(url);
    await new Promise((resolve) => { socket.onopen = resolve; });
    socket.onerror = () => {};
    const closed = new Promise((resolve) => { socket.onclose = resolve; });
    try {
        socket.close(...new Function(`return [${args}]`)());
    } catch (error) {
        const threw = `${error.constructor.name} ${error.name}`;
        socket.close();
        await closed;
        return threw;
    }
    await closed;
    return null;
}"""

# Arguments as JavaScript.
CASES = (
    "",
    "1000",
    "4000, 'done'",
    "1001",
    "1011",
    "2999",
    "5000",
    "null",
    "'4000'",
    "2999.6",
    "69536",
    "undefined, 'why'",
    "4000, 'x'.repeat(123)",
    "4000, 'x'.repeat(124)",
    "4000, 'é'.repeat(62)",
    "4000, '\\ud800'",
    "4000, 'a\\0b'",
)


def ask(engine: Engine) -> dict[str, str]:
    """What the server receives, or what the client throws."""
    answers = {}
    for arguments in CASES:
        with wslab.serve(wslab.handlers.echo, name="atlas", origins=None) as server:
            threw = engine.run(CLOSE, server.url + "/", arguments)
            close = server.transcript.wait(kind="close", sender="client")
        assert isinstance(close, Frame)
        answers[f"`close({arguments})`"] = f"throws {threw}" if threw else _words(close)
    return answers


def _words(close: Frame) -> str:
    if close.close_code is None:
        return "CLOSE without a code"
    reason = close.close_reason or ""
    if len(reason) > 20:
        return f"CLOSE {close.close_code}, {len(reason.encode())} bytes"
    return f"CLOSE {close.close_code} {reason!r}" if reason else f"CLOSE {close.close_code}"
