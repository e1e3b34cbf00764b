"""How long a notebook takes: reading by its words and cells, exercises by their own labels."""

from __future__ import annotations

import math
import re

from nbformat import NotebookNode

WORDS_A_MINUTE = 180  # of technical prose, as in textbooks
SECONDS_A_LINE = 2.5  # of code
SECONDS_A_CELL = 30  # to run it and to look at what it shows

FENCE = re.compile(r"```.*?\n(.*?)```", re.DOTALL)
LABEL = re.compile(r"^[★☆]{3} · (\d+) minutes", re.MULTILINE)
TIME = re.compile(r"^\*\*Time:?\*\* (\d+) minutes(?: for reading, (\d+) for the exercises)?", re.M)


def told(nb: NotebookNode) -> tuple[int, int] | None:
    """Minutes for reading and for the exercises, as the title cell tells them."""
    found = TIME.search(nb.cells[0].source)
    return (int(found[1]), int(found[2] or 0)) if found else None


def exercises(nb: NotebookNode) -> int:
    """Minutes for the exercises: the sum of what each says of itself."""
    return sum(
        int(minutes)
        for cell in nb.cells
        if cell.cell_type == "markdown"
        for minutes in LABEL.findall(cell.source)
    )


def reading(nb: NotebookNode) -> float:
    """Minutes to read the prose and the code, and to run the cells, exercises left out."""
    words = lines = cells = 0
    among_exercises = False
    for cell in nb.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            among_exercises = cell.source.startswith("## Exercises")
        if among_exercises:
            continue
        if cell.cell_type == "code":
            cells += 1
            lines += sum(bool(line.strip()) for line in cell.source.splitlines())
        else:
            lines += sum(len(code.splitlines()) for code in FENCE.findall(cell.source))
            words += len(FENCE.sub("", cell.source).split())
    return words / WORDS_A_MINUTE + (lines * SECONDS_A_LINE + cells * SECONDS_A_CELL) / 60


def rounded(minutes: float) -> int:
    """As the title cell has it: up to the next five minutes."""
    return 5 * math.ceil(minutes / 5)
