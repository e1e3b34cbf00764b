"""
What notebook 10 says about load and conformance, run for real: `make load`.

Its locustfile is copied out of the notebook; kosoku plays the cases of the Autobahn test suite.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from test_taught_scripts import program

import wslab

PATIENCE = 120  # seconds
WITHOUT = ("9.*", "12.*", "13.*")  # large messages, compression


def free_port() -> int:
    """A port for Locust's master, which has a fixed one otherwise."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def run(tool: Path, *arguments: str, folder: Path) -> str:
    """Run a program to its end; return what it prints, whatever its exit status is."""
    done = subprocess.run(
        [str(tool), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    if not done.stdout.strip():
        raise RuntimeError(f"{tool.name} said nothing:\n{done.stderr}")
    return done.stdout


def locust(tool: Path, url: str, folder: Path) -> None:
    """Let users talk from two worker processes, and check that each message was answered."""
    (folder / "locustfile.py").write_text(program("10", "locustfile.py"), encoding="utf-8")
    port = str(free_port())
    said = run(
        tool,
        *("-f", "locustfile.py", "--headless", "--json", "--host", url),
        *("--users", "20", "--spawn-rate", "20", "--run-time", "10", "--processes", "2"),
        *("--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port),
        folder=folder,
    )
    [report] = json.loads(said[said.index("[\n") :])
    assert report["num_failures"] == 0, report
    assert report["num_requests"] > 500, report
    times = sorted((float(ms), count) for ms, count in report["response_times"].items())
    below, seen = {}, 0
    for ms, count in times:
        seen += count
        for share in (50, 99):
            if seen >= share / 100 * report["num_requests"]:
                below.setdefault(share, ms)
    print(f"{report['num_requests']:,} round trips, none failed; {below} (percent: ms)")


def conformance(tool: Path, url: str, folder: Path) -> None:
    """Play the cases, and check that no other case fails than the notebook says."""
    place = urlsplit(url)
    left_out = [word for case in WITHOUT for word in ("-x", case)]
    address = f"{place.hostname}:{place.port}"
    run(tool, *left_out, "-p", "4", "-o", "reports", address, folder=folder)
    [cases] = json.loads((folder / "reports" / "index.json").read_text(encoding="utf-8")).values()
    failed = [
        case
        for case, result in cases.items()
        if "FAILED" in result["behavior"] or "WRONG" in result["behaviorClose"]
    ]
    print(f"{len(cases)} cases, failed: {failed}")
    assert failed == ["7.1.5"]


def main() -> None:
    """Run both, with the programs in one folder."""
    tools = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as name, wslab.serve(wslab.handlers.echo) as server:
        locust(tools / "locust", server.url, Path(name))
        conformance(tools / "kosoku", server.url, Path(name))


if __name__ == "__main__":
    main()
