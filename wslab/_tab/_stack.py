"""
Deep recursion raises ``RecursionError``, where it would end the interpreter.

The browser keeps WebAssembly's calls on a stack of its own, of about a megabyte for a call that may
be suspended, and tells nobody how full it is. CPython measures another one, in the memory of
WebAssembly, which holds what has an address. The two grow together: so that one is declared full
long before the other is.
"""

from __future__ import annotations

import pyodide_js

from ._parking import on_resume

__all__ = ["protect"]

SIZE = 150_000
"""Bytes of it that one call may use; to compile a long function takes some 80,000."""

_module = pyodide_js._module


def protect() -> None:
    """Count from here on: https://docs.python.org/3/c-api/threads.html."""
    # Each call that may be suspended has a state of its own, as a thread has elsewhere.
    _set(_state(), _where() - SIZE, SIZE)


_set = _module._PyUnstable_ThreadState_SetStackProtection
_state = _module._PyThreadState_Get
_where = _module.stackSave
on_resume.append(protect)
