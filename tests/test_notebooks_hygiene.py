"""The notebooks keep the rules of `notebook_rules`, and each rule is seen to report a breach."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path

import notebook_rules
import pace
import pytest
from nbformat import NotebookNode, v4

import wslab

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


# --- The course's notebooks ---------------------------------------------------------------------


def test_there_are_notebooks() -> None:
    """The parametrised tests below look at something."""
    assert NOTEBOOKS, f"no notebook in {FOLDER.name}/"


def test_notebooks_are_numbered_from_00() -> None:
    """The numbers in the notebooks' names count from 00 without a gap."""
    assert notebook_rules.find_folder_problems(NOTEBOOKS) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_keeps_the_rules(path: Path) -> None:
    """A notebook has no problem that can be seen without running it."""
    problems = notebook_rules.find_problems(notebook_rules.read(path), path)
    if problems:
        pytest.fail("\n".join([path.name, *problems]), pytrace=False)


@pytest.mark.parametrize("table", ["README.md", "notebooks/00_start_here.ipynb"])
def test_maps_list_each_notebook_with_its_minutes(table: str) -> None:
    """The README and the map have a row for each, with the minutes of its title cell."""
    text = (FOLDER.parent / table).read_text(encoding="utf-8")
    rows = re.findall(r"\| \[[^\]]+\]\((?:notebooks/)?(\w+\.ipynb)\) \|.*\| ([\d +]+) \|", text)
    told = {path.name: pace.told(notebook_rules.read(path)) or (0, 0) for path in NOTEBOOKS}
    assert dict(rows) == {
        name: f"{reading} + {own}" if own else f"{reading}" for name, (reading, own) in told.items()
    }


@pytest.mark.parametrize("path", sorted(FOLDER.glob("images/*.svg")), ids=lambda path: path.stem)
def test_diagrams_turn_dark(path: Path) -> None:
    """A diagram has colours of its own for a page that is dark."""
    assert "@media (prefers-color-scheme: dark)" in path.read_text(encoding="utf-8")


def test_pace() -> None:
    """Prose, code and running count; what is among the exercises counts by its label alone."""
    nb = v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# T\n\n**Time** 5 minutes for reading, 40 for the exercises"),
            v4.new_markdown_cell("word " * 360 + "\n\n```python\n" + "a = 1\n" * 24 + "```"),
            v4.new_code_cell("a = 1\n\nb = 2\n"),
            v4.new_markdown_cell("## Exercises\n\n" + "word " * 900),
            v4.new_markdown_cell("### One\n\n★☆☆ · 15 minutes · needs"),
            v4.new_code_cell("a = 1\n" * 24),
            v4.new_markdown_cell("### Two\n\n★★★ · 25 minutes · needs"),
            v4.new_markdown_cell("## Summary\n\n" + "word " * 178),
        ]
    )
    assert pace.reading(nb) == pytest.approx(11 / 180 + 2 + 1 + 0.5 + 5 / 60 + 1, abs=0.01)
    assert (pace.exercises(nb), pace.told(nb)) == (40, (5, 40))
    assert [pace.rounded(minutes) for minutes in (5, 5.1, 40)] == [5, 10, 40]


# --- The rules themselves -----------------------------------------------------------------------

PATH = FOLDER / "01_example.ipynb"
WHEEL = f"wslab-{wslab.__version__}-py3-none-any.whl[course]"


def good_notebook() -> NotebookNode:
    """A small notebook without a problem; each breach below changes one thing in it."""
    return v4.new_notebook(
        metadata={
            "kernelspec": dict(notebook_rules.KERNELSPEC),
            "language_info": {"name": "python"},
        },
        cells=[
            v4.new_markdown_cell(
                "# A title\n\n**You will be able to** see.\n\n**You need** eyes.\n\n"
                f"**Time:** 5 minutes for reading, 15 for the exercises\n\n**To run it:** {WHEEL}",
                id="title",
            ),
            v4.new_markdown_cell(
                "## Some `code` here\n\nA [link](#Some-code-here), a [file](../README.md), "
                "the [web](https://example.com/home/page) and ![a red dot](attachment:dot.png)\n\n"
                '<svg role="img"><title>A line</title><path/></svg>',
                id="prose",
                attachments={"dot.png": {"image/png": "AAAA"}},
            ),
            v4.new_code_cell(
                "from asyncio import sleep\nawait sleep(0)\n'/chat', 'ws://localhost:8765'",
                id="result",
                execution_count=1,
                outputs=[
                    v4.new_output(
                        "execute_result",
                        {
                            "text/plain": "GET /chat HTTP/1.1",
                            "text/html": '<svg aria-label="A line"></svg>',
                            "image/png": "/opt/AAAA",
                        },
                        execution_count=1,
                    ),
                    v4.new_output("stream", name="stdout", text="see wslab/server.py\n"),
                ],
            ),
            v4.new_code_cell(
                "1 / 0",
                id="error",
                execution_count=2,
                metadata={
                    "tags": ["raises-exception", "nbval-ignore-output"],
                    "not_compared": "it says how long it took",
                },
                outputs=[v4.new_output("error", ename="E", evalue="no", traceback=["File <a>"])],
            ),
            v4.new_markdown_cell(
                "## Exercises\n\n### One\n\n★☆☆ · 5 minutes · needs “x”\n\n"
                "### Two\n\n★★☆ · 10 minutes · needs “x”\n\n## Summary",
                id="exercises",
            ),
            v4.new_markdown_cell(
                "## Sources\n\n[a](https://a.org) [b](https://b.org) [c](https://c.org)",
                id="sources",
            ),
            v4.new_markdown_cell("## Next", id="end"),
        ],
    )


