"""The clients of notebook 08 that last, in JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import nbformat
import pytest
from playwright.sync_api import expect

from .conftest import NOTEBOOKS, Jupyter, Tab

# What the console puts before the words of a script.
PROMPT = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "
NAME = "08_keeping_connections_alive.ipynb"


def source(id: str) -> str:
    """The text of a cell of the notebook."""
    [cell] = [cell for cell in nbformat.read(NOTEBOOKS / NAME, 4).cells if cell.id == id]
    return str(cell.source)


SETUP = "import wslab\nfrom wslab import faults"
OFFICE = f"import json\nbooked = {{}}\n\n\n{source('whole-server').split('booked = {}')[1]}".split(
    "\n\ntickets = []"
)[0]


@pytest.fixture
def played(lab: Tab, jupyter: Jupyter) -> Callable[..., list[str]]:
    """Serve, show a console with a program, and return what that says until it is over."""

    def play(serve: str, program: str) -> list[str]:
        if lab.path != "lasting.ipynb":
            cells = [
                SETUP,
                OFFICE,
                *map(source, ("browser", "browser-class", "whole-browser-class")),
            ]
            lab.open(jupyter.write("lasting", *cells, "None", "None", "None"))
            for cell in range(len(cells)):
                lab.run(cell)
        lab.run(5, serve)
        lab.run(6, f"console = wslab.BrowserConsole(server, script={program})\nconsole")
        expect(lab.console.get_by_role("log")).to_contain_text("over with", timeout=20_000)
        lines = lab.console.locator(".log > div").all_inner_texts()
        return [line.removeprefix(PROMPT) for line in lines if line.startswith(PROMPT)]

    return play


def test_client_that_resumes(played: Callable[..., list[str]], lab: Tab) -> None:
    """Two connections are lost; it has every event and every ack once, and stops at 1000."""
    serve = (
        source("whole-browser-run").split("office_browser")[0].replace("office_server", "server")
    )
    # On a busy machine the handshake may take longer than the watchdog has patience for.
    patient = "lasting_client.replace('return url; }', 'return url; }, {silence: 60000}')"
    logged = played(serve, f"lasting_socket + {patient}")
    events = ",".join(f'"event {number}"' for number in range(1, 7))
    assert logged == [
        "reconnect after: 1006",
        "reconnect after: 1006",
        "over with 1000",
        f"received: [{events}] without an ack: 0",
    ]
    assert lab.run(7, "booked") == "{1: 'tea', 2: 'milk', 3: 'sugar'}"


def test_silence_and_a_crash_are_survived(played: Callable[..., list[str]]) -> None:
    """What the notebook says of its three connections."""
    serve = "server = wslab.serve(faults.in_turn(crashes, falls_silent, finishes), name='played')"
    program = "lasting_socket + 'new LastingSocket(async () => url, {silence: 2000});'"
    assert played(serve, program) == [
        "message: before the crash",
        "reconnect after: 1006",
        "reconnect after: silence",
        "message: all is well",
        "over with 1000",
    ]


def test_a_final_code_ends_it(played: Callable[..., list[str]]) -> None:
    """Thrown out for good, it does not come again."""
    serve = "server = wslab.serve(lambda ws: ws.close(1008, 'not you'), name='played')"
    program = "lasting_socket + 'new LastingSocket(async () => url);'"
    assert played(serve, program) == ["over with 1008"]


def test_waits_grow_unless_it_was_stable(played: Callable[..., list[str]]) -> None:
    """Only a connection that lasted makes the waits short again."""
    start = """
    const socket = new LastingSocket(() => new Promise(() => {}));  // it never gets a ticket
    const limits = [socket.limit];
    for (const lasted of [0, 100, 1000, 3000]) {
        socket.since = Date.now() - lasted;
        socket.again('test');
        limits.push(socket.limit);
    }
    socket.over(limits.join());
    """
    serve = "server = wslab.serve(finishes, name='played')"
    lines = played(serve, f"lasting_socket + {start!r}")
    assert lines[-1] == "over with 50,100,200,400,100"
