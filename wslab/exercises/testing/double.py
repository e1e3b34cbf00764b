"""Exercise 10.3: A double for a server."""

from __future__ import annotations

from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import answering, awkward, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]


@rule("gets `ok TOPIC`")
def _confirms(answer: Any) -> None:
    with answering(answer) as server, server.clients(3) as clients:
        for client, topic in zip(clients, ("weather", "news", "news"), strict=True):
            client.send(f"subscribe {topic}")
            client.expect_text(f"ok {topic}", "a subscription came")


_TOPICS: Final = (
    "sports results",
    "#wetter ",
    " ",
    "0",
    "subscribe",
    "subscribe subscribe now",
    *(text for text in awkward.TEXTS.values() if text),
)


@rule("any topic that is not empty")
def _any_topic(answer: Any) -> None:
    with answering(answer) as server:
        for topic in _TOPICS:
            with server.client() as client:
                client.send(f"subscribe {topic}")
                problem = f"the topic was {show(topic)}"
                got = client.receive(show(f"ok {topic}"), problem)
                if str(got)[-len(topic) :] != topic:
                    raise client.finding(problem, show(f"ok {topic}"), show(got))


@rule("then `TOPIC 1`, `TOPIC 2` and `TOPIC 3`")
def _three_messages(answer: Any) -> None:
    with answering(answer) as server:
        with server.client() as client:
            client.send("subscribe tea")
            client.receive(show("ok tea"))
            for number in (1, 2, 3):
                client.expect_text(f"tea {number}", "after the confirmation")
        with server.clients(2) as clients:
            with server.standing_still():  # so that both handlers go on at the same time
                for client, topic in zip(clients, ("tea", "milk"), strict=True):
                    client.send(f"subscribe {topic}")
            for client, topic in zip(clients, ("tea", "milk"), strict=True):
                client.receive(show(f"ok {topic}"))
                for number in (1, 2, 3):
                    client.expect_text(f"{topic} {number}", "two clients subscribed at a time")


@rule("then it closes with code 1001")
def _closes(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        client.send("subscribe tea")
        messages, end = client.hear_to_the_end(most=10)
        if client.ws.close_code != 1001:
            raise client.finding(f"after {len(messages)} messages", "CLOSE 1001", end)


@rule("Any other first message closes with 1008")
def _refuses(answer: Any) -> None:
    others = ("hello", "", "subscribe", "subscribe ", "Subscribe tea", "unsubscribe tea")
    with answering(answer) as server:
        for message in (*others, "subscribes tea", " subscribe tea", b"subscribe tea", b""):
            with server.client() as client:
                client.send(message)
                client.expect_close(1008, f"{show(message)} came first")


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
    rules=(_confirms, _any_topic, _three_messages, _closes, _refuses),
    minutes=10,
    difficulty=2,
    needs="Against faults",
)
