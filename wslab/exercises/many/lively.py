"""Exercise 6.4: The slow one goes."""

from __future__ import annotations

import contextlib
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, Finding, answering, during, show, small_socket
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


_LONG: Final = 64 * 1024


def _probe_patient(answer: Any) -> None:
    delivered = "each message should be sent to all other clients"
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(small_socket())
        server = stack.enter_context(answering(answer, sock=listening))
        ada, grace = people = stack.enter_context(server.clients(2))
        for client in people:
            client.barrier()

        def say(speaker: Client, listener: Client, text: str) -> None:
            speaker.send(text)
            got = listener.receive_text(show(text), delivered)
            if got != text:
                raise listener.finding(delivered, show(text), show(got))

        say(ada, grace, "Hello")
        say(grace, ada, "Grüße")
        ada.expect_silence("nobody should get a message of their own")
        with server.deaf_client() as deaf:
            deaf.barrier()
            with during("while one client does not read"):
                for n in range(40):
                    say(ada, grace, f"{n} {'long ' * (_LONG // 5)}")
            if not server.wait_for_handlers(2):
                raise Finding(
                    "the client that reads nothing is still connected",
                    sent="40 long messages by another client",
                    expected="its connection ends, and its handler returns, within two seconds",
                    records=server.background.transcript.filter(connection=3)[-12:],
                )
        with during("after the slow client was dropped"):
            say(ada, grace, "still here?")
            say(grace, ada, "yes")


_PATIENT_IMPORTS: Final = """
import asyncio

from websockets.exceptions import ConnectionClosed

"""


EXERCISE = Exercise(
    id="6.4",
    title="The slow one goes",
    task=(
        "Write `lively(ws)`: each message is sent to all other clients. One that does not read "
        "holds nobody up, and the server does not keep messages for it for ever: within two "
        "seconds its connection ends, and its handler returns."
    ),
    name="lively",
    starter=_PATIENT_IMPORTS
    + """
async def lively(ws):
    # your code
    ...
""",
    hints=(
        "`await other.send(message)` waits as long as `other` does not read. Who must not wait "
        "for it?",
        "Give each client a queue of limited length and a task that sends what is in it. The "
        "readers only use `put_nowait()`. What does `asyncio.QueueFull` tell you?",
        "`close()` waits for a closing handshake that a client who does not read never answers. "
        "`ws.transport.abort()` ends the connection at once.",
    ),
    solution=_PATIENT_IMPORTS
    + """
queues = {}


async def write(ws, queue):
    try:
        while True:
            await ws.send(await queue.get())
    except ConnectionClosed:
        pass


async def lively(ws):
    queue = queues[ws] = asyncio.Queue(16)
    writer = asyncio.create_task(write(ws, queue))
    try:
        async for message in ws:
            for other, waiting in queues.items():
                if other is ws:
                    continue
                try:
                    waiting.put_nowait(message)
                except asyncio.QueueFull:
                    other.transport.abort()
    finally:
        del queues[ws]
        writer.cancel()
""",
    explanation=(
        "Each client has one writer, and only that one waits for it. The queue bounds the memory "
        "that a slow client costs: when it is full, the connection is ended without a closing "
        "handshake, as nobody would answer it. The handler's loop ends with it, and `finally` "
        "cleans up."
    ),
    rules=(Rule("", _probe_patient),),
    minutes=30,
    difficulty=3,
    needs="A client that does not keep up",
)
