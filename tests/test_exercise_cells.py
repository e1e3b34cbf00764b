"""The exercises in the notebooks are those of ``wslab.exercises``, and disturb no other cell."""

from __future__ import annotations

import ast
import functools
import pathlib
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from wslab.exercises import CHAPTERS, EXERCISES, Exercise

NOTEBOOKS = pathlib.Path(__file__).parent.parent / "notebooks"


def notebook(exercise: Exercise) -> Any:
    """The notebook that an exercise ends."""
    [name] = [chapter.NOTEBOOK for chapter in CHAPTERS if exercise in chapter.EXERCISES]
    return read(name)


@functools.cache  # it has many exercises
def read(name: str) -> Any:
    """A notebook, which nobody changes."""
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def cell_id(exercise: Exercise) -> str:
    """The id of its first cell; its second has ``-code`` behind."""
    return f"exercise-{exercise.id.replace('.', '-')}"


@functools.cache  # each exercise looks at the same cells
def bindings(source: str) -> tuple[tuple[str, str], ...]:
    """Each name that a cell binds at its top level, with what binds it."""
    return tuple(find_bindings(source))


def find_bindings(source: str) -> Iterator[tuple[str, str]]:
    """The same, one after the other."""
    for statement in ast.parse(TransformerManager().transform_cell(source)).body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for alias in statement.names:
                module = getattr(statement, "module", None)
                yield alias.asname or alias.name.partition(".")[0], f"{module} {alias.name}"
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name, f"definition of {statement.name}"
        else:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield node.id, f"assignment to {node.id}"


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda exercise: exercise.id)
def test_cells_are_the_exercise(exercise: Exercise) -> None:
    """Task and starter stand in the notebook word for word, one behind the other."""
    cells = notebook(exercise).cells
    ids = [cell.id for cell in cells]
    assert cell_id(exercise) in ids, f"add a Markdown cell with that id:\n{exercise.markdown}"
    position = ids.index(cell_id(exercise))
    assert cells[position].source == exercise.markdown
    assert ids[position + 1] == f"{cell_id(exercise)}-code"
    assert cells[position + 1].source == exercise.code


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda exercise: exercise.id)
def test_output_is_that_of_an_unsolved_exercise(exercise: Exercise) -> None:
    """Notebooks are kept unsolved: the stored output says "not attempted"."""
    [code] = [cell for cell in notebook(exercise).cells if cell.id == f"{cell_id(exercise)}-code"]
    [output] = code.outputs
    assert output["data"]["text/plain"] == str(exercise.check(...))


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda exercise: exercise.id)
def test_starter_leaves_the_names_of_other_cells_alone(exercise: Exercise) -> None:
    """A learner may go back to any cell: no name in it means something else by then."""
    elsewhere: dict[str, set[str]] = {}
    for cell in notebook(exercise).cells:
        if cell.cell_type == "code" and cell.id != f"{cell_id(exercise)}-code":
            for name, meaning in bindings(cell.source):
                elsewhere.setdefault(name, set()).add(meaning)
    clashes = {
        name: elsewhere[name]
        for name, meaning in bindings(exercise.code)
        if name in elsewhere and elsewhere[name] != {meaning}
    }
    assert clashes == {}


def test_needs_names_a_section_of_the_notebook() -> None:
    """What an exercise builds on can be found."""
    wrong = [
        (exercise.id, exercise.needs)
        for exercise in EXERCISES.values()
        if not any(
            line.startswith("#") and line.lstrip("# ") == exercise.needs
            for cell in notebook(exercise).cells
            if cell.cell_type == "markdown"
            for line in cell.source.splitlines()
        )
    ]
    assert wrong == []
