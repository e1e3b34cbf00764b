"""The benchmarks run; what they measure is for people to read."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

RECORDING = Path(__file__).parents[1] / "benchmarks" / "recording.py"
LEARNER = RECORDING.with_name("learner.py")
WAITING = RECORDING.with_name("waiting.py")
IMPORTING = RECORDING.with_name("importing.py")
TAP = RECORDING.with_name("tap.py")
OTHERS = RECORDING.with_name("others.py")
BENCHMARKS = RECORDING.parent
CHECKS = RECORDING.with_name("checks.py")
NUMBER = r"[\d,.e+]+"

# asyncio tells of each slow step in development mode, which is not what they measure.
pytestmark = pytest.mark.usefixtures("children_in_usual_mode")


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
    command = [
        sys.executable,
        "-W",
        "error",
        str(TAP),
        "--seconds",
        "0.5",
    ]  # CPU comes in steps of 10 ms
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
    assert note.startswith("`python benchmarks/tap.py --seconds 0.5`: websockets ")


@pytest.mark.slow
@pytest.mark.browser
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


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch, redis_server: None) -> Any:
    """The module benchmarks/bus.py, with less to do."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import bus

    ends = (next(iter(bus.SETTINGS)), "two processes over Redis")
    monkeypatch.setattr(bus, "CROWDS", ((8, 2),))
    monkeypatch.setattr(bus, "SETTINGS", {name: bus.SETTINGS[name] for name in ends})
    return bus


@pytest.mark.slow
def test_bus_prints_its_table(bus: Any, capfd: pytest.CaptureFixture[str]) -> None:
    """Both ratios of one process are 1; those of two are known, and the memory of a client."""
    bus.table(1, 400, hiredis=False)
    shown, errors = capfd.readouterr()
    assert errors == ""
    header, _rule, one, two, _blank, memory = shown.strip().splitlines()
    assert header == "| without hiredis | 8 clients, 2 rooms |"
    assert re.fullmatch(rf"\| one process, .* \| {NUMBER}/s \(1\.00; 1\.00\) \|", one)
    pair = re.fullmatch(rf"\| two .* \| {NUMBER}/s \(([\d.]+); ([\d.]+)\) \|", two)
    assert pair is not None
    assert min(map(float, pair.groups())) > 0
    kib = r"Memory of a client: -?[\d.]+ KiB \(-?[\d.]+ to -?[\d.]+\)\."
    assert re.fullmatch(rf"{kib} At most {NUMBER} messages/s went over Redis\.", memory)


def test_outages_count_what_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing, whether it was on its way, what came twice, who was told and who was not."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import bus_outages

    monkeypatch.setattr(bus_outages, "ROOMS", 2)
    said = {
        "A": {"paced": 6, "refused": [4], "sent": {"0": 1.0, "2": 1.9, "1": 1.2, "3": 2.3}},
        "B": {"paced": 2, "refused": [], "sent": {"0": 1.0, "1": 1.5}},
    }
    clients = [  # room, port, (time, from whom, number), gaps
        ("room0000", 1, [(1.1, "A", 0), (1.1, "B", 0), (2.6, "A", 2), (2.7, "A", 2)], [2.5]),
        ("room0000", 2, [(1.1, "A", 0), (1.1, "B", 0)], [2.5]),
        ("room0001", 1, [(1.3, "A", 1), (2.6, "A", 3), (2.8, "A", 5), (2.9, "B", 1)], []),
        ("room0001", 2, [(1.3, "A", 1), (2.6, "A", 5)], []),
    ]
    times = bus_outages.Times(struck=2.0, back=2.4)
    assert bus_outages.losses(clients, said, times) == {
        "said": 8,
        "refused": 1,
        "lost": 3,  # A 2 and 3, B 1: each somewhere
        "on their way": 2,  # A 2 and B 1
        "twice": 1,
        "told": 2,
        "untold": 1,
        "noticed": 0.0,
    }


def test_outages_measure_until_messages_flow(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the slowest of the four ways, from when Redis answers again."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import bus_outages

    before = [(1.0, "A", 0), (1.0, "B", 0)]
    clients = [
        ("room0000", 1, [*before, (2.5, "A", 2), (2.6, "B", 2)], [2.45]),
        ("room0001", 1, [*before, (2.44, "A", 3)], [2.45]),  # before the notice of the gap
        ("room0000", 2, [*before, (2.5, "A", 2), (2.9, "B", 2), (3.5, "B", 4)], [2.4]),
    ]
    assert bus_outages.flow(clients, back=2.25) == {"flow": pytest.approx(0.65)}
