"""The browser test that notebook 10 writes, run for real: its own output is not compared."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest

from .conftest import NOTEBOOKS

NAME = "10_testing_your_own.ipynb"


def test_browser_test_passes(capsys: pytest.CaptureFixture[str]) -> None:
    """It finds Chromium and passes; a test that was skipped would be no example."""
    notebook = nbformat.read(NOTEBOOKS / NAME, as_version=4)
    cells = {cell.id: cell.source for cell in notebook.cells}
    names: dict[str, Any] = {}
    for id in ("project", "first-server", "browser"):
        exec(compile(cells[id], f"<cell {id}>", "exec", dont_inherit=True), names)
    names["folder"].cleanup()
    assert capsys.readouterr().out.splitlines()[-1] == "1 passed"
