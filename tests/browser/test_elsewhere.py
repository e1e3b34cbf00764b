"""Not JupyterLab on this machine: Notebook 7, and a page that reaches the kernel from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect
from test_notebooks_kernel import differences, read_cells

from .conftest import FREE, HUB, NOTEBOOKS, SHOW, START, Jupyter, Tab, send

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
    items = read_cells(request.session, jupyter.folder / "notebooks" / name)
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


def test_through_the_proxy(jupyter: Jupyter, new_tab: Callable[..., Tab]) -> None:
    """A page that is not on loopback connects through jupyter-server-proxy and says so."""
    path = jupyter.write("hub", *LESSON)
    tab = new_tab(f"http://{HUB}:{jupyter.port}/lab/tree/{path}?reset")
    tab.wait_for_kernel()
    tab.run_all()
    console = tab.console
    expect(console.get_by_role("status")).to_have_text("OPEN")
    expect(console).to_contain_text("through jupyter-server-proxy: a close code arrives as 1005")
    port = tab.run(2, "server.port")
    tab.run(2, "await console.run('console.log(url)')")
    expect(console.get_by_role("log")).to_contain_text(f"ws://{HUB}:{jupyter.port}/proxy/{port}/")
    send(console, "text", "Grüße")
    expect(console.get_by_role("log")).to_contain_text('message  "Grüße"')
    send(console, "hex bytes", "00 ff")
    expect(console.get_by_role("log")).to_contain_text("message  Blob(2) 00 ff")
    text = tab.run(2, "print(server.transcript)")
    assert "'Grüße'" in text
    tab.run(2, "server.stop()")
    expect(console.get_by_role("log")).to_contain_text("code=1005")
