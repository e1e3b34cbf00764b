"""Tests of wslab._loop: a loop on a thread, which starts whole or not at all, and always ends."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import gc
import inspect
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar, copy_context

import pytest

from wslab import _loop, _stubborn
from wslab._loop import LoopThread

pytestmark = pytest.mark.usefixtures("leaves_nothing", "quiet")

TIMEOUT = 5.0


interrupts = pytest.mark.skipif(
    sys.version_info < (3, 12) and sys.gettrace() is not None,
    reason="Python 3.11 with a trace function cannot interrupt a thread: see _stubborn.interrupt",
)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a tenth as long for what will not come."""
    monkeypatch.setattr(_loop, "NOTICE_TIMEOUT", 0.05)
    monkeypatch.setattr(_stubborn, "CLEAN_UP_TIMEOUT", 0.05)


class Lifespan:
    """An asynchronous context manager that tells how far it got, and runs code on its way."""

    def __init__(
        self,
        enter: Callable[[], object] = lambda: None,
        leave: Callable[[], object] = lambda: None,
    ) -> None:
        self.steps: list[str] = []
        self.entering = threading.Event()
        self._enter = enter
        self._leave = leave

    @contextlib.asynccontextmanager
    async def __call__(self) -> AsyncIterator[None]:
        self.loop = asyncio.get_running_loop()
        self.thread = threading.current_thread()
        self.entering.set()
        await self._step(self._enter)
        self.steps.append("entered")
        try:
            yield
        finally:
            await self._step(self._leave)
            self.steps.append("left")

    async def _step(self, function: Callable[[], object]) -> None:
        result = function()
        if inspect.isawaitable(result):
            await result

    def call(self, function: Callable[[], object]) -> object:
        """Call a function on the loop's thread; return what it returns."""

        async def call() -> object:
            return function()

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(TIMEOUT)


def interrupt_main_thread() -> None:
    """Do what a kernel does when the learner interrupts a cell."""
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


def test_starts_and_stops() -> None:
    """start() returns once the context manager is entered, stop() once it is left."""
    lifespan = Lifespan()
    thread = LoopThread("a name", lifespan)
    thread.start(timeout=TIMEOUT)
    assert (lifespan.steps, lifespan.thread.name, lifespan.thread.daemon) == (
        ["entered"],
        "a name",
        True,
    )
    assert thread.stop(timeout=TIMEOUT) is True
    assert lifespan.steps == ["entered", "left"]
    assert (lifespan.loop.is_closed(), lifespan.thread.is_alive()) == (True, False)


def test_stop_twice() -> None:
    """A second stop() finds the thread ended."""
    lifespan = Lifespan()
    thread = LoopThread("test", lifespan)
    thread.start(timeout=TIMEOUT)
    assert [thread.stop(timeout=TIMEOUT) for _ in range(2)] == [True, True]
    assert lifespan.steps == ["entered", "left"]


