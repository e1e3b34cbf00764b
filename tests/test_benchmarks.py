"""The benchmarks run; what they measure is for people to read."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RECORDING = Path(__file__).parents[1] / "benchmarks" / "recording.py"
LEARNER = RECORDING.with_name("learner.py")
WAITING = RECORDING.with_name("waiting.py")
IMPORTING = RECORDING.with_name("importing.py")
TAP = RECORDING.with_name("tap.py")
OTHERS = RECORDING.with_name("others.py")
CHECKS = RECORDING.with_name("checks.py")
NUMBER = r"[\d,.e+]+"


@pytest.mark.slow
def test_recording_prints_its_table() -> None:
    """Every row is there, with both measurements and the ratio in its interval."""
    command = [sys.executable, "-W", "error", str(RECORDING), "--seconds", "0.1", "--turns", "2"]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert (run.returncode, run.stderr) == (0, "")
    header, rule, *rows, blank, note = run.stdout.splitlines()
    assert header == "| what | bare websockets | floor | wslab |"
    assert (rule, blank) == ("| --- | ---: | ---: | ---: |", "")
    ratio = rf" \| {NUMBER} = ([\d.]+) \(([\d.]+)–([\d.]+)\)"
    found = [re.fullmatch(rf"\| (.+) \| {NUMBER}{ratio}{ratio} \|", row) for row in rows]
    assert [row and row[1] for row in found] == [
        "32-byte text, round trips/s, learner's client",
        "CPU of it, µs per round trip, learner's client",
        "32-byte text, round trips/s, raw socket",
        "CPU of it, µs per round trip, raw socket",
        "1 MiB binary, MB/s echoed, learner's client",
        "1 MiB binary, MB/s echoed, raw socket",
        "from the call to ready, ms",
        "stop, ms",
        "memory per idle connection, KiB",
    ]
    for row in found:
        assert row is not None
        assert float(row[3]) <= float(row[2]) <= float(row[4])
        assert float(row[6]) <= float(row[5]) <= float(row[7])
    assert note.startswith("`python benchmarks/recording.py --seconds 0.1 --turns 2`: websockets ")


def test_importing_prints_its_table() -> None:
    """There is a line for each process, and the ratio lies between its quartiles."""
    command = [sys.executable, "-W", "error", str(IMPORTING), "--rounds", "2"]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)
    assert (run.returncode, run.stderr) == (0, "")
    *table, _blank, last = run.stdout.splitlines()
    assert [line.split("|")[1].strip() for line in table[2:]] == ["Python", "websockets", "wslab"]
    found = re.fullmatch(r"import .*: ([\d.]+) \(quartiles ([\d.]+)–([\d.]+)\)", last)
    assert found is not None
    assert float(found[2]) <= float(found[1]) <= float(found[3])


@pytest.mark.slow
def test_waiting_prints_its_tables() -> None:
    """Both tables have their rows."""
    command = [sys.executable, "-W", "error", str(WAITING), "--seconds", "0.1"]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert (run.returncode, run.stderr) == (0, "")
    rates, views = run.stdout.split("\n\n")
    beside = re.compile(rf"\| ({NUMBER}) \| ([a-z ]+)(?: \| {NUMBER}){{3}} \|")
    found = [beside.fullmatch(row) for row in rates.splitlines()[2:]]
    assert [row and row.groups() for row in found] == [
        (keep, what) for keep in ("1,000", "100,000") for what in ("somebody waits", "a live view")
    ]
    assert all(
        re.fullmatch(rf"\| (?:50|100),000(?: \| {NUMBER}){{3}} \|", row)
        for row in views.splitlines()[2:]
    )
    assert len(views.splitlines()) == 4


@pytest.mark.kernel
@pytest.mark.slow
@pytest.mark.usefixtures("children_in_usual_mode")
def test_learner_prints_its_tables() -> None:
    """Every step has its memory, the sum is the sum, and a notebook takes time."""
    options = ["--idle", "0.1", "--crowd", "1", "--notebooks", "00*"]
    command = [sys.executable, str(LEARNER), *options]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=180)
    assert (run.returncode, run.stderr) == (0, "")
    learner, idle, crowd, note = run.stdout.split("\n\n")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in learner.splitlines()[2:]]
    assert [row[0] for row in rows] == [
        "JupyterLab's server",
        "a kernel, just started",
        "and 00 run",
        "and a console",
        "**one learner**",
    ]
    now, most = ([float(row[column]) for row in rows] for column in (1, 2))
    assert min(now) > 10
    assert now[4] == pytest.approx(now[0] + now[3], rel=0.2)  # it is measured anew
    assert all(high >= low for low, high in zip(now[:4], most[:4], strict=True))
    assert float(rows[2][4]) > 0
    assert re.match(r"Idle, with everything left open: \d+\.\d % of one CPU\.", idle)
    assert re.fullmatch(rf"\| 1 \| {NUMBER} \| 1\.0 \|", crowd.splitlines()[-1])
    assert note.startswith("`python benchmarks/learner.py --idle 0.1 --crowd 1 ")


def test_learner_says_what_is_wrong() -> None:
    """No notebook of that name is a sentence, not a traceback."""
    command = [sys.executable, str(LEARNER), "--notebooks", "99*"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.returncode == 2
    assert "no notebook is named 99*.ipynb" in run.stderr


@pytest.mark.slow
def test_tap_prints_its_table() -> None:
    """Every row is there, with a ratio in its interval for each way that can be measured here."""
    command = [sys.executable, "-W", "error", str(TAP), "--seconds", "0.2"]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)
    assert (run.returncode, run.stderr) == (0, "")
    header, rule, *rows, blank, note = run.stdout.splitlines()
    ways = [cell.strip() for cell in header.split("|")[1:-1]]
    assert ways[:3] == ["what", "direct", "wslab.tap"]
    assert (rule.count("---:"), blank) == (len(ways) - 1, "")
    assert [row.split("|")[1].strip() for row in rows] == [
        "32 bytes, round trips/s, learner's client",
        "32 bytes, round trips/s, asyncio's client",
        "32 bytes, round trips/s, raw socket",
        "32 bytes, its CPU for each of them, µs",
        "1 MiB, MB/s each way, learner's client",
        "1 MiB, MB/s each way, raw socket",
        "1 MiB, its CPU for each of them, µs",
    ]
    for row in rows:
        if "CPU" in row:
            assert all(float(cell.replace(",", "")) > 0 for cell in row.split("|")[2:-1])
            continue
        found = re.findall(rf"{NUMBER} = ([\d.]+) \(([\d.]+)–([\d.]+)\)", row)
        assert len(found) == len(ways) - 2
        assert all(float(low) <= float(ratio) <= float(high) for ratio, low, high in found)
    assert note.startswith("`python benchmarks/tap.py --seconds 0.2`: websockets ")


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.usefixtures("children_in_usual_mode")
def test_others_prints_its_tables() -> None:
    """Every way that there is here has a ratio in its interval, for a client and for a page."""
    command = [sys.executable, "-W", "error", str(OTHERS), "--seconds", "0.5"]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert (run.returncode, run.stderr) == (0, "")
    tables = run.stdout.split("\n\n")[:2]
    ways = [[line.split(" | ") for line in table.splitlines()[3:]] for table in tables]
    assert [way[0] for way in ways[0]][:3] == ["| wslab.serve", "| wslab.tap", "| debug log"]
    pages = ["| Playwright's frames"] if shutil.which("chromium") else []
    assert [way[0] for way in ways[1]] == pages
    for _name, _rate, ratio in ways[0] + ways[1]:
        found = re.fullmatch(r"([\d.]+) \(([\d.]+)–([\d.]+)\) \|", ratio)
        assert found is not None
        assert float(found[2]) <= float(found[1]) <= float(found[3])


def test_checks_prints_its_table() -> None:
    """Each answer to an exercise is told aright, right ones and wrong ones."""
    command = [sys.executable, "-W", "error", str(CHECKS), "12.3", "--times", "2"]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)
    assert (run.returncode, run.stderr) == (0, "")
    _header, _rule, everything, exercise = run.stdout.splitlines()[:4]
    assert [cell.strip() for cell in exercise.split("|")][2:] == [
        cell.strip() for cell in everything.split("|")
    ][2:]
    found = re.fullmatch(
        rf"\| 12\.3 \| (\d+)/(\d+) \| {NUMBER} \| {NUMBER} \| (\d+)/(\d+) \| .*", exercise
    )
    assert found is not None
    assert found[1] == found[2] != "0"
    assert found[3] == found[4] != "0"
