"""Exercises of 07 · Security."""

from __future__ import annotations

import json
from typing import Any, Final

from ._exercise import Exercise, Finding, WrongAnswer
from ._probe import Client, answering, during, show

__all__ = ["EXERCISES"]


# ---- 7.1 ----

_OWN: Final = "https://course.example"
_FOREIGN: Final = (
    "https://evil.example",
    "http://course.example",
    "https://course.example.evil.example",
    "https://evil.example/https://course.example",
    "https://notcourse.example",
    "https://course-example",
    "https://course.example:8443",
    "null",
)


def _probe_doorkeeper(answer: Any) -> None:
    def expect_welcome(client: Client, whose: str) -> None:
        problem = f"{whose} should be let in and get its message back"
        client.send("hello")
        client.expect_text("hello", problem)

    def expect_refusal(client: Client, origin: str) -> None:
        client.send("hello")
        client.expect_close(1008, f"a page from {origin} should be refused with code 1008")

    with answering(answer, origins=None) as server:
        with server.client(origin=_OWN) as client:
            expect_welcome(client, f"a page from {_OWN}")
        with during("a program that is no browser sends no Origin"), server.client() as client:
            expect_welcome(client, "a client without an Origin")
        for origin in _FOREIGN:
            with server.client(origin=origin) as client:
                expect_refusal(client, origin)
        with during("after refusals"), server.client(origin=_OWN) as client:
            expect_welcome(client, f"a page from {_OWN}")
            expect_welcome(client, "its second message")


_DOORKEEPER = Exercise(
    id="7.1",
    title="Whose page is it?",
    task=(
        "Complete the condition. `doorkeeper(ws)` runs on a server with `origins=None`, so it has "
        "to look for itself: pages of `https://course.example` may talk to it, and clients that "
        "send no `Origin`, such as Python. Any other page is refused with code 1008."
    ),
    name="doorkeeper",
    starter="""
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if ...:
        await ws.close(1008, "foreign page")
        return
    async for message in ws:
        await ws.send(message)
""",
    hints=(
        "What does `headers.get()` return when there is no such header?",
        "An origin is scheme, host and port together. Looking for a part of it, or for how it "
        "begins, lets in `https://course.example.evil.example`.",
        'It is refused if it is not in the tuple `(None, "https://course.example")`.',
    ),
    solution="""
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if origin not in (None, "https://course.example"):
        await ws.close(1008, "foreign page")
        return
    async for message in ws:
        await ws.send(message)
""",
    explanation=(
        "Origins are compared whole: another scheme, host or port is another origin. On a server "
        'of your own, `origins=[None, "https://course.example"]` does this during the handshake, '
        "and the page never gets a connection."
    ),
    alternatives=(
        """
ALLOWED = {"https://course.example"}

async def doorkeeper(ws):
    if "Origin" in ws.request.headers and ws.request.headers["Origin"] not in ALLOWED:
        await ws.close(1008)
    else:
        async for message in ws:
            await ws.send(message)
""",
    ),
    wrong=(
        WrongAnswer(
            """
async def doorkeeper(ws):
    async for message in ws:
        await ws.send(message)
""",
            "a page from https://evil.example should be refused",
        ),
        WrongAnswer(
            """
async def doorkeeper(ws):
    if ws.request.headers.get("Origin") != "https://course.example":
        await ws.close(1008)
        return
    async for message in ws:
        await ws.send(message)
""",
            "a client without an Origin should be let in",
        ),
        WrongAnswer(
            """
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if origin and not origin.startswith("https://course.example"):
        await ws.close(1008)
        return
    async for message in ws:
        await ws.send(message)
""",
            "a page from https://course.example.evil.example should be refused",
        ),
        WrongAnswer(
            """
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if origin and not origin.endswith("://course.example"):
        await ws.close(1008)
        return
    async for message in ws:
        await ws.send(message)
""",
            "a page from http://course.example should be refused",
        ),
        WrongAnswer(
            """
async def doorkeeper(ws):
    if ws.request.headers.get("Origin") is not None:
        await ws.close(1008)
        return
    async for message in ws:
        await ws.send(message)
""",
            "a page from https://course.example should be let in",
        ),
        WrongAnswer(
            """
async def doorkeeper(ws):
    origin = ws.request.headers.get("Origin")
    if origin not in (None, "null", "https://course.example"):
        await ws.close(1008)
        return
    async for message in ws:
        await ws.send(message)
""",
            "a page from null should be refused",
        ),
    ),
    probe=_probe_doorkeeper,
    minutes=5,
    difficulty=1,
    needs="Any page may knock",
)


