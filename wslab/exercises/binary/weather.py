"""Exercise 3.3: Readings of a weather station."""

from __future__ import annotations

import json
import struct
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, answering, during
from wslab.exercises._rule import Rule

__all__ = ["EXERCISE"]


_READING: Final = struct.Struct("!HqfB")


_REFUSAL: Final = f"Error: a reading is {_READING.size} bytes of binary data"


def _probe_weather(answer: Any) -> None:
    def expect(client: Client, *reading: Any) -> None:
        keys = ("station", "time", "celsius", "battery")
        expected = dict(zip(keys, reading, strict=True))
        wanted = f"JSON text: {json.dumps(expected)}"
        got = client.receive_json(wanted, "each reading should be answered")
        if not isinstance(got, dict) or got.keys() != expected.keys():
            keys_said = ", ".join(f"`{key}`" for key in keys)
            raise client.finding(f"the keys should be {keys_said}", wanted, json.dumps(got))
        for key in keys:
            if got[key] != expected[key]:
                problem = f"`{key}` has another value than was sent"
                raise client.finding(problem, wanted, json.dumps(got))

    readings = [
        (1, 1_700_000_000_000, 21.5, 99),
        (258, 1_763_886_000_123, -7.5, 100),
        (65_535, 2**40 + 1, 0.0, 255),
        (40_000, -1, 37.5, 0),
    ]
    others: list[tuple[str, list[str | bytes]]] = [
        ("a binary message of another size", [b"", bytes(14), bytes(16), bytes(30), b"\xff"]),
        ("a text message", ["hello", "", "x" * _READING.size, "ü" * 7 + "x"]),
    ]
    with answering(answer) as server, server.clients(2) as (ada, grace):
        for reading in readings:
            ada.send(_READING.pack(*reading))
            expect(ada, *reading)
        for what, messages in others:
            for message in messages:
                with during(f"after {what}"):
                    ada.send(message)
                    ada.expect_text(_REFUSAL, "what is not a reading should be answered with this")
                    ada.send(_READING.pack(*readings[1]))
                    expect(ada, *readings[1])
        with during("with a second client"):
            for reading in readings:
                grace.send(_READING.pack(*reading))
            for reading in readings:
                expect(grace, *reading)
        ada.send(_READING.pack(*readings[0]))
        expect(ada, *readings[0])


EXERCISE = Exercise(
    id="3.3",
    title="Readings of a weather station",
    task=(
        f"A reading is a binary message of {_READING.size} bytes, in network byte order: the "
        "number of the station (2 bytes, unsigned), the time in milliseconds (8 bytes, signed), "
        "the temperature (float32), and the battery in percent (1 byte, unsigned). Write "
        "`weather(ws)`: it answers a reading with JSON text, "
        '`{"station": …, "time": …, "celsius": …, "battery": …}`, and any other message, text or '
        f"binary, with the text `{_REFUSAL}`."
    ),
    name="weather",
    starter="""
import json
import struct


async def weather(ws):
    async for message in ws:
        ...
""",
    hints=(
        "`struct.Struct()` takes the agreement as a string: the byte order, then one letter for "
        "each number. The table in “Numbers: `struct`” has them all.",
        "`unpack()` raises for any other size, and for text. Look at the type first, then at the "
        "size: 15 characters are no reading.",
        '`struct.Struct("!HqfB")`; `isinstance(message, bytes) and len(message) == 15`; then '
        "`station, time, celsius, battery = form.unpack(message)`.",
    ),
    solution="""
import json
import struct

WEATHER = struct.Struct("!HqfB")


async def weather(ws):
    async for message in ws:
        if isinstance(message, bytes) and len(message) == WEATHER.size:
            station, time, celsius, battery = WEATHER.unpack(message)
            reply = {"station": station, "time": time, "celsius": celsius, "battery": battery}
            await ws.send(json.dumps(reply))
        else:
            await ws.send("Error: a reading is 15 bytes of binary data")
""",
    explanation=(
        "`!` is network byte order and packs the numbers one behind the other; without it, the "
        "machine's own order and gaps would be used, here 21 bytes. The size is the only thing "
        "that can be checked: 15 bytes with another meaning are a reading too."
    ),
    rules=(Rule("", _probe_weather),),
    minutes=15,
    difficulty=2,
    needs="Numbers: `struct`",
)