def test_context_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread does not inherit context variables: in one of them the kernel keeps its cell."""
    start = threading.Thread.start

    def start_with_context(thread: threading.Thread) -> None:  # as Python 3.14 can be told to
        monkeypatch.setattr(thread, "run", functools.partial(copy_context().run, thread.run))
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_with_context)
    variable: ContextVar[str] = ContextVar("variable", default="unset")
    seen: list[str] = []
    variable.set("the cell that starts the server")
    thread = LoopThread("test", Lifespan(lambda: seen.append(variable.get())))
    thread.start(timeout=TIMEOUT)
    thread.stop(timeout=TIMEOUT)
    assert seen == ["unset"]


@pytest.mark.parametrize("error", [OSError(98, "taken"), SystemExit(3), KeyboardInterrupt()])
def test_failure_is_raised_by_start(error: BaseException) -> None:
    """What entering raises comes out of start(), the very same exception, and nothing is left."""

    def fail() -> None:
        raise error

    lifespan = Lifespan(fail)
    with pytest.raises(type(error)) as caught:
        LoopThread("test", lifespan).start(timeout=TIMEOUT)
    assert caught.value is error
    assert (lifespan.loop.is_closed(), lifespan.thread.is_alive()) == (True, False)


def test_start_that_takes_too_long() -> None:
    """A start that exceeds its timeout is cancelled, and nothing is left."""
    lifespan = Lifespan(lambda: asyncio.Event().wait())
    with pytest.raises(TimeoutError):
        LoopThread("test", lifespan).start(timeout=0.05)
    assert (lifespan.loop.is_closed(), lifespan.thread.is_alive()) == (True, False)


def test_interrupted_start() -> None:
    """A start that the learner interrupts is cancelled at once, and nothing is left."""

    async def hang() -> None:
        interrupt_main_thread()
        await asyncio.Event().wait()

    lifespan = Lifespan(hang)
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        LoopThread("test", lifespan).start(timeout=60)
    assert (lifespan.loop.is_closed(), lifespan.thread.is_alive()) == (True, False)
    assert time.monotonic() - begun < TIMEOUT


def test_interrupted_while_the_thread_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt inside Thread.start() leaves a thread that ends by itself."""
    start = threading.Thread.start

    def start_interrupted(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    lifespan = Lifespan()
    thread = LoopThread("test", lifespan)
    monkeypatch.setattr(threading.Thread, "start", start_interrupted)
    with pytest.raises(KeyboardInterrupt):
        thread.start(timeout=TIMEOUT)
    # The fixture joins the thread; after that its loop must be closed.
    thread._thread.join(TIMEOUT)
    assert (thread._loop.is_closed(), thread._thread.is_alive()) == (True, False)


def test_no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system refuses another thread, the error is raised and the loop closed."""

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    thread = LoopThread("test", Lifespan())
    with pytest.raises(RuntimeError, match="can't start new thread"):
        thread.start(timeout=TIMEOUT)
    assert thread._loop.is_closed() is True


def test_stop_on_its_own_thread() -> None:
    """stop() on the loop's own thread would wait for itself: it says so instead."""
    lifespan = Lifespan()
    thread = LoopThread("test", lifespan)
    thread.start(timeout=TIMEOUT)
    assert (thread.is_current(), lifespan.call(thread.is_current)) == (False, True)
    with pytest.raises(RuntimeError, match=r"call stop\(\) in a cell, or await asyncio.to_thread"):
        lifespan.call(lambda: thread.stop(timeout=TIMEOUT))
    assert thread.stop(timeout=TIMEOUT) is True


def test_tasks_are_cancelled() -> None:
    """A task that is left when the context manager is left gets a CancelledError, then the end."""
    tasks: list[asyncio.Task[bool]] = []
    lifespan = Lifespan(lambda: tasks.append(asyncio.create_task(asyncio.Event().wait())))
    thread = LoopThread("test", lifespan)
    thread.start(timeout=TIMEOUT)
    assert thread.stop(timeout=TIMEOUT) is True
    assert tasks[0].cancelled() is True


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, ValueError])
def test_tasks_that_raise_when_cancelled(error: type[BaseException]) -> None:
    """Whatever a task raises when it is cancelled, the loop is closed and nothing printed."""

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise error

    tasks: list[asyncio.Task[None]] = []
    lifespan = Lifespan(lambda: tasks.append(asyncio.create_task(stubborn())))
    thread = LoopThread("test", lifespan)
    thread.start(timeout=TIMEOUT)
    assert (thread.stop(timeout=TIMEOUT), lifespan.loop.is_closed()) == (True, True)
    tasks.clear()


@pytest.mark.usefixtures("impatient")
def test_task_that_refuses_to_be_cancelled() -> None:
    """A task that swallows CancelledError holds stop() up for a moment, not for ever."""

    async def refuse() -> None:
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    async def refuse_and_await() -> None:
        try:
            await refuse()
        finally:
            async with asyncio.timeout(1):  # noqa: ASYNC100 (it needs a task)
                steps.append("its finally clause")

    steps: list[str] = []
    tasks: list[asyncio.Task[None]] = []
    lifespan = Lifespan(lambda: tasks.append(asyncio.create_task(refuse_and_await())))
    thread = LoopThread("test", lifespan)
    thread.start(timeout=TIMEOUT)
    assert (thread.stop(timeout=TIMEOUT), lifespan.loop.is_closed()) == (True, True)
    tasks.clear()
    assert steps == ["its finally clause"]


