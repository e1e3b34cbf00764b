"""Tests of wslab._patient: a handler that goes round on a closed connection comes to an end."""

# ruff: noqa: E722, SIM105

from __future__ import annotations

import asyncio
import contextlib
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

import wslab
from wslab import _stubborn
from wslab._patient import GOES_ROUND, IN_VAIN, PatientConnection

pytestmark = pytest.mark.usefixtures("leaves_nothing", "quiet", "impatient")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a tenth as long for what will not come."""
    monkeypatch.setattr(_stubborn, "CLEAN_UP_TIMEOUT", 0.05)


async def receive_fragments(ws: Any) -> None:
    async for _ in ws.recv_streaming():
        pass


async def iterate(ws: Any) -> None:
    async for _ in ws:
        pass


STEPS: dict[str, Callable[[Any], Any]] = {
    "recv": lambda ws: ws.recv(),
    "recv_streaming": receive_fragments,
    "iteration": iterate,
    "send": lambda ws: ws.send("x"),
    "ping": lambda ws: ws.ping(),
    "pong": lambda ws: ws.pong(),
}


def leave(handler: Callable[[ServerConnection], Any]) -> tuple[Any, int, str | None]:
    """Let a client come and leave; return the server, calls in vain, and what stop() warned of."""
    calls = 0

    async def count(ws: ServerConnection) -> None:
        def counted(name: str) -> Callable[..., Any]:
            method = getattr(PatientConnection, name)

            def call(*arguments: Any) -> Any:
                nonlocal calls
                calls += 1
                return method(ws, *arguments)

            return call

        await ws.wait_closed()
        for name in ("recv", "recv_streaming", "send", "ping", "pong"):
            setattr(ws, name, counted(name))
        await handler(ws)

    server = wslab.serve(count, name="test")
    with connect(server.url):
        pass
    server.transcript.wait(sender="server", kind="close")
    if handler.__name__ != "returns":
        server.transcript.wait(kind="error")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        server.stop(timeout=0.05)
    return server, calls, str(caught[0].message) if caught else None


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_handler_that_goes_round(step: Callable[[Any], Any]) -> None:
    """It is ended and recorded, whichever method it calls; the loop goes on."""

    async def goes_round(ws: ServerConnection) -> None:
        while True:
            try:
                await step(ws)
            except Exception:
                pass

    server, calls, _ = leave(goes_round)
    [error] = server.transcript.filter(kind="error")
    assert (error.type, error.message, calls) == ("HeldUpError", GOES_ROUND, IN_VAIN)
    assert "in goes_round" in error.traceback


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_handler_that_catches_that_as_well(step: Callable[[Any], Any]) -> None:
    """It waits for ever, is recorded once, and is left behind."""

    async def goes_round(ws: ServerConnection) -> None:
        while True:
            try:
                await step(ws)
            except:
                pass

    server, calls, _ = leave(goes_round)
    [error] = server.transcript.filter(kind="error")
    assert (error.type, error.message) == ("HeldUpError", GOES_ROUND)
    assert "in goes_round" in error.traceback
    assert 2 * IN_VAIN <= calls < 2 * IN_VAIN + 10


def test_a_handler_that_says_goodbye_in_vain() -> None:
    """Many calls in vain are nothing bad, neither all at once nor turn after turn of the loop."""

    async def returns(ws: ServerConnection) -> None:
        for _ in range(3):
            for _ in range(IN_VAIN - 1):
                with contextlib.suppress(ConnectionClosed):
                    await ws.send("bye")
            await asyncio.sleep(0)

    server, calls, warning = leave(returns)
    assert (len(server.transcript.filter(kind="error")), warning) == (0, None)
    assert calls == 3 * (IN_VAIN - 1)


def test_a_handler_that_cleans_up_when_it_is_ended() -> None:
    """What it does in ``finally`` is done."""
    steps: list[str] = []

    async def goes_round(ws: ServerConnection) -> None:
        try:
            while True:
                try:
                    await ws.recv()
                except Exception:
                    pass
        finally:
            with contextlib.suppress(ConnectionClosed):
                await ws.send("bye")
            steps.append("finally")

    leave(goes_round)
    assert steps == ["finally"]
