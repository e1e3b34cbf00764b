"""Tests of wslab.pytest_plugin: pytest is run on tests that use its fixture."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

pytestmark = pytest.mark.usefixtures("leaves_nothing")

HEAD = """
import asyncio
import pytest
import wslab
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


async def echo(ws):
    async for message in ws:
        await ws.send(message)


async def broken(ws):
    async for message in ws:
        await ws.send(str(1 / int(message)))
"""


def run(pytester: pytest.Pytester, test: str, *arguments: str) -> pytest.RunResult:
    """Run pytest on one module; it finds the plugin as it is installed."""
    pytester.makepyfile(HEAD + test)
    return pytester.runpytest_inprocess(
        "-p", "no:nbval", "-p", "no:cacheprovider", "-W", "error",
        *arguments,
    )  # fmt: skip


def test_serves_and_records(pytester: pytest.Pytester) -> None:
    """A test gets a server, and its transcript; several servers do not replace each other."""
    result = run(
        pytester,
        """
def test_two(ws_server):
    one, two = ws_server(echo), ws_server(echo)
    assert one.url != two.url
    assert wslab.talk(one.url, "hello") == ["hello"]
    assert len(one.transcript.filter(kind="text")) == 2
    assert len(two.transcript) == 0


def test_options(ws_server):
    server = ws_server(echo, max_size=3, name="small")
    assert server.name == "small"
    with pytest.raises(ConnectionClosed):
        wslab.talk(server.url, "too long")
""",
    )
    result.assert_outcomes(passed=2)


def test_a_tap_records_and_reports(pytester: pytest.Pytester) -> None:
    """What crosses the wire of any server is recorded, and shown where the test fails."""
    result = run(
        pytester,
        """
taps = []

@pytest.fixture
def service():
    with wslab.serve(echo, name="a service") as server:
        yield server.url

def test_passes(service, ws_tap):
    taps.append(ws_tap(service))
    assert wslab.talk(taps[0].url, "hello") == ["hello"]
    assert [m.text for m in taps[0].transcript.messages()] == ["hello", "hello"]

def test_fails(service, ws_tap):
    first, second = ws_tap(service), ws_tap(service)
    wslab.talk(second.url, "hello")
    taps.append(first)
    assert False

def test_they_are_stopped():
    assert [repr(tap)[-9:] for tap in taps] == [" stopped>"] * 2

def test_of_a_server_that_is_double(ws_server, ws_tap):
    tap = ws_tap(ws_server(echo).url)
    with connect(tap.url) as ws:
        ws.send("hello")
        ws.recv()
        taps.append(tap)
        taps.append(ws)

def test_the_server_said_goodbye():
    assert taps[-2].transcript.filter(kind="close")[0].close_code == 1000
""",
    )
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- what crossed the wire of the tap of ws://127.0.0.1:* -*",
            "*- what crossed the wire of the tap of ws://127.0.0.1:* -*",
            "As the tap saw it:",
            "*TEXT       'hello'  5 bytes",
        ]
    )


def test_servers_are_stopped(pytester: pytest.Pytester) -> None:
    """After a test that passed, and after one that failed."""
    result = run(
        pytester,
        """
servers = []

def test_passes(ws_server):
    servers.append(ws_server(echo))

def test_fails(ws_server):
    servers.append(ws_server(echo))
    assert False

def test_they_are_stopped():
    assert [repr(server).split()[-1] for server in servers] == ["stopped>", "stopped>"]
