"""A page of another origin in a real browser, as notebook 07 shows it."""

from __future__ import annotations

import nbformat

from .conftest import NOTEBOOKS, Tab

NAME = "07_security.ipynb"


def test_foreign_page(lab: Tab) -> None:
    """It gets in to a server that does not look at Origin; `wslab.serve` refuses it with 403."""
    notebook = nbformat.read(NOTEBOOKS / NAME, as_version=4)
    ids = [cell.id for cell in notebook.cells if cell.cell_type == "code"]
    lab.open(f"notebooks/{NAME}")
    printed, *shown = lab.run_all()[ids.index("page-visit")]
    assert printed.text.splitlines() == [
        "careless: got in: the notes on your disk",
        "guarded: refused, code 1006",
    ]
    [transcript] = shown
    assert "101 Switching Protocols" in transcript.data["text/plain"]
