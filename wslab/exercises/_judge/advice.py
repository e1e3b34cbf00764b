"""What an exception of a learner's code means, where its own words do not say so."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["meaning"]

_JSON_TEXT: Final = "a message is text or bytes, and json.dumps() makes text of an object"

# Of websockets 17 and of Python 3.11 to 3.14; what is not known has no advice.
_MEANINGS: Final = (
    ("data is a dict-like object", f"send() was given a dict: {_JSON_TEXT}"),
    (
        "data iterable must contain bytes or str",
        f"send() was given a list of objects: {_JSON_TEXT}",
    ),
    (r"data must be (str, )?bytes", f"send() was given neither text nor bytes: {_JSON_TEXT}"),
    ("not JSON serializable", "json.dumps() was given what JSON cannot carry"),
    (
        "'coroutine' object|not coroutine|of type coroutine|coroutine is not",
        "an `await` is missing",
    ),
    ("can't be used in 'await' expression", "`await` stands before what needs none"),
    ("asynchronous context manager", "`async with` is for the connect of websockets.asyncio"),
    ("__aiter__|async for", "`async for` is for a connection of websockets.asyncio"),
    (
        r"unpack\w* requires a buffer",
        "the bytes are fewer or more than the format has; without a byte order in front of it, "
        "struct leaves gaps",
    ),
    ("no running event loop", "it needs a running loop: write the function as `async def`"),
)

_BY_TYPE: Final = {
    "JSONDecodeError": "json.loads() was given what is not JSON",
    "UnicodeDecodeError": "bytes that are no UTF-8 were taken for text",
    "ConnectionClosedOK": "recv() or send() said that the connection is closed, and nothing "
    "caught it",
    "ConnectionClosedError": "the connection was closed, with a code other than 1000 and 1001 or "
    "without one, and nothing caught it",
    "TimeoutError": "it waited for something that never came",
    "RecursionError": "text that is nested too deep, and nothing caught it",
}


def meaning(type: str, message: str) -> str:
    """
    Say what an exception means, in brackets after a blank; or nothing, if that is not known.

    Args:
        type: The name of its class.
        message: Its own words.

    >>> meaning("TypeError", "data is a dict-like object")[:34]
    ' (send() was given a dict: a messa'
    >>> meaning("KeyError", "'answer'")
    " (an object has no key 'answer')"
    >>> meaning("ValueError", "no")
    ''
    """
    if type == "KeyError":
        return f" (an object has no key {message})"
    for pattern, words in _MEANINGS:
        if re.search(pattern, message):
            return f" ({words})"
    return f" ({_BY_TYPE[type]})" if type in _BY_TYPE else ""