# ---- 7.2 ----

_PASSWORDS: Final = (
    '{"token": "Sesame"}',
    '{"token": ""}',
    '{"token": null}',
    '{"password": "sesame"}',
    '["token", "sesame"]',
    '"sesame"',
    "sesame",
    "",
    "[" * 40,
    b'{"token": "sesame"}',
)


def _probe_private(answer: Any) -> None:
    with answering(answer) as server:
        with server.client() as client:
            client.send('{"token": "sesame"}')
            client.expect_text("welcome", "the right token should be answered with 'welcome'")
            for message in ("hello", '{"token": "wrong"}', ""):
                client.send(message)
                client.expect_text(message, "once welcome, each text should come back")
        for first in _PASSWORDS:
            with server.client() as client:
                client.send(first)
                client.expect_close(
                    1008, f"a first message {show(first)} should close with 1008, without a word"
                )
        with during("a client that says nothing"), server.client() as silent:
            silent.expect_close(1008, "after half a second it should be closed with 1008")
        with server.client() as silent, server.client() as client:
            with during("while another one says nothing"):
                client.send('{"token": "sesame"}')
                client.expect_text("welcome", "a client should not wait for another one")
            silent.vanish()
        server.come_and_go()
        server.expect_handlers_to_end("a handler should return when its client has left")


_PRIVATE = Exercise(
    id="7.2",
    title="A token, and soon",
    task=(
        'Write `private(ws)`. The first message must be the JSON text `{"token": "sesame"}` '
        "and come within half a second; it is answered with `welcome`, and from then on each "
        "message is sent back. Anything else, silence too, closes the connection with code 1008, "
        "and nothing is sent before."
    ),
    name="private",
    starter="""
import asyncio
import hmac
import json


async def private(ws):
    ...
    await ws.send("welcome")
    async for message in ws:
        await ws.send(message)
""",
    hints=(
        "There are three ways to fail: nothing comes, what comes is not such JSON, or the token "
        "is another one. All three end in the same `await ws.close(1008)`.",
        "`asyncio.timeout(0.5)` around `ws.recv()` raises `TimeoutError`. A first message of type "
        "`bytes` is no text; `json.loads()` takes it all the same.",
        "`hmac.compare_digest()` compares two strings (of ASCII) or two `bytes` in a time that "
        "does not tell how much was right. Is it a string at all? Only then `.encode()` it.",
    ),
    solution="""
import asyncio
import hmac
import json


def is_right(message):
    try:
        token = json.loads(message)["token"] if isinstance(message, str) else None
    except (ValueError, LookupError, TypeError, RecursionError):
        return False
    return isinstance(token, str) and hmac.compare_digest(token.encode(), b"sesame")


async def private(ws):
    try:
        async with asyncio.timeout(0.5):
            message = await ws.recv()
    except TimeoutError:
        message = ""
    if not is_right(message):
        await ws.close(1008, "not allowed")
        return
    await ws.send("welcome")
    async for message in ws:
        await ws.send(message)
""",
    explanation=(
        "A connection that has not said who it is costs memory, so it gets little time. All "
        "failures look the same from outside: whoever guesses learns nothing from the answer, nor "
        "from the time that the comparison takes."
    ),
    alternatives=(
        """
import asyncio
import json

async def private(ws):
    try:
        first = await asyncio.wait_for(ws.recv(decode=None), 0.5)
        if not isinstance(first, str) or json.loads(first) != {"token": "sesame"}:
            raise ValueError
    except (TimeoutError, ValueError, RecursionError):
        await ws.close(1008)
        return
    await ws.send("welcome")
    while True:
        await ws.send(await ws.recv())
""",
    ),
    wrong=(
        WrongAnswer(
            """
async def private(ws):
    await ws.send("welcome")
    async for message in ws:
        await ws.send(message)
""",
            "once welcome, each text should come back",
        ),
        WrongAnswer(
            """
import json

async def private(ws):
    message = await ws.recv()
    try:
        right = isinstance(message, str) and json.loads(message)["token"] == "sesame"
    except (ValueError, LookupError, TypeError):
        right = False
    if not right:
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        await ws.send(message)
""",
            "a client that says nothing: after half a second",
        ),
        WrongAnswer(
            """
import asyncio
import json

async def private(ws):
    async with asyncio.timeout(0.5):
        message = await ws.recv()
    if json.loads(message)["token"] != "sesame":
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        await ws.send(message)
""",
            '\'{"password": "sesame"}\' should close with 1008',
        ),
        WrongAnswer(
            """
async def private(ws):
    async for message in ws:
        await ws.send("welcome" if message == '{"token": "sesame"}' else "wrong")
""",
            "once welcome, each text should come back",
        ),
        WrongAnswer(
            """
import asyncio
import json

async def private(ws):
    try:
        message = await asyncio.wait_for(ws.recv(), 0.5)
        right = json.loads(message)["token"] == "sesame"
    except (TimeoutError, ValueError, LookupError, TypeError):
        right = False
    if not right:
        await ws.close(1008)
        return
    await ws.send("welcome")
    async for message in ws:
        await ws.send(message)
""",
            'b\'{"token": "sesame"}\' should close with 1008',
        ),
        WrongAnswer(
            """
async def private(ws):
    await ws.close(1008)
""",
            "the right token should be answered with 'welcome'",
        ),
    ),
    probe=_probe_private,
    minutes=15,
    difficulty=2,
    needs="Who is it?",
)


