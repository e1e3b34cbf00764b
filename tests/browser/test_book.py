"""The book in a browser: searched, in both themes, on a phone, by keyboard, and under axe-core."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import NOTEBOOKS, SECONDS, Tab, violations

ROOT = NOTEBOOKS.parent
TEXTS = [path for folder in ("", "docs/", "benchmarks/") for path in ROOT.glob(f"{folder}*.md")]
SOURCES = sorted([*TEXTS, *NOTEBOOKS.glob("*.ipynb")])
PAGES = [
    *(path.relative_to(ROOT).with_suffix("").as_posix() for path in SOURCES),
    "search",
    "genindex",
]

# Colours come from classes: of the words that stand in the same elements with the same classes, one
# is enough. axe-core looks at 20 times fewer then, and is done in 2 s instead of 10.
ONE_OF_EACH = """() => {
    const seen = new Set();
    for (const element of document.querySelectorAll('main *')) {
        if (element.childElementCount || !element.textContent.trim()) continue;
        let chain = '';
        for (let e = element; e.tagName !== 'MAIN'; e = e.parentElement)
            chain += `${e.tagName}.${e.className}[${e.getAttribute('style') ?? ''}] `;
        if (seen.has(chain)) element.style.display = 'none';
        seen.add(chain);
    }
    return seen.size;
}"""


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the book, and says nothing."""

    def do_GET(self) -> None:
        if self.path == "/favicon.ico":  # Chromium asks for one; the book has none
            self.send_response(http.HTTPStatus.NO_CONTENT)
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(book: Path) -> Iterator[str]:
    """Where the book is served."""
    handler = functools.partial(Handler, directory=str(book))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(SECONDS)


@pytest.fixture
def read(address: str, new_tab: Callable[..., Tab]) -> Callable[..., Page]:
    """Open a page of the book; what is folded is unfolded, and nothing is half-way to anything."""

    def open(name: str, **options: object) -> Page:
        page = new_tab(f"{address}/{name}.html", **options).page
        page.add_style_tag(content="* { transition: none !important; animation: none !important }")
        page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
        return page

    return open


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(read: Callable[..., Page], name: str) -> None:
    """Nothing against WCAG 2.2, level AA, in either theme, nor a heading out of order."""
    page = read(name)
    assert violations(page, but=["color-contrast"]) == []
    assert page.evaluate(ONE_OF_EACH) > 0
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        assert violations(page, only=["color-contrast"]) == [], theme


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_scrolls_down_only(read: Callable[..., Page], name: str) -> None:
    """At 390 pixels nothing makes the page wider; and what scrolls by itself can be reached."""
    page = read(name)
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert (
        page.evaluate("""() => [...document.querySelectorAll('article img')]
        .filter((image) => image.checkVisibility() && image.getBoundingClientRect().right > 390
            && !image.closest('.output')).map((image) => image.alt)""")
        == []
    )


def test_axe_finds_what_is_wrong(read: Callable[..., Page]) -> None:
    """The test above can fail: pale words, a picture without words, a heading out of order."""
    page = read("docs/index")
    page.evaluate("""() => document.querySelector('article').insertAdjacentHTML('beforeend',
        '<p style="color: #777; background: #888">pale</p><img src="data:,"><h6>deep</h6>')""")
    found = " ".join(violations(page))
    for rule in ("color-contrast", "image-alt", "heading-order"):
        assert rule in found


def test_search_finds_a_page(read: Callable[..., Page]) -> None:
    """A word typed into the field leads to the pages that have it, and to one of them."""
    page = read("docs/index")
    page.keyboard.press("Control+k")
    field = page.locator("input[type=search]:focus")
    expect(field).to_be_visible()
    field.fill("backpressure")
    field.press("Enter")
    results = page.locator("#search-results li a")
    expect(results.first).to_be_visible()
    results.first.click()
    expect(page.locator("article")).to_contain_text("backpressure", ignore_case=True)


def test_the_theme_can_be_chosen(read: Callable[..., Page]) -> None:
    """Its menu changes the colours, and the picture of a console with them; the choice stays."""
    page = read("notebooks/02_server", color_scheme="light")
    grounds = set()
    for theme, other in ("dark", "light"), ("light", "dark"):
        page.get_by_role("button", name="Color mode").click()
        page.get_by_role("button", name=theme.title(), exact=True).click()
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        expect(page.locator(f"img[src*=console-{theme}]").first).to_be_visible()
        expect(page.locator(f"img[src*=console-{other}]").first).to_be_hidden()
    assert len(grounds) == 2


def test_the_keyboard_reaches_everything(read: Callable[..., Page]) -> None:
    """First the way past the navigation; then search, the other pages, and a hint to unfold."""
    page = read("notebooks/02_server")
    page.keyboard.press("Tab")
    focused = "document.activeElement.textContent.trim()"
    assert page.evaluate(focused) == "Skip to main content"
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(f"document.activeElement.ariaLabel ?? {focused}"))
    assert "Search" in " ".join(reached)
    assert "03 · Binary frames" in reached
    hint = page.locator("summary", has_text="Hint 1").first
    hint.focus()
    page.keyboard.press("Enter")
    assert hint.locator("..").get_attribute("open") is None  # it was open in this test


def test_the_index_leads_to_the_first_page(address: str, new_tab: Callable[..., Tab]) -> None:
    """Whoever opens the folder, or its address."""
    page = new_tab(f"{address}/").page
    page.wait_for_url("**/docs/index.html")
    expect(page.locator("article h1")).to_contain_text("WebSocket messages")
