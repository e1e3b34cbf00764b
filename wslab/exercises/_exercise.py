"""
What an exercise is.

An exercise has one source: the text in the notebook, the starter, the hints, the solution and the
rules that judge an answer are all attributes of one :class:`Exercise`. Answers that must pass, and
answers that must not, are in ``tests/answers``.
"""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any, Literal

from ._check import Check
from ._judge import Finding, one_server
from ._rule import Rule
from ._source import is_attempted, missing_await

__all__ = ["Exercise"]


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
        rules: What the task asks for, clause by clause, from the plain to the awkward.
        minutes: How long it takes.
        difficulty: 1 (complete a line) to 3 (build something).
        needs: Title of the section of the notebook that it builds on.
        not_judged: Words of the task that a check cannot judge over a socket.
    """

    id: str
    title: str
    task: str
    name: str
    starter: str
    hints: tuple[str, ...]
    solution: str
    explanation: str
    rules: tuple[Rule, ...]
    minutes: int
    difficulty: Literal[1, 2, 3]
    needs: str
    not_judged: tuple[str, ...] = ()

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
        """Judge an answer: see :func:`wslab.check`. The first rule that it breaks is told."""
        if inspect.iscoroutine(answer):
            answer.close()
            raise TypeError(
                f"{self.name} was called; pass the function itself: "
                f'wslab.check("{self.id}", {self.name})'
            )
        if not is_attempted(answer):
            return Check(self.id, "not attempted")
        try:
            with one_server():
                for rule in self.rules:
                    rule(answer)
        except Finding as finding:
            if call := missing_await(answer, self.solution):
                finding.problem += f" (is an `await` missing before `{call}`?)"
            return Check(self.id, "not yet", finding)
        return Check(self.id, "passed", not_judged=self.not_judged)
