"""The interrupt button: it ends a cell that computes, waits or awaits, and the kernel goes on."""

from __future__ import annotations

import pytest

from .conftest import Tab

INTERRUPT = """
async ([code, milliseconds]) => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  const future = kernel.requestExecute({ code, allow_stdin: false });
  let raised = "";
  future.onIOPub = ({ header, content }) => {
    if (header.msg_type === "error") raised = content.ename;
    if (content.text?.includes("begun")) setTimeout(() => kernel.interrupt(), milliseconds);
  };
  const late = new Promise((resolve) => setTimeout(resolve, 30000, "not interrupted"));
  return await Promise.race([future.done.then(() => raised), late]);
}
"""
CELLS = {
    "computes": "print('begun')\nwhile True: pass",
    "waits": "import time\nprint('begun')\ntime.sleep(60)",
    "blocks": (
        "import wslab\nfrom websockets.sync.client import connect\n"
        "with connect(wslab.serve(wslab.handlers.echo).url) as ws:\n"
        "    print('begun')\n    ws.recv()"
    ),
    "awaits": "import asyncio\nprint('begun')\nawait asyncio.sleep(60)",
}


@pytest.mark.parametrize("what", CELLS)
def test_interrupt(tab: Tab, what: str) -> None:
    """Not after a minute, and the next cell runs."""
    tab.run("import wslab")
    raised = tab.page.evaluate(INTERRUPT, [CELLS[what], 200])
    assert raised.endswith(("KeyboardInterrupt'>", "CancelledError'>")), raised
    assert tab.run("6 * 7") == "42"


def test_interrupting_nothing(tab: Tab) -> None:
    """Where no cell runs, the next one is not ended."""
    tab.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()"
    )
    assert tab.run("6 * 7") == "42"


def test_a_handler_that_computes_for_ever(tab: Tab) -> None:
    """Other servers answer meanwhile, and stop() ends it: the way out."""
    shown = tab.run(
        "import wslab\n"
        "async def busy(ws):\n    await ws.send('begun')\n    while True: pass\n"
        "from websockets.sync.client import connect\n"
        "server = wslab.serve(busy)\n"
        "with connect(server.url) as ws:\n"
        "    print(ws.recv(timeout=20))\n"
        "    print(wslab.talk(wslab.serve(wslab.handlers.echo).url, 'hello', timeout=20))\n"
        "    server.stop()\n"
        "print(server.transcript.filter(kind='error')[0].type)"
    )
    begun, reply, *warning, error = shown.splitlines()
    assert [begun, reply, error] == ["begun", "['hello']", "HeldUpError"]
    assert "a handler held up its event loop and was ended" in "".join(warning)
