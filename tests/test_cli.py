"""Tests of wslab.cli: the course is copied, and no learner's work is ever lost."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import wslab
from wslab import cli, doctor
from wslab.doctor import Result

FIRST = "00_start_here.ipynb"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small course: two notebooks and a picture."""
    folder = tmp_path / "source"
    (folder / "images").mkdir(parents=True)
    for name in (FIRST, "01_next.ipynb", "images/a.svg"):
        (folder / name).write_text(f"first {name}", encoding="utf-8")
    (folder / ".ipynb_checkpoints").mkdir()
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a learner wants the course."""
    return tmp_path / "a learner's" / "course"


def test_copy_into_a_new_folder(source: Path, folder: Path) -> None:
    """Notebooks and pictures are copied, byte for byte; nothing half written is left."""
    done = cli.copy_course(source, folder)
    names = [FIRST, "01_next.ipynb", "images/a.svg"]
    assert done == {"copied": names, "refreshed": [], "kept": []}
    for name in names:
        assert (folder / name).read_bytes() == (source / name).read_bytes()
    assert {path.name for path in folder.iterdir()} == {
        FIRST, "01_next.ipynb", "images", cli.MANIFEST,
    }  # fmt: skip


def test_copy_again_changes_nothing(source: Path, folder: Path) -> None:
    """What is there already is neither copied nor kept."""
    cli.copy_course(source, folder)
    assert cli.copy_course(source, folder) == {"copied": [], "refreshed": [], "kept": []}


def test_what_a_learner_changed_is_kept(source: Path, folder: Path) -> None:
    """It is kept as it is, also when the course has a newer version of it."""
    cli.copy_course(source, folder)
    (folder / FIRST).write_text("my work", encoding="utf-8")
    (source / FIRST).write_text("newer", encoding="utf-8")
    (source / "01_next.ipynb").write_text("newer", encoding="utf-8")
    done = cli.copy_course(source, folder)
    assert done == {"copied": [], "refreshed": ["01_next.ipynb"], "kept": [FIRST]}
    assert (folder / FIRST).read_text(encoding="utf-8") == "my work"
    assert (folder / "01_next.ipynb").read_text(encoding="utf-8") == "newer"


def test_what_was_there_before_is_kept(source: Path, folder: Path) -> None:
    """A file of the same name that no copy of ours made is the learner's."""
    folder.mkdir(parents=True)
    (folder / FIRST).write_text("mine", encoding="utf-8")
    assert cli.copy_course(source, folder)["kept"] == [FIRST]
    assert (folder / FIRST).read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("manifest", ["", "{", "[]", "7"])
def test_a_manifest_that_cannot_be_read(source: Path, folder: Path, manifest: str) -> None:
    """Then nobody knows what the learner changed, so everything that differs is kept."""
    cli.copy_course(source, folder)
    (folder / cli.MANIFEST).write_text(manifest, encoding="utf-8")
    (source / FIRST).write_text("newer", encoding="utf-8")
    assert cli.copy_course(source, folder)["kept"] == [FIRST]


def test_links_are_not_followed(source: Path, folder: Path, tmp_path: Path) -> None:
    """A link leads to something of the learner's own; nothing is written through it."""
    cli.copy_course(source, folder)
    elsewhere = tmp_path / "elsewhere.ipynb"
    elsewhere.write_bytes((folder / FIRST).read_bytes())
    (folder / FIRST).unlink()
    (folder / FIRST).symlink_to(elsewhere)
    (source / FIRST).write_text("newer", encoding="utf-8")
    assert cli.copy_course(source, folder)["kept"] == [FIRST]
    assert elsewhere.read_text(encoding="utf-8") == f"first {FIRST}"


@pytest.mark.parametrize(
    "manifest", ['{"a": ' * 100_000, "[" * 100_000, "9" * 5000, '{"a": "' + "b" * (1 << 20) + '"}']
)
def test_a_hostile_manifest(source: Path, folder: Path, manifest: str) -> None:
    """One that no parser bears, or that has no end, counts as none."""
    cli.copy_course(source, folder)
    (folder / cli.MANIFEST).write_text(manifest, encoding="utf-8")
    (source / FIRST).write_text("newer", encoding="utf-8")
    assert cli.copy_course(source, folder)["kept"] == [FIRST]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes in folders")
