"""
A transcript that grows in the cell's output while frames cross the wire.

Needs ``anywidget``: ``pip install anywidget``. Where there is no front end (nbval, nbconvert, a
stored notebook) the output is the picture of what was there when the cell ran.
"""

from __future__ import annotations

import pathlib
import threading
from collections.abc import Callable
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
        send: Takes each message to the page; by default the widget's own ``send()``.
    """

    _esm = pathlib.Path(__file__).parent / "live.js"

    def __init__(
        self, transcript: Transcript, *, send: Callable[[Any], None] | None = None
    ) -> None:
        super().__init__()
        self._transcript = transcript
        self._tell = send or self.send
        self._shown = 0  # how many records were ever sent to the front end
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.on_msg(lambda widget, content, buffers: self.answer(content))
        self._thread = threading.Thread(target=self._follow, name="wslab watch", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 1.0) -> bool:
        """
        Stop following; what is shown stays.

        Args:
            timeout: Seconds to wait for the thread that follows.

        Returns:
            Whether that thread has ended.
        """
        self._stopped.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def close(self) -> None:
        """Stop following and remove the widget from the page."""
        self._stopped.set()
        super().close()

    def __repr__(self) -> str:
        return str(self._transcript)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = cast(tuple[dict[str, Any], dict[str, Any]], bundle)
        records = self._transcript.snapshot()
        data["text/plain"] = str(records)
        data["text/html"] = diagram.page(records, records.dropped, records.viewpoint)
        return data, metadata

    def answer(self, content: object) -> None:
        """
        Answer a message from the page: a view that appears gets everything that is here.

        Args:
            content: ``{"ready": name}``, with the name of that view. What is sent reaches all views
                in all tabs; what is meant for one of them has its name.
        """
        match content:
            case {"ready": str(name)}:
                with self._lock:
                    self._send_new()
                    self._tell({**self._rows(since=0), "reset": True, "to": name})

    def _follow(self) -> None:
        version = -1
        while not self._stopped.is_set():
            version = self._transcript.wait_for_change(version, timeout=0.5)
            with self._lock:
                self._send_new()
            # Not a wait for something: the pace at which the front end can draw.
            self._stopped.wait(INTERVAL)
        with self._lock:
            self._send_new()

    def _send_new(self) -> None:
        message = self._rows(self._shown)
        if message["rows"]:
            self._shown += len(message["rows"]) + message["skipped"]
            self._tell(message)

    def _rows(self, since: int) -> dict[str, Any]:
        """The last rows of those that came after so many records, and how many are left out."""
        records = self._transcript.snapshot(newest=MAX_BATCH)
        new = records.dropped + len(records) - since
        shown = min(new, len(records))
        rows = [
            [record.connection, record.sender or "", *describe(record)]
            for record in records[len(records) - shown :]
        ]
        return {"rows": rows, "skipped": new - shown}
