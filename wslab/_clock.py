"""
The time, whoever has patched the module ``time``.

A test may freeze its clock, as freezegun does: what waits for so many seconds of it waits for ever.
"""

from __future__ import annotations

from importlib.util import find_spec, module_from_spec

__all__ = ["monotonic", "perf_counter"]

# The module once more, untouched: freezegun looks for the functions of the other one everywhere.
_spec = find_spec("time")
assert _spec is not None
assert _spec.loader is not None
_time = module_from_spec(_spec)
_spec.loader.exec_module(_time)

monotonic = _time.monotonic
perf_counter = _time.perf_counter
