"""Tests of the rules by tests/answers: right answers pass, wrong ones are told what is wrong."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Any

import answer_cells
import pytest
from answer_cells import Answer, define, spins
from judging import cannot_interrupt, hostile, impatience

from wslab.exercises import EXERCISES, Exercise
from wslab.exercises._check import Check
from wslab.exercises._judge import Finding, one_server
from wslab.exercises._rule import Rule
from wslab.exercises._source import missing_await

pytestmark = [
    pytest.mark.usefixtures("data_folder"),
    # A thread that is ended between opening a socket and handing it over leaves it to the garbage
    # collector, which may come in any later test. `clean` looks for sockets that stay open.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning"),  # Python 3.13 and later
]

clean = pytest.mark.usefixtures("leaves_nothing")
each_exercise = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda one: one.id)

ANSWERS = answer_cells.read()

SLOW = {"2.5", "4.5", "6.4", "7.4", "8.1", "8.2", "10.1"}
"""Exercises about time: judging any answer takes about a second, or more."""

WAITING = re.compile("did not end|holds up|for ever|never came|should return")
"""Findings that take about a second, or more."""


@functools.cache
def params(exercise: Exercise, kind: str) -> list[Any]:
    """Parameters: the answers to an exercise of this kind."""
    found = []
    for number, answer in enumerate(of(exercise, kind), start=1):
        marks = []
        if exercise.id in SLOW or WAITING.search(answer.finding):
            marks.append(pytest.mark.slow)
        if spins(answer.code):
            marks.append(pytest.mark.no_cover)  # it cannot be ended beside a tracer
        found.append(pytest.param(answer, id=f"{exercise.id}-{number}", marks=marks))
    return found


def of(exercise: Exercise, kind: str) -> list[Answer]:
    """The answers to an exercise of this kind."""
    return [one for one in ANSWERS if one.exercise is exercise and one.kind == kind]


def broken(rules: Iterable[Rule], answer: Any) -> list[str]:
    """The clauses of all these rules that an answer breaks."""
    clauses = []
    for rule in rules:
        try:
            rule(answer)
        except Finding:
            clauses.append(rule.clause)
    return clauses


# ---- the rules ----


@each_exercise
def test_no_right_answer_lacks_an_await(exercise: Exercise) -> None:
    """The guess that a finding ends with is never made of what is right."""
    guesses = [missing_await(one.define(), exercise.solution) for one in of(exercise, "right")]
    assert [guess for guess in guesses if guess] == []


@each_exercise
def test_every_quote_stands_in_the_task(exercise: Exercise) -> None:
    """A rule's clause is the task's own words, each once; so is what is not judged."""
    clauses = [rule.clause for rule in exercise.rules] + list(exercise.not_judged)
    assert [clause for clause in clauses if not clause or clause not in exercise.task] == []
    assert len(set(clauses)) == len(clauses) > 0


@each_exercise
def test_every_rule_has_a_wrong_answer(exercise: Exercise) -> None:
    """One that breaks this rule and no other."""
    clauses = {rule.clause for rule in exercise.rules}
    alone = {answer.breaks for answer in of(exercise, "wrong") if answer.alone}
    assert clauses - alone == set()


@each_exercise
def test_enough_answers(exercise: Exercise) -> None:
    """Right ones in three styles, counting the solution; four wrong ones; all different."""
    right, wrong = of(exercise, "right"), of(exercise, "wrong")
    assert len({one.code for one in right}) == len(right)
    assert len({one.code for one in wrong}) == len(wrong)
    assert len(right) >= 3
    assert len(wrong) >= 4


def test_every_file_belongs_to_an_exercise() -> None:
    """No answer is forgotten because its file has another name."""
    files = {path for _, *home in answer_cells.homes() for path in answer_cells.files(*home)}
    assert set(answer_cells.ANSWERS.rglob("*.py")) == files


def test_every_answer_defines_the_name() -> None:
    """What the cell passes to the check is there, whichever code stands above it."""
    without = []
    for answer in ANSWERS:
        try:
            answer.define()
        except KeyError:
            without.append(answer.place)
    assert without == []


# ---- the answers ----


def is_told(answer: Answer, result: Check) -> bool:
    """Whether a check found what is wrong with a wrong answer."""
    finding = result.finding
    return bool(finding and finding.clause == answer.breaks and answer.finding in finding.problem)


TOLD: set[str] = set()
"""Places of wrong answers whose rule was the first that they broke, in this process."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each class below the answers to its exercise."""
    exercise = getattr(metafunc.cls, "exercise", None)
    if exercise is not None:
        right = metafunc.function.__name__ == "test_passes"
        answers = params(exercise, "right" if right else "wrong")
        if metafunc.function.__name__ == "test_breaks_no_other_rule":
            answers = [one for one in answers if one.values[0].alone]
        metafunc.parametrize("answer", answers)


