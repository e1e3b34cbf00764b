"""Exercise 5.4: A translator."""

from __future__ import annotations

import json
import math
import secrets
import struct
from collections.abc import Sequence
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, answering, during, show
from wslab.exercises._rule import Rule

from ._shared import NESTED

__all__ = ["EXERCISE"]


_ROW: Final = struct.Struct("<Hqd")


_UNTRANSLATABLE: Final[list[tuple[str, str | bytes]]] = [
    ("text that is not JSON", "Hello"),
    ("JSON that is cut off", '[{"sensor":7,"time":1,"value":2.5}'),
    ("an object instead of a list", '{"sensor":7,"time":1,"value":2.5}'),
    ("a list of numbers", "[1,2,3]"),
    ("a list with null", "[null]"),
    ("a reading without a value", '[{"sensor":7,"time":1}]'),
    ("a value that is a string", '[{"sensor":7,"time":1,"value":"20"}]'),
    ("a sensor with a fraction", '[{"sensor":7.5,"time":1,"value":2.5}]'),
    ("sensor 70000, which needs more than 2 bytes,", '[{"sensor":70000,"time":1,"value":2.5}]'),
    ("sensor -1", '[{"sensor":-1,"time":1,"value":2.5}]'),
    ("a time that needs more than 8 bytes", f'[{{"sensor":7,"time":{2**63},"value":1}}]'),
    ("a value that no float can hold", f'[{{"sensor":7,"time":1,"value":{10**400}}}]'),
    ("a message of 100,000 brackets", NESTED),
    ("19 bytes, which are not a number of rows,", bytes(19)),
    ("a single byte", b"7"),
    ("NaN, which JSON cannot write,", _ROW.pack(7, 1, math.nan)),
    ("infinity after a good row", _ROW.pack(7, 1, 2.5) + _ROW.pack(7, 2, math.inf)),
]


def _probe_translate(answer: Any) -> None:
    def readings(count: int) -> list[dict[str, Any]]:
        return [
            {
                "sensor": secrets.randbelow(2**16),
                "time": secrets.randbelow(2**60) - 2**59,
                "value": (secrets.randbelow(2**20) - 2**19) / 64,
            }
            for _ in range(count)
        ]

    def packed(rows: Sequence[dict[str, Any]]) -> bytes:
        return b"".join(_ROW.pack(row["sensor"], row["time"], row["value"]) for row in rows)

    with answering(answer) as server, server.client() as other, server.client() as client:

        def pack(who: Client, rows: list[dict[str, Any]], problem: str) -> None:
            who.send(json.dumps(rows))
            wanted = packed(rows)
            got = who.receive(f"a binary message: {show(wanted)}", problem)
            if isinstance(got, str):
                raise who.finding(problem, f"a binary message: {show(wanted)}", show(got))
            if got != wanted:
                raise who.finding("the bytes are not right", show(wanted), show(got))

        def unpack(who: Client, rows: list[dict[str, Any]], problem: str) -> None:
            who.send(packed(rows))
            got = who.receive_json(f"JSON text: {show(rows)}", problem)
            if got != rows:
                raise who.finding(problem, show(rows), show(got))

        to_binary = "a list of readings should come back in a binary message"
        to_text = "a binary message should come back as the list of readings, in JSON"
        example = [{"sensor": 7, "time": 1_700_000_000_000, "value": 20.84}]
        pack(client, example, to_binary)
        unpack(client, example, to_text)
        server.come_and_go()
        server.serve_crowd("[]", lambda one, problem: one.expect(b"", problem))
        extremes = [(0, -(2**63), -0.5), (2**16 - 1, 2**63 - 1, 1e300), (256, 1, 5e-324)]
        named = [dict(zip(("sensor", "time", "value"), row, strict=True)) for row in extremes]
        for rows in (readings(1), readings(3), named, [], readings(500)):
            with during(f"{len(rows)} readings"):
                pack(client, rows, to_binary)
                unpack(client, rows, to_text)
                unpack(other, rows, to_text)
        client.send('[ {"value":20, "sensor":1, "time":2} ]')
        whole = "order and spaces mean nothing, and 20 is a value as good as 20.5"
        client.expect(_ROW.pack(1, 2, 20.0), whole)
        for what, bad in _UNTRANSLATABLE:
            client.send(bad)
            wanted = 'JSON text: {"error": "…"}'
            problem = f"{what} should get an error"
            got = client.receive(wanted, problem)
            try:
                value = json.loads(got) if isinstance(got, str) else None
            except (ValueError, RecursionError):
                value = None
            if not isinstance(value, dict) or not isinstance(value.get("error"), str):
                raise client.finding(problem, wanted, show(got))
            with during(f"after {what}"):
                pack(client, readings(1), to_binary)
        with during("the other client"):
            pack(other, readings(2), to_binary)


_TRANSLATE: Final = """
import json
import struct

from wslab.handlers import parse_json, to_json

ROW_LAYOUT = struct.Struct("<Hqd")
NAMES = ("sensor", "time", "value")


def to_binary(text):
    rows = parse_json(text)
    if not isinstance(rows, list):
        raise ValueError("expected a list")
    return b"".join([ROW_LAYOUT.pack(*[row[name] for name in NAMES]) for row in rows])


def to_text(data):
    rows = ROW_LAYOUT.iter_unpack(data)
    return to_json([dict(zip(NAMES, row)) for row in rows])


async def translate(ws):
    async for message in ws:
        try:
            reply = to_binary(message) if isinstance(message, str) else to_text(message)
        except (ValueError, KeyError, TypeError, struct.error) as error:
            reply = json.dumps({"error": repr(error)})
        await ws.send(reply)
"""


EXERCISE = Exercise(
    id="5.4",
    title="A translator",
    task=(
        "Write the handler `translate`. A text message with a JSON list of readings, "
        '`{"sensor": …, "time": …, "value": …}`, is answered with a binary message: the same '
        "readings as rows of 18 bytes, `<Hqd`. A binary message of such rows is answered with the "
        "JSON list in a text message. What cannot be translated is answered with the text message "
        '`{"error": …}`, a string in your words, and the connection is kept.'
    ),
    name="translate",
    starter="""
import json
import struct

from wslab.handlers import parse_json, to_json

ROW_LAYOUT = struct.Struct("<Hqd")


async def translate(ws):
    async for message in ws:
        if isinstance(message, str):
            ...
        else:
            ...
""",
    hints=(
        "`struct_encode()` and `struct_decode()` in “Measure: size” do the two directions, as "
        "long as nothing is wrong.",
        "What is raised when something is wrong? `struct.error` is no `ValueError`; a field that "
        "is missing raises another exception, and so does a list of something else. What does "
        "`to_json()` do about NaN?",
        "`except (ValueError, KeyError, TypeError, struct.error) as error:` stands around the "
        "translation, not around `send()`. An object is no list of readings, although a loop "
        "over it begins: check with `isinstance(rows, list)`.",
    ),
    solution=_TRANSLATE,
    explanation=(
        "Both directions raise before anything is sent, so there is one reply in every case. "
        "`iter_unpack()` raises `struct.error` if the bytes are not a number of rows. A float may "
        "be NaN, JSON has no word for it, and `to_json()` raises `ValueError`; `json.dumps()` "
        "would write `NaN`, which a browser cannot read."
    ),
    rules=(Rule("", _probe_translate),),
    minutes=20,
    difficulty=2,
    needs="Measure: size",
)