# ---- 7.3 ----

_BAD_ORDERS: Final = (
    ("what is not JSON", ("hello", "", '{"item": "tea", "count": 1', "{'item': 'tea'}")),
    ("JSON that is no object", ('["tea", 1]', '"tea"', "1", "null", "true")),
    ("a field that is missing", ('{"item": "tea"}', '{"count": 1}', "{}")),
    ("an item that is no name", ('{"item": 5, "count": 1}', '{"item": "", "count": 1}')),
    ("an item that is too long", (json.dumps({"item": "t" * 41, "count": 1}),)),
    (
        "a count of the wrong type",
        ('{"item": "tea", "count": "1"}', '{"item": "tea", "count": 1.5}'),
    ),
    ("a count that is true", ('{"item": "tea", "count": true}',)),
    (
        "a count that is out of range",
        ('{"item": "tea", "count": 0}', '{"item": "tea", "count": 101}'),
    ),
    ("a field too many", ('{"item": "tea", "count": 1, "price": 0}',)),
    ("bytes", (b'{"item": "tea", "count": 1}', b"\xff\xfe")),
    ("what is nested too deep", ("[" * 100_000,)),
)


def _probe_orders(answer: Any) -> None:
    good = [("tea", 1), ("t" * 40, 100), ("Grüße", 7)]
    with answering(answer) as server, server.clients(2) as (client, other):
        for item, count in good:
            client.send(json.dumps({"item": item, "count": count}))
            client.expect_json({"ok": True}, "a valid order should be answered with ok")
        for what, messages in _BAD_ORDERS:
            with during(f"after {what}"):
                for message in messages:
                    client.send(message)
                    client.expect_json(
                        {"error": "invalid order"}, "what is no order should get the error"
                    )
                client.send('{"count": 2, "item": "tea"}')
                client.expect_json({"ok": True}, "the next valid order should be answered with ok")
        with during("with a second client"):
            other.send('{"item": "cake", "count": 3}')
            other.expect_json({"ok": True}, "a valid order should be answered with ok")


