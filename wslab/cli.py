"""
The command ``wslab``: open the course in a folder of one's own, look for what is wrong here, see
what crosses the wire of a server, or name the file that nbval needs for WebSocket notebooks.

``wslab start`` copies the notebooks, which the package brings, and never overwrites what a learner
has changed: a small file in the folder remembers what each copy was like. Nothing is written
through a link, which may lead anywhere.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import io
import json
import os
import pathlib
import secrets
import stat
import subprocess
import sys
from collections.abc import Sequence

from . import __version__, doctor, tap_command

__all__ = ["copy_course", "main", "notebooks_folder", "sanitize_file"]

FOLDER = "websocket-course"
FIRST = "00_start_here.ipynb"
MANIFEST = ".wslab-course.json"
MAX_MANIFEST = 1 << 20
"""Bytes; ours has a few thousand."""

_HERE = pathlib.Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command; return its exit code.

    Args:
        arguments: Those of the command line by default.

    >>> main(["start", __file__])
    wslab: ...cli.py is a file; name a folder for the course
    2
    """
    _print_anything()
    options = _parser().parse_args(arguments)
    if options.command == "doctor":
        results = doctor.examine()
        print(doctor.table(results))
        return int(any(result.state == "problem" for result in results))
    if options.command == "tap":
        return tap_command.run(options)
    if options.command == "nbval-sanitize":
        print(sanitize_file())
        return 0
    try:
        return _start(pathlib.Path(getattr(options, "folder", FOLDER)), options)
    except OSError as exc:
        print(f"wslab: the course cannot be copied ({exc}); name another folder")
        return 1


def notebooks_folder() -> pathlib.Path:
    """
    Return the folder with the notebooks that belong to this version of ``wslab``.

    Raises:
        FileNotFoundError: They are not there.
    """
    # In the installed package, or beside it in a checkout.
    for folder in (_HERE / "notebooks", _HERE.parent / "notebooks"):
        if (folder / FIRST).is_file():
            return folder
    raise FileNotFoundError("this installation of wslab has no notebooks; install it again")


def sanitize_file() -> pathlib.Path:
    """
    Return the file for nbval's option ``--nbval-sanitize-with``.

    It replaces what is another one in each run of a notebook with a WebSocket server: ports, keys
    and dates of handshakes, ids of connections. nbval's documentation has a section about it:
    https://nbval.readthedocs.io/en/latest/#Using-a-regular-expression-to-sanitise-outputs

    >>> sanitize_file().name
    'nbval_sanitize.cfg'
    """
    return _HERE / "nbval_sanitize.cfg"


def copy_course(source: pathlib.Path, folder: pathlib.Path) -> dict[str, list[str]]:
    """
    Copy the notebooks, their pictures and how figures look; keep what the learner has changed.

    Args:
        source: Where they are.
        folder: Where they are to be; it is made if it is not there.

    Returns:
        The names of what was ``"copied"``, ``"refreshed"`` (it was as an earlier version of the
        course had it) and ``"kept"`` (it was not).

    Raises:
        OSError: The folder or a file in it cannot be written.
    """
    done: dict[str, list[str]] = {"copied": [], "refreshed": [], "kept": []}
    _make_folder(folder)
    known = _read_manifest(folder)
    for original in sorted(
        [*source.glob("*.ipynb"), *source.glob("images/*"), *source.glob("matplotlibrc")]
    ):
        name = original.relative_to(source).as_posix()
        target = folder / name
        data = original.read_bytes()
        there = os.path.lexists(target)
        now = _digest(target.read_bytes()) if target.is_file() else ""
        if now == _digest(data):
            continue
        # A link leads to something of the learner's own, wherever that may be.
        linked = target.is_symlink() or (target.parent != folder and target.parent.is_symlink())
        if linked or (there and now != known.get(name)):
            done["kept"].append(name)
            continue
        _write(target, data)
        known[name] = _digest(data)
        done["refreshed" if there else "copied"].append(name)
        # Each time: an interrupted copy goes on where it was.
        _write(folder / MANIFEST, json.dumps(known, indent=1).encode())
    return done


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wslab", description="A course on WebSocket messages.")
    parser.add_argument("--version", action="version", version=f"wslab {__version__}")
    parser.set_defaults(browser=True)
    commands = parser.add_subparsers(dest="command", title="commands")
    start = commands.add_parser("start", help="open the course in JupyterLab (the default)")
    start.add_argument(
        "folder", nargs="?", default=FOLDER, help=f"where the notebooks are copied to ({FOLDER})"
    )
    start.add_argument(
        "--no-browser", dest="browser", action="store_false", help="let JupyterLab open no browser"
    )
    commands.add_parser(
        "nbval-sanitize", help="print the path of a file for nbval's --nbval-sanitize-with"
    )
    commands.add_parser("doctor", help="look for what could be wrong on this machine")
    tap = commands.add_parser("tap", help="show what crosses the wire of a WebSocket server")
    tap_command.add_arguments(tap)
    return parser


