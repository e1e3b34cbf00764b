"""``wslab.browser_log``: a log of events that stays small, and tells what it dropped."""

from __future__ import annotations

import sys
import threading

import pytest

from wslab.browser_log import KEEP, BrowserEvent, BrowserLog


def message(data: str | bytes) -> BrowserEvent:
    return BrowserEvent("message", data, "string")


def test_a_log_is_a_sequence() -> None:
    """It is indexed, sliced, iterated and compared as a list is."""
    log = BrowserLog()
    events = [BrowserEvent("open"), message("a"), message("b")]
    for event in events:
        log.append(event)
    assert (len(log), log[0], log[-1], log[1:]) == (3, events[0], events[2], events[1:])
    assert list(log) == events
    assert list(reversed(log)) == events[::-1]
    assert log == events
    assert log != events[1:]
    assert log != tuple(events)
    assert repr(log) == repr(events)
    with pytest.raises(IndexError):
        log[3]


def test_the_oldest_are_dropped() -> None:
    """There are so many at most, and what was dropped is counted, by type as well."""
    log = BrowserLog(keep=2)
    for text in ("1", "2", "3"):
        log.append(message(text))
    log.append(BrowserEvent("open"))
    assert log == [message("3"), BrowserEvent("open")]
    assert (log.dropped, log.dropped_of("message"), log.dropped_of("open")) == (2, 2, 0)
    assert repr(log) == f"<2 earlier events dropped> [{message('3')}, <open>]"
    assert log.since(0) == [(2, message("3")), (3, BrowserEvent("open"))]
    assert log.since(3) == [(3, BrowserEvent("open"))]
    assert log.since(4) == []


@pytest.mark.parametrize("data", ["x" * 1000, b"x" * 1000])
def test_data_is_bounded(data: str | bytes) -> None:
    """All data together takes so much memory at most, but the last event is always there."""
    room = 3 * sys.getsizeof(data)
    log = BrowserLog(keep_bytes=room)
    for _ in range(5):
        log.append(message(data))
    assert (len(log), log.dropped) == (3, 2)
    log.append(message(data * 10))
    assert (len(log), log.dropped, log[0].data) == (1, 5, data * 10)
    for _ in range(4):
        log.append(message(data))
    assert (len(log), log.dropped) == (3, 7)


def test_traffic_without_end() -> None:
    """A hundred thousand events leave as many as are kept."""
    log = BrowserLog()
    for number in range(100_000):
        log.append(message(str(number)))
    assert (len(log), log.dropped) == (KEEP, 100_000 - KEEP)
    assert log[-1].data == "99999"


def test_reading_while_others_append() -> None:
    """Events arrive on threads of their own while a cell goes through them."""
    log = BrowserLog(keep=100)
    done = threading.Event()

    def append() -> None:
        for number in range(20_000):
            log.append(message(str(number)))
        done.set()

    thread = threading.Thread(target=append)
    thread.start()
    while not done.is_set():
        numbers = [int(str(event.data)) for event in log]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True
        for number, event in log.since(0):
            assert event.data == str(number)
    thread.join()
