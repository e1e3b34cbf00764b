"""Tests of notebook 11: its server, its proxies and its restarts, with real programs."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import absent
import psutil
import pytest
from conftest import request
from lesson_cells import Lesson

import wslab

NOTEBOOK = "11_in_production"
PROXIES = ("nginx", "haproxy", "caddy")

# What runs here is the notebooks' own code; a tracer would find nothing, and makes all slower.
pytestmark = [pytest.mark.slow, pytest.mark.no_cover]


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[str]]]:
    """All processes that were started; none of them may be left."""
    started: list[subprocess.Popen[str]] = []

    class Popen(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Popen)
    yield started
    left = [process.args for process in started if process.poll() is None]
    for process in started:
        process.kill()
    assert left == []


@pytest.fixture
def lesson(processes: list[Any]) -> Lesson:
    """The lesson's definitions."""
    lesson = Lesson(NOTEBOOK)
    lesson.define_until("watched-run", without=("ask-run", "proxy-try", "three-lines"))
    return lesson


@pytest.fixture
def installed(lesson: Lesson) -> Callable[[str], None]:
    """A proxy is there; without it a test is skipped, and fails in CI."""

    def check(name: str) -> None:
        if name not in lesson.names["found"]:
            absent.give_up(f"{name} is not installed")

    return check


@pytest.mark.parametrize("cell", ["ask-run", "sigterm", "blind", "watched-run", "rolling"])
def test_cell(lesson: Lesson, cell: str) -> None:
    """It shows what is stored."""
    assert asyncio.run(lesson.run(cell)) == lesson.stored(cell)


@pytest.mark.parametrize(
    ("proxy", "silent", "host"),
    [
        ("nginx", "1006 and 1006", "the server's address"),
        ("haproxy", "1006 and 1006", "as sent"),
        ("caddy", "still open", "as sent"),
    ],
)
def test_idle(
    lesson: Lesson, installed: Callable[[str], None], proxy: str, silent: str, host: str
) -> None:
    """What the table says of idle limits, PINGs, Host and Origin, with a limit of two seconds."""
    installed(proxy)
    idle = lesson.names["idle_through"]
    assert asyncio.run(idle(proxy, None)) == (silent, host, "as sent")
    assert asyncio.run(idle(proxy, 0.2)) == ("still open", host, "as sent")


@pytest.mark.parametrize(
    ("configs", "name"),
    [*(("PROXIES", name) for name in PROXIES), ("BALANCERS", "haproxy"), ("BALANCERS", "caddy")],
)
def test_only_this_machine_reaches_it(
    lesson: Lesson, installed: Callable[[str], None], configs: str, name: str
) -> None:
    """A proxy of the lesson listens on loopback and nowhere else."""
    installed(name)
    config = lesson.names[configs][name]
    text = config if isinstance(config, str) else config[0]
    ends = {"server": 1, "one": 1, "two": 2, "upgrade": "", "idle": "2s"}
    with lesson.names["proxy"](name, text, **ends) as (port, process):
        program = psutil.Process(process.pid)
        found = [
            end.laddr
            for one in (program, *program.children(recursive=True))
            for end in one.net_connections("tcp")
            if end.status == psutil.CONN_LISTEN
        ]
    assert set(found) == {("127.0.0.1", port)}


@pytest.mark.parametrize(
    ("proxy", "codes"),
    [("nginx", "1006 and 1006"), ("haproxy", "1006 and 1006"), ("caddy", "1001 and 1001")],
)
def test_stop(lesson: Lesson, installed: Callable[[str], None], proxy: str, codes: str) -> None:
    """What both ends see when the proxy is told to end."""
    installed(proxy)
    assert asyncio.run(asyncio.wait_for(lesson.names["stop_through"](proxy), 30)) == codes


@pytest.mark.parametrize(
    ("upgrade", "answer"),
    [("proxy_http_version 1.0;", 505), ("proxy_http_version 1.1;", 426), ("UPGRADE", "101")],
)
def test_three_lines(
    lesson: Lesson, installed: Callable[[str], None], upgrade: str, answer: object
) -> None:
    """What nginx without them leads to."""
    installed("nginx")
    lines = lesson.names.get(upgrade, upgrade)
    assert asyncio.run(lesson.names["through_nginx"](lines)) == answer


@pytest.mark.parametrize("balancer", ["haproxy", "caddy"])
def test_rolling_restart(lesson: Lesson, installed: Callable[[str], None], balancer: str) -> None:
    """Nothing is lost, nothing comes twice, whichever load balancer is in front."""
    installed(balancer)
    restart = lesson.names["rolling_restart"]
    readers, statuses = asyncio.run(asyncio.wait_for(restart(balancer), 60))
    assert statuses == [0, 0]
    for reader in readers:
        first, last = reader.numbers[0], reader.numbers[-1]
        assert reader.numbers == list(range(first, last + 1))
        assert 1001 in reader.codes


