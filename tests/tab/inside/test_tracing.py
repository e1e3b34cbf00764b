"""Each line of a thread that swallows what is raised in it raises, until it has ended."""

import threading
import time

from wslab._stubborn import interrupt


def swallow(begun):
    """Go on after each exception, whichever it is."""
    while True:
        try:
            begun.set()
            while True:
                time.sleep(0.001)
        except BaseException:
            pass


def test_code_that_swallows_everything_ends():
    """As on a machine of one's own, where the trace function is one of C's."""
    begun = threading.Event()
    thread = threading.Thread(target=swallow, args=(begun,), daemon=True)
    thread.start()
    assert begun.wait(5)
    hook, threading.excepthook = threading.excepthook, lambda args: None
    try:
        assert interrupt(thread, timeout=10)
    finally:
        threading.excepthook = hook


def test_another_thread_in_the_same_code_goes_on():
    """Only the lines of the one raise."""
    begun = [threading.Event(), threading.Event()]
    threads = [threading.Thread(target=swallow, args=(each,), daemon=True) for each in begun]
    for thread, each in zip(threads, begun, strict=True):
        thread.start()
        assert each.wait(5)
    hook, threading.excepthook = threading.excepthook, lambda args: None
    try:
        assert interrupt(threads[0], timeout=10)
        time.sleep(0.05)
        assert threads[1].is_alive()
        assert interrupt(threads[1], timeout=10)
    finally:
        threading.excepthook = hook
