"""One notebook in two tabs: each request is carried out once, and both show what happens."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from .conftest import SECONDS, SHOW, Jupyter, Tab, send

LOOKING = "another tab acts; this one shows what happens there"


@pytest.fixture
def second(lab: Tab, jupyter: Jupyter, new_tab: Callable[..., Tab]) -> Callable[[], Tab]:
    """Open the notebook of `lesson` in another tab, as it is now."""

    def open() -> Tab:
        lab.evaluate("(panel) => panel.context.save()")
        tab = new_tab(f"http://127.0.0.1:{jupyter.port}/lab/workspaces/second?reset")
        tab.wait_for_app()
        # Not Tab.open(), which would end the kernel of what was open before.
        tab.page.evaluate(
            "path => window.jupyterapp.commands.execute('docmanager:open', {path})", lab.path
        )
        tab.path = lab.path
        tab.wait_for_kernel()
        return tab

    return open


def test_a_second_tab_looks_on(
    lesson: Callable[..., Locator], lab: Tab, second: Callable[[], Tab]
) -> None:
    """It shows what has happened and what happens, says so, and does nothing itself."""
    console = lesson()
    send(console, "text", "before")
    expect(console.get_by_role("log")).to_contain_text('message  "before"')
    other = second().console
    expect(other.get_by_role("status")).to_have_text("OPEN")
    expect(other).to_contain_text(LOOKING)
    expect(console).not_to_contain_text(LOOKING)
    expect(other.get_by_role("button", name="Connect")).to_be_disabled()
    expect(other.get_by_label("Message to send")).to_be_disabled()
    lab.run(2, "await console.send('once'); await console.run('console.log(\"twice?\")')")
    lab.run(2, "await console.send(b'\\x2a')")
    lines = ["open", 'sent  "before"', 'message  "before"', 'sent  "once"', "\u203a twice?"]
    lines += ['message  "once"', "sent  1 bytes 2a", "message  Blob(1) 2a"]
    for log in (console.get_by_role("log"), other.get_by_role("log")):
        expect(log.locator("> div")).to_have_count(len(lines))
        assert sorted(log.locator("> div").all_inner_texts()) == sorted(lines)
    assert lab.run(2, "[(await console.event('message')).data for _ in range(3)]") == (
        "['before', 'once', b'*']"
    )
    assert lab.run(
        2, "[r.payload for r in server.transcript.filter(sender='client', kind='text')]"
    ) == ("[b'before', b'once']")
    lab.run(2, "await console.close(4000, 'enough')")
    expect(other.get_by_role("status")).to_have_text("CLOSED")
    expect(other.get_by_role("log")).to_contain_text("code=4000")


def test_a_cell_of_one_tab_runs_its_script_once(
    lesson: Callable[..., Locator], lab: Tab, second: Callable[[], Tab]
) -> None:
    """The tab whose cell it is acts, though the kernel tells every tab of the new console."""
    lesson()
    other = second()
    for tab in (lab, other, lab):
        tab.run(1, SHOW.replace("(server)", "(server, script='console.log(1)')"))
        expect(tab.console.get_by_role("log").locator("> div")).to_have_text(["open", "\u203a 1"])
        expect(tab.console).not_to_contain_text(LOOKING)
        tab.run(2, "await console.events('log')")
        assert tab.run(2, "[event.type for event in console.log]") == "['open', 'log']"
    # One for the console of `lesson`, one for each script.
    assert "connection 5" not in lab.run(2, "print(server.transcript)")


def test_the_second_tab_acts_when_the_first_is_closed(
    lesson: Callable[..., Locator], lab: Tab, second: Callable[[], Tab]
) -> None:
    """By its button, or when the one that acts is gone; the other one then looks on."""
    console = lesson()
    tab = second()
    other = tab.console
    other.get_by_role("button", name="Act here instead").click()
    expect(console).to_contain_text(LOOKING)
    expect(other).not_to_contain_text(LOOKING)
    expect(other.get_by_role("status")).to_have_text("OPEN")
    expect(console.get_by_role("status")).to_have_text("OPEN")
    lab.run(2, "await console.send('to the second')")
    for log in (console.get_by_role("log"), other.get_by_role("log")):
        expect(log).to_contain_text('message  "to the second"')
    tab.page.close()
    expect(console).not_to_contain_text(LOOKING)
    lab.run(2, "await console.event('open')")
    lab.run(2, "await console.send('to the first')")
    expect(console.get_by_role("log")).to_contain_text('message  "to the first"')
    sent = "[r.payload for r in server.transcript.filter(sender='client', kind='text')]"
    assert lab.run(2, sent) == "[b'to the second', b'to the first']"


def test_the_live_view_in_two_tabs(
    lesson: Callable[..., Locator], lab: Tab, second: Callable[[], Tab]
) -> None:
    """Each tab has each record once."""
    lesson()
    lab.run(1, "server.watch()")
    lab.run(2, "wslab.talk(server.url, 'one')")
    view = lab.page.locator(".wslab-live").last.get_by_role("log").locator("> div")
    expect(view.filter(has_text="'one'")).to_have_count(2)
    other = second().page.locator(".wslab-live").last.get_by_role("log").locator("> div")
    expect(other.filter(has_text="'one'")).to_have_count(2, timeout=SECONDS * 1000)
    lab.run(2, "wslab.talk(server.url, 'two')")
    expect(view.filter(has_text="'two'")).to_have_count(2)
    expect(other.filter(has_text="'two'")).to_have_count(2)
    count = int(lab.run(2, "len(server.transcript)"))
    for rows in (view, other):
        expect(rows).to_have_count(count)
    assert view.all_inner_texts() == other.all_inner_texts()
