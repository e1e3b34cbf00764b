"""Exercise 5.1: Encode and decode."""

from __future__ import annotations

import json
import secrets
from typing import Any

from websockets.asyncio.server import ServerConnection

from wslab.exercises._exercise import Exercise
from wslab.exercises._judge import Finding, run_client, same, show
from wslab.exercises._rule import Rule

from ._shared import json_text

__all__ = ["EXERCISE"]


def _probe_exchange(answer: Any) -> None:
    cases: list[tuple[dict[str, Any], str | bytes]] = [
        ({"sensor": 7, "value": 20.84}, '{"status":"stored","number":1}'),
        ({"sensor": 8, "value": -1.5, "unit": "°C"}, '{"status":"gespeichert: 8 °C"}'.encode()),
        ({"text": 'She said "no"\nand left', "parts": [1, None, True, []]}, "[null, true, 1.5]"),
        ({"id": secrets.token_hex(4)}, "null"),
        ({"id": secrets.token_hex(4), "more": {"a": {"b": []}}}, b'"nothing but a string"'),
    ]
    for reading, reply in cases:
        received: list[str | bytes] = []

        async def handler(
            ws: ServerConnection,
            received: list[str | bytes] = received,
            reply: str | bytes = reply,
        ) -> None:
            async for message in ws:
                received.append(message)
                await ws.send(reply)

        called = f"your function was called with url, {reading!r}; the server replies {show(reply)}"
        value = json.loads(reply)
        try:
            result, server = run_client(answer, handler, reading)
        except Finding as finding:
            finding.sent = finding.sent or called
            finding.expected = finding.expected or f"{json_text(reading)}, and {value!r} returned"
            raise
        records = server.transcript.snapshot()[-12:]

        def wrong(
            problem: str, wanted: object, got: object, told: str = called, records: Any = records
        ) -> Finding:
            shown = wanted if isinstance(wanted, str) else show(wanted)
            return Finding(problem, sent=told, expected=shown, got=show(got), records=records)

        if len(received) != 1:
            raise wrong("exactly one message should be sent", json_text(reading), received)
        if isinstance(received[0], bytes):
            problem = "JSON should go out in a text message; this one is binary"
            raise wrong(problem, json_text(reading), received[0])
        try:
            right = json.loads(received[0]) == reading
        except (ValueError, RecursionError):
            raise wrong("what arrived is not JSON", json_text(reading), received[0]) from None
        if not right:
            raise wrong("the JSON has other content", json_text(reading), received[0])
        if type(result) is not type(value) or not same(result, value):
            kind = "binary" if isinstance(reply, bytes) else "text"
            problem = f"the value of the reply should be returned, here from a {kind} message"
            raise wrong(problem, repr(value), result)


EXERCISE = Exercise(
    id="5.1",
    title="Encode and decode",
    task=(
        "Complete the two places: `exchange(url, reading)` sends a dictionary as JSON in a text "
        "message, and returns the value of the server's reply. That is JSON too, but some replies "
        "come in a text and some in a binary message, in UTF-8."
    ),
    name="exchange",
    starter="""
import json

from websockets.sync.client import connect


def exchange(url, reading):
    with connect(url) as ws:
        ws.send(...)
        reply = ws.recv(timeout=5)
    return ...
""",
    hints=(
        "What `send()` is given decides the opcode: `str` goes out as text, `bytes` as binary.",
        "`json.dumps()` returns a `str`; `msgspec.json.encode()` returns `bytes`.",
        "`json.loads()` takes `str` and `bytes` alike, so it needs no case distinction.",
    ),
    solution="""
import json

from websockets.sync.client import connect


def exchange(url, reading):
    with connect(url) as ws:
        ws.send(json.dumps(reading))
        reply = ws.recv(timeout=5)
    return json.loads(reply)
""",
    explanation=(
        "One call in each direction. With `msgspec.json.encode(reading)` in the place of "
        "`json.dumps(reading)` the payload would be as good, but the message would be binary: "
        "then `send(…, text=True)` is needed."
    ),
    rules=(Rule("", _probe_exchange),),
    minutes=5,
    difficulty=1,
    needs="Two kinds of message",
)
