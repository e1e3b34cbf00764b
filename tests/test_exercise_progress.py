"""Tests of wslab.exercises._progress: what is done is kept, whatever happens to the file."""

from __future__ import annotations

import concurrent.futures
import json
import pathlib
import threading
import warnings
from typing import Any

import pytest
from answer_cells import define

from wslab.exercises import EXERCISES, _progress, check, progress

pytestmark = pytest.mark.usefixtures("data_folder")

clean = pytest.mark.usefixtures("leaves_nothing")

NOTEBOOKS = pathlib.Path(__file__).parent.parent / "notebooks"


def passing(id: str) -> Any:
    """An answer that passes."""
    return define(EXERCISES[id].solution, EXERCISES[id].name)


def test_progress_grows(data_folder: pathlib.Path) -> None:
    """What passes is done, and stays so; nothing is written for anything else."""
    assert progress().done == set()
    check("2.1", ...)
    check("2.1", None)
    assert not data_folder.exists()
    check("2.1", passing("2.1"))
    check("3.1", passing("3.1"))
    check("2.1", None)
    check("2.1", passing("2.1"))
    assert progress().done == {"2.1", "3.1"}
    assert [path.name for path in data_folder.iterdir()] == ["progress.json"]


def test_progress_is_a_table() -> None:
    """A row for each exercise, and the total; titles are escaped."""
    check("2.1", passing("2.1"))
    table = progress()
    assert f"✓ 2.1  {EXERCISES['2.1'].title}" in str(table).splitlines()
    assert f"○ 2.2  {EXERCISES['2.2'].title}" in str(table).splitlines()
    assert str(table).splitlines()[-1] == f"1 of {len(EXERCISES)} exercises done"
    assert repr(table) == str(table)
    bundle = _progress.Progress({"9.1": "<b>bold</b>"}, {"9.1", "0.7"})._repr_mimebundle_()
    assert "&lt;b&gt;bold" in bundle["text/html"]
    assert "<b>" not in bundle["text/html"]
    assert "1 of 1 exercises done" in bundle["text/plain"]


def test_progress_is_reset() -> None:
    """All of it is forgotten."""
    check("2.1", passing("2.1"))
    assert progress(reset=True).done == set()
    assert progress().done == set()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"other": 1}', b'{"done": 5}', b"\xff\xfe\x00", b"[" * 100_000, b"null"],
    ids=lambda content: repr(content[:12]),
)
def test_corrupt_file(data_folder: pathlib.Path, content: bytes) -> None:
    """A warning, and the course goes on; what was in the file is kept until it is known."""
    data_folder.mkdir()
    file = data_folder / "progress.json"
    file.write_bytes(content)
    with pytest.warns(RuntimeWarning, match=r"cannot be read.*progress\.json"):
        assert progress().done == set()
    assert file.read_bytes() == content
    with pytest.warns(RuntimeWarning, match="cannot be read"):
        assert check("2.1", passing("2.1"))
    assert progress().done == {"2.1"}
    kept = data_folder / "progress.json.unreadable"
    assert not kept.exists() or kept.read_bytes() == content


def test_ids_of_another_course(data_folder: pathlib.Path) -> None:
    """What this version does not know is kept, and not counted."""
    data_folder.mkdir()
    (data_folder / "progress.json").write_text('{"done": ["99.1", 5, "2.1"], "more": 1}')
    assert str(progress()).endswith(f"1 of {len(EXERCISES)} exercises done")
    check("2.2", passing("2.2"))
    assert progress().done == {"99.1", "2.1", "2.2"}


@pytest.mark.parametrize("place", ["a file", "a folder in a file"])
def test_folder_that_cannot_be_written(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """A warning, and the check itself is as good as ever."""
    (tmp_path / "file").write_text("here is no folder")
    folder = tmp_path / "file" / ("sub" if place == "a folder in a file" else "")
    monkeypatch.setenv("WSLAB_DATA_DIR", str(folder))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert check("2.1", passing("2.1"))
        assert progress().done == set()
        progress(reset=True)
    assert {warning.category for warning in caught} == {RuntimeWarning}
    assert any("cannot be written down" in str(warning.message) for warning in caught)
    assert (tmp_path / "file").read_text() == "here is no folder"


def test_full_disk(data_folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was there stays there, and no half-written file is left."""
    check("2.1", passing("2.1"))

    def replace(source: object, target: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(_progress.os, "replace", replace)
    with pytest.warns(RuntimeWarning, match="No space left"):
        assert check("2.2", passing("2.2"))
    assert progress().done == {"2.1"}
    assert [path.name for path in data_folder.iterdir()] == ["progress.json"]


@clean
def test_concurrent_writers(data_folder: pathlib.Path) -> None:
    """Nobody ever reads half a file, and nothing is lost."""
    ids = [f"{notebook}.{number}" for notebook in range(1, 9) for number in range(1, 6)]
    done = threading.Event()

    def read() -> int:
        reads = 0
        while not done.is_set():
            with warnings.catch_warnings():
                _progress.read()
            reads += 1
        return reads

    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        reader = pool.submit(read)
        list(pool.map(_progress.note_done, ids))
        done.set()
        assert reader.result() > 0
    assert _progress.read() == set(ids)
    assert [path.name for path in data_folder.iterdir()] == ["progress.json"]
    assert set(json.loads(_progress.path().read_text())["done"]) == set(ids)


def test_progress_is_outside_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable it is in the user's own data folder."""
    monkeypatch.delenv("WSLAB_DATA_DIR")
    path = _progress.path()
    assert path.name == "progress.json"
    assert "wslab" in path.parts
    assert not path.is_relative_to(NOTEBOOKS.parent)