_ORDERS = Exercise(
    id="7.3",
    title="Orders, and nothing else",
    task=(
        "Write `orders(ws)`. An order is a JSON object in a text message, with exactly two "
        "fields: `item`, a string of 1 to 40 characters, and `count`, an integer from 1 to 100. "
        'It is answered with `{"ok": true}`, everything else with '
        '`{"error": "invalid order"}`; no message ends the connection.'
    ),
    name="orders",
    starter="""
async def orders(ws):
    async for message in ws:
        ...
""",
    hints=(
        "Say what is allowed, instead of listing what is not: two fields, their types, their "
        "ranges. A schema of `msgspec` says all of it.",
        "`class Order(msgspec.Struct, forbid_unknown_fields=True)` refuses fields that it does "
        "not know. `Annotated[str, msgspec.Meta(min_length=1, max_length=40)]` is a string with "
        "limits; a number has `ge=` and `le=`.",
        "`msgspec.json.decode(message, type=Order)` raises `msgspec.DecodeError` for what is not "
        "JSON, and its subclass `ValidationError` for what does not fit. It takes `bytes` as "
        "well; look at the type of the message yourself. In Python, `True` is an `int`.",
    ),
    solution="""
from typing import Annotated

import msgspec


class Order(msgspec.Struct, forbid_unknown_fields=True):
    item: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    count: Annotated[int, msgspec.Meta(ge=1, le=100)]


async def orders(ws):
    async for message in ws:
        try:
            if isinstance(message, bytes):
                raise ValueError("binary")
            msgspec.json.decode(message, type=Order)
            await ws.send('{"ok": true}')
        except (ValueError, RecursionError):
            await ws.send('{"error": "invalid order"}')
""",
    explanation=(
        "The schema lists what is allowed, so nobody has to think of everything that is not. "
        "`msgspec.DecodeError` is a `ValueError`."
    ),
    alternatives=(
        """
import json

def is_order(message):
    if not isinstance(message, str):
        return False
    try:
        order = json.loads(message)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(order, dict)
        and order.keys() == {"item", "count"}
        and isinstance(order["item"], str)
        and 1 <= len(order["item"]) <= 40
        and type(order["count"]) is int
        and 1 <= order["count"] <= 100
    )

async def orders(ws):
    async for message in ws:
        reply = {"ok": True} if is_order(message) else {"error": "invalid order"}
        await ws.send(json.dumps(reply))
""",
    ),
    wrong=(
        WrongAnswer(
            """
async def orders(ws):
    async for message in ws:
        await ws.send('{"ok": true}')
""",
            "after what is not JSON: what is no order should get the error",
        ),
        WrongAnswer(
            """
async def orders(ws):
    async for message in ws:
        await ws.send('{"error": "invalid order"}')
""",
            "a valid order should be answered with ok",
        ),
        WrongAnswer(
            """
import json

async def orders(ws):
    async for message in ws:
        order = json.loads(message)
        right = len(order["item"]) in range(1, 41) and order["count"] in range(1, 101)
        await ws.send('{"ok": true}' if right else '{"error": "invalid order"}')
""",
            "after what is not JSON: what is no order should get the error: the connection",
        ),
        WrongAnswer(
            """
import json

async def orders(ws):
    async for message in ws:
        try:
            order = json.loads(message)
            right = (
                isinstance(message, str)
                and order.keys() == {"item", "count"}
                and isinstance(order["item"], str)
                and len(order["item"]) in range(1, 41)
                and isinstance(order["count"], int)
                and order["count"] in range(1, 101)
            )
        except (ValueError, AttributeError, LookupError, TypeError):
            right = False
        await ws.send('{"ok": true}' if right else '{"error": "invalid order"}')
""",
            "after a count that is true",
        ),
        WrongAnswer(
            """
from typing import Annotated
import msgspec

class Order(msgspec.Struct):
    item: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    count: Annotated[int, msgspec.Meta(ge=1, le=100)]

async def orders(ws):
    async for message in ws:
        try:
            msgspec.json.decode(message, type=Order)
            await ws.send('{"ok": true}')
        except ValueError:
            await ws.send('{"error": "invalid order"}')
""",
            "after a field too many",
        ),
        WrongAnswer(
            """
import msgspec

class Order(msgspec.Struct, forbid_unknown_fields=True):
    item: str
    count: int

async def orders(ws):
    async for message in ws:
        try:
            msgspec.json.decode(message, type=Order)
            await ws.send('{"ok": true}')
        except ValueError:
            await ws.send('{"error": "invalid order"}')
""",
            "after an item that is no name",
        ),
    ),
    probe=_probe_orders,
    minutes=15,
    difficulty=2,
    needs="Validate what comes in",
)


# ---- 7.4 ----

_BURST: Final = 5
_FLOOD: Final = 15  # more would fill max_queue, and the CLOSE would wait behind them


def _probe_limited(answer: Any) -> None:
    def burst(client: Client, problem: str) -> None:
        for number in range(_BURST):
            client.send(f"message {number}")
        for number in range(_BURST):
            client.expect_text(f"message {number}", problem)

    def flood(client: Client, problem: str) -> None:
        # How many come back depends on the time that passes meanwhile: a few more than five.
        for number in range(_FLOOD):
            client.send(f"flood {number}")
        for number in range(_BURST):
            client.expect_text(f"flood {number}", "five messages at once should come back")
        number = _BURST
        while number < _FLOOD and client.ws.close_code is None:
            try:
                client.expect_text(f"flood {number}", problem)
            except Finding:
                break  # what came instead is judged below
            number += 1
        client.expect_close(1008, problem)

    with answering(answer) as server:
        with server.clients(2) as (ada, grace):
            burst(ada, "five messages at once should come back")
            with during("a second client"):
                burst(grace, "each client should have five messages of its own")
            ada.expect_silence("nobody has sent anything", 0.8)
            with during("0.8 seconds later"):
                burst(ada, "what was used should be refilled, ten in a second")
        with server.client() as client:
            flood(client, f"{_FLOOD} messages at once should close with 1008")
        with server.client() as client:
            client.expect_silence("nobody has sent anything", 1.5)
            with during("after 1.5 seconds of silence"):
                flood(client, "more than five at once should close with 1008: nobody can save up")
        with during("after others were closed"), server.client() as late:
            burst(late, "five messages at once should come back")


