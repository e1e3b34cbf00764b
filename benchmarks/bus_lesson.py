"""The bus of notebook 09b, as a module: its cells are the one source of that code."""

from __future__ import annotations

import json
import linecache
import re
import types
from pathlib import Path

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "09b_more_than_one_process.ipynb"
PART = re.compile(r'\Apart\("(.+)"\)\n')  # how a cell of the program begins


def program() -> str:
    """Return the source that the notebook's server processes run, without their start."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return "\n\n".join(PART.sub("", source) for source in sources if PART.search(source))


def load() -> types.ModuleType:
    """Return the notebook's classes and functions as a module."""
    source, module = program(), types.ModuleType("bus")
    linecache.cache["bus.py"] = (len(source), None, source.splitlines(keepends=True), "bus.py")
    exec(compile(source, "bus.py", "exec"), module.__dict__)
    return module
