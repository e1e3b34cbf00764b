"""
The notebooks as JupyterLite takes them, with notes on what is different in a tab.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

KERNEL = {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}

NOTES = Path(__file__).parent / "notes"
FIRST, INSTALLED_FROM = "00", "09"
# Notes before the first cell of a notebook that has such code.
ABOUT = {"tls": "trustme", "frame": "createElement('iframe')"}


def copy(source: Path, target: Path) -> None:
    """Copy the notebooks and their pictures."""
    ignored = shutil.ignore_patterns(".*", "__pycache__")
    shutil.copytree(source, target, ignore=ignored)
    for path in target.glob("*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        notebook["metadata"]["kernelspec"] = KERNEL
        for cell in notebook["cells"]:
            for output in cell.get("outputs", ()):
                _join(output)
        annotate(path.name, notebook["cells"])
        path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")


def _join(output: dict[str, Any]) -> None:
    """Make one string of lines, of which JupyterLite shows the list, commas and all."""
    if isinstance(output.get("text"), list):
        output["text"] = "".join(output["text"])
    for kind, data in output.get("data", {}).items():
        if isinstance(data, list) and not kind.endswith("json"):
            output["data"][kind] = "".join(data)


def annotate(name: str, cells: list[dict[str, Any]]) -> None:
    """Put notes where a cell cannot run, or is not what it seems."""
    for about, words in ABOUT.items():
        found = [number for number, cell in enumerate(cells) if has(cell, words)]
        if found:
            cells.insert(found[0], note(f"tab-{about}", about))
    if name.startswith(FIRST):
        cells.insert(1, note("tab-different", "different"))
    elif name >= INSTALLED_FROM and "_appendix" not in name:
        cells.insert(1, note("tab-installed", "installed"))


def has(cell: dict[str, Any], words: str) -> bool:
    """Return whether a cell has such code."""
    return cell["cell_type"] == "code" and words in "".join(cell["source"])


def note(id: str, name: str) -> dict[str, Any]:
    """Return a cell with one of the texts in ``notes/``."""
    text = (NOTES / f"{name}.md").read_text(encoding="utf-8")
    return {"cell_type": "markdown", "id": id, "metadata": {}, "source": text.strip()}
