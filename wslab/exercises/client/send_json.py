"""Exercise 1.1: Send JSON."""

from __future__ import annotations

import json
from typing import Any

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Play, awkward, play, same, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_PLAIN = ("Hello from client", 1700000000000)

_AWKWARD = (
    (" ".join((awkward.TEXTS["quotes"], awkward.TEXTS["backslashes"])), 1700000000000),
    (awkward.TEXTS["two lines"], 0),
    (awkward.TEXTS["other scripts"] + awkward.TEXTS["braces and percents"], 10**30),
    ("", -1),
    (awkward.TEXTS["blanks at the ends"], 0.5),
)


def _call(answer: Any, message: object, timestamp: object) -> tuple[Play, list[str | bytes], str]:
    """Call the function; return what came of it, what our server got, and what it should get."""
    received: list[str | bytes] = []

    async def handler(ws: ServerConnection) -> None:
        async for item in ws:
            received.append(item)

    wanted = json.dumps({"message": message, "timestamp": timestamp}, ensure_ascii=False)
    played = play(answer, handler, message, timestamp)
    return played, received, f"one text message: {wanted}"


@rule("send one message")
def _one_message(answer: Any) -> None:
    played, received, wanted = _call(answer, *_PLAIN)
    played.returned(wanted)
    if len(received) != 1:
        count = f"{len(received)} messages: {show(received)}" if received else "no message"
        raise played.finding(f"it sent {len(received) or 'none'}", wanted, count)


@rule("JSON text")
def _json_text(answer: Any) -> None:
    played, received, wanted = _call(answer, *_PLAIN)
    for item in received:
        if isinstance(item, bytes):
            problem = "bytes go out as a binary message, a str as text"
            raise played.finding(problem, wanted, f"a binary message: {show(item)}")
        try:
            json.loads(item)
        except ValueError:
            problem = "this text is not JSON"
            if item == str({"message": _PLAIN[0], "timestamp": _PLAIN[1]}):
                problem = "str() of a dict is not JSON, whose strings have double quotes"
            raise played.finding(problem, wanted, show(item)) from None


def _values(received: list[str | bytes]) -> list[Any]:
    """The messages' values, as far as they are JSON."""
    values = []
    for item in received:
        try:
            values.append(json.loads(item))
        except ValueError:
            continue
    return values


@rule("an object with the keys `message` and `timestamp`")
def _keys(answer: Any) -> None:
    played, received, wanted = _call(answer, *_PLAIN)
    for value in _values(received)[:1] if len(received) == 1 else ():
        if not isinstance(value, dict):
            problem = "the JSON is no object"
        elif value.keys() != {"message", "timestamp"}:
            problem = f"the object has the keys {', '.join(map(show, value))}"
        else:
            continue
        raise played.finding(problem, wanted, json.dumps(value, ensure_ascii=False))


@rule("whose values are the arguments of the function")
def _arguments(answer: Any) -> None:
    for message, timestamp in (_PLAIN, *_AWKWARD):
        played, received, wanted = _call(answer, message, timestamp)
        if (message, timestamp) == _PLAIN:
            if played.failure or len(received) != 1 or not _values(received):
                return  # other rules tell about that
        else:
            played.returned(wanted)
        values = _values(received)
        if not values:
            problem = "with these arguments the text is not JSON: json.dumps() escapes them"
            problem = problem if received else "with these arguments it sent nothing"
            raise played.finding(problem, wanted, show(received[0]) if received else "no message")
        if not isinstance(values[0], dict):
            return
        for key, argument in (("message", message), ("timestamp", timestamp)):
            got = values[0].get(key, argument)
            if type(got) is not type(argument) or not same(got, argument):
                problem = f"`{key}` is not the argument"
                raise played.finding(problem, wanted, show(received[0]))


EXERCISE = Exercise(
    id="1.1",
    title="Send JSON",
    task=(
        "Complete the line: send one message, the JSON text of an object with the keys `message` "
        "and `timestamp`, whose values are the arguments of the function. A function that is "
        "`async` is as welcome."
    ),
    name="send_json",
    starter="""
from websockets.sync.client import connect


def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(...)
""",
    hints=(
        "`send()` takes a string. A dictionary has to become one first.",
        "`json.dumps()` makes a JSON string from a dictionary.",
        'The dictionary is `{"message": message, "timestamp": timestamp}`.',
    ),
    solution="""
import json

from websockets.sync.client import connect


def send_json(url, message, timestamp):
    with connect(url) as ws:
        ws.send(json.dumps({"message": message, "timestamp": timestamp}))
""",
    explanation=(
        "`json.dumps()` escapes quotes and line breaks in `message`; putting the string together "
        "by hand would break on the first message that contains one. Spaces and the order of the "
        "keys do not matter."
    ),
    rules=(_one_message, _json_text, _keys, _arguments),
    minutes=5,
    difficulty=1,
    needs="Send a string, send JSON",
)