_LIMITED = Exercise(
    id="7.4",
    title="A token bucket",
    task=(
        "Write `limited(ws)`: it sends each message back, as long as the client keeps to its rate. "
        "Each connection has a bucket that begins with 5 tokens, its maximum, and gets 10 new ones "
        "in a second, little by little. Each message takes a token; a message for which there is "
        "none gets no answer, and closes the connection with code 1008."
    ),
    name="limited",
    starter="""
import time


async def limited(ws):
    tokens, before = 5.0, time.monotonic()
    async for message in ws:
        ...
        await ws.send(message)
""",
    hints=(
        "No task has to fill the bucket. When a message comes, how many tokens have come since "
        "the last one?",
        "`now - before` are the seconds since the last message, ten tokens for each. And a bucket "
        "that is full takes no more: `min(5, …)`.",
        "First add what has come and set `before = now`. Then, if there is less than one token, "
        "close and return; else take one off.",
    ),
    solution="""
import time


async def limited(ws):
    tokens, before = 5.0, time.monotonic()
    async for message in ws:
        now = time.monotonic()
        tokens, before = min(5.0, tokens + 10 * (now - before)), now
        if tokens < 1:
            await ws.close(1008, "too many messages")
            return
        tokens -= 1
        await ws.send(message)
""",
    explanation=(
        "The bucket is two numbers, computed when a message comes: no timer, no task. The maximum "
        "is what a client may send at once, the rate what it may send for ever."
    ),
    alternatives=(
        """
import asyncio

class Bucket:
    def __init__(self, burst, rate):
        self.burst, self.rate, self.tokens = burst, rate, burst
        self.last = asyncio.get_running_loop().time()

    def take(self):
        now = asyncio.get_running_loop().time()
        self.tokens = min(self.burst, self.tokens + (now - self.last) * self.rate)
        self.last = now
        self.tokens -= 1
        return self.tokens >= 0

async def limited(ws):
    bucket = Bucket(5, 10)
    async for message in ws:
        if not bucket.take():
            return await ws.close(1008)
        await ws.send(message)
""",
    ),
    wrong=(
        WrongAnswer(
            """
async def limited(ws):
    async for message in ws:
        await ws.send(message)
""",
            "15 messages at once should close with 1008",
        ),
        WrongAnswer(
            """
async def limited(ws):
    tokens = 5
    async for message in ws:
        if not tokens:
            await ws.close(1008)
            return
        tokens -= 1
        await ws.send(message)
""",
            "0.8 seconds later: what was used should be refilled",
        ),
        WrongAnswer(
            """
import time

tokens, before = 5.0, time.monotonic()

async def limited(ws):
    global tokens, before
    async for message in ws:
        now = time.monotonic()
        tokens, before = min(5.0, tokens + 10 * (now - before)), now
        if tokens < 1:
            await ws.close(1008)
            return
        tokens -= 1
        await ws.send(message)
""",
            "a second client: each client should have five messages of its own",
        ),
        WrongAnswer(
            """
import time

async def limited(ws):
    tokens, before = 5.0, time.monotonic()
    async for message in ws:
        now = time.monotonic()
        tokens, before = tokens + 100 * (now - before), now
        if tokens < 1:
            await ws.close(1008)
            return
        tokens -= 1
        await ws.send(message)
""",
            "nobody can save up",
        ),
        WrongAnswer(
            """
import time

async def limited(ws):
    before = time.monotonic() - 1
    async for message in ws:
        now = time.monotonic()
        if now - before < 0.1:
            await ws.close(1008)
            return
        before = now
        await ws.send(message)
""",
            "five messages at once should come back: the connection was closed",
        ),
    ),
    probe=_probe_limited,
    minutes=20,
    difficulty=3,
    needs="Rate limiting",
)


EXERCISES = (_DOORKEEPER, _PRIVATE, _ORDERS, _LIMITED)
