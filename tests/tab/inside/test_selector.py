"""The selector: which sockets are ready."""

import selectors
import socket
import threading
import time

from wslab._tab._selector import Selector


def test_what_is_ready():
    """For reading, for writing, for both."""
    assert selectors.DefaultSelector is Selector
    one, two = socket.socketpair()
    with Selector() as selector, one, two:
        selector.register(one, selectors.EVENT_READ, "data")
        assert selector.select(0) == []
        two.send(b"x")
        [(key, events)] = selector.select(5)
        assert (key.fileobj, key.data, events) == (one, "data", selectors.EVENT_READ)
        selector.modify(one, selectors.EVENT_READ | selectors.EVENT_WRITE)
        [(_, events)] = selector.select(5)
        assert events == selectors.EVENT_READ | selectors.EVENT_WRITE
        selector.unregister(one)
        assert selector.select(0) == []


def test_it_waits():
    """Until something happens, or for as long as it may."""
    one, two = socket.socketpair()
    with Selector() as selector, one, two:
        selector.register(one, selectors.EVENT_READ)
        began = time.monotonic()
        assert selector.select(0.02) == []
        assert 0.01 < time.monotonic() - began < 1
        threading.Timer(0.02, lambda: two.send(b"x")).start()
        assert len(selector.select(5)) == 1


def test_a_socket_that_is_closed_is_passed_over():
    """As epoll does it."""
    one, two = socket.socketpair()
    with Selector() as selector, two:
        selector.register(one, selectors.EVENT_READ)
        one.close()
        assert selector.select(0) == []
