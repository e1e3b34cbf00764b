"""
JSON that is nested too deeply raises ``RecursionError``, as anywhere, before it is parsed.

The parsers in C, the standard library's and that of msgspec, need so little of the stack that
CPython measures, and so much of the browser's, that :mod:`._stack` is of no use for them.
"""

from __future__ import annotations

import functools
import importlib.machinery
import json
import json.decoder
import json.scanner
import re
import sys
from collections.abc import Callable, Sequence
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
    if _MSGSPEC in sys.modules:
        _protect(sys.modules[_MSGSPEC])
    sys.meta_path.insert(0, _Finder())


def _make_scanner(context: object) -> Callable[[str, int], tuple[Any, int]]:
    scan: Callable[[str, int], tuple[Any, int]] = _native(context)

    def scan_once(text: str, begin: int) -> tuple[Any, int]:
        if text.count("[") + text.count("{") > DEPTH:
            _check(text, begin)
        return scan(text, begin)

    return scan_once


_MSGSPEC = "msgspec.json"


class _Finder:
    """Finds the module of msgspec, with a loader that puts the check there, too."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != _MSGSPEC:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            execute = loader.exec_module

            def exec_module(module: Any) -> None:
                execute(module)
                _protect(module)

            loader.exec_module = exec_module
        return spec


def _protect(module: Any) -> None:
    decode, native = module.decode, module.Decoder

    @functools.wraps(decode)
    def checked(buf: Any, *args: Any, **options: Any) -> Any:
        _check_message(buf)
        return decode(buf, *args, **options)

    class Decoder:
        """msgspec's own, which cannot be inherited from, behind the check."""

        __doc__ = native.__doc__
        __class_getitem__ = classmethod(lambda cls, type: cls)

        def __init__(self, *args: Any, **options: Any) -> None:
            self._native = native(*args, **options)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._native, name)

        def __repr__(self) -> str:
            return repr(self._native)

        def decode(self, buf: Any) -> Any:
            _check_message(buf)
            return self._native.decode(buf)

        def decode_lines(self, buf: Any) -> Any:
            _check_message(buf)
            return self._native.decode_lines(buf)

    module.decode, module.Decoder = checked, Decoder


def _check_message(message: Any) -> None:
    """Check text, or bytes, of which all that counts here is ASCII."""
    if isinstance(message, (bytes, bytearray, memoryview)):
        message = str(message, "latin-1")
    if isinstance(message, str) and message.count("[") + message.count("{") > DEPTH:
        _check(message, 0)


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
