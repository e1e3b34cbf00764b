"""Exercise 7.2: A token, and soon."""

from __future__ import annotations

import dataclasses
import time
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import (
    Client,
    Finding,
    Metronome,
    answering,
    awkward,
    once_a_check,
    show,
    tell,
)
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_TOKEN: Final = '{"token": "sesame"}'

_ELSE: Final = (
    '{"token": "wrong"}',
    '{"token": "Sesame"}',
    '{"token": " sesame"}',
    '{"token": "sesame1"}',
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


@dataclasses.dataclass
class _Waits:
    """
    What is wrong with how the server treats clients that let time pass, rule by rule.

    Attributes:
        member: One that was welcome, and said nothing for longer than half a second.
        code: The code of one that never says anything.
        time: When that one and another one like it were closed, and one that took its time.
    """

    member: Finding | None = None
    code: Finding | None = None
    time: Finding | None = None


@once_a_check
def _wait(answer: Any) -> _Waits:
    """Let four clients come at once; once more if the machine stood still meanwhile."""
    for _ in range(3):
        waits, beats_a_second = _wait_once(answer)
        if not waits.time or beats_a_second > 12:
            break
    return waits


def _wait_once(answer: Any) -> tuple[_Waits, float]:
    """The same, just once; also return how many of 20 beats a second there were."""
    waits = _Waits()
    with (
        Metronome(0.05) as metronome,
        answering(answer) as server,
        server.client() as member,
    ):
        member.send(_TOKEN)
        try:
            member.receive("welcome, then each message")
        except Finding as finding:
            waits.member = finding
        began = time.perf_counter()  # before they come: they have half a second from now at least
        with server.clients(3) as (silent, other, late):
            time.sleep(0.2)
            late.send(_TOKEN)
            try:
                late.receive("welcome", "the right token came after a fifth of a second")
            except Finding as finding:
                waits.time = finding
            for client in (silent, other):
                messages, end = client.hear_to_the_end(most=2)
                seconds, beats = time.perf_counter() - began, metronome.beats_since(began)
                if client is silent and client.ws.close_code != 1008:
                    waits.code = client.finding("a client said nothing", "CLOSE 1008", end)
                # Too early is a matter of the clock. For too late our own loop's beats count: what
                # is late there, too, is the machine.
                if not messages and not waits.time and (seconds < 0.45 or beats > 16):
                    problem = "one that says nothing was closed too early, or too late"
                    if client is other:
                        problem = "of two that say nothing, the second one was closed too late"
                    expected = "CLOSE after half a second"
                    waits.time = client.finding(problem, expected, f"{seconds:.1f} s, or no CLOSE")
                if client.ws.close_code is None:
                    break  # one is enough
            if not waits.member:
                waits.member = _is_sent_away(member, began + 0.55 - time.perf_counter())
    return waits, beats / seconds


def _is_sent_away(member: Client, seconds: float) -> Finding | None:
    """Return what is wrong if one that was welcome cannot speak after a while."""
    try:
        member.expect_silence("nothing was sent", max(0.0, seconds))
        member.send("still here?")
        problem = "0.55 s after the welcome: the time is for the token only"
        member.expect_text("still here?", problem)
    except Finding as finding:
        return finding
    return None


@rule("from then on each message is sent back")
def _sent_back(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        client.send(_TOKEN)
        client.receive("welcome, then each message")
        for message in ("hello", '{"token": "wrong"}', "", b"\xff\x00"):
            client.send(message)
            client.expect(message, "after the welcome")
    tell(_wait(answer).member)


@rule("within half a second")
def _in_time(answer: Any) -> None:
    tell(_wait(answer).time)


@rule("Anything else, silence too, closes the connection with code 1008")
def _anything_else(answer: Any) -> None:
    with answering(answer) as server:
        for first in _ELSE:
            with server.client() as client:
                client.send(first)
                client.send(_TOKEN)  # too late: it was the first message that counts
                _, end = client.hear_to_the_end(most=2, timeout=1)
                if client.ws.close_code != 1008:
                    problem = f"the first message was {show(first)}"
                    raise client.finding(problem, "CLOSE 1008", end)
    tell(_wait(answer).code)


@rule("and nothing is sent before")
def _without_a_word(answer: Any) -> None:
    with answering(answer) as server:
        for first in ('{"token": "wrong"}', "hello"):
            with server.client() as client:
                client.send(first)
                messages, _ = client.hear_to_the_end(most=1, timeout=1)
                if messages:
                    problem = "a message came before the CLOSE"
                    raise client.finding(problem, "CLOSE only", show(messages))


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
