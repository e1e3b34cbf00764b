"""Exercise 3.2: Shout text, leave bytes alone."""

from __future__ import annotations

from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, answering, during, show
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


def _probe_shout(answer: Any) -> None:
    def expect(client: Client, message: str | bytes) -> None:
        expected = message.upper() if isinstance(message, str) else message
        kind = "text" if isinstance(message, str) else "binary"
        got = client.receive(show(expected), f"each {kind} message should be answered")
        if type(got) is not type(expected):
            problem = f"the answer to a {kind} message should be a {kind} message"
        elif got == expected:
            return
        elif isinstance(message, str):
            problem = "the answer to a text message should be the text in capital letters"
        else:
            problem = "the bytes of a binary message should come back unchanged"
        raise client.finding(problem, show(expected), show(got))

    with answering(answer) as server, server.clients(2) as (ada, grace):
        messages: list[str | bytes] = [
            "Hello, server!",
            bytes([1, 2, 3, 4]),
            b"binary: these bytes are letters",
            "text again",
            bytes([0xFF, 0xFE, 0x61, 0x00]),
            "Grüße",
            "Grüße".encode(),
            bytes(range(256)),
            "",
            b"",
            "4 more",
        ]
        for message in messages:
            ada.send(message)
            expect(ada, message)
        with during("several messages at once"):
            for message in messages:
                ada.send(message)
            for message in messages:
                expect(ada, message)
        with during("with a second client"):
            grace.send(b"ab")
            expect(grace, b"ab")
            grace.send("ab")
            expect(grace, "ab")
        server.serve_crowd("now", lambda client, problem: client.expect("NOW", problem))


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
    rules=(Rule("", _probe_shout),),
    minutes=10,
    difficulty=2,
    needs="Telling them apart on each side",
)
