"""
Begin a lesson, or bring its exercise cells up to date: `make lesson NAME=11_my_lesson`.

What is not there yet is made from ``docs/template.ipynb`` and ``docs/template_exercises.py``. Then
the exercises' cells are written into the notebook anew, word for word as ``wslab.exercises`` has
them.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
REGISTRY = ROOT / "wslab" / "exercises" / "__init__.py"


def register(source: str, module: str) -> str:
    """
    Add a module to the two lists in ``wslab/exercises/__init__.py``.

    Raises:
        ValueError: The lists are not where they were.
    """
    imported = re.search(r"(?<=from \. import \(\n)(?:    \w+,\n)+", source)
    listed = re.search(r"(?<=    for module in \(\n)(?:        \w+,\n)+", source)
    if not (imported and listed):
        raise ValueError(f"add {module} by hand to both lists in {REGISTRY.name}")
    lines = sorted([*imported[0].splitlines(keepends=True), f"    {module},\n"])
    source = source.replace(listed[0], f"{listed[0]}        {module},\n")
    return source.replace(imported[0], "".join(lines), 1)


def begin(name: str) -> Path:
    """
    Make the notebook and its exercises, where they are not there yet.

    Raises:
        ValueError: It is no name for a lesson, or not the next number.
    """
    if not re.fullmatch(r"\d\d[b-z]?_[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise ValueError(f"{name!r} is not of the form 11_my_lesson")
    number, _, module = name.partition("_")
    notebook = ROOT / "notebooks" / f"{name}.ipynb"
    if notebook.exists():
        return notebook
    following = 1 + max(int(path.name[:2]) for path in notebook.parent.glob("*.ipynb"))
    if number != f"{following:02}":
        raise ValueError(f"the next lesson's number is {following:02}")
    exercises = REGISTRY.with_name(f"{module}.py")
    if exercises.exists():
        raise ValueError(f"{exercises.name} is there already: choose other words")
    title = module.replace("_", " ").capitalize()
    for template, made in [("template.ipynb", notebook), ("template_exercises.py", exercises)]:
        text = (ROOT / "docs" / template).read_text(encoding="utf-8")
        text = text.replace("NN · TITLE", f"{number} · {title}").replace("NN.", f"{int(number)}.")
        made.write_text(text, encoding="utf-8")
    source = register(REGISTRY.read_text(encoding="utf-8"), module)
    REGISTRY.write_text(source, encoding="utf-8")
    return notebook


def has_section(nb: nbformat.NotebookNode, title: str) -> bool:
    """Return whether a notebook has a section of this title."""
    lines = [
        line
        for cell in nb.cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
    ]
    return any(line.startswith("#") and line.lstrip("# ") == title for line in lines)


def write_exercises(path: Path) -> int:
    """
    Write the exercises' cells behind the cell "exercises"; return how many there are.

    Of a notebook in two parts, each part has the exercises that build on its own sections.
    """
    sys.path.insert(0, str(ROOT))
    from wslab.exercises import EXERCISES

    nb = nbformat.read(path, as_version=4)
    kept = [cell for cell in nb.cells if not re.fullmatch(r"exercise-\d.*", cell.id)]
    cells = []
    mine = [one for id, one in EXERCISES.items() if id.startswith(f"{int(path.name[:2])}.")]
    if len(list(path.parent.glob(f"{path.name[:2]}*.ipynb"))) > 1:
        mine = [one for one in mine if has_section(nb, one.needs)]
    for exercise in mine:
        id = f"exercise-{exercise.id.replace('.', '-')}"
        cells.append(nbformat.v4.new_markdown_cell(exercise.markdown, id=id))
        cells.append(nbformat.v4.new_code_cell(exercise.code, id=f"{id}-code"))
    [place] = [index for index, cell in enumerate(kept, 1) if cell.id == "exercises"]
    nb.cells = kept[:place] + cells + kept[place:]
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
