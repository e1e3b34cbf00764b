"""Deep recursion raises, in cells and in threads, and the interpreter goes on."""

import asyncio
import functools
import json
import threading
import time

import msgspec
import pytest
from pyodide.ffi import run_sync


def _fails(function):
    with pytest.raises(RecursionError):
        function()


def _call(depth):
    return _call(depth + 1)


class _Endless:
    def __repr__(self):
        return repr([self])

    def __call__(self):
        return functools.partial(self)()

    def __getattr__(self, name):
        return getattr(self, name + "x")


DEEP = {
    "calls": lambda: _call(0),
    "calls by C": lambda: functools.partial(_Endless())(),
    "attributes": lambda: _Endless().a,
    "repr": lambda: repr(_Endless()),
    "JSON arrays": lambda: json.loads("[" * 100_000),
    "JSON objects": lambda: json.loads('{"a":' * 100_000),
    "JSON by msgspec": lambda: msgspec.json.decode("[" * 100_000),
}


@pytest.mark.parametrize("name", DEEP)
def test_it_raises(name):
    """What the course shows of it, and what learners do."""
    _fails(DEEP[name])


def test_it_raises_in_a_callback_of_the_event_loop():
    """Each is a call of Python of its own."""

    async def main():
        await asyncio.sleep(0)
        json.loads("[" * 100_000)

    _fails(lambda: run_sync(main()))


def test_it_raises_in_a_thread_and_after_waiting():
    """Each has a stack of its own."""
    raised = []

    def run():
        time.sleep(0.01)
        for function in DEEP.values():
            try:
                function()
            except RecursionError:
                raised.append(True)
            time.sleep(0.01)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(raised) == 3 * len(DEEP)


def test_it_raises_where_the_turn_is_taken_in_the_middle_of_it():
    """What goes on deep down may go no deeper than if it had never waited."""

    def waiting(depth):
        if depth % 20 == 0:
            time.sleep(0)
        return functools.partial(waiting)(depth + 1)

    for _ in range(3):
        _fails(lambda: waiting(1))
    thread = threading.Thread(target=_fails, args=[lambda: waiting(1)])
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
