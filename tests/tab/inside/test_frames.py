"""What threads are doing, of those that compute or sleep."""

import sys
import threading
import time
import traceback

from wslab._tab._parking import turn


def names(frame):
    """The functions that a thread is in, innermost first."""
    return [each.f_code.co_name for each, _ in traceback.walk_stack(frame)]


def test_a_thread_that_sleeps():
    """As sys._current_frames() tells of real ones, and no longer when it has ended."""

    def nap():
        time.sleep(0.05)

    thread = threading.Thread(target=nap)
    thread.start()
    turn()
    assert "nap" in names(sys._current_frames()[thread.ident])
    thread.join(5)
    assert thread.ident not in sys._current_frames()


def test_a_thread_that_computes():
    """Its turn was taken in the middle of something."""
    ended = []

    def compute():
        while not ended:
            pass

    thread = threading.Thread(target=compute)
    thread.start()
    turn()
    time.sleep(0.02)
    assert "compute" in names(sys._current_frames()[thread.ident])
    ended.append(True)
    thread.join(5)


def test_the_one_that_asks():
    """Its own frame is the real one."""
    assert sys._current_frames()[threading.get_ident()] is sys._getframe()
