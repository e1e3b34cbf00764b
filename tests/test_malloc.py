"""Tests of wslab._malloc: a short message costs no page faults."""

from __future__ import annotations

import pathlib
import platform
import subprocess
import sys

import pytest
from conftest import RawClient

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc's malloc")

MESSAGES = 500

# In a process of its own, where nothing has changed what malloc does.
SERVER = """
import wslab

with wslab.serve(wslab.handlers.echo) as server:
    print(server.port, flush=True)
    input()
"""


def page_faults(pid: int) -> int:
    """Return how many a process had, those without a disk."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[7])


def test_a_short_message_costs_no_page_faults() -> None:
    """What asyncio allocates for a read stays with malloc; otherwise each read costs two."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            client = RawClient(int(process.stdout.readline())).open()

            def echo(times: int) -> None:
                for _ in range(times):
                    client.send_frame(0x81, b"hello")
                    assert client.read_frame() == (0x81, b"hello")

            echo(600)  # from here on the transcript is full
            before = page_faults(process.pid)
            echo(MESSAGES)
            assert page_faults(process.pid) - before < MESSAGES / 2
            client.sock.close()
            process.stdin.write("\n")
        except BaseException:
            process.kill()
            raise
