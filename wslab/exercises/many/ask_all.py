"""Exercise 6.2: Answers in any order."""

from __future__ import annotations

import json
from typing import Any, Final

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Finding, run_client, show
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


def _probe_ask_all(answer: Any) -> None:
    for questions in (["how", "", "why", "how"], [f"q{n}" for n in range(20)]):
        seen: list[Any] = []

        async def handler(
            ws: ServerConnection, questions: list[str] = questions, seen: list[Any] = seen
        ) -> None:
            for _ in questions:
                seen.append(json.loads(await ws.recv()))
            for request in [*seen[1::2], *reversed(seen[::2])]:
                reply = {"id": request["id"], "answer": request["question"].upper()}
                if not request["question"] or request["question"] == "q7":
                    reply = {"id": request["id"], "error": "no answer"}
                await ws.send(json.dumps(reply))
            await ws.wait_closed()

        result, server = run_client(answer, handler, questions)
        expected = [None if q in ("", "q7") else q.upper() for q in questions]
        if len({json.dumps(request["id"]) for request in seen}) != len(questions):
            problem = "every question needs an id of its own"
        elif not isinstance(result, list):
            problem = "it should return a list"
        elif result != expected:
            problem = "the answers should be in the order of the questions, None for an error"
        else:
            continue
        raise Finding(
            problem,
            sent=show(seen),
            expected=show(expected),
            got=show(result),
            records=server.transcript.snapshot()[-12:],
        )


_ASK_IMPORTS: Final = """
import json

from websockets.asyncio.client import connect

"""


EXERCISE = Exercise(
    id="6.2",
    title="Answers in any order",
    task=(
        "Write `ask_all(url, questions)`: it sends all questions over one connection as "
        '`{"id": …, "question": …}`, before it waits for an answer. The server answers each with '
        '`{"id": …, "answer": …}` or `{"id": …, "error": …}`, in any order. Return the list of the '
        "answers in the order of the questions, with `None` where an error came."
    ),
    name="ask_all",
    starter=_ASK_IMPORTS
    + """
async def ask_all(url, questions):
    async with connect(url) as ws:
        ...
""",
    hints=(
        "Which id tells you at once where in the list an answer belongs?",
        "Send all questions in a first loop, then receive as many messages in a second one and "
        "keep each under its id.",
        'With `enumerate(questions)` the id is the index. `reply.get("answer")` is `None` if there '
        "is no such key.",
    ),
    solution=_ASK_IMPORTS
    + """
async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question}))
        answers = [None] * len(questions)
        for _ in questions:
            reply = json.loads(await ws.recv())
            answers[reply["id"]] = reply.get("answer")
        return answers
""",
    explanation=(
        "The id says which question a reply belongs to, so the order in which replies come does "
        "not matter. The question itself is no id: the same one may be asked twice. An error has "
        "its id, too, otherwise its question would wait for ever."
    ),
    rules=(Rule("", _probe_ask_all),),
    minutes=15,
    difficulty=2,
    needs="Questions and answers by id",
)
