"""Asks every client and server, and writes docs/atlas.md: ``make atlas``."""

from __future__ import annotations

import concurrent.futures
import datetime
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from . import claims, closing, compressed, ends, handshakes, sending, servers, tapped
from .engines import BROWSERS, RUNTIMES, TOOLS, Engine, output, tool

PAGE = Path(__file__).parents[2] / "docs" / "atlas.md"
HERE = Path(__file__).parent

Answers = Mapping[str, str]
"""A question, and what the one that was asked does."""

PYTHON_CLIENTS = ("aiohttp", "websocket-client", "websockets")

ALL = "all"
THROUGH = "Servers, seen by a page and through a tap"
CLAIMS = "What this course says about “the browser”"

# Heading, introduction, and what asks an engine; browsers and runtimes are asked the same.
CLIENT_TABLES: tuple[tuple[str, str, Callable[[Engine], Answers]], ...] = (
    (
        "How a connection ends, as a script is told",
        "The events after `open`, or instead of it: `error`, and `close` with `code`, `reason` and "
        "`wasClean`. Behind each case a server does that, byte for byte.",
        ends.ask,
    ),
    (
        "What a client says first",
        "Headers of the opening handshake, from a page at `http://127.0.0.1:PORT` where there is a "
        "page, to a `websockets` server on another port; and what is known once it is open.",
        handshakes.ask,
    ),
    (
        "close(code, reason)",
        "What the server receives, or what is thrown.",
        closing.ask,
    ),
    (
        "send(data)",
        "What the server receives, or what is thrown. `bufferedAmount` counts what cannot be sent "
        "any longer.",
        sending.ask,
    ),
    (
        "How it compresses",
        "To a `websockets` server that agrees to permessage-deflate, seen by `wslab.tap` in "
        "between, with texts and bytes of the sizes of Autobahn's test suite, group 12. What the "
        "tap inflates is compared with what the client's and the server's own zlib have.",
        compressed.ask,
    ),
)


def main() -> None:
    """Ask all, and write the page."""
    begin = time.monotonic()
    versions: dict[str, str] = {}
    tables: dict[str, dict[str, Answers]] = {title: {} for title, *_ in CLIENT_TABLES}
    through: dict[str, Mapping[str, Answers]] = {}
    said: dict[str, Answers] = {}
    for start in (*BROWSERS, *RUNTIMES):
        with start() as engine:
            report(f"{engine.name} {engine.version}")
            versions[engine.name] = engine.version
            for title, _, ask in CLIENT_TABLES:
                tables[title][engine.name] = ask(engine)
            if start in BROWSERS:
                through[engine.name] = tapped.ask(engine)
                said[engine.name] = claims.ask(engine)
    report("clients in Python")
    in_python = {as_code(name): ask_python(name) for name in PYTHON_CLIENTS}
    report("servers")
    names = [*servers.PYTHON, *servers.JAVASCRIPT]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = dict(zip(names, pool.map(servers.ask, names), strict=True))
    packages = {*PYTHON_CLIENTS, *servers.PYTHON}
    versions |= {as_code(name): servers.version(name) for name in sorted(packages)}
    PAGE.write_text(page(versions, tables, in_python, answers, through, said), encoding="utf-8")
    report(f"{PAGE.name} is written; it took {time.monotonic() - begin:.0f} s")


def as_code(name: str) -> str:
    """A package whose name is a word of this course, too, stands as code."""
    return f"`{name}`" if name == "websocket-client" else name


def report(words: str) -> None:
    """Say what is going on."""
    print(words, file=sys.stderr, flush=True)


def ask_python(name: str) -> Answers:
    """How a connection ends, as a library of Python tells it."""
    told = {}
    program = tool(TOOLS / "venv" / "bin" / "python")
    for case in (*ends.CASES, *ends.OTHERS):
        with ends.server(case) as url:
            told[case] = output(program, str(HERE / "python_clients.py"), name, url)
    return told


