"""
Deep recursion raises ``RecursionError``, where it would end the interpreter.

The browser keeps WebAssembly's calls on a stack of its own, of about a megabyte for a call that may
be suspended, and tells nobody how full it is. CPython measures another one, in the memory of
WebAssembly, which holds what has an address. The two grow together: so that one is declared full
long before the other is.
"""

from __future__ import annotations

import pyodide_js

from . import _parking
from ._parking import on_begin, on_resume

__all__ = ["begin", "protect"]

SIZE = 150_000
"""Bytes of it that one call may use; to compile a long function takes some 80,000."""

_module = pyodide_js._module


def begin() -> None:
    """Count from here on: a call of Python begins."""
    _parking.stack_base = _where()


def protect() -> None:
    """
    Say how far the stack of this call may grow: https://docs.python.org/3/c-api/threads.html.

    Each call that may be suspended has a state of its own, as a thread has elsewhere. One that goes
    on in the middle of a recursion may go no deeper than if it had never been suspended.
    """
    _set(_state(), _parking.stack_base - SIZE, SIZE)


_set = _module._PyUnstable_ThreadState_SetStackProtection
_state = _module._PyThreadState_Get
_where = _module.stackSave
on_begin.append(begin)
on_resume.append(protect)
