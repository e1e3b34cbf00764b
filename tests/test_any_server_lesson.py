"""Tests of notebook 12: the programs that it runs, in whatever order its cells are run."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import absent
import pytest
from conftest import until
from lesson_cells import Lesson

import wslab
from wslab.service import registry

# What runs here is the notebooks' own code; a tracer would find nothing, and makes all slower.
pytestmark = [pytest.mark.slow, pytest.mark.no_cover]


@contextlib.contextmanager
def found_node() -> Iterator[Lesson]:
    """The lesson, which has looked for Node; what it starts is stopped."""
    lesson = Lesson("12_any_server_any_client")
    lesson.names["wslab"] = wslab  # imported where there is a tap at first
    lesson.define("program", "program-end", "node")
    if not lesson.names["has_node"]:
        absent.give_up("there is no Node here, or npm could not install ws")
    try:
        yield lesson
    finally:
        for name in list(lesson.names["programs"]):
            lesson.names["stop"](name)
        for service in list(registry.servers.values()):
            service.stop()


@pytest.fixture
def lesson() -> Iterator[Lesson]:
    with found_node() as lesson:
        yield lesson


def idle(lesson: Lesson) -> Any:
    """Start Node; return the program, and Node's own process."""
    source = "console.log('process', process.pid); setInterval(() => {}, 1000)"
    program = lesson.names["start"]("idle", lesson.names["node"], "-e", source)
    return program, Path("/proc") / program.lines_until("process")[0].split()[1]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc here")
def test_stopping_a_program_ends_node(lesson: Lesson) -> None:
    """PyPI's `node` is a script that runs Node as its child, and which Node survives."""
    _, process = idle(lesson)
    assert process.exists()
    lesson.names["stop"]("idle")
    until(lambda: not process.exists(), "Node's end")


def test_defining_once_more_forgets_no_program(lesson: Lesson) -> None:
    """A cell that is run again still finds, and ends, what was started before."""
    first, _ = idle(lesson)
    lesson.define("program-end")
    second, _ = idle(lesson)
    assert first.process.poll() is not None
    assert second.process.poll() is None


def test_an_earlier_cell_once_more(lesson: Lesson) -> None:
    """What an earlier cell has defined, a later one does not rely on under the same name."""
    shown = {}
    for cell in ("server", "server-start", "har", "corrections", "har-read", "har-devtools"):
        shown[cell] = asyncio.run(lesson.run(cell))
    for cell in ("server-start", "har", "corrections"):
        assert shown[cell] == lesson.stored(cell)


def test_two_notebooks_at_once(lesson: Lesson) -> None:
    """What one of them writes, the other one does not run half written."""
    with found_node() as other:
        files = []
        for each in (lesson, other):
            each.define("server")
            asyncio.run(each.run("server-start"))
            files.append(each.names["node_program"].process.args[1])
    assert files[0] != files[1]