def page(
    versions: Mapping[str, str],
    tables: Mapping[str, Mapping[str, Answers]],
    in_python: Mapping[str, Answers],
    of_servers: Mapping[str, Answers],
    through: Mapping[str, Mapping[str, Answers]],
    said: Mapping[str, Answers],
) -> str:
    """The whole page."""
    shown = ", ".join(f"{name} {version}" for name, version in versions.items())
    parts = [INTRODUCTION.format(date=datetime.date.today(), versions=shown)]
    for title, text, _ in CLIENT_TABLES:
        parts += [f"## {title}", text, grouped(tables[title], "what happens")]
    parts += [
        "## How a connection ends, in Python",
        "The same servers as above; what the first `receive()` or `recv()` gives or raises.",
        grouped(in_python, "what happens"),
        "## Servers",
        SERVERS,
        grouped(of_servers, "what the client sees"),
        f"## {THROUGH}",
        SEEN,
        seen(through),
        f"## {CLAIMS}",
        "Number of the notebook, id of the cell, and its sentence in short.",
        claimed(said),
    ]
    return "\n\n".join(parts) + "\n"


INTRODUCTION = """\
# Atlas of clients and servers

What clients and servers really do. Each table comes from a script in `tests/interop` that started
the real things on one machine, on loopback, with their default settings; `make atlas` runs all of
them again and writes this page. WebKit is the engine of Safari, here in its GTK port, which has a
network layer of its own: where it differs from the others, Safari need not do the same.

Asked on {date} on Debian 12: {versions}."""

SERVERS = """\
The same application on each server, asked by `websockets` or by bytes. For uvicorn, hypercorn and
granian it is the same ASGI application; tornado, picows, ws, Bun and Deno call a function for each
message, so nothing can return."""


SEEN = """\
The same servers, asked by a script in a browser's page, three times each, directly and through
`wslab.tap`: an answer tells of the tap where that makes a difference. What the tap has recorded is
what the page has sent and received, message by message. The page is of another origin than the
servers. Some servers end TCP right after their CLOSE: then it depends on who is faster whether the
browser's own CLOSE still arrives, and `wasClean` may be either, with a tap and without."""


def seen(through: Mapping[str, Mapping[str, Answers]]) -> str:
    """A table of what servers tell pages; a browser is named where they are not told the same."""
    answers: dict[str, dict[str, str]] = {}
    for server in next(iter(through.values())):
        told = {browser: of_servers[server] for browser, of_servers in through.items()}
        for question in next(iter(told.values())):
            same = len({given[question] for given in told.values()}) == 1
            for browser, given in told.items():
                name = server if same else f"{server} in {browser}"
                answers.setdefault(name, {})[question] = given[question]
    return grouped(answers, "what the page is told")


def grouped(answers: Mapping[str, Answers], head: str) -> str:
    """A table with a row for each answer to a question, and who gave it."""
    rows = [("", head, "who"), ("---", "---", "---")]
    questions = dict.fromkeys(question for given in answers.values() for question in given)
    for question in questions:
        who: dict[str, list[str]] = {}
        for name, given in answers.items():
            if question in given:
                who.setdefault(given[question], []).append(name)
        shown = question
        for answer, names in sorted(who.items(), key=lambda item: -len(item[1])):
            rows.append((shown, answer, ALL if len(who) == 1 else ", ".join(names)))
            shown = ""
    return markdown(rows)


def read(page: str, name: str) -> dict[str, dict[str, str]]:
    """What the page says of one client or server: heading, question, answer."""
    found: dict[str, dict[str, str]] = {}
    for section in page.split("\n## ")[1:]:
        heading, _, text = section.partition("\n")
        rows = [
            [cell.replace(r"\|", "|") for cell in re.split(r"(?<!\\) \| ", line[2:-2])]
            for line in text.splitlines()
            if line.startswith("| ")
        ]
        answers = found[heading] = {}
        question = ""
        for cells in rows[2:]:
            question = cells[0] or question
            if rows[0][-1] == "who":
                if cells[2] == ALL or name in cells[2].split(", "):
                    answers[question] = cells[1]
            elif name in rows[0]:
                answers[question] = cells[rows[0].index(name)]
    return found


def claimed(said: Mapping[str, Answers]) -> str:
    """A table with a column for each browser."""
    rows = [("", *said), ("---",) * (len(said) + 1)]
    rows += [
        (claim, *(given[claim] for given in said.values())) for claim in next(iter(said.values()))
    ]
    return markdown(rows)


def markdown(rows: Iterable[tuple[str, ...]]) -> str:
    """Rows as a table of Markdown."""
    return "\n".join(
        "| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in rows
    )


if __name__ == "__main__":
    main()
