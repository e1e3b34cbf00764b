"""``wslab.live``: what the widget sends to the page, and what there is without one."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import wslab
from wslab.live import MAX_BATCH, LiveTranscript
from wslab.transcript import Transcript
from wslab.wire import Decoder

TIMEOUT = 5.0


class Page:
    """Stands for the front end: gets what the widget sends."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self._changed = threading.Condition()

    def send(self, content: Any, buffers: Any = None) -> None:
        """Take the place of the widget's send()."""
        with self._changed:
            self.messages.append(content)
            self._changed.notify_all()

    @property
    def rows(self) -> list[Any]:
        """The rows on the page, after the last reset."""
        rows: list[Any] = []
        for message in list(self.messages):
            rows = [*([] if message.get("reset") else rows), *message["rows"]]
        return rows

    def wait_for_rows(self, count: int) -> list[Any]:
        """Wait until so many rows are on the page."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.rows) >= count, TIMEOUT), self.messages
        return self.rows


def add_frames(transcript: Transcript, count: int) -> None:
    """Append ``count`` TEXT frames."""
    decoder = Decoder("server", connection=1, handshake=False)
    transcript.extend(decoder.feed(b"\x81\x02hi" * count))


@pytest.fixture
def live() -> Iterator[tuple[Transcript, LiveTranscript, Page]]:
    """A transcript, the widget that shows it, and the page that gets its messages."""
    transcript = Transcript(keep=10_000)
    page = Page()
    widget = LiveTranscript(transcript, send=page.send)
    yield transcript, widget, page
    assert widget.stop(TIMEOUT)


def test_rows_come_while_frames_do(live: tuple[Transcript, LiveTranscript, Page]) -> None:
    """What is appended after the cell has run reaches the page, each record once, in order."""
    transcript, _, page = live
    add_frames(transcript, 1)
    assert page.wait_for_rows(1) == [[1, "server", "TEXT", "'hi'", "2 bytes", ""]]
    add_frames(transcript, 2)
    assert len(page.wait_for_rows(3)) == 3


def test_a_burst_is_one_message(live: tuple[Transcript, LiveTranscript, Page]) -> None:
    """Of thousands of frames in one interval the last are shown and the others counted."""
    transcript, _, page = live
    add_frames(transcript, 5000)
    page.wait_for_rows(MAX_BATCH)
    assert [len(message["rows"]) for message in page.messages] == [MAX_BATCH]
    assert [message["skipped"] for message in page.messages] == [5000 - MAX_BATCH]


def test_a_new_view_gets_everything(live: tuple[Transcript, LiveTranscript, Page]) -> None:
    """A page that is loaded later begins with what is there; the others need it not once more."""
    transcript, widget, page = live
    add_frames(transcript, 3)
    page.wait_for_rows(3)
    widget.answer({"ready": "second"})
    hi = [1, "server", "TEXT", "'hi'", "2 bytes", ""]
    assert page.messages[-1] == {"rows": [hi] * 3, "skipped": 0, "reset": True, "to": "second"}
    assert all("to" not in message for message in page.messages[:-1])
    add_frames(transcript, 1)
    page.wait_for_rows(4)
    assert page.messages[-1] == {"rows": [hi], "skipped": 0}


def test_a_new_view_of_much(live: tuple[Transcript, LiveTranscript, Page]) -> None:
    """It gets the last rows, and the number of those before."""
    transcript, widget, page = live
    add_frames(transcript, MAX_BATCH + 50)
    page.wait_for_rows(MAX_BATCH)
    widget.answer({"ready": "second"})
    assert (len(page.messages[-1]["rows"]), page.messages[-1]["skipped"]) == (MAX_BATCH, 50)


def test_a_new_view_of_nothing(live: tuple[Transcript, LiveTranscript, Page]) -> None:
    """It is told that there is nothing yet."""
    _, widget, page = live
    widget.answer({"ready": "first"})
    assert page.messages == [{"rows": [], "skipped": 0, "reset": True, "to": "first"}]


@pytest.mark.parametrize("content", ["ready", None, {}, {"ready": 1}])
def test_other_messages_are_ignored(
    content: object, live: tuple[Transcript, LiveTranscript, Page]
) -> None:
    """What no view of this version says changes nothing."""
    _, widget, page = live
    widget.answer(content)
    assert page.messages == []


def test_what_came_last_is_shown_after_stop(
    live: tuple[Transcript, LiveTranscript, Page],
) -> None:
    """The last frames before the server stops are not lost between two intervals."""
    transcript, widget, page = live
    add_frames(transcript, 1)
    page.wait_for_rows(1)
    add_frames(transcript, 1)
    assert widget.stop(TIMEOUT)
    assert len(page.rows) == 2


def test_dropped_records_do_not_stop_the_view() -> None:
    """Records that the transcript dropped between two looks are counted as skipped."""
    page = Page()
    transcript = Transcript(keep=2)
    widget = LiveTranscript(transcript, send=page.send)
    try:
        add_frames(transcript, 10)
        page.wait_for_rows(2)
        assert page.messages[0]["skipped"] == 8
    finally:
        assert widget.stop(TIMEOUT)


def test_without_a_front_end_the_cell_shows_the_picture(
    live: tuple[Transcript, LiveTranscript, Page],
) -> None:
    """nbval and nbconvert get text and picture of what was there when the cell ran."""
    transcript, widget, _ = live
    add_frames(transcript, 1)
    data, _ = widget._repr_mimebundle_()
    assert data["text/plain"] == str(transcript)
    assert data["text/html"].startswith("<div")
    assert "application/vnd.jupyter.widget-view+json" in data


def test_watch_follows_the_server_and_ends_with_it() -> None:
    """watch() gives one view at a time; stopping the server ends it."""
    with wslab.serve(wslab.handlers.echo) as server:
        first = server.watch()
        second = server.watch()
        assert not first._thread.is_alive()
        assert second._thread.is_alive()
        assert wslab.talk(server.url, "hello") == ["hello"]
    assert not second._thread.is_alive()
    assert "TEXT       'hello'" in repr(second)


def test_watch_without_anywidget_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one who misses a package is told its name."""
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "wslab.live", raising=False)
    with (
        wslab.serve(wslab.handlers.echo) as server,
        pytest.raises(ModuleNotFoundError, match="run: pip install anywidget"),
    ):
        server.watch()
