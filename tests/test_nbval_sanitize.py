"""The sanitiser file is read by nbval as it was meant, and each rule does what it is there for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import notebook_rules
import pytest

# nbval's own reader, so that a rule it would overlook is overlooked here too.
from nbval.plugin import get_sanitize_patterns

FILE = Path(__file__).with_name("nbval_sanitize.cfg")
TEXT = FILE.read_text(encoding="utf-8")
RULES: list[tuple[str, str]] = get_sanitize_patterns(TEXT)
NOTEBOOKS = sorted((FILE.parents[1] / "notebooks").glob("*.ipynb"))


class Examples(NamedTuple):
    """What a rule changes, and what comes close to it but must stay."""

    changed: dict[str, str]
    untouched: list[str]


# By the rule's replacement.
EXAMPLES = {
    r"\1NOW": Examples(
        changed={
            '{"message":"Hi","timestamp":1795424216220}': '{"message":"Hi","timestamp":NOW}',
            "{'timestamp': 1795424216220, 'a': 1}": "{'timestamp': NOW, 'a': 1}",
            "&quot;timestamp&quot;:1795424216220}": "&quot;timestamp&quot;:NOW}",
            "&#x27;timestamp&#x27;: 1795424216220}": "&#x27;timestamp&#x27;: NOW}",
            "%22timestamp%22:1795424783%E2%80%A6": "%22timestamp%22:NOW%E2%80%A6",
        },
        untouched=['"timestamp":0', '"timestamp":"today"', '"size":1795424216220', "timestamp: 1s"],
    ),
}


def format_problems(text: str) -> list[str]:
    """What nbval would misread or silently leave out of a sanitiser file."""
    problems = []
    if not text.isascii():
        problems.append("a character is not ASCII: nbval reads the file in the locale's encoding")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    rules = get_sanitize_patterns(text)
    if lines != [line for regex, new in rules for line in (f"regex: {regex}", f"replace: {new}")]:
        problems.append("a line is neither a comment nor part of a regex: / replace: pair")
    for regex, replacement in rules:
        if not replacement.strip() or replacement != replacement.strip():
            problems.append(f"the replacement of {regex!r} is empty or has a space at an end")
        try:
            re.sub(regex, replacement, "")
        except re.error as error:
            problems.append(f"{regex!r}: {error}")
    if len({regex for regex, _ in rules}) < len(rules):
        problems.append("a regex is there twice: nbval keeps only the last")
    if len({replacement for _, replacement in rules}) < len(rules):
        problems.append("a replacement is there twice: a failure would not tell which rule it was")
    return problems


def test_file_is_read_as_meant() -> None:
    """No line of the file is misread or left out by nbval."""
    assert format_problems(TEXT) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("regex: a\n\nreplace: b\n", "neither a comment nor part"),
        ("regex: a\n", "neither a comment nor part"),
        ("Regex: a\nreplace: b\n", "neither a comment nor part"),
        ("regex: a\nreplace: \n", "empty"),
        ("regex: a\nreplace: b \n", "space at an end"),
        ("regex: (\nreplace: b\n", "unterminated"),
        ("regex: é\nreplace: b\n", "not ASCII"),
        ("regex: a\nreplace: b\nregex: a\nreplace: c\n", "regex is there twice"),
        ("regex: a\nreplace: b\nregex: c\nreplace: b\n", "replacement is there twice"),
    ],
)
def test_misread_file_is_reported(text: str, problem: str) -> None:
    """Each way in which nbval misreads a file, or leaves something out, is noticed."""
    assert any(problem in found for found in format_problems(text)), format_problems(text)


def test_every_rule_has_examples() -> None:
    """A new rule comes with examples; an example's rule is still there."""
    assert set(EXAMPLES) == {replacement for _, replacement in RULES}
    assert all(examples.changed and examples.untouched for examples in EXAMPLES.values())


@pytest.mark.parametrize(("regex", "replacement"), RULES, ids=[rule[1] for rule in RULES])
def test_rule_does_what_its_examples_say(regex: str, replacement: str) -> None:
    """A rule changes what it is for, no more of it than needed, and nothing that comes close."""
    examples = EXAMPLES[replacement]
    sanitized = {text: re.sub(regex, replacement, text) for text in examples.changed}
    assert sanitized == examples.changed
    assert [re.sub(regex, replacement, text) for text in examples.untouched] == examples.untouched


@pytest.mark.parametrize(("regex", "replacement"), RULES, ids=[rule[1] for rule in RULES])
def test_rule_is_needed(regex: str, replacement: str) -> None:
    """Some notebook's stored output matches the rule; one that none needs is to be removed."""
    assert any(
        re.search(regex, text)
        for path in NOTEBOOKS
        for _, cell in notebook_rules.cells(notebook_rules.read(path), "code")
        for _, text in notebook_rules.output_texts(cell)
    ), f"no notebook's output needs the rule {regex!r} any more"
