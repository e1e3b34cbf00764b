"""
What a kernel in a browser tab needs: threads, sockets and event loops without an operating system.

In Pyodide, CPython for WebAssembly, there are no threads, no loopback interface and no blocking
calls. This package brings them, so that the standard library, ``websockets`` and the rest of
``wslab`` run unmodified. It is imported there and nowhere else. Upwards, each file on those before:

- :mod:`._parking`: one call gives way to others, by JavaScript Promise Integration.
- :mod:`._locks`, :mod:`._threads`: what :mod:`threading` is made of.
- :mod:`._preemption`, :mod:`._frames`, :mod:`._tracing`, :mod:`._collector`, :mod:`._stack`,
  :mod:`._nesting`: the turn is taken from who computes, what swallows its end raises at each line,
  garbage is collected, deep recursion raises: none of them ends or stops the kernel.
- :mod:`._network`, :mod:`._sockets`, :mod:`._selector`: TCP in memory.
- :mod:`._kernel_loop`: the kernel's event loop, with connections.
- :mod:`._stdlib`: where all that goes.
- :mod:`._cell`: the cell that is running, and its interrupt.
- :mod:`._page`: messages and the interrupt, from the page; ``docs/tab/page.js`` is the other half.
- :mod:`._files`: what survives a reload.
- :mod:`._missing`: what is not here says so in a sentence.
"""

from __future__ import annotations

import pathlib

import js
from pyodide.ffi import can_run_sync

__all__ = ["CANNOT_SUSPEND", "install"]

CANNOT_SUSPEND = (
    "This browser cannot suspend Python (it lacks JavaScript Promise Integration), so wslab's "
    "server cannot run in this tab. Chrome and Edge from 137, Firefox from 153 and Safari from 27 "
    "can. What is stored in the notebooks can be read here; to run them, update the browser or "
    "install the course: see its README."
)

_installed = False


def install() -> None:
    """
    Make this kernel one that the course runs in; calling it again does nothing.

    Raises:
        RuntimeError: The browser cannot suspend Python; the message says what to do.
    """
    global _installed
    if _installed:
        return
    if not can_run_sync():
        raise RuntimeError(CANNOT_SUSPEND)
    _installed = True
    from . import _collector, _files, _kernel_loop, _missing, _nesting, _preemption, _stack, _stdlib

    _stdlib.install()
    _kernel_loop.attach()
    _missing.install()
    _nesting.install()
    _stack.begin()
    _stack.protect()
    _preemption.start()
    if hasattr(js, "WorkerGlobalScope"):
        from . import _page

        _page.listen()
        _files.keep(_data_folder())
    _collector.start()


def _data_folder() -> pathlib.Path:
    import platformdirs

    return pathlib.Path(platformdirs.user_data_dir("wslab", False))


install()
