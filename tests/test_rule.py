"""Tests of wslab.exercises._rule: a rule adds the task's words to what it finds."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from wslab.exercises import EXERCISES
from wslab.exercises._check import Check
from wslab.exercises._judge import Finding
from wslab.exercises._rule import Rule, rule


@rule("Complete the line")
def is_five(answer: Any) -> None:
    if answer != 5:
        raise Finding("it is another number", sent="nothing", expected="5", got=str(answer))


@rule("send one message")
def is_positive(answer: Any) -> None:
    if answer < 0:
        raise Finding("it is negative", expected="a number above zero", got=str(answer))


def test_finding_begins_with_the_clause() -> None:
    """Then what is wrong, what was sent, expected and received."""
    assert isinstance(is_five, Rule)
    is_five(5)
    with pytest.raises(Finding) as caught:
        is_five(6)
    lines = str(Check("1.1", "not yet", caught.value)).splitlines()
    assert lines == [
        "✗ Exercise 1.1: not yet. “Complete the line”: it is another number",
        "sent: nothing",
        "expected: 5",
        "got: 6",
        'wslab.hint("1.1") gives a hint.',
    ]


def test_first_rule_that_is_broken_is_told() -> None:
    """Rules run from the plain to the awkward; what is not judged is said after passing."""
    exercise = dataclasses.replace(
        EXERCISES["1.1"], rules=(is_positive, is_five), not_judged=("Complete the line",)
    )
    for answer, clause in [(-1, "send one message"), (6, "Complete the line")]:
        finding = exercise.check(answer).finding
        assert finding is not None
        assert finding.clause == clause
    passed = "✓ Exercise 1.1: passed\nnot judged: “Complete the line”"
    assert str(exercise.check(5)) == passed
