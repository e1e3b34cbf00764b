"""Waiting and waking, turns of the event loop, and which thread is running."""

import collections
import threading
import time

from wslab._tab import _parking
from wslab._tab._parking import MAIN, current, park, turn, wake


def test_a_timeout_ends_the_wait():
    """Nobody comes: the wait takes as long as was said."""
    began = time.monotonic()
    assert park(collections.deque(), 0.05) is False
    assert 0.04 < time.monotonic() - began < 1


def test_whoever_is_woken_was_in_time():
    """A thread wakes the one that waits, and leaves nobody in the queue."""
    waiters = collections.deque()
    threading.Timer(0.02, lambda: wake(waiters)).start()
    assert park(waiters, 5) is True
    assert not waiters


def test_the_first_that_came_is_woken_first():
    """Queues are fair."""
    waiters, order = collections.deque(), []

    def wait(name):
        park(waiters, 5)
        order.append(name)

    threads = [threading.Thread(target=wait, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
        turn()
    wake(waiters, 1)
    wake(waiters)
    for thread in threads:
        thread.join()
    assert order == ["a", "b", "c"]


def test_each_thread_knows_itself():
    """After waiting, too, when others have run meanwhile."""
    seen = []

    def note():
        mine = current()
        park(collections.deque(), 0.01)
        seen.append(mine == current() == threading.get_ident())

    threads = [threading.Thread(target=note) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 3
    assert current() == MAIN


def test_threads_that_wake_each_other_leave_turns_to_timers():
    """Two that play ping-pong do not keep a timer from firing."""
    mine, other, fired = collections.deque(), collections.deque(), threading.Event()
    ended = []

    def answer():
        while not ended:
            park(other, 1)
            wake(mine)

    thread = threading.Thread(target=answer)
    thread.start()
    threading.Timer(0.05, fired.set).start()
    deadline = time.monotonic() + 5
    while not fired.is_set():
        wake(other)
        park(mine, 0.01)
        assert time.monotonic() < deadline
    ended.append(True)
    wake(other)
    thread.join()


def test_nothing_stays_behind():
    """No timer is left of waits that ended early."""
    before = len(_parking._timed)
    waiters = collections.deque()
    threading.Timer(0.02, lambda: wake(waiters)).start()
    park(waiters, 60)
    assert len(_parking._timed) == before
