"""Every notebook of the course in JupyterLab."""

from __future__ import annotations

import pytest
from test_notebooks_kernel import differences, read_cells

from .conftest import NOTEBOOKS, Jupyter, Tab


@pytest.mark.parametrize("name", sorted(path.name for path in NOTEBOOKS.glob("*.ipynb")))
def test_run_all_shows_what_is_stored(
    name: str, lab: Tab, jupyter: Jupyter, request: pytest.FixtureRequest
) -> None:
    """Run All with all cells queued ends, and shows what is stored, with no error in the page."""
    items = read_cells(request.session, jupyter.folder / "notebooks" / name)
    lab.open(f"notebooks/{name}")
    problems = differences(items, lab.run_all())
    if problems:
        pytest.fail("\n\n".join([f"Run All of {name} in JupyterLab:", *problems]), pytrace=False)
    assert "[*]" not in lab.page.locator(".jp-InputPrompt").all_text_contents()
