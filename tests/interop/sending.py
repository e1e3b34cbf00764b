"""What becomes of ``socket.send(data)``, and when."""

from __future__ import annotations

import wslab
from wslab.wire import Frame

from .engines import Engine

SEND = """async (url, expression) => {
    const socket = new WebSocket(url);
    const attempt = (data) => {
        try {
            socket.send(...data);
            return null;
        } catch (error) {
            return `${error.constructor.name} ${error.name}`;
        }
    };
    const data = () => new Function(`return [${expression}]`)();
    socket.onerror = () => {};
    const closed = new Promise((resolve) => { socket.onclose = resolve; });
    await new Promise((resolve) => { socket.onopen = resolve; });
    const threw = attempt(data());
    // What was asynchronous, such as reading a Blob, goes before.
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.close(1000);
    await closed;
    return threw;
}"""

STATES = """async (url) => {
    const socket = new WebSocket(url);
    const attempt = () => {
        try {
            socket.send("12345");
            return "nothing is thrown";
        } catch (error) {
            return `throws ${error.constructor.name} ${error.name}`;
        }
    };
    const early = [socket.readyState, attempt()];
    await new Promise((resolve) => { socket.onopen = resolve; });
    socket.onerror = () => {};
    const closed = new Promise((resolve) => { socket.onclose = resolve; });
    socket.close(1000);
    const closing = [socket.readyState, attempt(), socket.bufferedAmount];
    await closed;
    const late = [socket.readyState, attempt(), socket.bufferedAmount];
    return [early, closing, late];
}"""

# Expressions of JavaScript.
DATA = (
    "'text'",
    "''",
    "'\\ud800'",
    "42",
    "null",
    "undefined",
    "",
    "{a: 1}",
    "[1, 2]",
    "10n",
    "new ArrayBuffer(2)",
    "new Uint8Array([9, 8, 7, 6]).subarray(1, 3)",
    "new Uint16Array([258])",
    "new DataView(new ArrayBuffer(2))",
    "new Blob(['ab'])",
)


def ask(engine: Engine) -> dict[str, str]:
    """What the server receives, or what the client throws."""
    answers = {}
    for data in DATA:
        with wslab.serve(wslab.handlers.echo, name="atlas", origins=None) as server:
            threw = engine.run(SEND, server.url + "/", data)
            server.transcript.wait(kind="close", sender="client")
            frames = server.transcript.filter(sender="client", where=_is_message)
        answers[f"`send({data})`"] = f"throws {threw}" if threw else _words(list(frames))
    with wslab.serve(wslab.handlers.echo, name="atlas", origins=None) as server:
        early, closing, late = engine.run(STATES, server.url + "/")
    assert [early[0], closing[0], late[0]] == [0, 2, 3]
    answers["`send()` in CONNECTING"] = early[1]
    answers["`send('12345')` in CLOSING"] = f"{closing[1]}; `bufferedAmount` {closing[2]}"
    answers["`send('12345')` in CLOSED"] = f"{late[1]}; `bufferedAmount` {late[2]}"
    return answers


def _is_message(record: object) -> bool:
    return isinstance(record, Frame) and record.kind in ("text", "binary")


def _words(frames: list[object]) -> str:
    if not frames:
        return "nothing is sent"
    (frame,) = frames
    assert isinstance(frame, Frame)
    kind = frame.kind.upper()
    if not frame.payload:
        return f"{kind}, empty"
    shown = frame.payload.hex(" ") if kind == "BINARY" else frame.payload.decode()
    return f"{kind} `{shown}`"
