"""
Where the rest of this package goes in the standard library.
"""

from __future__ import annotations

import _thread
import asyncio
import collections
import concurrent.futures.thread
import ctypes
import importlib
import os
import queue
import selectors
import signal
import socket
import sys
import threading
import time
import types
from asyncio import selector_events
from typing import Any

from . import _sockets, _threads, _tracing
from ._frames import current_frames, left
from ._locks import Lock
from ._parking import Waiters, current, park
from ._selector import Selector

__all__ = ["install"]


def install() -> None:
    """Replace what needs an operating system."""
    _install_threads()
    _install_sockets()
    clock: Any = time
    clock.sleep = _sleep
    signal.set_wakeup_fd = lambda *args, **options: 1  # there is one: so nobody sets another
    # asyncio.run() works in a cell by itself.
    for name in ("nest_asyncio", "nest_asyncio2"):
        module: Any = types.ModuleType(name, "In a browser tab asyncio.run() works without it.")
        module.apply = lambda loop=None: None
        sys.modules[name] = module


def _install_threads() -> None:
    for module in (_thread, threading):
        names: Any = module
        names.get_ident = current
        names._allocate_lock = names.allocate_lock = names.Lock = Lock
        names.start_joinable_thread = names._start_joinable_thread = _threads.start_joinable_thread
        names._ThreadHandle = _threads.ThreadHandle
    system: Any = sys
    system._current_frames = current_frames
    thread: Any = _thread
    thread.start_new_thread = thread.start_new = _threads.start_new_thread
    threads: Any = threading
    threads._CRLock = None  # the one in Python is made of Lock
    # The one in C is by state of the interpreter, of which a call of Python may have several.
    threads.local = importlib.import_module("_threading_local").local
    modules: Any = queue
    modules.SimpleQueue = modules._PySimpleQueue
    futures: Any = concurrent.futures.thread
    futures._global_shutdown_lock = Lock()
    python: Any = ctypes.pythonapi
    python.PyThreadState_SetAsyncExc = _set_async_exc
    python.PyEval_SetTrace = _tracing.set_trace


def _install_sockets() -> None:
    names: Any = socket
    names.socket = names.SocketType = _sockets.Socket
    names.socketpair = _sockets.socketpair
    names.getaddrinfo = _sockets.getaddrinfo
    # Options that asyncio sets and Emscripten does not name; the numbers are those of Linux.
    for name, number in {"SO_REUSEADDR": 2, "SO_REUSEPORT": 15, "IPV6_V6ONLY": 26}.items():
        if not hasattr(socket, name):
            setattr(socket, name, number)
    select: Any = selectors
    select.DefaultSelector = Selector
    asyncio.new_event_loop = lambda: asyncio.SelectorEventLoop(Selector())
    transport: Any = selector_events._SelectorTransport  # type: ignore[attr-defined]
    transport.abort = _abort
    os.dup2 = _dup2


def _sleep(seconds: float) -> None:
    """Let others run for so many seconds; see :func:`time.sleep`."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    nobody: Waiters = collections.deque()
    deadline = time.monotonic() + seconds
    with left(sys._getframe(1)):
        while True:
            park(nobody, max(0.0, deadline - time.monotonic()))
            if time.monotonic() >= deadline:
                return


def _set_async_exc(ident: Any, exception: Any) -> int:
    return _threads.raise_in(ident.value, exception.value if exception else None)


def _abort(transport: Any) -> None:
    """Break a connection off; see :meth:`asyncio.WriteTransport.abort`."""
    # CPython forgets that one has ended which was closed with data left to send. A network that
    # holds less than Linux's meets that sooner.
    if transport._loop is not None:
        transport._force_close(None)


_native_dup2 = os.dup2


def _dup2(fd: int, fd2: int, inheritable: bool = True) -> int:
    if _sockets.replace_descriptor(fd, fd2):
        return fd2
    return _native_dup2(fd, fd2, inheritable)
