"""
JSON that is nested too deeply raises ``RecursionError``, as anywhere, before it is parsed.

The parser in C needs so little of the stack that CPython measures, and so much of the browser's,
that :mod:`._stack` is of no use for it.
"""

from __future__ import annotations

import json
import json.decoder
import json.scanner
import re
from collections.abc import Callable
from typing import Any

__all__ = ["DEPTH", "install"]

DEPTH = 1000
"""Arrays and objects within each other; ``sys.getrecursionlimit()`` elsewhere."""

# Strings are passed over, for they may hold brackets.
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]')

_native: Any = json.scanner.c_make_scanner  # type: ignore[attr-defined]


def install() -> None:
    """Put the check before the parser, for decoders that are there and that will be made."""
    modules: Any = json
    modules.scanner.make_scanner = _make_scanner
    modules._default_decoder = json.decoder.JSONDecoder()


def _make_scanner(context: object) -> Callable[[str, int], tuple[Any, int]]:
    scan: Callable[[str, int], tuple[Any, int]] = _native(context)

    def scan_once(text: str, begin: int) -> tuple[Any, int]:
        if text.count("[") + text.count("{") > DEPTH:
            _check(text, begin)
        return scan(text, begin)

    return scan_once


def _check(text: str, begin: int) -> None:
    depth = 0
    for found in _TOKENS.finditer(text, begin):
        token = found[0]
        if token in "[{":
            depth += 1
            if depth > DEPTH:
                what = "array" if token == "[" else "object"
                raise RecursionError(
                    "maximum recursion depth exceeded while decoding a JSON "
                    f"{what} from a unicode string"
                )
        elif token in "]}":
            depth -= 1
