"""The page: its console, what a cell gets from it, and what a visitor without luck is told."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect
from test_book import notebook_pages

from .conftest import Tab

CONSOLE = """
import wslab
server = wslab.serve(wslab.handlers.echo, name="page")
console = wslab.BrowserConsole(server)
console
"""
RUN_CELL = """
async (source) => {
  const panel = window.jupyterapp.shell.currentWidget;
  const index = panel.content.widgets.length - 1;
  const cell = panel.content.widgets[index];
  cell.model.sharedModel.setSource(source);
  panel.content.activeCellIndex = index;
  panel.content.deselectAll();
  await window.jupyterapp.commands.execute("notebook:run-cell");
}
"""


def show(tab: Tab, source: str) -> None:
    """Run code in the notebook's last cell."""
    tab.page.evaluate(
        """async () => {
            const panel = window.jupyterapp.shell.currentWidget;
            panel.content.activeCellIndex = panel.content.widgets.length - 1;
            await window.jupyterapp.commands.execute("notebook:insert-cell-below");
        }"""
    )
    tab.page.evaluate(RUN_CELL, source)


def test_the_console_talks_to_the_kernel_and_says_what_it_is(tab: Tab) -> None:
    """The transcript is that of the real server, with the page's Origin."""
    show(tab, CONSOLE)
    console = tab.page.locator(".wslab-console").last
    expect(console.get_by_role("status")).to_have_text("OPEN", timeout=30_000)
    expect(console).to_contain_text("carried to the kernel in this tab; framing is done by Python")
    console.get_by_label("Message to send").fill("from the page")
    console.get_by_label("Message to send").press("Enter")
    shown = tab.run("server.transcript.wait(kind='text', count=2); print(server.transcript)")
    assert "client → server  TEXT" in shown
    assert "from the page" in shown


def test_a_message_of_a_widget_passes_a_cell_that_waits(tab: Tab) -> None:
    """As on a kernel with subshells: the cell that awaits it is still running."""
    show(tab, CONSOLE)
    shown = tab.run(
        "await console.events('open', 1, timeout=20)\n"
        "await console.send('twice')\n"
        "print([event.data for event in await console.events('message', 1, timeout=20)])"
    )
    assert shown == "['twice']"


def test_a_message_comes_once(tab: Tab) -> None:
    """It goes two ways, of which the second is ignored."""
    shown = tab.run("print([event.type for event in console.log])")
    assert shown == "['open', 'message']"


def test_a_browser_that_cannot_suspend_python(chromium: Browser, site: str) -> None:
    """The first cell says so in a sentence, with what to do."""
    context = chromium.new_context()
    # Pyodide looks for these; what it finds missing, Safari before 27 has not.
    context.route(
        "**/pyodide.mjs",
        lambda route: route.fulfill(
            content_type="text/javascript",
            body=f"delete WebAssembly.Suspending;\n{route.fetch().text()}",
        ),
    )
    tab = Tab(context, site)
    tab.open("00_start_here.ipynb")
    shown = tab.run("import wslab")
    assert "RuntimeError: This browser cannot suspend Python" in shown
    assert "install the course" in shown
    context.close()


def test_a_phone(chromium: Browser, site: str) -> None:
    """The notebook fits the width, and runs."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, is_mobile=True)
    tab = Tab(context, site)
    tab.open("00_start_here.ipynb")
    assert tab.run("import wslab; wslab.talk(wslab.serve(wslab.handlers.echo).url, 'x')") == "['x']"
    width = tab.page.evaluate(
        "document.querySelector('.jp-Notebook').getBoundingClientRect().width"
    )
    assert 0 < width <= 390
    context.close()


def test_the_books_button_opens_its_notebook(tab: Tab) -> None:
    """By the path that the notebook has in the repository."""
    page = tab.page.context.new_page()
    button = notebook_pages.in_a_tab(f"{tab.site}/index.html", "notebooks/01_client_send_receive")
    page.goto(re.findall('href="(.+?)"', button)[0])
    page.wait_for_url("**/notebooks/index.html?path=01_client_send_receive.ipynb")
    page.close()
