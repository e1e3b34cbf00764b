"""What is wrong with an answer, and words to say it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from wslab.transcript import Records

__all__ = ["HELD_UP", "Fault", "Finding", "during", "held_up", "same", "shorten", "show", "tell"]


class Finding(Exception):
    """
    What is wrong with an answer, in a way that helps.

    Args:
        problem: What is wrong, in a sentence.
        sent: What the check sent, or how it called the answer.
        expected: What a correct answer does then.
        got: What happened instead.
        records: The part of the transcript that proves it.

    Attributes:
        clause: The words of the task that are not kept; the rule that judges them adds them.
    """

    clause = ""

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


class Fault(Finding):
    """
    What no task allows, so that no task has to say it; such a finding has no clause.

    It is no function, it holds up the event loop, it goes on for ever on a closed connection.
    """


HELD_UP = "the handler holds up the event loop: while it blocks, no other client is served"


def held_up() -> Fault:
    """Make the finding that the event loop gets no turn."""
    expected = "await, such as asyncio.sleep() instead of time.sleep()"
    return Fault(HELD_UP, sent="a message", expected=expected, got="no turn of the event loop")


def show(message: object) -> str:
    """Put a message into a sentence: its type is seen, and it is cut when long."""
    try:
        words = repr(message)
    except Exception:  # it is the learner's
        words = f"<{type(message).__name__}>"
    return shorten(words)


def shorten(words: str) -> str:
    """Cut what is too long for a line or two."""
    return words if len(words) <= 120 else f"{words[:120]}… ({len(words):,} characters)"


def same(got: object, expected: object) -> bool:
    """Return whether two things are equal, whatever the learner's one says about it."""
    try:
        return bool(got == expected)
    except Exception:  # an array has no truth value, other things have other ideas
        return False


def tell(finding: Finding | None) -> None:
    """Raise what a look that several rules share has found, if it has found something."""
    if finding is not None:
        raise finding


@contextlib.contextmanager
def during(when: str) -> Iterator[None]:
    """Say in what is found here when it happened: "after a client has vanished: no message …"."""
    try:
        yield
    except Finding as finding:
        finding.problem = f"{when}: {finding.problem}"
        raise
