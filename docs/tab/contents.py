"""
The notebooks as JupyterLite takes them.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

KERNEL = {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}


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
        path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")


def _join(output: dict[str, Any]) -> None:
    """Make one string of lines, of which JupyterLite shows the list, commas and all."""
    if isinstance(output.get("text"), list):
        output["text"] = "".join(output["text"])
    for kind, data in output.get("data", {}).items():
        if isinstance(data, list) and not kind.endswith("json"):
            output["data"][kind] = "".join(data)
