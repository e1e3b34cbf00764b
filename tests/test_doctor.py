"""Tests of wslab.doctor: each check finds what is wrong, and says how to mend it."""

from __future__ import annotations

import asyncio
import importlib
import importlib.metadata
import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wslab import doctor
from wslab.doctor import Result

pytestmark = pytest.mark.usefixtures("leaves_nothing")


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let a module not be installed."""

    def hide(hidden: str) -> None:
        real = importlib.import_module

        def import_module(name: str, package: str | None = None) -> Any:
            if name == hidden:
                raise ModuleNotFoundError(name=name)
            return real(name, package)

        monkeypatch.setattr(importlib, "import_module", import_module)

    return hide


def test_a_good_machine() -> None:
    """The machine that runs the tests has no problem; every check has a name of its own."""
    results = doctor.examine()
    assert [result for result in results if result.state == "problem"] == []
    assert len({result.what for result in results}) == len(results) == len(doctor.CHECKS)
    assert [result for result in results if bool(result.mend) is (result.state == "ok")] == []


def test_table() -> None:
    """Columns stand below each other, and no line ends in spaces."""
    rows = [Result("a", "found"), Result("longer", "b", "problem", "do this")]
    assert doctor.table(rows).splitlines() == [
        "what    found  state    mend",
        "a       found  ok",
        "longer  b      problem  do this",
    ]


def test_python_that_was_not_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer one may do; it says which are known to."""
    monkeypatch.setattr(sys, "version_info", (3, 99, 0))
    result = doctor.check_python()
    assert (result.found, result.state) == ("3.99.0", "warning")
    assert "3.11, 3.12, 3.13, 3.14" in result.mend