def test_asynchronous_generators_are_closed() -> None:
    """A generator that somebody left half-way gets to its finally clause."""
    steps: list[str] = []

    async def generate() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            steps.append("closed")

    generator = generate()
    thread = LoopThread("test", Lifespan(lambda: anext(generator)))
    thread.start(timeout=TIMEOUT)
    thread.stop(timeout=TIMEOUT)
    assert steps == ["closed"]


@pytest.mark.usefixtures("impatient")
def test_asynchronous_generator_that_refuses_to_be_closed() -> None:
    """A generator whose clean-up never ends holds stop() up for a moment, not for ever."""

    async def generate() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            while True:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()

    generator = generate()
    lifespan = Lifespan(lambda: anext(generator))
    thread = LoopThread("test", lifespan)
    thread.start(timeout=TIMEOUT)
    assert (thread.stop(timeout=TIMEOUT), lifespan.loop.is_closed()) == (True, True)


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_task_that_wants_to_end_the_process(error: type[BaseException]) -> None:
    """SystemExit and KeyboardInterrupt end the task that raises them, not the loop."""

    async def leave() -> None:
        raise error

    lifespan = Lifespan()
    thread = LoopThread("test", lifespan)
    thread.start(timeout=TIMEOUT)
    tasks: list[asyncio.Task[None]] = []
    lifespan.call(lambda: tasks.append(asyncio.create_task(leave())))
    assert lifespan.call(lambda: "still here") == "still here"
    # Retrieved, so that asyncio does not report it when the task is collected.
    assert (type(tasks[0].exception()), lifespan.steps) == (error, ["entered"])
    assert thread.stop(timeout=TIMEOUT) is True


def test_code_that_stops_the_loop() -> None:
    """A handler that calls ``loop.stop()``, as programs of old did, stops nothing."""
    lifespan = Lifespan()
    thread = LoopThread("test", lifespan)
    thread.start(timeout=TIMEOUT)
    lifespan.loop.call_soon_threadsafe(lifespan.loop.stop)
    assert thread.run(asyncio.sleep(0, "still here")) == "still here"
    assert (thread.stop(timeout=TIMEOUT), lifespan.steps) == (True, ["entered", "left"])


def test_code_that_cancels_all_tasks() -> None:
    """A handler that cancels every task of the loop ends its own server, and nothing is printed."""
    lifespan = Lifespan()
    thread = LoopThread("test", lifespan)
    thread.start(timeout=TIMEOUT)

    def cancel_all() -> None:
        for task in asyncio.all_tasks(lifespan.loop):
            task.cancel()

    lifespan.loop.call_soon_threadsafe(cancel_all)
    assert thread.join(TIMEOUT) is True
    assert (thread.stop(timeout=TIMEOUT), lifespan.steps) == (True, ["entered", "left"])


@interrupts
@pytest.mark.usefixtures("impatient")
def test_code_that_never_awaits_is_interrupted() -> None:
    """Code that holds the loop up gets a SystemExit; the context manager is left all the same."""
    spinning = threading.Event()
    caught: list[SystemExit] = []

    async def spin() -> None:
        try:
            while True:
                spinning.set()
        except SystemExit as exc:
            caught.append(exc)

    tasks: list[asyncio.Task[None]] = []
    lifespan = Lifespan(lambda: tasks.append(asyncio.create_task(spin())))
    thread = LoopThread("test", lifespan)
    thread.start(timeout=TIMEOUT)
    assert spinning.wait(TIMEOUT) is True
    assert thread.stop(timeout=TIMEOUT) is True
    assert [str(exc) for exc in caught] == [
        "stop() ended code that held up the event loop: it did not await"
    ]
    assert lifespan.steps == ["entered", "left"]


