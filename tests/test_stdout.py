"""``wslab._stdout``: printing never raises because of stdout's encoding."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wslab._stdout import printable

TEXT = "client → server  'Grüße 👋'  ⚠ …"

# Prints all kinds of things that wslab has to show.
PROGRAM = """
import websockets
import wslab.exercises
from wslab.browser import BrowserEvent

async def shout(ws):
    async for message in ws:
        if message == "fail":
            raise ValueError("Grüße 👋 → ✗")
        await ws.send(message.upper())

server = wslab.serve(shout)
assert wslab.talk(server.url, "Grüße 👋") == ["GRÜSSE 👋"]
try:
    wslab.talk(server.url, "fail")
except websockets.ConnectionClosedError as exc:
    print(exc)
server.transcript.wait(kind="error", timeout=5)
print(server.transcript)
for record in server.transcript:
    print(record)
    print([record])
for frame in server.transcript.filter(kind="text"):
    print(wslab.Anatomy(frame))
print(server.transcript.traffic())
print(BrowserEvent("message", "Grüße 👋", "string"))
for id in wslab.exercises.EXERCISES:
    wslab.hint(id)
    wslab.solution(id)
    print(wslab.check(id, ...))
print(wslab.check("1.1", lambda url: None))
print(wslab.progress())
"""


class Pipe(io.TextIOWrapper):
    """A stdout with an encoding of its own."""

    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)


@pytest.mark.parametrize(
    ("stdout", "expected"),
    [
        (Pipe("utf-8"), TEXT),
        (Pipe("utf-16"), TEXT),
        (Pipe("cp1252"), "client -> server  'Grüße \\U0001f44b'  ! ..."),
        (Pipe("ascii"), "client -> server  'Gr\\xfc\\xdfe \\U0001f44b'  ! ..."),
        (Pipe("iso-8859-7"), "client -> server  'Gr\\xfc\\xdfe \\U0001f44b'  ! ..."),
        (io.StringIO(), TEXT),  # it has no encoding
        (None, TEXT),  # pythonw.exe
    ],
)
def test_what_can_be_printed(stdout: Any, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is as it was where it can be; else plain signs stand for ours, and escapes for others."""
    monkeypatch.setattr(sys, "stdout", stdout)
    assert printable(TEXT) == expected
    assert printable("plain") == "plain"


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_everything_can_be_printed(encoding: str, tmp_path: Path) -> None:
    """A program's output goes into a pipe of any encoding."""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        env=os.environ | {"PYTHONIOENCODING": encoding, "WSLAB_DATA_DIR": str(tmp_path)},
        capture_output=True,
        timeout=60,
    )
    assert (result.stderr.decode(), result.returncode) == ("", 0)
    text = result.stdout.decode(encoding)
    assert "client -> server" in text
    assert "HANDLER ERROR" in text
