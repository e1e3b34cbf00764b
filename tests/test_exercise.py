"""Tests of wslab.exercises._exercise: every exercise is complete, and makes its cells."""

from __future__ import annotations

import pytest
from answer_cells import define

from wslab.exercises import EXERCISES, Exercise

pytestmark = pytest.mark.usefixtures("data_folder")

clean = pytest.mark.usefixtures("leaves_nothing")

each_exercise = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda one: one.id)


@each_exercise
def test_exercise_is_complete(exercise: Exercise) -> None:
    """Three hints, all different; nothing is empty."""
    texts = [exercise.title, exercise.task, exercise.explanation, exercise.needs, *exercise.hints]
    assert [text for text in texts if not text.strip()] == []
    assert len(set(exercise.hints)) == 3
    assert 1 <= exercise.minutes <= 60


@each_exercise
def test_cells_of_the_notebook(exercise: Exercise) -> None:
    """One cell has title, difficulty, minutes and prerequisite, the other one ends in the check."""
    title, about, *task = exercise.markdown.split("\n\n")
    assert title == f"### Exercise {exercise.id} · {exercise.title}"
    assert about.count("★") == exercise.difficulty
    assert about.count("★") + about.count("☆") == 3
    assert f"{exercise.minutes} minutes" in about
    assert exercise.needs in about
    assert "\n\n".join(task) == exercise.task
    assert exercise.code.splitlines()[-1] == f'wslab.check("{exercise.id}", {exercise.name})'
    assert "..." in exercise.code
    assert max(map(len, exercise.code.splitlines())) <= 88


@clean
@each_exercise
def test_starter_is_not_attempted(exercise: Exercise) -> None:
    """The committed state of each notebook."""
    assert exercise.check(define(exercise.starter, exercise.name)).outcome == "not attempted"


@clean
def test_no_await_is_missing_where_none_belongs() -> None:
    """`bus.publish()` of 9.6 is no coroutine, as its solution shows."""
    code = "def share(bus):\n    async def handler(ws):\n        room = ws.request.path\n"
    code += "        bus.publish(room, room)\n\n    return handler\n"
    finding = EXERCISES["9.6"].check(define(code, "share")).finding
    assert finding is not None
    assert "await" not in finding.problem
