"""
The answers in ``tests/answers``: one file an exercise, a ``# %%`` cell an answer.

``tests/answers/01_client/send_json.py`` belongs to ``wslab/exercises/client/send_json.py``; a long
one may be a folder ``send_json/`` of several files. What stands above the first cell, such as a
helper, is part of each answer. A cell begins with its kind and a few words::

    # %% right: async
    # %% wrong: the timestamp is sent as a text
    # breaks: whose values are the arguments of the function

``breaks`` is the clause of the one rule that the answer breaks, or its beginning and "…".
``breaks first`` is for an answer that breaks others as well, such as one that does nothing at all.
``finding`` has words that the finding's problem must have besides; alone, it is for what no task
allows, such as a loop that never ends.
"""

from __future__ import annotations

import ast
import dataclasses
import itertools
import linecache
import pathlib
import re
from collections.abc import Iterator
from typing import Any

from wslab.exercises import CHAPTERS, Exercise

ANSWERS = pathlib.Path(__file__).parent / "answers"

_CELL = re.compile(r"^# %% *(?P<kind>[a-z]*)(?:: *(?P<words>.*))?$", re.MULTILINE)
_NOTE = re.compile(r"\A# (?P<name>breaks|breaks first|finding): (?P<text>.*(?:\n#   .*)*)\n")
_numbers = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class Answer:
    """
    An answer to an exercise.

    Attributes:
        exercise: The exercise.
        kind: ``"right"`` or ``"wrong"``.
        place: File and line, for whoever has to look at it.
        words: What is special about it; for a wrong one, its fault.
        breaks: Of a wrong one, the clause of the rule that it breaks.
        alone: Whether it breaks no other rule.
        finding: Of a wrong one, words that the finding must have.
        code: Source that defines the name the exercise asks for.
    """

    exercise: Exercise
    kind: str
    place: str
    words: str
    breaks: str
    alone: bool
    finding: str
    code: str

    def define(self) -> Any:
        """Run the code as a cell does; return the answer."""
        return define(self.code, self.exercise.name)


def define(code: str, name: str) -> Any:
    """Run code as a cell does, so that its source can be found; return what it calls ``name``."""
    filename = f"<answer {next(_numbers)}>"
    linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {}
    exec(compile(code, filename, "exec", dont_inherit=True), namespace)  # this file's __future__
    return namespace[name]


def clause(exercise: Exercise, words: str) -> str:
    """
    The clause that ``breaks`` names.

    Raises:
        ValueError: No rule has it, or several have.
    """
    clauses = [rule.clause for rule in exercise.rules]
    if words.endswith("…") and words not in clauses:
        clauses = [clause for clause in clauses if clause.startswith(words[:-1])]
    else:
        clauses = [clause for clause in clauses if clause == words]
    if len(clauses) != 1:
        raise ValueError(f"{len(clauses)} rules of exercise {exercise.id} are called {words!r}")
    return clauses[0]


def cells(path: pathlib.Path, exercise: Exercise) -> Iterator[Answer]:
    """
    The answers in one file.

    Raises:
        ValueError: A cell does not say what it is.
    """
    text = path.read_text(encoding="utf-8")
    begins = list(_CELL.finditer(text))
    common = text[: begins[0].start()] if begins else text
    ends = [begin.start() for begin in begins[1:]] + [len(text)]
    for begin, end in zip(begins, ends, strict=True):
        place = f"{path.relative_to(ANSWERS)}:{text.count(chr(10), 0, begin.start()) + 1}"
        code = text[begin.end() + 1 : end]
        notes = {}
        while note := _NOTE.match(code):
            notes[note["name"]] = " ".join(note["text"].replace("\n#", " ").split())
            code = code[note.end() :]
        breaks = notes.get("breaks") or notes.get("breaks first") or ""
        if begin["kind"] not in ("right", "wrong") or (begin["kind"] == "wrong") != bool(notes):
            raise ValueError(f"{place}: a cell is 'right', or 'wrong' with the rule that it breaks")
        yield Answer(
            exercise=exercise,
            kind=begin["kind"],
            place=place,
            words=begin["words"] or "",
            breaks=clause(exercise, breaks) if breaks else "",
            alone="breaks" in notes,
            finding=notes.get("finding", ""),
            code=f"{common}\n\n{code}",
        )


def files(number: str, folder: str, module: str) -> list[pathlib.Path]:
    """The files with answers to one exercise."""
    path = ANSWERS / f"{number}_{folder}" / module
    return sorted(path.glob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


def homes() -> Iterator[tuple[Exercise, str, str, str]]:
    """Each exercise with its notebook's number, its folder and its module."""
    for chapter in CHAPTERS:
        for module in vars(chapter).values():
            if exercise := getattr(module, "EXERCISE", None):
                _, folder, name = module.__name__.rsplit(".", 2)
                yield exercise, chapter.NOTEBOOK.partition("_")[0], folder, name


def read() -> list[Answer]:
    """All answers, those that the exercises show as solutions first among the right ones."""
    answers = []
    for exercise, *home in homes():
        place = f"the solution of exercise {exercise.id}"
        answers.append(
            Answer(exercise, "right", place, "solution", "", False, "", exercise.solution)
        )
        for path in files(*home):
            answers += cells(path, exercise)
    return sorted(answers, key=lambda one: (*map(int, one.exercise.id.split(".")), one.kind))


def spins(code: str) -> bool:
    """Return whether code has a loop that never ends, so that its thread must be interrupted."""
    if "while" not in code:
        return False
    for function in ast.walk(ast.parse(code)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for loop in ast.walk(function):
            inner = list(ast.walk(loop)) if isinstance(loop, ast.While) else []
            kinds = {type(node) for node in inner}
            catches_all = any(
                isinstance(node, ast.ExceptHandler) and node.type is None for node in inner
            )
            ways_out = {ast.Await, ast.AsyncFor, ast.Return, ast.Break, ast.Raise}
            if isinstance(function, ast.FunctionDef) and not catches_all:
                ways_out |= {ast.Call, ast.Assign, ast.AugAssign}  # it may raise, or be done
            if inner and not kinds & ways_out:
                return True
    return False
