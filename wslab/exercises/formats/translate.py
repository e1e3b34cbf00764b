"""Exercise 5.4: A translator."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Client, Finding, answering, awkward, show
from wslab.exercises._rule import rule

from ._shared import NOT_JSON, identical, is_closed, json_text, reopening

__all__ = ["EXERCISE"]

Reading = dict[str, Any]

_ROW: Final = struct.Struct("<Hqd")
_NAMES: Final = ("sensor", "time", "value")
_ERROR: Final = 'JSON text: {"error": "…"}'


def _readings(*rows: tuple[Any, ...]) -> list[Reading]:
    return [dict(zip(_NAMES, row, strict=True)) for row in rows]


def _by_chance(count: int) -> list[Reading]:
    chance = awkward.Generator("5.4").random
    return _readings(
        *(
            (chance.getrandbits(16), chance.getrandbits(60) - 2**59, chance.getrandbits(20) / 64)
            for _ in range(count)
        )
    )


_EXAMPLE: Final = _readings((7, 1_700_000_000_000, 20.84))

_FEW: Final = (
    _EXAMPLE,
    _readings((0, 0, 0.0)),
    _readings((7, 1, 2.5), (7, 1, 2.5)),
    _readings((1, -1, -0.5), (2, 2, 2.5), (3, 3, 3.5)),
    _readings((2**16 - 1, 2**63 - 1, 1e300), (256, -(2**63), 5e-324)),
    _by_chance(3),
)

_NO_NUMBERS: Final[tuple[Any, ...]] = (None, "20", "", [1], {})

_BAD_TEXTS: Final[Mapping[str, Sequence[str]]] = {
    "no JSON": NOT_JSON,
    "an object instead of a list": (json.dumps(_EXAMPLE[0]), "{}", '{"a": [], "b": []}'),
    "no list": ("null", "5", "true", '"abc"', '""'),
    "a list of something else": ("[1,2,3]", "[null]", '["abc"]', "[[7,1,2.5]]", "[{}]"),
    "a field is missing": tuple(
        json.dumps([{k: v for k, v in _EXAMPLE[0].items() if k != name}]) for name in _NAMES
    ),
    "a field that is no number": tuple(
        json.dumps([_EXAMPLE[0] | {name: value}]) for name in _NAMES for value in _NO_NUMBERS
    ),
    "a fraction for a sensor or a time": tuple(
        json.dumps([_EXAMPLE[0] | {name: 7.5}]) for name in ("sensor", "time")
    ),
    "a sensor that needs more than 2 bytes": tuple(
        json.dumps([_EXAMPLE[0] | {"sensor": sensor}]) for sensor in (2**16, -1)
    ),
    "a time that needs more than 8 bytes": tuple(
        json.dumps([_EXAMPLE[0] | {"time": time}]) for time in (2**63, -(2**63) - 1)
    ),
    "a value that no float can hold": (json.dumps([_EXAMPLE[0] | {"value": 10**400}]),),
    "a wrong reading after a right one": (json.dumps([*_EXAMPLE, 5]), json.dumps([*_EXAMPLE, {}])),
    "NaN, which is no JSON": (json.dumps([_EXAMPLE[0] | {"value": math.nan}]),),
}

_BAD_BYTES: Final[Mapping[str, bytes]] = {
    "19 bytes, no number of rows": bytes(19),
    "a row and a half": _ROW.pack(7, 1, 2.5) + bytes(9),
    "a single byte": b"7",
    "17 bytes": bytes(17),
    "NaN, which JSON cannot write": _ROW.pack(7, 1, math.nan),
    "infinity after a good row": _ROW.pack(7, 1, 2.5) + _ROW.pack(7, 2, math.inf),
}


def _pack(rows: Sequence[Reading], layout: str = "<Hqd", names: Sequence[str] = _NAMES) -> bytes:
    return b"".join(struct.pack(layout, *(row[name] for name in names)) for row in rows)


def _what_is_wrong(got: bytes, rows: Sequence[Reading]) -> str:
    """Say what is wrong with these bytes, as far as it can be told."""
    count = f"{len(rows)} reading{'s' * (len(rows) != 1)}"
    if got == _pack(rows, ">Hqd"):
        return "the byte order is wrong: these are big-endian, and `<` is little-endian"
    if got == _pack(rows, "@Hqd"):
        return "there are bytes of padding: without `<`, rows have 24 bytes"
    if len(got) != len(_pack(rows)):
        return f"{count} should have {len(_pack(rows)):,} bytes, not {len(got):,}"
    if got == _pack(rows[::-1]):
        return "the rows come in another order"
    return "the length is right, and the bytes are not"


def _send(client: Client, message: str | bytes, expected: str) -> str | bytes:
    """Send a message; return what comes back, whatever it is."""
    client.send(message)
    return client.receive(expected, "it can be translated")


def _value(message: str | bytes) -> Any:
    """Return the value of JSON; None, if it is none."""
    try:
        return json.loads(message)
    except (ValueError, RecursionError):
        return None


def _binary_expected(rows: Sequence[Reading]) -> str:
    return f"a binary message: {show(_pack(rows))}"


def _expect_rows(client: Client, text: str, rows: Sequence[Reading]) -> None:
    got = _send(client, text, _binary_expected(rows))
    if isinstance(got, bytes) and got != _pack(rows):
        raise client.finding(_what_is_wrong(got, rows), _binary_expected(rows), show(got))
    if isinstance(got, str) and isinstance(_value(got), dict):
        problem = "it can be translated, and an error came"
        raise client.finding(problem, _binary_expected(rows), show(got))


def _expect_list(client: Client, rows: list[Reading]) -> None:
    expected = json_text(rows) if len(rows) < 5 else f"a list of {len(rows)} readings"
    got = _send(client, _pack(rows), expected)
    value = _value(got)
    if identical(value, rows):
        return
    problem = "it is another list"
    if not isinstance(value, list):
        problem = "it is no JSON list"
    elif identical(value, _readings(*struct.iter_unpack(">Hqd", _pack(rows)))):
        problem = "the byte order is wrong: this was read as big-endian, `<` is little-endian"
    elif len(value) != len(rows):
        problem = f"{len(rows)} rows came, and the list has {len(value)} readings"
    raise client.finding(problem, expected, show(got))


@rule("is answered with a binary message")
def _binary(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        for rows in (_EXAMPLE, _EXAMPLE * 2, _EXAMPLE):
            got = _send(client, json.dumps(rows), _binary_expected(rows))
            if isinstance(got, str):
                problem = "the answer is a text message: bytes go out as binary, a str as text"
                raise client.finding(problem, _binary_expected(rows), show(got))
        client.barrier()
        client.expect_silence("there is one answer too many", 0.02)


@rule("readings as rows of 18 bytes, `<Hqd`")
def _rows(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        for rows in _FEW:
            _expect_rows(client, json.dumps(rows), rows)
        # Order and spaces mean nothing in JSON, and 20 is a value as good as 20.0.
        _expect_rows(client, '[ {"value":20, "sensor":1,\n"time":2} ]', _readings((1, 2, 20.0)))


@rule("is answered with the JSON list")
def _list(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        for rows in _FEW:
            _expect_list(client, rows)


@rule("in a text message")
def _text(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        for rows in (_EXAMPLE, _EXAMPLE * 2):
            got = _send(client, _pack(rows), json_text(rows))
            if isinstance(got, bytes):
                problem = "the answer is a binary message: bytes go out as binary, a str as text"
                raise client.finding(problem, json_text(rows), show(got))


@rule("There may be many readings, or none")
def _many(answer: Any) -> None:
    with answering(answer) as server, server.client() as client:
        for rows in ([], _by_chance(500)):
            if _send(client, json.dumps(_EXAMPLE), "a binary message") == _pack(_EXAMPLE):
                _expect_rows(client, json.dumps(rows), rows)
            got = _send(client, _pack(_EXAMPLE), "a list")
            if identical(_value(got), _EXAMPLE):  # otherwise, other rules tell about that
                _expect_list(client, rows)


@rule("What cannot be translated")
def _untranslatable(answer: Any) -> None:
    bad: list[tuple[str, str | bytes]] = [
        (what, text) for what, texts in _BAD_TEXTS.items() for text in texts
    ]
    with answering(answer) as server, reopening(server) as open_client:
        for what, message in [*bad, *_BAD_BYTES.items()]:
            client = open_client()
            client.send(message)
            try:
                got = client.receive(_ERROR, what)
            except Finding:
                if is_closed(client):
                    continue  # another rule tells about that
                raise
            if isinstance(message, str) and isinstance(got, bytes):
                translated = not isinstance(_value(got), dict)
            else:
                translated = isinstance(_value(got), list)
            if translated:
                raise client.finding(f"{what}: it was translated", _ERROR, show(got))


@rule('the text message `{"error": …}`, a string in your words')
def _error(answer: Any) -> None:
    with answering(answer) as server, reopening(server) as open_client:
        for message in ("hello", "{}", "[{}]", bytes(19)):
            client = open_client()
            client.send(message)
            try:
                got = client.receive(_ERROR, "it cannot be translated")
            except Finding:
                if is_closed(client):
                    continue  # another rule tells about that
                raise
            value = _value(got)
            if isinstance(got, bytes) and isinstance(value, dict):
                problem = "the error is a binary message: bytes go out as binary, a str as text"
                raise client.finding(problem, _ERROR, show(got))
            if isinstance(got, bytes) or isinstance(value, list):
                continue  # it was translated: another rule tells about that
            if not isinstance(value, dict) or not isinstance(value.get("error"), str):
                raise client.finding("the answer is no such error", _ERROR, show(got))


@rule("the connection is kept")
def _kept(answer: Any) -> None:
    awful: list[str | bytes] = [text for texts in _BAD_TEXTS.values() for text in texts]
    deep = (awkward.DEEP, awkward.NESTED, '[{"sensor":"\\ud800"}]')
    awful += [*_BAD_BYTES.values(), *deep, "[" + "1" * 5000 + "]", '[{"\\ud800":1}]', b"\xff\xfe"]
    with answering(answer) as server, server.client() as client:
        for message in awful:
            for each in (message, json.dumps(_EXAMPLE)):
                client.send(each)
                client.receive("an answer", "it came")


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
        "JSON list in a text message. There may be many readings, or none. What cannot be "
        'translated is answered with the text message `{"error": …}`, a string in your words, and '
        "the connection is kept."
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
    rules=(_binary, _rows, _list, _text, _many, _untranslatable, _error, _kept),
    minutes=20,
    difficulty=2,
    needs="Measure: size",
)
