"""docs/proxies.md, which `make atlas` writes, says of four proxies what notebook 11 says."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from interop import atlas, proxies, proxy_questions
from interop.proxy_programs import PROGRAMS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "proxies.md").read_text(encoding="utf-8")


def said(name: str) -> dict[str, str]:
    """What the page says of a proxy."""
    [answers] = atlas.read(f"\n## proxies\n{PAGE}", name).values()
    return answers


def taught() -> dict[str, dict[str, str]]:
    """What the notebook's table says of each."""
    cells = nbformat.read(ROOT / "notebooks" / "11_in_production.ipynb", as_version=4).cells
    source = next(cell.source for cell in cells if cell.id == "proxies-idea")
    rows = [line.strip("| ").split(" | ") for line in source.splitlines() if line.startswith("|")]
    names = [name.split()[0] for name in rows[0]]
    body = [[cell.replace("*", "") for cell in row] for row in rows[2:]]
    return {name: {row[0]: row[place] for row in body} for place, name in enumerate(names, 1)}


def test_every_question_is_answered() -> None:
    """By each proxy: the page is as new as the questions."""
    waits = {proxies.IDLE, *proxies.PINGS, proxies.SETTING}
    for name in PROGRAMS:
        assert said(name).keys() == waits | proxy_questions.QUESTIONS.keys()


@pytest.mark.parametrize("name", PROGRAMS)
def test_notebook_says_the_same(name: str) -> None:
    """Limits, headers, statuses, what a reload does, and that PINGs keep a connection open."""
    page, lesson = said(name), taught()[name]
    limit = lesson["cuts an idle connection after"].split(" s")[0]
    idle = page[proxies.IDLE]
    assert idle.startswith(f"cut after {limit} s: client 1006" if limit.isdigit() else "open")
    assert [page[question] for question in proxies.PINGS] == ["open", "open"]
    assert page["`Host` at the server"].startswith(lesson["`Host` at the server"])
    assert page["`Origin` at the server"] == lesson["`Origin` at the server"]
    assert (
        page["there is no server: the client gets"]
        == lesson["no server behind it: the client gets"]
    )
    cut = "1001" in lesson["reload"]
    assert page["reload, with a configuration that has changed"].startswith(
        "cut: client 1001" if cut else "stays open"
    )
    for question in ("the server closes", "the client closes"):
        assert page[f'{question}, 4001 "bye"'] == "client 4001 “bye”, server 4001 “bye”"


def test_lines_that_nginx_needs() -> None:
    """505 without any of them, 426 with the first alone."""
    assert said("nginx")["without the lines about the upgrade"] == "none: 505; HTTP/1.1 alone: 426"