@pytest.mark.parametrize(
    ("backend", "state"),
    [
        ("Agg", "warning"),
        ("module://matplotlib_inline.backend_inline", "ok"),
        ("inline", "ok"),
        ("", "ok"),
        (None, "ok"),
    ],
)
def test_figures(backend: str | None, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend that shows nothing is named, with what to do."""
    if backend is None:
        monkeypatch.delenv("MPLBACKEND", raising=False)
    else:
        monkeypatch.setenv("MPLBACKEND", backend)
    result = doctor.check_figures()
    assert result.state == state
    assert state == "ok" or (backend or "") in result.found


def test_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named."""
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name == "anywidget":
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    result = doctor.check_packages()
    assert (result.found, result.state) == ("no anywidget", "problem")
    assert "pip install 'wslab[course]'" in result.mend


def test_package_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its version is named, and what would do."""
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.1")
    result = doctor.check_packages()
    assert result.state == "problem"
    assert "websockets 0.1, not <18,>=17.4" in result.found


@pytest.mark.parametrize(
    ("check", "module"),
    [
        (doctor.check_packages, "packaging.requirements"),
        (doctor.check_kernel, "jupyter_client.kernelspec"),
        (doctor.check_anywidget, "jupyter_core.paths"),
        (doctor.check_progress, "wslab.exercises._progress"),
    ],
)
def test_without_the_course(
    check: Callable[[], Result], module: str, without: Callable[[str], None]
) -> None:
    """wslab alone, without its extra: a problem with its mend, and no traceback."""
    without(module)
    result = check()
    assert (result.state, result.mend) == ("problem", doctor.INSTALL)


def test_kernel_of_another_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commonest reason for "No module named 'wslab'" in a notebook."""
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    spec = {"argv": ["/elsewhere/bin/python", "-m", "ipykernel_launcher"], "display_name": "x"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    result = doctor.check_kernel()
    assert (result.found, result.state) == ("another one, /elsewhere/bin/python", "problem")
    assert "ipykernel install" in result.mend


def test_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that would take loopback connections is a warning; with NO_PROXY it is none."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    result = doctor.check_proxy()
    assert (result.state, result.found) == ("warning", "for http")
    assert "NO_PROXY" in result.mend
    monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")
    assert doctor.check_proxy().state == "ok"


def test_no_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that does not let a program listen."""

    def refuse(*arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "create_server", refuse)
    result = doctor.check_loopback()
    assert (result.found, result.state) == ("[Errno 13] Permission denied", "problem")


@pytest.mark.parametrize("addresses", [[], ["203.0.113.7"]])
def test_localhost_elsewhere(addresses: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A hosts file without localhost, or with another address for it."""

    real = socket.getaddrinfo

    def getaddrinfo(host: str, *arguments: Any) -> list[Any]:
        if host != "localhost":
            return list(real(host, *arguments))
        if not addresses:
            raise socket.gaierror
        return [(0, 0, 0, "", (address, 0)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    result = doctor.check_loopback()
    assert result.state == "warning"
    assert "hosts file" in result.mend
    assert (addresses or ["unknown"])[0] in result.found


def test_server_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong is in the table, and nothing is left running."""

    def fail(*arguments: object, **options: object) -> None:
        raise TimeoutError("0 of 1 replies came")

    monkeypatch.setattr(doctor, "talk", fail)
    result = doctor.check_echo()
    assert (result.found, result.state) == ("TimeoutError: 0 of 1 replies came", "problem")


def test_port_is_taken() -> None:
    """Somebody listens on it: no problem, but good to know."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = doctor.check_port(port)
    assert (result.what, result.found, result.state) == (f"port {port}", "taken", "warning")


def test_extension_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """JupyterLab would show the console as a line of text."""
    paths = importlib.import_module("jupyter_core.paths")
    monkeypatch.setattr(paths, "jupyter_path", lambda *parts: [])
    result = doctor.check_anywidget()
    assert (result.found, result.state) == ("not found", "problem")


@pytest.mark.parametrize(
    ("config", "disabled"),
    [
        ({"disabledExtensions": {"anywidget": True}}, True),
        ({"disabledExtensions": {"anywidget:plugin": True}}, True),
        ({"disabledExtensions": ["anywidget"]}, True),
        ({"disabledExtensions": {"anywidget": False, "other": True}}, False),
        ({}, False),
        ([], False),
    ],
)
def test_extension_is_disabled(
    config: Any, disabled: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `jupyter labextension disable` writes it, in both forms there are."""
    (tmp_path / "labconfig").mkdir()
    (tmp_path / "labconfig" / "page_config.json").write_text(json.dumps(config), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path))
    assert doctor.check_anywidget().state == ("problem" if disabled else "ok")


def test_asyncio_is_patched(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a sitecustomize, say."""
    monkeypatch.setattr(asyncio, "_nest_patched", True, raising=False)
    monkeypatch.delattr(asyncio, "_nest_asyncio2", raising=False)
    result = doctor.check_nest_asyncio()
    assert result.state == "problem"
    assert "allow_asyncio_run" in result.mend


@pytest.mark.parametrize("name", ["startup/10-mine.py", "startup/a.ipy", "ipython_config.py"])
def test_ipython_patches_asyncio(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of a learner's profile that every kernel runs is named."""
    file = tmp_path / "profile_default" / name
    file.parent.mkdir(parents=True)
    file.write_text("import nest_asyncio; nest_asyncio.apply()", encoding="utf-8")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    result = doctor.check_nest_asyncio()
    assert (result.state, file.name in result.found) == ("problem", True)
    file.write_text("import numpy", encoding="utf-8")
    assert doctor.check_nest_asyncio().state == "ok"


def test_progress_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only home: the course runs, and forgets."""
    monkeypatch.setenv("WSLAB_DATA_DIR", str(tmp_path / "a" / "b"))
    assert doctor.check_progress().state == "ok"
    monkeypatch.setattr("os.access", lambda path, mode: False)
    result = doctor.check_progress()
    assert result.state == "warning"
    assert "WSLAB_DATA_DIR" in result.mend


def test_few_files_may_be_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """A low limit, such as that of macOS, is a warning, with the way to raise it."""
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda which: (256, 4096))
    result = doctor.check_files()
    assert (result.found, result.state) == ("256 at most", "warning")
    assert "ulimit -n 1024" in result.mend
    monkeypatch.setattr(resource, "getrlimit", lambda which: (1024, 4096))
    assert doctor.check_files().state == "ok"


def test_no_limit_of_open_files(without: Callable[[str], None]) -> None:
    """Windows has none."""
    without("resource")
    assert doctor.check_files() == Result("open files of a process", "no limit")
