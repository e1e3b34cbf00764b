"""Not JupyterLab: the console and two lessons in Notebook 7."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect
from test_notebooks_kernel import differences, read_cells

from .conftest import FREE, NOTEBOOKS, SHOW, START, Jupyter, Tab, send

LESSON = (START.format(handler="echo"), SHOW, FREE)


@pytest.fixture(autouse=True)
def _no_kernels_left(jupyter: Jupyter, lab: Tab) -> Iterator[None]:
    """These tests open tabs of their own."""
    lab.open("")
    yield
    jupyter.end_kernels()


@pytest.mark.parametrize("name", sorted(path.name for path in NOTEBOOKS.glob("0[12]_*.ipynb")))
def test_run_all_in_notebook_7(
    name: str, jupyter: Jupyter, new_tab: Callable[..., Tab], request: pytest.FixtureRequest
) -> None:
    """Notebook 7 shows what is stored, too."""
    items = read_cells(request.session, jupyter.folder / "notebooks" / name, in_browser=True)
    tab = new_tab(f"http://127.0.0.1:{jupyter.port}/notebooks/notebooks/{name}")
    tab.wait_for_kernel()
    problems = differences(items, tab.run_all())
    if problems:
        pytest.fail("\n\n".join([f"Run All of {name} in Notebook 7:", *problems]), pytrace=False)


def test_the_console_in_notebook_7(jupyter: Jupyter, new_tab: Callable[..., Tab]) -> None:
    """The console is the same in Notebook 7."""
    path = jupyter.write("seven", *LESSON)
    tab = new_tab(f"http://127.0.0.1:{jupyter.port}/notebooks/{path}")
    tab.wait_for_kernel()
    tab.run_all()
    console = tab.console
    expect(console.get_by_role("status")).to_have_text("OPEN")
    send(console, "text", "hello")
    expect(console.get_by_role("log")).to_contain_text('message  "hello"')
    assert tab.run(2, "(await console.event('message')).data") == "'hello'"
    console.get_by_label("Close reason").fill("done")
    console.get_by_role("button", name="Close").click()
    assert tab.run(2, "await console.event('close')") == (
        "<close code=1000 reason='done' was_clean=True>"
    )
