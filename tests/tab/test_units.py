"""The unit tests in ``inside/``, by pytest in Pyodide in Node."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .conftest import ROOT, node

HERE = Path(__file__).parent
CACHE = ROOT / "build" / ".tab"
SECONDS = 300


def test_every_unit_test_passes_in_pyodide() -> None:
    """Each file of wslab/_tab has tests of its own, which pass where it runs."""
    if not (CACHE / "npm").exists():
        pytest.skip("there is no Pyodide here: make tab")
    pyodide = CACHE / "npm" / "node_modules" / "pyodide"
    folders = [pyodide, CACHE / "wheels", ROOT / "wslab", HERE / "inside"]
    command = [node(), "--experimental-wasm-jspi", str(HERE / "node.mjs"), *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert " passed" in done.stdout


@pytest.mark.parametrize("path", sorted((ROOT / "wslab" / "_tab").glob("_[a-z]*.py")), ids=str)
def test_every_file_has_a_test_module(path: Path) -> None:
    """One test module for each file, here or in the browser."""
    name = f"test{path.stem}.py"
    assert (HERE / "inside" / name).exists() or (HERE / name).exists(), name