def test_a_pipe_as_manifest_is_not_waited_for(source: Path, folder: Path) -> None:
    """What is no file is not read."""
    folder.mkdir(parents=True)
    os.mkfifo(folder / cli.MANIFEST)
    assert len(cli.copy_course(source, folder)["copied"]) == 3
    assert (folder / cli.MANIFEST).is_file()


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_is_a_link(there: bool, source: Path, folder: Path, tmp_path: Path) -> None:
    """The pictures' folder may lead out of the course's: nothing is written through it."""
    elsewhere = tmp_path / "elsewhere"
    if there:
        elsewhere.mkdir()
    folder.mkdir(parents=True)
    (folder / "images").symlink_to(elsewhere)
    done = cli.copy_course(source, folder)
    assert done == {
        "copied": [FIRST, "01_next.ipynb"], "refreshed": [], "kept": ["images/a.svg"],
    }  # fmt: skip
    assert elsewhere.exists() is there
    assert not there or list(elsewhere.iterdir()) == []


def test_a_link_to_nowhere_is_kept(source: Path, folder: Path, tmp_path: Path) -> None:
    """A notebook that is a link to a file that is not there does not bring that file about."""
    folder.mkdir(parents=True)
    (folder / FIRST).symlink_to(tmp_path / "new.ipynb")
    assert cli.copy_course(source, folder)["kept"] == [FIRST]
    assert not (tmp_path / "new.ipynb").exists()


def test_a_manifest_that_is_a_link(source: Path, folder: Path, tmp_path: Path) -> None:
    """A manifest of ours takes the link's place; what it led to stays as it was."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("{}")
    folder.mkdir(parents=True)
    (folder / cli.MANIFEST).symlink_to(elsewhere)
    cli.copy_course(source, folder)
    assert elsewhere.read_text() == "{}"
    assert not (folder / cli.MANIFEST).is_symlink()


def test_the_unfinished_file_is_never_somebody_elses(
    source: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the name of a file that is being written is taken, nothing is written or removed."""
    elsewhere = tmp_path / "elsewhere"
    folder.mkdir(parents=True)
    monkeypatch.setattr("secrets.token_hex", lambda count: "0")
    link = folder / f"{FIRST}.0.part"
    link.symlink_to(elsewhere)
    with pytest.raises(FileExistsError):
        cli.copy_course(source, folder)
    assert link.is_symlink()
    assert not elsewhere.exists()


