"""The Makefile makes its environment, with uv or without, and says only what one has to know."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the Makefile needs a Unix shell")

# Stands for every Python: makes "environments" that have it as their Python, and notes what pip is
# to install.
PYTHON = """#!/bin/sh
case "$1 $2" in
    "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    "-m pip")
        test "$3" != --version || exit 0
        echo "pip: $*" >>"$LOG"
        case "$PIP" in fails) echo "pip's trouble" >&2; exit 1 ;; esac ;;
    *) echo stub ;;
esac
"""

UV = """#!/bin/sh
echo "uv: $* UV_SYSTEM_CERTS=$UV_SYSTEM_CERTS" >>"$LOG"
case "$UV" in fails) echo "error: invalid peer certificate" >&2; exit 2 ;; esac
"""


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with stand-ins for Python and uv."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name, text in {"python": PYTHON, "uv": UV}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


def install(programs: Path, **settings: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """Make the environment; return what that said, and which installers were called."""
    log = programs / "log"
    environment = {name: value for name, value in os.environ.items() if name[:4] != "MAKE"} | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "LOG": str(log),
        **settings,
    }
    venv = programs / "venv"
    result = subprocess.run(
        ["make", f"{venv}/.installed", f"VENV={venv}", f"PYTHON={programs / 'python'}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return result, log.read_text()


def test_uv_trusts_what_the_system_trusts(programs: Path) -> None:
    """uv installs, with the system's certificates; pip is not needed."""
    result, calls = install(programs)
    assert (result.returncode, result.stderr) == (0, "")
    assert calls.splitlines() == [
        f"uv: pip install --quiet --python {programs}/venv/bin/python -r requirements.txt "
        "UV_SYSTEM_CERTS=1"
    ]
    assert (programs / "venv" / ".installed").is_file()


def test_a_fallback_that_works_frightens_nobody(programs: Path) -> None:
    """Where uv cannot, pip does it; of uv's error nothing is shown."""
    result, calls = install(programs, UV="fails")
    assert (result.returncode, result.stderr) == (0, "")
    assert "error" not in result.stdout
    assert "pip installs the packages" in result.stdout
    assert [line.partition(":")[0] for line in calls.splitlines()] == ["uv", "pip"]


def test_both_errors_are_shown_where_nothing_works(programs: Path) -> None:
    """Then what uv said may be what helps; and the environment does not count as made."""
    result, _ = install(programs, UV="fails", PIP="fails")
    assert result.returncode != 0
    assert "pip's trouble" in result.stderr
    assert "error: invalid peer certificate" in result.stderr
    assert not (programs / "venv" / ".installed").exists()
