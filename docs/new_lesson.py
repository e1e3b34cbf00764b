"""
Begin a lesson, or bring its exercise cells up to date: `make lesson NAME=11_my_lesson`.

What is not there yet is made from the files ``docs/template*``: the notebook, its folder of
exercises with one in it, and answers to that. Then the exercises' cells are written into the
notebook anew, word for word as ``wslab.exercises`` has them.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks"
REGISTRY = ROOT / "wslab" / "exercises" / "__init__.py"

TIME = re.compile(r"(\*\*Time\*\* \d+ minutes)(?: for reading, \d+ for the exercises)?")


def register(source: str, folder: str) -> str:
    """
    Add a folder to the two lists in ``wslab/exercises/__init__.py``.

    Raises:
        ValueError: The lists are not where they were.
    """
    imported = re.search(r"(?<=from \. import \(\n)(?:    \w+,\n)+", source)
    listed = re.search(r"(?<=CHAPTERS: Final = \(\n)(?:    \w+,\n)+", source)
    if not (imported and listed):
        raise ValueError(f"add {folder} by hand to both lists in {REGISTRY.name}")
    lines = sorted([*imported[0].splitlines(keepends=True), f"    {folder},\n"])
    source = f"{source[: listed.end()]}    {folder},\n{source[listed.end() :]}"
    return source.replace(imported[0], "".join(lines), 1)


def free_numbers() -> list[str]:
    """The number after the last; then, for a lesson in between, 04b where 04 is and so on."""
    taken = Counter(path.name[:2] for path in NOTEBOOKS.glob("*.ipynb"))
    with_letters = (f"{number}{'abcdefgh'[count]}" for number, count in sorted(taken.items()))
    return [f"{int(max(taken)) + 1:02}", *with_letters]


def begin(name: str) -> Path:
    """
    Make the notebook, its first exercise and its answers, where they are not there yet.

    Raises:
        ValueError: It is no name for a lesson, or not the next number.
    """
    if not re.fullmatch(r"\d\d[b-z]?_[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise ValueError(f"{name!r} is not of the form 11_my_lesson")
    notebook = NOTEBOOKS / f"{name}.ipynb"
    if notebook.exists():
        return notebook
    number, _, folder = name.partition("_")
    if number not in (free := free_numbers()):
        raise ValueError(f"the next lesson's number is {free[0]}; in between there is {free[1:]}")
    exercises = REGISTRY.parent / folder
    if exercises.exists():
        raise ValueError(f"{folder}/ is there already: choose other words")
    made = {
        "template.ipynb": notebook,
        "template_folder.py": exercises / "__init__.py",
        "template_exercise.py": exercises / "shout.py",
        "template_answers.py": ROOT / "tests" / "answers" / name / "shout.py",
    }
    source = register(REGISTRY.read_text(encoding="utf-8"), folder)
    title = folder.replace("_", " ").capitalize()
    for template, path in made.items():
        text = (ROOT / "docs" / template).read_text(encoding="utf-8")
        text = text.replace("NN · TITLE", f"{number} · {title}").replace("NN_NAME", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("NN.1", next_id(number)), encoding="utf-8")
    REGISTRY.write_text(source, encoding="utf-8")
    return notebook


def next_id(number: str) -> str:
    """The id of a lesson's first exercise: 04b goes on where 04 ends."""
    sys.path.insert(0, str(ROOT))
    from wslab.exercises import EXERCISES

    leading = int(number[:2])
    return f"{leading}.{sum(id.startswith(f'{leading}.') for id in EXERCISES) + 1}"


def exercises_of(name: str) -> list[Any]:
    """The exercises of a notebook, anew from their files."""
    sys.path.insert(0, str(ROOT))
    for module in [module for module in sys.modules if module.startswith("wslab.exercises")]:
        del sys.modules[module]
    from wslab.exercises import CHAPTERS

    return [one for chapter in CHAPTERS if name == chapter.NOTEBOOK for one in chapter.EXERCISES]


def write_exercises(path: Path) -> int:
    """
    Write the exercises' cells where they were, or behind "exercises"; return how many there are.

    The title cell tells their minutes.
    """
    nb = nbformat.read(path, as_version=4)
    outputs = {cell.id: cell.outputs for cell in nb.cells if cell.cell_type == "code"}
    counts = {cell.id: cell.execution_count for cell in nb.cells if cell.cell_type == "code"}
    ids = [cell.id for cell in nb.cells]
    old = [id for id in ids if re.fullmatch(r"exercise-\d.*", id)]
    kept = [cell for cell in nb.cells if cell.id not in old]
    cells = []
    mine = exercises_of(path.stem)
    for exercise in mine:
        id = f"exercise-{exercise.id.replace('.', '-')}"
        cells.append(nbformat.v4.new_markdown_cell(exercise.markdown, id=id))
        code = nbformat.v4.new_code_cell(exercise.code, id=f"{id}-code")
        # What an unsolved exercise shows is the same whatever its task says.
        code.outputs, code.execution_count = outputs.get(code.id, []), counts.get(code.id)
        cells.append(code)
    place = ids.index(old[0]) if old else ids.index("exercises") + 1
    nb.cells = kept[:place] + cells + kept[place:]
    nb.cells[0].source = TIME.sub(
        rf"\1 for reading, {sum(one.minutes for one in mine)} for the exercises", nb.cells[0].source
    )
    nbformat.write(nb, path)
    return len(mine)


def main() -> None:
    """Do it, or say in a sentence why not."""
    parser = argparse.ArgumentParser(description="Begin a lesson.")
    parser.add_argument("name", help="number and words, such as 11_my_lesson")
    name = parser.parse_args().name
    try:
        notebook = begin(name)
    except ValueError as exc:
        sys.exit(f"{name}: {exc}")
    count = write_exercises(notebook)
    print(f"{notebook.relative_to(ROOT)}: {count} exercises; now run 'make notebooks'")


if __name__ == "__main__":
    main()
