"""Every notebook of the course in JupyterLab."""

from __future__ import annotations

import nbformat
import pytest
from test_notebooks_kernel import differences, read_cells

from .conftest import NOTEBOOKS, Jupyter, Tab


@pytest.mark.parametrize("name", sorted(path.name for path in NOTEBOOKS.glob("*.ipynb")))
def test_run_all_shows_what_is_stored(
    name: str, lab: Tab, jupyter: Jupyter, request: pytest.FixtureRequest
) -> None:
    """
    Run All with all cells queued ends, and shows what is stored, with no error in the page.

    Cells that ask the browser can be run again, when what they wait for has long come.
    """
    path = jupyter.folder / "notebooks" / name
    items = read_cells(request.session, path, in_browser=True)
    lab.open(f"notebooks/{name}")
    problems = differences(items, lab.run_all())
    if problems:
        pytest.fail("\n\n".join([f"Run All of {name} in JupyterLab:", *problems]), pytrace=False)
    assert "[*]" not in lab.page.locator(".jp-InputPrompt").all_text_contents()
    for number, cell in enumerate(nbformat.read(path, as_version=4).cells):
        if cell.cell_type == "code" and ".attached()" in cell.source:
            assert lab.run(number), f"{cell.id} shows nothing of the browser"
    problems = differences(items, lab.outputs())
    if problems:
        pytest.fail("\n\n".join(["When it is run again:", *problems]), pytrace=False)
