"""The console for those who use no mouse, who hear the page, or who read it in the dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from .conftest import Jupyter, Tab, send, violations

CONTRAST = """(root) => {
    // WCAG 2.1: contrast ratio of an element's text with what is behind it
    const parse = (color) => {
        const canvas = document.createElement('canvas');
        canvas.width = canvas.height = 1;
        const context = canvas.getContext('2d', {willReadFrequently: true});
        context.fillStyle = color;
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data];
    };
    const luminance = (color) => {
        const [r, g, b] = color.slice(0, 3).map((value) => {
            value /= 255;
            return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
        for (; element; element = element.parentElement) {
            const color = parse(getComputedStyle(element).backgroundColor);
            if (color[3] === 255) return color;
        }
        return [255, 255, 255, 255];
    };
    const found = {};
    for (const element of root.querySelectorAll('*')) {
        const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
        if (!(own || 'value' in element) || ['STYLE', 'OPTION'].includes(element.tagName)) continue;
        const [a, b] = [parse(getComputedStyle(element).color), behind(element)].map(luminance);
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        const name = `${element.tagName} ${element.className} ${element.textContent.slice(0, 20)}`;
        found[name] = ratio;
    }
    return found;
}"""


@pytest.fixture(params=["JupyterLab Light", "JupyterLab Dark"])
def theme(request: pytest.FixtureRequest, lab: Tab) -> Iterator[str]:
    def choose(name: str) -> None:
        lab.page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", name
        )
        lab.page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=name)

    choose(request.param)
    yield request.param
    choose("JupyterLab Light")


def test_contrast(theme: str, lesson: Callable[..., Locator]) -> None:
    """All text is readable in both themes: a contrast of 4.5 at least (WCAG 2.1, 1.4.3)."""
    console = lesson()
    console.get_by_text("JavaScript", exact=True).click()
    send(console, "text", "hello")
    send(console, "hex bytes", "z")
    expect(console.locator(".error")).to_be_visible()
    contrast = console.evaluate(CONTRAST)
    assert len(contrast) > 10
    assert {name: ratio for name, ratio in contrast.items() if ratio < 4.5} == {}


def test_axe(theme: str, lesson: Callable[..., Locator], lab: Tab) -> None:
    """axe-core finds nothing against WCAG 2.2, level AA, in the console and what it unfolds."""
    console = lesson()
    console.locator("details").evaluate("(details) => details.open = true")
    send(console, "text", "hello")
    send(console, "hex bytes", "z")
    expect(console.locator(".error")).to_be_visible()
    assert violations(lab.page, ".wslab-console") == []


def test_axe_live_view(theme: str, lab: Tab, jupyter: Jupyter) -> None:
    """The same of `watch()`, with frames enough to scroll and one that is wrong."""
    lab.open(
        jupyter.write(
            "watched",
            "import wslab.faults\nserver = wslab.serve(wslab.faults.reserved_bit, name='watched')",
            "server.watch()",
            "for _ in range(12):\n"
            "    try:\n        wslab.talk(server.url, replies=1)\n"
            "    except Exception:\n        pass",
        )
    )
    for cell in range(3):
        lab.run(cell)
    view = lab.page.locator(".wslab-live").last
    expect(view.locator(".trouble").first).to_be_visible()
    assert violations(lab.page, ".wslab-live") == []


def test_keyboard(lesson: Callable[..., Locator], lab: Tab) -> None:
    """Tab comes to every control, each has a name, and Enter or Space does what a click does."""
    console = lesson()
    console.get_by_role("button", name="Connect").focus()
    names = []
    for _ in range(30):
        name = lab.page.evaluate(
            """() => {
                const element = document.activeElement;
                if (!element.closest('.wslab-console')) return null;
                const label = [...element.labels ?? []].map((label) => label.firstChild.data);
                return element.getAttribute('aria-label') ?? (label.join() || element.textContent);
            }"""
        )
        if name is None:
            break
        names.append(name.strip())
        if name == "JavaScript":
            lab.page.keyboard.press("Enter")  # opens the part below it
        lab.page.keyboard.press("Tab")
    assert names == [
        "Connect",
        "Close",
        "Close code",
        "Close reason",
        "Events of the browser's WebSocket",
        "Format of what you send",
        "Message to send",
        "Send",
        "Send a file",
        "binaryType: what a binary message becomes",
        "JavaScript",
        "JavaScript to run in this page",
        "Run",
    ]
    # "Act here instead" is seen only where another tab acts.
    controls = ":is(button, input, select, textarea, summary, [tabindex]):visible"
    assert console.locator(controls).count() == len(names)
    console.get_by_role("button", name="Close").focus()
    lab.page.keyboard.press("Space")
    expect(console.get_by_role("status")).to_have_text("CLOSED")
    console.get_by_role("button", name="Connect").focus()
    lab.page.keyboard.press("Enter")
    expect(console.get_by_role("status")).to_have_text("OPEN")