def test_drain_in_batches(lesson: Lesson) -> None:
    """A batch begins only after the pause of the one before; an exception of close() ends all."""
    moments: list[float] = []

    class Connection:
        async def close(self, code: int, reason: str) -> None:
            assert (code, reason) == (1001, "this server restarts")
            moments.append(asyncio.get_running_loop().time())

    goodbye = lesson.names["say_goodbye"]
    asyncio.run(goodbye([Connection() for _ in range(12)], 0.3, batch=4))
    gaps = [after - before for before, after in zip(moments[::4], moments[4::4], strict=False)]
    assert len(moments) == 12
    assert all(gap >= 0.05 for gap in gaps), gaps


def test_client_that_does_not_say_goodbye(lesson: Lesson) -> None:
    """The drain has a bound: the server ends in time, with status 0."""
    with (
        lesson.names["server_process"]() as process,
        socket.create_connection(("127.0.0.1", process.port), timeout=5) as sock,
    ):
        sock.sendall(request("/"))
        assert sock.recv(12) == b"HTTP/1.1 101"
        process.terminate()
        assert process.wait(timeout=8) == 0  # close_timeout alone would be 10


def test_interrupt_is_as_good(lesson: Lesson) -> None:
    """Ctrl+C in a terminal: SIGINT."""
    with lesson.names["server_process"]() as process:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


def test_feed_bears_any_address(lesson: Lesson) -> None:
    """Nonsense behind ?after= is no error of the server."""
    with lesson.names["server_process"]() as process:
        url = f"ws://127.0.0.1:{process.port}"
        for after in ("", "x", "-1", "9" * 400, "%00", "1&after=2"):
            [number] = wslab.talk(f"{url}/?after={after}", replies=1)
            assert int(number) > 0
        assert len(wslab.talk(f"{url}/?after=1", replies=1000)) == 1000


@pytest.mark.parametrize("supervisor", ["systemd", "container"])
def test_supervisors_command(lesson: Lesson, tmp_path: Path, supervisor: str) -> None:
    """What the unit or the container file starts is healthy, and leaves with status 0."""
    source = lesson.cells["supervisor-idea"].source
    port = lesson.names["free_port"]()
    text = source.replace("8765", str(port)).replace("0.0.0.0", "127.0.0.1")
    [last_line] = re.findall(r"`(asyncio\.run\(.+?\)\))`", text)
    script = [*lesson.names["parts"].values(), last_line]
    (tmp_path / "server.py").write_text("\n\n".join(script), encoding="utf-8")
    [unit] = re.findall(r"^ExecStart=python3 (.+)$", text, re.MULTILINE)
    [container] = re.findall(r"^CMD (\[.+\])$", text, re.MULTILINE)
    [health] = re.findall(r"^HEALTHCHECK CMD (\[.+\])$", text, re.MULTILINE)
    words = unit.split() if supervisor == "systemd" else json.loads(container)[1:]
    options: dict[str, Any] = {"cwd": tmp_path, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, *words], **options) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"{port}\n"
            assert len(wslab.talk(f"ws://127.0.0.1:{port}", replies=2)) == 2
            subprocess.run([sys.executable, *json.loads(health)[1:]], check=True, timeout=10)
            process.terminate()
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd")
def test_unit_is_valid(lesson: Lesson, tmp_path: Path) -> None:
    """systemd finds nothing to complain about."""
    [unit] = re.findall(r"```ini\n(.*?)```", lesson.cells["supervisor-idea"].source, re.DOTALL)
    path = tmp_path / "feed.service"
    path.write_text(unit)
    command = ["systemd-analyze", "verify", "--man=no", str(path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert [line for line in run.stderr.splitlines() if "feed.service" in line] == []


@pytest.mark.skipif(
    not shutil.which("unshare") or not hasattr(os, "geteuid") or os.geteuid() != 0,
    reason="a process 1 of its own needs root and unshare",
)
def test_as_process_1(lesson: Lesson, tmp_path: Path) -> None:
    """As in a container: process 1 gets SIGTERM and leaves in good order."""
    names = lesson.names
    path = tmp_path / "server.py"
    path.write_text("\n\n".join([*names["parts"].values(), names["START"]]))
    inner = f"import os; assert os.getpid() == 1; exec(open({str(path)!r}).read())"
    command = ["unshare", "--pid", "--fork", "--kill-child", sys.executable, "-c", inner, "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            if not process.stdout.readline():
                pytest.skip("this machine lets nobody have a process 1 of its own")
            [child] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            os.kill(int(child), signal.SIGTERM)
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()
