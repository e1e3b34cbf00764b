"""
What could be wrong on this machine, and how to mend it: the command ``wslab doctor``.

Each check is a function that returns a :class:`Result`. It changes nothing.
"""

from __future__ import annotations

import asyncio
import dataclasses
import importlib
import importlib.metadata
import json
import os
import pathlib
import socket
import sys
import urllib.request
from collections.abc import Callable
from typing import Any, Literal

from .handlers import echo
from .server import serve
from .talk import talk

__all__ = ["Result", "examine", "table"]

TIMEOUT = 5.0
"""Seconds that a connection of this machine to itself may take."""

INSTALL = "pip install 'wslab[course]'"


@dataclasses.dataclass(frozen=True)
class Result:
    """
    What a check found.

    Attributes:
        what: What was looked at.
        found: What there is.
        state: ``"ok"``, ``"warning"`` (the course runs, something may surprise) or ``"problem"``.
        mend: What to do about it; empty if it is "ok".
    """

    what: str
    found: str
    state: Literal["ok", "warning", "problem"] = "ok"
    mend: str = ""


def examine() -> list[Result]:
    """Make all checks; return what they found, one result for each."""
    return [check() for check in CHECKS]


def table(results: list[Result]) -> str:
    """
    Show results as a table in plain text.

    >>> print(table([Result("Python", "3.9.1", "problem", "install Python 3.11 or newer")]))
    what    found  state    mend
    Python  3.9.1  problem  install Python 3.11 or newer
    """
    rows = [("what", "found", "state", "mend")]
    rows += [(result.what, result.found, result.state, result.mend) for result in results]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join("  ".join([*map(str.ljust, row[:3], widths), row[3]]).rstrip() for row in rows)


def check_python() -> Result:
    """Python itself is one that the course is tested with."""
    found = ".".join(map(str, sys.version_info[:3]))
    names = importlib.metadata.metadata("wslab").get_all("Classifier") or []
    tested = [name.rpartition(" ")[2] for name in names if ":: 3." in name]
    if found.rpartition(".")[0] not in tested:
        mend = f"if something fails, use one that the course is tested with: {', '.join(tested)}"
        return Result("Python", found, "warning", mend)
    return Result("Python", found)


def check_packages() -> Result:
    """What the notebooks need is installed, in a version that will do."""
    what = "packages of the course"
    try:
        parse = importlib.import_module("packaging.requirements").Requirement
    except ModuleNotFoundError:
        return Result(what, "not installed", "problem", INSTALL)
    missing = []
    required = [parse(line) for line in importlib.metadata.requires("wslab") or []]
    for one in required:
        if one.marker is None or one.marker.evaluate({"extra": "course"}):
            try:
                version = importlib.metadata.version(one.name)
            except importlib.metadata.PackageNotFoundError:
                missing.append(f"no {one.name}")
                continue
            if not one.specifier.contains(version, prereleases=True):
                missing.append(f"{one.name} {version}, not {one.specifier}")
    if missing:
        return Result(what, ", ".join(missing), "problem", f"{INSTALL} --upgrade")
    return Result(what, "all there")


def check_kernel() -> Result:
    """Notebooks run in this very Python, where ``wslab`` is installed."""
    what = "Python of the notebooks"
    try:
        manager = importlib.import_module("jupyter_client.kernelspec").KernelSpecManager()
        argv = manager.get_kernel_spec("python3").argv
    except Exception as exc:  # not installed, or no such kernel: jupyter_client has many ways
        return Result(what, f"none ({type(exc).__name__})", "problem", INSTALL)
    # "python" stands for the Python that runs JupyterLab.
    if argv[0] not in ("python", "python3", pathlib.Path(sys.executable).name):
        own, theirs = (pathlib.Path(path).parent for path in (sys.executable, argv[0]))
        if own != theirs:
            mend = "python -m ipykernel install --sys-prefix"
            return Result(what, f"another one, {argv[0]}", "problem", mend)
    return Result(what, "this one")


def check_proxy() -> Result:
    """No proxy takes the connections of this machine to itself."""
    proxies = {name: url for name, url in urllib.request.getproxies().items() if name != "no"}
    if proxies and not urllib.request.proxy_bypass("127.0.0.1"):
        mend = "set NO_PROXY=localhost,127.0.0.1 (wslab.serve does, for its own process)"
        return Result("proxy", f"for {', '.join(sorted(proxies))}", "warning", mend)
    return Result("proxy", "none for this machine")


