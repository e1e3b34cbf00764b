"""Exercise 6.1: Two at once."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Finding, run_client, show
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


def _probe_both(answer: Any) -> None:
    for first, second in (("ada", "grace"), ("Grüße", "")):
        asked: list[str | bytes] = []
        complete = asyncio.Event()

        async def handler(
            ws: ServerConnection,
            asked: list[str | bytes] = asked,
            complete: asyncio.Event = complete,
            late: str = second,
        ) -> None:
            message = await ws.recv()
            asked.append(message)
            if len(asked) == 2:
                complete.set()
            await complete.wait()
            if message != late:  # the first one's reply comes last
                await asyncio.sleep(0.05)
            await ws.send(f"{message!s}!")
            await ws.wait_closed()

        expected = [f"{first}!", f"{second}!"]
        result, server = run_client(answer, handler, first, second)
        problem = ""
        if not isinstance(result, list | tuple):
            problem = "it should return both replies"
        elif list(result) != expected:
            problem = "the replies should be those to the first and to the second message, in order"
        if problem:
            raise Finding(
                problem,
                sent=show([first, second]),
                expected=show(expected),
                got=show(result),
                records=server.transcript.snapshot()[-12:],
            )


_SAY: Final = """
import asyncio

from websockets.asyncio.client import connect


async def say(url, message):
    async with connect(url) as ws:
        await ws.send(message)
        return await ws.recv()

"""


EXERCISE = Exercise(
    id="6.1",
    title="Two at once",
    task=(
        "Complete `both(url, first, second)`: two clients, each with a connection of its own, say "
        "`first` and `second` at the same time. It returns the list of both replies, in this "
        "order. The server answers nobody before both have spoken."
    ),
    name="both",
    starter=_SAY
    + """
async def both(url, first, second):
    # your code
    ...
""",
    hints=(
        "`await say(url, first)` comes back with the reply. What does the second client do until "
        "then?",
        "asyncio has a function that runs several coroutines at the same time and waits for all "
        "of them.",
        "Give `asyncio.gather()` one `say(…)` for each message. Its results are in the order of "
        "its arguments.",
    ),
    solution=_SAY
    + """
async def both(url, first, second):
    return list(await asyncio.gather(say(url, first), say(url, second)))
""",
    explanation=(
        "With one `await` after the other, the second client would begin when the first one is "
        "done. `asyncio.gather()` makes a task of each coroutine; the results are in the order of "
        "the arguments, whichever is done first."
    ),
    rules=(Rule("", _probe_both),),
    minutes=5,
    difficulty=1,
    needs="One reader, one writer",
)
