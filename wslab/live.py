"""
A transcript that grows in the cell's output while frames cross the wire.

Needs ``anywidget``: ``pip install anywidget``. Where there is no front end (nbval, nbconvert, a
stored notebook) the output is the picture of what was there when the cell ran.
"""

from __future__ import annotations

import pathlib
import threading
from typing import Any, cast

import anywidget

from . import diagram
from .render import describe
from .transcript import Transcript

__all__ = ["LiveTranscript"]

INTERVAL = 0.1
"""Seconds between two messages to the front end, however many frames there are."""

MAX_BATCH = 200
"""More new records than this in one interval are counted, not shown."""


class LiveTranscript(anywidget.AnyWidget):
    """
    The widget that :meth:`wslab.BackgroundServer.watch` returns.

    Args:
        transcript: What to show.
    """

    _esm = pathlib.Path(__file__).parent / "live.js"

    def __init__(self, transcript: Transcript) -> None:
        super().__init__()
        self._transcript = transcript
        self._shown = 0  # how many records were ever sent to the front end
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self.on_msg(self._on_message)
        threading.Thread(target=self._follow, name="wslab watch", daemon=True).start()

    def close(self) -> None:
        """Stop following; what is shown stays."""
        self._closed.set()
        super().close()

    def __repr__(self) -> str:
        return str(self._transcript)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = cast(tuple[dict[str, Any], dict[str, Any]], bundle)
        records = self._transcript.snapshot()
        data["text/plain"] = str(records)
        data["text/html"] = diagram.page(records, records.dropped)
        return data, metadata

    def _on_message(self, widget: object, content: Any, buffers: object) -> None:
        # A view has appeared: it begins with everything that is here.
        if content == "ready":
            with self._lock:
                self._shown = 0
                self.send({"reset": True})
                self._send_new()

    def _follow(self) -> None:
        version = -1
        while not self._closed.is_set():
            version = self._transcript.wait_for_change(version, timeout=1.0)
            with self._lock:
                self._send_new()
            # Not a wait for something: the pace at which the front end can draw.
            self._closed.wait(INTERVAL)

    def _send_new(self) -> None:
        records = self._transcript.snapshot()
        total = records.dropped + len(records)
        new = total - self._shown
        if new <= 0:
            return
        shown = min(new, MAX_BATCH, len(records))
        rows = [
            [record.connection, record.sender or "", *describe(record)]
            for record in records[len(records) - shown :]
        ]
        self._shown = total
        self.send({"rows": rows, "skipped": new - shown})
