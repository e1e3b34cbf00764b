"""
Sphinx extension: what the book has and the notebooks have not.

A page cannot run anything. So a hint or a solution, which a learner calls for in a cell, is folded
below its exercise, and a picture stands where JupyterLab has a console. The notebooks themselves
stay as they are: only their text on its way to the parser is changed. A page with the line
:data:`PLAN` gets a table of all notebooks there. Where the site that runs in a browser tab is
beside the book (the setting ``tab_url``), each notebook's page has a button that opens it there.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Set
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import nbformat
from myst_parser.slugs import github_slugify

from wslab.exercises import EXERCISES, Exercise

WIDGET = "application/vnd.jupyter.widget-view+json"

PLAN = "<!-- the table of all notebooks -->"

# The fragment of a link to a heading, which JupyterLab and the book call by different names.
ANCHOR = re.compile(r"(?P<before>\]\((?!\w+:)[^()\s]*#)(?P<name>[^()\s]+)(?=\))")

# A link to a notebook, without the suffix.
NOTEBOOK = re.compile(r"\]\((?!\w+:)([^()\s#]+)\.ipynb\)")

EXERCISE_CELL = re.compile(r"exercise-(\d+)-(\d+)-code")

OPEN_IT = "This page shows a picture of it: open the notebook in JupyterLab to use it."

CONSOLE = (
    "console",
    f"The console for your browser’s own WebSocket. {OPEN_IT}",
    "A console in a frame. At the top its state, OPEN, and buttons to connect and to close with a "
    "code and a reason. Below them a log of events: open, a text message sent, the same message "
    "received. Then a form to send text, JSON or bytes, one to send a file, and a part to run "
    "JavaScript, folded.",
)
LIVE_VIEW = (
    "live-view",
    f"The frames while they cross the wire. {OPEN_IT}",
    "A list that grows, a line for each frame: its connection, an arrow that says who sent it, "
    "its kind, its content and its size. Above it a button that pauses it.",
)

PLOT_ALT = "What this cell draws; the text around it says what there is to see."


def folded(title: str, body: str) -> str:
    """Markdown that is folded away behind a title."""
    return f"<details>\n<summary>{title}</summary>\n\n{body.strip()}\n\n</details>"


def answers(exercise: Exercise) -> str:
    """Hints and solution of an exercise, each folded by itself."""
    parts = [
        folded(f"Hint {number} of {len(exercise.hints)}", hint)
        for number, hint in enumerate(exercise.hints, 1)
    ]
    code = f"```python\n{exercise.solution.strip()}\n```"
    parts.append(folded(f"Solution of exercise {exercise.id}", f"{code}\n\n{exercise.explanation}"))
    return "\n\n".join(parts)


def picture(name: str, caption: str, alt: str) -> str:
    """A figure, one for each theme; the theme hides the other."""
    return "\n\n".join(
        f":::{{figure}} /docs/images/{name}-{theme}.png\n"
        f":alt: {alt}\n:class: only-{theme}\n:figclass: only-{theme}\n\n{caption}\n:::"
        for theme in ("light", "dark")
    )


def programs(shown: str) -> list[str]:
    """The JavaScript of a console, which has it as HTML, as a block of code."""
    return [
        f"```javascript\n{unescape(code)}\n```"
        for code in re.findall(r"<pre>(.*?)</pre>", shown, re.DOTALL)
    ]


def extended(cells: list[Any]) -> Iterator[Any]:
    """The cells of a notebook, with what the book adds to them."""
    for cell in cells:
        yield cell
        if cell.cell_type == "markdown":
            cell.source = ANCHOR.sub(
                lambda found: found["before"] + github_slugify(unquote(found["name"])), cell.source
            )
        if cell.cell_type != "code":
            continue
        added = []
        for output in list(cell.outputs):
            data = output.get("data", {})
            if WIDGET in data:
                del data[WIDGET]  # for a page that has the widget's state, and Jupyter's scripts
                if "console" in data["text/plain"]:
                    cell.outputs.remove(output)
                    added += [*programs(data.get("text/html", "")), picture(*CONSOLE)]
                elif data["text/plain"] == "No records.":
                    cell.outputs.remove(output)
                    added.append(picture(*LIVE_VIEW))
            if "image/png" in data:
                cell.metadata.setdefault("mystnb", {})["image"] = {"alt": PLOT_ALT}
        if match := EXERCISE_CELL.fullmatch(cell.id):
            added.append(answers(EXERCISES[".".join(match.groups())]))
        if added:
            yield nbformat.v4.new_markdown_cell("\n\n".join(added), id=f"{cell.id}-book")


def in_a_tab(address: str, docname: str) -> str:
    """A button, in HTML, that opens a notebook in the site at an address."""
    path = quote(f"{docname}.ipynb")
    return f'<p><a class="in-a-tab" href="{address}?path={path}">Run this in your browser</a></p>'


def exercises_in(nb: nbformat.NotebookNode) -> list[Exercise]:
    """The exercises whose cells a notebook has."""
    found = [EXERCISE_CELL.fullmatch(cell.id) for cell in nb.cells]
    return [EXERCISES[".".join(match.groups())] for match in found if match]


def plan(paths: list[Path]) -> str:
    """A table of notebooks: minutes to go through each, its exercises and their minutes."""
    rows = []
    for path in paths:
        nb = nbformat.read(path, as_version=4)
        title = nb.cells[0].source
        name = title.splitlines()[0].removeprefix("# ")
        minutes = int(re.search(r"^\*\*Time\*\* (\d+) minutes", title, re.MULTILINE)[1])
        own = [one.minutes for one in exercises_in(nb)]
        rows.append((f"[{name}](../notebooks/{path.name})", minutes, len(own), sum(own)))
    rows.append(("together", *(sum(column) for column in list(zip(*rows, strict=True))[1:])))
    lines = ["| notebook | minutes | exercises | their minutes |", "|---|---:|---:|---:|"]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines)


def downloads(text: str, docname: str, pages: Set[str]) -> str:
    """Make a link to a notebook that is no page of the book, such as a template, a download."""

    def link(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(docname), found[1]))
        return found[0] if target in pages else f"](path:{found[1]}.ipynb)"

    return NOTEBOOK.sub(link, text)


def change(app: Any, docname: str, source: list[str]) -> None:
    """Change the text of a page before it is parsed; called by Sphinx for each one."""
    if app.env.doc2path(docname).suffix == ".ipynb":
        nb = nbformat.reads(source[0], as_version=4)
        nb.cells = list(extended(nb.cells))
        if address := app.config.tab_url:
            title, rest = nb.cells[0].source.split("\n", 1)
            nb.cells[0].source = f"{title}\n\n{in_a_tab(address, docname)}\n{rest}"
        source[0] = nbformat.writes(nb)
        return
    source[0] = downloads(source[0], docname, app.env.found_docs)
    if PLAN in source[0]:
        notebooks = sorted(Path(app.srcdir, "notebooks").glob("*.ipynb"))
        source[0] = source[0].replace(PLAN, plan(notebooks))


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_config_value("tab_url", "", "env")
    app.connect("source-read", change)
    return {"parallel_read_safe": True, "version": "1"}