Breach = Callable[[NotebookNode], object]


def set_source(index: int, source: str) -> Breach:
    """Replace a cell's text."""
    return lambda nb: nb.cells[index].update(source=source)


def add_source(index: int, source: str) -> Breach:
    """Add a paragraph to a cell's text."""
    return lambda nb: nb.cells[index].update(source=f"{nb.cells[index].source}\n\n{source}")


def show(text: str, mime: str = "text/plain") -> Breach:
    """Let the first code cell display something else."""
    return lambda nb: nb.cells[2].outputs[0].data.update({mime: text})


def set_outputs(index: int, *outputs: NotebookNode) -> Breach:
    """Replace a cell's outputs."""
    return lambda nb: nb.cells[index].update(outputs=list(outputs))


def traceback(*lines: str) -> Breach:
    """Let the failing cell show this traceback."""
    return set_outputs(3, v4.new_output("error", ename="E", evalue="", traceback=list(lines)))


# What breaks each rule, and a part of what the rule then says.
BREACHES: dict[str, list[tuple[Breach, str]]] = {
    "file_name": [],  # the name is not in the notebook: see test_file_name
    "valid_format": [
        (lambda nb: nb.update(nbformat_minor=4), "4.4; expected 4.5"),
        (lambda nb: nb.cells[2].pop("outputs"), "'outputs' is a required property"),
        (lambda nb: nb.cells[0].pop("id"), "'id' is a required property"),
    ],
    "metadata": [
        (lambda nb: nb.metadata.kernelspec.update(display_name=".venv"), "kernelspec is"),
        (lambda nb: nb.metadata.pop("kernelspec"), "kernelspec is None"),
        (lambda nb: nb.metadata.language_info.update(version="3.11.7"), "language_info.version"),
        (lambda nb: nb.metadata.update(widgets={}), "'widgets'"),
        (lambda nb: nb.cells[2].metadata.update(execution={}), "cell 3 (result)'s metadata"),
    ],
    "cell_ids": [
        (lambda nb: nb.cells[0].pop("id"), "cell 1 (no id) has no id"),
        (lambda nb: nb.cells[0].update(id="First_Cell"), "lower-case"),
        (lambda nb: nb.cells[0].update(id="4f81c2ab"), "no person chose"),
        (
            lambda nb: nb.cells[0].update(id="0b9e3a52-2f3e-4b6c-9d1a-5f2c7e8a9b10"),
            "no person chose",
        ),
        (lambda nb: nb.cells[0].update(id="15"), "no person chose"),
        (lambda nb: nb.cells[0].update(id="prose"), "cell 2 (prose): another cell"),
    ],
    "cell_length": [
        (set_source(2, "pass\n" * 41), "has 41 lines"),
        (set_source(2, " \n"), "is empty"),
    ],
    "executed_in_order": [
        (lambda nb: nb.cells[2].update(execution_count=None), "count None; expected 1"),
        (lambda nb: nb.cells[3].update(execution_count=7), "count 7; expected 2"),
        (lambda nb: nb.cells[2].outputs[0].update(execution_count=3), "is numbered 3"),
    ],
    "errors_are_meant": [
        (lambda nb: nb.cells[3].metadata.pop("tags"), "shows E without the tag"),
        (set_outputs(3), "shows no error"),
    ],
    "outputs_are_compared": [
        (set_source(2, "# NBVAL_SKIP"), "NBVAL_SKIP is no business of a learner"),
        (set_source(2, "#NBVAL_IGNORE_OUTPUT: slow"), "NBVAL_IGNORE_OUTPUT is no business"),
        (lambda nb: nb.cells[2].metadata.update(tags=["nbval-skip"]), "never run"),
        (lambda nb: nb.cells[2].metadata.update(tags=["nbval-ignore-output"]), "say why"),
        (lambda nb: nb.cells[3].metadata.update(not_compared="time"), "say why"),
        (lambda nb: nb.cells[2].metadata.update(not_compared="it is slow"), "is compared, so"),
    ],
    "no_sleeping": [
        (set_source(2, "import time\ntime.sleep(1)"), "time.sleep"),
        (set_source(2, "from time import sleep"), "time.sleep"),
    ],
    "figures_are_shown": [
        (set_source(2, "import matplotlib.pyplot as plt"), "without the line %matplotlib inline"),
    ],
    "progress_bars_end": [
        (set_source(2, "from tqdm import tqdm"), "without tqdm.set_lock(threading.RLock())"),
    ],
    "no_machine_paths": [
        (show("<open file '/home/ada/course/x'>"), "'/home/ada/course/x'"),
        (show("C:\\Users\\ada\\x"), "C:\\"),
        (show(f"in {FOLDER}/x"), str(FOLDER.parent)),
        (set_source(0, "Look in /var/lib/x"), "'/var/lib/x'"),
        (traceback("File \x1b[32m/srv/checkout/wslab/a.py:1\x1b[39m"), "/srv/checkout/wslab/a.py"),
    ],
    "no_ports_in_outputs": [
        (show("ws://localhost:41231"), "'localhost:41231'"),
        (show("http://127.0.0.1:1/"), "'127.0.0.1:1'"),
        (show("Connect call failed ('127.0.0.1', 5432)"), '"127.0.0.1\', 5432"'),
        (set_outputs(2, v4.new_output("stream", name="stderr", text="[::1]:80")), "stderr shows"),
    ],
    "heading_order": [
        (set_source(1, "# Another title"), "one more h1"),
        (set_source(1, "## Part\n\n#### Deep"), "h4 below an h2"),
        (set_source(0, "## Not a title"), "expected an h1"),
        (lambda nb: nb.update(cells=nb.cells[2:4]), "no heading"),
    ],
    "skeleton": [
        (set_source(0, "Hello"), "does not begin with the title"),
        (set_source(0, "# Title\n\n**You need** eyes"), "lack the label **Time**"),
        (set_source(0, "# Title\n\n**Time** 1 h"), "lack the label **To run it**"),
        (set_source(4, "## Summary\n\n## Exercises"), "the last sections are"),
        (set_source(5, "The sources are elsewhere."), "the last sections are"),
        (set_source(6, "## Next\n\n## More"), "the last sections are"),
    ],
    "sources": [
        (set_source(5, "## Sources\n\n[a](https://a.org) [b](https://b.org)"), "has 2 links"),
        (add_source(5, "[a](https://a.org) " * 4), "has 7 links"),
    ],
    "minutes": [
        (set_source(0, "# Title\n\n**Time** 1 h"), "'**Time** 5 minutes for reading, 15 for the"),
        (set_source(0, "# Title\n\n**Time** 5 minutes"), "5 minutes for reading, 15 for the"),
        (add_source(1, "word " * 1500), "expected '**Time** 10 minutes for reading, 15 for the"),
        (set_source(4, "## Exercises\n\n## Summary"), "expected '**Time** 5 minutes'"),
    ],
    "can_be_installed": [
        (set_source(0, "# Title\n\n**To run it:** wslab start"), "does not name wslab-"),
        (add_source(1, "`%pip install 'wslab[course]'`"), "cell 2 (prose): wslab is on no index"),
    ],
    "links_resolve": [
        (add_source(1, "[x](nowhere.md)"), "'nowhere.md': there is no such file"),
        (add_source(1, '<a href="nowhere.md">x</a>'), "'nowhere.md': there is no such file"),
        (add_source(1, "![x](nowhere.png)"), "'nowhere.png': there is no such file"),
        (add_source(1, "![x](attachment:cross.png)"), "no such attachment"),
        (add_source(1, "[x](/README.md)"), "an absolute path"),
        (add_source(1, "[x](#some-code-here)"), "no heading there has this anchor"),
    ],
    "images_have_text": [
        (add_source(1, "![](../dot.png)"), "'../dot.png' has no alternative text"),
        (add_source(1, '<img src="a.png">'), "an <img> has no"),
        (show("<p><svg><path/></svg>", "text/html"), "an <svg> has no"),
        (show("<svg><text>1</text></svg>", "image/svg+xml"), "an <svg> has no"),
        (show("![](a.png)", "text/markdown"), "'a.png' has no"),
    ],
    "notes_are_quotes": [
        (add_source(1, '<div class="alert alert-info">\n\nMind.\n\n</div>'), "hard to read"),
    ],
}


