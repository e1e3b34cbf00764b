"""The chat of notebook 06, joined from the browser console as the notebook says."""

from __future__ import annotations

import nbformat
from playwright.sync_api import expect

from .conftest import NOTEBOOKS, Tab, send

NAME = "06_many_clients.ipynb"
NEEDED = (
    "duplex",
    "ids-parsed",
    "ids-server",
    "ids-client",
    "rooms-server",
    "drop-server",
    "chat-server",
    "chat-clients",
    "chat-browser",
)


def test_the_browser_joins(lab: Tab) -> None:
    """The browser and Python hear each other, as often as one runs the cell."""
    cells = nbformat.read(NOTEBOOKS / NAME, as_version=4).cells
    number = {cell.id: index for index, cell in enumerate(cells)}
    lab.open(f"notebooks/{NAME}")
    for id in NEEDED:
        lab.run(number[id])
    assert "['Python']" in lab.run(number["chat-python"])
    send(lab.console, "JSON", '{"type": "join", "name": "Ada"}')
    log = lab.console.get_by_role("log")
    expect(log).to_contain_text(r'message  "{\"type\":\"join\",\"name\":\"Ada\"}"')
    for _ in range(2):
        assert "['Ada', 'Python']" in lab.run(number["chat-python"])
    expect(log.get_by_text("hello from Python")).to_have_count(2)
