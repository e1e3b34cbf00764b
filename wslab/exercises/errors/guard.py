"""Exercise 4.3: Close for a reason."""

from __future__ import annotations

import secrets
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, answering
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


_PASSWORD: Final = "open sesame"


def _probe_guard(answer: Any) -> None:
    with answering(answer) as server, server.client() as silent, server.client() as member:

        def log_in(client: Client) -> None:
            client.send(_PASSWORD)
            client.expect("welcome", f"the first message {_PASSWORD!r} should get 'welcome'")

        def echoed(client: Client, message: str, problem: str) -> None:
            client.send(message)
            client.expect(message, problem)

        # `silent` has connected and says nothing: that is no reason to let others wait.
        log_in(member)
        server.come_and_go()
        server.serve_crowd(_PASSWORD, lambda one, problem: one.expect("welcome", problem))
        for message in ("Hello", f"Grüße {secrets.token_hex(4)}", "", "welcome"):
            echoed(member, message, "after 'welcome', each text should be sent back")
        echoed(member, _PASSWORD, "the password is asked for once; later it is a text like others")
        allowed = "a text of exactly 100 characters is allowed, whatever they are"
        echoed(member, "x" * 100, allowed)
        echoed(member, "ü" * 100, allowed)

        for first in ("let me in", b"open sesame", "", f"{_PASSWORD}, please", "ü" * 101, "x"):
            with server.client() as stranger:
                stranger.send(first)
                problem = "another first message should close the connection with 1008"
                stranger.expect_close(1008, problem)
            echoed(member, "Hello again", "who has logged in should stay connected")
        faults: list[tuple[str | bytes, int, str]] = [
            ("x" * 101, 1009, "a text of 101 characters"),
            ("é" * 5_000, 1009, "a text of 5,000 characters"),
            (b"Hello", 1003, "a binary message"),
            (bytes(200), 1003, "a binary message of 200 bytes"),
        ]
        for fault, code, what in faults:
            with server.client() as client:
                log_in(client)
                echoed(client, "Hello", "after 'welcome', each text should be sent back")
                client.send(fault)
                client.expect_close(code, f"{what} should close the connection with {code}")
            echoed(member, "Hello again", "who has done nothing wrong should stay connected")
        log_in(silent)
        echoed(silent, "Hello", "who logs in late should be served like the first")


EXERCISE = Exercise(
    id="4.3",
    title="Close for a reason",
    task=(
        "Write the handler `guard`. The first message of a client must be the text `open sesame` "
        "and gets the reply `welcome`; any other first message closes the connection with 1008. "
        "From then on each text is sent back; a text of more than 100 characters closes with 1009, "
        "a binary message with 1003. Nothing is sent before closing, and nobody else notices."
    ),
    name="guard",
    starter="""
async def guard(ws):
    if await ws.recv() != "open sesame":
        ...
        return
    await ws.send("welcome")
    async for message in ws:
        ...
""",
    hints=(
        "`ws.close()` takes a code and a reason, and it is a coroutine.",
        "After `await ws.close(1008, …)`, `return`. What decides between 1003 and 1009 is the type "
        "of the message first, its length second.",
        '`if isinstance(message, bytes): await ws.close(1003, "text messages only")`, then '
        '`elif len(message) > 100: await ws.close(1009, "at most 100 characters")`, else send.',
    ),
    solution="""
async def guard(ws):
    if await ws.recv() != "open sesame":
        await ws.close(1008, "the password is wrong")
        return
    await ws.send("welcome")
    async for message in ws:
        if isinstance(message, bytes):
            await ws.close(1003, "text messages only")
        elif len(message) > 100:
            await ws.close(1009, "at most 100 characters")
        else:
            await ws.send(message)
""",
    explanation=(
        "Bytes are never equal to a string, so the first comparison refuses binary messages as "
        "well. `len()` of a string counts characters; the option `max_size` of a server counts "
        "bytes, and closes with 1009 by itself. After `close()` the loop ends: the next `recv()` "
        "in it finds a connection that is closed."
    ),
    rules=(Rule("", _probe_guard),),
    minutes=10,
    difficulty=2,
    needs="The close codes",
)
