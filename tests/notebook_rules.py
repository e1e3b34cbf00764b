"""The rules that every notebook of the course keeps, checked without running anything.

Each rule is a generator: notebook and path in, one sentence per problem out. `find_problems`
asks them all; `find_folder_problems` looks at the file names together. A rule belongs in `RULES`
by its decorator, and needs a breaking example in `test_notebooks_hygiene.py`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path
from tempfile import gettempdir
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import mistune
import pace
from nbformat import NotebookNode, reader
from nbformat.validator import iter_validate

import wslab

Rule = Callable[[NotebookNode, Path], Iterator[str]]

RULES: dict[str, Rule] = {}

# Ids that no person chose: nbformat draws eight hex digits, JupyterLab a UUID, and nbstripout
# without --keep-id numbers the cells, so that a new one renames all that follow.
MACHINE_ID = re.compile(r"\d+|(?=.*\d)[0-9a-f]{8}(-[0-9a-f]{4}-.*)?")
MAX_CELL_LINES = 40  # what a laptop's screen shows at once
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LABELS = ("You will be able to", "You need", "Time", "To run it")
LAST_SECTIONS = ["Exercises", "Summary", "Sources", "Next"]

# A cell whose output is not compared has nbval's tag, and says why in its metadata, under this key:
# neither belongs into code that a learner reads.
IGNORE_TAG = "nbval-ignore-output"
REASON = "not_compared"


def read(path: Path) -> NotebookNode:
    """Read a notebook as it is: `nbformat.read` would mend missing ids before anyone sees them."""
    return reader.reads(path.read_text(encoding="utf-8"))


def find_problems(nb: NotebookNode, path: Path) -> list[str]:
    """Every problem of one notebook, as sentences that begin with the rule's name."""
    return [f"{name}: {problem}" for name, check in RULES.items() for problem in check(nb, path)]


def find_folder_problems(paths: list[Path]) -> list[str]:
    """
    Every problem of the notebooks' names together: they count from 00 without a gap.

    A notebook in two parts has two files with one number, the second one with a letter: 04, 04b.
    """
    numbers = sorted(path.name.partition("_")[0] for path in paths)
    expected: list[str] = []
    for number in numbers:
        # 04b, the second part of 04, follows 04, and 04c follows that.
        part = expected[-1] if expected else ""
        if number[2:] and part[:2] == number[:2]:
            expected.append(part[:2] + chr(ord(part[2:] or "a") + 1))
        else:
            expected.append(f"{int(part[:2]) + 1:02}" if part else "00")
    if numbers == expected:
        return []
    return [f"notebooks are numbered {', '.join(numbers)}; expected {', '.join(expected)}"]


def rule(check: Rule) -> Rule:
    """Add a rule, under its function's name."""
    RULES[check.__name__] = check
    return check


# --- Looking into a notebook --------------------------------------------------------------------


class Element(NamedTuple):
    """An HTML element: its attributes, and for an <svg> whether a <title> is inside."""

    tag: str
    attributes: dict[str, str | None]
    titled: bool = False


class _ElementParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        # Text right inside <title>: it names the <svg> that was opened last.
        if data.strip() and self.elements and self.elements[-1].tag == "title":
            for i in range(len(self.elements) - 1, -1, -1):
                if self.elements[i].tag == "svg":
                    self.elements[i] = self.elements[i]._replace(titled=True)
                    return


def elements(html: str) -> list[Element]:
    """The elements of a piece of HTML, in order."""
    parser = _ElementParser()
    parser.feed(html)
    parser.close()
    return parser.elements


_parse_markdown = mistune.create_markdown(renderer=None, plugins=["table", "strikethrough"])


