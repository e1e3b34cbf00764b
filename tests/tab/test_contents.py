"""The notebooks as the site has them: with notes on what is different, and with joined lines."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from .comparing import NOTEBOOKS
from .conftest import ROOT

sys.path.insert(0, str(ROOT / "docs" / "tab"))
import contents

NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the notebooks as the site has them."""
    folder = tmp_path_factory.mktemp("site") / "files"
    contents.copy(NOTEBOOKS, folder)
    return folder


def notes(path: Path) -> dict[str, int]:
    """The notes in a notebook, by their ids, with their places."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {cell["id"]: at for at, cell in enumerate(cells) if cell["id"].startswith("tab-")}


def test_the_first_notebook_says_what_differs(copied: Path) -> None:
    """Below its title."""
    assert notes(copied / "00_start_here.ipynb") == {"tab-different": 1}


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name >= "09" and "_appendix" not in name]
)
def test_notebooks_from_09_say_what_they_need(copied: Path, name: str) -> None:
    """Below their titles."""
    assert notes(copied / name) == {"tab-installed": 1}


def test_what_cannot_run_is_announced_before_its_first_cell(copied: Path) -> None:
    """In 07; the others up to 08, and the appendix, need no note."""
    runs = [name for name in NAMES if "01" <= name < "09" or "_appendix" in name]
    found = {name: notes(copied / name) for name in runs}
    announced = found.pop("07_security.ipynb")
    assert not any(found.values())
    assert announced.keys() == {f"tab-{about}" for about in contents.ABOUT}
    cells = json.loads((copied / "07_security.ipynb").read_text(encoding="utf-8"))["cells"]
    for about, words in contents.ABOUT.items():
        first = next(number for number, cell in enumerate(cells) if contents.has(cell, words))
        assert announced[f"tab-{about}"] == first - 1


@pytest.mark.parametrize("name", NAMES)
def test_cells_are_unchanged_and_lines_are_joined(copied: Path, name: str) -> None:
    """JupyterLite would show the commas of a list."""
    theirs = json.loads((NOTEBOOKS / name).read_text(encoding="utf-8"))["cells"]
    ours = json.loads((copied / name).read_text(encoding="utf-8"))["cells"]
    ours = [cell for cell in ours if not cell["id"].startswith("tab-")]
    assert [cell["source"] for cell in ours] == [cell["source"] for cell in theirs]
    assert [*texts(ours)] == ["".join(text) for text in texts(theirs)]


def texts(cells: list[dict[str, Any]]) -> list[Any]:
    """What is shown as text, in all outputs."""
    found = []
    for cell in cells:
        for output in cell.get("outputs", ()):
            found += [output[name] for name in ("text",) if name in output]
            found += [
                data for kind, data in output.get("data", {}).items() if kind.startswith("text/")
            ]
    return found
