"""
A pytest plugin: the fixtures ``ws_server`` and ``ws_tap``, each for the length of a test.

``ws_server`` runs a WebSocket server, ``ws_tap`` a recorder in front of one that runs already.

They are there for every test where ``wslab`` is installed; a test uses them by naming them::

    def test_echo(ws_server):
        server = ws_server(wslab.handlers.echo)
        assert wslab.talk(server.url, "hello") == ["hello"]

    def test_our_service(ws_tap, service_url):
        tap = ws_tap(service_url)
        assert wslab.talk(tap.url, "hello") == ["hello"]
        assert tap.transcript.messages()[0].text == "hello"

The server is stopped when the test function has returned, before fixtures are torn down. If a
handler raised an exception that it should not have, the test fails, whatever its own assertions
said, unless it was skipped: the client of a broken handler often sees no more than a closed
connection. If the test function fails, its report shows what crossed the wire, and the traceback of
each handler that failed.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Awaitable, Callable, Generator, Iterator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from ._clock import perf_counter
from ._patient import GOES_ROUND
from .failures import printable_lines
from .render import printable
from .server import BackgroundServer, serve
from .service import ENDED
from .tap import Tap, tap
from .wire import HandlerError

__all__ = ["Servers", "Taps", "ws_server", "ws_tap"]

KEEP = 10_000
"""Records that a server keeps: an error should be there still when the test is over."""


class Servers:
    """
    What the fixture ``ws_server`` is: call it to start a server.

    >>> servers = Servers("example")
    >>> async def shout(ws):
    ...     async for message in ws:
    ...         await ws.send(message.upper())
    >>> server = servers(shout)
    >>> import wslab
    >>> wslab.talk(server.url, "hello")
    ['HELLO']
    >>> servers.stop()
    >>> servers.failures()
    []
    """

    def __init__(self, test: str) -> None:
        self._test = test
        self._started: list[tuple[BackgroundServer, bool]] = []
        self._told = 0  # how many of the exceptions failures() has described
        self._stopped: dict[BackgroundServer, float] = {}

    def __call__(
        self,
        handler: Callable[[ServerConnection], Awaitable[None]],
        *,
        allow_errors: bool = False,
        **options: Any,
    ) -> BackgroundServer:
        """
        Start a server; a test may start several.

        Args:
            handler: ``async def handler(ws)``.
            allow_errors: Do not fail the test if the handler raises; the exceptions are in
                ``server.transcript.filter(kind="error")``.
            options: Those of :func:`wslab.serve`.

        Raises:
            TypeError: ``handler`` is not an async function of one argument, or an option is
                unknown.
            OSError: The server could not listen.
        """
        # No other server is to be replaced, also if the handler is the same.
        name = f"{self._test}, server {len(self._started) + 1}"
        server = serve(handler, **{"name": name, "keep": KEEP, **options})
        self._started.append((server, allow_errors))
        return server

    def stop(self) -> None:
        """Stop all servers."""
        with warnings.catch_warnings():
            # That a handler had to be ended: it is among the failures.
            warnings.filterwarnings("ignore", f".*({ENDED}|{re.escape(GOES_ROUND)})")
            for server, _ in self._started:
                try:
                    server.stop()
                finally:
                    self._stopped.setdefault(server, perf_counter())

    def failures(self) -> list[str]:
        """Describe each exception of a handler that was not allowed, once."""
        found = [
            f"{_source(error, server)} raised {printable(error.type)}: "
            f"{printable(error.message)}\n\n{printable_lines(error.traceback)}"
            for server, allow_errors in self._started
            if not allow_errors
            for error in _errors(server)
            # That stop() could not end a handler has been told; when it ends is of no interest.
            if error.type != "HeldUpError" or error.time < self._stopped.get(server, math.inf)
        ]
        told, self._told = self._told, len(found)
        return found[told:]

    def sections(self) -> list[tuple[str, str]]:
        """Return what crossed the wire, as titles and texts."""
        return [
            (f"what crossed the wire of {_name(server)}", str(server.transcript))
            for server, _ in self._started
        ]


class Taps:
    """
    What the fixture ``ws_tap`` is: call it to start a tap.

    >>> taps = Taps("example")
    >>> import wslab
    >>> with wslab.serve(wslab.handlers.echo) as server:
    ...     tap = taps(server.url)
    ...     wslab.talk(tap.url, "hello")
    ['hello']
    >>> taps.stop()
    """

    def __init__(self, test: str) -> None:
        self._test = test
        self._started: list[tuple[Tap, str]] = []

    def __call__(self, url: str, **options: Any) -> Tap:
        """
        Start a tap; a test may start several.

        Args:
            url: Address of the server.
            options: Those of :func:`wslab.tap`.

        Raises:
            ValueError: ``url`` is no address of a server.
        """
        name = f"{self._test}, tap {len(self._started) + 1}"
        started = tap(url, **{"name": name, "keep": KEEP, **options})
        self._started.append((started, url))
        return started

    def stop(self) -> None:
        """Stop all taps."""
        for started, _ in self._started:
            started.stop()

    def sections(self) -> list[tuple[str, str]]:
        """Return what crossed the wire, as titles and texts."""
        return [
            (f"what crossed the wire of the tap of {url}", str(started.transcript))
            for started, url in self._started
        ]


_servers = pytest.StashKey[Servers]()
_taps = pytest.StashKey[Taps]()


@pytest.fixture
def ws_server(request: pytest.FixtureRequest) -> Iterator[Servers]:
    """Start a WebSocket server with ``ws_server(handler, …)``, for one test."""
    servers = request.node.stash[_servers] = Servers(request.node.nodeid)
    try:
        yield servers
    finally:
        servers.stop()
    # Those of a server that another fixture has started since the test was over.
    if failures := servers.failures():
        pytest.fail("\n\n".join(failures), pytrace=False)


@pytest.fixture
def ws_tap(request: pytest.FixtureRequest) -> Iterator[Taps]:
    """Record what crosses the wire of a server with ``ws_tap(url)``, for one test."""
    taps = request.node.stash[_taps] = Taps(request.node.nodeid)
    try:
        yield taps
    finally:
        taps.stop()


_raised = pytest.StashKey[list[str]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Stop the servers when the test is over; fail it if one of their handlers failed."""
    try:
        result = yield
    except BaseException:
        item.stash[_raised] = _failures(item)
        raise
    failures = item.stash[_raised] = _failures(item)
    if failures:
        pytest.fail("\n\n".join(failures), pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to the report of a failed test what handlers raised and what crossed the wire."""
    report = yield
    # Nothing is stopped here: a subtest has a report, too, while its test goes on.
    if report.when == "call" and report.failed:
        report.sections += [
            ("what a handler raised", failure)
            for failure in item.stash.get(_raised, [])
            if failure.strip() not in report.longreprtext
        ]
        if _servers in item.stash:
            report.sections += item.stash[_servers].sections()
        if _taps in item.stash:
            report.sections += item.stash[_taps].sections()
    return report


def _failures(item: pytest.Item) -> list[str]:
    """Stop all servers, so that their handlers have ended; describe what has not been yet."""
    servers, taps = item.stash.get(_servers, None), item.stash.get(_taps, None)
    if servers is not None:
        servers.stop()
    if taps is not None:  # after the servers, which say goodbye through them
        taps.stop()
    return [] if servers is None else servers.failures()


def _name(server: BackgroundServer) -> str:
    return f"handler {getattr(server.handler, '__name__', type(server.handler).__name__)!r}"


def _source(error: HandlerError, server: BackgroundServer) -> str:
    own = error.raised_by == "handler"
    return _name(server) if own else f"{error.raised_by} of the server of {_name(server)}"


def _errors(server: BackgroundServer) -> list[Any]:
    return list(server.transcript.filter(kind="error"))
