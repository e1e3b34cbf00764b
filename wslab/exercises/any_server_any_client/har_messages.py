"""Exercise 12.2: Messages of a HAR."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import CLIENT_TIMEOUT, Finding, awkward, call, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

Said = tuple[str, str | bytes]


def _entry(messages: list[Said], step: float = 0.125) -> dict[str, Any]:
    """Return an entry as DevTools write it; from one message to the next it takes ``step``."""
    written = [
        {
            "type": "send" if sender == "client" else "receive",
            "time": 1795428227.341 + number * step,
            "opcode": 1 if isinstance(data, str) else 2,
            "data": data if isinstance(data, str) else base64.b64encode(data).decode(),
        }
        for number, (sender, data) in enumerate(messages)
    ]
    return {"request": {"url": "ws://localhost:8080/"}, "_webSocketMessages": written}


def _call(answer: Any, entry: dict[str, Any], expected: str) -> Any:
    """Call the learner's function; say with what, if it raises."""
    try:
        return call(answer, entry, timeout=CLIENT_TIMEOUT)
    except Finding as finding:
        finding.sent = f"your function was called with {show(entry)}"
        finding.expected = expected
        raise


def _expect(
    answer: Any,
    messages: list[Said],
    problem: str,
    judged: Callable[[Any, Any], object],
    step: float = 0.125,
) -> None:
    """Expect that each pair has what a rule looks at, in order."""
    entry = _entry(messages, step)
    got = _call(answer, entry, show(messages))
    try:
        same = [judged(*pair) for pair in got] == [judged(*pair) for pair in messages]
    except TypeError:
        same, problem = False, "what is in the list is no pair"
    if not same:
        sent = f"your function was called with {show(entry)}"
        raise Finding(problem, sent=sent, expected=show(messages), got=show(got))


def _words(sender: Any, message: Any) -> str:
    """A message, whichever type it has."""
    is_bytes = isinstance(message, bytes | bytearray | memoryview)
    return bytes(message).decode(errors="replace") if is_bytes else str(message)


@rule("a list with a pair `(sender, message)`")
def _pairs(answer: Any) -> None:
    messages: list[Said] = [("client", "hello")]
    got = _call(answer, _entry(messages), show(messages))
    if not isinstance(got, list):
        problem = "it is no list"
    elif got and not (isinstance(got[0], tuple) and len(got[0]) == 2):
        problem = "what is in the list is no pair: a tuple of two"
    else:
        return
    sent = f"your function was called with {show(_entry(messages))}"
    raise Finding(problem, sent=sent, expected=show(messages), got=show(got))


@rule("for each message")
def _each(answer: Any) -> None:
    problem = "a message is missing, or another one is there"
    for count in (1, 2, 5):
        messages: list[Said] = [("client", str(number)) for number in range(count)]
        _expect(answer, messages, problem, _words)
    twice: list[Said] = [("client", "1"), ("client", "1"), ("client", "2")]
    _expect(answer, twice, "the same was said twice, and a message is missing", _words)
    empty: list[Said] = [("client", "1"), ("client", ""), ("client", b""), ("client", "2")]
    _expect(answer, empty, "an empty message is one, too", _words)


@rule("in their order")
def _in_order(answer: Any) -> None:
    messages: list[Said] = [
        ("server", "welcome"),
        ("client", "hello"),
        ("server", "2"),
        ("client", "1"),
        ("client", "again"),
    ]
    for step in (0.125, 0, -0.125):
        entry = _entry(messages, step)
        got = _call(answer, entry, show(messages))
        words = [_words(*pair) for pair in got if len(pair) == 2]
        wanted = [_words(*pair) for pair in messages]
        if words != wanted and sorted(words) == sorted(wanted):
            sent = f"your function was called with {show(entry)}"
            problem = "the messages come in another order than those of the list"
            raise Finding(problem, sent=sent, expected=show(messages), got=show(got))


@rule('`"client"` or `"server"`')
def _senders(answer: Any) -> None:
    for sender in ("client", "server"):
        problem = "the sender is another one"
        _expect(answer, [(sender, "hello")], problem, lambda sender, _: sender)


def _exactly(_: Any, message: Any) -> object:
    return type(message), message


@rule("a `str` for a text")
def _texts(answer: Any) -> None:
    for text in ("hello", "aGVsbG8=", *(text for text in awkward.TEXTS.values() if text)):
        _expect(answer, [("client", text)], "the text is another one", _exactly)


@rule("`bytes` for binary data")
def _binary(answer: Any) -> None:
    values = [bytes([1, 2, 3, 4]), b"letters", b"\xfb\xff\xbf", *awkward.BYTES.values()]
    for data in filter(None, values):
        _expect(answer, [("client", data)], "the bytes are other ones", _exactly)


@rule("none if it has no list")
def _none(answer: Any) -> None:
    got = _call(answer, {"request": {"url": "http://localhost:8080/"}}, "[]")
    if got is None or list(got):
        sent = 'your function was called with an entry without "_webSocketMessages"'
        raise Finding("there is no message", sent=sent, expected="[]", got=show(got))


EXERCISE = Exercise(
    id="12.2",
    title="Messages of a HAR",
    task=(
        "Write `har_messages(entry)`. An entry of a HAR, a `dict`, may have a list "
        '`"_webSocketMessages"`, as above. Return a list with a pair `(sender, message)` for each '
        'message, in their order: the sender is `"client"` or `"server"`, the message a `str` for '
        "a text, and `bytes` for binary data. Return none if it has no list."
    ),
    name="har_messages",
    starter="""
import base64


def har_messages(entry):
    messages = []
    ...
    return messages
""",
    hints=(
        'A HAR is written from the client\'s side: `"send"` is what the client sent.',
        "`opcode` is that of the frame: 1 is TEXT, 2 is BINARY. JSON has no bytes, so those are "
        "Base64.",
        '`for message in entry.get("_webSocketMessages", []):` bears an entry without one; '
        "`base64.b64decode()` gives the bytes.",
    ),
    solution="""
import base64


def har_messages(entry):
    messages = []
    for message in entry.get("_webSocketMessages", []):
        sender = "client" if message["type"] == "send" else "server"
        data = message["data"]
        if message["opcode"] == 2:
            data = base64.b64decode(data)
        messages.append((sender, data))
    return messages
""",
    explanation=(
        "The opcode tells what `data` is; how it looks does not: `aGVsbG8=` may be a text that "
        "somebody sent. `wslab.read_har()` does this for a whole file, and draws it."
    ),
    rules=(_pairs, _each, _in_order, _senders, _texts, _binary, _none),
    minutes=10,
    difficulty=2,
    needs="A HAR",
)
