"""
Get what the tab's Python consists of, from the registries or from the cache.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

# Wheels for CPython 3.14 in WebAssembly (PEP 783): what Pyodide 314 can load.
PLATFORM = [
    *("--platform", "pyemscripten_2026_0_wasm32", "--python-version", "3.14"),
    *("--implementation", "cp", "--abi", "cp314", "--only-binary", ":all:"),
]


def pyodide(package: Path, cache: Path) -> Path:
    """Install npm's package ``pyodide`` with the version and hash of ``package-lock.json``."""
    folder = cache / "npm"
    lock = package / "package-lock.json"
    if not _is_fresh(folder, lock):
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy2(package / name, folder / name)
        npm = Path(sys.executable).with_name("npm")
        _run([str(npm), "ci", "--no-audit", "--no-fund", "--silent"], folder)
        _note_fresh(folder, lock)
    return folder / "node_modules" / "pyodide"


def wheels(pins: Path, cache: Path) -> list[Path]:
    """Download the wheels that a file of pins names."""
    folder = cache / "wheels"
    if not _is_fresh(folder, pins):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "-q"]
        _run([*command, "--no-deps", *PLATFORM, "-d", str(folder), "-r", str(pins)], cache)
        _note_fresh(folder, pins)
    return sorted(folder.glob("*.whl"))


def of_the_kernel() -> list[Path]:
    """The wheels that JupyterLite's kernel brings itself."""
    folder = "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi"
    found = sorted((Path(sys.prefix) / folder).glob("*.whl"))
    return [wheel for wheel in found if not wheel.name.startswith("widgetsnbextension-3")]


def own(root: Path, cache: Path) -> list[Path]:
    """
    Build the wheel of wslab, without the notebooks, which the site has anyway.

    Its exercises are half of it: they are a wheel of their own, which the first check loads.
    """
    folder = cache / "own"
    shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], root)
    (full,) = folder.glob("*.whl")
    version = full.name.split("-")[1]
    slim = folder / f"slim-{full.name}"
    exercises = folder / f"wslab_exercises-{version}-py3-none-any.whl"
    with (
        zipfile.ZipFile(full) as source,
        zipfile.ZipFile(slim, "w") as target,
        zipfile.ZipFile(exercises, "w") as later,
    ):
        _describe(later, "wslab-exercises", version)
        for entry in source.infolist():
            if not entry.filename.startswith("wslab/notebooks/"):
                is_later = entry.filename.startswith("wslab/exercises/")
                (later if is_later else target).writestr(entry, source.read(entry))
    return [slim.replace(full), exercises]


def without_jedi(cache: Path) -> Path:
    """
    Make an empty wheel in place of jedi's 4.9 MB.

    JupyterLite's kernel asks for the package by name. Without the module IPython completes by
    looking at the objects that are there.
    """
    wheel = cache / "jedi-0.0.0+none-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as target:
        _describe(target, "jedi", "0.0.0+none")
    return wheel


def _describe(wheel: zipfile.ZipFile, name: str, version: str) -> None:
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    for file, text in {"METADATA": metadata, "WHEEL": "Wheel-Version: 1.0\n"}.items():
        wheel.writestr(zipfile.ZipInfo(f"{info}/{file}"), text)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(
            f"{done.stdout}{done.stderr}\n{' '.join(command[:6])} … failed; is there a network?"
        )


def _digest(pins: Path) -> str:
    return hashlib.sha256(pins.read_bytes()).hexdigest()


def _is_fresh(folder: Path, pins: Path) -> bool:
    stamp = folder / ".from"
    return stamp.exists() and stamp.read_text() == _digest(pins)


def _note_fresh(folder: Path, pins: Path) -> None:
    (folder / ".from").write_text(_digest(pins))