@clean
class Answers:
    def test_passes(self, answer: Answer) -> None:
        """Every style is as good as another."""
        result = answer.exercise.check(answer.define())
        assert result.outcome == "passed", f"{answer.place}: {result}"

    @hostile
    def test_finding(self, answer: Answer) -> None:
        """It is told what is wrong, in the task's words, and is not told the solution."""
        if cannot_interrupt() and spins(answer.code):
            pytest.skip("it could not be interrupted")
        exercise = answer.exercise
        with impatience():
            result = exercise.check(answer.define())
        if not is_told(answer, result):
            # A busy machine: is it another finding when there is time enough?
            result = exercise.check(answer.define())
        assert result.outcome == "not yet", f"{answer.place}: it passed"
        assert is_told(answer, result), f"{answer.place}: {result}"
        assert result.finding is not None
        if answer.breaks:
            finding = result.finding
            assert [finding.sent, finding.expected, finding.got].count(None) == 0, str(result)
        assert given_away(answer, str(result)) == []
        assert set(result._repr_mimebundle_()) == {"text/plain", "text/html"}
        TOLD.add(answer.place)

    @hostile
    @pytest.mark.slow  # it asks every rule, though the first one that is broken is told
    @pytest.mark.no_cover  # whatever it asks, another answer was told, or passed
    def test_breaks_no_other_rule(self, answer: Answer) -> None:
        """So each rule judges its own clause, whatever is wrong besides."""
        if cannot_interrupt() and spins(answer.code):
            pytest.skip("it could not be interrupted")
        rules = answer.exercise.rules
        clauses = []
        if answer.place in TOLD:  # it keeps those before, and breaks that one: it was judged above
            clauses = [answer.breaks]
            rules = rules[[rule.clause for rule in rules].index(answer.breaks) + 1 :]
        with impatience(), one_server():
            clauses += broken(rules, answer.define())
        if clauses != [answer.breaks]:
            clauses = broken(answer.exercise.rules, answer.define())
        assert clauses == [answer.breaks], answer.place


# A class for each exercise, so that xdist may run them beside each other and all else.
for one in EXERCISES.values():
    name = f"TestAnswers{one.id.replace('.', '_')}"
    globals()[name] = type(name, (Answers,), {"exercise": one})


def given_away(answer: Answer, said: str) -> list[str]:
    """The lines of the solution that a finding tells, though the answer has them not."""
    exercise = answer.exercise
    theirs = {line.strip() for line in (exercise.starter + answer.code).splitlines()}
    return [
        line.strip()
        for line in exercise.solution.splitlines()
        if len(line.strip()) > 20 and line.strip() not in theirs and line.strip() in said
    ]


@clean
@pytest.mark.parametrize(
    ("wrong", "right"),
    [("1.1", "1.2"), ("2.1", "2.4"), ("2.1", "3.2")],
)
def test_solution_of_another_exercise_does_not_pass(wrong: str, right: str) -> None:
    """An exercise judges what it asks for."""
    other = EXERCISES[right]
    with impatience():
        assert EXERCISES[wrong].check(define(other.solution, other.name)).outcome == "not yet"
