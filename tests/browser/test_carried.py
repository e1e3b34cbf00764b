"""A page on another machine, whose connections are made in the kernel, beside one that is here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .conftest import FREE, HUB, RUN_SECONDS, SHOW, START, Jupyter, Tab, send

LESSON = (START.format(handler="echo"), SHOW, FREE)
SCRIPT = Path(__file__).with_name("websocket.js").read_text(encoding="utf-8")
HOSTS = pytest.mark.parametrize("host", ["127.0.0.1", HUB], ids=["here", "carried"])

# One server for each way in which a connection ends; websocket.js goes through them.
ENDS = """
import asyncio, wslab
from wslab import faults
console = None

async def ends(ws):
    match ws.request.path:
        case "/bye": await ws.close(4001, "bye")
        case "/crash": raise ValueError
        case "/vanish": ws.transport.abort()
        case "/nonsense": ws.transport.write(b"\\x83\\x00"); await ws.wait_closed()
        case "/returns": return
        case _:
            async for message in ws: await ws.send(message)

async def choose(connection, request):
    if request.path == "/refused": return connection.respond(403, "no entry")

server = wslab.serve(ends, name="lesson", process_request=choose, max_size=None,
                     select_subprotocol=lambda ws, offered: "chat" if "chat" in offered else None)
"""


@pytest.fixture(autouse=True)
def _no_kernels_left(jupyter: Jupyter, lab: Tab) -> Iterator[None]:
    """These tests open tabs of their own."""
    lab.open("")
    yield
    jupyter.end_kernels()


def told(jupyter: Jupyter, new_tab: Callable[..., Tab], host: str) -> list[str]:
    """What a script says about its connections, in a page at that host."""
    path = jupyter.write("ends", ENDS, SHOW, FREE)
    tab = new_tab(f"http://{host}:{jupyter.port}/lab/tree/{path}?reset")
    tab.wait_for_kernel()
    tab.run_all()
    said = tab.run(
        2,
        f"""
await console.run({SCRIPT!r})
try:
    while (await console.event("log")).data != "done":
        pass
finally:
    print(*(event.data for event in console.log if event.type == "log"), sep="\\n")
""",
        seconds=RUN_SECONDS,
    )
    # What Chromium says to its own console about connections that it makes itself.
    tab.errors[:] = [error for error in tab.errors if not error.startswith("WebSocket ")]
    jupyter.end_kernels()
    return said.splitlines()


def test_carried_as_on_loopback(jupyter: Jupyter, new_tab: Callable[..., Tab]) -> None:
    """Events, codes, exceptions and data are those of the browser's own WebSocket, one by one."""
    here, carried = (told(jupyter, new_tab, host) for host in ("127.0.0.1", HUB))
    assert carried == here
    assert here[:3] == ["bye", "open", "close 4001 bye true 3"]
    assert here[-1] == "done"


@HOSTS
def test_the_console_at_any_page(host: str, jupyter: Jupyter, new_tab: Callable[..., Tab]) -> None:
    """The console is used in the same way; a page that is not on loopback says who carries it."""
    path = jupyter.write("hub", *LESSON)
    tab = new_tab(f"http://{host}:{jupyter.port}/lab/tree/{path}?reset")
    tab.wait_for_kernel()
    tab.run_all()
    console = tab.console
    log, status = console.get_by_role("log"), console.get_by_role("status")
    expect(status).to_have_text("OPEN")
    carried = (
        expect(console).to_contain_text if host == HUB else expect(console).not_to_contain_text
    )
    carried("carried by the notebook's channel")
    send(console, "text", "Grüße")
    expect(log).to_contain_text('message  "Grüße"')
    send(console, "hex bytes", "00 ff")
    expect(log).to_contain_text("message  Blob(2) 00 ff")
    console.get_by_label("binaryType").select_option("arraybuffer")
    send(console, "hex bytes", "00 ff")
    expect(log).to_contain_text("message  ArrayBuffer(2) 00 ff")
    origin = "print(dict(server.transcript[0].headers)['Origin'])"
    assert tab.run(2, origin) == f"http://{host}:{jupyter.port}\n"
    tab.run(2, "await console.close(4000, 'enough')")
    expect(log).to_contain_text('close  code=4000 reason="enough" wasClean=true')
    # A page that the user leaves says 1001, as the browser does by itself.
    tab.run(2, "await console.connect(); await console.event('open')")
    tab.evaluate("(panel) => panel.context.save()")
    tab.page.reload()
    tab.wait_for_kernel()
    gone = "server.transcript.wait(kind='close', sender='client', connection=2).close_code"
    assert tab.run(2, gone) == "1001"
    expect(status).to_have_text("OPEN")
    tab.evaluate("(panel) => panel.sessionContext.session.kernel.restart()")
    expect(status).to_have_text("CLOSED")
