"""Exercise 2.4: Too long."""

from __future__ import annotations

from typing import Any

from websockets.exceptions import ConnectionClosed

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import REPLY_TIMEOUT, Client, answering, during, show
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


def _probe_limited(answer: Any) -> None:
    def expect_length(client: Client, message: str, problem: str) -> None:
        client.send(message)
        client.expect_text(str(len(message)), problem)

    counted = "a message should be answered with the number of its characters"
    allowed = "a message of 100 characters is not too long"
    with answering(answer) as server, server.client() as ada:
        for message in ("hello", "", "a message with more words", "x" * 99):
            expect_length(ada, message, counted)
        expect_length(ada, "y" * 100, allowed)
        with during("characters that take several bytes each"):
            expect_length(ada, "Grüße, 世界", counted)
            expect_length(ada, "ß" * 100, allowed)
        for size in (101, 230, 999):
            with server.client() as rude:
                with during("with a second client"):
                    expect_length(rude, "hello", counted)
                rude.send("z" * size)
                rude.send("short again")
                _expect_refusal(rude, size)
            with during("after another client has been closed"):
                expect_length(ada, "w" * (size % 100), counted)
        with during("after the limit was met three times"), server.client() as late:
            expect_length(late, "hello", counted)
            expect_length(ada, "bye", counted)


def _expect_refusal(client: Client, size: int) -> None:
    reason = f"too long: {size} characters"
    expected = f"the connection closed with code 1008 and the reason {reason!r}"
    problem = f"a message of {size} characters should be answered by closing the connection"
    try:
        got = show(client.ws.recv(timeout=REPLY_TIMEOUT))
    except TimeoutError:
        raise client.finding(f"{problem}: it stays open", expected, "an open connection") from None
    except ConnectionClosed as exc:
        if client.ws.close_code != 1008:
            problem = "the close code should be 1008"
        elif client.ws.close_reason != reason:
            problem = "the reason should say how many characters the message has"
        else:
            return
        raise client.finding(problem, expected, client.why(exc)) from None
    raise client.finding(f"{problem}, and by no message", expected, got)


EXERCISE = Exercise(
    id="2.4",
    title="Too long",
    task=(
        "Write `limited(ws)`. It answers each text message with the number of its characters, such "
        "as `5` for `hello`. To a message of more than 100 characters it sends no answer; it "
        "closes this connection with code 1008 and the reason `too long: 101 characters`, with the "
        "number that it has. All other clients go on."
    ),
    name="limited",
    starter="""
async def limited(ws):
    async for message in ws:
        ...
""",
    hints=(
        "`len()` of a `str` counts characters. And when the handler returns, or raises: with which "
        "code does the connection close then?",
        "`await ws.close(code, reason)` sends the CLOSE frame that you want.",
        'In the loop: `if len(message) > 100:`, then `await ws.close(1008, f"too long: '
        '{len(message)} characters")` and `return`; below it, the answer.',
    ),
    solution="""
async def limited(ws):
    async for message in ws:
        if len(message) > 100:
            await ws.close(1008, f"too long: {len(message)} characters")
            return
        await ws.send(str(len(message)))
""",
    explanation=(
        "Returning alone would close with 1000, raising with 1011; `close()` chooses. 1008 means "
        "that a message violates the server's policy (RFC 6455 §7.4.1). The other clients notice "
        "nothing: each has its own call of the handler. A reason has at most 123 bytes, so never "
        "put the message itself into it."
    ),
    rules=(Rule("", _probe_limited),),
    minutes=10,
    difficulty=2,
    needs="Noticing the end",
)
