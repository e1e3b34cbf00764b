"""Exercise 9.3: Compress what is worth it."""

from __future__ import annotations

import zlib
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, answering, during, show
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


_LIMIT: Final = 1000


def _probe_squeeze(answer: Any) -> None:
    def expect(client: Client, text: str, problem: str = "") -> None:
        data = text.encode()
        if len(data) < _LIMIT:
            client.expect_text(text, problem or "a short message should come back as it was")
            return
        wanted = f"a binary message, zlib-compressed: {len(data):,} bytes in all"
        got = client.receive(wanted, "a long message should come back")
        if isinstance(got, str):
            long = f"from {_LIMIT:,} bytes on, a message should come back compressed"
            raise client.finding(problem or long, wanted, show(got))
        inflater = zlib.decompressobj()
        try:
            inflated = inflater.decompress(got, len(data) + 1)
        except zlib.error as exc:
            what = "the binary message is not what zlib.compress() makes"
            raise client.finding(problem or what, wanted, str(exc)) from None
        if inflated != data or not inflater.eof:
            what = "decompressed, the message should be what was sent, in UTF-8"
            raise client.finding(problem or what, wanted, show(inflated))
        if len(got) >= len(data):
            raise client.finding("that is not smaller", wanted, f"{len(got):,} bytes")

    long = "It is a long story, and I tell it twice. " * 100
    texts = ["hello", long, "", "x" * 999, "x" * 1000, "ü" * 499, "ü" * 500, "世" * 400, "bye"]
    with answering(answer) as server:
        with server.clients(2) as clients:
            for client in clients:
                for text in texts:
                    client.send(text)
                    expect(client, text)
            with during("several messages at once"):
                for text in texts:
                    clients[0].send(text)
                for text in texts:
                    expect(clients[0], text)
        server.serve_crowd(long, lambda client, problem: expect(client, long, problem))


EXERCISE = Exercise(
    id="9.3",
    title="Compress what is worth it",
    task=(
        "Write an echo `squeeze(ws)` for text messages. A message of less than 1,000 bytes comes "
        "back as it was. From 1,000 bytes on (of UTF-8, not characters) it comes back as a binary "
        "message: its UTF-8, compressed by `zlib.compress()`."
    ),
    name="squeeze",
    starter="""
import zlib


async def squeeze(ws):
    async for message in ws:
        ...
""",
    hints=(
        "What is received is a `str`. How many bytes is it?",
        "`data = message.encode()` are the bytes, `len(data)` their number. `zlib.compress()` "
        "takes and returns bytes.",
        "`send()` with bytes makes a binary message, with a `str` a text message. So one branch "
        "sends `zlib.compress(data)`, the other one `message`.",
    ),
    solution="""
import zlib


async def squeeze(ws):
    async for message in ws:
        data = message.encode()
        await ws.send(message if len(data) < 1000 else zlib.compress(data))
""",
    explanation=(
        "`permessage-deflate` compresses every message of `websockets`, the short ones too, and "
        "holds memory for each connection. Here each long message is compressed alone: no memory "
        "between messages, no work for short ones, and the opcode tells the receiver which it is. "
        "A browser undoes it with `new DecompressionStream('deflate')`. `zlib.compress()` blocks "
        "the loop: for messages of megabytes, `await asyncio.to_thread(zlib.compress, data)`."
    ),
    rules=(Rule("", _probe_squeeze),),
    minutes=10,
    difficulty=2,
    needs="Compression: smaller for time and memory",
)
