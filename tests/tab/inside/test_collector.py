"""Garbage is collected, and never in the way that ends the interpreter."""

import gc
import threading
import time
import weakref

from wslab._tab import _collector


class _Node:
    def __init__(self):
        self.me = self


def test_cycles_go_when_there_are_many():
    """Without anybody calling the collector."""
    first = weakref.ref(_Node())
    nodes = [_Node() for _ in range(_collector.ALLOCATIONS + 1000)]
    del nodes
    time.sleep(0.01)  # waiting is when it is looked after
    assert first() is None


def test_collecting_while_many_are_suspended():
    """Of all generations, in each of many threads that wait in the middle of calls from C."""
    go = threading.Event()

    def wait(depth):
        if depth == 0:
            go.wait(5)
            return 0
        return max([depth], key=lambda one: wait(one - 1))

    threads = [threading.Thread(target=wait, args=(20,)) for _ in range(10)]
    for thread in threads:
        thread.start()
    time.sleep(0.02)
    for generation in (0, 1, 2, 0, 1, 2):
        gc.collect(generation)
    go.set()
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)


def test_the_automatic_one_stays_off():
    """Also where somebody switches it on; what they ask, they are told."""
    gc.enable()
    assert gc.isenabled()
    assert _collector.gc.get_threshold()[0] > 0
    before = gc.get_stats()[1]["collections"]
    [[] for _ in range(100_000)]
    assert gc.get_stats()[1]["collections"] == before