def test_an_interrupted_copy_goes_on(
    source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No half file is there, and what was copied before the end is known to be ours."""
    replace, calls = os.replace, []

    def interrupt(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 3:  # a notebook, the manifest, the second notebook
            raise KeyboardInterrupt
        replace(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            cli.copy_course(source, folder)
    assert {path.name for path in folder.iterdir()} == {FIRST, cli.MANIFEST}
    (source / FIRST).write_text("newer", encoding="utf-8")
    done = cli.copy_course(source, folder)
    assert done == {
        "copied": ["01_next.ipynb", "images/a.svg"], "refreshed": [FIRST], "kept": [],
    }  # fmt: skip


def test_the_course_itself() -> None:
    """The notebooks of this version are found, in order."""
    names = sorted(path.name for path in cli.notebooks_folder().glob("*.ipynb"))
    assert names[0] == FIRST
    assert len(names) >= 10


def test_without_notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken installation says so."""
    monkeypatch.setattr(cli, "_HERE", tmp_path / "wslab")
    with pytest.raises(FileNotFoundError, match="install it again"):
        cli.notebooks_folder()


class Lab:
    """Stands for JupyterLab's process: notes how it was started, and is interrupted once."""

    started: tuple[list[str], Path]
    environment: dict[str, str]

    def __init__(self, command: list[str], cwd: Path, env: dict[str, str]) -> None:
        Lab.started = (command, cwd)
        Lab.environment = env
        self.outcomes: list[Any] = [KeyboardInterrupt(), 3]

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def wait(self) -> int:
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return int(outcome)


@pytest.mark.parametrize("options", [[], ["--no-browser"]])
def test_start_opens_jupyterlab_in_the_folder(
    folder: Path,
    options: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """This Python's JupyterLab, at the first notebook; its exit code is ours."""
    monkeypatch.setattr(subprocess, "Popen", Lab)
    assert cli.main(["start", str(folder), *options]) == 3
    command, where = Lab.started
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--LabApp.default_url=/lab/tree/{FIRST}" in command
    assert ("--no-browser" in command) is bool(options)
    assert where == folder
    count = len(json.loads((folder / cli.MANIFEST).read_text(encoding="utf-8")))
    assert capsys.readouterr().out == f"copied into {folder}: {count} files\n"


def test_start_says_what_it_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A learner's notebook is named, with the way to the course's own."""
    folder.mkdir(parents=True)
    (folder / FIRST).write_text("mine", encoding="utf-8")
    monkeypatch.setattr(subprocess, "Popen", Lab)
    cli.main(["start", str(folder)])
    assert f"kept your {FIRST}; to get the course's own, rename" in capsys.readouterr().out


def test_start_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a command, the course goes into a folder here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(subprocess, "Popen", Lab)
    assert cli.main([]) == 3
    assert (tmp_path / cli.FOLDER / FIRST).is_file()


def test_start_in_the_course_itself_copies_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a checkout, the folder may be the original."""
    monkeypatch.setattr(subprocess, "Popen", Lab)
    original = cli.notebooks_folder()
    cli.main(["start", str(original)])
    assert Lab.started[1] == original
    assert not (original / cli.MANIFEST).exists()


def test_start_without_jupyterlab(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The notebooks are there all the same, and it says what is missing."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert cli.main(["start", str(folder)]) == 1
    assert (folder / FIRST).is_file()
    assert "pip install 'wslab[course]'" in capsys.readouterr().out


def test_folder_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence, and the exit code of a wrong call."""
    (tmp_path / "file").touch()
    assert cli.main(["start", str(tmp_path / "file")]) == 2
    assert "is a file; name a folder" in capsys.readouterr().out


def test_folder_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence instead of a traceback."""
    (tmp_path / "file").touch()
    assert cli.main(["start", str(tmp_path / "file" / "below")]) == 1
    assert "cannot be copied" in capsys.readouterr().out


@pytest.mark.parametrize("leads_to", ["itself", "nowhere"])
def test_folder_is_a_link_to_none(
    leads_to: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A loop of links, or a link to nothing, is no place; a sentence says so."""
    (tmp_path / "itself").symlink_to(leads_to)
    assert cli.main(["start", str(tmp_path / "itself")]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert re.search(r"cannot be copied \(.*is a link that leads to no folder\); name anoth", line)
    assert cli.main(["start", str(tmp_path / "itself" / "below")]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_folder_whose_name_cannot_be_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stdout's encoding has not is escaped."""
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stdout)
    monkeypatch.setattr(subprocess, "Popen", Lab)
    assert cli.main(["start", str(tmp_path / "Küche→")]) == 3
    stdout.flush()
    assert b"K\\xfcche\\u2192: " in stdout.buffer.getvalue()  # type: ignore[attr-defined]


def test_another_stdout_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who chose how errors are handled has chosen."""
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="replace")
    for there in (stdout, io.StringIO(), None):
        monkeypatch.setattr(sys, "stdout", there)
        monkeypatch.setattr(doctor, "CHECKS", ())
        assert cli.main(["doctor"]) == 0
    assert stdout.errors == "replace"


@pytest.mark.parametrize(("before", "after"), [(None, []), ("mine", ["mine"])])
def test_jupyterlab_does_not_ask_about_news(
    before: str | None, after: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is started with a folder of settings of our own, before those of others."""
    if before is None:
        monkeypatch.delenv("JUPYTER_CONFIG_PATH", raising=False)
    else:
        monkeypatch.setenv("JUPYTER_CONFIG_PATH", before)
    monkeypatch.setattr(subprocess, "Popen", Lab)
    cli.main(["start", str(folder)])
    first, *others = Lab.environment["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert others == after
    (file,) = Path(first).rglob("*.json")
    assert file.relative_to(first).as_posix() == "labconfig/page_config.json"
    extensions = json.loads(file.read_text(encoding="utf-8"))["disabledExtensions"]
    assert extensions == {"@jupyterlab/apputils-extension:announcements": True}


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("warning", 0), ("problem", 1)])
def test_doctor_exit_code(
    state: Any, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script can ask it, too: 1 if there is a problem."""
    monkeypatch.setattr(doctor, "CHECKS", (lambda: Result("it", "is", state),))
    assert cli.main(["doctor"]) == code
    assert "it    is     " in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """`wslab --version` says the module's."""
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"wslab {wslab.__version__}\n"


@pytest.mark.slow
def test_start_for_real(folder: Path, tmp_path: Path) -> None:
    """JupyterLab starts in the folder, and an interrupt ends both."""
    command = [sys.executable, "-m", "wslab", "start", str(folder), "--no-browser"]
    environment = os.environ | {"HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    ) as process:
        assert process.stderr is not None
        try:
            lines = iter(process.stderr.readline, "")
            assert any(f"/lab/tree/{FIRST}" in line for line in lines)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.stderr.read()
    assert (folder / FIRST).is_file()
