"""Exercise 9.3: Compress what is worth it."""

from __future__ import annotations

import zlib
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, answering, awkward, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_STORY: Final = "It is a long story, and I tell it twice. " * 100


def _inflate(client: Client, text: str) -> None:
    """Expect the text, compressed; it may be text where that is judged by another rule."""
    data = text.encode()
    wanted = f"a binary message, zlib-compressed: {len(data):,} bytes in all"
    got = client.receive(wanted, f"a message of {len(data):,} bytes came")
    if isinstance(got, str):
        problem = "text came back where a compressed message is due"
        raise client.finding(problem, wanted, show(got))
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(got, len(data) + 1)
    except zlib.error as exc:
        problem = "the binary message is not what zlib.compress() makes"
        raise client.finding(problem, wanted, str(exc)) from None
    if inflated != data or not inflater.eof:
        problem = "decompressed, it is something else than the UTF-8 of what was sent"
        raise client.finding(problem, show(data), show(inflated))
    if len(got) >= len(data):
        raise client.finding("it is not smaller", wanted, f"{len(got):,} bytes")


@rule("A message of less than 1,000 bytes comes back as it was")
def _short(answer: Any) -> None:
    with answering(answer) as server, server.clients(2) as clients:
        for name in ("quotes", "empty", "other scripts", "a NUL"):
            for client in clients:
                client.send(awkward.TEXTS[name])
                client.expect_text(awkward.TEXTS[name], "a short message came")
        for text in ("x" * 999, "ü" * 499):
            clients[0].send(text)
            clients[0].expect_text(text, f"a message of {len(text.encode())} bytes came")


@rule("it comes back as a binary message: its UTF-8, compressed by `zlib.compress()`")
def _long(answer: Any) -> None:
    with answering(answer) as server, server.clients(2) as clients:
        for text in (_STORY, "世界 " * 2000, _STORY):
            for client in clients:
                client.send(text)
                _inflate(client, text)


@rule("From 1,000 bytes on (of UTF-8, not characters)")
def _from_where(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        for text in ("x" * 1000, "ü" * 500, "世" * 400):
            client.send(text)
            got = client.receive("a binary message", f"a message of {len(text.encode()):,} bytes")
            if isinstance(got, str):
                problem = f"{len(text):,} characters are {len(text.encode()):,} bytes"
                raise client.finding(problem, "a binary message", show(got))


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
    rules=(_short, _long, _from_where),
    minutes=10,
    difficulty=2,
    needs="Compression: smaller for time and memory",
)
