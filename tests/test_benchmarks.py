"""The benchmarks run; what they measure is for people to read."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

RECORDING = Path(__file__).parents[1] / "benchmarks" / "recording.py"
NUMBER = r"[\d,.e+]+"


@pytest.mark.slow
def test_recording_prints_its_table() -> None:
    """Every row is there, with both measurements and the ratio in its interval."""
    command = [sys.executable, "-W", "error", str(RECORDING), "--seconds", "0.1", "--turns", "2"]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert (run.returncode, run.stderr) == (0, "")
    header, rule, *rows, blank, note = run.stdout.splitlines()
    assert header == "| what | bare websockets | wslab | ratio (95 % interval) |"
    assert (rule, blank) == ("| --- | ---: | ---: | --- |", "")
    cells = rf" \| {NUMBER} \| {NUMBER} \| ([\d.]+) \(([\d.]+)–([\d.]+)\) \|"
    found = [re.fullmatch(r"\| (.+)" + cells, row) for row in rows]
    assert [row and row[1] for row in found] == [
        "32-byte text, round trips/s, learner's client",
        "32-byte text, round trips/s, raw socket",
        "1 MiB binary, MB/s echoed, learner's client",
        "1 MiB binary, MB/s echoed, raw socket",
        "from the call to ready, ms",
        "stop, ms",
        "memory per idle connection, KiB",
    ]
    for row in found:
        assert row is not None
        assert float(row[3]) <= float(row[2]) <= float(row[4])
    assert note.startswith("`python benchmarks/recording.py --seconds 0.1 --turns 2`: websockets ")
