"""Programs that a notebook gives in full do what it says when they are copied into a file."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import connect

import wslab

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"

# What runs here is the notebooks' own code; a tracer would find nothing, and makes all slower.
pytestmark = [pytest.mark.slow, pytest.mark.no_cover]


def program(notebook: str, name: str) -> str:
    """The code block of a notebook that begins with ``# name``."""
    [path] = NOTEBOOKS.glob(f"{notebook}_*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    [code] = [
        code
        for cell in cells
        if cell.cell_type == "markdown"
        for code in re.findall(r"```python\n(.*?)```", cell.source, re.DOTALL)
        if code.startswith(f"# {name}\n")
    ]
    return str(code)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C cannot be sent to one process there")
def test_server_of_02(tmp_path: Path) -> None:
    """It says where it listens, answers, notices each end, and Ctrl+C stops it."""
    file = tmp_path / "server.py"
    file.write_text(program("02", "server.py"), encoding="utf-8")
    command = [sys.executable, "-W", "error", str(file), "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            assert url.startswith("ws://127.0.0.1:")
            replies = wslab.talk(url, "Hello, server!", b"\xff", '{"message":NaN}', replies=7)
            assert replies == [
                "Welcome to the WebSocket server!",
                "Server received: Hello, server!",
                "Error: Invalid JSON message",
                "Server received: \N{REPLACEMENT CHARACTER}",
                "Error: Invalid JSON message",
                'Server received: {"message":NaN}',
                "Error: Invalid JSON message",
            ]
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=10)
        finally:
            process.kill()
    assert rest.splitlines() == ["A new client connected", "Client disconnected", "stopped"]
    assert process.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM to be handled there")
def test_service_of_06(tmp_path: Path) -> None:
    """SIGTERM ends it in good order: the client is told 1001, the process returns 0."""
    file = tmp_path / "service.py"
    file.write_text(program("06", "service.py").replace("8080", "0"), encoding="utf-8")
    command = [sys.executable, "-W", "error", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        try:
            assert process.stdout is not None
            _, host, port = process.stdout.readline().split()
            with connect(f"ws://{host}:{port}") as ws:
                ws.send("hello")
                assert ws.recv(timeout=5) == "hello"
                process.send_signal(signal.SIGTERM)
                with pytest.raises(ConnectionClosedOK):
                    ws.recv(timeout=5)
                assert ws.close_code == 1001
            rest, _ = process.communicate(timeout=10)
        finally:
            process.kill()
    assert rest == "stopped\n"
    assert process.returncode == 0


def test_fastapi_app_of_12(tmp_path: Path) -> None:
    """It answers what is binary, nested deeply or no JSON, and logs nothing about who vanishes."""
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    [path] = NOTEBOOKS.glob("12_*.ipynb")
    [cell] = [cell for cell in nbformat.read(path, as_version=4).cells if cell.id == "fastapi"]
    file = tmp_path / "app.py"
    file.write_text(cell.source.split('"""')[1], encoding="utf-8")
    pipes = dict.fromkeys(["stdout", "stderr"], subprocess.PIPE)
    with subprocess.Popen([sys.executable, str(file)], text=True, cwd=tmp_path, **pipes) as process:
        try:
            assert process.stdout is not None
            url = f"ws://127.0.0.1:{process.stdout.readline().split()[1]}/"
            for message in b"\xff", "[" * 200_000, "NaN":
                replies = wslab.talk(url, message, replies=3, timeout=20)
                assert replies[2] == "Error: Invalid JSON message"
            with connect(url) as ws:
                ws.send("Hello, server!")
                ws.close(4001)
            assert wslab.talk(url, replies=1, timeout=20) == ["Welcome to the WebSocket server!"]
        finally:
            process.kill()
        assert process.stderr is not None
        assert process.stderr.read() == ""