def markdown_tokens(source: str) -> Iterator[dict[str, Any]]:
    """The tokens of a Markdown text and all within them, in order."""

    def walk(tokens: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for token in tokens:
            yield token
            yield from walk(token.get("children", []))

    parsed = _parse_markdown(source)
    assert isinstance(parsed, list), "mistune without a renderer gives a list of tokens"
    yield from walk(parsed)


def text_of(token: dict[str, Any]) -> str:
    """What a reader sees of a token, without its markup."""
    if token["type"] in {"softbreak", "linebreak"}:
        return " "
    if token["type"] == "inline_html":
        return ""
    raw = token.get("raw", "")
    if token["type"] == "text":
        raw = unescape(raw)  # &amp; and the like
    return raw + "".join(map(text_of, token.get("children", [])))


def html_in(source: str) -> str:
    """The raw HTML within a Markdown text, and the text between (not what is shown as code)."""
    pieces = []
    for token in markdown_tokens(source):
        if token["type"] in {"block_html", "inline_html"}:
            pieces.append(token["raw"])
        elif token["type"] == "text":
            pieces.append(escape(token["raw"]))
    return "".join(pieces)


def where(index: int, cell: NotebookNode) -> str:
    """How a problem names a cell: its place (from 1) and id."""
    return f"cell {index} ({cell.get('id', 'no id')})"


def cells(nb: NotebookNode, kind: str | None = None) -> Iterator[tuple[str, NotebookNode]]:
    """The cells (of one kind), each with its name for messages."""
    for index, cell in enumerate(nb.cells, start=1):
        if kind in (None, cell.cell_type):
            yield where(index, cell), cell


def tags(cell: NotebookNode) -> list[str]:
    """A cell's tags."""
    return list(cell.metadata.get("tags", []))


def headings(nb: NotebookNode) -> Iterator[tuple[str, int, str]]:
    """Each Markdown heading: its cell's name, its level, its text."""
    for name, cell in cells(nb, "markdown"):
        for token in markdown_tokens(cell.source):
            if token["type"] == "heading":
                yield name, token["attrs"]["level"], text_of(token).strip()


def anchors(nb: NotebookNode) -> set[str]:
    """The fragments that JupyterLab gives a notebook's headings: spaces become hyphens, no more."""
    return {text.replace(" ", "-") for _, _, text in headings(nb)}


def output_texts(cell: NotebookNode) -> Iterator[tuple[str, str]]:
    """Each text among a cell's outputs, as (kind, text): streams, MIME types, errors."""
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            yield output.name, output.text
        elif output.output_type == "error":
            yield "error", output.evalue
            # IPython colours a traceback; the codes would part what belongs together.
            yield "traceback", re.sub(r"\x1b\[[\d;]*m", "", "\n".join(output.traceback))
        else:
            for mime, data in output.data.items():
                if isinstance(data, str) and mime not in {"image/png", "image/jpeg"}:
                    yield mime, data


# --- The rules: the file ------------------------------------------------------------------------


@rule
def file_name(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Names are NN_words_like_these.ipynb: they sort in reading order and suit a URL."""
    if not re.fullmatch(r"\d\d[b-z]?_[a-z0-9]+(_[a-z0-9]+)*\.ipynb", path.name):
        yield f"{path.name!r} is not of the form 03_binary_frames.ipynb"


@rule
def valid_format(nb: NotebookNode, path: Path) -> Iterator[str]:
    """The file is a notebook of format 4.5 (the first with cell ids) by nbformat's own schema."""
    if (nb.nbformat, nb.nbformat_minor) != (4, 5):
        yield f"the format is {nb.nbformat}.{nb.nbformat_minor}; expected 4.5"
    for error in iter_validate(nb):
        yield f"{error.message} at {'/'.join(map(str, error.path)) or 'the top'}"


@rule
def metadata(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Metadata says which kernel, and nothing that differs between machines and sessions."""
    if nb.metadata.get("kernelspec") != KERNELSPEC:
        yield f"kernelspec is {nb.metadata.get('kernelspec')}; expected {KERNELSPEC}"
    if "version" in nb.metadata.get("language_info", {}):
        yield "language_info.version names one machine's Python; run `make notebooks`"
    for key in sorted(nb.metadata.keys() - {"kernelspec", "language_info"}):
        yield f"the notebook's metadata holds {key!r}; remove it"
    for name, cell in cells(nb):
        for key in sorted(cell.metadata.keys() - {"tags", REASON}):
            yield f"{name}'s metadata holds {key!r}; only tags and {REASON!r} are kept"


@rule
def cell_ids(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Each cell has an id of its own that a person chose, so that diffs and reviews can name it."""
    seen = set()
    machine_made = []
    for name, cell in cells(nb):
        id_ = cell.get("id")
        if id_ is None:
            yield f"{name} has no id"
        elif not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id_):
            yield f"{name}: an id has lower-case letters, digits and hyphens only"
        elif id_ in seen:
            yield f"{name}: another cell has this id"
        elif MACHINE_ID.fullmatch(id_):
            machine_made.append(id_)
        seen.add(id_)
    if machine_made:
        yield (
            f"no person chose the ids of {len(machine_made)} cells, as {machine_made[0]!r}: "
            "let them say in words what a cell is for (and give nbstripout --keep-id)"
        )


@rule
def cell_length(nb: NotebookNode, path: Path) -> Iterator[str]:
    """A cell fits on a screen, and holds something."""
    for name, cell in cells(nb):
        lines = len(cell.source.splitlines())
        if lines > MAX_CELL_LINES:
            yield f"{name} has {lines} lines; at most {MAX_CELL_LINES} fit on a screen"
        if not cell.source.strip():
            yield f"{name} is empty; remove it"


# --- The rules: what was run --------------------------------------------------------------------


@rule
def executed_in_order(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Every code cell was run, top to bottom, in one go, in a fresh kernel."""
    for expected, (name, cell) in enumerate(cells(nb, "code"), start=1):
        if cell.get("execution_count") != expected:
            yield (
                f"{name} has execution count {cell.get('execution_count')}; expected {expected}: "
                "run `make notebooks`"
            )
        for output in cell.get("outputs", []):
            count = output.get("execution_count", expected)
            if count != expected:
                yield f"{name}: its result is numbered {count}; expected {expected}"


@rule
def errors_are_meant(nb: NotebookNode, path: Path) -> Iterator[str]:
    """A cell shows an error exactly if it is tagged `raises-exception`."""
    for name, cell in cells(nb, "code"):
        outputs = cell.get("outputs", [])
        errors = [output.ename for output in outputs if output.output_type == "error"]
        meant = "raises-exception" in tags(cell)
        if errors and not meant:
            yield f"{name} shows {errors[0]} without the tag raises-exception"
        if meant and not errors:
            yield f"{name} is tagged raises-exception but shows no error"


@rule
def outputs_are_compared(nb: NotebookNode, path: Path) -> Iterator[str]:
    """No cell is skipped by nbval, and one whose output is not compared says why."""
    for name, cell in cells(nb, "code"):
        ignored, reason = IGNORE_TAG in tags(cell), cell.metadata.get(REASON, "")
        if "nbval-skip" in tags(cell):
            yield f"{name} is never run by the tests (nbval-skip)"
        if ignored and len(reason.split()) < 3:
            yield f"{name}: say why in words, in the cell's metadata under {REASON!r}"
        if reason and not ignored:
            yield f"{name} is compared, so its metadata must not hold {REASON!r}"
        for marker in re.findall(r"#\s*((?:NBVAL|PYTEST_VALIDATE)_\w+)", cell.source):
            yield f"{name}: {marker} is no business of a learner; use a tag of the cell"


@rule
def no_sleeping(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Code waits for what it needs, never for a time it guessed."""
    for name, cell in cells(nb, "code"):
        if re.search(r"\btime\.sleep\(|\bfrom time import\b.*\bsleep\b", cell.source):
            yield f"{name} calls time.sleep; wait for a condition instead"


@rule
def figures_are_shown(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Where MPLBACKEND is set, as in many containers, a figure needs the magic to be shown."""
    for name, cell in cells(nb, "code"):
        if "import matplotlib" in cell.source and "%matplotlib inline" not in cell.source:
            yield f"{name} imports matplotlib without the line %matplotlib inline"


@rule
def progress_bars_end(nb: NotebookNode, path: Path) -> Iterator[str]:
    """
    A bar's lock is one for threads.

    On Python 3.14, tqdm's own one starts a process that the kernel waits for when it ends.
    """
    for name, cell in cells(nb, "code"):
        if "import tqdm" in cell.source and "tqdm.set_lock(threading.RLock())" not in cell.source:
            yield f"{name} imports tqdm without tqdm.set_lock(threading.RLock())"


# A folder of the machine at hand, a usual top folder, any rooted Python file, a Windows drive.
# A WebSocket's own path, such as /chat, is none of these.
_HERE = [
    re.escape(str(place))
    for place in (Path.home(), Path(__file__).parents[1], Path(sys.prefix), Path(gettempdir()))
    if len(place.parts) > 1
]
_TOP = "/(?:home|Users|root|tmp|private|var|usr|opt|mnt|etc)"
MACHINE_PATH = re.compile(
    r"(?<![\w.:/~-])(?:"
    rf"(?:{'|'.join(_HERE)}|{_TOP})(?:/[\w.@+-]+)+"
    r"|(?:/[\w.@+-]+)+/[\w.@+-]+\.(?:py|ipynb|so)\b"
    r"|[A-Za-z]:\\+\w[^\s'\"]*"
    r")"
)


@rule
def no_machine_paths(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Nothing names a folder of the machine on which the notebook was last run."""
    for name, cell in cells(nb):
        for kind, text in [("its source", cell.source), *output_texts(cell)]:
            if match := MACHINE_PATH.search(text):
                yield f"{name}: {kind} holds the absolute path {match[0]!r}"


@rule
def no_ports_in_outputs(nb: NotebookNode, path: Path) -> Iterator[str]:
    """No output shows a port: the system chooses another one every time."""
    port = re.compile(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|::1)(?::|['\"], ?)\d+")
    for name, cell in cells(nb, "code"):
        for kind, text in output_texts(cell):
            if match := port.search(text):
                yield f"{name}: {kind} shows {match[0]!r}, and the port differs each time"


# --- The rules: what is read --------------------------------------------------------------------


@rule
def heading_order(nb: NotebookNode, path: Path) -> Iterator[str]:
    """One h1, at the top, and no level left out: a screen reader's user finds the way by them."""
    before = 0
    for name, level, text in headings(nb):
        if before == 0 and level != 1:
            yield f"{name}: the first heading, {text!r}, is an h{level}; expected an h1"
        elif before and level == 1:
            yield f"{name}: {text!r} is one more h1; a notebook has one"
        elif level > before + 1:
            yield f"{name}: {text!r} is an h{level} below an h{before}"
        before = level
    if not before:
        yield "there is no heading"


@rule
def skeleton(nb: NotebookNode, path: Path) -> Iterator[str]:
    """The same shape each time: title, goals, needs and time first; exercises and summary last."""
    first = [cell for _, cell in cells(nb)][:2]
    if not first or first[0].cell_type != "markdown" or not first[0].source.startswith("# "):
        yield "the first cell does not begin with the title, an h1"
    bold = {
        text_of(token).strip().rstrip(":.")
        for cell in first
        if cell.cell_type == "markdown"
        for token in markdown_tokens(cell.source)
        if token["type"] == "strong"
    }
    for label in LABELS:
        if label not in bold:
            yield f"the first two cells lack the label **{label}**"
    # The first notebook shows the way, an appendix is looked up: neither has to have exercises.
    free = path.name.startswith("00_") or path.stem.endswith("_appendix")
    expected = LAST_SECTIONS[1:] if free else LAST_SECTIONS
    sections = [text for _, level, text in headings(nb) if level == 2]
    found = sections[-len(expected) :]
    if found != expected:
        yield f"the last sections are {found}; expected {expected}"


@rule
def sources(nb: NotebookNode, path: Path) -> Iterator[str]:
    """What is claimed can be looked up: three to six links, the specification or manual itself."""
    for name, cell in cells(nb, "markdown"):
        if cell.source.startswith("## Sources"):
            links = [token for token in markdown_tokens(cell.source) if token["type"] == "link"]
            if not 3 <= len(links) <= 6:
                yield f"{name} has {len(links)} links; three to six are of use"


@rule
def minutes(nb: NotebookNode, path: Path) -> Iterator[str]:
    """The title cell tells how long it takes, as `pace` reckons: reading and exercises apart."""
    told = pace.told(nb)
    needed, own = pace.reading(nb), pace.exercises(nb)
    # Some words more or less need no other title.
    if not told or not (told[0] - 7.5 <= needed <= told[0] + 1 and told[1] == own):
        words = f"**Time** {pace.rounded(needed)} minutes"
        yield f"expected {words + f' for reading, {own} for the exercises' * bool(own)!r}"


@rule
def can_be_installed(nb: NotebookNode, path: Path) -> Iterator[str]:
    """How to run it elsewhere works: the package is on no index, so it comes from its wheel."""
    wheel = f"wslab-{wslab.__version__}-py3-none-any.whl[course]"
    if nb.cells and wheel not in nb.cells[0].source:
        yield f"the title cell does not name {wheel}"
    for name, cell in cells(nb):
        if "pip install 'wslab[" in cell.source:
            yield f"{name}: wslab is on no index, so that installs nothing"


@rule
def links_resolve(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Relative links and images lead to a file that is there, and to a heading that is in it."""
    for name, cell in cells(nb, "markdown"):
        urls = [
            token["attrs"]["url"]
            for token in markdown_tokens(cell.source)
            if token["type"] in {"link", "image"}
        ]
        for element in elements(html_in(cell.source)):
            urls += [element.attributes.get(key) for key in ("href", "src")]
        for url in filter(None, urls):
            if reason := _broken(url, cell, nb, path):
                yield f"{name} links to {url!r}: {reason}"


def _broken(url: str, cell: NotebookNode, nb: NotebookNode, path: Path) -> str | None:
    parts = urlsplit(url)
    target = unquote(parts.path)
    fragment = unquote(parts.fragment)
    if parts.scheme == "attachment":
        return None if target in cell.get("attachments", {}) else "the cell has no such attachment"
    if parts.scheme or parts.netloc:
        return None  # elsewhere: a test without a network cannot tell
    if target.startswith("/"):
        return "an absolute path leads nowhere in another checkout"
    found = path.parent / target if target else path
    if target and not found.exists():
        return "there is no such file"
    if fragment and found.suffix == ".ipynb":
        known = anchors(read(found) if target else nb)
        if fragment not in known:
            return f"no heading there has this anchor; it has {sorted(known)}"
    return None


@rule
def images_have_text(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Each picture says in words what it shows, in the text and in what code displays."""
    for name, cell in cells(nb):
        markdown, html = [], []
        if cell.cell_type == "markdown":
            markdown.append(cell.source)
        for kind, text in output_texts(cell):
            if kind == "text/markdown":
                markdown.append(text)
            if kind in {"text/html", "image/svg+xml"}:
                html.append(text)
        for source in markdown:
            for token in markdown_tokens(source):
                if token["type"] == "image" and not text_of(token).strip():
                    yield f"{name}: image {token['attrs']['url']!r} has no alternative text"
            html.append(html_in(source))
        for element in (element for text in html for element in elements(text)):
            known = any(
                (element.attributes.get(key) or "").strip()
                for key in ("alt", "aria-label", "aria-labelledby")
            )
            hidden = element.attributes.get("aria-hidden") == "true"
            if element.tag in {"img", "svg"} and not (known or hidden or element.titled):
                yield f"{name}: an <{element.tag}> has no alternative text"


@rule
def notes_are_quotes(nb: NotebookNode, path: Path) -> Iterator[str]:
    """An aside is a Markdown quote: JupyterLab's alert boxes have a contrast of 2.7:1 when dark."""
    for name, cell in cells(nb, "markdown"):
        for element in elements(html_in(cell.source)):
            if "alert" in (element.attributes.get("class") or "").split():
                yield f"{name}: an alert box is hard to read; begin each line of it with '> '"
