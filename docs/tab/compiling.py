"""
Compile the Python of archives to bytecode, with the interpreter that will run it.

A kernel that has to compile IPython, ``websockets`` and the standard library begins seconds later.
Bytecode is nearly twice as big as source, though, so what no kernel imports stays source. Node runs
that interpreter here; what it made is kept.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).parent

# The standard library's parts that no kernel in a tab can use, and those in Python for which the
# interpreter has C.
NEEDLESS = (
    *("ensurepip/", "idlelib/", "lib2to3/", "pydoc_data/", "tkinter/", "turtledemo/", "test/"),
    *("_pydatetime.py", "_pydecimal.py", "_pyio.py", "turtle.py", "_pyrepl/", "curses/"),
    "multiprocessing/",  # wants an operating system
    *("ftplib.py", "imaplib.py", "poplib.py", "smtplib.py"),  # of other machines
    # And of packages: what runs under Sphinx, pytest or Trio, which no kernel does here.
    *("IPython/sphinxext/", "IPython/testing/plugin/", "websockets/trio/"),
)
# Of a package's own description: lists of its files and of where they came from.
UNREAD = re.compile(r"[^/]+\.dist-info/(RECORD$|sboms/)")
# Nobody reads these in a tab.
SOLUTIONS = "wslab/exercises/"

# Other languages' highlighting, and pictures of it, which no output of a kernel for Python needs.
PYGMENTS_KEPT = {
    "pygments/lexers/": ("data", "diff", "javascript", "python", "shell", "special"),
    "pygments/formatters/": ("html", "latex", "other", "terminal", "terminal256"),
}


def compiled(
    library: Path, site: list[Path], own: list[Path], pyodide: Path, cache: Path
) -> list[Path]:
    """
    Return archives of the same names with bytecode.

    Args:
        library: The standard library.
        site: Packages.
        own: Packages whose files are all compiled, and stay readable beside their bytecode.
        pyodide: The interpreter.
        cache: Where to keep them.
    """
    theirs = _group([library, *site], pyodide, cache)
    if not theirs.exists():
        _compile([library, *site], [], pyodide, theirs)
    ours = _group(own, pyodide, cache)
    if not ours.exists():
        _compile([], own, pyodide, ours)
    return [
        *(theirs / archive.name for archive in (library, *site)),
        *(ours / archive.name for archive in own),
    ]


def _group(archives: list[Path], pyodide: Path, cache: Path) -> Path:
    digest = hashlib.sha256()
    for part in (*archives, HERE / "compile.mjs", Path(__file__), pyodide / "package.json"):
        digest.update(part.read_bytes())
    return cache / "compiled" / digest.hexdigest()[:16]


def _compile(archives: list[Path], own: list[Path], pyodide: Path, target: Path) -> None:
    work = target.with_suffix(".part")
    shutil.rmtree(work, ignore_errors=True)
    every = [*archives, *own]
    for archive in every:
        with zipfile.ZipFile(archive) as source:
            source.extractall(work / "files" / archive.name)
    folders = [str(work / "files" / archive.name) for archive in archives] or [""]
    node = Path(sys.executable).with_name("node")
    command = [str(node), str(HERE / "compile.mjs"), str(pyodide), *folders, "--"]
    command += [str(work / "files" / archive.name) for archive in own]
    if subprocess.run(command, check=False).returncode:
        sys.exit("the bytecode could not be made")
    for archive in every:
        _pack(work / "files" / archive.name, work / archive.name, readable=archive in own)
    shutil.rmtree(work / "files")
    shutil.rmtree(target, ignore_errors=True)
    work.rename(target)


def _pack(folder: Path, target: Path, *, readable: bool) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for file in sorted(folder.rglob("*")):
            name = file.relative_to(folder).as_posix()
            if file.is_dir() or not _is_needed(name):
                continue
            with_source = readable and not name.startswith(SOLUTIONS)
            if file.suffix == ".py" and file.with_suffix(".pyc").exists() and not with_source:
                continue
            if file.suffix == ".pyc" and with_source:  # beside the source Python looks here
                name = f"{Path(name).parent.as_posix()}/__pycache__/{file.stem}.cpython-314.pyc"
            entry = zipfile.ZipInfo(name)  # the same bytes each time: no date of this machine
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, file.read_bytes())


def _is_needed(name: str) -> bool:
    for folder, kept in PYGMENTS_KEPT.items():
        if name.startswith(folder):
            return name.removeprefix(folder).partition(".")[0] in ("__init__", "_mapping", *kept)
    return not (name.startswith(NEEDLESS) or UNREAD.match(name) or "/tests/" in name)
