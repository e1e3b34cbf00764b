"""
Exercises that check themselves over a real socket.

One folder for each notebook has a file for each of its exercises; :mod:`._exercise` says what an
exercise is, :mod:`._rule` how a clause of its task becomes a rule, :mod:`._judge` has the tools to
judge an answer.
"""

from __future__ import annotations

import difflib
from typing import Any, Final

from wslab._stdout import printable

from . import (
    _progress,
    alive,
    any_server_any_client,
    binary,
    client,
    errors,
    formats,
    many,
    processes,
    production,
    reconnect,
    scale,
    security,
    server,
    testing,
)
from ._check import Check
from ._exercise import Exercise
from ._progress import Progress

__all__ = [
    "CHAPTERS",
    "EXERCISES",
    "Check",
    "Exercise",
    "Progress",
    "check",
    "hint",
    "progress",
    "solution",
]

CHAPTERS: Final = (
    client,
    server,
    binary,
    errors,
    reconnect,
    formats,
    many,
    security,
    alive,
    scale,
    processes,
    testing,
    production,
    any_server_any_client,
)
"""The folders, in the order of their notebooks; each has EXERCISES and the name of its NOTEBOOK."""

# In the order of their ids: a notebook's second part shares its number with the first one.
EXERCISES: dict[str, Exercise] = {
    exercise.id: exercise
    for exercise in sorted(
        (exercise for chapter in CHAPTERS for exercise in chapter.EXERCISES),
        key=lambda exercise: [int(number) for number in exercise.id.split(".")],
    )
}

_hints_given: dict[str, int] = {}


def check(id: str, answer: Any) -> Check:
    """
    Judge an answer to an exercise by its behaviour over a real connection.

    It takes a few seconds at most and leaves nothing running.

    Args:
        id: The exercise, such as ``"1.2"``.
        answer: What the exercise asks for: a function, plain or ``async``.

    Raises:
        KeyError: There is no such exercise.
        TypeError: A coroutine is given: the function was called instead of passed.

    >>> check("1.1", ...)
    ○ Exercise 1.1: not attempted yet; replace each ... and run the cell again
    """
    result = _find(id).check(answer)
    if result:
        _progress.note_done(id)
    return result


def hint(id: str) -> None:
    """
    Print one more hint each time; after the last one, begin again.

    Args:
        id: The exercise, such as ``"1.2"``.

    Raises:
        KeyError: There is no such exercise.

    >>> hint("1.1")
    Hint 1 of 3: `send()` takes a string. A dictionary has to become one first.
    """
    hints = _find(id).hints
    number = _hints_given.get(id, 0) % len(hints)
    _hints_given[id] = number + 1
    text = f"Hint {number + 1} of {len(hints)}: {hints[number]}"
    print(printable(text))  # noqa: T201 - runs in a cell


def solution(id: str) -> None:
    """
    Print a solution and why it is as it is.

    Args:
        id: The exercise, such as ``"1.2"``.

    Raises:
        KeyError: There is no such exercise.
    """
    exercise = _find(id)
    text = f"{exercise.solution.strip()}\n\n{exercise.explanation}"
    print(printable(text))  # noqa: T201 - runs in a cell


def progress(*, reset: bool = False) -> Progress:
    """
    Return a table of the exercises that are done.

    It is kept in a file in your user data folder, on this machine.

    Args:
        reset: Forget first what is done.
    """
    if reset:
        _progress.reset()
    titles = {id: exercise.title for id, exercise in EXERCISES.items()}
    return Progress(titles, _progress.read())


def _find(id: str) -> Exercise:
    try:
        return EXERCISES[id]
    except (KeyError, TypeError):
        near = difflib.get_close_matches(str(id), EXERCISES, n=1, cutoff=0)
        raise KeyError(
            f"there is no exercise {id!r}; the ids are {', '.join(EXERCISES)}"
            + (f"; did you mean {near[0]!r}?" if near else "")
        ) from None
