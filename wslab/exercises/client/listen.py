"""Exercise 1.3: Events, as in a browser."""

from __future__ import annotations

from typing import Any

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Finding, run_client, show
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


def _probe_listen(answer: Any) -> None:
    endings: list[tuple[list[str], int, str]] = [
        (["first", "second"], 1000, "bye"),
        (["only"], 4001, "no more"),
        (["before the cut"], 1006, ""),
    ]
    for messages, code, reason in endings:

        async def handler(
            ws: ServerConnection,
            messages: list[str] = messages,
            code: int = code,
            reason: str = reason,
        ) -> None:
            for message in messages:
                await ws.send(message)
            if code == 1006:
                await (await ws.ping())  # the client has read what was sent
                ws.transport.abort()
            else:
                await ws.close(code, reason)

        calls: list[tuple[Any, ...]] = []
        _, server = run_client(
            answer,
            handler,
            lambda data, calls=calls: calls.append(("onmessage", data)),
            lambda code, reason, calls=calls: calls.append(("onclose", code, reason)),
        )
        expected = [*(("onmessage", message) for message in messages), ("onclose", code, reason)]
        if calls == expected:
            continue
        if [call for call in calls if call[0] == "onmessage"] != expected[:-1]:
            problem = "onmessage should be called once for each message, in order"
        elif sum(call[0] == "onclose" for call in calls) != 1:
            problem = "onclose should be called exactly once, however the connection ends"
        elif calls[-1][0] != "onclose":
            problem = "onclose should be called last"
        else:
            problem = (
                "onclose should get the code and the reason; 1006 and '' if there was no CLOSE"
            )
        how = "cuts the TCP connection" if code == 1006 else f"sends CLOSE {code} {reason!r}"
        raise Finding(
            problem,
            sent=f"{show(messages)}, then the server {how}",
            expected=show(expected),
            got=show(calls),
            records=server.transcript.snapshot()[-12:],
        )


EXERCISE = Exercise(
    id="1.3",
    title="Events, as in a browser",
    task=(
        "Write `listen(url, onmessage, onclose)`, blocking or `async`: it calls `onmessage(data)` "
        "for each message and then, exactly once, `onclose(code, reason)`. If the connection is "
        "lost without a CLOSE frame, that is `onclose(1006, '')`."
    ),
    name="listen",
    starter="""
from websockets.asyncio.client import connect as connect_async


async def listen(url, onmessage, onclose):
    async with connect_async(url) as ws:
        async for message in ws:
            ...
""",
    hints=(
        "The loop ends by itself for 1000 and 1001, and raises `ConnectionClosedError` otherwise.",
        "After the end, `ws.close_code` and `ws.close_reason` hold what `onclose` needs.",
        "`close_code` is 1006 and `close_reason` is '' when no CLOSE frame came: one call for all.",
    ),
    solution="""
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosedError


async def listen(url, onmessage, onclose):
    async with connect_async(url) as ws:
        try:
            async for message in ws:
                onmessage(message)
        except ConnectionClosedError:
            pass
    onclose(ws.close_code, ws.close_reason)
""",
    explanation=(
        "`onclose` stands after the `with` block, so there is one place for every way to end, "
        "and it is called when the connection is really closed."
    ),
    rules=(Rule("", _probe_listen),),
    minutes=15,
    difficulty=2,
    needs="The browser's way: events",
)
