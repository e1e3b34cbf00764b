"""
The handlers, clients and classes that the notebooks define, taken out of the notebooks.

Nothing of a notebook is run but what it *defines*: imports, functions, classes, and assignments
such as ``rooms = {}``. So a handler gets the names that it has in the course, without the servers
and clients that the cells around it start.
"""

from __future__ import annotations

import ast
import copy
import functools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import CodeType
from typing import Any

import nbformat

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))

# Calls that start something, or leave something to clear away.
STARTS = {
    "serve",
    "talk",
    "BrowserConsole",
    "TemporaryDirectory",
    "write_bytes",
    "Link",
    "subplots",
}
# Calls that open a connection, or that are given one by whoever calls.
OPENS = {"connect", "connect_async"}
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Taught:
    """
    A function or class that a cell defines.

    Attributes:
        notebook: Its number, such as ``"04b"``.
        cell: The cell's id.
        name: Its name; inside of another one ``outer.inner``.
        node: Its code.
        outer: What it is defined in, from the outside; empty at the top of a cell.
    """

    notebook: str
    cell: str
    name: str
    node: Any = field(compare=False, repr=False)
    outer: tuple[Any, ...] = field(default=(), compare=False, repr=False)

    @property
    def key(self) -> str:
        """How tables and test ids call it: ``06 adder``."""
        return f"{self.notebook} {self.name}"

    @property
    def place(self) -> str:
        """How tables call it where a notebook has several of this name: ``10 mend guestbook``."""
        return f"{self.notebook} {self.cell} {self.name}"

    def __str__(self) -> str:
        return f"{self.notebook}-{self.cell}-{self.name}"


@functools.cache
def cells(path: Path) -> list[tuple[str, list[ast.stmt]]]:
    """The code cells of a notebook that are no exercises, each with its id, parsed."""
    nb = nbformat.read(path, as_version=4)
    found = []
    for cell in nb.cells:
        if cell.cell_type != "code" or cell.id.startswith("exercise-"):
            continue
        source = "\n".join(line for line in cell.source.splitlines() if not line.startswith("%"))
        body = _parsed(source)
        # A file that a cell writes for pytest to import is code like any other.
        for file in [text for node in body for text in _written(node)]:
            body += _parsed(file)
        found.append((cell.id, body))
    return found


def _parsed(source: str) -> list[ast.stmt]:
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree = compile(source, "<notebook>", "exec", flags)
    assert isinstance(tree, ast.Module)
    return tree.body


def _written(statement: ast.stmt) -> Iterator[str]:
    """What ``write("name.py", "…")`` writes, unless it is a test."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        call = statement.value
        if isinstance(call.func, ast.Name) and call.func.id == "write":
            name, text = (ast.literal_eval(argument) for argument in call.args)
            if name.endswith(".py") and "/" not in name:
                yield text


def number(path: Path) -> str:
    """A notebook's number and, of a second part, its letter."""
    return path.name.partition("_")[0]


@functools.cache
def everything() -> list[Taught]:
    """Every function and class of the course; of two with one name in a notebook, both."""
    found = []

    def walk(path: Path, cell: str, body: list[Any], outer: tuple[Any, ...]) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = ".".join(one.name for one in (*outer, node))
                found.append(Taught(number(path), cell, name, node, outer))
                walk(path, cell, node.body, (*outer, node))

    for path in NOTEBOOKS:
        for cell, body in cells(path):
            walk(path, cell, body, ())
    return found


def parameters(node: Any) -> list[str]:
    """The names of a function's parameters, ``self`` aside."""
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return [argument.arg for argument in arguments if argument.arg != "self"]


def is_handler(taught: Taught) -> bool:
    """Return whether something is written like a handler: ``async def name(ws)``."""
    node = taught.node
    return isinstance(node, ast.AsyncFunctionDef) and parameters(node) == ["ws"]


def connects(taught: Taught) -> bool:
    """Return whether something opens connections itself, or is given one by whoever calls it."""
    if is_handler(taught) or taught.name.endswith((".__init__", ".run")):
        return False
    if isinstance(taught.node, ast.ClassDef) and any(
        parameters(node) == ["ws"] for node in taught.node.body if _named(node, "__init__")
    ):
        return True
    own = [
        node
        for statement in taught.node.body
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        or isinstance(taught.node, ast.ClassDef)
        for node in ast.walk(statement)
    ]
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OPENS
        for node in own
    )


