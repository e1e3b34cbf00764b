"""Exercise NN.1: Shout."""

from __future__ import annotations

from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import answering, awkward
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]


@rule("the same text in upper case")
def _upper_case(answer: Any) -> None:
    with answering(answer) as server:
        for text in ("hello", *awkward.TEXTS.values()):
            with server.client() as client:
                client.send(text)
                client.expect_text(text.upper(), "the reply is another one")


@rule("answers each text")
def _each_text(answer: Any) -> None:
    with answering(answer) as server, server.clients(2) as clients:
        for number, client in enumerate(clients * 3):
            client.send(f"message {number}")
            client.receive("a reply", "one of several texts got none")


EXERCISE = Exercise(
    id="NN.1",
    title="Shout",
    task="Complete the line: the server answers each text with the same text in upper case.",
    name="shout",
    starter="""
async def shout(ws):
    async for message in ws:
        await ws.send(...)
""",
    hints=(
        "The message is a `str`, so it has the methods of one.",
        "Which method of `str` gives capital letters?",
        "It is `message.upper()`.",
    ),
    solution="""
async def shout(ws):
    async for message in ws:
        await ws.send(message.upper())
""",
    explanation="`upper()` returns a new string; a `str` is sent as a text message.",
    rules=(_upper_case, _each_text),
    minutes=5,
    difficulty=1,
    needs="One idea",
)
