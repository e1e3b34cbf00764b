"""Exercise 1.4: Match answers to requests."""

from __future__ import annotations

import json
from typing import Any

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Finding, run_client, show
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


def _probe_ask(answer: Any) -> None:
    for questions in (["how are you", "what time is it", "why"], [f"q{n}" for n in range(20)]):
        seen: list[Any] = []

        async def handler(
            ws: ServerConnection, questions: list[str] = questions, seen: list[Any] = seen
        ) -> None:
            requests = []
            await ws.send(json.dumps({"push": "welcome"}))
            for _ in questions:
                requests.append(json.loads(await ws.recv()))
                seen.append(requests[-1])
                await ws.send(json.dumps({"push": f"{len(requests)} asked"}))
            for request in reversed(requests):
                reply = {"id": request["id"], "answer": request["question"].upper()}
                await ws.send(json.dumps(reply))
                await ws.send(json.dumps({"push": "news in between"}))
            await ws.wait_closed()

        try:
            result, server = run_client(answer, handler, questions)
        except Finding as finding:
            finding.sent = finding.sent or f"{len(questions)} questions at once"
            finding.expected = (
                'each sent as {"id": …, "question": …}, all before the first answer, and the '
                "answers returned in the order of the questions"
            )
            raise
        expected = [question.upper() for question in questions]
        if len({json.dumps(request["id"]) for request in seen}) != len(questions):
            problem = "every request needs an id of its own"
        elif result != expected:
            problem = "the answers are not the right ones in the order of the questions"
        else:
            continue
        raise Finding(
            problem,
            sent=show(seen),
            expected=show(expected),
            got=show(result),
            records=server.transcript.snapshot()[-12:],
        )


EXERCISE = Exercise(
    id="1.4",
    title="Match answers to requests",
    task=(
        'Write `ask(url, questions)`: it sends each question as `{"id": …, "question": …}`, with '
        "an id that you choose, all of them before the first answer, and returns the answers in "
        'the order of the questions. The server answers `{"id": …, "answer": …}` in any order, and '
        'sends pushes such as `{"push": "news"}` in between.'
    ),
    name="ask",
    starter="""
import json

from websockets.sync.client import connect


def ask(url, questions):
    with connect(url) as ws:
        ...
""",
    hints=(
        "First send all, then receive. How do you know that all answers are there?",
        "Keep the answers in a dictionary by id, until it is as long as the list of questions.",
        "The position of a question in the list is a good id; skip what has no `id`.",
    ),
    solution="""
import json

from websockets.sync.client import connect


def ask(url, questions):
    answers = {}
    with connect(url) as ws:
        for number, question in enumerate(questions):
            ws.send(json.dumps({"id": number, "question": question}))
        while len(answers) < len(questions):
            message = json.loads(ws.recv(timeout=5))
            if "id" in message:
                answers[message["id"]] = message["answer"]
    return [answers[number] for number in range(len(questions))]
""",
    explanation=(
        "WebSocket has messages, not requests: which answer belongs to which question is for the "
        "messages to say. The id does it, whatever comes in between and in whatever order."
    ),
    rules=(Rule("", _probe_ask),),
    minutes=20,
    difficulty=3,
    needs="Receive and parse",
)