def _named(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name


def namespace(taught: Taught, *, quicker: bool = False, **given: Any) -> dict[str, Any]:
    """
    The names that something sees: those of its notebook up to its cell, and of what is around it.

    Args:
        taught: What was found by :func:`everything`.
        quicker: Make each limit in seconds a tenth of what it is, so that a test need not wait.
        given: What the functions around it get as arguments, and what is to replace names.
    """
    names: dict[str, Any] = {"__name__": "taught", "__builtins__": __builtins__}
    [path] = [path for path in NOTEBOOKS if number(path) == taught.notebook]
    for cell, body in cells(path):
        for statement in body:
            _define(statement, names, quicker)
        if cell == taught.cell:
            break
    _define_later(path, taught.cell, names)
    names.update(given)
    for outer in taught.outer:
        if isinstance(outer, ast.ClassDef):
            return names  # a method is found through its class
        for statement in outer.body:
            _define(statement, names)
    names.update(given)
    if taught.outer:
        _define(taught.node, names)
    return names


def _define_later(path: Path, cell: str, names: dict[str, Any]) -> None:
    """Add what further cells assign to names that are free: a handler may use it once it runs."""
    ids = [id for id, _ in cells(path)]
    for _, body in cells(path)[ids.index(cell) + 1 :]:
        for statement in body:
            if isinstance(statement, ast.Assign) and all(
                isinstance(target, ast.Name) and target.id not in names
                for target in statement.targets
            ):
                _define(statement, names)


class _Quicker(ast.NodeTransformer):
    """Makes a tenth of each limit: timeout=5, asyncio.timeout(5)."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        for keyword in node.keywords:
            if (keyword.arg or "").endswith("timeout"):
                keyword.value = self._shorter(keyword.value)
        if getattr(node.func, "attr", "") in {"timeout", "wait_for"}:
            node.args = [self._shorter(argument) for argument in node.args]
        return node

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        for argument, default in zip(node.args[::-1], node.defaults[::-1], strict=False):
            if argument.arg == "timeout":
                node.defaults[node.defaults.index(default)] = self._shorter(default)
        return node

    @staticmethod
    def _shorter(value: ast.expr) -> ast.expr:
        if isinstance(value, ast.Constant) and isinstance(value.value, int | float):
            return ast.copy_location(ast.Constant(value.value / 10), value)
        return value


def _define(statement: ast.stmt, names: dict[str, Any], quicker: bool = False) -> None:
    code = _compiled(statement, quicker)
    if code is None:
        return
    # An assignment may need what is not there: the answer of a server, a connection.
    try:
        exec(code, names)
    except Exception:
        if isinstance(statement, ast.ClassDef | FUNCTIONS):
            raise


@functools.cache  # each test defines all of its notebook anew
def _compiled(statement: ast.stmt, quicker: bool) -> CodeType | None:
    """A statement's code, if it defines something and starts nothing."""
    defines = ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign | ast.ClassDef | FUNCTIONS
    if not isinstance(statement, defines):
        return None
    if isinstance(statement, ast.Assign | ast.AnnAssign) and _starts(statement):
        return None
    if quicker:
        statement = _Quicker().visit(copy.deepcopy(statement))
    return compile(ast.Module([statement], []), "<notebook>", "exec", dont_inherit=True)


def _starts(statement: ast.stmt) -> bool:
    for node in ast.walk(statement):
        if isinstance(node, ast.Await):
            return True
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in STARTS:
                return True
    return False


def options(taught: Taught, names: dict[str, Any]) -> list[dict[str, Any]]:
    """What the notebook gives to ``serve()`` beside this handler, a dict for each call."""
    [path] = [path for path in NOTEBOOKS if number(path) == taught.notebook]
    found: list[dict[str, Any]] = []
    for handler, keywords in _served(path):
        if handler == taught.name:
            given = dict(_evaluated(keyword, names) for keyword in keywords)
            given.pop("", None)
            if None not in given and given not in found:
                found.append(given)
    return found or [{}]


@functools.cache
def _served(path: Path) -> list[tuple[str, list[ast.keyword]]]:
    """The calls of ``serve()`` in a notebook: each handler's name, and what is given beside it."""
    found = []
    for node in (node for _, body in cells(path) for part in body for node in ast.walk(part)):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        first = node.args[0]
        if called == "serve" and isinstance(first, ast.Name):
            found.append((first.id, node.keywords))
    return found


# Those of wslab, and what a cell makes that is not run here.
OTHER_OPTIONS = {"name", "keep", "port", "ssl", "logger"}


def _evaluated(keyword: ast.keyword, names: dict[str, Any]) -> tuple[str | None, Any]:
    """An option and its value; the name is None if that cannot be known, empty if it is ours."""
    if keyword.arg in OTHER_OPTIONS or keyword.arg is None:
        return "", None
    try:
        code = compile(ast.Expression(keyword.value), "<notebook>", "eval", dont_inherit=True)
        return keyword.arg, eval(code, names)
    except (NameError, AttributeError):
        return None, None


def at_the_end(taught: Taught) -> Taught:
    """The same, as its notebook's last cell sees it: with all functions that guard it."""
    [path] = [path for path in NOTEBOOKS if number(path) == taught.notebook]
    return replace(taught, cell=cells(path)[-1][0])


def find(taught: Taught, names: dict[str, Any]) -> Any:
    """The function or class itself, among its names."""
    if taught.outer and isinstance(taught.outer[0], ast.ClassDef):
        return getattr(names[taught.outer[0].name](), taught.node.name)
    return names[taught.node.name]
