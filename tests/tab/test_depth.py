"""Deep recursion in the browser, whose stack is not Node's."""

from __future__ import annotations

import pytest

from .conftest import ROOT, Tab

SOURCE = (ROOT / "tests" / "tab" / "inside" / "test_stack.py").read_text(encoding="utf-8")
DEFINE = SOURCE[: SOURCE.index("@pytest.mark.parametrize")].replace("import pytest\n", "")
NAMES = [
    "calls",
    "calls by C",
    "attributes",
    "repr",
    "JSON arrays",
    "JSON objects",
    "JSON by msgspec",
]


@pytest.mark.parametrize("name", NAMES)
def test_it_raises_in_a_cell_and_in_a_handler(tab: Tab, name: str) -> None:
    """And the kernel goes on."""
    tab.run(f"import wslab, wslab._tab\n{DEFINE}")
    assert tab.run(f"DEEP[{name!r}]()").startswith("RecursionError")
    shown = tab.run(
        "async def deep(ws):\n"
        f"    DEEP[{name!r}]()\n"
        "server = wslab.serve(deep)\n"
        "try:\n    wslab.talk(server.url, 'x', timeout=20)\nexcept Exception: pass\n"
        "print(server.transcript.filter(kind='error')[0].type)"
    )
    assert shown == "RecursionError"
    assert tab.fatal == []
