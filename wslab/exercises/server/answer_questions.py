"""Exercise 2.2: Answer questions, survive everything else."""

from __future__ import annotations

import json
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, answering, during
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


_NO_QUESTION: Final = {"error": "not a question"}


def _probe_answers(answer: Any) -> None:
    def ask(client: Client, id: object, question: str) -> None:
        client.send(json.dumps({"id": id, "question": question}, ensure_ascii=False))

    def expect(client: Client, id: object, question: str) -> None:
        expected = {"id": id, "answer": question.upper()}
        wanted = f"JSON text: {json.dumps(expected, ensure_ascii=False)}"
        got = client.receive_json(wanted, "each question should be answered")
        problem = ""
        if not isinstance(got, dict) or got.keys() != expected.keys():
            problem = "the answer to a question should have the keys `id` and `answer`"
        elif (type(got["id"]), got["id"]) != (type(id), id):
            problem = "the answer should have the id of its question"
        elif got["answer"] != expected["answer"]:
            problem = "the answer should be the question in capital letters"
        if problem:
            raise client.finding(problem, wanted, json.dumps(got, ensure_ascii=False))

    def refuse(client: Client) -> None:
        wanted = f"JSON text: {json.dumps(_NO_QUESTION)}"
        problem = "what is not a question should be answered with an error"
        got = client.receive_json(wanted, problem)
        if got != _NO_QUESTION:
            raise client.finding(problem, wanted, json.dumps(got, ensure_ascii=False))

    others = [
        ("what is not JSON", ["hello", "", '{"id": 1, "question": "unfinished"', "{'id': 1}"]),
        ("JSON that is no object", ["[1, 2]", '"id, question"', "17", "null", "true"]),
        ("an object without a question", ['{"id": 1}', '{"question": "no id"}', "{}"]),
        ("a question that is not a string", ['{"id": 1, "question": 42}']),
    ]
    with answering(answer) as server, server.clients(2) as (ada, grace):
        questions = [(7, "how are you?"), (0, "Olá, 世界?"), ("b-2", "why"), (8, "")]
        for id, question in questions:
            ask(ada, id, question)
            expect(ada, id, question)
        for what, messages in others:
            for message in messages:
                with during(f"after {what}"):
                    ada.send(message)
                    refuse(ada)
                    ask(ada, message, "and now?")
                    expect(ada, message, "and now?")
        with during("with a second client"):
            for id, question in questions:
                ask(grace, id, question)
            grace.send("...")
            for id, question in questions:
                expect(grace, id, question)
            refuse(grace)
        ask(ada, "last", "still here?")
        expect(ada, "last", "still here?")
        server.serve_crowd(
            '{"id": 1, "question": "now?"}',
            lambda client, problem: client.expect_json({"id": 1, "answer": "NOW?"}, problem),
        )


EXERCISE = Exercise(
    id="2.2",
    title="Answer questions, survive everything else",
    task=(
        "Write `answer_questions(ws)`. A question is a JSON object "
        '`{"id": …, "question": …}` whose question is a string; the answer is the JSON text '
        '`{"id": …, "answer": …}` with the same id and the question in capital letters. Any other '
        'text is answered with `{"error": "not a question"}`, and the conversation goes on.'
    ),
    name="answer_questions",
    starter="""
import json


async def answer_questions(ws):
    async for message in ws:
        ...
""",
    hints=(
        "There are two ways to be no question: not JSON at all, or JSON of another shape, such as "
        "`[1, 2]`. Where must the `try` stand, so that the loop goes on?",
        "`json.loads()` raises `json.JSONDecodeError` for what is not JSON. After that, look at "
        "what came out: is it a `dict`, does it have both keys, is the question a `str`?",
        'One `try` in the loop is enough: `data["id"]` and `data["question"]` raise `KeyError` or '
        "`TypeError` where there are none, and `.upper()` raises `AttributeError` for a number. "
        "`except (ValueError, KeyError, TypeError, AttributeError):` catches them all.",
    ),
    solution="""
import json


async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            reply = {"id": data["id"], "answer": data["question"].upper()}
        except (ValueError, KeyError, TypeError, AttributeError):
            reply = {"error": "not a question"}
        await ws.send(json.dumps(reply))
""",
    explanation=(
        "The `try` is inside the loop, so one bad message costs one error and not the connection; "
        "and only what a bad message can cause is inside the `try`. `json.JSONDecodeError` is a "
        "`ValueError`; the others are for JSON of another shape. With the id in the answer, the "
        "client of exercise 1.4 can ask many questions at once."
    ),
    rules=(Rule("", _probe_answers),),
    minutes=15,
    difficulty=2,
    needs="The whole server",
)
