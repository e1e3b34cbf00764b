"""What can be printed where it is printed: on Windows, a pipe often has an encoding of 1990."""

from __future__ import annotations

import sys

__all__ = ["printable"]

_PLAIN = str.maketrans({"→": "->", "←": "<-", "✓": "+", "✗": "x", "○": "o", "⚠": "!", "…": "..."})


def printable(text: str) -> str:
    """
    Return a text as :func:`print` can write it: what stdout's encoding has not is escaped.

    Where that encoding has all characters, as UTF-8 does, the text is returned as it is.

    >>> printable("client → server")
    'client → server'
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"  # stdout may be None, or anything
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_PLAIN).encode(encoding, "backslashreplace").decode(encoding)
    return text
