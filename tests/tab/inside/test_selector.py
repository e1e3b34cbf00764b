"""The selector: which sockets are ready."""

import os
import selectors
import socket
import threading
import time

from wslab._tab._selector import Selector
from wslab._tab._sockets import end_of


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


def test_who_is_ready_first_comes_first():
    """And who stays ready comes behind the others the next time, as epoll has it."""
    pairs = [socket.socketpair() for _ in range(3)]
    with Selector() as selector:
        for name, (one, _) in zip("abc", pairs, strict=True):
            selector.register(one, selectors.EVENT_READ, name)

        def ready():
            return "".join(key.data for key, _ in selector.select(0))

        pairs[2][1].send(b"x")
        pairs[0][1].send(b"x")
        assert ready() == "ca"
        pairs[1][1].send(b"x")
        assert ready() == "cab"
        pairs[2][0].recv(1)
        pairs[2][1].send(b"x")
        assert ready() == "cab"  # nobody has looked while it was not ready
        pairs[2][0].recv(1)
        assert ready() == "ab"
        pairs[2][1].send(b"x")
        assert ready() == "abc"
    for one, two in pairs:
        one.close()
        two.close()


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


def test_nobody_is_told_of_a_selector_that_is_closed():
    """The socket may live on, and change."""
    one, two = socket.socketpair()
    with one, two:
        end = end_of(one.fileno())
        with Selector() as selector:
            selector.register(one, selectors.EVENT_READ)
            assert len(end.observers) == 1
        assert end.observers == set()
        two.send(b"x")


def test_a_socket_that_is_closed_is_passed_over():
    """As epoll does it."""
    one, two = socket.socketpair()
    with Selector() as selector, two:
        selector.register(one, selectors.EVENT_READ)
        one.close()
        assert selector.select(0) == []


def test_a_descriptor_that_becomes_another_socket_is_not_watched_for_its_old_one():
    """What dup2() puts in its place has nothing to read."""
    one, two = socket.socketpair()
    nothing = os.open(os.devnull, os.O_RDONLY)
    with Selector() as selector, one, two:
        selector.register(one, selectors.EVENT_READ)
        os.dup2(nothing, one.fileno())
        two.send(b"x")
        assert selector.select(0) == []
        selector.unregister(one)
    os.close(nothing)
