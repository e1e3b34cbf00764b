"""CONTRIBUTING.md says how a lesson is added: its own commands are followed here, in a copy."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import notebook_rules
import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
EXAMPLE = "11_my_lesson"  # in the text; the copy's next number may be another one
COPIED = ("Makefile", "README.md", "binder", "docs", "notebooks", "pyproject.toml", "tests")
COPIED += ("requirements.in", "requirements.txt", "wslab")
STAMP = Path(sys.prefix) / ".installed"  # of an environment that make has made


def commands() -> list[str]:
    """The commands that add a lesson."""
    [block] = re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return block.splitlines()


def copy(folder: Path) -> Path:
    """What a lesson is added to; make finds nothing to install there."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".*")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, folder / name)
    for name in ("requirements.txt", "pyproject.toml"):
        os.utime(folder / name, (0, 0))
    return folder


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command there with the environment that runs this test, but the copy's wslab."""
    env = {**os.environ, "VENV": sys.prefix, "PYTHONPATH": str(folder)}
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PYTEST_ADDOPTS", "COV_CORE_SOURCE"):
        env.pop(name, None)
    return subprocess.run(
        command, shell=True, cwd=folder, env=env, capture_output=True, text=True, timeout=300
    )


def next_lesson() -> str:
    """The name of the lesson that comes next."""
    last = max(path.name[:2] for path in (ROOT / "notebooks").glob("*.ipynb"))
    return f"{int(last) + 1:02}_my_lesson"


@pytest.mark.kernel
@pytest.mark.slow
@pytest.mark.skipif(not STAMP.exists(), reason="the environment was not made by make")
@pytest.mark.usefixtures("children_in_usual_mode")
def test_following_it_adds_a_lesson(tmp_path: Path) -> None:
    """Each command succeeds, in this order; the new lesson then keeps the rules of all lessons."""
    folder = copy(tmp_path)
    name = next_lesson()
    for command in commands():
        result = run(command.replace(EXAMPLE, name), folder)
        assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
        if "test-lesson" in command:
            ran = [int(count) for count in re.findall(r"(\d+) passed", result.stdout)]
            assert len(ran) == 2, result.stdout
            assert ran[0] >= 15, result.stdout
            assert ran[1] > 3, result.stdout
    path = folder / "notebooks" / f"{name}.ipynb"
    nb = notebook_rules.read(path)
    assert notebook_rules.find_problems(nb, path) == []
    number = int(name[:2])
    assert [cell.id for cell in nb.cells if cell.id.startswith("exercise-")] == [
        f"exercise-{number}-1",
        f"exercise-{number}-1-code",
    ]
    assert "NN" not in path.read_text(encoding="utf-8")
    before = path.read_bytes()
    source = folder / "wslab" / "exercises" / "my_lesson" / "shout.py"
    source.write_text(source.read_text(encoding="utf-8").replace('"Shout"', '"Louder"'), "utf-8")
    assert run(commands()[0].replace(EXAMPLE, name), folder).returncode == 0
    assert path.read_bytes() != before
    assert "Louder" in path.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("my_lesson", "is not of the form 11_my_lesson"),
        ("98_my_lesson", "the next lesson's number is"),
        (f"{next_lesson()[:2]}_server", "server/ is there already"),
        ("04d_my_lesson", "in between there is"),
        ("", "is not of the form"),
    ],
)
def test_name_that_cannot_be(name: str, words: str, tmp_path: Path) -> None:
    """A wrong name is answered with a sentence, and changes nothing."""
    folder = copy(tmp_path)
    before = sorted(folder.rglob("*"))
    command = [sys.executable, str(folder / "docs" / "new_lesson.py"), name]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert sorted(folder.rglob("*")) == before


def test_exercises_stay_where_they_are(tmp_path: Path) -> None:
    """In 10 a cell of its own stands between the heading and the exercises, which need it."""
    lesson = ROOT / "notebooks" / "10_testing_your_own.ipynb"
    path = Path(shutil.copy(lesson, tmp_path))
    code = f"import new_lesson, pathlib; new_lesson.write_exercises(pathlib.Path({str(path)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT / "docs", check=True, timeout=60)
    assert path.read_text(encoding="utf-8") == lesson.read_text(encoding="utf-8")


def test_template_keeps_the_rules() -> None:
    """The template is a lesson already, with links that lead somewhere from notebooks/."""
    nb = notebook_rules.read(ROOT / "docs" / "template.ipynb")
    assert notebook_rules.find_problems(nb, ROOT / "notebooks" / "99_template.ipynb") == []


def test_targets_and_files_exist() -> None:
    """Each make target and each file that the text names is there."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"\bmake ([a-z][a-z-]+)(?=`|\s+#| NAME| NOTE|$)", TEXT, re.MULTILINE))
    assert {"lesson", "notebooks", "lint", "test-oldest"} <= targets
    assert [target for target in targets if f"\n{target}:" not in makefile] == []
    named = re.findall(r"`((?:docs|tests|wslab|\.github)/[\w./]+)`|\]\(([\w./]+)\)", TEXT)
    made = {"wslab/exercises/my_lesson/", "tests/answers/11_my_lesson/"}
    files = {one or other for one, other in named} - made
    assert len(files) >= 6
    assert [name for name in files if not (ROOT / name).exists()] == []
