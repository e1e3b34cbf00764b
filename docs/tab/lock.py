"""
Write Pyodide's lock file: which wheel has which package, with its hash and what it needs.

(The library pyodide-lock does this, from Python 3.12 on.) NumPy, matplotlib and Pillow are on no
registry as wheels for WebAssembly: their entries, and those of what they need, are those of
Pyodide's own distribution of the same version, at its pinned address, with its hashes. A browser
that can reach it loads them when a cell imports them.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# What IPython needs in a terminal only.
NEEDLESS = {"ipython": {"prompt-toolkit"}}

DISTRIBUTION = "https://cdn.jsdelivr.net/pyodide/v{version}/full/"
FROM_DISTRIBUTION = ("numpy", "matplotlib", "pillow")

# What Python says of itself in Pyodide 314, for the markers of requirements.
ENVIRONMENT = {
    "extra": "",
    "implementation_name": "cpython",
    "implementation_version": "3.14.2",
    "os_name": "posix",
    "platform_machine": "wasm32",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Emscripten",
    "platform_version": "",
    "python_full_version": "3.14.2",
    "python_version": "3.14",
    "sys_platform": "emscripten",
}


def write(folder: Path, wheels: list[Path]) -> None:
    """Replace the lock file in a folder by one that has these wheels."""
    path = folder / "pyodide-lock.json"
    lock = json.loads(path.read_text(encoding="utf-8"))
    version = json.loads((Path(__file__).parent / "package.json").read_text(encoding="utf-8"))[
        "dependencies"
    ]["pyodide"]
    entries = {entry["name"]: entry for entry in map(_entry, wheels)}
    remote = _remote(lock["packages"], DISTRIBUTION.format(version=version), set(entries))
    packages = remote | entries
    for name, entry in packages.items():
        needless = NEEDLESS.get(name, set())
        entry["depends"] = [one for one in entry["depends"] if one in {*packages} - needless]
    lock["packages"] = packages
    path.write_text(json.dumps(lock), encoding="utf-8")


def _entry(wheel: Path) -> dict[str, Any]:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (info,) = (name for name in names if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        metadata = Parser().parsestr(archive.read(info).decode())
    required = map(Requirement, metadata.get_all("Requires-Dist") or ())
    return {
        "name": canonicalize_name(metadata["Name"]),
        "version": metadata["Version"],
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": sorted({*_modules(names)}),
        "depends": [
            canonicalize_name(requirement.name)
            for requirement in required
            if requirement.marker is None or requirement.marker.evaluate(ENVIRONMENT)
        ],
        "unvendored_tests": False,
    }


def _modules(names: list[str]) -> list[str]:
    found = []
    for name in names:
        first, _, rest = name.partition("/")
        if name.startswith("wslab/exercises/"):
            found.append("wslab.exercises")  # a part of a package that is there already
        elif rest and not first.endswith((".dist-info", ".data", ".libs")):
            found.append(first)
        elif not rest and first.endswith((".py", ".pyc")):
            found.append(first.rsplit(".", 1)[0])
    return found


def _remote(packages: dict[str, Any], address: str, here: set[str]) -> dict[str, Any]:
    """What Pyodide's distribution has of the packages named above, and of what they need."""
    found: dict[str, Any] = {}
    names = list(FROM_DISTRIBUTION)
    while names:
        name = names.pop()
        if name in found or name in here or name not in packages:
            continue
        entry = found[name] = dict(packages[name])
        entry["file_name"] = address + entry["file_name"]
        # Not by Pyodide's own look at a cell's imports, whose failure would be the cell's.
        entry["imports"] = []
        names += entry["depends"]
    return found
