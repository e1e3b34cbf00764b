"""The lock, and what threading makes of it."""

import threading
import time

import pytest

from wslab._tab._locks import Lock


def test_only_one_has_it():
    """The second one waits until the first gives it back."""
    lock, order = Lock(), []

    def second():
        with lock:
            order.append("second")

    with lock:
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.01)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_without_waiting_and_with_a_timeout():
    """Who does not wait gets an answer at once; a timeout ends the wait."""
    lock = Lock()
    assert lock.acquire()
    assert lock.acquire(blocking=False) is False
    began = time.monotonic()
    assert lock.acquire(timeout=0.05) is False
    assert 0.04 < time.monotonic() - began < 1
    lock.release()
    assert not lock.locked()


def test_misuse_is_told():
    """As by the lock in C."""
    with pytest.raises(RuntimeError, match="release unlocked lock"):
        Lock().release()
    with pytest.raises(ValueError, match="non-blocking"):
        Lock().acquire(False, 1)
    with pytest.raises(ValueError, match="non-negative"):
        Lock().acquire(timeout=-2)


def test_threading_is_made_of_it():
    """Locks of other kinds, conditions, semaphores and barriers come from threading itself."""
    assert threading.Lock is Lock
    reentrant = threading.RLock()
    with reentrant, reentrant:
        pass
    barrier, met = threading.Barrier(3), []
    threads = [threading.Thread(target=lambda: met.append(barrier.wait(5))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(met) == [0, 1, 2]
    semaphore = threading.Semaphore(0)
    threading.Timer(0.01, semaphore.release).start()
    assert semaphore.acquire(timeout=5)
