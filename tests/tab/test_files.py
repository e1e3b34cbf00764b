"""What survives a reload: the notebook that was changed, and the progress of exercises."""

from __future__ import annotations

from .conftest import Tab

SOLVED = """
import wslab
from wslab.exercises import EXERCISES
exercise, space = EXERCISES["1.1"], {}
exec(exercise.solution, space)
bool(wslab.check("1.1", space[exercise.name]))
"""
CHANGE = """
async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  panel.content.widgets[0].model.sharedModel.setSource("# Changed by a learner");
  await panel.context.save();
}
"""
FIRST = "window.jupyterapp.shell.currentWidget.content.widgets[0].model.sharedModel.getSource()"


def test_a_reload_keeps_notebooks_and_progress(tab: Tab) -> None:
    """Both are in the browser, without a service worker."""
    assert tab.run(SOLVED) == "True"
    tab.page.evaluate(CHANGE)
    tab.page.reload()
    tab.wait_for_kernel()
    assert tab.page.evaluate(FIRST) == "# Changed by a learner"
    assert "✓ 1.1" in tab.run("import wslab\nprint(wslab.progress())")


def test_another_kernel_adds_to_the_same_progress(tab: Tab) -> None:
    """What one notes, the other does not overwrite."""
    other = Tab(tab.page.context, tab.site)
    other.open("01_client_send_receive.ipynb")
    assert other.run(SOLVED.replace("1.1", "1.2")) == "True"
    assert tab.run(SOLVED.replace("1.1", "1.3")) == "True"
    shown = other.run("print(wslab.progress())")
    other.page.close()
    assert [f"✓ 1.{number}" in shown for number in (1, 2, 3)] == [True] * 3
