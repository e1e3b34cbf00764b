"""Tests of wslab._stubborn: whatever code does, it comes to an end."""

# ruff: noqa: E722, SIM105

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import threading
import time
import traceback
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from conftest import TIMEOUT, until
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

import wslab
from wslab import _stubborn
from wslab._stubborn import (
    GOES_ROUND,
    IN_VAIN,
    HeldUpError,
    PatientConnection,
    end_tasks,
    interrupt,
    never_collect,
)

pytestmark = pytest.mark.usefixtures("leaves_nothing", "quiet", "impatient")

Started = Callable[[Callable[[], None]], threading.Thread]

interrupts = pytest.mark.skipif(
    sys.version_info < (3, 12) and sys.gettrace() is not None,
    reason="Python 3.11 with a trace function cannot interrupt a thread: see interrupt()",
)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a tenth as long for what will not come."""
    monkeypatch.setattr(_stubborn, "CLEAN_UP_TIMEOUT", 0.05)


# Threads


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., threading.Thread]]:
    """Start a function on a thread, which ends without a word when the function is ended."""

    def start(function: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=function, daemon=True)
        thread.start()
        until(lambda: function.__code__ in codes(thread), "the function")
        return thread

    def codes(thread: threading.Thread) -> set[Any]:
        frame = sys._current_frames().get(thread.ident or 0)
        return {caller.f_code for caller, _ in traceback.walk_stack(frame)}

    raised: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: raised.append(args.exc_type))
    yield start
    assert all(issubclass(error, HeldUpError) for error in raised)


def spin() -> None:
    while True:
        pass


def catch_exception() -> None:
    while True:
        try:
            int("x")
        except Exception:
            pass


def catch_everything() -> None:
    while True:
        try:
            int("x")
        except:
            pass


def catch_everything_in_calls() -> None:
    while True:
        try:
            catch_everything()
        except:
            pass


def catch_everything_around_sleep() -> None:
    while True:
        try:
            time.sleep(0.005)
        except:
            pass


def begin_again() -> None:
    try:
        spin()
    finally:
        spin()


def begin_again_in_finally() -> None:
    try:
        catch_everything()
    finally:
        catch_everything()


@interrupts
@pytest.mark.parametrize(
    "function",
    [
        spin,
        catch_exception,
        catch_everything,
        catch_everything_in_calls,
        catch_everything_around_sleep,
        begin_again_in_finally,
    ],
)
def test_interrupt(function: Callable[[], None], started: Started) -> None:
    """A thread that computes for ever is ended, whatever it catches."""
    thread = started(function)
    assert interrupt(thread, timeout=TIMEOUT) is True
    assert thread.is_alive() is False


@interrupts
def test_interrupt_for_something_else(started: Started) -> None:
    """It goes on until what it is for is reached, and then leaves the thread alone."""
    thread = started(spin_once)
    assert interrupt(thread, timeout=TIMEOUT, ended=reached.wait) is True
    go_on.set()
    thread.join(TIMEOUT)
    assert went_on.is_set() is True


reached, go_on, went_on = threading.Event(), threading.Event(), threading.Event()


def spin_once() -> None:
    while not reached.is_set():
        try:
            while True:
                pass
        except SystemExit:
            reached.set()
    go_on.wait(TIMEOUT)
    went_on.set()


@interrupts
def test_interrupt_in_a_call_of_c(started: Started) -> None:
    """What cannot be interrupted is not waited for, and is ended when it returns."""

    def block() -> None:
        lock.acquire()
        steps.append("went on")

    steps: list[str] = []
    lock = threading.Lock()
    with lock:
        thread = started(block)
        assert interrupt(thread, timeout=0.2) is False
    thread.join(TIMEOUT)
    assert (steps, thread.is_alive()) == ([], False)


def test_interrupt_a_thread_that_has_ended() -> None:
    """Its number may be another thread's by now: nothing is raised anywhere."""
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    assert interrupt(thread, timeout=TIMEOUT) is True


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there is no sys.monitoring")
def test_interrupt_where_no_tool_is_free(started: Started) -> None:
    """Where debuggers and profilers have all there is, an easy case is ended all the same."""
    monitoring = sys.monitoring
    taken = [tool for tool in range(6) if monitoring.get_tool(tool) is None]
    for tool in taken:
        monitoring.use_tool_id(tool, "test")
    try:
        assert interrupt(started(begin_again), timeout=TIMEOUT) is True
    finally:
        for tool in taken:
            monitoring.free_tool_id(tool)


# Tasks


def run_and_end(*coroutines: Any) -> None:
    """Run tasks for a turn of a loop, end them, close the loop."""

    async def main() -> None:
        tasks.extend(asyncio.create_task(coroutine) for coroutine in coroutines)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    tasks: list[asyncio.Task[Any]] = []
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda loop, context: None)
    try:
        loop.run_until_complete(main())
        loop.run_until_complete(end_tasks())
    finally:
        loop.close()
        tasks.clear()


async def swallow(function: Callable[[], Any]) -> None:
    """Catch everything, around an ``await``."""
    while True:
        try:
            await function()
        except:
            pass


async def pass_on(steps: list[str], coroutine: Any) -> None:
    try:
        await coroutine
    finally:
        steps.append("finally")


def test_tasks_are_ended_in_good_order() -> None:
    """A task gets a CancelledError and cleans up."""
    steps: list[str] = []
    run_and_end(pass_on(steps, asyncio.sleep(TIMEOUT)))
    assert steps == ["finally"]


@pytest.mark.parametrize("wrapped", [False, True], ids=["", "wrapped"])
def test_tasks_that_swallow_everything_never_run_again(wrapped: bool) -> None:
    """Neither here nor in the garbage collector, where they would spin; others clean up."""
    steps: list[str] = []

    async def sleep() -> None:
        steps.append("sleep")
        await asyncio.sleep(0.001)

    task = swallow(sleep)
    run_and_end(pass_on(steps, task) if wrapped else task)
    assert steps.count("finally") == wrapped
    steps.clear()
    del task
    gc.collect()
    assert steps == []


def test_asynchronous_generators_are_closed() -> None:
    """Those that refuse are not waited for."""
    steps: list[str] = []

    async def generate(refuse: bool) -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            steps.append("closed")
            while refuse:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()

    async def begin(generator: AsyncIterator[int]) -> None:
        await anext(generator)

    one, two = generate(False), generate(True)
    run_and_end(begin(one), begin(two))
    assert steps == ["closed", "closed"]


def test_never_collect() -> None:
    """Only what is suspended is kept: what has ended or not begun does no harm."""

    async def run() -> None:
        await asyncio.sleep(0)

    suspended, ended, new = run(), run(), run()
    suspended.send(None)
    ended.close()
    for coroutine in (suspended, ended, new, object()):
        never_collect(coroutine)
    counts = [sys.getrefcount(coroutine) for coroutine in (suspended, ended, new)]
    assert counts[0] > counts[1] == counts[2]
    new.close()


# Connections


async def receive(ws: Any) -> None:
    await ws.recv()


async def receive_fragments(ws: Any) -> None:
    async for _ in ws.recv_streaming():
        pass


async def iterate(ws: Any) -> None:
    async for _ in ws:
        pass


async def send(ws: Any) -> None:
    await ws.send("x")


async def ping(ws: Any) -> None:
    await ws.ping()


async def pong(ws: Any) -> None:
    await ws.pong()


STEPS = [receive, receive_fragments, iterate, send, ping, pong]


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


@pytest.mark.parametrize("step", STEPS)
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


@pytest.mark.parametrize("step", STEPS)
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