def _start(folder: pathlib.Path, options: argparse.Namespace) -> int:
    if folder.exists() and not folder.is_dir():
        print(f"wslab: {folder} is a file; name a folder for the course")
        return 2
    source = notebooks_folder()
    # Unlike Path.resolve(), realpath() raises nothing, whatever links there are.
    if os.path.realpath(folder) != os.path.realpath(source):
        done = copy_course(source, folder)
        for what in ("copied", "refreshed"):
            if done[what]:
                print(f"{what} into {folder}: {len(done[what])} files")
        for name in done["kept"]:
            print(f"kept your {name}; to get the course's own, rename yours and start again")
    if importlib.util.find_spec("jupyterlab") is None:
        print(f"The notebooks are in {folder}. To open them: pip install 'wslab[course]'")
        return 1
    command = [sys.executable, "-m", "jupyterlab", f"--LabApp.default_url=/lab/tree/{FIRST}"]
    command += [] if options.browser else ["--no-browser"]
    # JupyterLab will not run as root unless told to, and in a container one often is root.
    command += ["--allow-root"] if hasattr(os, "getuid") and os.getuid() == 0 else []
    with subprocess.Popen(command, cwd=folder, env=_lab_environment()) as lab:
        while True:
            try:
                return lab.wait()
            except KeyboardInterrupt:  # JupyterLab got it too, and asks whether it is meant
                continue


def _lab_environment() -> dict[str, str]:
    """
    Return an environment for JupyterLab in which it does not ask whether it may fetch news.

    That setting comes from a folder of the package, and the learner's own files stay as they are.
    """
    folders = [str(_HERE / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    return os.environ | {"JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, folders))}


def _print_anything() -> None:
    """Escape what stdout's encoding has not, as in a pipe on Windows, instead of raising."""
    # It may be None, or somebody's own; "replace" and the like raise nothing as they are.
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors in (
        "strict",
        "surrogateescape",
    ):
        sys.stdout.reconfigure(errors="backslashreplace")


def _make_folder(folder: pathlib.Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        if not folder.is_symlink():
            raise
        raise FileExistsError(f"{folder} is a link that leads to no folder") from None


def _read_manifest(folder: pathlib.Path) -> dict[str, str]:
    """Read what each copy was like; without that, every file counts as the learner's."""
    file = folder / MANIFEST
    try:
        # Anything may lie there by that name, such as a pipe, which would be waited for.
        if not stat.S_ISREG(file.lstat().st_mode) or file.stat().st_size > MAX_MANIFEST:
            return {}
        known = json.loads(file.read_text(encoding="utf-8"))
        return {str(name): str(digest) for name, digest in known.items()}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write(file: pathlib.Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    file.parent.mkdir(exist_ok=True)
    # A name that nobody can know before: else a link could lie there.
    temporary = file.with_name(f"{file.name}.{secrets.token_hex(8)}.part")
    with temporary.open("xb") as stream:
        try:
            stream.write(data)
            stream.close()  # on Windows, an open file cannot be replaced
            os.replace(temporary, file)
        finally:
            stream.close()
            temporary.unlink(missing_ok=True)
