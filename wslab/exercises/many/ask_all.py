"""Exercise 6.2: Answers in any order."""

from __future__ import annotations

import json
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Oracle, awkward, same, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_PLAIN = ("how", "why", "when")
_AWKWARD = (awkward.TEXTS["quotes"], awkward.TEXTS["other scripts"], "", "same", "same")


@rule('each as `{"id": …, "question": …}`')
def _each_question(answer: Any) -> None:
    for questions in (_PLAIN, _AWKWARD[:3]):
        oracle = Oracle(questions)
        played = oracle.meet(answer)
        expected = ", ".join(json.dumps({"id": n, "question": q}) for n, q in enumerate(questions))
        if any(isinstance(message, bytes) for message in oracle.messages):
            problem = "bytes go out as a binary message, a str as text"
            raise played.finding(problem, expected, oracle.got())
        if len(oracle.requests) != len(oracle.messages):
            raise played.finding("what came is another thing", expected, oracle.got())
        if any(len(request) > 2 for request in oracle.requests):
            raise played.finding("there is another field, too", expected, oracle.got())
        asked = sorted(str(request["question"]) for request in oracle.requests)
        if asked != sorted(questions):
            problem = "these are other questions" if asked else "no question came"
            raise played.finding(problem, expected, oracle.got())
        played.returned(expected)
    oracle = Oracle(("same", "same"))
    played = oracle.meet(answer)
    if len(oracle.messages) == 1:
        problem = "two questions that are equal were asked once"
        raise played.finding(problem, "two messages", oracle.got())


@rule("over one connection")
def _one_connection(answer: Any) -> None:
    oracle = Oracle(_PLAIN)
    played = oracle.meet(answer)
    if oracle.connections > 1:
        problem = f"{oracle.connections} connections came"
        raise played.finding(problem, "one, with all the questions", oracle.got())


@rule("with an id of its own")
def _own_id(answer: Any) -> None:
    for questions in (_AWKWARD, [f"q{n}" for n in range(300)]):
        oracle = Oracle(questions)
        played = oracle.meet(answer)
        ids = [json.dumps(request["id"]) for request in oracle.requests]
        if len(set(ids)) != len(ids):
            problem = "two requests have the same id"
            raise played.finding(problem, "as many ids as questions", show(ids))


@rule("before it waits for an answer")
def _before_waiting(answer: Any) -> None:
    oracle = Oracle(_PLAIN, order=(0, 1, 2))
    played = oracle.meet(answer)
    if oracle.missing and oracle.connections == 1 and len(oracle.requests) < len(_PLAIN):
        problem = "it waits for an answer, and the server waits for the other questions"
        raise played.finding(problem, "all questions at once", oracle.got())


@rule("the list of the answers in the order of the questions")
def _in_order(answer: Any) -> None:
    # The last orders are none that are made by sorting, ids such as "10" neither.
    for order in ((0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 4, 0, 3, 1), (*range(1, 12), 0)):
        questions = [f"question {letter}" for letter in "lkjihgfedcba"[-len(order) :]]
        oracle = Oracle(questions, order=order)
        if 1 < order[0] < 4:  # answers that are equal, or that Python takes for false
            oracle.answers = ["same", "", 0, "same", []]
        played = oracle.meet(answer)
        if oracle.missing:
            return  # another rule tells about that
        came = show([oracle.answers[number] for number in order])
        played = played.where(f"the answers came in the order {came}")
        result = played.returned(show(oracle.answers))
        if isinstance(result, list) and same(result, oracle.answers):
            continue
        if not isinstance(result, list):
            problem = "it returned nothing" if result is None else "it returned no list"
        elif sorted(map(str, result)) == sorted(map(str, oracle.answers)):
            problem = "they came back in another order"
        else:
            problem = "it returned something else than the answers"
        raise played.finding(problem, show(oracle.answers), show(result))
    played = Oracle([]).meet(answer)
    if not same(played.returned("[]"), []):
        raise played.finding("there were no questions", "[]", show(played.result))


@rule("with `None` where an error came")
def _none(answer: Any) -> None:
    plain = Oracle(_PLAIN)
    if not same(plain.meet(answer).result, plain.answers):
        return  # it fails without errors as well
    for wrong in (0, 2):
        oracle = Oracle(_PLAIN)
        oracle.answers[wrong] = None
        oracle.errors[wrong] = "nobody knows"
        played = oracle.meet(answer).where(f"question {wrong + 1} got an error")
        result = played.returned(show(oracle.answers))
        if not same(result, oracle.answers):
            problem = "what was returned is another thing"
            raise played.finding(problem, show(oracle.answers), show(result))


_ASK_IMPORTS: Final = """
import json

from websockets.asyncio.client import connect

"""


EXERCISE = Exercise(
    id="6.2",
    title="Answers in any order",
    task=(
        "Write `ask_all(url, questions)`: it sends all questions over one connection, each as "
        '`{"id": …, "question": …}` with an id of its own, before it waits for an answer. The '
        'server answers each with `{"id": …, "answer": …}` or `{"id": …, "error": …}`, in any '
        "order. Return the list of the answers in the order of the questions, with `None` where an "
        "error came."
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
    rules=(_each_question, _one_connection, _own_id, _before_waiting, _in_order, _none),
    minutes=15,
    difficulty=2,
    needs="Questions and answers by id",
)
