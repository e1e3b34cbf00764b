"""The Python shown in README.md and docs/ runs as it is shown."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

# Runs a file as a notebook would: with `await` at the top level.
RUN = """
import ast, asyncio, inspect, pathlib, sys
path = pathlib.Path(sys.argv[1])
flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
code = compile(path.read_text(encoding="utf-8"), path.name, "exec", flags=flags)
result = eval(code, {"__name__": "__main__"})
if inspect.isawaitable(result):
    asyncio.run(result)
"""


def snippets(text: str) -> list[tuple[int, str]]:
    """The blocks marked as python, each with the number of its first line."""
    return [
        (text.count("\n", 0, match.start(1)) + 1, match[1])
        for match in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    ]


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a snippet in a process of its own; with pytest if tests are what it holds."""
    path = folder / "test_snippet.py"
    path.write_text(code, encoding="utf-8")
    how = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:nbval"]
    if not re.search(r"^(async )?def test_", code, re.MULTILINE):
        how = ["-W", "error", "-c", RUN]
    command = [sys.executable, *how, str(path)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30)


def test_readme_has_snippets() -> None:
    """The parametrised test below looks at something."""
    assert snippets((ROOT / "README.md").read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        pytest.param(code, id=f"{document.name}:{line}")
        for document in DOCUMENTS
        for line, code in snippets(document.read_text(encoding="utf-8"))
    ],
)
def test_snippet_runs(code: str, tmp_path: Path) -> None:
    """A snippet runs to its end by itself, and writes nothing that looks like trouble."""
    result = run(code, tmp_path)
    assert (result.returncode, result.stderr) == (0, ""), f"{code}\n{result.stdout}{result.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "good"),
    [
        ("import asyncio\nprint(await asyncio.sleep(0, 'hello'))\n", True),
        ("if __name__ == '__main__':\n    raise OSError\n", False),
        ("import asyncio\nawait asyncio.wait_for(asyncio.Event().wait(), 0)\n", False),
        ("def test_good():\n    assert True\n", True),
        ("def test_bad():\n    assert False\n", False),
    ],
)
def test_running(code: str, good: bool, tmp_path: Path) -> None:
    """Awaiting at the top level works, tests are run, and failures are noticed."""
    assert (run(code, tmp_path).returncode == 0) is good


def test_finding() -> None:
    """Python blocks are found with their line; other blocks and inline code are not."""
    text = "a\n```python\nx = 1\n```\n```sh\nmake\n```\n`python`\n```python\ny\n\nz\n```\n"
    assert snippets(text) == [(3, "x = 1\n"), (10, "y\n\nz\n")]
