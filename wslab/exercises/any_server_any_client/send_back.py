"""Exercise 12.1: Text stays text."""

from __future__ import annotations

from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import answering, awkward, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]


def _echo(answer: Any) -> Any:
    """Return the server around the answer: like Node's ``ws``, it has bytes, and a flag."""

    async def echo(ws: Any) -> None:
        async for message in ws:
            is_binary = isinstance(message, bytes)
            await answer(ws, message if is_binary else message.encode(), is_binary)

    return echo


@rule("a text goes back as text")
def _text(answer: Any) -> None:
    with answering(_echo(answer)) as server:
        for text in ("Hello, server!", "\ufeffa mark", *awkward.TEXTS.values()):
            with server.client() as client:
                client.send(text)
                client.expect(text, "a text came back as something else")
                client.barrier()
                client.expect_silence("a text came back, and another message", 0.0)


@rule("binary data as binary data")
def _binary(answer: Any) -> None:
    with answering(_echo(answer)) as server:
        for data in (bytes([42, 0, 0, 0]), b"letters", *awkward.BYTES.values()):
            with server.client() as client:
                client.send(data)
                got = client.receive(show(data))
                if got != data:
                    problem = "binary data came back as something else"
                    raise client.finding(problem, show(data), show(got))
                client.barrier()
                client.expect_silence("binary data came back, and another message", 0.0)


EXERCISE = Exercise(
    id="12.1",
    title="Text stays text",
    task=(
        "Complete the line. Like a handler of Node's `ws`, `send_back` gets `data` as bytes, "
        "whatever it was, and `is_binary`. It sends `data` back unchanged: a text goes back as "
        "text, binary data as binary data."
    ),
    name="send_back",
    starter="""
async def send_back(ws, data, is_binary):
    await ws.send(...)
""",
    hints=(
        "`ws.send()` chooses by the type: bytes become BINARY, unless it is told otherwise.",
        "There is an argument for it: `ws.send(data, text=True)` sends bytes as TEXT.",
        "`text` is true exactly if `is_binary` is not.",
    ),
    solution="""
async def send_back(ws, data, is_binary):
    await ws.send(data, text=not is_binary)
""",
    explanation=(
        "In Node it is `ws.send(data, { binary: isBinary })`. Decoding first, as in "
        "`data.decode()`, does the same here, and costs a copy."
    ),
    rules=(_text, _binary),
    minutes=5,
    difficulty=1,
    needs="Three corrections",
)
