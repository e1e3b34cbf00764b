"""The course's notebooks in the tab: the same cells show the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_notebooks_kernel import read_cells

from .comparing import FROM_DISTRIBUTION, NOTEBOOKS, Comparison
from .conftest import DISTRIBUTION, HERE, ROOT, Tab

FIRST = ("00", "01", "02")  # the others take half an hour
ALL = sorted(path for path in NOTEBOOKS.glob("0[0-8]*.ipynb"))


def report(name: str, comparison: Comparison) -> None:
    print(f"\n{name}: {comparison}")
    if comparison.problems:
        pytest.fail("\n\n".join([f"{name} in the tab:", *comparison.problems]), pytrace=False)
    assert comparison.same > 0


def documented(number: str) -> set[str]:
    """The cells of a notebook that show something else, by docs/tab.md."""
    table = (ROOT / "docs" / "tab.md").read_text(encoding="utf-8")
    found = re.search(rf"^\| {number} \|(.*)\|$", table, re.MULTILINE)
    assert found, f"docs/tab.md does not say what {number} shows"
    return set(re.findall("`([^`]+)`", found[1]))


# A cell that raises ends Run All, so go on below it: each time at least one more cell has run.
RUN_ALL = """
async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  const { commands } = window.jupyterapp;
  const cells = panel.content.widgets;
  await commands.execute("notebook:run-all-cells");
  for (let first = 0, next; ; first = next) {
    const waits = ({ type, executionCount }) => type === "code" && executionCount === null;
    next = cells.findIndex(({ model }, index) => index >= first && waits(model));
    if (next < 0 || (first && next === first)) break;
    panel.content.activeCellIndex = next;
    panel.content.deselectAll();
    await commands.execute("notebook:run-all-below");
  }
  const models = cells.map(({ model }) => model).filter(({ type }) => type === "code");
  return models.map(({ outputs }) => outputs.toJSON());
}
"""


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path, id=path.stem, marks=[] if path.name.startswith(FIRST) else [pytest.mark.slow]
        )
        for path in ALL
    ],
)
def test_run_all_shows_what_is_stored(path: Path, tab: Tab, request: pytest.FixtureRequest) -> None:
    """
    Run All with all cells queued attaches the console and shows what is stored.

    A notebook asks another host for NumPy and the like, which no test may reach, and for nothing.
    """
    items = read_cells(request.session, path, in_browser=True)
    tab.open(path.name)
    outputs = tab.page.evaluate(RUN_ALL)
    comparison = Comparison()
    for item, shown in zip(items, outputs, strict=True):
        comparison.add(item, joined(shown))
    report(path.name, comparison)
    others = {*(name for name, _ in comparison.missing), *comparison.follows}
    assert others == documented(path.name.partition("_")[0])
    asks = any(what == FROM_DISTRIBUTION for _, what in comparison.missing)
    assert tab.hosts - HERE == ({DISTRIBUTION} if asks else set())
    tab.hosts.clear()


def joined(outputs: list[dict[str, object]]) -> list[dict[str, object]]:
    """Outputs with their lines joined, and errors by the name of their class."""
    for output in outputs:
        if isinstance(output.get("text"), list):
            output["text"] = "".join(output["text"])
        if output["output_type"] == "error":
            output["ename"] = re.sub(r"<class '(?:.*\.)?(\w+)'>", r"\1", str(output["ename"]))
    return outputs
