"""Exercise 3.3: Readings of a weather station."""

from __future__ import annotations

import json
import struct
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, Finding, answering, awkward, show
from wslab.exercises._rule import rule

__all__ = ["EXERCISE"]

_READING: Final = struct.Struct("!HqfB")
_LITTLE: Final = struct.Struct("<HqfB")
_KEYS: Final = ("station", "time", "celsius", "battery")
_REFUSAL: Final = f"Error: a reading is {_READING.size} bytes of binary data"

_FEW: Final = ((1, 1_700_000_000_000, 21.5, 99), (258, 1_763_886_000_123, -7.5, 100))
_NEAR: Final = 0.06
"""Degrees by which a temperature may differ: one that is rounded to a tenth is as good."""

# Messages that are no readings: each size is one that some other format has.
_OTHERS: Final[tuple[str | bytes, ...]] = (
    *(bytes(size) for size in (0, 1, 14, 16, 19, 21, 24, 30)),
    *("hello", "x" * _READING.size, "ü" * 7 + "x", awkward.TEXTS["empty"], awkward.TEXTS["JSON"]),
    json.dumps(dict(zip(_KEYS, _FEW[0], strict=True))),
)


def _answers(answer: Any, *readings: tuple[Any, ...]) -> list[tuple[Client, str, Any]]:
    """Send readings; return for each the client, what is due, and the value that came as JSON."""
    answers: list[tuple[Client, str, Any]] = []
    with answering(answer) as server, server.client() as client:
        for reading in readings:
            client.send(_READING.pack(*reading))
            wanted = json.dumps(dict(zip(_KEYS, reading, strict=True)))
            got = client.receive(wanted, "a reading was sent")
            try:
                answers.append((client, wanted, json.loads(got)))
            except (ValueError, RecursionError):  # another rule tells about that
                answers.append((client, wanted, None))
    return answers


def _is(got: Any, expected: float) -> bool:
    """Return whether a value is this number, and no text and no truth value."""
    near = _NEAR if isinstance(expected, float) else 0
    return type(got) in (int, float) and expected - near <= got <= expected + near


def _judge_field(answer: Any, key: str, values: tuple[Any, ...], problem: str) -> None:
    """Expect that one field has the value that was sent, or the one with its bytes reversed."""
    place = _KEYS.index(key)
    readings = [(*_FEW[0][:place], value, *_FEW[0][place + 1 :]) for value in values]
    for reading, (client, wanted, got) in zip(readings, _answers(answer, *readings), strict=True):
        if not isinstance(got, dict) or key not in got:
            continue  # another rule tells about that
        reversed_one = _LITTLE.unpack(_READING.pack(*reading))[place]
        if not _is(got[key], reading[place]) and not _is(got[key], reversed_one):
            raise client.finding(problem, wanted, json.dumps(got))


@rule(f"A reading is a binary message of {_READING.size} bytes")
def _reading(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        for message in (bytes(_READING.size), b"fifteen letters", _READING.pack(*_FEW[1])):
            client.send(message)
            try:
                got = client.receive("JSON text", f"{len(message)} bytes were sent")
            except Finding as finding:
                if finding.got and "unpack requires" in finding.got:
                    raise
                return  # another rule tells about that
            if got in (_REFUSAL, _REFUSAL.encode()):
                problem = f"{len(message)} bytes were taken for something else than a reading"
                raise client.finding(problem, "JSON text", show(got))


@rule("it answers a reading with JSON text")
def _json_text(answer: Any) -> None:
    with answering(answer) as server, server.clients(2) as clients:
        for client in clients:
            for reading in _FEW:
                client.send(_READING.pack(*reading))
            for reading in _FEW:
                wanted = json.dumps(dict(zip(_KEYS, reading, strict=True)))
                client.receive_json(wanted, "a reading was sent")
            client.barrier()
            client.expect_silence("a reading was answered more than once", seconds=0.02)


@rule('`{"station": …, "time": …, "celsius": …, "battery": …}`')
def _keys(answer: Any) -> None:
    for client, wanted, got in _answers(answer, *_FEW, (0, 0, 0.0, 0)):
        if got is not None and (not isinstance(got, dict) or set(got) != set(_KEYS)):
            keys = ", ".join(f"`{key}`" for key in _KEYS)
            problem = f"the keys are {keys}"
            problem = problem if isinstance(got, dict) else f"it is no object; {problem}"
            raise client.finding(problem, wanted, json.dumps(got))


@rule("in network byte order")
def _byte_order(answer: Any) -> None:
    for reading, (client, wanted, got) in zip(_FEW, _answers(answer, *_FEW), strict=True):
        reversed_ones = _LITTLE.unpack(_READING.pack(*reading))
        for key, right, wrong in zip(_KEYS, reading, reversed_ones, strict=True):
            value = got.get(key) if isinstance(got, dict) else None
            if not _is(value, right) and _is(value, wrong):
                problem = f"`{key}` was read from the last byte to the first: little-endian"
                raise client.finding(problem, wanted, json.dumps(got))


@rule("the number of the station (2 bytes, unsigned)")
def _station(answer: Any) -> None:
    values = (258, 0, 1, 40_000, 65_535)
    _judge_field(answer, "station", values, "`station` is not the number that was sent")


@rule("the time in milliseconds (8 bytes, signed)")
def _time(answer: Any) -> None:
    values = (1_763_886_000_123, 0, -1, -(2**40), 2**53 + 1)
    _judge_field(answer, "time", values, "`time` is not the number that was sent")


@rule("the temperature (float32)")
def _temperature(answer: Any) -> None:
    values = (21.5, -7.5, 0.0, 36.6, -0.4, 1000.1)
    _judge_field(answer, "celsius", values, "`celsius` is not the number that was sent")


@rule("the battery in percent (1 byte, unsigned)")
def _battery(answer: Any) -> None:
    values = (99, 0, 1, 100, 200, 255)
    _judge_field(answer, "battery", values, "`battery` is not the number that was sent")


@rule("any other message, text or binary")
def _any_other(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        for message in _OTHERS:
            client.send(message)
            kind = (
                "a text message"
                if isinstance(message, str)
                else f"a binary message of {len(message)} bytes"
            )
            got = client.receive(show(_REFUSAL), f"{kind} came")
            if got[:1] in ("{", b"{", "[", b"["):
                problem = f"{kind} came and was taken for a reading"
                raise client.finding(problem, show(_REFUSAL), show(got))
        client.send(_READING.pack(*_FEW[0]))
        client.receive("JSON text", "a reading came after all that")


@rule(f"with the text `{_REFUSAL}`")
def _refusal(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        for message in ("hello", b"\x01\x02\x03"):
            client.send(message)
            client.expect_text(_REFUSAL, "the answer is another one")


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
    rules=(
        _reading,
        _json_text,
        _keys,
        _byte_order,
        _station,
        _time,
        _temperature,
        _battery,
        _any_other,
        _refusal,
    ),
    minutes=15,
    difficulty=2,
    needs="Numbers: `struct`",
)
