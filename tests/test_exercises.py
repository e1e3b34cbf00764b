"""Tests of wslab.exercises: every exercise is found, judged, hinted at and solved."""

from __future__ import annotations

import ast
import concurrent.futures
import itertools
import pathlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import answer_cells
import pytest
from answer_cells import define

import wslab.exercises
from wslab.exercises import CHAPTERS, EXERCISES, Exercise, check, hint, solution
from wslab.transcript import Records

pytestmark = pytest.mark.usefixtures("data_folder")

clean = pytest.mark.usefixtures("leaves_nothing")

each_exercise = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda one: one.id)

NOTEBOOKS = pathlib.Path(__file__).parent.parent / "notebooks"


def test_every_exercise_is_registered() -> None:
    """Each folder and each file in it is; no id is given twice; a file is named in lower case."""
    package = pathlib.Path(wslab.exercises.__file__).parent
    folders = {path.parent.name for path in package.glob("[a-z]*/__init__.py")}
    assert folders == {chapter.__name__.rpartition(".")[2] for chapter in CHAPTERS}
    defined = [exercise for chapter in CHAPTERS for exercise in chapter.EXERCISES]
    assert sorted(defined, key=id) == sorted(EXERCISES.values(), key=id)
    files = [path for path in package.glob("[a-z]*/*.py") if not path.name.startswith("_")]
    assert len(files) == len(defined) == len(list(answer_cells.homes()))
    assert [id for id, exercise in EXERCISES.items() if id != exercise.id] == []


def test_ids_are_contiguous_and_in_order() -> None:
    """Notebook by notebook, 1, 2, 3 and so on: learners count on it, and so does the table."""
    ids = [tuple(map(int, id.split("."))) for id in EXERCISES]
    expected = [
        (notebook, number)
        for notebook, group in itertools.groupby(ids, key=lambda id: id[0])
        for number in range(1, len(list(group)) + 1)
    ]
    assert ids == expected == sorted(set(ids))


def test_every_folder_has_its_notebook() -> None:
    """The folders come in the notebooks' order, and an id begins with its notebook's number."""
    names = [chapter.NOTEBOOK for chapter in CHAPTERS]
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))[1:]
    assert names == [path.stem for path in paths if not path.stem.endswith("_appendix")]
    for chapter in CHAPTERS:
        number = int(chapter.NOTEBOOK[:2])
        assert {int(one.id.partition(".")[0]) for one in chapter.EXERCISES} <= {number}


def test_every_notebook_has_exercises() -> None:
    """At least four for each number from 01 on, the first one the easiest."""
    notebooks = {int(chapter.NOTEBOOK[:2]) for chapter in CHAPTERS}
    difficulties: dict[int, list[int]] = {notebook: [] for notebook in notebooks}
    for id, exercise in EXERCISES.items():
        difficulties[int(id.partition(".")[0])].append(exercise.difficulty)
    assert {n: len(found) for n, found in difficulties.items() if len(found) < 4} == {}
    assert {n: found for n, found in difficulties.items() if found[0] > 1 or max(found) < 3} == {}


@clean
def test_outcomes() -> None:
    """Only a pass is true; each says the id, and what to do next."""
    passed, not_yet, not_attempted = (
        check("2.1", define(code, "welcome"))
        for code in (
            EXERCISES["2.1"].solution,
            "async def welcome(ws):\n    await ws.send('Welcome')\n",
            EXERCISES["2.1"].starter,
        )
    )
    assert (bool(passed), bool(not_yet), bool(not_attempted)) == (True, False, False)
    assert str(passed) == repr(passed) == "✓ Exercise 2.1: passed"
    assert str(not_attempted).startswith("○ Exercise 2.1: not attempted yet")
    assert str(not_yet).startswith("✗ Exercise 2.1: not yet. ")
    for title in ("sent: ", "expected: ", "got: ", 'wslab.hint("2.1")'):
        assert title in str(not_yet)
    assert not_yet.finding is not None
    assert isinstance(not_yet.finding.records, Records)
    assert "TEXT" in not_yet._repr_mimebundle_()["text/plain"]
    assert "TEXT" not in str(not_yet)


@pytest.mark.parametrize("function", [lambda id: check(id, print), hint, solution])
def test_unknown_id(function: Callable[[Any], object]) -> None:
    """The message names the ids that there are, and the nearest one."""
    for id in ["2.11", "2", "", "welcome", None, 2.1, [], ("2.1",)]:
        with pytest.raises(KeyError, match=re.escape(f"there is no exercise {id!r}")) as caught:
            function(id)
        assert all(known in str(caught.value) for known in EXERCISES)
        assert "did you mean '" in str(caught.value)
    with pytest.raises(KeyError, match=r"did you mean '2\.1'"):
        function("2.1 ")


@each_exercise
def test_coroutine_instead_of_function(exercise: Exercise) -> None:
    """Called instead of passed: said so, and nothing is left that was never awaited."""

    async def called() -> None:
        raise AssertionError

    with pytest.raises(TypeError, match=rf'wslab.check\("{exercise.id}", {exercise.name}\)'):
        check(exercise.id, called())


@clean
def test_check_inside_another_thread() -> None:
    """A check needs no main thread and no event loop."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        results = pool.map(
            lambda id: check(id, define(EXERCISES[id].solution, EXERCISES[id].name)),
            ["1.1", "2.1", "2.2", "3.2"],
        )
        assert [result.outcome for result in results] == ["passed"] * 4


@clean
def test_interrupted_cell() -> None:
    """The learner's own interrupt is none of the answer's: it goes on to the cell."""
    code = """
import _thread

async def handler(ws):
    _thread.interrupt_main()
    await ws.wait_closed()
"""
    with pytest.raises(KeyboardInterrupt):
        check("2.1", define(code, "handler"))


@each_exercise
def test_hints_come_one_by_one(exercise: Exercise, capsys: pytest.CaptureFixture[str]) -> None:
    """One more each time; after the last one they begin again."""
    for number in (1, 2, 3, 1):
        hint(exercise.id)
        expected = f"Hint {number} of 3: {exercise.hints[number - 1]}\n"
        assert capsys.readouterr().out == expected


def test_hints_of_each_exercise_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """A hint for another exercise in between changes nothing."""
    for id in ("2.1", "3.1", "2.1"):
        hint(id)
    numbers = re.findall("Hint ([0-9])", capsys.readouterr().out)
    assert numbers == ["1", "1", "2"]


@each_exercise
def test_solution_is_shown(exercise: Exercise, capsys: pytest.CaptureFixture[str]) -> None:
    """The code, then why."""
    solution(exercise.id)
    shown = capsys.readouterr().out
    assert shown == f"{exercise.solution.strip()}\n\n{exercise.explanation}\n"


def functions(path: pathlib.Path) -> Iterator[tuple[str, int]]:
    """Each function in a file, and how many lines it has."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield f"{path.name}: {node.name}", node.end_lineno - node.lineno + 1


def test_files_and_functions_fit_on_a_screen_or_a_few() -> None:
    """No file has over 400 lines, answers included; no function has to be scrolled."""
    package = pathlib.Path(wslab.exercises.__file__).parent
    files = [*package.rglob("*.py"), *answer_cells.ANSWERS.rglob("*.py")]
    lines = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {path: count for path, count in lines.items() if count > 400} == {}
    long = [one for path in package.rglob("*.py") for one in functions(path) if one[1] > 50]
    assert long == []