""",
    )
    result.assert_outcomes(passed=2, failed=1)


def test_handler_error_fails_the_test(pytester: pytest.Pytester) -> None:
    """Also if the test's own assertions hold; the report has the traceback and the wire."""
    result = run(
        pytester,
        """
def test_looks_well(ws_server):
    server = ws_server(broken)
    with connect(server.url) as ws:
        ws.send("0")
        server.transcript.wait(sender="client", kind="close")
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "handler 'broken' raised ZeroDivisionError: division by zero",
            "*await ws.send(str(1 / int(message)))",
            "*what crossed the wire of handler 'broken'*",
            "*client → server  TEXT *'0'*",
            "*CLOSE *1011*",
        ]
    )


def test_handler_error_beside_a_failure_of_the_test(pytester: pytest.Pytester) -> None:
    """The handler's traceback stands below the client's error, which is often its consequence."""
    result = run(
        pytester,
        """
def test_client(ws_server):
    wslab.talk(ws_server(broken).url, "0")


def test_meant(ws_server):
    wslab.talk(ws_server(broken, allow_errors=True).url, "1", "0")
""",
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "E *ConnectionClosedError: *",
            "*what a handler raised*",
            "handler 'broken' raised ZeroDivisionError: division by zero",
            "*await ws.send(str(1 / int(message)))",
            "*what crossed the wire of handler 'broken'*",
            "*test_meant*",
        ]
    )
    assert result.stdout.str().count("handler 'broken' raised ZeroDivisionError") == 1


def test_handler_error_after_the_test(pytester: pytest.Pytester) -> None:
    """In a server of another fixture, while that cleans up; one that is skipped has no error."""
    result = run(
        pytester,
        """
@pytest.fixture
def late(ws_server):
    yield
    with pytest.raises(ConnectionClosed):
        wslab.talk(ws_server(broken).url, "0")


def test_late(late):
    pass


def test_skipped(ws_server):
    with pytest.raises(ConnectionClosed):
        wslab.talk(ws_server(broken).url, "0")
    pytest.skip("later")
""",
    )
    result.assert_outcomes(passed=1, errors=1, skipped=1)
    result.stdout.fnmatch_lines(["handler 'broken' raised ZeroDivisionError: division by zero"])


def test_error_that_quotes_the_client(pytester: pytest.Pytester) -> None:
    """What a message holds does not reach the terminal: it is escaped, and cut."""
    result = run(
        pytester,
        """
async def quotes(ws):
    raise ValueError(await ws.recv())

def test_quotes(ws_server):
    server = ws_server(quotes, max_size=None)
    with pytest.raises(ConnectionClosed):
        wslab.talk(server.url, "\\x1b[31m \\x07 \\r \\0 \\u202e " + "x" * 10_000_000)
""",
        "--color=no",
    )
    result.assert_outcomes(failed=1)
    report = "\n".join(result.outlines)
    assert r"raised ValueError: \x1b[31m \x07 \r \x00 \u202e xxx" in report
    assert report.replace("\n", "").isprintable() is True
    assert len(report) < 100_000


def test_callback_of_the_handshake_that_fails(pytester: pytest.Pytester) -> None:
    """It is not the handler that is to blame."""
    result = run(
        pytester,
        """
def test_old_api(ws_server):
    server = ws_server(echo, process_request=lambda ws, request: (403, [], b"no"))
    with pytest.raises(Exception, match="500"):
        wslab.talk(server.url, "x")
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["process_request of the server of handler 'echo' raised TypeError: *not tuple"]
    )


def test_handler_that_goes_round(pytester: pytest.Pytester) -> None:
    """It fails the test, says why, and the session goes on and ends."""
    result = run(
        pytester,
        """
async def goes_round(ws):
    while True:
        try:
            await ws.send(await ws.recv())
        except Exception:
            pass

def test_goes_round(ws_server):
    server = ws_server(goes_round)
    with connect(server.url) as ws:
        ws.send("x")
        assert ws.recv() == "x"

def test_is_stopped_while_it_goes_round(ws_server):
    test_goes_round.ws = connect(ws_server(goes_round).url).__enter__()

def test_next(ws_server):
    assert wslab.talk(ws_server(echo).url, "hello") == ["hello"]
""",
    )
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        ["handler 'goes_round' raised HeldUpError: the handler goes on for ever after its*"] * 2
    )


@pytest.mark.slow
def test_handler_that_blocks_its_loop(pytester: pytest.Pytester) -> None:
    """The warning about it is an error here: it fails this test, and the session goes on."""
    result = run(
        pytester,
        """
import threading

release = threading.Event()

async def blocks(ws):
    release.wait(60)

def test_fails_itself(handler_has_ended, ws_server):
    with connect(ws_server(blocks).url, close_timeout=0.1):
        pass
    assert 1 == 2

@pytest.fixture
def handler_has_ended(ws_server):
    yield
    release.set()  # stop() has given up
    for thread in threading.enumerate():
        if thread.name.startswith("wslab server"):
            thread.join(10)

def test_next(ws_server):
    assert wslab.talk(ws_server(echo).url, "hello") == ["hello"]
""",
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*assert 1 == 2*", "*holds up its event loop*"])


def test_subtests(pytester: pytest.Pytester) -> None:
    """The server goes on until the whole test is over, and what its handler raised is kept."""
    result = run(
        pytester,
        """
def test_works(ws_server, subtests):
    server = ws_server(echo)
    for text in ("a", "b"):
        with subtests.test():
            assert wslab.talk(server.url, text) == [text]

def test_breaks(ws_server, subtests):
    server = ws_server(broken)
    for text in ("0", "0"):
        with subtests.test(), pytest.raises(ConnectionClosed):
            wslab.talk(server.url, text)
""",
    )
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["handler 'broken' raised ZeroDivisionError: division by zero"])


