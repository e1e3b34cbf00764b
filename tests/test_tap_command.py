"""Tests of wslab.tap_command: the command as somebody runs it in a terminal."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import TIMEOUT, frame, request
from websockets.exceptions import ConnectionClosed, InvalidMessage

import wslab
from wslab import cli
from wslab.tap_command import Follower, _Lines
from wslab.wire import Decoder, Record

pytestmark = pytest.mark.usefixtures("leaves_nothing")

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")


_running: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def _end_commands() -> Iterator[None]:
    """Leave no command running after a test that fails."""
    yield
    while _running:
        with _running.pop() as process:
            process.kill()


class Command:
    """The command in a process of its own."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "wslab", "tap", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONUTF8": "1"},
        )
        assert self.process.stderr is not None
        self.header = self.process.stderr.readline()
        self.url = self.header.partition(" ")[0]
        _running.append(self.process)

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def end(self, how: signal.Signals = signal.SIGINT) -> tuple[str, str, int]:
        self.process.send_signal(how)
        # Not communicate(): it passes over what readline() has read already.
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        out, err = self.process.stdout.read(), self.process.stderr.read()
        return out, err, self.process.wait(TIMEOUT)


@pytest.fixture
def server() -> Iterator[wslab.BackgroundServer]:
    with wslab.serve(wslab.handlers.echo) as server:
        yield server


@posix
@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_frames_as_they_come(server: wslab.BackgroundServer, how: Any) -> None:
    """Each is a line, escaped, with its time; Ctrl+C is a clean end."""
    command = Command(server.url)
    assert command.header == f"{command.url} → {server.url}  (Ctrl+C ends it)\n"
    wslab.talk(command.url, "hello\x1b[31m", b"\x00")
    lines = [command.line() for _ in range(6)]
    assert re.fullmatch(
        r" +0\.000    1  client → server  HANDSHAKE  GET /  \(the tap changed Host\)\n", lines[0]
    )
    texts = [re.sub(r"^ +[0-9.]+ +1  ", "", line).rstrip() for line in lines[2:]]
    assert sorted(texts) == [
        "client ← server  BINARY  00  1 byte",
        r"client ← server  TEXT  'hello\x1b[31m'  10 bytes",
        "client → server  BINARY  00  1 byte",
        r"client → server  TEXT  'hello\x1b[31m'  10 bytes",
    ]
    out, err, code = command.end(how)
    assert (len(out.splitlines()), err, code) == (2, "", 0)  # the CLOSE frames
    assert {line.split()[4] for line in out.splitlines()} == {"server"}


@posix
@pytest.mark.slow
def test_json_and_har(server: wslab.BackgroundServer, tmp_path: Path) -> None:
    """A line of JSON for each record; at the end the same as a HAR."""
    file = tmp_path / "talk.har"
    command = Command(server.url, "--json", "--har", str(file))
    wslab.talk(command.url, "hello")
    server.transcript.wait(kind="close", count=2)
    out, err, code = command.end()
    records = wslab.read_har(file)
    assert (err, code) == (f"{len(records)} records in {file}\n", 0)
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["kind"] for line in lines] == [record.kind for record in records]
    assert [line["text"] for line in lines if line["kind"] == "text"] == ["hello", "hello"]
    assert records.viewpoint == "As the tap saw it"


@posix
@pytest.mark.slow
def test_a_reader_that_has_gone(server: wslab.BackgroundServer) -> None:
    """As with `| head -1`: the command ends by itself, without a traceback."""
    command = Command(server.url)
    assert command.process.stdout is not None
    command.process.stdout.close()
    command.process.stdout = None
    with contextlib.suppress(ConnectionClosed, InvalidMessage, OSError):  # it may end before
        wslab.talk(command.url, "hello")
    _, err = command.process.communicate(timeout=TIMEOUT)
    assert (err, command.process.returncode) == ("", 0)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["127.0.0.1:80"], 2, "wslab: expected the address of a server, such as"),
        (["ws://127.0.0.1:1", "--har", "no/such/x.har"], 2, "wslab: there is no folder for no/"),
        (["ws://127.0.0.1:1", "--port", "70000"], 1, "wslab: port 70000 cannot be listened on ("),
    ],
)
def test_mistakes(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sentence on stderr, and an exit code."""
    assert cli.main(["tap", *arguments]) == code
    printed = capsys.readouterr()
    assert (printed.out, printed.err.startswith(message)) == ("", True)


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    """The same."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
        assert cli.main(["tap", "ws://127.0.0.1:1", "--port", str(port)]) == 1
    assert f"wslab: port {port} cannot be listened on (" in capsys.readouterr().err


def decode(data: bytes) -> list[Record]:
    return Decoder("server", 1, handshake=False).feed(data)


def test_a_frame_is_printed_once_it_is_complete(capsys: pytest.CaptureFixture[str]) -> None:
    """Until then it waits; at the end it is printed as far as it came."""
    transcript = wslab.Transcript()
    follower = Follower(transcript, _Lines())
    decoder = Decoder("server", 1, handshake=False)
    transcript.extend(decoder.feed(b"\x81\x04ab"))
    follower.look(timeout=0)
    assert capsys.readouterr().out == ""
    transcript.extend(decoder.feed(b"cd\x81\x02e"))
    follower.look(timeout=0)
    assert capsys.readouterr().out == "    0.000    1  client ← server  TEXT  'abcd'  4 bytes\n"
    follower.look(timeout=0, last=True)
    assert capsys.readouterr().out.endswith(
        "TEXT  'e'…  2 bytes  ⚠ its payload has not all arrived\n"
    )


def test_what_comes_too_fast_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """What was dropped before it could be printed is not silently missing."""
    transcript = wslab.Transcript(keep=2)
    follower = Follower(transcript, _Lines())
    transcript.extend(decode(b"\x81\x01a\x81\x01b\x81\x01c"))
    follower.look(timeout=0)
    printed = capsys.readouterr()
    assert (len(printed.out.splitlines()), printed.err) == (2, "… 1 more …\n")


@posix
@pytest.mark.slow
def test_through_the_command_byte_by_byte(server: wslab.BackgroundServer) -> None:
    """It is the same tap: what is no text arrives as it is."""
    command = Command(server.url, "--port", "0")
    with socket.create_connection(("127.0.0.1", int(command.url.rpartition(":")[2]))) as sock:
        sock.settimeout(TIMEOUT)
        sock.sendall(request() + frame(0x82, b"\x00\xff"))
        data = b""
        while b"\x82\x02\x00\xff" not in data:
            data += sock.recv(1000)
    lines = [command.line() for _ in range(5)]
    assert lines[-1].endswith(
        "LOST  the client ended the TCP connection without a closing handshake\n"
    )
    assert command.end() == ("", "", 0)
