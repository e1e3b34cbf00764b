"""Tests of wslab.kernel, and of servers inside a real kernel: interrupts, restarts, Run All."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import KERNEL_TIMEOUT, Kernel, Result
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from wslab import kernel as kernel_module
from wslab.kernel import NEST_ASYNCIO_ALONE, allow_asyncio_run, wake_on_signals

TIMEOUT = 20.0
PROMPTLY = 2.0  # "about a second", and what a busy machine adds


# wake_on_signals


@pytest.fixture
def wake_up() -> Iterator[Callable[[], int]]:
    """Return the wake-up descriptor; afterwards there is none, and no socket is left."""

    def descriptor() -> int:
        found = signal.set_wakeup_fd(-1)
        if found != -1:
            signal.set_wakeup_fd(found, warn_on_full_buffer=False)
        return found

    assert descriptor() == -1
    yield descriptor
    signal.set_wakeup_fd(-1)
    while kernel_module._kept:
        kernel_module._kept.pop().close()


@pytest.fixture
def in_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look like the inside of a kernel."""
    shell = types.SimpleNamespace(kernel=object())
    fake = types.SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", fake)  # type: ignore[arg-type]


@contextlib.contextmanager
def no_reader_left() -> Iterator[None]:
    """Close what the loop watches, for a loop that ends as a kernel's never does."""
    loop = asyncio.get_running_loop()
    readers: list[socket.socket] = []
    add_reader = loop.add_reader

    def add(reader: Any, callback: Any) -> None:
        readers.append(reader)
        add_reader(reader, callback)

    loop.add_reader = add  # type: ignore[method-assign]
    yield
    for reader in readers:
        loop.remove_reader(reader)
        reader.close()


@pytest.mark.usefixtures("leaves_nothing", "in_kernel")
def test_signals_wake_the_loop_up(wake_up: Callable[[], int]) -> None:
    """A signal whose handler cancels a task is noticed by a loop that sleeps."""

    async def main() -> float:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        with no_reader_left():
            wake_on_signals()
            first = wake_up()
            wake_on_signals()  # a second time: there is one already
            assert (wake_up(), first > -1) == (first, True)
            signal.signal(signal.SIGUSR1, lambda *_: task.cancel())
            begun = time.monotonic()
            main_thread = threading.main_thread().ident or 0
            loop.call_soon(
                threading.Timer(0.1, signal.pthread_kill, (main_thread, signal.SIGUSR1)).start
            )
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(TIMEOUT)
            seconds = time.monotonic() - begun
            await asyncio.sleep(0)  # the loop reads what woke it up
            return seconds

    before = signal.getsignal(signal.SIGUSR1)
    try:
        assert asyncio.run(main()) < PROMPTLY
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.usefixtures("leaves_nothing", "in_kernel")
def test_a_wake_up_descriptor_of_somebody_else_is_kept(wake_up: Callable[[], int]) -> None:
    """Where there is a wake-up descriptor already, it stays."""

    async def main() -> None:
        wake_on_signals()

    ours, other = socket.socketpair()
    with ours, other:
        other.setblocking(False)
        signal.set_wakeup_fd(other.fileno())
        asyncio.run(main())
        assert wake_up() == other.fileno()


@pytest.mark.usefixtures("leaves_nothing", "in_kernel")
def test_nothing_to_wake_up(wake_up: Callable[[], int]) -> None:
    """On another thread, and where no loop runs, nothing is changed."""

    async def main() -> None:
        wake_on_signals()

    wake_on_signals()
    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    thread.join(TIMEOUT)
    assert wake_up() == -1


