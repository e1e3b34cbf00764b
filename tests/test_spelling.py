"""The spelling check finds what is wrong, where it is, and leaves code and names alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import spelling
from nbformat import v4
from spelling import Line, Term

TERMS = spelling.read_terms(spelling.TERMS.read_text(encoding="utf-8"))
RECEIVES = "rec" + "ieves"  # in one piece it would be found here, too


def test_everything_is_looked_at() -> None:
    """`make spelling`, a part of `make lint`, reads the notebooks, the docs and the code."""
    names = {path.relative_to(spelling.ROOT).as_posix() for path in spelling.documents()}
    assert {"README.md", "notebooks/00_start_here.ipynb", "wslab/server.py", "Makefile"} <= names


def write(folder: Path, name: str, text: str) -> Path:
    """A document with this text; a notebook with it as Markdown and as code."""
    path = folder / name
    if path.suffix == ".ipynb":
        markdown = v4.new_markdown_cell(text, id="prose")
        code = v4.new_code_cell(f"# {text}", id="code")
        code.outputs.append(v4.new_output("stream", text=f"A websocket {RECEIVES}\n"))
        text = v4.writes(v4.new_notebook(cells=[markdown, code]))
    path.write_text(text, encoding="utf-8")
    return path


def terms_in(path: Path) -> list[str]:
    """The wrong terms in a document."""
    return spelling.find_terms(list(spelling.lines_of(path, path.name)), TERMS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "text", "places"),
    [
        ("a.md", f"Good.\n\nA websocket {RECEIVES}.\n", ["a.md:3"]),
        ("a.py", f'"""Good."""\n# A websocket {RECEIVES}.\n', ["a.py:2"]),
        ("a.py", f'def f():\n    """Good.\n\n    A websocket {RECEIVES}.\n    """\n', ["a.py:4"]),
        ("a.ipynb", f"A websocket {RECEIVES}.", ["a.ipynb (prose)", "a.ipynb (code)"]),
    ],
)
def test_problems_are_found(name: str, text: str, places: list[str], tmp_path: Path) -> None:
    """A misspelling and a wrong term are found in each kind of document, but not in outputs."""
    words = [f"{RECEIVES} ==> receives", "websocket -> WebSocket"]
    expected = [f"{place}: {word}" for word in words for place in places]
    assert spelling.find_problems([write(tmp_path, name, text)]) == expected


@pytest.mark.parametrize(
    "text",
    [
        "The library `websocket` and ``a `websocket` b``",
        "[here](https://example.com/websocket_(x)) <https://example.com/websocket>",
        "see https://example.com/websocket",
        '<img src="websocket.png" alt="a picture">',
        "```\nwebsocket\n```",
        "websockets, other-websocket, websocket.py and wslab/websocket",
        "[one]: https://example.com/websocket",
    ],
)
def test_names_and_code_are_left_alone(text: str, tmp_path: Path) -> None:
    """What is no prose may be written as it has to be."""
    assert terms_in(write(tmp_path, "a.md", text)) == []


def test_code_in_python_is_left_alone(tmp_path: Path) -> None:
    """Names, strings and doctests are code."""
    text = '"""Good.\n\n>>> websocket\n"""\n\nwebsocket = "a websocket"  # noqa: websocket\n'
    assert terms_in(write(tmp_path, "a.py", text)) == []


def test_cell_with_magic_is_read(tmp_path: Path) -> None:
    """A cell that is no Python by itself has its comments looked at."""
    path = write(tmp_path, "a.ipynb", "one\n%time 1\n# a websocket")
    assert "a.ipynb (code): websocket -> WebSocket" in terms_in(path)


@pytest.mark.parametrize(
    ("wrong", "text", "found"),
    [
        ("hand shake*", "two hand\u00a0shakes", True),
        ("hand shake", "two hand shakes", False),
        ("gray", "gray's", True),
        ("gray", "grayish", False),
        ("Json", "JSON", False),
    ],
)
def test_term(wrong: str, text: str, found: bool) -> None:
    """The case counts, spaces are any space, and * is any ending."""
    problems = spelling.find_terms([Line("x", text, True)], [Term(wrong, "right")])
    assert bool(problems) is found


@pytest.mark.parametrize("line", ["wrong", "wrong ->", " -> right", "wrong->right", "same -> same"])
def test_word_list_is_checked(line: str) -> None:
    """A line that says nothing is an error."""
    with pytest.raises(ValueError, match="is not of the form 'wrong -> right'"):
        spelling.read_terms(f"# comment\n\n{line}\n")


def test_codespell_failing_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that could not be made is not taken for one without findings."""
    monkeypatch.setattr(spelling, "ROOT", Path("nowhere"))
    with pytest.raises(RuntimeError, match="codespell failed"):
        spelling.find_misspellings([Line("x", "text", False)])
