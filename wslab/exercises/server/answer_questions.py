"""Exercise 2.2: Answer questions, survive everything else."""

from __future__ import annotations

import json
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, Finding, answering, awkward
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_NO_QUESTION: Final = {"error": "not a question"}

# Nesting without an end is for exercise 4.2.
_NOT_JSON = {what: text for what, text in awkward.NOT_JSON.items() if len(text) < awkward.LONG}
_OTHERS = {
    "JSON that is no object": ("[1, 2]", '"id, question"', "17", "null", "true", "[]"),
    "an object without a question": ('{"id": 1}', '{"question": "no id"}', "{}"),
    "a question that is no string": tuple(
        json.dumps({"id": 1, "question": value})
        for value in (42, None, True, 1.5, ["why"], {"text": "why"})
    ),
}


def _ask(client: Client, id: object, question: str) -> Any:
    """Ask a question; return what was answered, if that is JSON."""
    client.send(json.dumps({"id": id, "question": question}, ensure_ascii=False))
    wanted = json.dumps({"id": id, "answer": question.upper()}, ensure_ascii=False)
    got = client.receive(f"JSON text: {wanted}", "a question was asked")
    try:
        return json.loads(got)
    except (ValueError, RecursionError):
        return got


def _expect(client: Client, key: str, id: object, question: str, problem: str, plain: bool) -> None:
    """Ask, and expect one part of the answer; of a plain one another rule tells the shape."""
    expected = {"id": id, "answer": question.upper()}
    got = _ask(client, id, question)
    if not isinstance(got, dict):
        problem = "the answer is not JSON"
    elif (key not in got and plain) or (
        key in got and (type(got[key]), got[key]) == (type(expected[key]), expected[key])
    ):
        return
    words = (json.dumps(value, ensure_ascii=False) for value in (expected, got))
    raise client.finding(problem, *words)


@rule('the answer is the JSON text `{"id": …, "answer": …}`')
def _shape(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        client.send('{"id": 7, "question": "how are you?"}')
        wanted = 'JSON text: {"id": 7, "answer": "HOW ARE YOU?"}'
        got = client.receive_json(wanted, "a question was asked")
        if not isinstance(got, dict) or got.keys() != {"id", "answer"}:
            problem = "the answer has another shape"
            raise client.finding(problem, wanted, json.dumps(got, ensure_ascii=False))


@rule("with the same id")
def _same_id(answer: Any) -> None:
    with answering(answer) as server:
        for id in (7, "b-2", 0, "", -1, awkward.TEXTS["quotes"], 2**53 + 1):
            with server.client() as client:
                _expect(client, "id", id, "why", "it has another id", id == 7)


@rule("the question in capital letters")
def _capitals(answer: Any) -> None:
    with answering(answer) as server:
        for text in ("how are you?", *awkward.TEXTS.values()):
            with server.client() as client:
                problem = "the answer is another one"
                _expect(client, "answer", 7, text, problem, text == "how are you?")


def _refuse(client: Client, message: str, what: str) -> None:
    client.send(message)
    wanted = f"JSON text: {json.dumps(_NO_QUESTION)}"
    got = client.receive_json(wanted, what)
    if got != _NO_QUESTION:
        raise client.finding(f"{what} got another answer", wanted, json.dumps(got))


@rule('Any other text is answered with `{"error": "not a question"}`')
def _others(answer: Any) -> None:
    with answering(answer) as server:
        for what, text in _NOT_JSON.items():
            with server.client() as client:
                _refuse(client, text, f"what is not JSON ({what})")
        for what, texts in _OTHERS.items():
            for text in texts:
                with server.client() as client:
                    _refuse(client, text, what)


@rule("and the conversation goes on")
def _goes_on(answer: Any) -> None:
    with answering(answer) as server:
        for text in (
            '{"id": 1, "question": "first"}',
            "no JSON",
            *(t[0] for t in _OTHERS.values()),
        ):
            with server.client() as client:
                client.send(text)
                try:
                    client.receive("an answer")
                except Finding:
                    continue  # another rule tells about that
                _ask(client, 2, "and now?")
                _ask(client, 3, "and now?")


@rule("no client waits for another")
def _nobody_waits(answer: Any) -> None:
    with answering(answer) as server:
        server.expect_no_blocking('{"id": 1, "question": "now?"}')


EXERCISE = Exercise(
    id="2.2",
    title="Answer questions, survive everything else",
    task=(
        "Write `answer_questions(ws)`. A question is a JSON object "
        '`{"id": …, "question": …}` whose question is a string; the answer is the JSON text '
        '`{"id": …, "answer": …}` with the same id and the question in capital letters. Any other '
        'text is answered with `{"error": "not a question"}`, and the conversation goes on. There '
        "may be many clients, and no client waits for another."
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
    rules=(
        _shape,
        _same_id,
        _capitals,
        _others,
        _goes_on,
        _nobody_waits,
    ),
    minutes=15,
    difficulty=2,
    needs="The whole server",
)
