"""
What survives a reload of the page: wslab's folder for data, which holds the progress of exercises.

Pyodide's files are in the memory of one kernel. This folder is kept in the browser's IndexedDB, by
Emscripten's own IDBFS; all kernels of the site share it. (JupyterLite keeps the notebooks.)
"""

from __future__ import annotations

import contextlib
import os
import pathlib
from typing import Any

import js
import pyodide_js
from pyodide.ffi import create_once_callable, create_proxy, run_sync

from ._cell import cell

__all__ = ["keep"]

CHANNEL = "wslab files"

_FS: Any = pyodide_js.FS


def keep(folder: pathlib.Path) -> None:
    """Keep a folder from now on, and bring back what was in it; without IndexedDB do nothing."""
    if not hasattr(js, "indexedDB"):
        return
    kept = _Kept(folder)
    with contextlib.suppress(Exception):  # a browser that forbids it: progress is a convenience
        _FS.mkdirTree(str(folder))
        _FS.mount(_FS.filesystems.IDBFS, js.Object.new(), str(folder))
        kept.bring_back()
        cell.before.append(kept.bring_back)
        cell.after.append(kept.save)


class _Kept:
    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        self._stale = True
        self._saved: dict[str, float] = {}
        self._others: Any = js.BroadcastChannel.new(CHANNEL)
        self._others.onmessage = create_proxy(self._on_saved)

    def bring_back(self) -> None:
        """Read what another kernel has written."""
        if self._stale:
            self._stale = False
            run_sync(js.Promise.new(create_once_callable(self._read)))
            self._saved = self._state()

    def save(self) -> None:
        """Write what has changed; the browser does it by and by."""
        state = self._state()
        if state != self._saved:
            self._saved = state
            _FS.syncfs(False, create_once_callable(self._tell_others))

    def _read(self, resolve: Any, reject: Any) -> None:
        _FS.syncfs(True, resolve)

    def _tell_others(self, error: object = None) -> None:
        self._others.postMessage("saved")

    def _on_saved(self, event: object) -> None:
        self._stale = True

    def _state(self) -> dict[str, float]:
        return {entry.name: entry.stat().st_mtime for entry in os.scandir(self._folder)}
