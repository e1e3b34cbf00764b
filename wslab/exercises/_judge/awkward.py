"""
Values that go wrong in practice, each with a word for it, and more of them from a seeded generator.

An answer that is right for ``"hello"`` may be wrong for what people type. A rule takes what fits
its clause, and says the word in its finding.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["BYTES", "DEEP", "LONG", "NESTED", "NOT_JSON", "NUMBERS", "TEXTS", "VALUES", "Generator"]

LONG: Final = 50_000
"""Characters of what is long; each takes two bytes, and over 65,535 bytes a frame's head grows."""

NESTED: Final = "[" * 200_000
"""Makes :func:`json.loads` raise RecursionError, in Python 3.14 too: it has room for 50,000."""

DEEP: Final = NESTED + "]" * len(NESTED)
"""The same, with an end: it is JSON. (What json can read is huge, once written with an indent.)"""

TEXTS: Final[Mapping[str, str]] = {
    "quotes": 'say "hi", it\'s',
    "backslashes": "C:\\new\\table",
    "two lines": "one\ntwo\r\n\tthree",
    "empty": "",
    "a blank": " ",
    "blanks at the ends": "  padded ",
    "other scripts": "Grüße, 世界, 🎉",
    "combining characters": "e\u0301 is not \u00e9",
    "a NUL": "a\x00b",
    "braces and percents": "{message} %s %d {} {{0}}",
    "a number": "0",
    "the word null": "null",
    "JSON": '{"type": "push", "id": 1}',
    "HTML": "<b>bold</b> & more",
    "long": "ä" * LONG,
}
"""What can be sent as a text message."""

BYTES: Final[Mapping[str, bytes]] = {
    "empty": b"",
    "a NUL": b"\x00",
    "no UTF-8": b"\xff\xfe\x80\xc3",
    "text": b"hello",
    "JSON": b'{"type": "push"}',
    "line ends": b"a\r\nb\n\x1a",
    "all bytes": bytes(range(256)),
    "long": bytes(range(256)) * (LONG // 128),
}
"""What can be sent as a binary message."""

NUMBERS: Final[Mapping[str, int | float]] = {
    "zero": 0,
    "negative": -1,
    "a fraction": 0.5,
    "negative zero": -0.0,
    "beyond 32 bits": 2**31,
    "beyond 53 bits": 2**53 + 1,
    "beyond 64 bits": 2**64,
    "huge": 10**30,
    "tiny": 5e-324,
}
"""Numbers that JSON can carry."""

VALUES: Final[Mapping[str, Any]] = {
    "null": None,
    "true, which Python takes for 1": True,
    "false, which Python takes for 0": False,
    "zero": 0,
    "an empty text": "",
    "a lone surrogate": "\ud800",
    "an empty list": [],
    "a list": [1, 2],
    "a list in a list": [[1], [2]],
    "an empty object": {},
    "an object": {"id": 1},
    "nested": {"a": [{"b": {"c": [None, [], {}]}}]},
    "a text that is a number": "1",
    "a fraction": 1.5,
    "huge": 10**30,
    "negative": -1,
    "NaN": math.nan,
    "Infinity": math.inf,
}
"""
Values of a field in a message that :func:`json.dumps` makes.

``NaN`` and ``Infinity`` are no JSON (RFC 8259 §6), but Python reads and writes them; a list is no
key of a dict.
"""

NOT_JSON: Final[Mapping[str, str]] = {
    "a word": "hello",
    "empty": "",
    "a blank": " ",
    "half an object": '{"a": ',
    "Python's repr": "{'a': 1}",
    "two values": "1 2",
    "a comma too many": "[1,]",
    "a byte order mark": '\ufeff{"a": 1}',
    "nested without an end": NESTED,
}
"""Text messages that are no JSON; the last one makes :func:`json.loads` raise RecursionError."""


class Generator:
    """
    Values by chance, the same for the same seed, among them the awkward ones.

    Args:
        seed: Any text or number; a rule takes the exercise's id.

    >>> Generator("1.1").text() == Generator("1.1").text()
    True
    """

    def __init__(self, seed: str | int) -> None:
        self.random = random.Random(seed)

    def text(self, longest: int = 20) -> str:
        """Return a text: now and then an awkward one, else characters of all planes."""
        if self.random.random() < 0.3:
            return self.random.choice([text for text in TEXTS.values() if len(text) < LONG])
        alphabet = "abc \"'\\/\n\t{}[]:,0éß世🎉"
        return "".join(self.random.choices(alphabet, k=self.random.randint(0, longest)))

    def bytes(self, longest: int = 20) -> bytes:
        """Return bytes: now and then awkward ones."""
        if self.random.random() < 0.3:
            return self.random.choice([value for value in BYTES.values() if len(value) < LONG])
        return self.random.randbytes(self.random.randint(0, longest))

    def number(self) -> int:
        """Return an integer of any size, as often small as huge."""
        return self.random.choice((1, -1)) * self.random.getrandbits(self.random.randint(0, 70))

    def value(self, depth: int = 3) -> Any:
        """Return a value that JSON can carry, with lists and objects in it."""
        kind = self.random.randrange(7 if depth else 5)
        if kind == 5:
            return [self.value(depth - 1) for _ in range(self.random.randrange(4))]
        if kind == 6:
            return {self.text(5): self.value(depth - 1) for _ in range(self.random.randrange(4))}
        return (None, self.random.random() < 0.5, self.number(), self.random.random(), self.text())[
            kind
        ]
