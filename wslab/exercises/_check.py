"""What a check found, as a cell shows it."""

from __future__ import annotations

import dataclasses
import html
from typing import Literal, TypeAlias

from wslab._stdout import printable

from ._judge import Finding

__all__ = ["Check", "Outcome"]

Outcome: TypeAlias = Literal["passed", "not yet", "not attempted"]


@dataclasses.dataclass(frozen=True)
class Check:
    """
    What a check found; a cell shows it.

    Attributes:
        id: The exercise.
        outcome: ``"passed"``, ``"not yet"`` or ``"not attempted"``.
        finding: What is wrong, if it is "not yet".
        not_judged: Words of the task that a check cannot judge; they are said after passing.
    """

    id: str
    outcome: Outcome
    finding: Finding | None = None
    not_judged: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.outcome == "passed"

    def __str__(self) -> str:
        rows = (f"{title}: {words}" if title else words for title, words in self._rows())
        return printable("\n".join(rows))

    __repr__ = __str__

    def _rows(self) -> list[tuple[str, str]]:
        if self.outcome == "passed":
            judged = [("not judged", f"“{clause}”") for clause in self.not_judged]
            return [("", f"✓ Exercise {self.id}: passed"), *judged]
        if self.finding is None:
            words = "not attempted yet; replace each ... and run the cell again"
            return [("", f"○ Exercise {self.id}: {words}")]
        finding = self.finding
        clause = f"“{finding.clause}”: " if finding.clause else ""
        rows = [("", f"✗ Exercise {self.id}: not yet. {clause}{finding.problem}")]
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
