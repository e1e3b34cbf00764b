"""Whether an answer is more than the starter."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

__all__ = ["is_attempted"]


def is_attempted(answer: Any) -> bool:
    """Return whether nothing in the answer is still ``...``."""
    if answer is ...:
        return False
    try:
        source = textwrap.dedent(inspect.getsource(answer))
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError):  # no source to look at: then it is no starter
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
