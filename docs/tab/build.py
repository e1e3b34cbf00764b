"""
Build the course as a static site that runs in a browser tab: ``make tab``.

Run it with the environment that ``requirements.txt`` beside it describes. What the registries gave
is kept in the cache, so that building again needs no network.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import compiling
import contents
import lock
import packages
import pages

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

# The interpreter's own files, of npm's package.
PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json")


def build(output: Path, cache: Path) -> None:
    """Build the site into a folder, with a folder for what can be used again."""
    cache.mkdir(parents=True, exist_ok=True)
    pyodide = packages.pyodide(HERE, cache)
    wheels = [
        *packages.wheels(HERE / "wheels.txt", cache),
        *packages.of_the_kernel(),
        packages.without_jedi(cache),
    ]
    own = packages.own(ROOT, cache)
    site = cache / "site"
    shutil.rmtree(site, ignore_errors=True)
    static = site / "static" / "pyodide"
    static.mkdir(parents=True)
    for name in PYODIDE:
        shutil.copy2(pyodide / name, static / name)
    library = pyodide / "python_stdlib.zip"
    for archive in compiling.compiled(library, wheels, own, pyodide, cache):
        shutil.copy2(archive, static / archive.name)
    lock.write(static, [static / wheel.name for wheel in (*wheels, *own)])
    # Not in a folder: a kernel without a service worker has none to enter, and would not begin.
    contents.copy(ROOT / "notebooks", site / "files")
    for name in ("jupyter-lite.json", "jupyter_lite_config.json", "overrides.json"):
        shutil.copy2(HERE / name, site / name)
    shutil.rmtree(output, ignore_errors=True)
    command = [sys.executable, "-m", "jupyterlite_core", "build", "--output-dir", str(output)]
    done = subprocess.run(command, cwd=site, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}JupyterLite could not build the site")
    pages.finish(output, HERE / "page.js")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "tab")
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / ".tab")
    options = parser.parse_args()
    build(options.output.resolve(), options.cache.resolve())
    size = sum(file.stat().st_size for file in options.output.rglob("*") if file.is_file())
    print(f"the site is in {options.output} ({size / 2**20:.0f} MiB): make tab-serve")


if __name__ == "__main__":
    main()
