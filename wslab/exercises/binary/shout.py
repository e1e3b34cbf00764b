"""Exercise 3.2: Shout text, leave bytes alone."""

from __future__ import annotations

from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import answering, awkward, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_TEXTS = ("Hello, server!", "text again", "4 more")
_BYTES = (bytes([1, 2, 3, 4]), b"these bytes are letters", bytes([0xFF, 0xFE, 0x61, 0x00]))


@rule("each text message with the same text in capital letters")
def _capitals(answer: Any) -> None:
    with answering(answer) as server, server.clients(2) as clients:
        for client in clients:
            for text in (*_TEXTS, *awkward.TEXTS.values()):
                client.send(text)
                got = client.receive(show(text.upper()), "a text message came")
                said = got if isinstance(got, str) else got.decode(errors="replace")
                if said != text.upper():
                    problem = "a text message came"
                    raise client.finding(problem, show(text.upper()), show(got))


@rule("as text")
def _as_text(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        client.send("Hello, server!")
        client.receive_text("text", "a text message came")


@rule("each binary message with the same bytes, unchanged")
def _unchanged(answer: Any) -> None:
    with answering(answer) as server, server.clients(2) as clients:
        for client in clients:
            for data in (*_BYTES, "Grüße".encode(), b"", bytes(range(256))):
                client.send(data)
                got = client.receive(show(data), "a binary message came")
                came = got if isinstance(got, bytes) else got.encode()
                if came != data:
                    raise client.finding("a binary message came", show(data), show(got))


@rule("as binary")
def _as_binary(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        for data in (b"these bytes are letters", b""):
            client.send(data)
            got = client.receive("bytes", "a binary message came")
            if isinstance(got, str):
                problem = "a text message came where a binary one is due"
                raise client.finding(problem, show(data), show(got))


EXERCISE = Exercise(
    id="3.2",
    title="Shout text, leave bytes alone",
    task=(
        "Write `shout(ws)`. It answers each text message with the same text in capital letters, as "
        "text, and each binary message with the same bytes, unchanged, as binary."
    ),
    name="shout",
    starter="""
async def shout(ws):
    async for message in ws:
        ...
""",
    hints=(
        "The kind of a message is the type of what you get. Bytes may look like text and be none.",
        "`isinstance(message, str)` tells. `bytes` has a method `upper()` too, so calling it is no "
        "test.",
        "`if isinstance(message, str): message = message.upper()`, and then one `send()` for both.",
    ),
    solution="""
async def shout(ws):
    async for message in ws:
        if isinstance(message, str):
            message = message.upper()
        await ws.send(message)
""",
    explanation=(
        "`send()` chooses the kind of frame by the type, so what came as text goes out as text and "
        "what came as binary goes out as binary. Whether bytes could be decoded says nothing: a "
        "picture may well contain bytes that are letters, and `b'abc'.upper()` would change them."
    ),
    rules=(_capitals, _as_text, _unchanged, _as_binary),
    minutes=10,
    difficulty=2,
    needs="Telling them apart on each side",
)
