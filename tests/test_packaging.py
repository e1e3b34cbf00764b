"""What is installed is what it should be: the wheel's contents, its metadata, its dependencies."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import textwrap
import tomllib
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any
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


def test_wheel_holds_the_package_and_the_notebooks(wheel: Path) -> None:
    """Every file of wslab/ is in the wheel, and the notebooks with their pictures; no test."""
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "wslab").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    } | {
        f"wslab/{path.relative_to(ROOT).as_posix()}"
        for pattern in ("*.ipynb", "images/*", "matplotlibrc")
        for path in (ROOT / "notebooks").glob(pattern)
    }
    assert names == expected
    assert "wslab/py.typed" in names
    assert "wslab/notebooks/00_start_here.ipynb" in names


def test_wheel_from_the_sdist_is_the_same(wheel: Path, tmp_path: Path) -> None:
    """The source distribution holds all that the wheel is made of."""
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path)]
    options: Any = {"check": True, "capture_output": True, "text": True, "timeout": 60}
    subprocess.run([*build, "-t", "sdist"], cwd=ROOT, **options)
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir())
    assert {"CHANGELOG.md", "LICENSE", "README.md"} <= {path.name for path in folder.iterdir()}
    subprocess.run([*build, "-t", "wheel"], cwd=folder, **options)
    (second,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as first_archive, ZipFile(second) as second_archive:
        assert set(second_archive.namelist()) == set(first_archive.namelist())


INSTALLED = """
import pathlib, sys
import wslab, wslab.cli

assert pathlib.Path(wslab.__file__).is_relative_to(sys.argv[1]), wslab.__file__
done = wslab.cli.copy_course(wslab.cli.notebooks_folder(), pathlib.Path(sys.argv[2]))
assert "00_start_here.ipynb" in done["copied"], done
with wslab.serve(wslab.handlers.echo) as server:
    assert wslab.talk(server.url, "Hello, server!") == ["Hello, server!"]
"""


def test_installed_wheel_works_without_the_repository(wheel: Path, tmp_path: Path) -> None:
    """It serves, and brings the notebooks, with no file of the repository in reach."""
    site = tmp_path / "site"
    with ZipFile(wheel) as archive:
        archive.extractall(site)  # which is what an installer does with a pure wheel
    command = [sys.executable, "-W", "error", "-c", INSTALLED, str(site), str(tmp_path / "course")]
    environment = os.environ | {"PYTHONPATH": str(site)}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=30)
    assert (tmp_path / "course" / "images").is_dir()


def test_notebooks_need_no_file_of_the_repository() -> None:
    """What they open or link to is beside them: another notebook, or a picture."""
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            above = re.search(r"(\]\(|open\([\"']|Path\([\"'])\.\./", source)
            assert not above, f"{path.name}, {cell['id']}"


def test_wheel_says_what_it_is(metadata: Message) -> None:
    """Name, licence, Python and the text for the package index are there."""
    assert metadata["Name"] == "wslab"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["License-File"] == "LICENSE"
    assert metadata["Requires-Python"] == ">=3.11"
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])
    assert metadata.get_payload() == (ROOT / "README.md").read_text(encoding="utf-8")


def test_wheel_has_no_answers(wheel: Path) -> None:
    """Only tests need those; a solution is part of its exercise."""
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        assert "wslab/exercises/client/send_json.py" in names
        assert [name for name in names if "answers/" in name] == []
        for name in names:
            if name.startswith("wslab/exercises/"):
                assert "# %% wrong" not in archive.read(name).decode(), name


def test_wheel_has_the_command(wheel: Path) -> None:
    """`wslab` is a command, and a plugin of pytest."""
    with ZipFile(wheel) as archive:
        text = archive.read(f"wslab-{wslab.__version__}.dist-info/entry_points.txt").decode()
    assert "[console_scripts]\nwslab = wslab.cli:main\n" in text
    assert "[pytest11]\nwslab = wslab.pytest_plugin\n" in text


def test_wheel_requires_websockets_only(metadata: Message) -> None:
    """Installing wslab brings websockets; the course's libraries come by extras."""
    required = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert required == ["websockets<18,>=17.4"]
    assert metadata.get_all("Provides-Extra") == ["book", "course", "dev", "fast", "hub", "proxy"]


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


def test_import_loads_nothing_that_draws() -> None:
    """A program that only serves does not wait for pictures; drawing loads them."""
    program = """
        import sys
        import wslab
        drawing = {"wslab.render", "wslab.diagram", "wslab.live", "wslab.browser", "html"}
        assert not drawing & set(sys.modules), drawing & set(sys.modules)
        wslab.Records([])._repr_mimebundle_(), wslab.Anatomy
        assert {"wslab.render", "wslab.diagram"} <= set(sys.modules)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=30)


def test_refusal_works() -> None:
    """The test above can fail: a library of the course is refused though it is installed."""
    command = [sys.executable, "-c", f"{REFUSE_OTHERS}\nimport msgspec"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert "No module named 'msgspec' (refused by the test)" in result.stderr
