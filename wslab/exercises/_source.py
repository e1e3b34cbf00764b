"""What the source of an answer tells: whether it was begun, and where an ``await`` is missing."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

__all__ = ["is_attempted", "missing_await"]

# Coroutines that the lessons call, which do nothing without ``await``.
_COROUTINES = {"send", "recv", "close", "ping", "sleep", "wait_closed", "publish"}


def is_attempted(answer: Any) -> bool:
    """Return whether nothing in the answer is still ``...``."""
    if answer is ...:
        return False
    tree = _tree(answer)
    if tree is None:  # no source to look at: then it is no starter
        return True
    # tuple[int, ...] and array[..., 0] are complete.
    complete = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        for inner in ast.walk(node.slice)
    }
    return not any(
        isinstance(node, ast.Constant) and node.value is ... and id(node) not in complete
        for node in ast.walk(tree)
    )


def missing_await(answer: Any, solution: str = "") -> str:
    """
    Return the first call in an ``async`` function that lacks an ``await``, such as ``ws.send(…)``.

    It is a guess, to explain what was found on the wire; without one it is empty. What the solution
    calls like that needs no ``await`` there, whatever it is elsewhere.
    """
    plain = {function.attr for function in _not_awaited(ast.parse(solution))}
    for function in _not_awaited(_tree(answer) or ast.Module([], [])):
        if function.attr not in plain:
            return f"{ast.unparse(function)}(…)"
    return ""


def _not_awaited(tree: ast.Module) -> Iterator[ast.Attribute]:
    """What is called in ``async`` functions, by the name of a coroutine and without ``await``."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Call)
                and isinstance(node.value.func, ast.Attribute)
                and node.value.func.attr in _COROUTINES
                and ast.unparse(node.value.func) != "time.sleep"
            ):
                yield node.value.func


def _tree(answer: Any) -> ast.Module | None:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(answer)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
