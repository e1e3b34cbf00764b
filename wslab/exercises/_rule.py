"""A rule: words of a task, and how to judge that an answer keeps them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from ._judge import Fault, Finding

__all__ = ["Rule", "rule"]


@dataclasses.dataclass(frozen=True)
class Rule:
    """
    One clause of a task that an answer can break.

    Attributes:
        clause: The words of the task, as they stand there.
        judge: Called with the answer; raises :class:`Finding` if it does not do what these words
            ask for, and for nothing else.
    """

    clause: str
    judge: Callable[[Any], None]

    def __call__(self, answer: Any) -> None:
        """
        Judge an answer.

        Raises:
            Finding: The answer breaks this rule; the finding has the clause.
            Fault: It does what no task allows.
        """
        try:
            self.judge(answer)
        except Fault:
            raise
        except Finding as finding:
            finding.clause = self.clause
            raise


def rule(clause: str) -> Callable[[Callable[[Any], None]], Rule]:
    """
    Make a rule of the function below.

    Args:
        clause: The words of the task that it judges.

    >>> @rule("send one message")
    ... def one_message(answer):
    ...     raise Finding("it sent two")
    >>> one_message.clause
    'send one message'
    """
    return lambda judge: Rule(clause, judge)