@pytest.mark.usefixtures("leaves_nothing")
@pytest.mark.parametrize("shell", [None, types.SimpleNamespace()])
def test_outside_of_a_kernel(
    shell: object, wake_up: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a script, and in IPython's terminal, nothing is changed."""

    async def main() -> None:
        wake_on_signals()

    asyncio.run(main())
    fake = types.SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", fake)  # type: ignore[arg-type]
    asyncio.run(main())
    monkeypatch.delitem(sys.modules, "IPython")
    asyncio.run(main())
    assert wake_up() == -1


# allow_asyncio_run


@pytest.mark.parametrize("missing", ["nest_asyncio", "nest_asyncio2"])
def test_missing_packages(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the packages, the error says what to install, and nothing is patched."""
    monkeypatch.setitem(sys.modules, missing, None)  # type: ignore[arg-type]
    message = rf"{missing} is not installed; run: pip install nest-asyncio nest-asyncio2"
    with pytest.raises(ModuleNotFoundError, match=message) as caught:
        allow_asyncio_run()
    assert (caught.value.name, hasattr(asyncio, "_nest_patched")) == (missing, False)


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the packages that were applied: not really, for it could not be undone."""
    names: list[str] = []
    for name in ("nest_asyncio", "nest_asyncio2"):
        fake = types.SimpleNamespace(apply=lambda loop, name=name: names.append(name))
        monkeypatch.setitem(sys.modules, name, fake)  # type: ignore[arg-type]
    return names


def test_order_of_the_packages(applied: list[str]) -> None:
    """nest_asyncio2 comes first: what it has patched, nest_asyncio leaves alone."""
    allow_asyncio_run()
    assert applied == ["nest_asyncio2", "nest_asyncio"]


def test_after_a_bare_nest_asyncio(applied: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nest_asyncio came alone, it is too late, and the error says so."""
    monkeypatch.setattr(asyncio, "_nest_patched", True, raising=False)
    with pytest.raises(RuntimeError, match=r"restart the kernel, then call wslab\.allow"):
        allow_asyncio_run()
    assert applied == []
    monkeypatch.setattr(asyncio, "_nest_asyncio2", object(), raising=False)
    allow_asyncio_run()
    assert applied == ["nest_asyncio2", "nest_asyncio"]


NESTED = """
    import asyncio, nest_asyncio, wslab

    async def nested():
        await asyncio.sleep(0.001)
        return asyncio.run(asyncio.sleep(0, "nested"))
"""


def run_script(code: str) -> list[str]:
    """Run a program in which a warning is an error; return the lines that it prints."""
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(NESTED) + textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=KERNEL_TIMEOUT)
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout.splitlines()


@pytest.mark.slow
def test_in_a_script() -> None:
    """Without a kernel it does the same, also when nest_asyncio.apply() follows."""
    printed = run_script("""
        wslab.allow_asyncio_run()
        print(asyncio.run(nested()))
        with wslab.serve(wslab.handlers.echo) as server:
            print(wslab.talk(server.url, "x"))
        print(asyncio.run(nested()))
    """)
    assert printed == ["nested", "['x']", "nested"]


@pytest.mark.slow
def test_nest_asyncio_alone() -> None:
    """On Python 3.14 no timeout works then: what to do is said, and what runs can be stopped."""
    printed = run_script("""
        import warnings
        server = wslab.serve(wslab.handlers.echo)
        print(wslab.talk(server.url, "x"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nest_asyncio.apply()
        echo = wslab.handlers.echo
        for function in (lambda: wslab.talk(server.url, "x"), lambda: wslab.serve(echo)):
            try:
                print(function())
            except RuntimeError as exc:
                print(exc)
        server.stop()
        print(server)
    """)
    assert [printed[0], printed[-1]] == ["['x']", "<BackgroundServer 'echo' stopped>"]
    if sys.version_info >= (3, 14):
        assert printed[1:-1] == [NEST_ASYNCIO_ALONE] * 2
    else:
        assert printed[1:-1] == ["['x']", "<BackgroundServer 'echo' running>"]


# A real kernel


@pytest.fixture
def fresh_kernel(tmp_path: Path) -> Iterator[Kernel]:
    """A kernel for one test."""
    kernel = Kernel(tmp_path)
    yield kernel
    kernel.close()


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel for all tests that leave it as it was, with what they need imported."""
    kernel = Kernel(tmp_path_factory.mktemp("kernel"))
    imports = """
        import asyncio, threading, wslab
        from websockets.asyncio.client import connect as connect_async
        from websockets.sync.client import connect

        async def silent(ws):
            await ws.wait_closed()
    """
    assert kernel.run(imports) == Result()
    yield kernel
    stderr = kernel.own_stderr()
    kernel.close()
    assert stderr == ""


def listens(port: int) -> bool:
    """Whether anything accepts TCP connections on a port of 127.0.0.1."""
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("cell", "error"),
    [
        ("with connect(server.url) as ws: ws.recv()", "KeyboardInterrupt"),
        ("with connect(server.url) as ws: [message for message in ws]", "KeyboardInterrupt"),
        ("wslab.talk(server.url, replies=1, timeout=60)", "KeyboardInterrupt"),
        ("server.transcript.wait(kind='text', timeout=60)", "KeyboardInterrupt"),
        ("ws = await connect_async(server.url); await ws.recv()", "CancelledError"),
        ("async with connect_async(server.url) as ws: await ws.recv()", "CancelledError"),
        ("await asyncio.to_thread(server.transcript.wait, kind='text')", "CancelledError"),
    ],
)
def test_interrupt(cell: str, error: str, kernel: Kernel) -> None:
    """Interrupting a cell that waits ends it within about a second; the server serves on."""
    assert kernel.run("server = wslab.serve(silent)") == Result()
    # Printed once the cell, whatever it is, has been waiting for a moment.
    tell = "threading.Timer(0.2, print, ['waiting']).start()\n"
    waiting = kernel.send(tell + cell)
    assert kernel.collect(waiting, until="waiting") == [Result("waiting\n")]
    begun = time.monotonic()
    kernel.manager.interrupt_kernel()
    [result] = kernel.collect(waiting)
    assert time.monotonic() - begun < PROMPTLY
    assert result.error.partition(":")[0] == error
    assert kernel.run("with connect(server.url): print('still here')") == Result("still here\n")
    assert kernel.run("server.stop()") == Result()


@pytest.mark.kernel
def test_clients_of_both_kinds(kernel: Kernel) -> None:
    """A cell may talk to the server with the synchronous and with the asynchronous client."""
    cell = """
        async with wslab.serve(wslab.handlers.echo) as server:
            async with connect_async(server.url) as one:
                with connect(server.url) as two:
                    two.send("sync")
                    print(two.recv())
                await one.send("async")
                print(await one.recv())
            print(len({record.connection for record in server.transcript}))
    """
    assert kernel.run(cell).stdout == "sync\nasync\n2\n"


@pytest.mark.kernel
def test_stop_while_a_client_cannot_answer(kernel: Kernel) -> None:
    """stop() is bounded where the client lives on the loop it blocks; async with lets it answer."""
    start = "server = wslab.serve(silent); ws = await connect_async(server.url)"
    assert kernel.run(start) == Result()
    blocking = kernel.run("server.stop(timeout=0.1); print(server.transcript[-1].kind)")
    assert (blocking.stdout, blocking.seconds < PROMPTLY) == ("lost\n", True)
    cell = """
        async with wslab.serve(silent) as server:
            ws = await connect_async(server.url)
        await ws.wait_closed()
        print(ws.close_code, server.transcript[-1].kind)
    """
    assert kernel.run(cell).stdout == "1001 close\n"


@pytest.mark.kernel
def test_rerunning_the_cell(kernel: Kernel) -> None:
    """Ten runs of the start cell leave one thread, and one server on the same port."""
    cell = "server = wslab.serve(silent); print(server.url, threading.active_count())"
    runs = [kernel.run(cell).stdout for _ in range(10)]
    assert runs[1:] == [runs[0]] * 9
    assert kernel.run("server.stop()") == Result()


@pytest.mark.kernel
def test_print_in_a_handler(kernel: Kernel) -> None:
    """A handler's print goes to the cell that runs, not to the one that once started the server."""
    started = kernel.send("""
        async def chatty(ws):
            print("a client is here")
            await ws.send("welcome")

        server = wslab.serve(chatty)
    """)
    assert kernel.collect(started) == [Result()]
    assert kernel.run("wslab.talk(server.url, replies=1)") == Result(
        stdout="a client is here\n", value="['welcome']"
    )
    assert kernel.results[started] == Result()
    assert kernel.run("server.stop()") == Result()


@pytest.mark.kernel
def test_a_handler_that_fails(kernel: Kernel) -> None:
    """What a handler raises is shown by no cell but the one that looks at the transcript."""
    started = kernel.send("""
        async def fails(ws):
            asyncio.create_task(fails_too(ws))
            await ws.recv()
            raise ValueError("a bug")

        async def fails_too(ws):
            raise KeyError("another")

        server = wslab.serve(fails)
    """)
    assert kernel.collect(started) == [Result()]
    cell = """
        with connect(server.url) as ws:
            ws.send("x")
            try:
                ws.recv()
            except Exception as exc:
                print(exc)
        import gc; _ = gc.collect()
        server.transcript.wait(kind="error", count=2)
        print(sorted(error.type for error in server.transcript.filter(kind="error")))
        server.stop()
    """
    assert kernel.run(cell) == Result(
        "received 1011 (internal error); then sent 1011 (internal error)\n"
        "['KeyError', 'ValueError']\n"
    )
    assert kernel.results[started] == Result()


@pytest.mark.kernel
def test_subshell(kernel: Kernel) -> None:
    """A subshell starts, uses and stops servers while the main shell waits, and may go away."""
    subshell = kernel.control("create_subshell_request")["subshell_id"]
    start = "server = wslab.serve(wslab.handlers.echo)\nwslab.talk(server.url, 'x')"
    assert kernel.run(start, subshell) == Result(value="['x']")
    # The main shell waits for a message that the subshell sends. Printed, because the kernel mixes
    # up the values of two cells that end at the same time.
    waiting = kernel.send("print(server.transcript.wait(kind='text', count=3).text)")
    sending = kernel.send("print(wslab.talk(server.url, 'y'))", subshell)
    assert kernel.collect(waiting, sending) == [Result("y\n"), Result("['y']\n")]
    cell = "async with connect_async(server.url) as ws: await ws.send('z'); print(await ws.recv())"
    assert kernel.run(cell, subshell) == Result("z\n")
    kernel.control("delete_subshell_request", subshell_id=subshell)
    assert kernel.run("wslab.talk(server.url, 'main')") == Result(value="['main']")
    assert kernel.run("server.stop()") == Result()


@pytest.mark.kernel
@pytest.mark.parametrize("ending", ["restart", "shutdown"])
@pytest.mark.usefixtures("children_in_usual_mode")
def test_end_of_the_kernel(ending: str, fresh_kernel: Kernel) -> None:
    """A kernel with live servers ends in good time, says goodbye to clients, leaves no port."""
    cell = """
        import time, wslab
        from websockets.sync.client import connect

        async def silent(ws):
            await ws.wait_closed()

        async def blocks(ws):
            await ws.send("blocking now")
            time.sleep(60)

        ports = [wslab.serve(silent).port, wslab.serve(blocks).port]
        ws = connect(f"ws://127.0.0.1:{ports[1]}").__enter__()
        _ = ws.recv()
        print(*ports)
    """
    silent, blocks = (int(port) for port in fresh_kernel.run(cell).stdout.split())
    fresh_kernel.manager.shutdown_wait_time = TIMEOUT  # after that it kills the kernel
    with connect(f"ws://127.0.0.1:{silent}") as ws:
        begun = time.monotonic()
        if ending == "restart":
            fresh_kernel.manager.restart_kernel(now=False)
        else:
            fresh_kernel.manager.shutdown_kernel(now=False)
        assert time.monotonic() - begun < TIMEOUT / 2
        with contextlib.suppress(ConnectionClosed):
            ws.recv(timeout=TIMEOUT)
        assert ws.close_code == 1001
    assert [listens(port) for port in (silent, blocks)] == [False, False]
    if ending == "restart":
        fresh_kernel.client.wait_for_ready(timeout=TIMEOUT)
        assert fresh_kernel.run("print('anew')") == Result("anew\n")
    assert fresh_kernel.own_stderr() == ""


RUN_ALL = [
    (
        """
        import asyncio, wslab
        from websockets.asyncio.client import connect
        server = wslab.serve(wslab.handlers.echo, name="before")
        ws = await connect(server.url)
        """,
        "",
    ),
    ("wslab.allow_asyncio_run()", ""),
    (
        """
        async def main():
            async with connect(server.url) as ws:
                await ws.send("nested")
                await asyncio.sleep(0.2)  # so that the cells behind this one are queued by now
                return await ws.recv()

        asyncio.run(main())
        """,
        "'nested'",
    ),
    ("await asyncio.sleep(0.01, 'awaited')", "'awaited'"),
    ("await ws.send('opened before'); await ws.recv()", "'opened before'"),
    ("asyncio.run(main())", "'nested'"),
    ("wslab.allow_asyncio_run()", ""),
    ("after = wslab.serve(wslab.handlers.echo); wslab.talk(after.url, 'x')", "['x']"),
    (
        """
        async def twice():
            async with wslab.serve(wslab.handlers.echo, name="inside") as inside:
                return await asyncio.to_thread(wslab.talk, inside.url, "y")

        asyncio.run(twice()), await twice()
        """,
        "(['y'], ['y'])",
    ),
    ("before = wslab.serve(wslab.handlers.echo, name='before'); before is not server", "True"),
    ("wslab.talk(before.url, '1', '2')", "['1', '2']"),
    ("before.stop(), after.stop(), server.stop()", "(None, None, None)"),
    ("len(server.transcript.filter(kind='error'))", "0"),
]


@pytest.mark.kernel
@pytest.mark.usefixtures("children_in_usual_mode")
def test_run_all_with_asyncio_run(fresh_kernel: Kernel) -> None:
    """With all cells queued at once, asyncio.run() loses none, and no server is disturbed."""
    cells = [fresh_kernel.send(code) for code, _ in RUN_ALL]
    results = fresh_kernel.collect(*cells)
    assert results == [Result(value=value) for _, value in RUN_ALL]
    assert fresh_kernel.own_stderr() == ""
    # Interrupting still works, nested or not.
    for cell, error in (
        ("asyncio.run(asyncio.sleep(60))", "KeyboardInterrupt"),
        ("await asyncio.sleep(60)", "CancelledError"),
    ):
        tell = "import threading; threading.Timer(0.2, print, ['waiting']).start()\n"
        waiting = fresh_kernel.send(tell + cell)
        fresh_kernel.collect(waiting, until="waiting")
        begun = time.monotonic()
        fresh_kernel.manager.interrupt_kernel()
        assert fresh_kernel.collect(waiting)[0].error == error
        assert time.monotonic() - begun < PROMPTLY


@pytest.mark.kernel
def test_a_bare_nest_asyncio_in_a_kernel(fresh_kernel: Kernel) -> None:
    """After nest_asyncio alone, allow_asyncio_run() tells what to do; so does serve() on 3.14."""
    assert fresh_kernel.run("import nest_asyncio, wslab; nest_asyncio.apply()").error == ""
    told = f"RuntimeError: {NEST_ASYNCIO_ALONE}"
    assert fresh_kernel.run("wslab.allow_asyncio_run()").error == told
    cell = "with wslab.serve(wslab.handlers.echo) as server: print(wslab.talk(server.url, 'x'))"
    result = fresh_kernel.run(cell)
    if sys.version_info >= (3, 14):
        assert (result.stdout, result.error) == ("", told)
    else:
        assert result == Result("['x']\n")
