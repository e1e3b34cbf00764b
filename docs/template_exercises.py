"""Exercises of NN · TITLE."""

from __future__ import annotations

import secrets
from typing import Any, Final

from ._exercise import Exercise, WrongAnswer
from ._probe import answering

__all__ = ["EXERCISES"]


# ---- NN.1 ----

_REPLIED: Final = "each text should come back in upper case"


def _probe_shout(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        for message in ("hello", "Grüße", secrets.token_hex(4) + "x"):
            client.send(message)
            client.expect_text(message.upper(), _REPLIED)


_SHOUT = Exercise(
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
    alternatives=(
        """
from websockets.exceptions import ConnectionClosed

async def shout(ws):
    try:
        while True:
            await ws.send(str.upper(await ws.recv()))
    except ConnectionClosed:
        pass
""",
    ),
    wrong=(
        WrongAnswer(
            """
async def shout(ws):
    async for message in ws:
        await ws.send(message)
""",
            "in upper case",
        ),
        WrongAnswer(
            """
async def shout(ws):
    async for message in ws:
        await ws.send(message.upper().encode())
""",
            "text",
        ),
        WrongAnswer(
            """
async def shout(ws):
    await ws.send((await ws.recv()).upper())
""",
            "the connection was closed",
        ),
        WrongAnswer(
            """
async def shout(ws):
    async for message in ws:
        message.upper()
""",
            "no message came",
        ),
    ),
    probe=_probe_shout,
    minutes=5,
    difficulty=1,
    needs="One idea",
)


EXERCISES: tuple[Exercise, ...] = (_SHOUT,)
