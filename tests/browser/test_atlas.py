"""docs/atlas.md says of Chromium what is so, and the course's sentences are those of its cells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from interop import atlas, claims, engines, tapped

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "atlas.md").read_text(encoding="utf-8")
SAID = atlas.read(PAGE, "Chromium")


@pytest.mark.parametrize(
    ("heading", "ask"),
    [*((title, ask) for title, _, ask in atlas.CLIENT_TABLES), (atlas.CLAIMS, claims.ask)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_chromium_does_what_the_atlas_says(
    heading: str, ask: Callable[[engines.Browser], atlas.Answers], engine: engines.Browser
) -> None:
    """Asked again, Chromium answers the same."""
    assert ask(engine) == SAID[heading]


def test_servers_through_a_tap(engine: engines.Browser) -> None:
    """Those that are installed for the tests tell Chromium's page what the atlas says."""
    names = ("websockets", "aiohttp", "uvicorn", "tornado", tapped.WITH_TLS)
    for name, told in tapped.ask(engine, names).items():
        in_any = atlas.read(PAGE, name).get(atlas.THROUGH, {})
        in_chromium = atlas.read(PAGE, f"{name} in Chromium").get(atlas.THROUGH, {})
        assert told == in_any | in_chromium


def test_every_claim_is_true() -> None:
    """Three browsers do what the course says about "the browser"."""
    expected = {f"{claim.cell}: {claim.words}": "yes" for claim in claims.CLAIMS}
    for name in "Chromium", "Firefox", "WebKit":
        assert atlas.read(PAGE, name)[atlas.CLAIMS] == expected


def test_claims_are_those_of_cells() -> None:
    """Each claim names a cell that is there."""
    cells = {
        f"{path.name.partition('_')[0]} {cell.id}"
        for path in (ROOT / "notebooks").glob("*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells
    }
    assert {claim.cell for claim in claims.CLAIMS} - cells == set()
