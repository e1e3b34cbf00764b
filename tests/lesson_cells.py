"""A notebook's cells, run one by one in a namespace of their own, as a kernel would."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import io
import linecache
import pathlib
from typing import Any

import nbformat

NOTEBOOKS = pathlib.Path(__file__).parent.parent / "notebooks"


class Lesson:
    """
    The cells of a notebook by their ids, and the names that those which were run have defined.

    Attributes:
        cells: All cells.
        names: What the cells run so far have defined.
    """

    def __init__(self, notebook: str) -> None:
        path = NOTEBOOKS / f"{notebook}.ipynb"
        self.cells = {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}
        self.names: dict[str, Any] = {}

    def define(self, *ids: str) -> None:
        """Run cells that await nothing."""
        for id in ids:
            assert not asyncio.iscoroutine(self._evaluate(id)), f"{id} awaits something"

    def define_until(self, last: str, without: tuple[str, ...] = ()) -> None:
        """Run the code cells from the first one to this one, but those that await."""
        for id, cell in self.cells.items():
            if cell.cell_type == "code" and id not in without and not self._awaits(id):
                self.define(id)
            if id == last:
                return

    async def run(self, id: str) -> str:
        """Run a cell; return what it prints."""
        printed = io.StringIO()
        async with asyncio.timeout(90):
            with contextlib.redirect_stdout(printed):
                result = self._evaluate(id)
                if asyncio.iscoroutine(result):
                    await result
        return printed.getvalue()

    def stored(self, id: str) -> str:
        """What a cell has printed, or shown, in the notebook."""
        [output] = self.cells[id].outputs
        return str(output.text if output.output_type == "stream" else output.data["text/plain"])

    def _compile(self, id: str) -> Any:
        source = self.cells[id].source
        name = f"<cell {id}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        return compile(source, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)

    def _awaits(self, id: str) -> bool:
        return bool(self._compile(id).co_flags & 0x80)  # CO_COROUTINE

    def _evaluate(self, id: str) -> Any:
        return eval(self._compile(id), self.names)
