"""Messages from the page: each once, one after the other, by whichever way is faster."""

import threading
import time

from wslab._tab._page import _Shortcut


class _Manager:
    """A comm manager whose comm waits before it has handled its first message."""

    def __init__(self):
        self.comms = {"comm": None}
        self.handled = []

    def comm_msg(self, stream, ident, message):
        number = message["header"]["msg_id"]
        if number == 0:
            time.sleep(0.03)  # as opening a connection waits for its thread
        self.handled.append((number, threading.get_ident()))


class _Event:
    def __init__(self, number, comm="comm"):
        self.data = self
        self.message = {"op": "comm", "header": {"msg_id": number}, "content": {"comm_id": comm}}

    def to_py(self):
        return self.message


def test_one_after_the_other_and_on_one_thread():
    """A message does not overtake the one before, which is still waiting."""
    manager = _Manager()
    shortcut = _Shortcut(manager)
    for number in range(5):
        shortcut.hear(_Event(number))
    time.sleep(0.1)
    assert [number for number, _ in manager.handled] == list(range(5))
    assert len({thread for _, thread in manager.handled}) == 1
    assert manager.handled[0][1] != threading.get_ident()


def test_each_once():
    """What came by the channel is not delivered again by Jupyter's queue."""
    manager = _Manager()
    shortcut = _Shortcut(manager)
    shortcut.hear(_Event(1))
    time.sleep(0.02)
    manager.comm_msg(None, None, _Event(1).message)
    manager.comm_msg(None, None, _Event(2).message)
    assert [number for number, _ in manager.handled] == [1, 2]


def test_other_kernels_messages_are_left_alone():
    """All kernels of the site hear the channel."""
    manager = _Manager()
    _Shortcut(manager).hear(_Event(1, comm="of another kernel"))
    time.sleep(0.02)
    assert manager.handled == []
