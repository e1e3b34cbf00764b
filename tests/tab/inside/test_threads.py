"""Threads: to start, to join, to raise in."""

import asyncio
import concurrent.futures
import contextvars
import ctypes
import queue
import threading
import time

import pytest

from wslab._tab import _threads


def test_a_thread_runs_and_ends():
    """With its name, and no longer among the living afterwards."""
    names = []
    thread = threading.Thread(
        target=lambda: names.append(threading.current_thread().name), name="x"
    )
    assert not thread.is_alive()
    thread.start()
    thread.join(5)
    assert names == ["x"]
    assert not thread.is_alive()
    assert thread not in threading.enumerate()


def test_join_takes_no_longer_than_it_may():
    """A thread that waits is still alive after a short join."""
    go = threading.Event()
    thread = threading.Thread(target=go.wait, args=(5,))
    thread.start()
    thread.join(0.02)
    assert thread.is_alive()
    go.set()
    thread.join(5)
    assert not thread.is_alive()


def test_a_thread_cannot_join_itself():
    """It would wait for ever."""
    with pytest.raises(RuntimeError, match="current thread"):
        threading.current_thread().join()


def test_an_exception_ends_a_thread_and_is_reported():
    """By threading's own hook."""
    told, hook = [], threading.excepthook
    threading.excepthook = lambda args: told.append(args.exc_type)
    try:
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join(5)
    finally:
        threading.excepthook = hook
    assert told == [ZeroDivisionError]


def test_contexts_and_exceptions_of_threads_are_their_own():
    """A context variable and the exception being handled survive others' turns."""
    variable = contextvars.ContextVar("variable", default=0)
    seen = []

    def run(number):
        variable.set(number)
        try:
            raise ValueError(number)
        except ValueError as exc:
            time.sleep(0.01)
            seen.append((variable.get(), exc.args[0]))

    threads = [threading.Thread(target=run, args=(number,)) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert sorted(seen) == [(1, 1), (2, 2), (3, 3)]
    assert variable.get() == 0


def test_locals_of_threads_are_their_own():
    """What one thread keeps in a threading.local, no other sees."""
    local = threading.local()
    local.number = 0
    seen = []

    def run(number):
        local.number = number
        time.sleep(0.01)
        seen.append(local.number == number)

    threads = [threading.Thread(target=run, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert seen == [True, True]
    assert local.number == 0


def test_pools_and_queues():
    """What is built upon threads runs as it is."""
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda number: number**2, range(10))) == [n**2 for n in range(10)]
    items = queue.Queue(1)
    thread = threading.Thread(target=lambda: [items.put(number) for number in range(5)])
    thread.start()
    assert [items.get(timeout=5) for _ in range(5)] == list(range(5))
    thread.join(5)


def test_each_thread_may_run_an_event_loop():
    """asyncio's own, beside the kernel's."""
    loops = []

    async def which():
        await asyncio.sleep(0.01)
        loops.append(asyncio.get_running_loop())

    def run():
        loop = asyncio.new_event_loop()
        loop.run_until_complete(which())
        loop.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(set(map(id, loops))) == 3


class _Ended(Exception):
    pass


def test_an_exception_raised_from_outside_ends_a_thread_that_computes():
    """By the function of C that LoopThread.stop() calls."""
    began, caught = threading.Event(), []

    def compute():
        began.set()
        try:
            while True:
                pass
        except _Ended as exc:
            caught.append(exc)

    thread = threading.Thread(target=compute)
    thread.start()
    assert began.wait(5)
    ident = ctypes.c_ulong(thread.ident)
    set_async_exc = ctypes.pythonapi.PyThreadState_SetAsyncExc
    assert set_async_exc(ident, ctypes.py_object(_Ended)) == 1
    thread.join(5)
    assert len(caught) == 1
    assert set_async_exc(ident, ctypes.py_object(_Ended)) == 0


def test_an_interrupt_ends_a_wait_of_the_main_thread():
    """KeyboardInterrupt, as from the button."""
    threading.Timer(0.05, _threads.interrupt_main).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        time.sleep(10)
    assert time.monotonic() - began < 5


def test_an_interrupt_ends_a_loop_of_the_main_thread():
    """The same, where it computes."""
    threading.Timer(0.05, _threads.interrupt_main).start()

    def compute():
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            pass

    with pytest.raises(KeyboardInterrupt):
        compute()
