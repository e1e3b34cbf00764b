"""What is installed is what it should be: the wheel's contents, its metadata, its dependencies."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from email.message import Message
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

import wslab

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with the installed hatchling: no environment of its own, no network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    """The wheel's METADATA."""
    with ZipFile(wheel) as archive:
        text = archive.read(f"wslab-{wslab.__version__}.dist-info/METADATA").decode()
    return Parser().parsestr(text)


def test_versions_are_equal() -> None:
    """The version is the same in pyproject.toml and in the module."""
    assert wslab.__version__ == PROJECT["version"]


def test_version_is_in_the_changelog() -> None:
    """Each version says what changed in it."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{wslab.__version__}]" in changelog


def test_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    """Every file of wslab/ is in the wheel, the type marker too, and no test or notebook."""
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "wslab").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == expected
    assert "wslab/py.typed" in names


def test_wheel_says_what_it_is(metadata: Message) -> None:
    """Name, licence, Python and the text for the package index are there."""
    assert metadata["Name"] == "wslab"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["License-File"] == "LICENSE"
    assert metadata["Requires-Python"] == ">=3.11"
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])
    assert metadata.get_payload() == (ROOT / "README.md").read_text(encoding="utf-8")


def test_wheel_requires_websockets_only(metadata: Message) -> None:
    """Installing wslab brings websockets; the course's libraries come by extras."""
    required = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert required == ["websockets<18,>=17.4"]
    assert metadata.get_all("Provides-Extra") == ["book", "course", "dev", "fast", "hub"]


# Refuses every import but those of the standard library, websockets and wslab. Those two catch
# ImportError where they can do without something, so what they import on the side may be refused.
REFUSE_OTHERS = """
import sys

class RefuseOthers:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in {*sys.stdlib_module_names, "websockets", "wslab"}:
            raise ModuleNotFoundError(f"No module named {name!r} (refused by the test)", name=name)

sys.meta_path.insert(0, RefuseOthers())
"""


USE = """
import wslab

with wslab.serve(wslab.handlers.echo) as server:
    assert wslab.talk(server.url, "Hello, server!") == ["Hello, server!"]
    repr(server.transcript)
"""


def test_needs_websockets_only() -> None:
    """A server, a client and the record of what they said need websockets and nothing else."""
    command = [sys.executable, "-c", REFUSE_OTHERS + USE]
    subprocess.run(command, cwd=ROOT, check=True, timeout=30)


def test_refusal_works() -> None:
    """The test above can fail: a library of the course is refused though it is installed."""
    command = [sys.executable, "-c", f"{REFUSE_OTHERS}\nimport msgspec"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert "No module named 'msgspec' (refused by the test)" in result.stderr
