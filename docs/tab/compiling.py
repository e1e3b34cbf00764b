"""
Compile the Python of archives to bytecode, with the interpreter that will run it.

A kernel that has to compile the standard library, IPython and the rest begins seconds later. Node
runs that interpreter here; what it made of an archive is kept by the archive's hash.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).parent

# Packages whose source a learner may want to read, and sees in tracebacks.
WITH_SOURCE = ("wslab-", "websockets-")

# The standard library's parts that no kernel in a tab can use.
NEEDLESS = ("ensurepip/", "idlelib/", "lib2to3/", "pydoc_data/", "tkinter/", "turtledemo/", "test/")


def compiled(archives: list[Path], pyodide: Path, cache: Path) -> list[Path]:
    """Return an archive of bytecode for each, of the same name."""
    folders = [cache / "compiled" / _key(archive, pyodide) for archive in archives]
    todo = [
        (archive, folder)
        for archive, folder in zip(archives, folders, strict=True)
        if not (folder / archive.name).exists()
    ]
    for archive, folder in todo:
        shutil.rmtree(folder, ignore_errors=True)
        with zipfile.ZipFile(archive) as source:
            source.extractall(folder / "files")
    if todo:
        node = Path(sys.executable).with_name("node")
        paths = [str(folder / "files") for _, folder in todo]
        script = HERE / "compile.mjs"
        done = subprocess.run([str(node), str(script), str(pyodide), *paths], check=False)
        if done.returncode:
            sys.exit("the bytecode could not be made")
    for archive, folder in todo:
        _pack(folder / "files", folder / archive.name, archive.name.startswith(WITH_SOURCE))
        shutil.rmtree(folder / "files")
    return [folder / archive.name for archive, folder in zip(archives, folders, strict=True)]


def _key(archive: Path, pyodide: Path) -> str:
    digest = hashlib.sha256(archive.read_bytes())
    for part in (HERE / "compile.mjs", Path(__file__), pyodide / "package.json"):
        digest.update(part.read_bytes())
    return f"{archive.name.split('-')[0]}-{digest.hexdigest()[:16]}"


def _pack(folder: Path, target: Path, with_source: bool) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for file in sorted(folder.rglob("*")):
            name = file.relative_to(folder).as_posix()
            if file.is_dir() or name.startswith(NEEDLESS):
                continue
            bytecode = file.with_suffix(".pyc")
            if file.suffix == ".py" and bytecode.exists() and not with_source:
                continue
            if file.suffix == ".pyc" and with_source:  # beside the source Python looks here
                name = f"{Path(name).parent.as_posix()}/__pycache__/{file.stem}.cpython-314.pyc"
            entry = zipfile.ZipInfo(name)  # the same bytes each time: no date of this machine
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, file.read_bytes())
