"""Exercise 2.4: Too long."""

from __future__ import annotations

from typing import Any, Final

from websockets.exceptions import ConnectionClosed

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, answering, awkward, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_LIMIT: Final = 100
_TOO_LONG: Final = (101, 230, 999, 70_000)
_SHORT: Final = {what: text for what, text in awkward.TEXTS.items() if len(text) <= _LIMIT}


def _expect_length(client: Client, message: str, problem: str) -> None:
    client.send(message)
    client.expect_text(str(len(message)), problem)


def _end(client: Client, size: int) -> list[str | bytes]:
    """Send too long a message; return what comes before the connection is closed."""
    client.send("z" * size)
    came: list[str | bytes] = []
    try:
        while len(came) < 10:
            came.append(client.recv())
    except ConnectionClosed:
        return came
    except TimeoutError:
        pass
    got = f"{', '.join(map(show, came))}, and an open connection" if came else "an open connection"
    raise client.finding(
        f"after {size} characters the connection stays open", "a closed connection", got
    )


@rule("answers each text message with the number of its characters")
def _counts(answer: Any) -> None:
    with answering(answer) as server:
        with server.client() as client:
            for message in ("hello", "a message with more words"):
                _expect_length(client, message, "the answer is another one")
        for what, message in _SHORT.items():
            with server.client() as client:
                _expect_length(client, message, f"the answer is another one ({what})")


@rule("a message of more than 100 characters")
def _limit(answer: Any) -> None:
    with answering(answer) as server:
        for message, what in [
            ("x" * (_LIMIT - 1), "99 characters are not too long"),
            ("y" * _LIMIT, "100 characters are not too long"),
            ("ß" * _LIMIT, "100 characters of two bytes each are not too long"),
        ]:
            with server.client() as client:
                client.send(message)
                client.receive(show(str(len(message))), what)
        for size in _TOO_LONG:
            with server.client() as client:
                _end(client, size)


@rule("it sends no answer")
def _no_answer(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        came = _end(client, 101)
        if came:
            problem = "a message came before the end"
            raise client.finding(problem, "no message", ", ".join(map(show, came)))


@rule("closes this connection with code 1008")
def _code(answer: Any) -> None:
    with answering(answer) as server:
        for size in _TOO_LONG[:2]:
            with server.client() as client:
                _end(client, size)
                if client.ws.close_code != 1008:
                    end = f"CLOSE {client.ws.close_code} {client.ws.close_reason!r}"
                    raise client.finding("it is another code", "CLOSE 1008", client.why_closed(end))


@rule("the reason `too long: 101 characters`, with the number that it has")
def _reason(answer: Any) -> None:
    with answering(answer) as server:
        for size in _TOO_LONG:
            with server.client() as client:
                _end(client, size)
                reason = f"too long: {size} characters"
                if client.ws.close_code == 1008 and client.ws.close_reason != reason:
                    problem, got = "it is another reason", show(client.ws.close_reason)
                    raise client.finding(problem, show(reason), got)


@rule("All other clients go on.")
def _others(answer: Any) -> None:
    with answering(answer) as server, server.client() as ada:
        ada.send("hello")
        ada.receive("'5'", "before another client sends too much")
        for _ in range(3):
            with server.client() as rude:
                rude.send("z" * 101)
                rude.wait_closed()
            ada.send("hello")
            ada.receive("'5'", "after another client has sent too much")
        with server.client() as late:
            late.send("hello")
            late.receive("'5'", "a client that comes after another has sent too much")


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
    rules=(
        _counts,
        _limit,
        _no_answer,
        _code,
        _reason,
        _others,
    ),
    minutes=10,
    difficulty=2,
    needs="Noticing the end",
)