@pytest.mark.parametrize("traced", [False, True], ids=["", "traced"])
@pytest.mark.usefixtures("impatient")
def test_code_in_a_blocking_call_is_left_behind(traced: bool) -> None:
    """A call that cannot be interrupted outlives stop(), under a debugger as well; then it ends."""
    blocked, release = threading.Event(), threading.Event()

    async def block() -> None:
        blocked.set()
        release.wait(2 * TIMEOUT)

    tasks: list[asyncio.Task[None]] = []
    lifespan = Lifespan(lambda: tasks.append(asyncio.create_task(block())))
    thread = LoopThread("test", lifespan)
    thread.start(timeout=TIMEOUT)
    assert blocked.wait(TIMEOUT) is True
    trace = sys.gettrace()
    try:
        if traced:
            sys.settrace(lambda frame, event, argument: None)
        ended = thread.stop(timeout=0.05)
    finally:
        sys.settrace(trace)
        release.set()
    assert ended is False
    lifespan.thread.join(TIMEOUT)
    assert (lifespan.thread.is_alive(), lifespan.loop.is_closed()) == (False, True)


@interrupts
@pytest.mark.usefixtures("impatient")
def test_start_that_never_awaits_is_interrupted() -> None:
    """Code that never awaits while it starts is interrupted too when the start takes too long."""

    def spin() -> None:
        while True:
            pass

    lifespan = Lifespan(spin)
    with pytest.raises(TimeoutError):
        LoopThread("test", lifespan).start(timeout=0.05)
    # start() waits no longer than its timeout again; the fixture joins the thread.
    lifespan.thread.join(TIMEOUT)
    assert (lifespan.thread.is_alive(), lifespan.loop.is_closed()) == (False, True)


def test_stop_from_several_threads() -> None:
    """Concurrent stops all return once the thread has ended."""
    lifespan = Lifespan()
    thread = LoopThread("test", lifespan)
    thread.start(timeout=TIMEOUT)
    barrier = threading.Barrier(4)

    def stop() -> bool:
        barrier.wait(TIMEOUT)
        return thread.stop(timeout=TIMEOUT)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        stopped = [pool.submit(stop) for _ in range(4)]
    assert [future.result(TIMEOUT) for future in stopped] == [True] * 4
    assert lifespan.steps == ["entered", "left"]


def test_failure_while_leaving_is_not_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error while the context manager is left reaches threading.excepthook: it is a bug."""

    def fail() -> None:
        raise ValueError("a bug")

    reported: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: reported.append(args.exc_value))
    lifespan = Lifespan(leave=fail)
    thread = LoopThread("test", lifespan)
    thread.start(timeout=TIMEOUT)
    assert thread.stop(timeout=TIMEOUT) is True
    assert ([str(error) for error in reported], lifespan.loop.is_closed()) == (["a bug"], True)


def test_memory_is_freed() -> None:
    """Loop, thread and context manager die with the object."""
    lifespan = Lifespan()
    thread = LoopThread("test", lifespan)
    thread.start(timeout=TIMEOUT)
    thread.stop(timeout=TIMEOUT)
    references = [weakref.ref(thread), weakref.ref(lifespan), weakref.ref(lifespan.loop)]
    del thread, lifespan
    gc.collect()
    assert [reference() for reference in references] == [None, None, None]


@pytest.mark.slow
@pytest.mark.skipif(sys.version_info >= (3, 15), reason="there is no gevent yet")
def test_greenlets_instead_of_threads() -> None:
    """Under gevent the second loop cannot run: that is raised, and what mends it is said."""
    code = """
        import gevent.monkey, sys
        gevent.monkey.patch_all(**eval(sys.argv[1]))
        import wslab
        server = wslab.serve(wslab.handlers.echo)
        try:
            print(wslab.talk(server.url, "x"))
        except RuntimeError as exc:
            print(exc)
        server.stop()
        print(server)
    """
    for options, expected in (
        ({}, "an event loop runs on this new thread already.*patch_all\\(thread=False"),
        ({"thread": False, "select": False}, "\\['x'\\]"),
    ):
        command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code), repr(options)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.stderr == ""
        assert re.fullmatch(f"{expected}.*\n<BackgroundServer 'echo' stopped>\n", done.stdout)
