"""The book: what Sphinx makes of the notebooks, the pages in docs/ and the docstrings."""

from __future__ import annotations

import dataclasses
import html
import itertools
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urljoin, urlsplit

import nbformat
import pytest

import wslab
from wslab.exercises import EXERCISES

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

sys.path.insert(0, str(ROOT / "docs" / "_ext"))
import notebook_pages  # noqa: E402 - found by the line above, as conf.py does it

# What a browser fetches by itself when it shows a page. <a href> and <link rel="next"> it does not.
FETCHED_LINKS = {"stylesheet", "preload", "icon", "modulepreload", "preconnect", "manifest"}


@dataclasses.dataclass
class Page:
    """
    What is in an HTML page.

    Attributes:
        ids: What a fragment may name.
        links: Where its links lead.
        fetched: What a browser loads to show it.
        headings: Levels of its headings, in order.
        pictures: Its pictures' alternative texts, with their addresses.
        summaries: The titles of what is folded.
    """

    ids: set[str] = dataclasses.field(default_factory=set)
    links: list[str] = dataclasses.field(default_factory=list)
    fetched: list[str] = dataclasses.field(default_factory=list)
    headings: list[int] = dataclasses.field(default_factory=list)
    pictures: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    summaries: list[str] = dataclasses.field(default_factory=list)


class Reader(HTMLParser):
    """Fills a :class:`Page`."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.page = Page()
        self._in_summary = False
        self._in_print = 0  # depth in the theme's second title, for printing only
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.page.ids.add(values["id"])
        if tag == "a" and "href" in values:
            self.page.links.append(values["href"])
        elif tag == "link" and FETCHED_LINKS & set(values.get("rel", "").split()):
            self.page.fetched.append(values["href"])
        elif tag != "a" and (source := values.get("src") or values.get("data")):
            self.page.fetched.append(source)
        if tag == "div" and (self._in_print or values.get("id") == "jb-print-docs-body"):
            self._in_print += 1
        if re.fullmatch("h[1-6]", tag) and not self._in_print:
            self.page.headings.append(int(tag[1]))
        if tag == "img":
            self.page.pictures.append((values.get("alt", ""), values.get("src", "")[:60]))
        if tag == "summary":
            self._in_summary = True
            self.page.summaries.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "summary":
            self._in_summary = False
        if tag == "div" and self._in_print:
            self._in_print -= 1

    def handle_data(self, data: str) -> None:
        if self._in_summary:
            self.page.summaries[-1] += data


def is_external(address: str) -> bool:
    return bool(urlsplit(address).netloc)


def broken(pages: dict[str, Page], files: set[str]) -> Iterator[str]:
    """Each link that leads to no page or file of the book, or to no place in a page."""
    for name, page in pages.items():
        for link in page.links + page.fetched:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = urlsplit(urljoin(f"/{name}", unquote(parts.path) or f"/{name}")).path[1:]
            fragment = unquote(parts.fragment)
            if target not in files:
                yield f"{name}: {link}: no such file"
            elif fragment and target in pages and fragment not in pages[target].ids:
                yield f"{name}: {link}: no such place in the page"


@pytest.fixture(scope="module")
def pages(book: Path) -> dict[str, Page]:
    """Every page of the book, under its path."""
    return {
        path.relative_to(book).as_posix(): Reader(path.read_text(encoding="utf-8")).page
        for path in book.rglob("*.html")
        if "_static" not in path.parts
    }


# ---- the extension ----


def notebook(*cells: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return list(notebook_pages.extended(list(cells)))


def code_cell(id: str, **data: str) -> nbformat.NotebookNode:
    names = {
        "widget": notebook_pages.WIDGET,
        "plain": "text/plain",
        "html": "text/html",
        "png": "image/png",
    }
    bundle = {names[name]: value for name, value in data.items()}
    outputs = [nbformat.v4.new_output("display_data", bundle)] if bundle else []
    return nbformat.v4.new_code_cell("1", id=id, outputs=outputs)


def test_an_exercise_gets_its_hints_and_its_solution() -> None:
    """They come after the exercise's cell, each folded by itself."""
    cell, added = notebook(code_cell("exercise-2-1-code"))
    exercise = EXERCISES["2.1"]
    assert (cell.id, added.id, added.cell_type) == (
        "exercise-2-1-code",
        "exercise-2-1-code-book",
        "markdown",
    )
    assert added.source.count("<details>") == added.source.count("</details>") == 4
    wanted = [*exercise.hints, exercise.solution.strip(), exercise.explanation]
    places = [added.source.index(part) for part in wanted]
    assert places == sorted(places)


def test_an_unknown_exercise_is_an_error() -> None:
    """A page without its solution would not be noticed."""
    with pytest.raises(KeyError, match="99\\.1"):
        notebook(code_cell("exercise-99-1-code"))


def test_other_cells_stay_as_they_are() -> None:
    """Prose, code without output, and code with text."""
    cells = [nbformat.v4.new_markdown_cell("x"), code_cell("a"), code_cell("b", plain="1")]
    assert notebook(*cells) == cells


