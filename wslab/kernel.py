"""
What a Jupyter kernel needs so that asynchronous cells behave.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import signal
import socket
import sys
import threading
import warnings

__all__ = ["NEST_ASYNCIO_ALONE", "allow_asyncio_run", "wake_on_signals"]

NEST_ASYNCIO_ALONE = (
    "nest_asyncio.apply() was called before and cannot be undone; restart the kernel, then call "
    "wslab.allow_asyncio_run() instead"
)


def allow_asyncio_run() -> None:
    """
    Make ``asyncio.run()`` work in a cell, where the kernel's event loop is already running.

    A notebook does not need it: a cell may ``await`` at its top level. It is for code copied from
    a script. The usual recipe, ``nest_asyncio.apply()`` alone, makes ipykernel 7 lose the cells
    that are queued behind the one that runs; this applies the maintained ``nest_asyncio2`` first,
    which leaves ``nest_asyncio.apply()`` nothing to break.

    Limits: ``asyncio.run(loop_factory=…)`` has no effect on the loop used, and tasks that ``main``
    leaves behind go on running, because they run on the kernel's loop.

    Raises:
        ModuleNotFoundError: The packages are not installed; the message says how to.
        RuntimeError: ``nest_asyncio.apply()`` alone came first.

    >>> allow_asyncio_run()  # doctest: +SKIP
    >>> asyncio.run(asyncio.sleep(0, "done"))  # doctest: +SKIP
    'done'
    """
    try:
        nest_asyncio2 = importlib.import_module("nest_asyncio2")
        nest_asyncio = importlib.import_module("nest_asyncio")
    except ModuleNotFoundError as exc:
        raise ModuleNotFoundError(
            f"{exc.name} is not installed; run: pip install nest-asyncio nest-asyncio2",
            name=exc.name,
        ) from exc
    if hasattr(asyncio, "_nest_patched") and not hasattr(asyncio, "_nest_asyncio2"):
        raise RuntimeError(NEST_ASYNCIO_ALONE)
    try:
        loop, temporary = asyncio.get_running_loop(), None
    except RuntimeError:
        # A script on Python 3.14 has none; but the class of the loop to come is to be patched by
        # the first of the two.
        loop = temporary = asyncio.new_event_loop()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # nest_asyncio asks for the policy
        nest_asyncio2.apply(loop)
        nest_asyncio.apply(loop)
    if temporary is not None:
        temporary.close()


def wake_on_signals() -> None:
    """
    Let an interrupt end a cell that awaits something while the kernel's loop is idle.

    ipykernel answers an interrupt by cancelling the cell's task, from a signal handler that the
    idle loop does not notice: ``select()`` goes back to sleep (PEP 475). Python writes a byte to
    the wake-up descriptor for each signal (:func:`signal.set_wakeup_fd`); the loop watches it.

    Outside a kernel, on another thread, or where there is a wake-up descriptor already, it does
    nothing.
    """
    # Without importing IPython. Its shell has a kernel only inside one.
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    in_kernel = getattr(shell, "kernel", None) is not None
    if not in_kernel or threading.current_thread() is not threading.main_thread():
        return
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    previous = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    if previous != -1:
        signal.set_wakeup_fd(previous)
        reader.close()
        writer.close()
        return

    def drain() -> None:
        with contextlib.suppress(BlockingIOError):
            reader.recv(4096)

    # The loop keeps drain, and with it both sockets, for as long as the kernel lives.
    loop.add_reader(reader, drain)
    _kept.append(writer)


_kept: list[socket.socket] = []