def check_loopback() -> Result:
    """This machine can talk to itself, and knows itself as localhost."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=TIMEOUT).close()
    except OSError as exc:
        mend = "let programs listen on and connect to 127.0.0.1: look at the firewall's rules"
        return Result("loopback", str(exc), "problem", mend)
    try:
        addresses = {str(info[4][0]) for info in socket.getaddrinfo("localhost", None)}
    except OSError:
        addresses = set()
    if not addresses or not all(
        address == "::1" or address.startswith("127.") for address in addresses
    ):
        found = f"localhost is {', '.join(sorted(addresses)) or 'unknown'}"
        mend = "give localhost the address 127.0.0.1 in the hosts file"
        return Result("loopback", found, "warning", mend)
    return Result("loopback", "works")


def check_echo() -> Result:
    """A WebSocket server of ``wslab`` answers."""
    what = "WebSocket server"
    try:
        with serve(echo, name="wslab doctor") as server:
            answer = talk(server.url, "hello", timeout=TIMEOUT)
    except Exception as exc:  # whatever it is, the table shows it
        mend = "see the rows above; an antivirus or firewall may stop it"
        return Result(what, f"{type(exc).__name__}: {exc}", "problem", mend)
    return Result(what, "answers" if answer == ["hello"] else f"answered {answer}")


def check_port(port: int = 8888) -> Result:
    """JupyterLab's usual port is free."""
    what = f"port {port}"
    try:
        with socket.create_server(("127.0.0.1", port)):
            return Result(what, "free")
    except OSError:
        mend = "nothing to do: JupyterLab takes the next one"
        return Result(what, "taken", "warning", mend)


def check_anywidget() -> Result:
    """JupyterLab finds the extension that shows the browser console, and has not disabled it."""
    what = "anywidget in JupyterLab"
    try:
        paths = importlib.import_module("jupyter_core.paths")
    except ModuleNotFoundError:
        return Result(what, "no JupyterLab", "problem", INSTALL)
    folders = [pathlib.Path(path) / "anywidget" for path in paths.jupyter_path("labextensions")]
    if not any((folder / "package.json").is_file() for folder in folders):
        mend = "pip install --force-reinstall anywidget, in JupyterLab's environment"
        return Result(what, "not found", "problem", mend)
    for folder in paths.jupyter_config_path():
        if _is_disabled(pathlib.Path(folder) / "labconfig" / "page_config.json", "anywidget"):
            return Result(what, "disabled", "problem", "jupyter labextension enable anywidget")
    return Result(what, "found")


def check_nest_asyncio() -> Result:
    """Nobody has patched asyncio with the archived nest_asyncio, which loses queued cells."""
    what = "nest_asyncio"
    mend = "remove nest_asyncio.apply() there; call wslab.allow_asyncio_run() in a cell instead"
    if hasattr(asyncio, "_nest_patched") and not hasattr(asyncio, "_nest_asyncio2"):
        return Result(what, "applied when Python starts", "problem", mend)
    folder = pathlib.Path(os.environ.get("IPYTHONDIR") or pathlib.Path.home() / ".ipython")
    profile = folder / "profile_default"
    for file in sorted([*profile.glob("startup/*.*py"), *profile.glob("*_config.py")]):
        if "nest_asyncio.apply" in file.read_text(encoding="utf-8", errors="replace"):
            return Result(what, f"applied by {file.name} in {file.parent}", "problem", mend)
    return Result(what, "not applied by anybody")


def check_figures() -> Result:
    """No variable keeps figures from being shown in a notebook."""
    backend = os.environ.get("MPLBACKEND", "")
    if backend and "inline" not in backend:
        mend = "unset MPLBACKEND, or say %matplotlib inline, as the course's notebooks do"
        return Result("figures", f"MPLBACKEND is {backend}: not shown", "warning", mend)
    return Result("figures", "shown")


def check_progress() -> Result:
    """The exercises that are done can be written down."""
    what = "file of your progress"
    try:
        file = importlib.import_module("wslab.exercises._progress").path()
    except ModuleNotFoundError:
        return Result(what, "exercises are not installed", "problem", INSTALL)
    folder = next(parent for parent in file.parents if parent.exists())
    if not os.access(folder, os.W_OK) or (file.exists() and not os.access(file, os.W_OK)):
        mend = "make it writable, or set WSLAB_DATA_DIR to a folder that is"
        return Result(what, f"cannot be written in {folder}", "warning", mend)
    return Result(what, "can be written")


def check_files(needed: int = 1024) -> Result:
    """A process may hold open as many connections as the lessons have."""
    what = "open files of a process"
    try:
        resource: Any = importlib.import_module("resource")
    except ModuleNotFoundError:  # on Windows, which has no such limit
        return Result(what, "no limit")
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < needed:
        mend = f"ulimit -n {needed}, in the shell that starts JupyterLab"
        return Result(what, f"{soft} at most", "warning", mend)
    return Result(what, f"{soft} at most")


def _is_disabled(file: pathlib.Path, extension: str) -> bool:
    try:
        disabled = json.loads(file.read_text(encoding="utf-8")).get("disabledExtensions", {})
    except (OSError, ValueError, AttributeError):
        return False
    # Older JupyterLabs wrote a list.
    names = disabled if isinstance(disabled, list) else [n for n, on in disabled.items() if on]
    return any(str(name).partition(":")[0] == extension for name in names)


CHECKS: tuple[Callable[[], Result], ...] = (
    check_python,
    check_packages,
    check_kernel,
    check_proxy,
    check_loopback,
    check_echo,
    check_port,
    check_anywidget,
    check_nest_asyncio,
    check_figures,
    check_progress,
    check_files,
)
