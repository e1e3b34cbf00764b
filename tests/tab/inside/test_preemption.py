"""A thread that computes keeps nobody else from running."""

import sys
import threading
import time

import js
from pyodide.ffi import create_proxy
from websockets.sync.client import connect

import wslab
from wslab._tab import _preemption


def test_others_run_while_one_computes():
    """As with CPython's switch interval."""
    ticks, ended = [], threading.Event()

    def tick():
        while not ended.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    deadline = time.monotonic() + 30
    while len(ticks) <= 5 and time.monotonic() < deadline:
        pass
    ended.set()
    thread.join(5)
    assert len(ticks) > 5


def test_a_handler_that_computes_for_ever_can_be_stopped():
    """Another server answers meanwhile, and stop() ends the handler."""

    async def busy(ws):
        await ws.send("now")
        while True:
            pass

    with wslab.serve(wslab.handlers.echo) as other:
        server = wslab.serve(busy)
        with connect(server.url) as ws:
            assert ws.recv(timeout=5) == "now"
            assert wslab.talk(other.url, "hello", timeout=10) == ["hello"]
            server.stop()
    [error] = server.transcript.filter(kind="error")
    assert error.type == "HeldUpError"


def test_this_package_is_never_interrupted():
    """Its functions are atomic, and so is what they call."""
    frame = sys._getframe()
    assert not _preemption._is_atomic(frame)
    assert _preemption._is_atomic(
        type(
            "Frame",
            (),
            {
                "f_code": _preemption.start.__code__,
                "f_back": None,
            },
        )
    )


def test_callbacks_of_javascript_are_not_interrupted():
    """Only what began as a thread or in the event loop can be suspended."""
    taken = []
    callback = create_proxy(lambda: taken.append(_compute()))
    js.setTimeout(callback, 0)
    time.sleep(0.1)
    assert len(taken) == 1
    callback.destroy()


def _compute():
    deadline = time.monotonic() + 0.03
    while time.monotonic() < deadline:
        pass