def test_good_notebook_has_no_problem() -> None:
    """What the breaches start from keeps all rules, so that a report is about the breach."""
    assert notebook_rules.find_problems(good_notebook(), PATH) == []


def test_every_rule_has_a_breach() -> None:
    """A new rule comes with a notebook that breaks it."""
    assert set(BREACHES) == set(notebook_rules.RULES)


@pytest.mark.parametrize(
    ("name", "breach", "report"),
    [
        pytest.param(name, breach, report, id=f"{name}-{report}")
        for name, breaches in BREACHES.items()
        for breach, report in breaches
    ],
)
def test_rule_reports_its_breach(name: str, breach: Breach, report: str) -> None:
    """A broken rule is reported under its name, in words that lead to the place."""
    nb = copy.deepcopy(good_notebook())
    breach(nb)
    problems = [
        problem
        for problem in notebook_rules.find_problems(nb, PATH)
        if problem.startswith(f"{name}: ")
    ]
    assert any(report in problem for problem in problems), problems


@pytest.mark.parametrize(
    "name",
    ["1_first.ipynb", "01-first.ipynb", "01_First.ipynb", "01.ipynb", "01B_x.ipynb", "01a_x.ipynb"],
)
def test_file_name(name: str) -> None:
    """A notebook whose name is of another form is reported."""
    assert notebook_rules.find_problems(good_notebook(), FOLDER / name) == [
        f"file_name: {name!r} is not of the form 03_binary_frames.ipynb"
    ]


