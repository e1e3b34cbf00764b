"""How a client compresses, as a tap sees it; and that the tap inflates it as both ends do."""

from __future__ import annotations

from typing import Any, Final

import wslab
from wslab.messages import Message
from wslab.wire import KEEP_PAYLOAD

from .engines import Engine

SIZES: Final = (1, 16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072)
"""Of texts; from 16 on those of group 12 of Autobahn's test suite."""

SEND: Final = """async (url, sizes) => {
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    await new Promise((resolve) => { socket.onopen = resolve; });
    let seed = 1;
    const random = () => (seed = (seed * 16807) % 2147483647) & 255;
    const letters = Array.from({ length: 1000 }, () => String.fromCharCode(97 + random() % 26));
    const messages = sizes.map((size) => "hello ".repeat(size / 6 + 1).slice(0, size));
    messages.push(letters.join(""), letters.join(""), Uint8Array.from({ length: 1000 }, random));
    const code = (data) => typeof data === "string" ? data : new Uint8Array(data).join();
    let wrong = 0;
    for (const message of messages) {
        const echo = new Promise((resolve) => { socket.onmessage = resolve; });
        socket.send(message);
        if (code((await echo).data) !== code(message)) wrong += 1;
    }
    const closed = new Promise((resolve) => { socket.onclose = resolve; });
    socket.close(1000);
    await closed;
    return wrong;
}"""


def ask(engine: Engine) -> dict[str, str]:
    """Send texts of all sizes and bytes through a tap to ``websockets``, which compresses."""
    received: list[bytes] = []

    async def echo(ws: Any) -> None:
        async for message in ws:
            received.append(message.encode() if isinstance(message, str) else message)
            await ws.send(message)

    with (
        wslab.serve(echo, name="atlas", origins=None, compression="deflate") as server,
        wslab.tap(server.url, name="atlas tap") as tap,
    ):
        wrong = engine.run(SEND, tap.url + "/", SIZES)
        tap.transcript.wait(kind="close", sender="client")
        messages = tap.transcript.messages()
    sent = [message for message in messages if message.sender == "client"]
    echoed = [message for message in messages if message.sender == "server"]
    same = not wrong and equal(sent, received) and equal(echoed, received)
    texts, (first, again, noise) = sent[: len(SIZES)], sent[len(SIZES) :]
    small = [size for size, text in zip(SIZES, texts, strict=True) if not text.compressed]
    large = [size for size, text in zip(SIZES, texts, strict=True) if text.compressed]
    return {
        "a text is compressed": _bound(small, large),
        "the same text of 1,000 letters again": (
            "is sent in few bytes: it refers to the first"
            if again.size < first.size / 2
            else "is sent in as many bytes"
        ),
        "1,000 random bytes": "are compressed, too" if noise.compressed else "are sent as they are",
        "a text of 128 KiB": (
            "is sent in one frame" if len(texts[-1].frames) == 1 else "is sent in several frames"
        ),
        "what a tap inflates, in both directions": (
            "is what both ends have" if same else "differs from what the ends have"
        ),
    }


def equal(messages: list[Message], payloads: list[bytes]) -> bool:
    """Whether messages are recorded as they were: their lengths, and as much as is kept of each."""
    return [(message.problem, message.length, message.payload) for message in messages] == [
        (None, len(payload), payload[:KEEP_PAYLOAD]) for payload in payloads
    ]


def _bound(small: list[int], large: list[int]) -> str:
    if not large:
        return "never"
    if not small:
        return "always"
    if max(small) < min(large):
        return f"if it is long: one of {max(small):,} bytes is not, one of {min(large):,} is"
    return "sometimes"
