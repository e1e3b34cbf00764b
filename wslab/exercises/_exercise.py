"""
What an exercise is, and how an answer is judged.

An exercise has one source: the text in the notebook, the starter, the hints, the solution, answers
that must pass and answers that must not are all attributes of one :class:`Exercise`. Its *probe*
judges behaviour over a real connection and raises :class:`Finding` for the first thing that is
wrong.
"""

from __future__ import annotations

import ast
import dataclasses
import html
import inspect
import textwrap
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from wslab._stdout import printable
from wslab.transcript import Records

__all__ = ["Check", "Exercise", "Finding", "Outcome", "WrongAnswer"]

Outcome: TypeAlias = Literal["passed", "not yet", "not attempted"]


class Finding(Exception):
    """
    What is wrong with an answer, in a way that helps.

    Args:
        problem: What is wrong, in a sentence.
        sent: What the probe sent, if that matters.
        expected: What a correct answer does then.
        got: What happened instead.
        records: The part of the transcript that proves it.
    """

    def __init__(
        self,
        problem: str,
        *,
        sent: str | None = None,
        expected: str | None = None,
        got: str | None = None,
        records: Records | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.sent = sent
        self.expected = expected
        self.got = got
        self.records = records


@dataclasses.dataclass(frozen=True)
class WrongAnswer:
    """
    An answer that must not pass, and a part of the sentence it must get.

    Attributes:
        code: Source that defines the name the exercise asks for.
        finding: Words that the finding's problem must contain.
    """

    code: str
    finding: str


@dataclasses.dataclass(frozen=True)
class Exercise:
    """
    One exercise; all of it, in one place.

    Attributes:
        id: Notebook and number, such as ``"3.2"``.
        title: A few words.
        task: The task in two or three sentences, as Markdown.
        name: The name that the starter defines and the check is given.
        starter: Code that the learner completes; ``...`` stands where something is missing.
        hints: One more each time, from a nudge to nearly the answer.
        solution: Code that passes.
        explanation: Why the solution is as it is, as Markdown.
        alternatives: Other code that passes.
        wrong: Code that must not pass.
        probe: Called with the answer; returns if it is right, raises :class:`Finding` if not.
        minutes: How long it takes.
        difficulty: 1 (complete a line) to 3 (build something).
        needs: Title of the section of the notebook that it builds on.
    """

    id: str
    title: str
    task: str
    name: str
    starter: str
    hints: tuple[str, ...]
    solution: str
    explanation: str
    alternatives: tuple[str, ...]
    wrong: tuple[WrongAnswer, ...]
    probe: Callable[[Any], None]
    minutes: int
    difficulty: Literal[1, 2, 3]
    needs: str

    @property
    def markdown(self) -> str:
        """The cell above the starter in the notebook."""
        stars = "★" * self.difficulty + "☆" * (3 - self.difficulty)
        return (
            f"### Exercise {self.id} · {self.title}\n\n"
            f"{stars} · {self.minutes} minutes · needs “{self.needs}”\n\n"
            f"{self.task}"
        )

    @property
    def code(self) -> str:
        """The cell with the starter and the check in the notebook."""
        return f'{self.starter.strip()}\n\n\nwslab.check("{self.id}", {self.name})'

    def check(self, answer: Any) -> Check:
        """Judge an answer: see :func:`wslab.check`."""
        if inspect.iscoroutine(answer):
            answer.close()
            raise TypeError(
                f"{self.name} was called; pass the function itself: "
                f'wslab.check("{self.id}", {self.name})'
            )
        if not is_attempted(answer):
            return Check(self.id, "not attempted")
        try:
            self.probe(answer)
        except Finding as finding:
            return Check(self.id, "not yet", finding)
        return Check(self.id, "passed")


@dataclasses.dataclass(frozen=True)
class Check:
    """
    What a check found; a cell shows it.

    Attributes:
        id: The exercise.
        outcome: ``"passed"``, ``"not yet"`` or ``"not attempted"``.
        finding: What is wrong, if it is "not yet".
    """

    id: str
    outcome: Outcome
    finding: Finding | None = None

    def __bool__(self) -> bool:
        return self.outcome == "passed"

    def __str__(self) -> str:
        rows = (f"{title}: {words}" if title else words for title, words in self._rows())
        return printable("\n".join(rows))

    __repr__ = __str__

    def _rows(self) -> list[tuple[str, str]]:
        if self.outcome == "passed":
            return [("", f"✓ Exercise {self.id}: passed")]
        if self.finding is None:
            words = "not attempted yet; replace each ... and run the cell again"
            return [("", f"○ Exercise {self.id}: {words}")]
        finding = self.finding
        rows = [("", f"✗ Exercise {self.id}: not yet. {finding.problem}")]
        for title in ("sent", "expected", "got"):
            if words := getattr(finding, title):
                rows.append((title, words))
        return [*rows, ("", f'wslab.hint("{self.id}") gives a hint.')]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        records = self.finding.records if self.finding else None
        plain = str(self) if not records else f"{self}\n{records}"
        lines = "<br>".join(
            f"<b>{title}:</b> <code>{html.escape(words)}</code>" if title else html.escape(words)
            for title, words in self._rows()
        )
        picture = records._repr_mimebundle_()["text/html"] if records else ""
        return {"text/plain": plain, "text/html": f"<div>{lines}</div>{picture}"}


def is_attempted(answer: Any) -> bool:
    """Return whether nothing in the answer is still ``...``."""
    if answer is ...:
        return False
    try:
        source = textwrap.dedent(inspect.getsource(answer))
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError):  # no source to look at: then it is no starter
        return True
    # tuple[int, ...] and array[..., 0] are complete.
    complete = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        for inner in ast.walk(node.slice)
    }
    return not any(
        isinstance(node, ast.Constant) and node.value is ... and id(node) not in complete
        for node in ast.walk(tree)
    )
