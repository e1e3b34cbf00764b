"""Tests of wslab._stubborn: whatever code does, it comes to an end."""

# ruff: noqa: E722, SIM105

from __future__ import annotations

import asyncio
import contextlib
import gc
import queue
import sys
import threading
import time
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from conftest import TIMEOUT, until

import wslab
from wslab import _stubborn
from wslab._stubborn import (
    HeldUpError,
    end_tasks,
    holds_up,
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


def catch_everything_in_the_handler() -> None:
    while True:
        try:
            catch_everything_in_calls()
        except:
            try:
                catch_everything_around_sleep()
            except:
                pass


def catch_everything_around_locks() -> None:
    items: queue.Queue[int] = queue.Queue()
    while True:
        try:
            items.put(1)
            items.get()
        except:
            pass


@interrupts
@pytest.mark.parametrize(
    "function",
    [
        spin,
        catch_exception,
        catch_everything,
        catch_everything_in_calls,
        catch_everything_around_sleep,
        catch_everything_in_the_handler,
        catch_everything_around_locks,
        begin_again,
        begin_again_in_finally,
    ],
)
def test_interrupt(function: Callable[[], None], started: Started) -> None:
    """A thread that computes for ever is ended, whatever it catches."""
    thread = started(function)
    assert interrupt(thread, timeout=TIMEOUT) is True
    assert not thread.is_alive()


@interrupts
def test_interrupt_leaves_no_lock_taken(started: Started) -> None:
    """A library that has just taken a lock gets to its block, which frees it: nobody hangs."""
    for _ in range(10):
        assert interrupt(started(catch_everything_around_locks), timeout=TIMEOUT) is True


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


def test_holds_up(started: Started) -> None:
    """Code of others does, that of websockets and ours does not, however long it takes."""
    done = threading.Event()

    def wait() -> None:
        done.wait(TIMEOUT)

    thread = started(wait)
    assert holds_up(thread) is True
    done.set()
    thread.join(TIMEOUT)
    assert holds_up(thread) is False
    with wslab.serve(wslab.handlers.echo) as server:
        assert server._thread is not None
        assert holds_up(server._thread._thread) is False
