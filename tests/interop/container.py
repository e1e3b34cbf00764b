"""
Builds and runs the container that notebook 11 shows, with podman, without a registry.

    cd tests && python -m interop.container

``python:3.13-slim`` is stood in for by Debian's Python in a system that mmdebstrap makes; what pip
installs comes from wheels that were fetched before. All else is the notebook's file, word for word:
it must build, run as nobody, be healthy, and end with status 0 when it is told to stop.
Debian's packages: podman runc mmdebstrap (crun 1.8 refuses where there are cgroups of both kinds).
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "11_in_production.ipynb"
TOOLS = ROOT / "build" / "atlas"
PART = re.compile(r'\Apart\(".+"\)\n')
START = "asyncio.run(main(int(sys.argv[1])))\n"

BASE = """
FROM debian-python
COPY wheels /wheels
ENV PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels PIP_BREAK_SYSTEM_PACKAGES=1
RUN ln -s python3 /usr/bin/python
"""


def run(*command: str | Path, timeout: float = 600) -> str:
    """Run a command; return what it prints, and fail with it."""
    words = list(map(str, command))
    done = subprocess.run(words, capture_output=True, text=True, timeout=timeout)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def program(cells: Sequence[nbformat.NotebookNode]) -> str:
    """The server of the notebook, with the times that it has by default."""
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    return "\n\n".join([*(PART.sub("", one) for one in sources if PART.search(one)), START])


def system() -> Path:
    """Debian with its Python, as an archive; it is made once."""
    archive = TOOLS / "debian-python.tar"
    if not archive.exists():
        archive.parent.mkdir(parents=True, exist_ok=True)
        part = archive.with_name("part-of-debian-python.tar")
        include = "--include=python3,python3-pip,ca-certificates"
        run("mmdebstrap", "--quiet", "--variant=minbase", include, "bookworm", part)
        part.rename(archive)
    return archive


def main() -> None:
    """Do it, and say what happened."""
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    text = next(cell.source for cell in cells if cell.id == "supervisor-idea")
    [file] = re.findall(r"```dockerfile\n(.*?)```", text, re.DOTALL)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        podman = ("podman", "--root", folder / "root", "--runroot", folder / "run")
        podman = (
            *podman,
            "--storage-driver",
            "vfs",
            "--cgroup-manager",
            "cgroupfs",
            "--runtime",
            "runc",
        )
        build = ("build", "--quiet", "--isolation", "chroot")
        (folder / "base").mkdir()
        (folder / "base" / "Containerfile").write_text(BASE)
        wheels = folder / "base" / "wheels"
        packages = ("websockets", "prometheus-client")
        version = ("--python-version", "3.11", "--only-binary", ":all:")
        run(sys.executable, "-m", "pip", "download", "-q", *version, "-d", wheels, *packages)
        run(*podman, "import", system(), "localhost/debian-python")
        run(*podman, *build, "--tag", "docker.io/library/python:3.13-slim", folder / "base")
        (folder / "feed").mkdir()
        (folder / "feed" / "server.py").write_text(program(cells), encoding="utf-8")
        (folder / "feed" / "Containerfile").write_text(file, encoding="utf-8")
        run(*podman, *build, "--pull=never", "--format", "docker", "--tag", "feed", folder / "feed")
        print("the container file builds")
        try_it(podman)


def try_it(podman: Sequence[str | Path]) -> None:
    """Run the image; its network is a loopback of its own."""
    limits = (
        "--health-interval",
        "disable",  # who asks is this program; podman would ask by a timer of systemd
        "--network",
        "none",
        "--ulimit",
        "nofile=1024:1024",
        "--ulimit",
        "nproc=1024:1024",
    )
    run(*podman, "run", "--detach", "--name", "feed", *limits, "feed")
    try:
        end = time.monotonic() + 30
        while "feed" in run(*podman, "ps", "--format", "{{.Names}}"):
            check = [*map(str, podman), "healthcheck", "run", "feed"]
            if subprocess.run(check, capture_output=True, timeout=60).returncode == 0:
                break
            if time.monotonic() > end:
                raise SystemExit("it does not become healthy:\n" + run(*podman, "logs", "feed"))
            time.sleep(0.1)
        command, user = run(*podman, "exec", "feed", "cat", "/proc/1/cmdline"), "unknown"
        user = run(*podman, "exec", "feed", "id", "-un")
        print(f"it is healthy; process 1 is {command.split(chr(0))[:3]}, of the user {user}")
        began = time.monotonic()
        run(*podman, "stop", "--time", "30", "feed")
        took = time.monotonic() - began
        status = run(*podman, "inspect", "--format", "{{.State.ExitCode}}", "feed")
        print(f"stopped in {took:.0f} s, exit status {status}")
        assert (status, user) == ("0", "nobody"), (status, user)
        assert took < 30, took
    finally:
        subprocess.run([*map(str, podman), "rm", "--force", "feed"], capture_output=True)


if __name__ == "__main__":
    main()
