"""
``PyEval_SetTrace()``: every line of a thread that will not end raises; see :mod:`wslab._stubborn`.

In WebAssembly a trace function may be no other function of C's, whose signature is checked. And to
trace anything CPython looks through the frames of all calls, those of suspended ones too, which
Pyodide has moved elsewhere: the interpreter would end. To watch single functions, by
:mod:`sys.monitoring`, it does not look there.
"""

from __future__ import annotations

import sys
from types import CodeType
from typing import Any

from ._parking import current

__all__ = ["set_trace"]

TOOL = 4  # of six; no debugger's, coverage's nor profiler's

_monitoring: Any = sys.monitoring  # type: ignore[attr-defined]  # from Python 3.12 on
_traced: dict[int, Any] = {}


def set_trace(function: Any, argument: Any) -> None:
    """
    Watch the lines of the thread that calls this.

    Args:
        function: Without a meaning here; ``None`` watches no longer.
        argument: A ``py_object`` of what has ``codes``, the functions to watch, and
            ``begin_line()``, which is called with one of them and may raise.
    """
    if function is None:
        _traced.pop(current(), None)
        return
    watcher = argument.value
    if _monitoring.get_tool(TOOL) is None:
        _monitoring.use_tool_id(TOOL, "wslab")
        _monitoring.register_callback(TOOL, _monitoring.events.LINE, _on_line)
    _traced[current()] = watcher
    for code in watcher.codes:
        _monitoring.set_local_events(TOOL, code, _monitoring.events.LINE)


def _on_line(code: CodeType, line: int) -> None:
    # Another thread may be in the same function.
    watcher = _traced.get(current())
    if watcher is not None:
        watcher.begin_line(code)
