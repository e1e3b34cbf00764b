"""What a notebook's cells show in the tab, beside what is stored."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import nbformat
from nbval.plugin import IPyNbCell

from .conftest import ROOT, text

NOTEBOOKS = ROOT / "notebooks"

FROM_DISTRIBUTION = "NumPy, matplotlib, Pillow"

# Why a cell cannot show here what is stored: the words in what it shows instead.
SENTENCES = {
    "comes from Pyodide's own distribution": FROM_DISTRIBUTION,
    "a browser tab has no TLS of its own": "TLS",
    "a browser tab cannot start programs": "subprocess",
    "the page did not report": "a page from the kernel",
}


@dataclasses.dataclass
class Comparison:
    """
    A notebook's cells, by what became of them.

    Attributes:
        same: How many show what is stored, or are not compared and raised nothing.
        missing: Those that need what a tab has not, with its name.
        follows: Those that need what such a cell would have defined.
        problems: The others, with a paragraph each.
    """

    same: int = 0
    missing: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    follows: list[str] = dataclasses.field(default_factory=list)
    problems: list[str] = dataclasses.field(default_factory=list)

    def add(self, item: IPyNbCell, outputs: list[dict[str, Any]]) -> None:
        """Compare a cell, given what it shows."""
        shown = text(outputs)
        raised = [output for output in outputs if output["output_type"] == "error"]
        for words, what in SENTENCES.items():
            if words in shown:
                self.missing.append((item.cell.id, what))
                return
        if raised and not item.options["check_exception"]:
            if raised[0]["ename"] == "NameError" and (self.missing or self.follows):
                self.follows.append(item.cell.id)
                return
            reason = f"raised {raised[0]['ename']}: {raised[0]['evalue']}"
        elif item.options["check"] and normal(shown) != normal(stored(item.cell)):
            reason = f"stored:\n{normal(stored(item.cell))}\nshown:\n{normal(shown)}"
        else:
            self.same += 1
            return
        self.problems.append(f"{item.cell.id}:\n{item.cell.source}\n{reason}")

    def __str__(self) -> str:
        names = ", ".join(f"{name} ({what})" for name, what in self.missing)
        return (
            f"{self.same} the same, {len(self.missing)} need what a tab has not [{names}], "
            f"{len(self.follows)} need those {self.follows}, {len(self.problems)} differ"
        )


def stored(cell: nbformat.NotebookNode) -> str:
    """The text that is stored for a cell."""
    return text([dict(output) for output in cell.outputs])


def normal(shown: str) -> str:
    """Text without what is another each time: colours, addresses, times."""
    shown = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    shown = re.sub(r"0x[0-9a-f]+", "0x…", shown)
    shown = re.sub(r"\b1[78]\d{11}\b", "NOW", shown)
    return "\n".join(line.rstrip() for line in shown.split("\n") if line.strip())
