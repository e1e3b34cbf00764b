"""Exercise 7.2: A token, and soon."""

from __future__ import annotations

import time
from typing import Any, Final

from websockets.exceptions import ConnectionClosed

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Metronome, answering, awkward, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_TOKEN: Final = '{"token": "sesame"}'

_ELSE: Final = (
    '{"token": "wrong"}',
    '{"token": "Sesame"}',
    '{"token": " sesame"}',
    '{"token": "sésame"}',
    '{"token": ""}',
    '{"token": null}',
    '{"token": ["sesame"]}',
    '{"token": "sesame", "admin": true}',
    '{"password": "sesame"}',
    '["token", "sesame"]',
    '"sesame"',
    "sesame",
    "",
    "null",
    '{"token": "\\ud800"}',
    awkward.NOT_JSON["nested without an end"],
    _TOKEN.encode(),
    b"\xff",
)


@rule("it is answered with `welcome`")
def _welcome(answer: Any) -> None:
    with answering(answer) as server:
        for token in (_TOKEN, '{"token":"sesame"}', '\n{ "token" :\t"sesame" }'):
            with server.client() as client:
                client.send(token)
                client.expect_text("welcome", "the right token came")


@rule("from then on each message is sent back")
def _sent_back(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        client.send(_TOKEN)
        client.receive("welcome, then each message")
        for message in ("hello", '{"token": "wrong"}', "", b"\xff\x00"):
            client.send(message)
            client.expect(message, "after the welcome")
        client.expect_silence("nothing was sent", 0.55)
        client.send("still here?")
        client.expect_text(
            "still here?", "0.55 s after the welcome: the time is for the token only"
        )


@rule("within half a second")
def _in_time(answer: Any) -> None:
    with (
        Metronome(0.01) as metronome,
        answering(answer) as server,
        server.client() as silent,
        server.client() as other,
        server.client() as late,
    ):
        began = time.perf_counter()
        metronome.wait(10)
        late.send(_TOKEN)
        late.receive("welcome", "the right token came after a tenth of a second")
        for client in (silent, other):
            try:
                client.ws.recv(timeout=1)
            except (TimeoutError, ConnectionClosed):
                seconds, beats = time.perf_counter() - began, metronome.beats_since(began)
            else:
                return  # another rule tells about that
            # Too early is a matter of the clock. For too late our own loop's beats count: what is
            # late there, too, is the machine.
            if seconds < 0.35 or beats > 80:
                problem = "one that says nothing was closed too early, or too late"
                if client is other:
                    problem = "of two that say nothing, the second one was closed too late"
                expected = "CLOSE after half a second"
                raise client.finding(problem, expected, f"{seconds:.1f} s, or no CLOSE")


@rule("Anything else, silence too, closes the connection with code 1008")
def _anything_else(answer: Any) -> None:
    with answering(answer) as server, server.client() as silent:
        for first in _ELSE:
            with server.client() as client:
                client.send(first)
                client.send(_TOKEN)  # too late: it was the first message that counts
                try:
                    for _ in range(2):
                        client.ws.recv(timeout=1)
                except (TimeoutError, ConnectionClosed):
                    pass
                if client.ws.close_code != 1008:
                    problem = f"the first message was {show(first)}"
                    got = f"code {client.ws.close_code}" if client.ws.close_code else "no CLOSE"
                    raise client.finding(problem, "CLOSE 1008", got)
        try:
            for _ in range(2):
                silent.ws.recv(timeout=2)
        except (TimeoutError, ConnectionClosed):
            pass
        if silent.ws.close_code != 1008:
            code = silent.ws.close_code
            got = f"code {code}" if code else "no CLOSE"
            raise silent.finding("a client said nothing", "CLOSE 1008", got)


@rule("and nothing is sent before")
def _without_a_word(answer: Any) -> None:
    with answering(answer) as server:
        for first in ('{"token": "wrong"}', "hello"):
            with server.client() as client:
                client.send(first)
                try:
                    got = client.ws.recv(timeout=1)
                except (TimeoutError, ConnectionClosed):
                    continue
                raise client.finding("a message came before the CLOSE", "CLOSE only", show(got))


EXERCISE = Exercise(
    id="7.2",
    title="A token, and soon",
    task=(
        "Write `private(ws)`. The first message must be a text with the JSON object "
        '`{"token": "sesame"}`, however it is spaced and without other fields, and come within '
        "half a second; it is answered with `welcome`, and from then on each message is sent "
        "back. Anything else, silence too, closes the connection with code 1008, and nothing is "
        "sent before. The token is compared in a time that tells nothing about it."
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
        match json.loads(message) if isinstance(message, str) else None:
            case {"token": str(token), **others} if not others:
                return hmac.compare_digest(token.encode(), b"sesame")
    except (ValueError, RecursionError):  # no JSON, or nothing that can be encoded
        pass
    return False


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
    rules=(_welcome, _sent_back, _anything_else, _without_a_word, _in_time),
    not_judged=("The token is compared in a time that tells nothing about it",),
    minutes=15,
    difficulty=2,
    needs="Who is it?",
)
