"""
Spelling and terms in everything that people read: `make spelling`.

codespell knows common misspellings, ``docs/terms.txt`` the terms of this course. Only prose is
judged by the latter: code, names and links are blanked out before.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
TERMS = ROOT / "docs" / "terms.txt"


class Line(NamedTuple):
    """One line of text, and where it stands: "README.md:3", "notebooks/01_x.ipynb (cell-id)"."""

    place: str
    text: str
    prose: bool


class Term(NamedTuple):
    """How not to write something, and how."""

    wrong: str
    right: str

    @property
    def pattern(self) -> re.Pattern[str]:
        """Finds the wrong form as words of their own, and not within a name or a path."""
        words = r"\s+".join(map(re.escape, self.wrong.removesuffix("*").split()))
        ending = r"\w*" if self.wrong.endswith("*") else ""
        return re.compile(rf"(?<![\w.@/-]){words}{ending}\b(?![_/=(@]|\.\w)")


# What is no prose, even in a sentence. Blanked out, so that columns and lines stay as they are.
NOT_PROSE = re.compile(
    r"^(?P<fence>```+|~~~+).*?^(?P=fence)\s*?$"  # a block of code
    r"|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"  # code in a sentence
    r"|(?<=\])\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)"  # a link's target
    r"|^\[[^\]]+\]:.*?$"  # the same, apart
    r"|<[A-Za-z/!][^<>]*>"  # an HTML tag; the address in <angle brackets>
    r"|\b[a-z]+://\S+"
    r"|^ *>>> .*?$|^ *\.\.\. .*?$",  # a doctest
    re.MULTILINE | re.DOTALL,
)


def prose(text: str) -> str:
    """Blank out code, links and tags; everything else stays in its place."""
    return NOT_PROSE.sub(lambda match: re.sub(r"\S", " ", match[0]), text)


def read_terms(text: str) -> list[Term]:
    """
    The terms of a word list.

    Raises:
        ValueError: A line is no comment and not of the form "wrong -> right".
    """
    terms = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            wrong, arrow, right = line.partition(" -> ")
            if not (arrow and wrong.strip() and right.strip()) or wrong == right:
                raise ValueError(f"{line!r} is not of the form 'wrong -> right'")
            terms.append(Term(wrong.strip(), right.strip()))
    return terms


def lines_of(path: Path, name: str) -> Iterator[Line]:
    """The lines of a document, all of them for codespell, and prose for the terms."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        for cell in json.loads(text)["cells"]:
            source, place = "".join(cell["source"]), f"{name} ({cell['id']})"
            yield from (Line(place, line, False) for line in source.splitlines())
            if cell["cell_type"] == "code":
                source = "\n".join(line for _, line in python_prose(source))
            yield from (Line(place, line, True) for line in prose(source).splitlines())
        return
    for number, line in enumerate(text.splitlines(), start=1):
        yield Line(f"{name}:{number}", line, False)
    if path.suffix == ".py":
        for number, line in python_prose(text):
            yield Line(f"{name}:{number}", line, True)
    elif path.suffix == ".md":
        for number, line in enumerate(prose(text).splitlines(), start=1):
            yield Line(f"{name}:{number}", line, True)


def python_prose(source: str) -> Iterator[tuple[int, str]]:
    """The docstrings and comments of Python code, or of a cell, each line with its number."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with %magic; its comments are found below all the same
        tree = ast.Module([], [])
    for node in ast.walk(tree):
        match node:
            case ast.Module() | ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                if not ast.get_docstring(node, clean=False):
                    continue
                [value] = ast.iter_child_nodes(node.body[0])
                docstring = ast.get_source_segment(source, value) or ""
                yield from enumerate(prose(docstring).splitlines(), value.lineno)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not re.match(r"# *(noqa|type:)|#!", token.string):
            yield token.start[0], prose(token.string)


def find_terms(lines: list[Line], terms: list[Term]) -> list[str]:
    """Each wrong term, as "place: wrong -> right"."""
    return [
        f"{line.place}: {term.wrong} -> {term.right}"
        for line in lines
        if line.prose
        for term in terms
        if term.pattern.search(line.text)
    ]


def find_misspellings(lines: list[Line]) -> list[str]:
    """
    Each word that codespell knows to be wrong, as "place: wrong ==> right".

    Raises:
        RuntimeError: codespell could not do its work.
    """
    lines = [line for line in lines if not line.prose]
    run = subprocess.run(
        [sys.executable, "-m", "codespell_lib", "--toml", str(ROOT / "pyproject.toml"), "-"],
        input="".join(f"{line.text}\n" for line in lines),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    # Its exit code for "found some" is 65; what it shows is the line, and below it the word.
    if run.returncode not in {0, 65} or run.stderr:
        raise RuntimeError(f"codespell failed ({run.returncode}): {run.stderr}")
    problems, number = [], 0
    for line in run.stdout.splitlines():
        if line.startswith("\t"):
            problems.append(f"{lines[number - 1].place}: {line.strip()}")
        else:
            number = int(line.partition(":")[0])
    return problems


def documents() -> list[Path]:
    """What `make spelling` reads: all that is kept in Git here, and is text in English."""
    run = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        encoding="utf-8",
        timeout=30,
    )
    kinds = {".ipynb", ".js", ".md", ".py", ".svg", ".toml", ".yml", ".yaml", ""}
    return [
        path
        for path in map(ROOT.joinpath, sorted(filter(None, run.stdout.split("\0"))))
        if path.suffix in kinds and path.is_file()
    ]


def find_problems(paths: list[Path]) -> list[str]:
    """Every problem of these documents."""
    terms = read_terms(TERMS.read_text(encoding="utf-8"))
    lines = [
        line
        for path in paths
        for line in lines_of(
            path, path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
        )
    ]
    return find_misspellings(lines) + find_terms(lines, terms)


def main() -> None:
    """Print each problem; fail if there is one."""
    parser = argparse.ArgumentParser(description="Check spelling and terms.")
    parser.add_argument("paths", nargs="*", type=Path, help="default: everything")
    options = parser.parse_args()
    problems = find_problems([path.resolve() for path in options.paths] or documents())
    print("".join(f"{problem}\n" for problem in problems), end="")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
