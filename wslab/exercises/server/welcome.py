"""Exercise 2.1: Welcome, and answer."""

from __future__ import annotations

from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, answering, during
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


_WELCOME: Final = "Welcome to the WebSocket server!"


def _probe_welcome(answer: Any) -> None:
    greeted = "each client should be welcomed at once, before it says anything"
    replied = "each message should be answered with 'Server received: ' and the message"
    with answering(answer) as server:
        with server.clients(2) as (ada, grace):
            ada.expect_text(_WELCOME, greeted)
            with during("with a second client"):
                grace.expect_text(_WELCOME, greeted)
            conversation = [
                (ada, "Hello, server!"),
                (ada, "how are you?"),
                (grace, "Grüße, 世界"),
                (ada, '{"message":"Hello from client"}'),
                (grace, ""),
                (grace, "bye"),
            ]
            for client, message in conversation:
                client.send(message)
                client.expect_text(f"Server received: {message}", replied)
            for message in ("one", "two", "three"):
                ada.send(message)
            with during("three messages at once"):
                for message in ("one", "two", "three"):
                    ada.expect_text(f"Server received: {message}", replied)
        with during("after all clients have left"), server.client() as late:
            late.expect_text(_WELCOME, greeted)
            late.send("anybody here?")
            late.expect_text("Server received: anybody here?", replied)

        def expect(client: Client, problem: str) -> None:
            client.expect_text(_WELCOME, problem)
            client.expect_text("Server received: hello", problem)

        server.serve_crowd("hello", expect)


EXERCISE = Exercise(
    id="2.1",
    title="Welcome, and answer",
    task=(
        "Complete the two lines. The server sends `Welcome to the WebSocket server!` to each "
        "client that connects, and answers each of its messages with `Server received: ` and the "
        "message, all of it as text."
    ),
    name="welcome",
    starter="""
async def welcome(ws):
    # your code
    ...
    async for message in ws:
        ...
""",
    hints=(
        "What stands above the loop runs once for each client, what stands in it runs for each "
        "message.",
        "`ws.send()` is a coroutine. Without `await` nothing is sent.",
        'Above the loop `await ws.send("Welcome to the WebSocket server!")`, in it the same with '
        'an f-string: `f"Server received: {message}"`.',
    ),
    solution="""
async def welcome(ws):
    await ws.send("Welcome to the WebSocket server!")
    async for message in ws:
        await ws.send(f"Server received: {message}")
""",
    explanation=(
        "The handler is called once for each connection, so its first line is the first thing that "
        "each client gets. The loop is the rest of the connection's life."
    ),
    rules=(Rule("", _probe_welcome),),
    minutes=5,
    difficulty=1,
    needs="The whole server",
)