@pytest.mark.parametrize("name", ["00_start.ipynb", "13_appendix.ipynb"])
def test_some_notebooks_need_no_exercises(name: str) -> None:
    """The notebook that shows the way, and an appendix, may end without exercises; no other may."""
    nb = good_notebook()
    nb.cells[4].source = "## Summary"
    nb.cells[0].source = nb.cells[0].source.replace(" for reading, 15 for the exercises", "")
    assert notebook_rules.find_problems(nb, FOLDER / name) == []
    assert len(notebook_rules.find_problems(nb, PATH)) == 1


def test_second_part_of_a_notebook() -> None:
    """Its name has a letter behind the number."""
    nb = good_notebook()
    assert notebook_rules.find_problems(nb, FOLDER / "01b_example.ipynb") == []


def test_anchor_in_another_notebook(tmp_path: Path) -> None:
    """A link into another notebook is followed to the heading."""
    other = tmp_path / "02_other.ipynb"
    other.write_text(v4.writes(good_notebook()), encoding="utf-8")
    nb = v4.new_notebook(
        cells=[v4.new_markdown_cell("[good](02_other.ipynb#Summary) [bad](02_other.ipynb#Sum)")]
    )
    problems = list(notebook_rules.links_resolve(nb, tmp_path / "01_this.ipynb"))
    assert len(problems) == 1, problems
    assert "'02_other.ipynb#Sum': no heading" in problems[0]


@pytest.mark.parametrize(
    ("names", "problems"),
    [
        (["00_a.ipynb", "01_b.ipynb"], 0),
        (["00_a.ipynb", "02_b.ipynb"], 1),
        (["01_a.ipynb", "02_b.ipynb"], 1),
        (["00_a.ipynb", "00_b.ipynb"], 1),
        (["00_a.ipynb", "00b_b.ipynb", "01_c.ipynb"], 0),
        (["00_a.ipynb", "00b_b.ipynb", "00c_c.ipynb"], 0),
        (["00_a.ipynb", "00c_b.ipynb"], 1),
        (["00_a.ipynb", "01b_b.ipynb"], 1),
        (["00_a.ipynb", "00b_b.ipynb", "02_c.ipynb"], 1),
    ],
)
def test_folder_rule(names: list[str], problems: int) -> None:
    """A gap, a doubled number or a wrong first number is reported."""
    assert len(notebook_rules.find_folder_problems([FOLDER / name for name in names])) == problems


def test_reading_mends_nothing(tmp_path: Path) -> None:
    """A missing id is still missing when the rules see the notebook."""
    nb = good_notebook()
    del nb.cells[0]["id"]
    path = tmp_path / "01_x.ipynb"
    path.write_text(v4.writes(nb), encoding="utf-8")
    assert "id" not in notebook_rules.read(path).cells[0]
