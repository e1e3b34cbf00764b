"""Exercise 1.4: Match answers to requests."""

from __future__ import annotations

import json
from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Finding, Oracle, awkward, same, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_PLAIN = ("how are you", "what time is it", "why")
_AWKWARD = (awkward.TEXTS["quotes"], awkward.TEXTS["other scripts"], "", "same", "same")

# For each request, in which place it is answered; the last one is no order that is made by sorting.
_ORDERS = ((0, 1, 2, 3, 4), (4, 3, 2, 1, 0), tuple(range(11, -1, -1)), (2, 4, 0, 3, 1))


@rule('sends each question as `{"id": …, "question": …}`')
def _each_question(answer: Any) -> None:
    for questions in (_PLAIN, _AWKWARD[:3]):
        oracle = Oracle(questions)
        played = oracle.meet(answer)
        expected = ", ".join(json.dumps({"id": n, "question": q}) for n, q in enumerate(questions))
        if not oracle.messages:
            played.returned(expected)
        if any(isinstance(message, bytes) for message in oracle.messages):
            problem = "bytes go out as a binary message, a str as text"
            raise played.finding(problem, expected, oracle.got())
        if len(oracle.requests) != len(oracle.messages):
            problem = "what came is another thing"
            raise played.finding(problem, expected, oracle.got())
        asked = [request["question"] for request in oracle.requests]
        if not same(asked, list(questions)):
            problem = "these are other questions" if asked else "no question came"
            raise played.finding(problem, expected, oracle.got())
        if played.failure:
            return  # another rule tells about that


@rule("an id of its own")
def _own_id(answer: Any) -> None:
    oracle = Oracle(_AWKWARD)
    played = oracle.meet(answer)
    ids = [json.dumps(request["id"]) for request in oracle.requests]
    if len(set(ids)) != len(ids):
        problem = "two requests have the same id"
        raise played.finding(problem, "as many ids as questions", f"the ids {', '.join(ids)}")


@rule("all of them before the first answer")
def _all_before(answer: Any) -> None:
    oracle = Oracle(_PLAIN, order=(0, 1, 2))
    played = oracle.meet(answer)
    if 0 < len(oracle.requests) < len(_PLAIN):
        problem = "after one question it waits, and the server waits for the others"
        raise played.finding(problem, "three questions at once", oracle.got())


@rule("returns the answers in the order of the questions")
def _in_order(answer: Any) -> None:
    for order in _ORDERS:
        questions = [f"question {letter}" for letter in "lkjihgfedcba"[-len(order) :]]
        oracle = Oracle(questions, order=order)
        if order is _ORDERS[-1]:
            oracle.answers[1] = ""
        played = oracle.meet(answer)
        if len({json.dumps(request["id"]) for request in oracle.requests}) < len(questions):
            return  # another rule tells about that
        asked = ", ".join(questions[number][-1] for number in order)
        played = played.where(f"the questions were answered in the order {asked}")
        result = played.returned(show(oracle.answers))
        if not isinstance(result, list | tuple):
            problem = "it returned nothing" if result is None else "it returned no list"
        elif same(list(result), oracle.answers):
            continue
        elif sorted(map(str, result)) == sorted(oracle.answers):
            problem = "they came back in another order"
        else:
            problem = "it returned something else than the answers"
        raise played.finding(problem, show(oracle.answers), show(result))
    empty = Oracle([], order=())
    played = empty.meet(answer)
    if not same(played.returned("[]"), []) and not same(played.result, ()):
        raise played.finding("there were no questions", "[]", show(played.result))


@rule('sends pushes such as `{"push": "news"}` in between')
def _pushes(answer: Any) -> None:
    oracle = Oracle(_PLAIN, order=(0, 1, 2), push=True)
    without = Oracle(_PLAIN, order=(0, 1, 2)).meet(answer)
    if not (isinstance(without.result, list | tuple) and list(without.result) == oracle.answers):
        return  # it fails without pushes as well
    played = oracle.meet(answer).where("a push came before each answer")
    try:
        result = played.returned(show(oracle.answers))
    except Finding as failure:
        failure.problem = f"a push was taken for an answer: {failure.problem}"
        raise
    if isinstance(result, list | tuple) and any(item not in oracle.answers for item in result):
        problem = "a push was taken for an answer"
        raise played.finding(problem, show(oracle.answers), show(result))


EXERCISE = Exercise(
    id="1.4",
    title="Match answers to requests",
    task=(
        "Write `ask(url, questions)`, blocking or `async`: it sends each question as "
        '`{"id": …, "question": …}`, with an id of its own that you choose, all of them before the '
        "first answer, and returns the answers in the order of the questions. The server answers "
        '`{"id": …, "answer": …}` in any order, and sends pushes such as `{"push": "news"}` in '
        "between."
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
    rules=(_each_question, _in_order, _own_id, _all_before, _pushes),
    minutes=20,
    difficulty=3,
    needs="Receive and parse",
)
