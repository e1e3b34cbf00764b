"""Exercise 10.3: A double for a server."""

from __future__ import annotations

from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, answering, during, show
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


def _probe_double(answer: Any) -> None:
    def converse(client: Client, topic: str) -> None:
        client.send(f"subscribe {topic}")
        client.expect_text(f"ok {topic}", "a subscription should be confirmed")
        for number in (1, 2, 3):
            client.expect_text(f"{topic} {number}", "three messages should follow")
        client.expect_close(1001, "then the double should close with 1001, as if it restarted")

    with answering(answer) as server:
        for topic in ("news", "sports results", "#wetter "):
            with server.client() as client:
                converse(client, topic)
        for message in ("hello", "", "subscribe", "subscribe ", "unsubscribe news", b"subscribe x"):
            with server.client() as client:
                client.send(message)
                client.expect_close(1008, f"{show(message)} should close with 1008, with no reply")
        with during("two clients at the same time"), server.clients(2) as (one, two):
            two.send("subscribe b")
            two.expect_text("ok b", "a subscription should be confirmed")
            converse(one, "a")


EXERCISE = Exercise(
    id="10.3",
    title="A double for a server",
    task=(
        "To test a client, you need a server that does what the test wants. Write the handler "
        "`double(ws)`: a first message `subscribe TOPIC` (text, any topic that is not empty) gets "
        "`ok TOPIC`, then `TOPIC 1`, `TOPIC 2` and `TOPIC 3`; then it closes with code 1001, as a "
        "server does that restarts. Any other first message closes with 1008."
    ),
    name="double",
    starter="""
async def double(ws):
    message = await ws.recv()
    ...
""",
    hints=(
        "No loop over messages is needed: one `recv()`, five `send()` or `close()`, in a row.",
        "Binary messages are `bytes`, which have no prefix of type `str`. Look at the type first.",
        '`message.partition(" ")` gives the word, the space and the rest, which may be empty or '
        "contain more spaces.",
    ),
    solution="""
async def double(ws):
    message = await ws.recv()
    command, _, topic = message.partition(" ") if isinstance(message, str) else ("", "", "")
    if command != "subscribe" or not topic:
        await ws.close(1008, "expected: subscribe TOPIC")
        return
    await ws.send(f"ok {topic}")
    for number in (1, 2, 3):
        await ws.send(f"{topic} {number}")
    await ws.close(1001, "restarting")
""",
    explanation=(
        "A double is a script of one conversation: shorter than the real server, and it does on "
        "demand what the real one does once a year. That it refuses what it does not expect makes "
        "the test fail where the client goes wrong, not later."
    ),
    rules=(Rule("", _probe_double),),
    minutes=10,
    difficulty=2,
    needs="Against faults",
)
