"""Exercise 7.2: A token, and soon."""

from __future__ import annotations

from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import answering, during, show
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


_PASSWORDS: Final = (
    '{"token": "Sesame"}',
    '{"token": ""}',
    '{"token": null}',
    '{"password": "sesame"}',
    '["token", "sesame"]',
    '"sesame"',
    "sesame",
    "",
    "[" * 40,
    b'{"token": "sesame"}',
)


def _probe_private(answer: Any) -> None:
    with answering(answer) as server:
        with server.client() as client:
            client.send('{"token": "sesame"}')
            client.expect_text("welcome", "the right token should be answered with 'welcome'")
            for message in ("hello", '{"token": "wrong"}', ""):
                client.send(message)
                client.expect_text(message, "once welcome, each text should come back")
        for first in _PASSWORDS:
            with server.client() as client:
                client.send(first)
                client.expect_close(
                    1008, f"a first message {show(first)} should close with 1008, without a word"
                )
        with during("a client that says nothing"), server.client() as silent:
            silent.expect_close(1008, "after half a second it should be closed with 1008")
        with server.client() as silent, server.client() as client:
            with during("while another one says nothing"):
                client.send('{"token": "sesame"}')
                client.expect_text("welcome", "a client should not wait for another one")
            silent.vanish()
        server.come_and_go()
        server.expect_handlers_to_end("a handler should return when its client has left")


EXERCISE = Exercise(
    id="7.2",
    title="A token, and soon",
    task=(
        'Write `private(ws)`. The first message must be the JSON text `{"token": "sesame"}` '
        "and come within half a second; it is answered with `welcome`, and from then on each "
        "message is sent back. Anything else, silence too, closes the connection with code 1008, "
        "and nothing is sent before."
    ),
    name="private",
    starter="""
import asyncio
import hmac
import json


async def private(ws):
    ...
    await ws.send("welcome")
    async for message in ws:
        await ws.send(message)
""",
    hints=(
        "There are three ways to fail: nothing comes, what comes is not such JSON, or the token "
        "is another one. All three end in the same `await ws.close(1008)`.",
        "`asyncio.timeout(0.5)` around `ws.recv()` raises `TimeoutError`. A first message of type "
        "`bytes` is no text; `json.loads()` takes it all the same.",
        "`hmac.compare_digest()` compares two strings (of ASCII) or two `bytes` in a time that "
        "does not tell how much was right. Is it a string at all? Only then `.encode()` it.",
    ),
    solution="""
import asyncio
import hmac
import json


def is_right(message):
    try:
        token = json.loads(message)["token"] if isinstance(message, str) else None
    except (ValueError, LookupError, TypeError, RecursionError):
        return False
    return isinstance(token, str) and hmac.compare_digest(token.encode(), b"sesame")


async def private(ws):
    try:
        async with asyncio.timeout(0.5):
            message = await ws.recv()
    except TimeoutError:
        message = ""
    if not is_right(message):
        await ws.close(1008, "not allowed")
        return
    await ws.send("welcome")
    async for message in ws:
        await ws.send(message)
""",
    explanation=(
        "A connection that has not said who it is costs memory, so it gets little time. All "
        "failures look the same from outside: whoever guesses learns nothing from the answer, nor "
        "from the time that the comparison takes."
    ),
    rules=(Rule("", _probe_private),),
    minutes=15,
    difficulty=2,
    needs="Who is it?",
)