def test_a_console_becomes_a_picture_in_both_themes() -> None:
    """The output is gone, and a figure for each theme takes its place."""
    cell, added = notebook(code_cell("browser", widget="{}", plain=repr_of_console()))
    assert cell.outputs == []
    for theme in ("light", "dark"):
        assert f"/docs/images/console-{theme}.png" in added.source
    assert added.source.count(":alt: A console") == 2


def repr_of_console() -> str:
    with wslab.serve(wslab.handlers.echo, name="book") as server:
        return repr(wslab.BrowserConsole(server))


def test_a_live_view_without_records_becomes_a_picture() -> None:
    """Where it has records, the stored diagram is the better picture, and the widget goes."""
    cell, added = notebook(code_cell("watch", widget="{}", plain="No records."))
    assert (cell.outputs, "live-view-dark.png" in added.source) == ([], True)
    (cell,) = notebook(code_cell("watch", widget="{}", plain="connection 1\n  …"))
    assert list(cell.outputs[0].data) == ["text/plain"]


def test_a_consoles_program_is_a_block_of_code() -> None:
    """It is JavaScript to the book, and what HTML escapes is itself again."""
    html = "<p>Open it.</p><pre>if (1 &lt; 2)\n  go();</pre>"
    _, added = notebook(code_cell("run", widget="{}", plain="A console, somewhere", html=html))
    assert added.source.startswith("```javascript\nif (1 < 2)\n  go();\n```\n\n")
    assert "console-dark.png" in added.source


def test_a_plot_gets_alternative_text() -> None:
    """Without it Sphinx writes the name of a file."""
    (cell,) = notebook(code_cell("plot", png="…", plain="<Figure>"))
    assert cell.metadata["mystnb"]["image"]["alt"] == notebook_pages.PLOT_ALT


@pytest.mark.parametrize(("address", "buttons"), [("../tab/index.html", 1), ("", 0)])
def test_a_button_opens_the_notebook_in_a_tab(address: str, buttons: int) -> None:
    """Below the title, where the site is published beside the book."""
    path = NOTEBOOKS[1]
    app = SimpleNamespace(
        config=SimpleNamespace(tab_url=address), env=SimpleNamespace(doc2path=lambda name: path)
    )
    source = [path.read_text(encoding="utf-8")]
    notebook_pages.change(app, f"notebooks/{path.stem}", source)
    title, link, *rest = nbformat.reads(source[0], as_version=4).cells[0].source.split("\n\n")
    assert title.startswith("# 01")
    button = f'href="{address}?path=notebooks/{path.name}">Run this in your browser</a>'
    assert link.count(button) == buttons
    assert button not in "".join(rest)


def test_the_plan_adds_up(tmp_path: Path) -> None:
    """A row for each notebook, and the sums."""
    for name, minutes in ("00_one.ipynb", "10 minutes"), ("02_two.ipynb", "35 minutes; or more"):
        cells = [nbformat.v4.new_markdown_cell(f"# {name[:2]} · A title\n\n**Time** {minutes}")]
        if name.startswith("02"):  # the exercises whose cells are there, and no others
            cells += [nbformat.v4.new_code_cell(id=f"exercise-2-{n}-code") for n in (1, 3)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / name)
    own = [EXERCISES[id].minutes for id in ("2.1", "2.3")]
    assert notebook_pages.plan(sorted(tmp_path.iterdir())).splitlines()[2:] == [
        "| [00 · A title](../notebooks/00_one.ipynb) | 10 | 0 | 0 |",
        f"| [02 · A title](../notebooks/02_two.ipynb) | 35 | {len(own)} | {sum(own)} |",
        f"| together | 45 | {len(own)} | {sum(own)} |",
    ]


def test_links_to_headings_get_the_books_anchors() -> None:
    """JupyterLab keeps capitals and marks, Sphinx does not; addresses elsewhere stay."""
    source = "[a](02_server.ipynb#Who-is-here?) [b](#What-%60Blob%60-is) [c](https://x.org/y#Z)"
    (cell,) = notebook(nbformat.v4.new_markdown_cell(source))
    assert (
        cell.source == "[a](02_server.ipynb#who-is-here) [b](#what-blob-is) [c](https://x.org/y#Z)"
    )


def test_a_notebook_that_is_no_page_is_a_download() -> None:
    """A page stays a page."""
    source = "[a](../notebooks/00_start.ipynb) [b](template.ipynb)"
    changed = notebook_pages.downloads(source, "docs/x", {"notebooks/00_start"})
    assert changed == "[a](../notebooks/00_start.ipynb) [b](path:template.ipynb)"


# ---- the checker itself ----