def test_unittest(pytester: pytest.Pytester) -> None:
    """A TestCase that fails by itself shows the handler's traceback, too."""
    result = run(
        pytester,
        """
import unittest

class TestClient(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def servers(self, ws_server):
        self.ws_server = ws_server

    def test_fails(self):
        with self.assertRaises(ConnectionClosed):
            wslab.talk(self.ws_server(broken).url, "0")
        self.assertEqual(1, 2)
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*AssertionError: 1 != 2",
            "*what a handler raised*",
            "handler 'broken' raised ZeroDivisionError: division by zero",
        ]
    )


def test_handler_error_that_is_meant(pytester: pytest.Pytester) -> None:
    """The test looks at it itself."""
    result = run(
        pytester,
        """
def test_error(ws_server):
    server = ws_server(broken, allow_errors=True)
    with pytest.raises(ConnectionClosed):
        wslab.talk(server.url, "0")
    [error] = server.transcript.filter(kind="error")
    assert error.type == "ZeroDivisionError"
""",
    )
    result.assert_outcomes(passed=1)


def test_failed_test_shows_the_wire(pytester: pytest.Pytester) -> None:
    """What was sent is below the failed assertion; a test without a server shows nothing."""
    result = run(
        pytester,
        """
def test_with(ws_server):
    assert wslab.talk(ws_server(echo).url, "hello") == ["HELLO"]

def test_without():
    assert False
""",
    )
    result.assert_outcomes(failed=2)
    titles = [line for line in result.outlines if "what crossed the wire" in line]
    assert len(titles) == 1
    result.stdout.fnmatch_lines(["*what crossed the wire of handler 'echo'*", "*TEXT*'hello'*"])


def test_client_that_leaves_is_no_error(pytester: pytest.Pytester) -> None:
    """A handler ends by ConnectionClosed whenever its client goes: nothing is wrong with that."""
    result = run(
        pytester,
        """
def test_leaves(ws_server):
    async def waits(ws):
        while True:
            await ws.recv()

    server = ws_server(waits)
    with connect(server.url) as ws:
        ws.close(4000)
    server.transcript.wait(kind="close", sender="client")
""",
    )
    result.assert_outcomes(passed=1)


def test_asynchronous_test(pytester: pytest.Pytester) -> None:
    """The server has a loop of its own, so a test may await: here with the plugin of anyio."""
    result = run(
        pytester,
        """
from websockets.asyncio.client import connect as connect_async

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
async def test_async(ws_server):
    async with asyncio.timeout(5), connect_async(ws_server(echo).url) as ws:
        await ws.send("hello")
        assert await ws.recv() == "hello"
""",
    )
    result.assert_outcomes(passed=1)


def test_other_fixtures_use_it(pytester: pytest.Pytester) -> None:
    """A fixture of the project's own is the usual way."""
    result = run(
        pytester,
        """
@pytest.fixture
def url(ws_server):
    return ws_server(broken).url

def test_url(url):
    assert wslab.talk(url, "2") == ["0.5"]

def test_bad(url):
    with pytest.raises(ConnectionClosed):
        wslab.talk(url, "zero")
""",
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["handler 'broken' raised ValueError: *"])


def test_bad_handler(pytester: pytest.Pytester) -> None:
    """The sentence is that of wslab.serve."""
    result = run(pytester, "\ndef test_bad(ws_server):\n    ws_server(print)\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the handler must be an async function*"])


@pytest.mark.slow
def test_installed_plugin(tmp_path: Path) -> None:
    """Where wslab is installed pytest finds the fixture by itself, with xdist too."""
    (tmp_path / "test_it.py").write_text(
        HEAD + "\ndef test_echo(ws_server):\n"
        "    assert wslab.talk(ws_server(echo).url, 'hello') == ['hello']\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:nbval", "-p", "no:cacheprovider"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    for options in (["-W", "error"], ["-n", "1"], ["--import-mode=importlib"]):
        result = subprocess.run(
            [*command, *options], cwd=tmp_path, env=environment, capture_output=True, text=True,
            timeout=60,
        )  # fmt: skip
        assert "1 passed" in result.stdout, f"{options}: {result.stdout}{result.stderr}"
