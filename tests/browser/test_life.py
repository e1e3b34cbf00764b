"""What happens to a notebook: it is reloaded, restarted, interrupted, and has much to show."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Locator, expect

from .conftest import Jupyter, Tab, send


def test_reloading_the_page(lesson: Callable[..., Locator], lab: Tab) -> None:
    """A notebook that is opened again shows its console, connected anew; Python goes on with it."""
    lesson()
    lab.run(2, "replaced = console")
    lab.run(1)
    expect(lab.console.get_by_role("status")).to_have_text("OPEN")
    lab.evaluate("(panel) => panel.context.save()")
    lab.page.reload()
    lab.wait_for_app()
    lab.wait_for_kernel()
    expect(lab.console.get_by_role("status")).to_have_text("OPEN")
    send(lab.console, "text", "after")
    expect(lab.console.get_by_role("log")).to_contain_text('message  "after"')
    # The first page's connection has ended; its last words were for nobody.
    assert lab.run(2, "[event.type for event in console.log]") == "['open', 'open', 'message']"
    # A console that was shown once, and whose output is replaced, does not connect again.
    assert lab.run(2, "[event.type for event in replaced.log]") == "['open']"
    lab.run(2, "await console.send('from Python')")
    expect(lab.console.get_by_role("log")).to_contain_text('message  "from Python"')


def test_jupyterlab_asks_nothing(lesson: Callable[..., Locator], lab: Tab) -> None:
    """No question about news lies over the notebook: the extension that asks is not there."""
    lesson()
    has = "window.jupyterapp.hasPlugin('@jupyterlab/apputils-extension:{}')"
    assert lab.page.evaluate(has.format("notification")) is True
    assert lab.page.evaluate(has.format("announcements")) is False
    assert lab.page.locator(".Toastify__toast").count() == 0


def test_other_machines_are_noticed(
    lesson: Callable[..., Locator], lab: Tab, jupyter: Jupyter
) -> None:
    """What each test's end checks would see: a kernel or a page that asks for another machine."""
    lesson()
    assert jupyter.outside() == []
    lookup = "import socket\nsocket.getaddrinfo('wslab.test', 80)"
    assert lab.run(2, lookup).startswith("gaierror")
    assert jupyter.outside() == ["wslab.test"]
    jupyter.forget_hosts()
    lab.page.evaluate("fetch('http://wslab.test/').catch(() => null)")
    assert [error for error in lab.errors if "the page asked another machine: http://wsl" in error]
    lab.errors.clear()


def test_restarting_the_kernel(lesson: Callable[..., Locator], lab: Tab) -> None:
    """The console of a kernel that is gone says so, and its cell makes a new one."""
    console = lesson()
    lab.evaluate("(panel) => panel.sessionContext.session.kernel.restart()")
    expect(console).to_contain_text(
        "the kernel that made this console is gone: run the cells again"
    )
    expect(console.get_by_role("status")).to_have_text("CLOSED")
    lab.wait_for_kernel()
    assert lab.run(2, "console").startswith("NameError")
    console = lesson()
    send(console, "text", "again")
    expect(console.get_by_role("log")).to_contain_text('message  "again"')


def test_interrupting_an_idle_await(lesson: Callable[..., Locator], lab: Tab) -> None:
    """A cell that awaits what never comes ends soon after Interrupt; server and console go on."""
    console = lesson()
    lab.evaluate(
        """async (panel) => {
            window.started = new Promise((resolve) => {
                const seen = (_, message) => {
                    if (message.header.msg_type !== 'stream') return;
                    panel.sessionContext.iopubMessage.disconnect(seen);
                    resolve();
                };
                panel.sessionContext.iopubMessage.connect(seen);
            });
            panel.content.widgets[2].model.sharedModel.setSource(
                "import asyncio; print('waiting'); await asyncio.Event().wait()");
        }"""
    )
    lab.start(2)
    lab.evaluate("() => window.started")
    begin = time.monotonic()
    lab.evaluate(
        """async (panel) => {
            window.jupyterapp.commands.execute('notebook:interrupt-kernel');
            while (panel.content.widgets[2].model.executionCount === null)
                await new Promise((resolve) => setTimeout(resolve, 20));
        }"""
    )
    seconds = time.monotonic() - begin
    assert "waiting" in lab.text(2)
    assert "CancelledError" in lab.text(2) or "KeyboardInterrupt" in lab.text(2)
    assert seconds < 2
    send(console, "text", "still there")
    expect(console.get_by_role("log")).to_contain_text('message  "still there"')
    assert lab.run(2, "(await console.event('message')).data") == "'still there'"


def test_watching_a_thousand_frames_a_second(lab: Tab, jupyter: Jupyter) -> None:
    """Rows come while the cell runs, and the page stays responsive."""
    cells = (
        "import asyncio, time, wslab\nfrom websockets.asyncio.client import connect",
        "server = wslab.serve(wslab.handlers.echo)\nserver.watch()",
        "async with connect(server.url) as ws:\n"
        "    begin = time.monotonic()\n"
        "    for n in range(1500):\n"  # 3,000 frames in 3 s
        "        await ws.send(str(n))\n"
        "        await ws.recv()\n"
        "        await asyncio.sleep(begin + n / 500 - time.monotonic())\n",
    )
    lab.open(jupyter.write("watch", *cells))
    lab.run(0)
    lab.run(1)
    live = lab.page.locator(".wslab-live")
    rows = live.get_by_role("log").locator("> div")
    lab.start(2)
    expect(rows).not_to_have_count(0)
    running, longest = lab.evaluate(
        """async (panel) => {
            const cell = panel.content.widgets[2].model;
            const end = performance.now() + 2000;
            let last = performance.now(), longest = 0;
            while (performance.now() < end) {
                await new Promise((resolve) => setTimeout(resolve, 10));
                longest = Math.max(longest, performance.now() - last);
                last = performance.now();
            }
            return [cell.executionCount === null, longest];
        }"""
    )
    assert running, "the frames came faster than they should"
    assert longest < 500, f"the page did nothing else for {longest:.0f} ms"
    # Opening, 1500 messages both ways, and closing both ways.
    expect(live).to_contain_text("1499")
    expect(live.locator("header")).to_contain_text("3004 records")
    assert rows.count() == 500


def test_run_all_with_asyncio_run(lab: Tab, jupyter: Jupyter) -> None:
    """asyncio.run in a cell works with all cells queued, and none of those behind it is lost."""
    cells = (
        "import asyncio, wslab\nwslab.allow_asyncio_run()",
        "server = wslab.serve(wslab.handlers.echo)",
        "async def main():\n    return await asyncio.to_thread(wslab.talk, server.url, 'hello')",
        *["asyncio.run(main())"] * 3,
        "await main()",
        "asyncio.run(main()); 'last'",
    )
    lab.open(jupyter.write("asyncio", *cells))
    for _ in range(2):
        texts = [[o.data["text/plain"] for o in outputs] for outputs in lab.run_all()]
        assert texts == [[], [], [], *[["['hello']"]] * 4, ["'last'"]]