def test_the_checker_finds_what_is_broken() -> None:
    """A file that is not there, a place that is not there, and nothing else."""
    first = Reader(
        '<h1 id="here">x</h1><a href="#here">1</a><a href="#gone">2</a><a href="b/c.html#d">3</a>'
        '<a href="b/missing.html">4</a><a href="https://example.org/x">5</a><img src="e.png">'
    ).page
    second = Reader('<p id="d">x</p><a href="../a.html#here">6</a>').page
    found = list(broken({"a.html": first, "b/c.html": second}, {"a.html", "b/c.html"}))
    assert found == [
        "a.html: #gone: no such place in the page",
        "a.html: b/missing.html: no such file",
        "a.html: e.png: no such file",
    ]


# ---- the book ----


@pytest.mark.slow
def test_every_notebook_has_a_page(pages: dict[str, Page]) -> None:
    """It is linked from the first page, in reading order."""
    wanted = [f"../notebooks/{path.stem}.html" for path in NOTEBOOKS]
    assert {f"notebooks/{path.stem}.html" for path in NOTEBOOKS} <= set(pages)
    linked = [link for link in pages["docs/index.html"].links if link in wanted]
    assert list(dict.fromkeys(linked)) == wanted
    assert {"index.html", "docs/api.html", "docs/instructors.html"} <= set(pages)


@pytest.mark.slow
def test_every_exercise_has_folded_hints_and_a_solution(pages: dict[str, Page]) -> None:
    """On the page of its notebook; and no page shows a widget's last resort."""
    for path in NOTEBOOKS:
        exercises = notebook_pages.exercises_in(nbformat.read(path, as_version=4))
        wanted = [
            title
            for one in exercises
            for title in (
                *(f"Hint {i} of {len(one.hints)}" for i in range(1, len(one.hints) + 1)),
                f"Solution of exercise {one.id}",
            )
        ]
        summaries = pages[f"notebooks/{path.stem}.html"].summaries
        found = [title for title in summaries if title.startswith(("Hint ", "Solution "))]
        assert found == wanted, path.name


@pytest.mark.slow
def test_consoles_are_pictures(book: Path) -> None:
    """No page says that a widget cannot be shown."""
    for path in NOTEBOOKS:
        text = (book / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
        shown = html.unescape(re.sub("<[^>]*>", "", text))
        assert "no browser shows it here" not in shown
        assert "Open this notebook in JupyterLab and run the cell" not in shown
        assert "widget-view" not in text
    assert 'src="../_images/console-light.png"' in (
        book / "notebooks" / "02_server.html"
    ).read_text(encoding="utf-8")


@pytest.mark.slow
def test_nothing_comes_from_elsewhere(book: Path, pages: dict[str, Page]) -> None:
    """No page, and no style sheet, loads anything from another server: it is read offline."""
    assert [
        (name, address)
        for name, page in pages.items()
        for address in page.fetched
        if is_external(address)
    ] == []
    sheets = list(book.rglob("*.css"))
    assert sheets
    for sheet in sheets:
        text = sheet.read_text(encoding="utf-8")
        assert re.findall(r"(?:url\(|@import)\s*['\"]?(?:https?:)?//[^)'\"]+", text) == [], sheet


@pytest.mark.slow
def test_links_lead_somewhere(book: Path, pages: dict[str, Page]) -> None:
    """Each link inside the book leads to a page or file that is there, and to a place in it."""
    files = {path.relative_to(book).as_posix() for path in book.rglob("*") if path.is_file()}
    assert sum(len(page.links) for page in pages.values()) > 500
    assert list(broken(pages, files)) == []


@pytest.mark.slow
def test_headings_are_in_order(pages: dict[str, Page]) -> None:
    """One title, and no level left out on the way down."""
    for name, page in pages.items():
        if name == "index.html":  # leads to the first page, no more
            continue
        levels = page.headings
        assert levels.count(1) == 1, name
        assert all(b <= a + 1 for a, b in itertools.pairwise(levels)), (name, levels)


@pytest.mark.slow
def test_pictures_have_alternative_text(pages: dict[str, Page]) -> None:
    """A sentence, not the name of a file."""
    pictures = [(name, *picture) for name, page in pages.items() for picture in page.pictures]
    assert len(pictures) > 20
    assert [
        (name, alt, source)
        for name, alt, source in pictures
        if len(alt.split()) < 3 or re.search(r"\.(png|svg|jpe?g)$", alt)
    ] == []


@pytest.mark.slow
def test_the_search_index_has_the_words(book: Path) -> None:
    """Those of the notebooks' prose, of the page for instructors, and of a docstring."""
    index = (book / "searchindex.js").read_text(encoding="utf-8")
    for word in ("instructor", "bandwidth"):  # as the stemmer leaves them
        assert re.search(rf'[{{,]"?{word}"?:', index), word


@pytest.mark.slow
def test_the_api_has_every_public_name(pages: dict[str, Page]) -> None:
    """Whatever `wslab`, and each module on the page, calls public."""
    ids = pages["docs/api.html"].ids
    wanted = {f"wslab.{name}" for name in wslab.__all__ if name != "handlers"}
    for module in ("faults", "handlers", "traffic"):
        exported = __import__(f"wslab.{module}", fromlist=["__all__"]).__all__
        wanted |= {f"wslab.{module}.{name}" for name in exported}
    assert wanted - ids == set()
