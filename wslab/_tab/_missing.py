"""
What is not in a browser tab says so in a sentence, instead of failing somewhere inside.

Packages that the site has, or Pyodide's own distribution, are loaded when they are first imported;
where that fails, and for those that no browser can run, the import says why. wslab's own exercises
are such a package: half of wslab, and nobody needs them before the first check.
"""

from __future__ import annotations

import collections
import importlib
import importlib.machinery
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import pyodide_js
from pyodide.code import run_js
from pyodide.ffi import can_run_sync, create_once_callable

from ._parking import Waiters, park, wake

__all__ = ["DISTRIBUTION", "INSTALLED_ONLY", "install"]

DISTRIBUTION = {"numpy": "NumPy", "matplotlib": "matplotlib", "PIL": "Pillow"}
"""Imports that come from Pyodide's distribution, by name of the module."""

INSTALLED_ONLY = {
    "multiprocessing": "starts programs, and a browser tab has none",
    "trustme": "makes certificates, and a browser tab has no TLS of its own",
    "uvloop": "needs an operating system",
}
"""Imports for which there is nothing to load."""

NEED = "this cell needs the installed course (its README says how)"


class _Finder:
    """Asked for what no other finder has found."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Load the package that has a module, or say why there is none."""
        if name in INSTALLED_ONLY:
            raise ModuleNotFoundError(f"{name} {INSTALLED_ONLY[name]}: {NEED}", name=name)
        package = _packages().get(name)
        if package is None:
            return None
        if can_run_sync():
            _load(package)
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is None and name in DISTRIBUTION:
            raise ModuleNotFoundError(
                f"{DISTRIBUTION[name]} comes from Pyodide's own distribution on the internet, "
                f"which this browser cannot reach: go on with the next cell, or {NEED}",
                name=name,
            )
        if spec is None and can_run_sync():
            raise ImportError(
                f"{name} comes from this site when it is first used, and the site cannot be "
                "reached: run this cell again when it can",
                name=name,
            )
        return spec


def _load(package: str) -> None:
    loaded: Waiters = collections.deque()
    _begin_to_load(pyodide_js, package, create_once_callable(lambda *args: wake(loaded)))
    park(loaded)
    importlib.invalidate_caches()


# In JavaScript: a promise that Python gets is a future of the kernel's event loop, which stands
# still while a cell waits.
_begin_to_load: Any = run_js(
    "(pyodide, name, done) => void pyodide.loadPackage(name).then(done, done)"
)


class _Popen:
    def __init__(self, *args: object, **kwargs: object) -> NoReturn:
        raise OSError(f"a browser tab cannot start programs: {NEED}")


def _packages() -> dict[str, str]:
    """Package that has a module, of those that are not loaded."""
    if not hasattr(pyodide_js, "lockfile"):
        return {}
    locked: Any = pyodide_js.lockfile.packages.to_py()
    found = {module: name for name, entry in locked.items() for module in entry["imports"]}
    return found | {module: module.lower().replace("pil", "pillow") for module in DISTRIBUTION}


def install() -> None:
    """Put the sentences where they are needed."""
    sys.meta_path.append(_Finder())
    names: Any = subprocess
    names.Popen = _Popen
